"""What a programme may decide: dates, ladder, reviews, targets. A cycle keeps the snapshot it was planned with."""

import re
from collections.abc import Iterable
from datetime import date, timedelta
from functools import lru_cache
from typing import Annotated, Literal, get_args

from pydantic import BeforeValidator, Field, ValidationError, model_validator

from cycles.errors import BadInput
from cycles.quorum import MOST_MEMBERS, PRESETS, needed
from cycles.reassess import Reassess
from cycles.stages import Stages
from cycles.strict import Strict as Strict
from cycles.workdays import Closure

_CLOSURE = re.compile(r"^(\d{2})-(\d{2})/(\d{2})-(\d{2})$")
MOST_CLOSED_DAYS = 120
_DAYS_IN_MONTH = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def _closure(value: object) -> object:
    match = _CLOSURE.match(str(value))
    numbers = [int(part) for part in match.groups()] if match else []
    days = [(numbers[0], numbers[1]), (numbers[2], numbers[3])] if numbers else []
    if not days or any(not 1 <= m <= 12 or not 1 <= d <= _DAYS_IN_MONTH[m - 1] for m, d in days):
        raise ValueError("write a closure as MM-DD/MM-DD, for example 12-29/01-03")
    return str(value)


ClosureText = Annotated[str, BeforeValidator(_closure)]


class Rung(Strict):
    """One step of the ladder: so many workdays from the due date (negative: before), who is told, and how."""

    workdays: int = Field(ge=-60, le=60)
    to: Literal["owner", "deputy", "manager", "lead"]
    message: Literal["reminder", "last_reminder", "escalation"]


def _default_ladder() -> tuple[Rung, ...]:
    return (
        Rung(workdays=-3, to="owner", message="reminder"),
        Rung(workdays=0, to="owner", message="reminder"),
        Rung(workdays=2, to="owner", message="last_reminder"),
        Rung(workdays=4, to="deputy", message="escalation"),
        Rung(workdays=6, to="manager", message="escalation"),
        Rung(workdays=8, to="lead", message="escalation"),
    )


Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: tuple[str, ...] = get_args(Weekday)


class Asking(Strict):
    """How requests are put to people. Days are workdays of the person asked."""

    due_workdays: int = Field(default=10, ge=1, le=60)
    first_asks_per_day: int = Field(default=4, ge=1, le=8)
    ladder: tuple[Rung, ...] = Field(default_factory=_default_ladder)
    max_snoozes: int = Field(default=2, ge=0, le=5)
    snooze_workdays: int = Field(default=5, ge=1, le=20)
    messages_per_request: int = Field(default=4, ge=1, le=10)
    deputy_when_away_workdays: int = Field(default=2, ge=0, le=20)
    weekly_digest: Weekday | Literal["off"] = "monday"
    executive_summary: Literal["monthly", "weekly", "off"] = "monthly"

    @model_validator(mode="after")
    def _ladder_climbs(self) -> "Asking":
        days = [rung.workdays for rung in self.ladder]
        if days != sorted(set(days)):
            raise ValueError("each rung of the ladder must be later than the one before")
        order = ["owner", "deputy", "manager", "lead"]
        if (told := [order.index(rung.to) for rung in self.ladder]) != sorted(told):
            raise ValueError("the ladder goes owner, deputy, manager, lead, in that order")
        return self


class Quorum(Strict):
    """A panel for some evidence: which, how many of how many must agree, until when, and who decides if they do not.

    The deadline is counted in workdays of the programme's calendar.
    """

    kinds: tuple[str, ...] = ()
    risk_tiers: tuple[Literal["high", "limited", "minimal"], ...] = ()
    preset: Literal["2-of-2", "3-of-4", "5-of-7", "22-of-33"] | None = None
    need: int | None = Field(default=None, ge=2, le=MOST_MEMBERS)
    of: int | None = Field(default=None, ge=2, le=MOST_MEMBERS)
    min_groups: int = Field(default=1, ge=1, le=MOST_MEMBERS)
    min_humans: int = Field(default=1, ge=1, le=MOST_MEMBERS)
    deadline_workdays: int = Field(default=5, ge=1, le=60)
    decider: str | None = None

    @model_validator(mode="after")
    def _can_agree(self) -> "Quorum":
        if (self.preset is None) == (self.need is None and self.of is None):
            raise ValueError(f"write either a preset ({', '.join(PRESETS)}) or 'need' and 'of'")
        if self.preset is None and (self.need is None or self.of is None):
            raise ValueError("write both 'need' and 'of'")
        need, of = self.size
        if not needed(of) <= need <= of:
            raise ValueError(f"of {of} reviewers, at least {needed(of)} must agree and at most {of} can (found {need})")
        if max(self.min_groups, self.min_humans) > of:
            raise ValueError(f"a panel of {of} cannot hold that many groups or humans")
        return self

    @property
    def size(self) -> tuple[int, int]:
        """How many must agree, of how many."""
        return PRESETS[self.preset] if self.preset else (self.need or 0, self.of or 0)

    @property
    def breadth(self) -> int:
        """How specific the entry is: 3 for kinds and tiers, 2 for kinds, 1 for tiers, 0 for everything."""
        return 2 * bool(self.kinds) + bool(self.risk_tiers)

    def covers(self, kind: str, tier: str) -> bool:
        return (not self.kinds or kind in self.kinds) and (not self.risk_tiers or tier in self.risk_tiers)

    def overlaps(self, other: "Quorum") -> bool:
        """Whether some evidence is covered by both, and neither is the more specific."""
        if self.breadth != other.breadth:
            return False
        kinds = not self.kinds or set(self.kinds) & set(other.kinds)
        return bool(kinds and (not self.risk_tiers or set(self.risk_tiers) & set(other.risk_tiers)))


