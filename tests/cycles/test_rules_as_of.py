"""As of: whatever happened since, every past answer can be given again, and agrees with slow loops for any two times."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rules_history import Story, histories, story
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
from cycles.models import Cycle, CycleFramework, Standing, SystemFact
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
        early = built.on("2026-10-04").now
        assert _reasons(status_at(session, None, early, late), "a1") == ["risk: missing"]


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
