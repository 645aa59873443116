"""Renewals: what ends before its cycle is asked for again in time, once per last day, and nothing else is."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rules_house import KINDS, House, house, system, tokyo
from rules_oracle import is_workday, workdays_later
from sqlmodel import col

from cycles import plan, renewals
from cycles.answers import Offered, submit
from cycles.check import check
from cycles.do import tick
from cycles.ledger import ledger
from cycles.models import Cycle, Evidence, EvidenceKind, JournalEntry, Lapse, Request, System
from cycles.people import current_policy
from cycles.periods import period
from cycles.permits import LEGAL
from cycles.policy import Policy
from cycles.store import Record
from cycles.workdays import Calendar, Closure

AUTOMATIC = {"reviewing": {"submissions": "automatic"}, "closures": ["12-29/01-03"]}
MONTHLY = {**KINDS, "risk": {"validity_months": 1, "confirmable": True, "max_confirmations": 9, "weight": 3}}
RENEWED = JournalEntry.action == "requests.renewed"


def answered(built: House, effective: str, *, system: str = "scoring", kind: str = "risk") -> None:
    """Whoever is asked answers now."""
    with built.record.write() as session:
        offer = Offered(form="link", locator="https://wiki.aozora.example/it", effective=date.fromisoformat(effective))
        submit(built.act_as(session, "owner"), built.request(system, kind).id, offer)


@pytest.fixture
def month(record: Record) -> House:
    built = house(record, kinds=MONTHLY, policy=AUTOMATIC)
    answered(built, "2026-10-01")
    return built


def test_a_monthly_record_in_a_quarter_is_asked_again_ten_workdays_before_its_last_workday(month: House) -> None:
    # Valid until Sunday 1 November: due on Friday 30 October, and first asked ten workdays before.
    assert month.request().state == "accepted"
    for day in ("2026-10-02", "2026-10-15"):
        month.on(day, 2).turn(check)
    assert month.request().state == "accepted"
    month.on("2026-10-16", 2).turn(check)
    again = month.request()
    assert (again.state, again.ask_on, again.due) == ("pending", date(2026, 10, 16), date(2026, 10, 30))
    assert (again.renews, again.renewed_at, again.next_at) == (date(2026, 11, 1), month.now, tokyo("2026-10-16", 9))
    assert (again.step, again.answer, again.asked_at) == (0, None, None)
    month.on("2026-10-16", 9).turn(tick)
    assert month.request().state == "asked"
    [*_, said] = month.deliveries("digest")
    assert said.key == "digest:owner:2026-10-16"


def test_each_end_is_asked_once_and_the_next_end_again(month: House) -> None:
    month.on("2026-10-16", 2).turn(check)
    before = len(month.rows(JournalEntry))
    month.turn(check)
    month.on("2026-10-16", 3).turn(check)
    assert len(month.rows(JournalEntry)) == before
    month.on("2026-10-16", 9).turn(tick)
    answered(month.on("2026-10-20"), "2026-10-01")  # the same document once more: it holds no longer than before
    month.on("2026-10-21", 2).turn(check)
    assert month.request().state == "accepted"
    month.on("2026-11-02", 2).turn(check)
    assert (month.request().state, len(month.rows(Lapse, col(Lapse.reason) == "expired"))) == ("lapsed", 1)
    answered(month.on("2026-11-02"), "2026-11-02")
    month.on("2026-11-18", 2).turn(check)
    # Until 2 December, with Labour Thanksgiving Day (23 November) between: ten workdays back is 17 November.
    assert (month.request().state, month.request().due) == ("pending", date(2026, 12, 2))
    assert len(month.rows(JournalEntry, RENEWED)) == 2


def test_what_was_put_off_handed_on_and_escalated_before_starts_anew(month: House) -> None:
    number, second = month.request().id, month.act_as
    with month.record.read() as session:
        other = second(session, "second").person.id
    long_ago: dict[str, Any] = {"step": 5, "snoozes": 2, "snoozed_until": date(2026, 10, 9), "offered_to_id": other}
    month.change(Request, number, **long_ago, assignee_id=other, answered_at=month.now)
    month.on("2026-10-16", 2).turn(check)
    again = month.request()
    assert (again.step, again.snoozes, again.snoozed_until, again.offered_to_id) == (0, 0, None, None)
    assert again.assignee_id == again.owner_id


def test_the_whole_ladder_is_climbed_again(record: Record) -> None:
    stages = {"do": 1, "check": 50, "act": 55, "close": 60}
    built = house(record, kinds=MONTHLY, policy={**AUTOMATIC, "stages": stages})
    _live(built, date(2026, 10, 1), 28)  # nobody answers: reminders, then those above are told
    first = _told_about(built)
    answered(built, "2026-10-28")
    _live(built, date(2026, 10, 29), 44)
    both = _told_about(built)
    assert (first.count("escalation"), both.count("escalation")) == (3, 6)
    assert both.count("reminder") == 2 * first.count("reminder") > 0
    with built.record.read() as session:
        lines = ledger(session, built.request().id, built.now).lines
    assert all(line.happened_at for line in lines)
    assert lines[0].announced_at == tokyo("2026-11-12", 9)


def _live(built: House, first: date, days: int) -> None:
    """Check and chase for so many days; 18:00 in Tokyo is the morning of whoever stands above the owner."""
    for number in range(days):
        day = (first + timedelta(days=number)).isoformat()
        built.on(day, 9).turn(check, tick)
        built.on(day, 18).turn(tick)


def _told_about(built: House) -> list[str]:
    from cycles.models import DeliveryItem

    about = {row.delivery_id for row in built.rows(DeliveryItem, col(DeliveryItem.subject_id) == built.request().id)}
    return [row.kind for row in built.deliveries("digest", "reminder", "escalation") if row.id in about]


def test_what_was_carried_over_and_is_cut_short_gets_a_request_of_its_own(record: Record) -> None:
    built = house(record, planned=False, policy=AUTOMATIC)
    built.give("2026-09-01")
    built.plan()
    assert not built.rows(Request, *built.pair(Request, "scoring", "risk"))
    built.give("2026-09-15", valid_until="2026-11-20")  # a newer assessment that holds for two months only
    built.on("2026-11-05", 2).turn(check)
    assert not built.rows(Request, *built.pair(Request, "scoring", "risk"))
    built.on("2026-11-06", 2).turn(check)
    again = built.request()
    assert (again.state, again.due, again.renews) == ("pending", date(2026, 11, 20), date(2026, 11, 20))
    assert again.owner_id == again.assignee_id == built.rows(System, System.key == "scoring")[0].owner_id


@pytest.mark.parametrize("state", ["planned", "closed", "cancelled"])
def test_only_a_cycle_under_way_asks_again(month: House, state: str) -> None:
    month.on("2026-10-14", 2).turn(check)
    month.change(Cycle, 1, state=state)
    month.on("2026-10-20", 2)
    with month.record.write() as session:
        assert renewals.renew(session, month.cycle(session), now=month.now, actor="check") == 0


def test_a_retired_system_is_not_asked_again(month: House) -> None:
    month.on("2026-10-14", 2).turn(check)
    month.change(System, month.ids(System)["scoring"], retired=True)
    month.on("2026-10-20", 2).turn(check)
    assert month.request().state == "accepted"


def test_what_a_newer_cycle_asks_for_anyway_is_asked_once(record: Record) -> None:
    built = house(record, kinds=MONTHLY, policy=AUTOMATIC)
    answered(built.on("2026-12-01"), "2026-11-28")  # until 28 December, three days before the cycle ends
    with built.record.write() as session:
        newer = plan.plan(
            session, period("FY2026-Q4", "april"), current_policy(session), now=built.now, actor="t"
        ).cycle
        plan.open_cycle(session, newer, now=built.now, actor="lead")
    built.on("2026-12-15", 2).turn(check)
    assert built.rows(Request, *built.pair(Request, "scoring", "risk"))[0].state == "accepted"
    built.change(Cycle, 2, state="planned")
    built.turn(check)
    assert built.rows(Request, *built.pair(Request, "scoring", "risk"))[0].state == "pending"


def test_a_person_is_asked_for_no_more_a_day_than_policy_says_while_days_are_left(new_record: Any) -> None:
    names = [f"s{number:02d}" for number in range(20)]
    policy = {**AUTOMATIC, "asking": {"first_asks_per_day": 3}}
    built = house(new_record(), *(system(name) for name in names), planned=False, policy=policy)
    for name in names:
        built.give("2026-09-01", system=name)
    built.plan()
    for name in names:
        built.give("2026-09-02", system=name, valid_until="2026-11-20")
    built.on("2026-11-06", 2).turn(check)
    asked = [row for row in built.rows(Request) if row.renews]
    load = [sum(row.ask_on == day for row in asked) for day in sorted({row.ask_on for row in asked})]
    assert (len(asked), load) == (20, [3, 3, 3, 3, 3, 3, 2])
    assert max(row.ask_on for row in asked) <= date(2026, 11, 17)  # three workdays before they are due
    [entry] = built.rows(JournalEntry, RENEWED)
    assert '"count":20' in entry.body.replace(" ", "")


def test_when_every_fair_day_is_full_no_renewal_is_asked_on_a_later_one(record: Record) -> None:
    names = [f"s{number:02d}" for number in range(10)]
    policy = {**AUTOMATIC, "asking": {"first_asks_per_day": 1}}
    built = house(record, *(system(name) for name in names), planned=False, policy=policy)
    for name in names:
        built.give("2026-09-01", system=name)
    built.plan()
    for name in names:
        built.give("2026-09-02", system=name, valid_until="2026-11-20")
    built.on("2026-11-06", 2).turn(check)
    asked = sorted(row.ask_on for row in built.rows(Request) if row.renews)
    # Eight workdays from the 6th to the 17th, three before they are due; the two too many begin again at the first.
    assert (asked.count(date(2026, 11, 6)), asked.count(date(2026, 11, 9)), len(set(asked))) == (2, 2, 8)
    assert asked[-1] == date(2026, 11, 17)


@pytest.mark.parametrize(("state", "asked_on"), [("pending", 20), ("asked", 20), ("accepted", 19)])
def test_only_what_still_waits_fills_a_day_and_the_owners_own_yesterday_counts(
    record: Record, state: str, asked_on: int
) -> None:
    # 02:00 on the 20th in Tokyo is early afternoon of the 19th in New York, where the owner has one ask already.
    policy = {**AUTOMATIC, "asking": {"first_asks_per_day": 1}}
    built = house(record, system("scoring", "other"), system("chat", "other"), kinds=MONTHLY, policy=policy)
    built.give("2026-10-01", valid_until="2026-11-01")
    built.change(Request, built.request().id, state="accepted")
    built.change(Request, built.request("chat").id, state=state, ask_on=date(2026, 10, 19))
    built.on("2026-10-20", 2).turn(check)
    again = built.request()
    assert (again.state, again.ask_on) == ("pending", date(2026, 10, asked_on))


def test_only_this_cycles_own_standing_is_asked_again(record: Record) -> None:
    built = house(record, policy=AUTOMATIC)
    built.give("2026-09-01", valid_until="2027-02-19")
    built.on("2026-12-01", 2).turn(check)
    built.change(Cycle, 1, state="closed")
    built.key = "FY2026-Q4"
    built.on("2027-01-05").plan()
    [number] = [row.id for row in built.rows(Request, *built.pair(Request, "scoring", "risk")) if row.cycle_id == 2]
    built.change(Request, number, state="accepted")
    built.on("2027-02-10", 2).turn(check)
    assert [row.cycle_id for row in built.rows(Request) if row.renews] == [2]
    [entry] = built.rows(JournalEntry, RENEWED)
    assert '"count":1' in entry.body.replace(" ", "")


def test_what_was_changed_since_its_review_lapses_and_is_not_asked_again(month: House) -> None:
    month.watch(locator="https://wiki.aozora.example/it", sha256="b" * 64)
    month.change(Evidence, month.rows(Evidence)[0].id, sha256="a" * 64)
    month.on("2026-10-20", 2).turn(check)
    assert [row.reason for row in month.lapses() if row.kind_id == month.ids(EvidenceKind)["risk"]] == ["changed"]
    assert month.rows(JournalEntry, RENEWED) == []


def test_what_holds_until_the_very_last_day_is_not_asked_again(record: Record) -> None:
    built = house(record, planned=False, policy=AUTOMATIC)
    built.give("2026-09-01")
    built.plan()
    built.give("2026-09-15", valid_until="2026-12-31")
    built.on("2026-12-18", 2).turn(check)
    assert built.rows(JournalEntry, RENEWED) == []


def test_somebody_who_confirms_for_a_short_while_is_left_in_peace_for_half_of_it() -> None:
    calendar, policy = Calendar(country="JP"), Policy.model_validate({"asking": {"due_workdays": 60}})
    found = renewals.dates(date(2026, 10, 30), date(2026, 10, 1), calendar, policy, date(2026, 12, 25))
    assert (found.ask_on, found.due) == (date(2026, 10, 15), date(2026, 10, 30))
    soon = renewals.dates(date(2026, 10, 6), date(2026, 10, 1), calendar, policy, date(2026, 12, 25))
    assert (soon.ask_on, soon.due) == (date(2026, 10, 1), date(2026, 10, 6))


def test_what_ends_after_the_closing_day_is_due_on_it(record: Record) -> None:
    built = house(record, policy=AUTOMATIC, planned=False)
    built.give("2026-09-01")
    built.plan()
    with built.record.read() as session:
        closes = built.cycle(session).close_on
    until = closes + timedelta(days=1)
    built.give("2026-09-15", valid_until=until.isoformat())
    built.now = tokyo(workdays_later(closes, -10, "JP").isoformat(), 2)
    built.turn(check)
    assert built.request().due == closes < until < date(2026, 12, 31)


def test_the_change_is_legal() -> None:
    assert "pending" in LEGAL["accepted"]
    assert LEGAL["excused"] == frozenset()


day = st.integers(0, 92).map(lambda number: date(2026, 10, 1) + timedelta(days=number))


@given(until=day, received=st.integers(0, 90), due=st.integers(1, 20), country=st.sampled_from(["JP", "GB", "US-NY"]))
@settings(max_examples=300)
def test_dates_are_what_counting_days_finds(until: date, received: int, due: int, country: str) -> None:
    since, calendar = until - timedelta(days=received), Calendar(country=country, closures=(_closed,))
    found = renewals.dates(until, since, calendar, Policy.model_validate({"asking": {"due_workdays": due}}), date.max)
    last = until
    while not is_workday(last, country):
        last -= timedelta(days=1)
    first = workdays_later(last, -max(3, due), country)
    while first < since + timedelta(days=received // 2) or not is_workday(first, country):
        first += timedelta(days=1)
    assert (found.ask_on, found.due) == (min(first, workdays_later(last, -3, country)), last)


_closed = Closure(starts=(12, 29), ends=(1, 3))


@given(data=st.data())
@settings(max_examples=20)
def test_what_is_opened_again_is_what_a_slow_loop_finds_on_sqlite(data: st.DataObject, new_sqlite: Any) -> None:
    _opened_as_by_a_slow_loop(new_sqlite, data)


@given(data=st.data())
@settings(max_examples=4)
def test_what_is_opened_again_is_what_a_slow_loop_finds_on_postgresql(data: st.DataObject, new_postgres: Any) -> None:
    _opened_as_by_a_slow_loop(new_postgres, data)


def _opened_as_by_a_slow_loop(new_record: Any, data: st.DataObject) -> None:
    """Day by day: a pair is asked again on the first workday on which asking would be neither early nor too late."""
    names = ["s1", "s2", "s3"]
    built = house(new_record(), *(system(name) for name in names), planned=False, policy=AUTOMATIC)
    for name in names:
        built.give("2026-09-01", system=name)
    built.plan()
    ends = {name: data.draw(day) for name in data.draw(st.sets(st.sampled_from(names)))}
    for name, until in ends.items():
        built.give("2026-09-10", system=name, valid_until=until.isoformat(), at=tokyo("2026-09-10"))
    with built.record.read() as session:
        closes = built.cycle(session).close_on
    today = date(2026, 10, 1) + timedelta(days=data.draw(st.integers(0, 91)))
    built.now = tokyo(today.isoformat(), 9)
    built.turn(check)
    expected = {name for name, until in ends.items() if _is_due(today, until, closes)}
    ids = {number: name for name, number in built.ids(System).items()}
    opened = {ids[row.system_id]: row for row in built.rows(Request) if row.renews}
    assert set(opened) == expected
    for name, row in opened.items():
        assert today <= row.ask_on <= row.due <= ends[name] == row.renews
        assert is_workday(row.ask_on, "JP")
        assert is_workday(row.due, "JP")
    before = built.journal()
    built.turn(check)
    assert built.journal() == before
    built.record.close()


def _is_due(today: date, until: date, closes: date) -> bool:
    if not today <= until < date(2026, 12, 31):
        return False
    first = today
    while not is_workday(first, "JP"):
        first += timedelta(days=1)
    last = min(until, closes) if workdays_later(first, 3, "JP") <= closes else until
    while not is_workday(last, "JP"):
        last -= timedelta(days=1)
    return first <= last and today >= workdays_later(last, -10, "JP")
