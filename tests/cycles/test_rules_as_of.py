"""As of: whatever happened since, every past answer can be given again, and agrees with slow loops for any two times."""

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rules_history import OTHER, Story, histories, story
from rules_house import DIGEST, House, framework, house, programme, system
from rules_oracle import Facts, standing_then
from sqlalchemy import text
from sqlmodel import Session

from cycles import journal
from cycles.act import act
from cycles.as_of import moment_of, recompute, recompute_closed, result_rows_at
from cycles.check import check
from cycles.close import close
from cycles.decisions import excuse
from cycles.errors import Refused
from cycles.incidents import add_incident
from cycles.models import Acceptance, Cycle, CycleFramework, Document, EvidenceKind, Standing, System, SystemFact
from cycles.observations import Seen
from cycles.observations import record as observe
from cycles.pairs import standings_at
from cycles.status_then import status_at
from cycles.store import Record

Standings = dict[tuple[int, int], tuple[str, int | None, date | None]]


def then(session: Session, cycle: Cycle, at: datetime, known: datetime) -> Standings:
    rows = session.execute(standings_at(cycle.id, moment_of(cycle, at, known)))
    return {(row[0], row[1]): (row[2], row[3], row[4]) for row in rows}


@given(data=st.data())
@settings(max_examples=20)
def test_every_past_answer_can_be_given_again_on_sqlite(data: st.DataObject, new_sqlite: Any) -> None:
    _live_and_look_back(new_sqlite(), data)


@given(data=st.data())
@settings(max_examples=5)
def test_every_past_answer_can_be_given_again_on_postgresql(data: st.DataObject, new_postgres: Any) -> None:
    _live_and_look_back(new_postgres(), data)


def _live_and_look_back(record: Record, data: st.DataObject) -> None:
    told = story(record)
    told.live(data.draw(histories))
    before = told.house.rows(Standing)
    with record.read() as session:
        cycle = told.house.cycle(session)
        for kept in told.kept:
            found = then(session, cycle, kept.at, kept.at)
            # A kind that was asked once for all and is so no more leaves its old rows behind in the stored ones.
            assert found == {pair: kept.standings[pair] for pair in found}
            rows = result_rows_at(session, cycle, moment_of(cycle, kept.at, kept.at))
            assert journal.digest(rows) == kept.digest
        assert recompute(session, cycle) == told.kept[-1].digest
        _against_loops(told, session, cycle, data)
    assert told.house.rows(Standing) == before, "looking back wrote something"
    record.close()


def _against_loops(told: Story, session: Session, cycle: Cycle, data: st.DataObject) -> None:
    facts = Facts.read(session, told.house)
    systems = {row.id: key for key, row in facts.systems.items()}
    kinds = {row.id: key for key, row in facts.kinds.items()}
    moments = st.sampled_from(told.moments)
    for at, known in data.draw(st.lists(st.tuples(moments, moments), min_size=3, max_size=3)):
        found = then(session, cycle, at, known)
        expected = {(s, k): standing_then(facts, (systems[s], kinds[k]), at, known) for s, k in found}
        assert found == expected


def test_what_is_excused_stays_excused_since_the_first_time(record: Record) -> None:
    built = house(record, system("scoring"))
    first = built.on("2026-10-05").now
    _excused(built)
    with pytest.raises(Refused, match="excused already"):
        _excused(built.on("2026-10-20"))
    assert built.request().excused_at == first


def _excused(built: House) -> None:
    with built.record.write() as session:
        excuse(built.act_as(session, "lead"), built.request().id, "It was switched off.")


def test_evidence_of_an_earlier_day_that_came_later_does_not_count_yet(record: Record) -> None:
    built = house(record, system("scoring"))
    built.give("2026-10-05", at=built.on("2026-10-20").now)
    with record.read() as session:
        ten, late = built.on("2026-10-10").now, built.on("2026-10-21").now
        assert _reasons(status_at(session, None, ten, ten), "a1") == ["risk: missing"]
        assert _reasons(status_at(session, None, ten, late), "a1") == ["risk: valid"]
        early, that_day = built.on("2026-10-04").now, built.on("2026-10-05").now
        assert _reasons(status_at(session, None, early, late), "a1") == ["risk: missing"]
        assert _reasons(status_at(session, None, that_day, late), "a1") == ["risk: valid"]


def test_the_same_instant_in_another_zone_gives_the_same_answer(record: Record) -> None:
    built, tokyo = house(record, system("scoring")), ZoneInfo("Asia/Tokyo")
    built.give("2026-10-05", at=built.on("2026-10-20", 12).now)
    before, after = (built.on("2026-10-20", hour).now.astimezone(tokyo) for hour in (11, 13))
    assert [_stands(built, at, at, "scoring") for at in (before, after)] == ["missing", "valid"]


def test_a_document_was_changed_since_it_says_so_and_not_only_since_it_was_looked_at(record: Record) -> None:
    built = story(record).house
    built.give("2026-10-01", system="s0", locator="x")
    ten, twelve, fifteen = (built.on(f"2026-10-{day}").now for day in (10, 12, 15))
    _look(built.on("2026-10-05"), DIGEST, built.now)
    _look(built.on("2026-10-20"), OTHER, twelve)
    late = built.on("2026-10-21").now
    assert [_stands(built, at, late) for at in (ten, fifteen, late)] == ["valid", "changed", "changed"]
    assert _stands(built, fifteen, fifteen) == "valid"


def _look(built: House, sha256: str, modified: datetime) -> None:
    with built.record.write() as session:
        seen = Seen(
            document_id=built.rows(Document, Document.locator == "x")[0].id,
            at=built.now,
            status="ok",
            sha256=sha256,
            modified=modified,
        )
        observe(session, [seen], now=built.now, actor="test")


