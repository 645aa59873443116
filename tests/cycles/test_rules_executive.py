"""The executive summary: who gets it, when, once, and whether its figures are the scorecard's."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from rules_house import House, house, people, person, send, system, tokyo

from cycles.act import act
from cycles.brief_queries import brief_for
from cycles.briefs import ExecutiveBrief
from cycles.check import check
from cycles.do import tick
from cycles.executive import EXECUTIVE
from cycles.glance import glance
from cycles.models import Delivery, JournalEntry
from cycles.people import Directory
from cycles.regular import tell
from cycles.scorecard_queries import scorecard
from cycles.store import Record
from cycles.weekly import WEEKLY
from tasks.charts.figures import lapse_count

NewRecord = Callable[[], Record]
MONTHS = [date(2026, 10, 1), date(2026, 11, 1), date(2026, 12, 1), date(2027, 1, 1), date(2027, 2, 1), date(2027, 3, 1)]


def built_with(record: Record, **more: Any) -> House:
    who = people(person("chief"), person("chair", zone="Europe/London", country="GB"))
    named: dict[str, Any] = {"executives": ["chief", "chair"], **more}
    systems = named.pop("systems", (system("scoring"), system("chat", "other")))
    return house(record, *systems, who=named.pop("who", who), **named)


def ticks(built: House, *, until: datetime, step: timedelta = timedelta(hours=1)) -> list[tuple[str, str, datetime]]:
    """Tell on; returns (person, first day of the month or week, when it may go out)."""
    while built.now < until:
        with built.record.write() as session:
            tell(session, EXECUTIVE, now=built.now, actor="do")
        built.now += step
    return told(built)


def told(built: House) -> list[tuple[str, str, datetime]]:
    return [(row.key.split(":")[1], row.key.split(":")[2], row.not_before) for row in built.deliveries("executive")]


def brief(built: House, place: int = -1) -> ExecutiveBrief | None:
    with built.record.read() as session:
        row = session.get_one(Delivery, built.deliveries("executive")[place].id)
        found = brief_for(session, row, built.now)
        assert found is None or isinstance(found, ExecutiveBrief)
        return found


def test_executives_hear_on_the_first_workday_of_a_month_when_they_open(new_record: NewRecord) -> None:
    built = built_with(new_record()).on("2026-10-30", 12)
    found = ticks(built, until=tokyo("2026-12-03", 0))
    london = [datetime.fromisoformat(f"{day}T09:00:00+00:00") for day in ("2026-11-02", "2026-12-01")]
    assert found == [  # 1 November is a Sunday, and 3 November a holiday in Japan that changes nothing
        ("chief", "2026-11-01", tokyo("2026-11-02", 9)),
        ("chair", "2026-11-01", london[0]),
        ("chief", "2026-12-01", tokyo("2026-12-01", 9)),
        ("chair", "2026-12-01", london[1]),
    ]


def test_whoever_leads_hears_weekly_already(record: Record) -> None:
    built = built_with(record, executives=["chief", "lead"]).on("2026-10-30", 12)
    assert {row[0] for row in ticks(built, until=tokyo("2026-11-03", 0))} == {"chief"}


def test_leave_moves_it_and_downtime_makes_it_late(record: Record) -> None:
    away = person("chief", leave=[{"from": "2026-11-01", "to": "2026-11-05"}])
    built = built_with(record, who=people(away, person("chair"))).on("2026-10-30", 12)
    built.sync()
    with record.write() as session:
        tell(session, EXECUTIVE, now=built.now, actor="do")
    built.on("2026-11-20", 21)
    found = ticks(built, until=tokyo("2026-11-21", 0))
    # Friday night: Monday is the next decent hour of both, three weeks late, and once.
    assert sorted(found) == [
        ("chair", "2026-11-01", tokyo("2026-11-24", 9)),
        ("chief", "2026-11-01", tokyo("2026-11-24", 9)),
    ]


def test_what_was_not_shown_in_its_month_is_withdrawn(record: Record) -> None:
    built = built_with(record).on("2026-10-30", 12)
    ticks(built, until=tokyo("2026-11-02", 11))
    assert brief(built) is not None
    built.on("2026-12-01", 10)
    assert brief(built) is None


def test_without_a_cycle_there_is_nothing_to_say(record: Record) -> None:
    built = built_with(record, planned=False).on("2026-10-30", 12)
    assert ticks(built, until=tokyo("2026-12-03", 0), step=timedelta(hours=6)) == []


def test_policy_makes_it_weekly_or_turns_it_off(record: Record) -> None:
    built = built_with(record, policy={"asking": {"executive_summary": "weekly"}}).on("2026-10-30", 12)
    found = ticks(built, until=tokyo("2026-11-10", 0), step=timedelta(hours=3))
    assert [row[1] for row in found if row[0] == "chief"] == ["2026-11-02", "2026-11-09"]
    weekly = brief(built)
    assert weekly is not None
    assert weekly.weekly
    asking = built.programme.policy.asking.model_copy(update={"executive_summary": "off"})
    built.sync(replace(built.programme, policy=built.programme.policy.model_copy(update={"asking": asking})))
    assert len(ticks(built, until=tokyo("2026-12-10", 0), step=timedelta(hours=6))) == len(found)
    assert brief(built) is None, "what still waits is not wanted either"


def test_its_figures_are_the_scorecards_and_the_worst_system_comes_first(new_record: NewRecord) -> None:
    systems = [system(f"s{n}", risk_tier="high" if n == 3 else "limited") for n in range(5)]
    weekly = {"asking": {"executive_summary": "weekly"}}
    built = built_with(new_record(), systems=systems, policy=weekly).on("2026-10-16", 12)
    while built.now < tokyo("2026-11-09", 3):
        built.turn(tick)
        built.now += timedelta(hours=8)
    built.turn(check, act)
    ticks(built, until=tokyo("2026-11-09", 21))
    found = brief(built)
    assert found is not None
    with built.record.read() as session:
        card = scorecard(session, built.cycle(session), built.now)
        stands = glance(session, built.now)
    assert (found.in_control, found.controls) == (card.tally.in_control, card.tally.total)
    assert found.lapses == lapse_count(card)[0] > 0
    assert stands is not None
    assert found.overdue == stands.overdue > 0, "the organisation's own among them"
    assert found.actions == len(card.actions) > 0
    assert found.systems[0].system_name == "S3", "the high risk one is asked for more"
    assert (len(found.systems), found.more) == (3, 2)
    assert found.systems[0].lapsed == max(row.tally.lapsed for row in card.systems)


def test_the_outcome_of_a_closed_cycle_is_told_once_more(record: Record) -> None:
    built = built_with(record).on("2026-12-20", 12)
    with record.write() as session:
        cycle = built.cycle(session)
        cycle.state, cycle.closed_at, cycle.summary = "closed", built.now, {"in_control": 0.5}
        session.add(cycle)
    found = ticks(built, until=tokyo("2027-03-10", 0), step=timedelta(hours=6))
    assert [row[1] for row in found if row[0] == "chief"] == ["2027-01-01", "2027-02-01"]
    built.on("2027-01-05", 12)
    closed = brief(built, 0)
    assert closed is not None
    assert closed.stage == "closed"


def test_it_is_entered_in_the_journal_and_told_by_one_of_two_ticks(record: Record) -> None:
    built = built_with(record).on("2026-11-02", 8)
    for hour in (8, 10, 10, 11):
        built.on("2026-11-02", hour)
        for message in (EXECUTIVE, WEEKLY):
            with record.write() as session:
                tell(session, message, now=built.now, actor="do")
    entries = [row.body for row in built.rows(JournalEntry) if row.action == "executive.told"]
    assert len(entries) == 1
    assert '"count":1' in entries[0]
    assert [row[0] for row in told(built)] == ["chief"]
    assert len(send(built, "executive")) == 1


@settings(max_examples=10)
@given(
    start=st.dates(date(2026, 10, 1), date(2026, 11, 20)),
    hours=st.lists(st.integers(1, 400), min_size=1, max_size=12),
    leave=st.tuples(st.dates(date(2026, 10, 20), date(2026, 12, 5)), st.integers(0, 40)),
)
def test_however_the_ticks_fall_each_month_is_told_at_most_once_and_never_before_its_day(
    new_sqlite: NewRecord, start: date, hours: list[int], leave: tuple[date, int]
) -> None:
    first, days = leave
    away = [{"from": first, "to": first + timedelta(days=days)}]
    built = built_with(new_sqlite(), who=people(person("chief", leave=away), person("chair")))
    built.on(start.isoformat(), 3)
    seen: list[datetime] = []
    for pause in (0, *hours):
        built.now += timedelta(hours=pause)
        seen.append(built.now)
        with built.record.write() as session:
            tell(session, EXECUTIVE, now=built.now, actor="do")
    with built.record.read() as session:
        directory = Directory.load(session, built.programme.policy)
    everybody = {one.key: number for number, one in directory.people.items()}
    expected = {
        (who, month.isoformat())
        for who in ("chief", "chair")
        for month in MONTHS
        if should_hear(directory, everybody[who], month, seen)
    }
    assert len(told(built)) == len({row[:2] for row in told(built)})
    assert {row[:2] for row in told(built)} == expected


def should_hear(directory: Directory, who: int, month: date, ticks: list[datetime]) -> bool:
    """Whether a tick came first after the opening of the month's first day of work, and a decent hour is left in it."""
    hours = directory.hours(who)
    days = [month + timedelta(days=n) for n in range(31) if (month + timedelta(days=n)).month == month.month]
    opening = next((hours.opens(day) for day in days if hours.works_on(day)), None)
    tick = next((at for before, at in pairwise(ticks) if opening and before < opening <= at), None)
    return tick is not None and directory.today(who, hours.next_decent(tick)) in days
