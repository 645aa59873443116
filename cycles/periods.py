"""Cycles as dated periods of a fiscal year, computed from an anchor and never from the previous result."""

import re
from dataclasses import dataclass
from datetime import date, timedelta

from dateutil.relativedelta import relativedelta

from cycles.errors import BadInput

MONTHS = (
    "january february march april may june july august september october november december".split()  # noqa: SIM905
)
# Years of our time only: the calendar itself ends with 9999, and a key must have one spelling.
_KEY = re.compile(r"FY((?:19|20|21)[0-9]{2})(?:-(Q[1-4]|H[12]|M(?:0[1-9]|1[0-2])))?")
# How a programme names the length of its cycles, in months.
CYCLES = {"monthly": 1, "quarterly": 3, "half-yearly": 6, "yearly": 12}
_SPANS = {"M": 1, "Q": 3, "H": 6}
_NAMES = {1: "-M{:02d}", 3: "-Q{}", 6: "-H{}", 12: ""}


@dataclass(frozen=True, kw_only=True)
class Period:
    """A cycle's key and its first and last day, both included."""

    key: str
    starts: date
    ends: date

    @property
    def months(self) -> int:
        """How many months it lasts."""
        _, _, part = self.key.partition("-")
        return _SPANS[part[0]] if part else 12


def add_months(anchor: date, months: int) -> date:
    """The same day of a later month, clamped to that month's end: 30 Nov + 3 → 28 Feb, + 6 → 30 May."""
    return anchor + relativedelta(months=months)


def period(key: str, fiscal_year_starts: str) -> Period:
    """The period that a key names: `FY2026-M07`, `FY2026-Q3`, `FY2026-H1`, `FY2026`; years are fiscal, by their start.

    Raises:
        BadInput: when the key is not of that form.
    """
    match = _KEY.fullmatch(key)
    if not match:
        raise BadInput(
            f"'{key}' names no cycle. Write the fiscal year and quarter, for example FY2026-Q3; a half-year is FY2026-H1, a "
            "whole year FY2026, a month FY2026-M07."
        )
    year, part = int(match[1]), match[2]
    anchor = date(year, MONTHS.index(fiscal_year_starts) + 1, 1)
    span = 12 if part is None else _SPANS[part[0]]
    offset = 0 if part is None else (int(part[1:]) - 1) * span
    starts = add_months(anchor, offset)
    return Period(key=key, starts=starts, ends=add_months(anchor, offset + span) - timedelta(days=1))


def period_of(day: date, fiscal_year_starts: str, months: int = 3) -> Period:
    """The period of 1, 3, 6 or 12 months that contains a day."""
    first = MONTHS.index(fiscal_year_starts) + 1
    into = (day.month - first) % 12
    year = day.year if day.month >= first else day.year - 1
    return period(f"FY{year}{_NAMES[months].format(into // months + 1)}", fiscal_year_starts)


def after(this: Period, fiscal_year_starts: str) -> Period:
    """The period that follows one, of the same length."""
    return period_of(this.ends + timedelta(days=1), fiscal_year_starts, this.months)


def starting_months(fiscal_year_starts: str, months: int) -> list[int]:
    """The calendar months (1–12) in which periods of so many months start."""
    first = MONTHS.index(fiscal_year_starts)
    return sorted((first + ahead) % 12 + 1 for ahead in range(0, 12, months))
