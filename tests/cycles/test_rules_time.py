"""Periods, workdays and decent hours, against other sources of the same truth."""

import calendar as months
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import MONTHLY, rrule
from hypothesis import given
from hypothesis import strategies as st
from rules_oracle import festive_days

from cycles.errors import BadInput
from cycles.periods import MONTHS, add_months, after, period, period_of
from cycles.policy import closures_of
from cycles.workdays import FURTHEST, Calendar, Closure, Hours, known_country

ZONES = (
    "Asia/Tokyo",
    "Europe/London",
    "America/New_York",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "America/Sao_Paulo",
)
NEW_YEAR = Closure(starts=(12, 29), ends=(1, 3))
JAPAN = Calendar(country="JP")
days = st.dates(date(2005, 1, 1), date(2090, 12, 31))

# 国民の祝日・休日 (Cabinet Office of Japan, 「国民の祝日について」, https://www8.cao.go.jp/chosei/shukujitsu/gaiyou.html).
OFFICIAL = {
    2025: "01-01 01-13 02-11 02-23 02-24 03-20 04-29 05-03 05-04 05-05 05-06 07-21 08-11 09-15 09-23 10-13 11-03 11-23 "
    "11-24",
    2026: "01-01 01-12 02-11 02-23 03-20 04-29 05-03 05-04 05-05 05-06 07-20 08-11 09-21 09-22 09-23 10-12 11-03 11-23",
    2027: "01-01 01-11 02-11 02-23 03-21 03-22 04-29 05-03 05-04 05-05 07-19 08-11 09-20 09-23 10-11 11-03 11-23",
}


# Periods ------------------------------------------------------------------------------------------------


def test_each_step_is_reckoned_from_the_anchor() -> None:
    anchor = date(2026, 11, 30)
    assert [add_months(anchor, n) for n in (3, 6, 9, 12)] == [
        date(2027, 2, 28),
        date(2027, 5, 30),
        date(2027, 8, 30),
        date(2027, 11, 30),
    ]
    assert add_months(date(2024, 2, 29), 12) == date(2025, 2, 28)
    assert add_months(date(2024, 2, 29), 48) == date(2028, 2, 29)


@given(days, st.integers(1, 120))
def test_months_are_added_as_the_recurrence_rule_adds_them(anchor: date, count: int) -> None:
    """RFC 5545 has no clamping; its way to say it is the last of the days up to ours that the month has."""
    wanted = tuple(range(28, anchor.day + 1)) or (anchor.day,)
    rule = rrule(MONTHLY, dtstart=anchor.replace(day=1), bymonthday=wanted, bysetpos=-1, count=count + 1)
    assert add_months(anchor, count) == rule[count].date()


@given(days, st.integers(0, 240))
def test_the_day_is_kept_or_clamped_to_the_months_end(anchor: date, count: int) -> None:
    found = add_months(anchor, count)
    assert (found.year * 12 + found.month) - (anchor.year * 12 + anchor.month) == count
    assert found.day == min(anchor.day, months.monthrange(found.year, found.month)[1])


@pytest.mark.parametrize("start", MONTHS)
def test_the_parts_of_a_fiscal_year_cover_it_without_gap(start: str) -> None:
    year = period("FY2027", start)
    quarters = [period(f"FY2027-Q{n}", start) for n in (1, 2, 3, 4)]
    halves = [period(f"FY2027-H{n}", start) for n in (1, 2)]
    single = [period(f"FY2027-M{n:02d}", start) for n in range(1, 13)]
    assert year.starts == date(2027, MONTHS.index(start) + 1, 1)
    for parts in (single, quarters, halves):
        assert (parts[0].starts, parts[-1].ends) == (year.starts, year.ends)
        assert all(one.ends + timedelta(days=1) == next_.starts for one, next_ in pairwise(parts))
    assert (year.ends - year.starts).days + 1 in (365, 366)


