"""Dates that come again: a fixed sequence from an anchor, or so long after the last time.

Every date is reckoned from the anchor and clamped to its month, as iCalendar's rules count (RFC 5545, 3.3.10, except that
a month without the anchor's day gives its last day instead of none). Nothing is reckoned from the date before, so nothing drifts.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from heapq import merge
from itertools import count, islice
from typing import Literal, get_args

from dateutil.relativedelta import relativedelta

from cycles.errors import BadInput
from cycles.workdays import Calendar

Unit = Literal["days", "weeks", "months"]
Adjustment = Literal["none", "next-business-day", "previous-business-day", "modified-following"]
ADJUSTMENTS: tuple[Adjustment, ...] = get_args(Adjustment)
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
LAST = -1
# Holidays are not known for ever, and every search must end.
FIRST_YEAR, LAST_YEAR = 1900, 2199
# An adjusted date lies at most this far from its nominal one: policy closes at most 120 days a year, holidays add some.
FURTHEST_MOVE = timedelta(days=200)

_NAMED = {"daily": "1d", "weekly": "1w", "monthly": "1m", "quarterly": "3m", "half-yearly": "6m", "yearly": "1y"}
_STEP = re.compile(r"([1-9][0-9]{0,3})([dwmy])")
_NTH = re.compile(r"(1st|2nd|3rd|4th|5th|last) (" + "|".join(WEEKDAYS) + ")")
_MOST: dict[Unit, int] = {"days": 3660, "weeks": 520, "months": 120}


@dataclass(frozen=True, kw_only=True)
class Step:
    """How far apart two dates are: so many days, weeks or months."""

    number: int
    unit: Unit

    @property
    def days(self) -> int:
        """The length of a step that is not reckoned in months."""
        return self.number * (7 if self.unit == "weeks" else 1)


@dataclass(frozen=True, kw_only=True)
class Nth:
    """A weekday of a month: `number` is 1 to 5, or LAST; `weekday` counts from 0, Monday."""

    number: int
    weekday: int

    def of(self, month: date) -> date | None:
        """That weekday in the month of a date; None where the month has no fifth one (RFC 5545 leaves it out, too)."""
        first = month.replace(day=1)
        if self.number == LAST:
            end = first + relativedelta(months=1) - timedelta(days=1)
            return end - timedelta(days=(end.weekday() - self.weekday) % 7)
        found = first + timedelta(days=(self.weekday - first.weekday()) % 7 + 7 * (self.number - 1))
        return found if found.month == first.month else None


@dataclass(frozen=True, kw_only=True)
class Occurrence:
    """A date of a rule: `nominal` by the sequence alone, `on` as it is shown, moved off days nobody works."""

    nominal: date
    on: date


@dataclass(frozen=True, kw_only=True)
class Sequence:
    """A fixed sequence. The anchor is its first date, unless `nth` says another day of the month.

    Skipped dates are named by their nominal date; one-off extra dates are adjusted like the others.

    Raises:
        BadInput: a rule that contradicts itself; the message starts with the name of the part to mend.
    """

    anchor: date
    every: Step
    nth: Nth | None = None
    skip: frozenset[date] = frozenset()
    also: frozenset[date] = frozenset()
    adjust: Adjustment = "none"

    def __post_init__(self) -> None:
        if not FIRST_YEAR <= self.anchor.year <= LAST_YEAR:
            raise BadInput(f"anchor: {self.anchor} is not of our time. Write a year from {FIRST_YEAR} to {LAST_YEAR}.")
        if self.nth is not None and self.every.unit != "months":
            raise BadInput("nth: a weekday of the month goes with months only, such as every 1m or 3m.")
        for day in sorted(self.also):
            if not (self.anchor < day and day.year <= LAST_YEAR):
                raise BadInput(f"also: {day} is not after the anchor {self.anchor}, or too far off. Correct it.")
        for day in sorted(self.skip):
            if next(self.nominal(day), None) != day:
                raise BadInput(f"skip: {day} is no date of this sequence. Name one as `hoshin periods` shows it.")
        for day in sorted(self.skip & self.also):
            raise BadInput(f"skip: {day} is named under also, too. Keep one of the two.")

    def nominal(self, since: date | None = None) -> Iterator[date]:
        """The sequence itself (not before `since`), strictly increasing: nothing skipped, added or moved."""
        since = max(since or self.anchor, self.anchor)
        for index in count(self._index_before(since)):
            plain = self._number(index)
            if plain.year > LAST_YEAR:
                return
            day = self.nth.of(plain) if self.nth else plain
            if day is not None and day >= since:
                yield day

    def occurrences(self, calendar: Calendar | None = None, since: date | None = None) -> Iterator[Occurrence]:
        """Every date (nominally not before `since`); two that are moved to the same day are one.

        Raises:
            BadInput: when dates are to be moved to workdays and no calendar says which those are.
        """
        kept = (day for day in self.nominal(since) if day not in self.skip)
        extra = (day for day in sorted(self.also) if since is None or day >= since)
        last = None
        for day in merge(kept, extra):
            on = adjusted(day, self.adjust, calendar)
            if last is None or on > last:
                yield Occurrence(nominal=day, on=on)
                last = on

    def first_after(self, day: date, calendar: Calendar | None = None) -> Occurrence | None:
        """The first date shown later than a day; None past the last year the calendar knows."""
        near = self.occurrences(calendar, max(self.anchor, day - FURTHEST_MOVE))
        return next((found for found in near if found.on > day), None)

    def _index_before(self, day: date) -> int:
        """An index not after the first one whose date is `day` or later."""
        if self.every.unit == "months":
            months = (day.year - self.anchor.year) * 12 + day.month - self.anchor.month
            return max(0, months // self.every.number - 1)
        return max(0, (day - self.anchor).days // self.every.days)

    def _number(self, index: int) -> date:
        """The date of an index, reckoned from the anchor; of `nth`, only the month counts."""
        if self.every.unit != "months":
            return self.anchor + timedelta(days=self.every.days * index)
        return self.anchor + relativedelta(months=self.every.number * index)


@dataclass(frozen=True, kw_only=True)
class Interval:
    """So long after the last time it was done, whenever that was."""

    every: Step

    def next_after(self, last: date) -> date:
        """The day it is due again, clamped to the month's end."""
        if self.every.unit == "months":
            return last + relativedelta(months=self.every.number)
        return last + timedelta(days=self.every.days)


