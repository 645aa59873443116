"""The figures an executive sees, computed from the record and free of any drawing.

`tasks.dashboards` turns a `Scorecard` into Prefect artifacts. Ratios are 0–1, counts are whole numbers, durations are
workdays; a `Text` maps a language (`en`, `ja`) to words.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from cycles.held import Held

Text = Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Tally:
    """Results counted by what they mean for control; `expiring` and `waiting` are subsets shown apart.

    satisfied: valid evidence beyond the warning window · expiring: valid, ends within it · waiting: not satisfied, but
    asked and not yet due, or under review · lapsed: not satisfied and past due · accepted: risk-accepted ·
    not_applicable: decided not to apply.
    """

    satisfied: int = 0
    expiring: int = 0
    waiting: int = 0
    lapsed: int = 0
    accepted: int = 0
    not_applicable: int = 0

    @property
    def total(self) -> int:
        return self.satisfied + self.expiring + self.waiting + self.lapsed + self.accepted

    @property
    def in_control(self) -> float:
        """Share (0–1) of applicable controls that are satisfied or under an unexpired risk acceptance."""
        return (self.satisfied + self.expiring + self.accepted) / self.total if self.total else 1.0


@dataclass(frozen=True, kw_only=True)
class StageRing:
    """How far a stage is: `done` of `of` (requests planned, answered, reviewed, actions implemented)."""

    stage: str  # plan | do | check | act
    state: str  # done | now | next
    done: int
    of: int
    starts: date
    ends: date


@dataclass(frozen=True, kw_only=True)
class SystemRow:
    key: str
    name: str
    owner: str
    risk_tier: str
    roles: tuple[str, ...]
    tally: Tally
    open_requests: int
    overdue_requests: int
    open_actions: int


@dataclass(frozen=True, kw_only=True)
class FrameworkRow:
    key: str
    title: Text
    tally: Tally


@dataclass(frozen=True, kw_only=True)
class LapseRow:
    """An open lapse; `reason` is missing, expired, returned, changed, version-changed, incident or recorded finding."""

    lapse_id: int
    system_name: str
    kind: str
    kind_title: Text
    reason: str
    happened_on: date
    noticed_at: datetime
    controls: int
    owner: str
    action_id: int | None
    accepted_until: date | None


@dataclass(frozen=True, kw_only=True)
class ActionRow:
    action_id: int
    system_name: str
    kind: str
    kind_title: Text
    severity: str  # high | medium | low
    state: str
    owner: str
    due: date
    overdue: bool
    relapses: int


@dataclass(frozen=True, kw_only=True)
class RequestRow:
    request_id: int
    system_name: str
    kind_title: Text
    owner: str
    state: str
    due: date
    overdue: bool


@dataclass(frozen=True, kw_only=True)
class TrendPoint:
    """One earlier or the present cycle."""

    cycle: str
    in_control: float
    lapses: int
    recovered: int


@dataclass(frozen=True, kw_only=True)
class Scorecard:
    """One look: are we in control, what lapsed, what is being done, is it getting better."""

    organisation: str
    cycle: str
    stage: str  # plan | do | check | act | closed
    as_of: datetime
    zone: str
    workday: int
    workdays: int
    closes: date
    rings: tuple[StageRing, ...]
    tally: Tally
    previous_in_control: float | None
    median_answer_workdays: float | None
    previous_median_answer_workdays: float | None
    new_lapses: int
    recovered: int
    deliveries_unknown: int
    deliveries_failed: int
    orphaned: int
    held: Held | None = None  # what keeps every message back; None while they go out
    systems: tuple[SystemRow, ...] = ()
    frameworks: tuple[FrameworkRow, ...] = ()
    lapses: tuple[LapseRow, ...] = ()
    actions: tuple[ActionRow, ...] = ()
    requests: tuple[RequestRow, ...] = ()
    trend: tuple[TrendPoint, ...] = field(default=())
