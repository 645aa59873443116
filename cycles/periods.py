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
_KEY = re.compile(r"FY((?:19|20|21)[0-9]{2})(?:-(Q[1-4]|H[12]))?")


@dataclass(frozen=True, kw_only=True)
class Period:
    """A cycle's key and its first and last day, both included."""

    key: str
    starts: date
    ends: date


def add_months(anchor: date, months: int) -> date:
    """The same day of a later month, clamped to that month's end: 30 Nov + 3 → 28 Feb, + 6 → 30 May."""
    return anchor + relativedelta(months=months)


def period(key: str, fiscal_year_starts: str) -> Period:
    """The period that a key such as `FY2026-Q3`, `FY2026-H1` or `FY2026` names; years are fiscal, by their start.

    Raises:
        BadInput: when the key is not of that form.
    """
    match = _KEY.fullmatch(key)
    if not match:
        raise BadInput(f"'{key}' names no cycle. Write the fiscal year and quarter, for example FY2026-Q3.")
    year, part = int(match[1]), match[2]
    anchor = date(year, MONTHS.index(fiscal_year_starts) + 1, 1)
    span = 12 if part is None else 3 if part.startswith("Q") else 6
    offset = 0 if part is None else (int(part[1]) - 1) * span
    starts = add_months(anchor, offset)
    return Period(key=key, starts=starts, ends=add_months(anchor, offset + span) - timedelta(days=1))


def quarter_of(day: date, fiscal_year_starts: str) -> Period:
    """The quarter that contains a day."""
    first = MONTHS.index(fiscal_year_starts) + 1
    months = (day.month - first) % 12
    year = day.year if day.month >= first else day.year - 1
    return period(f"FY{year}-Q{months // 3 + 1}", fiscal_year_starts)


def after(this: Period, fiscal_year_starts: str) -> Period:
    """The quarter that follows a period."""
    return quarter_of(this.ends + timedelta(days=1), fiscal_year_starts)