def adjusted(day: date, adjust: Adjustment, calendar: Calendar | None) -> date:
    """A date moved off days nobody works. Modified following: the next workday, unless that is in another month.

    Raises:
        BadInput: when it is to be moved and there is no calendar.
    """
    if adjust == "none":
        return day
    if calendar is None:
        raise BadInput(f"adjust: {adjust} needs a country whose workdays count. Name one, such as JP.")
    if adjust == "previous-business-day":
        return calendar.on_or_before(day)
    later = calendar.on_or_after(day)
    if adjust == "modified-following" and later.month != day.month:
        return calendar.on_or_before(day)
    return later


def preview(rule: Sequence, calendar: Calendar | None, most: int) -> list[Occurrence]:
    """The next dates after the anchor, at most so many."""
    later = (found for found in rule.occurrences(calendar) if found.nominal > rule.anchor)
    return list(islice(later, most))


def parse_step(text: str) -> Step:
    """`3m`, `1y`, `2w`, `10d`, or a word such as `quarterly`.

    Raises:
        BadInput: when it is neither, or longer than ten years.
    """
    match = _STEP.fullmatch(_NAMED.get(text, text))
    if match:
        number, letter = int(match[1]), match[2]
        unit: Unit = "days" if letter == "d" else "weeks" if letter == "w" else "months"
        number *= 12 if letter == "y" else 1
        if number <= _MOST[unit]:
            return Step(number=number, unit=unit)
    raise BadInput(f"'{text}' is no step. Write 3m, 1y, 2w or 10d (ten years at most), or {', '.join(_NAMED)}.")


def parse_nth(text: str) -> Nth:
    """`2nd tuesday`, `last friday`.

    Raises:
        BadInput: when it is not of that form.
    """
    match = _NTH.fullmatch(" ".join(text.lower().split()))
    if not match:
        raise BadInput(f"'{text}' is no weekday of a month. Write 1st to 5th or last, and its name: 2nd tuesday.")
    number = LAST if match[1] == "last" else int(match[1][0])
    return Nth(number=number, weekday=WEEKDAYS.index(match[2]))
