"""Planning asks exactly for what is needed and not held, on fair days, once; the preview only looks."""

import json
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rules_house import CYCLE, START, House, house, people, plus_months, programme, system
from rules_oracle import GOOD, Facts, is_decent, is_workday, required, standing, workdays_later
from rules_random import insert, programmes, proofs
from sqlmodel import select

from cycles import journal
from cycles.copies import copied
from cycles.errors import BadInput
from cycles.models import CycleSystem, EvidenceKind, Leave, Person, Request, System
from cycles.periods import period
from cycles.policy import Policy
from cycles.preview import preview
from cycles.stages import stage_dates
from cycles.store import Record
from cycles.validity import valid_until
from cycles.workdays import Calendar


def _compare(built: House) -> None:
    with built.record.read() as session:
        facts = Facts.read(session, built)
        needed = set().union(*required(built, facts.cycle.ends).values(), set())
        wanted = {pair for pair in needed if standing(facts, pair, facts.cycle.ends, built.now)[0] not in GOOD}
        names = {row.id: row.key for row in facts.systems.values()}, {row.id: row.key for row in facts.kinds.values()}
        asked = {(names[0][found.system_id], names[1][found.kind_id]) for found in facts.requests.values()}
        assert asked == wanted
        _fair(session, built, facts)


def _fair(session: Any, built: House, facts: Facts) -> None:
    """Every request: its own owner, a workday to be asked on, enough days to answer, and no more a day than allowed."""
    who = {found.id: found for found in session.exec(select(Person)).all()}
    a_day, cycle = built.programme.policy.asking.first_asks_per_day, facts.cycle
    by_owner: dict[int, list[Request]] = {}
    for found in sorted(facts.requests.values(), key=lambda request: request.id):
        by_owner.setdefault(found.owner_id, []).append(found)
        country = who[found.owner_id].country
        assert found.assignee_id == found.owner_id == session.get(System, found.system_id).owner_id
        assert (found.state, found.step) == ("pending", 0)
        assert is_workday(found.ask_on, country)
        assert is_workday(found.due, country)
        assert cycle.do_on <= found.ask_on <= found.due
        assert found.due <= max(cycle.close_on, found.ask_on)
        assert found.due <= workdays_later(found.ask_on, built.programme.policy.asking.due_workdays, country)
        assert found.next_at is not None
        assert is_decent(who[found.owner_id], [], found.next_at)
    for owner, requests in by_owner.items():
        loads = Counter(found.ask_on for found in requests)
        days = _days(cycle, who[owner].country, built.programme.policy)
        if len(requests) <= days * a_day:
            assert max(loads.values()) <= a_day
        else:
            assert len(loads) == days
            assert max(loads.values()) - min(loads.values()) <= 1
        weights = [
            session.get(EvidenceKind, found.kind_id).weight for found in sorted(requests, key=lambda r: r.ask_on)
        ]
        assert weights == sorted(weights, reverse=True)


def _days(cycle: Any, country: str, policy: Policy) -> int:
    """On how many workdays first asks may go out: those early enough that an answer is due before Check."""
    first = cycle.do_on
    while not is_workday(first, country):
        first += timedelta(days=1)
    last = max(first, workdays_later(cycle.check_on, -policy.asking.due_workdays - 1, country))
    return sum(is_workday(first + timedelta(days=n), country) for n in range((last - first).days + 1))


@given(data=st.data())
@settings(max_examples=30)
def test_the_plan_is_what_slow_loops_find_on_sqlite(data: st.DataObject, new_sqlite: Any) -> None:
    _plan_and_compare(new_sqlite, data)


@given(data=st.data())
@settings(max_examples=6)
def test_the_plan_is_what_slow_loops_find_on_postgresql(data: st.DataObject, new_postgres: Any) -> None:
    _plan_and_compare(new_postgres, data)


def _plan_and_compare(new_record: Any, data: st.DataObject) -> None:
    built = House(record=new_record(), programme=data.draw(programmes()))
    built.sync()
    insert(built, data.draw(proofs()))
    planned = built.plan()
    _compare(built)
    assert planned.requests == len(built.rows(Request))
    assert planned.systems == sum(entry.lifecycle != "retired" for entry in built.programme.systems)
    before = built.journal(), [row.model_dump() for row in built.rows(Request)]
    built.now += timedelta(days=3)
    again = built.plan()
    assert (again.created, again.requests, again.carried) == (False, planned.requests, planned.carried)
    assert (built.journal(), [row.model_dump() for row in built.rows(Request)]) == before
    with built.record.read() as session:
        assert journal.verify(session).fault is None
    built.record.close()


@pytest.mark.parametrize(("systems", "a_day"), [(3, 1), (16, 4), (100, 4), (400, 4)])
def test_the_load_is_spread_over_the_owners_days(systems: int, a_day: int, new_record: Any) -> None:
    """Two kinds a system; where the days do not suffice the number a day grows evenly instead of piling up at the end."""
    many = [system(f"s{n}", risk_tier="high") for n in range(systems)]
    built = house(new_record(), *many, policy={"asking": {"first_asks_per_day": a_day}})
    assert len(built.rows(Request)) == 2 * systems + 1
    _compare(built)


def test_what_holds_through_the_cycle_is_carried_over_and_not_asked(record: Record) -> None:
    built = house(record, system("scoring", risk_tier="high"), planned=False)
    built.give("2026-09-01", valid_until="2026-12-31")
    built.give("2026-09-01", kind="log", valid_until="2026-12-30")
    planned = built.plan()
    asked = {(row.system_id, row.kind_id) for row in built.rows(Request)}
    kinds, ids = built.ids(EvidenceKind), built.ids(System)
    assert (ids["scoring"], kinds["risk"]) not in asked
    assert (ids["scoring"], kinds["log"]) in asked
    assert planned.carried == 1