class Reviewing(Strict):
    """Who looks at evidence. `confirmations` says whether an unchanged confirmation needs a reviewer again.

    Evidence that an entry of `quorum` covers is put before a panel; of several entries the most specific counts.
    A reviewer's next message comes `together_hours` after the one before at the earliest, and tells of all that was
    handed in meanwhile (0: of what came since it was sent, at once).
    """

    submissions: Literal["required", "automatic"] = "required"
    confirmations: Literal["required", "automatic"] = "automatic"
    target_workdays: int = Field(default=5, ge=1, le=60)
    together_hours: int = Field(default=2, ge=0, le=8)
    quorum: tuple[Quorum, ...] = ()

    @model_validator(mode="after")
    def _one_each(self) -> "Reviewing":
        for number, entry in enumerate(self.quorum, 1):
            for later, other in enumerate(self.quorum[number:], number + 1):
                if entry.overlaps(other):
                    raise ValueError(
                        f"quorum entries {number} and {later} cover the same evidence; keep one of the two"
                    )
        return self

    def quorum_for(self, kind: str, tier: str) -> Quorum | None:
        """The panel that policy asks for; None where one reviewer decides."""
        covering = [entry for entry in self.quorum if entry.covers(kind, tier)]
        return max(covering, key=lambda entry: entry.breadth, default=None)


class Targets(Strict):
    """Workdays until an improvement action of each severity is due."""

    high: int = Field(default=10, ge=1, le=250)
    medium: int = Field(default=20, ge=1, le=250)
    low: int = Field(default=40, ge=1, le=250)


class Acting(Strict):
    """How improvement actions are run (ISO/IEC 42001:2023, 10.2). Days are workdays unless named otherwise."""

    targets: Targets = Field(default_factory=Targets)
    effectiveness_workdays: int = Field(default=5, ge=0, le=250)
    relapse_months: int = Field(default=12, ge=1, le=60)
    acceptance_max_days: int = Field(default=180, ge=1, le=366)
    acceptance_reminder_workdays: tuple[Annotated[int, Field(ge=0, le=120)], ...] = (20, 5)


class Findings(Strict):
    """What people report. `concern_readers` are leads, the only ones who see who raised a confidential concern."""

    concern_readers: tuple[str, ...] = ()
    triage_workdays: int = Field(default=3, ge=1, le=60)


class Policy(Strict):
    """The whole of it, every part with a default."""

    stages: Stages = Field(default_factory=Stages)
    asking: Asking = Field(default_factory=Asking)
    reviewing: Reviewing = Field(default_factory=Reviewing)
    acting: Acting = Field(default_factory=Acting)
    findings: Findings = Field(default_factory=Findings)
    approval: Literal["required", "automatic"] = "required"
    expiring_days: int = Field(default=30, ge=0, le=365)
    validity_months: dict[str, Annotated[int, Field(ge=1, le=120)]] = Field(default_factory=dict)
    reassess: tuple[Reassess, ...] = ()
    closures: tuple[ClosureText, ...] = ()

    @model_validator(mode="after")
    def _open_at_all(self) -> "Policy":
        # Every search for the next workday must end.
        closed = _days_closed(self.closed_days())
        if closed > MOST_CLOSED_DAYS:
            raise ValueError(f"closures may cover at most {MOST_CLOSED_DAYS} days a year, these cover {closed}")
        return self

    def closed_days(self) -> tuple[Closure, ...]:
        """The closures as values the calendar reckons with."""
        return _closed_days(self.closures)


def closures_of(texts: Iterable[str]) -> tuple[Closure, ...]:
    """Closures written as MM-DD/MM-DD, under the same rules as a policy's.

    Raises:
        BadInput: when one is not of that form, or when hardly a day would be left.
    """
    try:
        return Policy(closures=tuple(texts)).closed_days()
    except ValidationError as error:
        raise BadInput(f"{error.errors()[0]['msg'].removeprefix('Value error, ')}.") from error


# Both kept: a cycle's policy is read anew for each message about it.
@lru_cache(maxsize=64)
def _closed_days(closures: tuple[str, ...]) -> tuple[Closure, ...]:
    found = []
    for text in closures:
        match = _CLOSURE.match(text)
        assert match
        a, b, c, d = (int(part) for part in match.groups())
        found.append(Closure(starts=(a, b), ends=(c, d)))
    return tuple(found)


@lru_cache(maxsize=64)
def _days_closed(closures: tuple[Closure, ...]) -> int:
    """How many days of a leap year are closed."""
    leap_year = [date(2000, 1, 1) + timedelta(days=n) for n in range(366)]
    return sum(any(closure.covers(day) for closure in closures) for day in leap_year)
