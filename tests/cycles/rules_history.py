"""Random histories: what happens to a record, one act after another, with a check now and then whose answer is kept."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from hypothesis import strategies as st
from rules_house import DIGEST, KINDS, House, Json, programme, system
from sqlmodel import col, select

from cycles.assess import result_digest
from cycles.check import check
from cycles.decisions import excuse
from cycles.errors import BadInput, Refused
from cycles.incidents import add_incident
from cycles.models import Acceptance, Document, Evidence, EvidenceKind, Request, Standing, System, Verdict
from cycles.observations import Seen
from cycles.observations import record as observe
from cycles.store import Record

OTHER = "b" * 64
NAMES = ("s0", "s1")
PLACES = {"s0": ("risk", "x"), "s1": ("test", "y")}
digests = st.sampled_from([None, DIGEST, OTHER])
about = {"system": st.integers(0, 1), "kind": st.sampled_from(["risk", "test"])}
ACTS = st.one_of(
    st.fixed_dictionaries({"act": st.just("check")}),
    st.fixed_dictionaries(
        {"act": st.just("evidence"), **about, "age": st.integers(-2, 120), "lasts": st.integers(20, 300), "sha256": digests,
         "version": st.sampled_from([None, "1", "2"]), "outcome": st.sampled_from(["accepted", "accepted", "returned", None])}
    ),
    st.fixed_dictionaries({"act": st.just("decide"), "outcome": st.sampled_from(["accepted", "returned"])}),
    st.fixed_dictionaries(
        {"act": st.just("look"), "which": st.integers(0, 1), "sha256": digests, "ago": st.none() | st.integers(0, 400)}
    ),
    st.fixed_dictionaries(
        {"act": st.just("sync"), "version": st.sampled_from([None, "1", "2"]), "watched": st.booleans(),
         "retired": st.booleans(), "bound": st.booleans(), "shared": st.booleans()}
    ),
    st.fixed_dictionaries({"act": st.just("accept"), **about, "lasts": st.integers(0, 60)}),
    st.fixed_dictionaries({"act": st.just("revoke")}),
    st.fixed_dictionaries({"act": st.just("incident"), **about, "ago": st.integers(0, 90), "all": st.booleans()}),
    st.fixed_dictionaries({"act": st.just("excuse"), "which": st.integers(0, 5)}),
)  # fmt: skip
histories = st.lists(st.tuples(st.integers(1, 300), ACTS), min_size=4, max_size=22)


@dataclass
class Kept:
    """What a check said at a moment."""

    at: datetime
    standings: dict[tuple[int, int], tuple[str, int | None, date | None]]
    digest: str


@dataclass
class Story:
    """A house whose history is lived through, the answers of its checks, and the moments between."""

    house: House
    kept: list[Kept] = field(default_factory=list)
    moments: list[datetime] = field(default_factory=list)

    def live(self, acts: list[tuple[int, Json]]) -> None:
        for hours, act in acts:
            self.house.now += timedelta(hours=hours, microseconds=1)
            self.moments += [self.house.now - timedelta(minutes=7), self.house.now]
            name = act["act"]
            getattr(self, f"_{name}")(act)
        self.house.now += timedelta(hours=1)
        self._check({})

    def _check(self, _: Json) -> None:
        house = self.house
        with house.record.write() as session:
            cycle = house.cycle(session)
            check(session, cycle, now=house.now, actor="check")
            rows = session.exec(select(Standing).where(Standing.cycle_id == cycle.id)).all()
            found = {(row.system_id, row.kind_id): (row.status, row.evidence_id, row.valid_until) for row in rows}
            self.kept.append(Kept(at=house.now, standings=found, digest=result_digest(session, cycle)))

    def _pair(self, session: Any, act: Json) -> Json:
        of = session.exec(select(System).where(System.key == NAMES[act["system"]])).one()
        kind = session.exec(select(EvidenceKind).where(EvidenceKind.key == act["kind"])).one()
        return {"system_id": of.id, "kind_id": kind.id}

    def _evidence(self, act: Json) -> None:
        now = self.house.now
        day = now.date() - timedelta(days=act["age"])
        with self.house.record.write() as session:
            place = PLACES[NAMES[act["system"]]][1]
            values: Json = {"form": "link", "locator": place, "source": "test", "submitter_id": 1, "effective": day}
            values |= {"collected_at": now, "received_at": now, "valid_until": day + timedelta(days=act["lasts"])}
            values |= {"sha256": act["sha256"], "model_version": act["version"], **self._pair(session, act)}
            row = Evidence(**values)
            session.add(row)
            session.flush()
            if act["outcome"]:
                session.add(Verdict(evidence_id=row.id, outcome=act["outcome"], at=now))

    def _decide(self, act: Json) -> None:
        with self.house.record.write() as session:
            waiting = select(Evidence).outerjoin(Verdict, col(Verdict.evidence_id) == col(Evidence.id))
            row = session.exec(waiting.where(col(Verdict.evidence_id).is_(None)).order_by(col(Evidence.id))).first()
            if row:
                session.add(Verdict(evidence_id=row.id, outcome=act["outcome"], at=self.house.now))

    def _look(self, act: Json) -> None:
        now = self.house.now
        with self.house.record.write() as session:
            documents = session.exec(select(Document).where(col(Document.watched)).order_by(col(Document.id))).all()
            if not documents:
                return
            one = documents[act["which"] % len(documents)]
            modified = None if act["ago"] is None else now - timedelta(hours=act["ago"])
            seen = {"status": "ok" if act["sha256"] else "missing", "sha256": act["sha256"], "modified": modified}
            observe(session, [Seen(document_id=one.id, at=now, **seen)], now=now, actor="test")

    def _sync(self, act: Json) -> None:
        self.house.sync(_programme(**{name: value for name, value in act.items() if name != "act"}))

    def _accept(self, act: Json) -> None:
        now = self.house.now
        with self.house.record.write() as session:
            session.add(
                Acceptance(
                    **self._pair(session, act), requester_id=1, approver_id=2, reason="tests", state="approved",
                    requested_at=now, decided_at=now, expires=now.date() + timedelta(days=act["lasts"]),
                )
            )  # fmt: skip

    def _revoke(self, _: Json) -> None:
        with self.house.record.write() as session:
            row = session.exec(select(Acceptance).where(Acceptance.state == "approved")).first()
            if row:
                row.state, row.revoked_at = "revoked", self.house.now
                session.add(row)

    def _incident(self, act: Json) -> None:
        day = self.house.now.date() - timedelta(days=act["ago"])
        try:
            with self.house.record.write() as session:
                add_incident(
                    session, system=NAMES[act["system"]], kind=None if act["all"] else act["kind"], happened_on=day,
                    what="tests", by=None, now=self.house.now, actor="test",
                )  # fmt: skip
        except BadInput:
            return  # the same one twice

    def _excuse(self, act: Json) -> None:
        requests = self.house.rows(Request)
        if not requests:
            return
        try:
            with self.house.record.write() as session:
                excuse(self.house.act_as(session, "lead"), requests[act["which"] % len(requests)].id, "tests")
        except Refused:
            return  # decided already


def _programme(
    *, version: str | None = "1", watched: bool = True, retired: bool = False, bound: bool = True, shared: bool = False
) -> Any:
    documents = {key: [{"kind": kind, "at": at}] if watched else [] for key, (kind, at) in PLACES.items()}
    kinds = {**KINDS, "test": {**KINDS["test"], "model_version_bound": bound}}
    kinds["log"] = {**KINDS["log"], "scope": "organisation" if shared else "system"}
    plain: Json = {"roles": ["developer"], "risk_tier": "high", "model_version": version}
    more = {"lifecycle": "retired"} if retired else {}
    first = system("s0", documents=documents["s0"], **plain)
    return programme([first, system("s1", documents=documents["s1"], **{**plain, **more})], kinds=kinds)


def story(record: Record) -> Story:
    """A house with two systems and two watched documents, its cycle open."""
    built = House(record=record, programme=_programme())
    built.sync()
    built.now += timedelta(seconds=1)
    built.plan()
    return Story(built)