def test_what_concerns_all_is_asked_once_of_the_organisation(record: Record) -> None:
    built = house(record, system("one"), system("two"), system("three", "other"))
    rules = built.rows(Request, *built.pair(Request, "organisation", "rules"))
    assert [row.owner_id for row in rules] == [built.ids(Person)["lead"]]
    assert len(built.rows(Request)) == 4
    assert len(built.rows(CycleSystem)) == 3


def test_a_system_added_later_waits_for_the_next_cycle(record: Record) -> None:
    built = house(record, system("one"))
    built.sync(programme([system("one", risk_tier="high"), system("two")]))
    built.plan()
    assert len(built.rows(CycleSystem)) == 1
    assert len(built.rows(Request)) == 2


def test_stage_dates_stay_inside_a_short_period() -> None:
    quarter = period(CYCLE, "april")
    dates = stage_dates(quarter, Calendar(country="JP"), Policy.model_validate({"stages": {"close": 200}}))
    assert dates["close"] == dates["close"].replace(month=12, day=31)
    assert dates["do"] == workdays_later(workdays_later(quarter.starts, -1, "JP"), 11, "JP")
    assert list(dates.values()) == sorted(dates.values())


def _until(effective: date, kind: EvidenceKind, tier: str, policy: Policy) -> date:
    return valid_until(effective, kind, tier, policy, system="scoring", calendar=Calendar(country="JP"))


def test_validity_is_reckoned_from_the_effective_date_and_policy_wins(record: Record) -> None:
    built = house(record, planned=False)
    kind = {row.key: row for row in built.rows(EvidenceKind)}["risk"]
    effective = datetime(2026, 8, 31, tzinfo=UTC).date()
    assert _until(effective, kind, "high", Policy()) == plus_months(effective, 6)
    assert _until(effective, kind, "limited", Policy()) == plus_months(effective, 12)
    shorter = Policy.model_validate({"validity_months": {"risk": 3}})
    assert _until(effective, kind, "high", shorter) == plus_months(effective, 3)


# Preview -------------------------------------------------------------------------------------------------


def test_the_preview_writes_nothing_and_lists_everything(new_record: Any) -> None:
    leave = [{"from": "2026-10-12", "to": "2026-10-30"}]
    systems = [system("scoring", roles=["developer"], risk_tier="high"), system("chat", "other")]
    built = house(new_record(), *systems, who=people(owner={"leave": leave}), planned=False)
    head = built.journal()
    with copied(built.record) as record:
        trial = House(record=record, programme=built.programme)
        trial.plan()
        with record.read() as session:
            listed = preview(session, trial.cycle(session))
            who = {person.key: person for person in session.exec(select(Person)).all()}
            away = {
                key: [(row.starts, row.ends) for row in session.exec(select(Leave).where(Leave.person_id == one.id))]
                for key, one in who.items()
            }
        assert len(listed) == len(trial.rows(Request)) == 5
    assert built.journal() == head
    assert built.rows(Request) == []
    json.dumps(listed)
    by_pair = {(line["system"], line["evidence_kind"]): line for line in listed}
    assert by_pair["scoring", "risk"]["controls"] == ["alpha:A1", "alpha:A2"]
    assert by_pair["scoring", "test"]["controls"] == ["alpha:A3"]
    assert by_pair["organisation", "rules"]["owner"] == "lead"
    for line in listed:
        times = [datetime.fromisoformat(message["at"]) for message in line["messages"]]
        assert times == sorted(times)
        assert line["messages"][0]["kind"] == "digest"
        assert [message["rung"] for message in line["messages"]] == sorted({m["rung"] for m in line["messages"]})
        for message, at in zip(line["messages"], times, strict=True):
            assert is_decent(who[message["person"]], away[message["person"]], at), message
    assert [message["person"] for message in by_pair["chat", "risk"]["messages"]][-1] == "lead"


@given(data=st.data())
@settings(max_examples=25)
def test_every_previewed_message_comes_at_a_decent_hour(data: st.DataObject, new_sqlite: Any) -> None:
    hours = st.sampled_from(["06:30-12:00", "09:00-18:00", "13:00-22:15"])
    leave = st.lists(
        st.tuples(st.dates(START.date(), START.date() + timedelta(days=80)), st.integers(0, 9)), max_size=2
    )
    changes = {
        key: {
            "hours": data.draw(hours),
            "leave": [{"from": day, "to": day + timedelta(days=n)} for day, n in data.draw(leave)],
        }
        for key in ("owner", "second", "boss", "lead", "other")
    }
    built = house(new_sqlite(), system("s", data.draw(st.sampled_from(["owner", "other"]))), who=people(**changes))
    with built.record.read() as session:
        who = {person.key: person for person in session.exec(select(Person)).all()}
        for line in preview(session, built.cycle(session)):
            for message in line["messages"]:
                away = [(one["from"], one["to"]) for one in changes.get(message["person"], {}).get("leave", [])]
                assert is_decent(who[message["person"]], away, datetime.fromisoformat(message["at"]))
    built.record.close()


def test_planning_without_a_programme_names_the_remedy(record: Record) -> None:
    with pytest.raises(BadInput, match="hoshin sync"):
        House(record=record, programme=programme()).plan()
