"""On which day each stage of a cycle starts: workdays counted from the period's start, or back from its end."""

from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from pydantic import Field, field_validator, model_validator

from cycles.errors import BadInput
from cycles.periods import Period
from cycles.strict import Strict
from cycles.workdays import Calendar

STAGES = ("do", "check", "act", "close")
FURTHEST = 260
# By the months of a cycle. A quarter has about 60 workdays, a month 17 to 23 (Japan's shortest with a year-end closure), a
# half-year about 120. The longer ones end by their last days, for the number of their workdays differs by country.
DEFAULTS: dict[int, dict[str, int]] = {
    1: {"do": 2, "check": 14, "act": 16, "close": 17},
    3: {"do": 11, "check": 41, "act": 51, "close": 56},
    6: {"do": 16, "check": -25, "act": -15, "close": -10},
    12: {"do": 21, "check": -45, "act": -30, "close": -15},
}
Start = int | None


class Stages(Strict):
    """The workday on which each stage starts: 1 is the period's first, -1 its last; unsaid, the cycle's length decides."""

    do: Start = Field(default=None, ge=-FURTHEST, le=FURTHEST)
    check: Start = Field(default=None, ge=-FURTHEST, le=FURTHEST)
    act: Start = Field(default=None, ge=-FURTHEST, le=FURTHEST)
    close: Start = Field(default=None, ge=-FURTHEST, le=FURTHEST)

    @field_validator("*")
    @classmethod
    def _counts(cls, value: Start) -> Start:
        if value == 0:
            raise ValueError("is no workday; 1 is the period's first, -1 its last")
        return value

    @model_validator(mode="after")
    def _in_order(self) -> "Stages":
        said = [(name, number) for name in STAGES if (number := getattr(self, name)) is not None]
        for counted_from_end in (False, True):
            listed = [(name, number) for name, number in said if (number < 0) == counted_from_end]
            for (one, before), (two, after) in pairwise(listed):
                if after <= before:
                    raise ValueError(_disorder(two, after, one, before))
        return self

    def for_months(self, months: int) -> dict[str, int]:
        """Every stage's workday in a cycle of so many months."""
        said = {name: getattr(self, name) for name in STAGES}
        return {name: DEFAULTS[months][name] if number is None else number for name, number in said.items()}


def stage_dates(period: Period, calendar: Calendar, policy: Any) -> dict[str, date]:
    """The first day of each stage, never outside the period's workdays.

    Raises:
        BadInput: when a stage would start before the one ahead of it; names the field.
    """
    numbers = policy.stages.for_months(period.months)
    dates = {name: _workday(period, calendar, number) for name, number in numbers.items()}
    for one, two in pairwise(STAGES):
        if dates[two] < dates[one] or (_same_end(numbers, one, two) and numbers[two] <= numbers[one]):
            raise BadInput(
                f"policy.yaml: stages.{two}: {_disorder(two, numbers[two], one, numbers[one])}. In {period.key} that is "
                f"{dates[two]}, and {one} starts on {dates[one]}."
            )
    return dates


def _same_end(numbers: dict[str, int], one: str, two: str) -> bool:
    return (numbers[one] < 0) == (numbers[two] < 0)


def _workday(period: Period, calendar: Calendar, number: int) -> date:
    """The workday of a number, counted from the start, or back from the end; held inside the period."""
    first, last = calendar.on_or_after(period.starts), calendar.on_or_before(period.ends)
    if number > 0:
        return min(calendar.add(first - timedelta(days=1), number), last)
    return max(calendar.add(last + timedelta(days=1), number), first)


def _disorder(two: str, after: int, one: str, before: int) -> str:
    return f"stages must start in the order {', '.join(STAGES)}, and {two} ({after}) is not after {one} ({before})"
