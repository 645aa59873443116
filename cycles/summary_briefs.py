"""What the regular messages say: the weekly digest and the executive summary."""

from dataclasses import dataclass
from datetime import date

from cycles.brief_parts import Reader


@dataclass(frozen=True, kw_only=True)
class WeeklyRow:
    """One person's part in a weekly digest, in requests."""

    name: str
    overdue: int
    due: int


@dataclass(frozen=True, kw_only=True)
class WeeklyBrief:
    """To a manager about their people, or to a lead about the whole programme (`whole`), once a week.

    `monday` is the first day of the reader's week; `due` counts what is due from today to its Sunday, `answered` what was
    answered in the week before; `rows` are the people who owe most, `more` how many others owe something.
    """

    reader: Reader
    whole: bool
    monday: date
    overdue: int
    due: int
    answered: int
    actions: int
    actions_overdue: int
    lapses: int
    expiring: int
    rows: tuple[WeeklyRow, ...] = ()
    more: int = 0


@dataclass(frozen=True, kw_only=True)
class ExecutiveRow:
    """A system that needs attention: controls that lapsed, requests that are overdue."""

    system_name: str
    lapsed: int
    overdue: int


@dataclass(frozen=True, kw_only=True)
class ExecutiveBrief:
    """To executives, once a month or week: how the cycle stands in figures, the same as on the scorecard.

    `in_control` and `previous` (at the close of the cycle before, None where there is none) are shares from 0 to 1;
    `workday` of `workdays` is how far the cycle is. `dashboard` is the scorecard's address, or empty.
    """

    reader: Reader
    organisation: str
    cycle: str
    stage: str
    workday: int
    workdays: int
    closes: date
    in_control: float
    previous: float | None
    controls: int
    lapses: int
    new_lapses: int
    recovered: int
    overdue: int
    actions: int
    actions_overdue: int
    expiring: int
    systems: tuple[ExecutiveRow, ...] = ()
    more: int = 0
    weekly: bool = False
    dashboard: str = ""
