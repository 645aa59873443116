"""Builders: programmes made in memory, records that hold them, and people who act on them."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import text
from sqlmodel import Session, SQLModel, col, select

from cycles import outbox, plan
from cycles.catalogue import Catalogues, FrameworkEntry, KindEntry
from cycles.do import tick
from cycles.models import (
    Action,
    Cycle,
    Delivery,
    Document,
    Evidence,
    EvidenceKind,
    JournalEntry,
    Lapse,
    Person,
    Request,
    System,
    Verdict,
)
from cycles.people import current_policy
from cycles.periods import period
from cycles.permits import Act
from cycles.policy import Policy
from cycles.programme.entries import PersonEntry, ProgrammeEntry, SystemEntry
from cycles.programme.load import Programme
from cycles.programme.sync import sync
from cycles.store import Record

Json = dict[str, Any]
CYCLE = "FY2026-Q3"
# Thursday 1 October 2026, 09:00 in Tokyo: the first morning of the cycle.
START = datetime(2026, 10, 1, 0, 0, tzinfo=UTC)
DIGEST = "a" * 64
WORDS = {"en": "words", "ja": "ことば"}

KINDS: dict[str, Json] = {
    "risk": {"validity_months": 12, "validity_by_tier": {"high": 6}, "confirmable": True, "max_confirmations": 1, "weight": 3},
    "test": {"validity_months": 6, "model_version_bound": True, "weight": 2},
    "log": {"validity_months": 3, "confirmable": True, "max_confirmations": 2, "forms": ["link", "attestation"], "weight": 1},
    "rules": {"scope": "organisation", "validity_months": 12, "confirmable": True, "max_confirmations": 1, "weight": 2},
}  # fmt: skip
# One framework that asks every system for its risk assessment, and more of those that are more dangerous.
CONTROLS: list[Json] = [
    {"key": "a1", "requires": ["risk"]},
    {"key": "a2", "requires": ["risk", {"kind": "log", "applies": {"risk_tiers": ["high"]}}]},
    {"key": "a3", "applies": {"roles": ["developer"]}, "requires": ["test"]},
    {"key": "a4", "requires": ["rules"]},
]


def kind(key: str, **more: Any) -> KindEntry:
    plain = {"scope": "system", "validity_months": 12, "model_version_bound": False, "confirmable": False}
    plain |= {"max_confirmations": 0, "forms": ["link", "file"], "weight": 2, "source": "tests"}
    return KindEntry.model_validate({"key": key, "title": WORDS, "ask": WORDS, "guidance": WORDS, **plain, **more})


def framework(key: str, controls: Sequence[Json], *, applies_from: str = "2026-01-01") -> FrameworkEntry:
    full = [
        {"label": control["key"].upper(), "title": WORDS, "text": WORDS, "confidence": "verified", **control}
        for control in controls
    ]
    head: Json = {
        "key": key,
        "version": "1",
        "title": WORDS,
        "publisher": "us",
        "published": "2025-01-01",
        "source": "us",
    }
    groups = [{"key": "g", "title": WORDS, "controls": full}]
    return FrameworkEntry.model_validate({**head, "applies_from": applies_from, "groups": groups})


def person(key: str, **more: Any) -> PersonEntry:
    plain = {"name": key.title(), "email": f"{key}@aozora.example", "zone": "Asia/Tokyo", "country": "JP"}
    return PersonEntry.model_validate({"key": key, **plain, **more})


def system(key: str, owner: str = "owner", **more: Any) -> SystemEntry:
    plain = {"name": key.title(), "roles": ["provider"], "risk_tier": "limited"}
    return SystemEntry.model_validate({"key": key, "owner": owner, **plain, **more})


def people(*more: PersonEntry, **changes: Mapping[str, Any]) -> list[PersonEntry]:
    """Lead, owner (with deputy and manager), another owner and two reviewers; `owner={...}` changes one of them."""
    plain: dict[str, Json] = {
        "lead": {},
        "boss": {"zone": "Europe/London", "country": "GB"},
        "owner": {"manager": "boss", "deputy": "second"},
        "second": {"manager": "boss"},
        "other": {"zone": "America/New_York", "country": "US-NY", "manager": "boss"},
        "judge": {},
        "jury": {"zone": "Europe/London", "country": "GB"},
    }
    return [*(person(key, **{**own, **changes.get(key, {})}) for key, own in plain.items()), *more]


def programme(
    systems: Iterable[SystemEntry] = (),
    who: Iterable[PersonEntry] | None = None,
    *,
    kinds: Mapping[str, Json] | None = None,
    catalogue: Mapping[str, FrameworkEntry] | None = None,
    policy: Json | None = None,
    **head: Any,
) -> Programme:
    known = catalogue or {"alpha": framework("alpha", CONTROLS)}
    plain = {"organisation": {"name": "Aozora", "owner": "lead"}, "zone": "Asia/Tokyo", "country": "JP"}
    plain |= {"leads": ["lead"], "reviewers": ["judge", "jury"], "frameworks": list(known)}
    rules = {"closures": ["12-29/01-03"], **(policy or {})}
    return Programme(
        folder=Path("programme"),
        head=ProgrammeEntry.model_validate({**plain, **head}),
        people=tuple(people() if who is None else who),
        systems=tuple(systems),
        policy=Policy.model_validate(rules),
        catalogues=Catalogues(
            frameworks=known,
            digests={key: _digest_of(entry) for key, entry in known.items()},
            kinds={key: kind(key, **own) for key, own in (kinds or KINDS).items()},
            kinds_digest="",
        ),
    )


def _digest_of(entry: FrameworkEntry) -> str:
    return hashlib.sha256(entry.model_dump_json().encode()).hexdigest()


@dataclass
class House:
    """A record with a programme in it, and a present moment that is moved by hand."""

    record: Record
    programme: Programme
    now: datetime = START
    key: str = CYCLE
    others: dict[str, Any] = field(default_factory=dict)

    def sync(self, programme: Programme | None = None) -> Json:
        self.programme = programme or self.programme
        with self.record.write() as session:
            return sync(session, self.programme, now=self.now, actor="test").summary()

    def plan(self, *, approve: bool = True) -> plan.Planned:
        with self.record.write() as session:
            wanted = period(self.key, self.programme.head.fiscal_year_starts)
            planned = plan.plan(session, wanted, current_policy(session), now=self.now, actor="test")
            if approve:
                plan.open_cycle(session, planned.cycle, now=self.now, actor="lead")
            return planned

    def turn(self, *rules: Callable[..., Any]) -> None:
        """Run rules as of now, each in a transaction of its own: `tick`, and any that take a cycle."""
        for rule in rules:
            with self.record.write() as session:
                of = () if rule is tick else (self.cycle(session),)
                rule(session, *of, now=self.now, actor="hoshin")

    def on(self, day: str, hour: int = 10) -> "House":
        """Move to an hour of a day in Tokyo."""
        self.now = tokyo(day, hour)
        return self

    def cycle(self, session: Session) -> Cycle:
        return session.exec(select(Cycle).where(Cycle.key == self.key)).one()

    def act_as(self, session: Session, key: str) -> Act:
        return Act(session, session.exec(select(Person).where(Person.key == key)).one(), self.now)

    def rows(self, model: type[SQLModel], *where: Any) -> list[Any]:
        with self.record.read() as session:
            return list(session.exec(select(model).where(*where).order_by(*model.__table__.primary_key.columns)).all())  # type: ignore[attr-defined]

    def ids(self, model: type[SQLModel]) -> dict[str, int]:
        return {row.key: row.id for row in self.rows(model)}

    def request(self, system: str = "scoring", kind: str = "risk") -> Request:
        [found] = self.rows(Request, *self.pair(Request, system, kind))
        assert isinstance(found, Request)
        return found

    def pair(self, model: Any, system: str, kind: str) -> tuple[Any, Any]:
        return (
            col(model.system_id) == self.ids(System)[system],
            col(model.kind_id) == self.ids(EvidenceKind)[kind],
        )

    def lapses(self) -> list[Lapse]:
        return self.rows(Lapse)

    def actions(self) -> list[Action]:
        return self.rows(Action)

    def deliveries(self, *kinds: str) -> list[Delivery]:
        return self.rows(Delivery, *([col(Delivery.kind).in_(kinds)] if kinds else []))

    def journal(self) -> list[tuple[str, str, str]]:
        return [(entry.actor, entry.action, entry.subject) for entry in self.rows(JournalEntry)]

    def give(
        self,
        effective: str,
        *,
        system: str = "scoring",
        kind: str = "risk",
        valid_until: str | None = None,
        **more: Any,
    ) -> int:
        """Accepted evidence, as if it had come long ago; `outcome=None` leaves it undecided."""
        outcome = more.pop("outcome", "accepted")
        at = more.pop("at", self.now - timedelta(days=1))
        with self.record.write() as session:
            has = session.exec(select(System).where(System.key == system)).one()
            of = session.exec(select(EvidenceKind).where(EvidenceKind.key == kind)).one()
            day = date.fromisoformat(effective)
            values: Json = {"form": "link", "locator": "documents/it.md", "sha256": DIGEST, "source": "test"}
            values |= {"model_version": has.model_version, "submitter_id": has.owner_id}
            until = date.fromisoformat(valid_until) if valid_until else plus_months(day, 12)
            values |= {"effective": day, "collected_at": at, "received_at": at, "valid_until": until}
            evidence = Evidence(system_id=has.id, kind_id=of.id, **{**values, **more})
            session.add(evidence)
            session.flush()
            if outcome:
                session.add(Verdict(evidence_id=evidence.id, outcome=outcome, at=at))
            return evidence.id

    def watch(
        self, *, system: str = "scoring", kind: str = "risk", locator: str = "documents/it.md", **more: Any
    ) -> int:
        """A watched document, as its newest observation left it."""
        ids, kinds = self.ids(System), self.ids(EvidenceKind)
        with self.record.write() as session:
            values: Json = {"status": "ok", "sha256": DIGEST, **more}
            document = Document(system_id=ids[system], kind_id=kinds[kind], locator=locator, **values)
            session.add(document)
            session.flush()
            return document.id

    def change(self, model: type[SQLModel], number: int, **values: Any) -> None:
        with self.record.write() as session:
            row = session.get_one(model, number)
            for name, value in values.items():
                setattr(row, name, value)
            session.add(row)


def send(built: House, kind: str = "review") -> list[int]:
    """Send what is due, as a pass does; returns the messages of a kind."""
    gone: list[int] = []
    with built.record.write() as session:
        for delivery in outbox.due(session, built.now, 100):
            assert outbox.claim(session, delivery, built.now)
            session.refresh(delivery)
            outbox.sent(session, delivery, channel="D1", ts=str(delivery.id), now=built.now)
            gone += [delivery.id] if delivery.kind == kind else []
    return gone


def tokyo(day: str, hour: int = 10, minute: int = 0) -> datetime:
    """An hour of a day in Tokyo, in UTC."""
    return datetime.fromisoformat(f"{day}T{hour:02d}:{minute:02d}:00+09:00").astimezone(UTC)


def plus_months(day: date, months: int) -> date:
    """Month arithmetic of the tests' own: the same day, or the last the month has."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    for number in range(day.day, 27, -1):
        try:
            return date(year, month + 1, number)
        except ValueError:
            continue
    return date(year, month + 1, day.day)


def one_request(record: Record, owner: str = "owner", **more: Any) -> House:
    """A house with one system and one request, its owner's."""
    built = house(record, system("scoring", owner), **more)
    with built.record.write() as session:
        session.execute(text("DELETE FROM request WHERE system_id = 1"))
    return built


def house(record: Record, *systems: SystemEntry, planned: bool = True, **more: Any) -> House:
    """A house with one system unless others are named, its programme synced and its cycle open."""
    built = House(record=record, programme=programme(systems or (system("scoring", risk_tier="high"),), **more))
    built.sync()
    if planned:
        built.plan()
    return built