def test_a_risk_is_accepted_only_from_its_approval_on(record: Record) -> None:
    built = story(record).house
    ninth, eleventh, last, after = (
        built.on(day).now for day in ("2026-10-09", "2026-10-11", "2026-12-01", "2026-12-02")
    )
    pair = {"system_id": built.ids(System)["s0"], "kind_id": built.ids(EvidenceKind)["risk"]}
    approved = {"requester_id": 1, "approver_id": 2, "reason": "tests", "state": "approved", "requested_at": ninth}
    with built.record.write() as session:
        decided = built.on("2026-10-10").now
        session.add(Acceptance(**pair, **approved, decided_at=decided, expires=date(2026, 12, 1)))
    found = [_stands(built, at, after) for at in (ninth, eleventh, last, after)]
    assert found == ["missing", "accepted", "accepted", "missing"]


def test_an_incident_counts_once_it_is_known_and_from_its_day_on(record: Record) -> None:
    built = story(record).house
    built.give("2026-10-01", system="s0")
    seventh, eighth, late = (built.on(f"2026-10-{day}", 12).now for day in ("07", "08", "21"))
    with built.record.write() as session:
        more = {"happened_on": date(2026, 10, 8), "what": "tests", "by": None, "actor": "test"}
        add_incident(session, system="s0", kind="risk", now=built.on("2026-10-20").now, **more)
    assert [_stands(built, at, late) for at in (seventh, eighth, late)] == ["valid", "incident", "incident"]
    assert _stands(built, eighth, eighth) == "valid"


def _stands(built: House, at: datetime, known: datetime, of: str = "s0") -> str:
    """How a system's risk assessment stood."""
    pair = built.ids(System)[of], built.ids(EvidenceKind)["risk"]
    with built.record.read() as session:
        return then(session, built.cycle(session), at, known)[pair][0]


def _reasons(found: Any, control: str) -> list[str]:
    [row] = [row for row in found["results"] if row["control"] == control]
    return list(row["reasons"])


def closed(record: Record) -> Any:
    built = house(record, system("scoring", roles=["developer"], model_version="1"), planned=False)
    built.give("2026-09-01", kind="test", valid_until="2027-06-01")
    built.plan()
    built.on("2026-12-26").turn(check, act)
    built.on("2026-12-30").turn(check)
    with built.record.write() as session:
        closing = close(session, built.cycle(session), now=built.now, actor="review")
    assert closing.closed, closing.reasons
    return built


def test_what_happens_later_does_not_change_what_a_closed_cycle_pinned(new_record: Any) -> None:
    built = closed(new_record())
    built.on("2027-01-10")
    built.give("2026-10-01", sha256=DIGEST, at=built.now)
    newer = framework("alpha", [{"key": "a1", "requires": ["log"]}])
    built.sync(programme([system("scoring", roles=["provider"], model_version="2")], catalogue={"alpha": newer}))
    with built.record.read() as session:
        [found] = recompute_closed(session)
        cycle = built.cycle(session)
        assert (found.differs, found.digest) == (False, cycle.result_digest)
        assert len(built.rows(SystemFact, SystemFact.at == built.now)) == 1


def test_a_closed_cycle_that_no_longer_follows_from_history_is_named(new_record: Any) -> None:
    built = closed(new_record())
    with built.record.write() as session:
        session.execute(text("UPDATE evidence SET valid_until = '2026-11-01'"))
    with built.record.read() as session:
        assert [found.cycle for found in recompute_closed(session) if found.differs] == [built.key]


def test_a_pinned_digest_that_was_edited_is_named(record: Record) -> None:
    built = closed(record)
    built.change(Cycle, 1, result_digest="f" * 64)
    with record.read() as session:
        assert [found.differs for found in recompute_closed(session)] == [True]


def test_a_framework_withdrawn_stays_with_its_cycle_and_leaves_the_next(record: Record) -> None:
    one, two = (
        framework("alpha", [{"key": "a", "requires": ["risk"]}]),
        framework("beta", [{"key": "b", "requires": ["log"]}]),
    )
    built = house(record, planned=False, catalogue={"alpha": one, "beta": two})
    built.plan()
    built.on("2026-12-26").turn(check, act)
    assert {name for _, verb, name in built.journal() if verb == "lapse.opened"} == {
        "lapse:scoring/risk",
        "lapse:scoring/log",
    }
    built.sync(programme(built.programme.systems, catalogue={"alpha": one}))
    built.on("2026-12-30").turn(check)
    with record.write() as session:
        cycle = built.cycle(session)
        assert set(cycle.catalogues) == {"alpha", "beta"}
        assert close(session, cycle, now=built.now, actor="review").closed
    with record.read() as session:
        assert {row[1] for row in result_rows_at(session, cycle, moment_of(cycle, built.now, built.now))} == {
            "alpha",
            "beta",
        }
    built.key = "FY2026-Q4"
    built.on("2027-01-05").plan()
    built.now += timedelta(hours=1)
    built.turn(check, act)
    assert len(built.rows(CycleFramework, CycleFramework.cycle_id == 2)) == 1
    ended = [row for row in built.lapses() if row.recovered_at]
    assert [row.kind_id for row in ended] == [built.ids(_kinds())["log"]]
    # A grave one still owes its cause, which its owner is asked for.
    assert [action.state for action in built.actions() if action.kind_id == ended[0].kind_id] == ["implementing"]


def _kinds() -> Any:
    from cycles.models import EvidenceKind

    return EvidenceKind