def test_the_example_of_the_design() -> None:
    found = period("FY2026-Q3", "april")
    assert (found.starts, found.ends) == (date(2026, 10, 1), date(2026, 12, 31))
    assert period_of(date(2026, 11, 3), "april") == found, "a period is a quarter unless said otherwise"
    assert period("FY2027-Q4", "april").ends == date(2028, 3, 31)
    assert period("FY2027-Q4", "march").ends == date(2028, 2, 29)


@given(days, st.sampled_from(MONTHS), st.sampled_from([1, 3, 6, 12]))
def test_every_day_lies_in_its_period_and_the_next_begins_the_day_after(day: date, start: str, months: int) -> None:
    found = period_of(day, start, months)
    assert found.months == months
    assert found.starts <= day <= found.ends
    assert found == period(found.key, start)
    assert after(found, start).starts == found.ends + timedelta(days=1)


@pytest.mark.parametrize(
    "key",
    [
        "",
        "FY2026-Q5",
        "2026-Q1",
        "FY26-Q1",
        "FY2026-Q3\n",
        "FY0000-Q1",
        "FY9999-Q4",
        "FY２０２６-Q1",
        "FY2026-H3",
        "FY2026-M13",
        "FY2026-M00",
        "FY2026-M7",
    ],
)
def test_a_key_that_names_no_cycle_is_refused_with_an_example(key: str) -> None:
    with pytest.raises(BadInput, match="FY2026-Q3"):
        period(key, "april")


# Workdays -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("year", OFFICIAL)
def test_japanese_holidays_are_the_official_ones(year: int) -> None:
    official = {date.fromisoformat(f"{year}-{day}") for day in OFFICIAL[year].split()}
    every = [
        date(year, 1, 1) + timedelta(days=n) for n in range(366) if (date(year, 1, 1) + timedelta(days=n)).year == year
    ]
    assert {day for day in every if day.weekday() < 5 and not JAPAN.is_workday(day)} == {
        day for day in official if day.weekday() < 5
    }


@pytest.mark.parametrize("day", ["2026-05-06", "2026-09-22", "2026-11-23", "2025-11-24", "2027-03-22"])
def test_substitute_and_sandwiched_holidays_are_no_workdays(day: str) -> None:
    assert not JAPAN.is_workday(date.fromisoformat(day))


def test_a_closure_runs_across_new_year() -> None:
    office = Calendar(country="JP", closures=(NEW_YEAR,))
    assert office.is_workday(date(2026, 12, 28))
    assert not any(office.is_workday(date(2026, 12, 29) + timedelta(days=n)) for n in range(6))
    assert office.is_workday(date(2027, 1, 4))
    assert office.add(date(2026, 12, 28), 1) == date(2027, 1, 4)
    assert office.add(date(2027, 1, 4), -1) == date(2026, 12, 28)
    assert office.between(date(2026, 12, 28), date(2027, 1, 4)) == 1


def test_a_closure_holds_from_its_first_day_to_its_last() -> None:
    in_may = [date(2026, 4, 30), *(date(2026, 5, day) for day in (1, 2, 6, 7))]
    assert [Closure(starts=(5, 1), ends=(5, 6)).covers(day) for day in in_may] == [False, True, True, True, False]
    assert [Closure(starts=(5, 1), ends=(5, 1)).covers(day) for day in in_may] == [False, True, False, False, False]
    around = [date(2026, 12, 28), date(2026, 12, 29), date(2027, 1, 1), date(2027, 1, 3), date(2027, 1, 4)]
    assert [NEW_YEAR.covers(day) for day in around] == [False, True, True, True, False]


def test_closures_are_read_from_month_and_day() -> None:
    read = closures_of(["05-01/05-31", "12-31/01-01"])
    assert read == (Closure(starts=(5, 1), ends=(5, 31)), Closure(starts=(12, 31), ends=(1, 1)))
    for text in ("13-01/13-02", "00-10/01-10", "02-30/03-01", "01-00/01-02", "1-1/1-2"):
        with pytest.raises(BadInput):
            closures_of([text])


