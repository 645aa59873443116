"""Dates that come again, against iCalendar's rules, second sources of holidays and a slow look at the wall calendar."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import islice, pairwise, takewhile
from zoneinfo import ZoneInfo, available_timezones

import jpholiday
import pytest
from dateutil.rrule import DAILY, MONTHLY, WEEKLY, YEARLY, rrule, rruleset
from dateutil.rrule import weekday as day_of_week
from govuk_bank_holidays.bank_holidays import BankHolidays
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rules_oracle import festive_days

from cycles.errors import BadInput
from cycles.recurrence import (
    ADJUSTMENTS,
    FIRST_YEAR,
    LAST,
    LAST_YEAR,
    Interval,
    Nth,
    Occurrence,
    Sequence,
    Step,
    adjusted,
    parse_nth,
    parse_step,
    preview,
)
from cycles.workdays import Calendar, Closure

TEN_YEARS = timedelta(days=3653)
NEW_YEAR = Closure(starts=(12, 29), ends=(1, 3))
anchors = st.dates(date(2020, 1, 1), date(2032, 12, 31))


def dates(*listed: str) -> list[date]:
    return [date.fromisoformat(day) for day in listed]


def after_anchor(rule: Sequence, calendar: Calendar | None = None, most: int = 4) -> list[date]:
    return [found.on for found in preview(rule, calendar, most)]


# The sequence ------------------------------------------------------------------------------------------------


def by_icalendar(rule: Sequence) -> Iterator[date]:
    """The same rule in the words of RFC 5545. It has no clamping; its way to say it is the last of the days up to ours."""
    begins = {"dtstart": datetime.combine(rule.anchor, time()), "interval": rule.every.number}
    if rule.every.unit != "months":
        plain = rrule(WEEKLY if rule.every.unit == "weeks" else DAILY, **begins)
    elif rule.nth:
        plain = rrule(MONTHLY, byweekday=day_of_week(rule.nth.weekday)(rule.nth.number), **begins)
    else:
        day = rule.anchor.day
        plain = rrule(MONTHLY, bymonthday=tuple(range(min(28, day), day + 1)), bysetpos=-1, **begins)
    rules = rruleset()
    rules.rrule(plain)
    for one in rule.also:
        rules.rdate(datetime.combine(one, time()))
    for one in rule.skip:
        rules.exdate(datetime.combine(one, time()))
    return (found.date() for found in rules)


def until(found: Iterator[date], end: date) -> list[date]:
    return list(takewhile(lambda day: day <= end, found))


@st.composite
def rules(draw: st.DrawFn) -> Sequence:
    """Any rule, some of its dates skipped, some others added."""
    steps = st.one_of(
        st.builds(Step, number=st.integers(1, 24), unit=st.just("months")),
        st.builds(Step, number=st.integers(1, 60), unit=st.just("weeks")),
        st.builds(Step, number=st.integers(5, 400), unit=st.just("days")),
    )
    every, anchor = draw(steps), draw(anchors)
    nths = st.builds(Nth, number=st.sampled_from([1, 2, 3, 4, 5, LAST]), weekday=st.integers(0, 6))
    nth = draw(st.none() | nths) if every.unit == "months" else None
    plain = list(islice(Sequence(anchor=anchor, every=every, nth=nth).nominal(), 12))
    skip = draw(st.sets(st.sampled_from(plain), max_size=3)) if plain else set()
    also = draw(st.sets(st.integers(1, 3000), max_size=3).map(lambda ahead: {anchor + timedelta(n) for n in ahead}))
    adjust = draw(st.sampled_from(ADJUSTMENTS))
    return Sequence(
        anchor=anchor, every=every, nth=nth, skip=frozenset(skip), also=frozenset(also - skip), adjust=adjust
    )


@given(rules())
@example(Sequence(anchor=date(2024, 2, 29), every=Step(number=12, unit="months")))
@example(Sequence(anchor=date(2026, 11, 30), every=Step(number=3, unit="months")))
@example(Sequence(anchor=date(2026, 12, 31), every=Step(number=1, unit="months")))
@example(Sequence(anchor=date(2026, 12, 1), every=Step(number=2, unit="months"), nth=Nth(number=LAST, weekday=4)))
@settings(max_examples=60)
def test_ten_years_of_every_rule_are_what_icalendar_says(rule: Sequence) -> None:
    end = rule.anchor + TEN_YEARS
    nothing_closed = Calendar(country="JP")
    found = until(
        (one.nominal for one in Sequence(**{**vars(rule), "adjust": "none"}).occurrences(nothing_closed)), end
    )
    assert found == until(by_icalendar(rule), end)
    assert all(one < two for one, two in pairwise(found))


def moved(day: date, how: str, calendar: Calendar) -> date:
    """A date moved by looking at the wall calendar, day by day."""

    def off(one: date) -> bool:
        closed = any(closure.covers(one) for closure in calendar.closures)
        return one.weekday() > 4 or closed or one in festive_days(calendar.country, one.year)

    later = earlier = day
    while off(later):
        later += timedelta(days=1)
    while off(earlier):
        earlier -= timedelta(days=1)
    turns_back = how == "previous-business-day" or (how == "modified-following" and later.month != day.month)
    return day if how == "none" else earlier if turns_back else later


@given(rules(), st.sampled_from(["JP", "GB", "US-NY"]), st.booleans(), anchors)
@settings(max_examples=60)
def test_moving_to_workdays_moves_what_is_shown_and_never_the_sequence(
    rule: Sequence, country: str, closed: bool, day: date
) -> None:
    calendar = Calendar(country=country, closures=(NEW_YEAR,) if closed else ())
    end = rule.anchor + timedelta(days=1500)
    found = list(takewhile(lambda one: one.nominal <= end, rule.occurrences(calendar)))
    wanted = [moved(one, rule.adjust, calendar) for one in until(by_icalendar(rule), end)]
    assert [one.on for one in found] == sorted(set(wanted))
    assert all(one.on < two.on for one, two in pairwise(found))
    assert all(one.on == moved(one.nominal, rule.adjust, calendar) for one in found)
    if day < end - timedelta(days=800):
        later = next((one for one in found if one.on > day), None)
        assert later is None or rule.first_after(day, calendar) == later


@pytest.mark.parametrize("how", ADJUSTMENTS)
def test_the_first_date_after_any_day_is_the_next_one_shown(how: str) -> None:
    """Also where a long closure moves it by months."""
    calendar = Calendar(country="JP", closures=(Closure(starts=(12, 1), ends=(3, 10)),))
    rule = Sequence(anchor=date(2026, 11, 30), every=parse_step("1m"), adjust=how)  # type: ignore[arg-type]
    shown = list(islice(rule.occurrences(calendar), 60))
    for day in (date(2026, 10, 1) + timedelta(days=n) for n in range(900)):
        assert rule.first_after(day, calendar) == next(one for one in shown if one.on > day)


def test_quarterly_from_30_november_keeps_the_30th() -> None:
    """Found in tools that reckon each date from the one before: after 28 February they stay on the 28th."""
    rule = Sequence(anchor=date(2026, 11, 30), every=parse_step("quarterly"))
    assert after_anchor(rule, most=5) == dates("2027-02-28", "2027-05-30", "2027-08-30", "2027-11-30", "2028-02-29")
    february = Sequence(**{**vars(rule), "skip": frozenset(dates("2027-02-28"))})
    assert after_anchor(february)[0] == date(2027, 5, 30)


def test_a_weekly_schedule_crosses_new_year() -> None:
    """Found in tools that compare week numbers: week 53 is followed by week 1, which is not larger."""
    rule = Sequence(anchor=date(2026, 12, 17), every=parse_step("weekly"))
    assert after_anchor(rule) == dates("2026-12-24", "2026-12-31", "2027-01-07", "2027-01-14")
    japan = Calendar(country="JP", closures=(NEW_YEAR,))
    shown = Sequence(**{**vars(rule), "adjust": "next-business-day"})
    assert after_anchor(shown, japan) == dates("2026-12-24", "2027-01-04", "2027-01-07", "2027-01-14")


def test_yearly_from_29_february_comes_back_to_it() -> None:
    rule = Sequence(anchor=date(2024, 2, 29), every=parse_step("yearly"))
    assert after_anchor(rule) == dates("2025-02-28", "2026-02-28", "2027-02-28", "2028-02-29")
    assert [rule.first_after(day) for day in dates("2028-02-28", "2028-02-29")] == list(preview(rule, None, 5)[3:])
    back = Interval(every=parse_step("12m"))
    assert [back.next_after(day) for day in dates("2024-02-29", "2027-02-28")] == dates("2025-02-28", "2028-02-28")


def test_an_interval_counts_from_the_last_time() -> None:
    after = [Interval(every=parse_step(step)).next_after(date(2027, 2, 20)) for step in ("10d", "2w", "1m")]
    assert after == dates("2027-03-02", "2027-03-06", "2027-03-20")


def test_a_weekday_of_a_month_is_read_from_either_end() -> None:
    assert parse_nth("last friday") == Nth(number=LAST, weekday=4)
    assert parse_nth(" 3rd MONDAY") == Nth(number=3, weekday=0)
    assert parse_nth("last friday").of(date(2027, 2, 10)) == date(2027, 2, 26)


def test_a_sequence_may_begin_and_end_with_the_years_we_reckon_with() -> None:
    first, last = date(FIRST_YEAR, 1, 1), date(LAST_YEAR, 12, 31)
    rule = Sequence(anchor=first, every=parse_step("1y"), also=frozenset({last}))
    assert rule.first_after(date(LAST_YEAR, 1, 1)) == Occurrence(nominal=last, on=last)
    with pytest.raises(BadInput, match=r"^skip: 2199-12-31 is no date of this sequence"):
        Sequence(anchor=date(2026, 11, 30), every=parse_step("1m"), skip=frozenset({last}))


def test_dates_can_be_listed_from_a_day_on() -> None:
    rule = Sequence(anchor=date(2026, 1, 31), every=parse_step("1m"), also=frozenset(dates("2026-04-15", "2026-05-15")))
    for since, first in zip(dates("2026-04-15", "2026-04-16", "2026-04-30"), ("04-15", "04-30", "04-30"), strict=True):
        assert next(rule.occurrences(since=since)).on == date.fromisoformat(f"2026-{first}")


def test_dates_that_fall_together_are_one() -> None:
    daily = Sequence(anchor=date(2026, 10, 2), every=parse_step("1d"), adjust="next-business-day")
    assert after_anchor(daily, Calendar(country="JP")) == dates("2026-10-05", "2026-10-06", "2026-10-07", "2026-10-08")


def test_modified_following_stays_in_its_month() -> None:
    london = Calendar(country="GB-ENG")
    assert adjusted(date(2027, 1, 30), "modified-following", london) == date(2027, 1, 29)
    assert adjusted(date(2027, 1, 30), "next-business-day", london) == date(2027, 2, 1)
    assert adjusted(date(2027, 1, 23), "modified-following", london) == date(2027, 1, 25)


def test_a_fifth_weekday_is_left_out_where_there_is_none() -> None:
    rule = Sequence(anchor=date(2027, 1, 1), every=parse_step("monthly"), nth=parse_nth("5th  Friday"))
    assert after_anchor(rule) == dates("2027-01-29", "2027-04-30", "2027-07-30", "2027-10-29")
    never = Sequence(anchor=date(2027, 2, 1), every=parse_step("10y"), nth=parse_nth("5th monday"))
    assert list(never.nominal()) == []


def test_a_sequence_ends_with_the_years_we_reckon_with() -> None:
    rule = Sequence(anchor=date(LAST_YEAR, 11, 30), every=parse_step("1m"))
    assert list(rule.nominal()) == [date(LAST_YEAR, 11, 30), date(LAST_YEAR, 12, 30)]
    assert rule.first_after(date(LAST_YEAR, 12, 30)) is None


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"every": Step(number=2, unit="weeks"), "nth": Nth(number=2, weekday=1)}, "nth: .* months"),
        ({"also": frozenset(dates("2026-11-30"))}, "also: 2026-11-30 is not after the anchor"),
        ({"skip": frozenset(dates("2027-03-01"))}, "skip: 2027-03-01 is no date"),
        ({"also": frozenset(dates("2027-02-28")), "skip": frozenset(dates("2027-02-28"))}, "Keep one"),
        ({"anchor": date(2200, 1, 1)}, "anchor: 2200-01-01"),
    ],
)
def test_a_rule_that_contradicts_itself_is_refused(more: dict[str, object], says: str) -> None:
    plain = {"anchor": date(2026, 11, 30), "every": Step(number=3, unit="months")}
    with pytest.raises(BadInput, match=says):
        Sequence(**{**plain, **more})  # type: ignore[arg-type]


def test_a_date_is_not_moved_by_nobodys_calendar() -> None:
    with pytest.raises(BadInput, match="country"):
        adjusted(date(2026, 10, 3), "next-business-day", None)


@pytest.mark.parametrize("text", ["", "m", "0m", "3", "3 m", "3q", "-3m", "121m", "11y", "９m", "03m", "521w", "3661d"])
def test_what_is_no_step_is_refused_with_examples(text: str) -> None:
    with pytest.raises(BadInput, match="3m, 1y, 2w"):
        parse_step(text)


@pytest.mark.parametrize("text", ["", "tuesday", "6th tuesday", "2nd tue", "0th monday", "2nd tuesday of may"])
def test_what_is_no_weekday_of_a_month_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(BadInput, match="2nd tuesday"):
        parse_nth(text)


# Second sources of holidays -----------------------------------------------------------------------------------


@cache
def weekdays(year: int) -> tuple[date, ...]:
    every = (date(year, 1, 1) + timedelta(days=n) for n in range(366))
    return tuple(day for day in every if day.year == year and day.weekday() < 5)


def kept_free(country: str, year: int) -> set[date]:
    calendar = Calendar(country=country)
    return {day for day in weekdays(year) if not calendar.is_workday(day)}


@pytest.mark.parametrize("year", range(2016, 2036))
def test_japans_holidays_are_those_of_a_second_source(year: int) -> None:
    assert kept_free("JP", year) == {day for day in weekdays(year) if jpholiday.is_holiday(day)}


# The United Kingdom as a whole keeps few of them; without a part, a country GB means England and Wales.
DIVISIONS = {
    "GB": BankHolidays.ENGLAND_AND_WALES,
    "GB-ENG": BankHolidays.ENGLAND_AND_WALES,
    "GB-WLS": BankHolidays.ENGLAND_AND_WALES,
    "GB-SCT": BankHolidays.SCOTLAND,
    "GB-NIR": BankHolidays.NORTHERN_IRELAND,
}
# Where the two sources part, and why. Scotland was given one day for the football world championship of 2026; the copy of
# the government's list that the second source carries is from before that.
DISAGREE = {"GB-SCT": {date(2026, 6, 15)}}


@pytest.mark.parametrize("country", DIVISIONS)
def test_britains_holidays_are_those_the_government_publishes(country: str) -> None:
    published = BankHolidays(use_cached_holidays=True).get_holidays(division=DIVISIONS[country])
    official = {each["date"] for each in published}
    for year in range(2019, 2029):
        wanted = {day for day in official if day.year == year and day.weekday() < 5}
        assert kept_free(country, year) ^ wanted == {day for day in DISAGREE.get(country, set()) if day.year == year}


def by_the_code(year: int) -> set[date]:
    """5 U.S.C. 6103(a), with (b): a Saturday's holiday is kept on the Friday before; E.O. 11582: a Sunday's on Monday."""
    span = {"dtstart": datetime(year, 1, 1), "until": datetime(year, 12, 31)}
    listed = [(1, 0, 3), (2, 0, 3), (5, 0, -1), (9, 0, 1), (10, 0, 2), (11, 3, 4)]
    days = {
        rrule(YEARLY, bymonth=month, byweekday=day_of_week(weekday)(n), **span)[0].date()
        for month, weekday, n in listed
    }
    fixed = [(1, 1), (7, 4), (11, 11), (12, 25), *([(6, 19)] if year >= 2021 else [])]
    kept = [date(year, month, day) for month, day in fixed] + [date(year + 1, 1, 1)]
    return days | {day + timedelta(days={5: -1, 6: 1}.get(day.weekday(), 0)) for day in kept}


@pytest.mark.parametrize("year", range(2016, 2036))
def test_americas_holidays_are_those_of_the_code(year: int) -> None:
    assert kept_free("US", year) == {day for day in by_the_code(year) if day.year == year}


# Clocks -------------------------------------------------------------------------------------------------------


def test_nine_in_the_morning_exists_once_a_day_wherever_a_clock_is_changed() -> None:
    """Every zone there is, on the days around every change of its clock from 2024 to 2034."""
    changes = 0
    for name in sorted(available_timezones()):
        zone = ZoneInfo(name)
        weeks = [datetime(2024, 1, 1, tzinfo=zone) + timedelta(days=7 * n) for n in range(11 * 53)]
        for one, two in pairwise(weeks):
            if one.utcoffset() == two.utcoffset():
                continue
            changes += 1
            nines = [datetime.combine(one.date() + timedelta(days=n), time(9), tzinfo=zone) for n in range(8)]
            back = [at.astimezone(UTC).astimezone(zone) for at in nines]
            assert [at.replace(tzinfo=None) for at in back] == [at.replace(tzinfo=None) for at in nines], name
            assert all(at.utcoffset() == at.replace(fold=1).utcoffset() for at in nines), name
    assert changes > 1000
