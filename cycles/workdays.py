"""Workdays and decent hours: when a person may be messaged, in their zone and by their calendar."""

import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

SATURDAY = 5
# What a country means where the package knows only the days all its parts share: the United Kingdom as a whole would have
# neither Easter Monday nor the bank holiday of August, and people in London would be messaged on both.
_WHOLE = {"GB": "GB-ENG"}
# A person who is away longer than this has no decent hour to wait for; the caller must ask somebody else.
FURTHEST = timedelta(days=400)


@dataclass(frozen=True, kw_only=True)
class Closure:
    """A yearly closure, as (month, day) to (month, day), both included; it may cross New Year."""

    starts: tuple[int, int]
    ends: tuple[int, int]

    def covers(self, day: date) -> bool:
        here = (day.month, day.day)
        if self.starts <= self.ends:
            return self.starts <= here <= self.ends
        return here >= self.starts or here <= self.ends


@dataclass(frozen=True, kw_only=True)
class Calendar:
    """The workdays of a country (ISO 3166, optionally with a subdivision: `US-NY`) with an organisation's closures."""

    country: str
    closures: tuple[Closure, ...] = ()

    def is_workday(self, day: date) -> bool:
        """Neither weekend, nor public holiday, nor closure."""
        if day.weekday() >= SATURDAY or any(closure.covers(day) for closure in self.closures):
            return False
        return day not in _holidays(self.country, day.year)

    def on_or_after(self, day: date) -> date:
        while not self.is_workday(day):
            day += timedelta(days=1)
        return day

    def on_or_before(self, day: date) -> date:
        while not self.is_workday(day):
            day -= timedelta(days=1)
        return day

    def add(self, day: date, workdays: int) -> date:
        """The date so many workdays later (or earlier); 0 is the day itself, moved on if it is no workday."""
        if workdays == 0:
            return self.on_or_after(day)
        step = timedelta(days=1 if workdays > 0 else -1)
        for _ in range(abs(workdays)):
            day += step
            while not self.is_workday(day):
                day += step
        return day

    def between(self, start: date, end: date) -> int:
        """Workdays after `start` up to and including `end`; negative when `end` is earlier."""
        if end < start:
            return -self.between(end, start)
        # Only the years in question: the holidays of a country are known for some years, and take their time.
        whole = sum(_workdays_in(self, year)[-1] for year in range(start.year, end.year))
        return whole + _workdays_until(self, end) - _workdays_until(self, start)


@dataclass(frozen=True, kw_only=True)
class Hours:
    """When a person may be messaged: local working hours on their workdays, never on leave."""

    zone: str
    calendar: Calendar
    starts: time = time(9)
    ends: time = time(18)
    leave: tuple[tuple[date, date], ...] = field(default=())

    def local_day(self, at: datetime) -> date:
        """The date in the person's zone at an instant."""
        return at.astimezone(ZoneInfo(self.zone)).date()

    def on_leave(self, day: date) -> bool:
        return any(first <= day <= last for first, last in self.leave)

    def works_on(self, day: date) -> bool:
        return self.calendar.is_workday(day) and not self.on_leave(day)

    def opens(self, day: date) -> datetime:
        """The instant (UTC) the person's working hours start on a day."""
        return _instant(day, self.starts, self.zone)

    def is_decent(self, at: datetime) -> bool:
        """Whether the person may be messaged at this instant."""
        local = at.astimezone(ZoneInfo(self.zone))
        return self.works_on(local.date()) and self.opens(local.date()) <= at < self._closes(local.date())

    def next_decent(self, at: datetime) -> datetime:
        """The earliest instant (UTC) not before `at` at which the person may be messaged."""
        if self.is_decent(at):
            return at
        day = self.local_day(at)
        for _ in range(FURTHEST.days):
            if self.works_on(day) and self.opens(day) >= at:
                return self.opens(day)
            day += timedelta(days=1)
        return at + FURTHEST

    def _closes(self, day: date) -> datetime:
        return _instant(day, self.ends, self.zone)


def _instant(day: date, local: time, zone: str) -> datetime:
    # A local time that a clock change skips maps to the instant just after the gap (PEP 495, fold=0).
    return datetime.combine(day, local, tzinfo=ZoneInfo(zone)).astimezone(UTC)


@lru_cache(maxsize=4096)
def _holidays(country: str, year: int) -> frozenset[date]:
    import holidays  # 0.1 s: only commands that reckon with workdays pay for it

    name, _, subdivision = _WHOLE.get(country, country).partition("-")
    return frozenset(holidays.country_holidays(name, subdiv=subdivision or None, years=year))


@lru_cache(maxsize=4096)
def _workdays_in(calendar: Calendar, year: int) -> tuple[int, ...]:
    """For each day of the year, how many workdays there were from 1 January up to and including it."""
    total, counts = 0, []
    day = date(year, 1, 1)
    while day.year == year:
        total += calendar.is_workday(day)
        counts.append(total)
        day += timedelta(days=1)
    return tuple(counts)


def _workdays_until(calendar: Calendar, day: date) -> int:
    """Workdays from 1 January of its year up to and including a day."""
    return _workdays_in(calendar, day.year)[day.timetuple().tm_yday - 1]


def known_country(country: str) -> bool:
    """Whether the holidays package knows this country (and subdivision)."""
    # It finds countries by attribute name: `registry` or `HolidayBase` would be one, too.
    if not re.fullmatch(r"[A-Z]{2}(-[A-Z0-9]{1,3})?", country):
        return False
    try:
        _holidays(country, 2026)
    except (NotImplementedError, KeyError):
        return False
    return True