def test_countries_are_known_by_their_codes_alone() -> None:
    assert all(known_country(code) for code in ("JP", "GB", "US-NY", "DE-BY"))
    assert not any(known_country(code) for code in ("", "XX", "US-XX", "jp", "registry", "HolidayBase"))


calendars = st.builds(
    Calendar,
    country=st.sampled_from(["JP", "GB", "US-NY", "DE-BY", "SA", "BR"]),
    closures=st.lists(
        st.builds(
            Closure,
            starts=st.tuples(st.integers(11, 12), st.integers(1, 28)),
            ends=st.tuples(st.integers(1, 1), st.integers(1, 15)),
        ),
        max_size=1,
    ).map(tuple),
)
near = st.dates(date(2020, 1, 1), date(2034, 12, 31))


@given(calendars, near, st.integers(-60, 60))
def test_workdays_are_added_one_by_one(calendar: Calendar, day: date, count: int) -> None:
    found = calendar.add(day, count)
    assert calendar.is_workday(found)
    if count > 0:
        passed = [d for n in range(1, (found - day).days + 1) if calendar.is_workday(d := day + timedelta(days=n))]
        assert len(passed) == count
    elif count < 0:
        passed = [d for n in range(1, (day - found).days + 1) if calendar.is_workday(d := day - timedelta(days=n))]
        assert len(passed) == -count
    else:
        assert found == calendar.on_or_after(day)


@given(calendars, near, st.integers(-200, 200))
def test_workdays_between_are_counted_day_by_day(calendar: Calendar, day: date, distance: int) -> None:
    end = day + timedelta(days=distance)
    first, last = min(day, end), max(day, end)
    slow = sum(calendar.is_workday(first + timedelta(days=n)) for n in range(1, (last - first).days + 1))
    assert calendar.between(day, end) == (slow if end >= day else -slow)


# Hours --------------------------------------------------------------------------------------------------


def _changes(zone: str) -> list[date]:
    """The days between 2024 and 2034 on which a zone's clock is moved."""
    here = ZoneInfo(zone)
    every = [date(2024, 1, 1) + timedelta(days=n) for n in range(11 * 366)]
    offsets = [datetime.combine(day, time(0), tzinfo=here).utcoffset() for day in every]
    return [day for day, (one, two) in zip(every, pairwise(offsets), strict=False) if one != two and day.year <= 2034]


def test_the_zones_tell_of_clock_changes_at_all() -> None:
    assert {zone: len(_changes(zone)) for zone in ZONES} == {
        "Asia/Tokyo": 0,
        "Europe/London": 22,
        "America/New_York": 22,
        "Australia/Lord_Howe": 22,
        "Pacific/Apia": 0,
        "America/Sao_Paulo": 0,
    }


@pytest.mark.parametrize("zone", ZONES)
def test_nine_in_the_morning_comes_exactly_once_a_day(zone: str) -> None:
    hours, here = Hours(zone=zone, calendar=JAPAN), ZoneInfo(zone)
    every = [date(2024, 1, 1) + timedelta(days=n) for n in range((date(2035, 1, 1) - date(2024, 1, 1)).days)]
    opened = [hours.opens(day) for day in every]
    for day, at in zip(every, opened, strict=True):
        assert at.astimezone(here).replace(tzinfo=None) == datetime.combine(day, time(9))
        twice = [datetime.combine(day, time(9), tzinfo=here).replace(fold=fold).utcoffset() for fold in (0, 1)]
        assert twice[0] == twice[1]
    assert all(timedelta(hours=22) < two - one < timedelta(hours=26) for one, two in pairwise(opened))


@pytest.mark.parametrize("zone", ["Europe/London", "America/New_York", "Australia/Lord_Howe"])
def test_around_every_clock_change_each_quarter_of_an_hour_leads_to_a_decent_one(zone: str) -> None:
    hours = Hours(zone=zone, calendar=Calendar(country="GB"))
    for day in _changes(zone):
        start = datetime.combine(day, time(0), tzinfo=ZoneInfo(zone)).astimezone(UTC) - timedelta(hours=12)
        found = [hours.next_decent(start + timedelta(minutes=15 * n)) for n in range(4 * 48)]
        assert found == sorted(found)
        for at in found:
            local = at.astimezone(ZoneInfo(zone))
            assert time(9) <= local.time() < time(18)
            assert local.weekday() < 5


@st.composite
def people_hours(draw: st.DrawFn) -> Hours:
    start, length = draw(st.integers(4 * 4, 4 * 18)), draw(st.integers(1, 4 * 5))
    leave = draw(st.lists(st.tuples(st.dates(date(2025, 12, 1), date(2026, 12, 31)), st.integers(0, 25)), max_size=3))
    return Hours(
        zone=draw(st.sampled_from(ZONES)),
        calendar=draw(calendars),
        starts=time(start // 4, start % 4 * 15),
        ends=time((start + length) // 4, (start + length) % 4 * 15),
        leave=tuple((first, first + timedelta(days=length)) for first, length in leave),
    )


moments = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31), timezones=st.just(UTC))


def decent(hours: Hours, at: datetime) -> bool:
    """What a person would call decent: by the clock on their wall, the calendar beside it and the holidays package."""
    local = at.astimezone(ZoneInfo(hours.zone))
    day = local.date()
    festive = day in festive_days(hours.calendar.country, day.year)
    away = any(first <= day <= last for first, last in hours.leave)
    closed = any(closure.covers(day) for closure in hours.calendar.closures)
    at_work = hours.starts <= local.time() < hours.ends
    return at_work and local.weekday() < 5 and not (festive or away or closed)


@given(people_hours(), moments)
def test_the_next_decent_moment_is_decent_and_the_first(hours: Hours, at: datetime) -> None:
    found = hours.next_decent(at)
    assert found >= at
    assert decent(hours, found)
    steps = min(int((found - at).total_seconds() // 900) + 1, 4 * 24 * 60)
    earlier = [moment for n in range(steps) if (moment := at + timedelta(minutes=15 * n)) < found]
    assert not any(decent(hours, moment) for moment in earlier)
    assert hours.is_decent(at) == decent(hours, at)


@given(people_hours(), moments, st.timedeltas(timedelta(0), timedelta(days=20)))
def test_a_later_moment_never_leads_to_an_earlier_one(hours: Hours, at: datetime, later: timedelta) -> None:
    assert hours.next_decent(at) <= hours.next_decent(at + later)
    assert hours.next_decent(hours.next_decent(at)) == hours.next_decent(at)


def test_working_hours_and_leave_begin_and_end_to_the_minute_and_the_day() -> None:
    monday = date(2026, 3, 2)
    hours = Hours(zone="Asia/Tokyo", calendar=JAPAN, leave=((monday + timedelta(days=2), monday + timedelta(days=3)),))
    opens = hours.opens(monday)
    assert (opens, opens.tzinfo) == (datetime(2026, 3, 2, 0, tzinfo=UTC), UTC)
    second = timedelta(seconds=1)
    moments = (opens - second, opens, opens + timedelta(hours=9) - second, opens + timedelta(hours=9))
    assert [hours.is_decent(at) for at in moments] == [False, True, True, False]
    works = [hours.works_on(monday + timedelta(days=ahead)) for ahead in range(5)]
    assert works == [True, True, False, False, True]


def test_nobody_is_waited_for_for_ever() -> None:
    away = Hours(zone="Asia/Tokyo", calendar=JAPAN, leave=((date(2026, 1, 1), date(2030, 1, 1)),))
    at = datetime(2026, 3, 2, tzinfo=UTC)
    assert away.next_decent(at) == at + FURTHEST
