"""What a message needs to know, gathered from the record and free of any wording.

A brief carries facts only; `tasks.messages` turns it into Slack blocks in the reader's language. Dates that people
mean as dates are dates; instants are aware UTC datetimes. A `Text` maps a language (`en`, `ja`) to words.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from cycles.brief_parts import Answered, ControlRef, Item, LastAnswer, Reader, Text
from cycles.improvement_briefs import (
    AcceptanceBrief,
    ActionBrief,
    ActionsBrief,
    CadenceBrief,
    EffectivenessBrief,
    FindingBrief,
)
from cycles.summary_briefs import ExecutiveBrief, ExecutiveRow, WeeklyBrief, WeeklyRow

__all__ = [
    "AcceptanceBrief",
    "ActionBrief",
    "ActionsBrief",
    "Answered",
    "Brief",
    "CadenceBrief",
    "ControlRef",
    "DigestBrief",
    "DisputeBrief",
    "EffectivenessBrief",
    "EscalationBrief",
    "ExecutiveBrief",
    "ExecutiveRow",
    "FindingBrief",
    "Item",
    "LastAnswer",
    "OfferBrief",
    "PanelBrief",
    "PanelVote",
    "PanelsBrief",
    "PlanBrief",
    "Reader",
    "ReminderBrief",
    "ReturnedBrief",
    "ReviewBrief",
    "ReviewsBrief",
    "Text",
    "WeeklyBrief",
    "WeeklyRow",
]


@dataclass(frozen=True, kw_only=True)
class DigestBrief:
    """The one message an owner gets on a workday: its first asks. `total` counts all that was asked and is not answered."""

    reader: Reader
    cycle: str
    items: tuple[Item, ...]
    total: int


@dataclass(frozen=True, kw_only=True)
class ReminderBrief:
    """A reply in the thread of the first ask; `last` is the one before somebody else is told (`next_person`)."""

    reader: Reader
    items: tuple[Item, ...]
    last: bool
    next_person: str | None


@dataclass(frozen=True, kw_only=True)
class EscalationBrief:
    """Told to the deputy, manager or lead (`role`) when the people before them did not answer (`asked_before`).

    `risks` names, by request, the open improvement of what has lapsed by now, whose risk may be accepted instead.
    """

    reader: Reader
    role: str
    items: tuple[Item, ...]
    asked_before: tuple[str, ...]
    risks: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ReturnedBrief:
    """The reviewer sent the evidence back with a reason; `changed`: nobody did, the document changed under review."""

    reader: Reader
    item: Item
    reviewer: str
    reason: str
    changed: bool = False


@dataclass(frozen=True, kw_only=True)
class OfferBrief:
    """Somebody asks the reader to answer in their place; the clock stays with the owner until accepted."""

    reader: Reader
    item: Item
    offered_by: str
    note: str
    outcome: str | None = None


@dataclass(frozen=True, kw_only=True)
class Step:
    """A milestone of an improvement."""

    milestone_id: int
    title: str
    due: date
    done: bool


@dataclass(frozen=True, kw_only=True)
class DisputeBrief:
    """To the lead: what the assignee says against a request, or that they are gone (`orphaned`).

    `no_account`: not departed, but without an account by which they could be asked. `claim` is not_mine, not_applicable or cannot_provide (then an improvement action is open already). `others` counts the further requests of somebody who left, which go to the same successor.
    """

    reader: Reader
    item: Item
    raised_by: str
    note: str
    orphaned: bool
    claim: str = "not_mine"
    others: int = 0
    no_account: bool = False
    outcome: Answered | None = None


@dataclass(frozen=True, kw_only=True)
class ReviewBrief:
    """To a reviewer: the evidence and its digest. `decided` is set once a verdict exists."""

    reader: Reader
    evidence_id: int
    item: Item
    submitter: str
    form: str
    locator: str
    note: str
    effective: date
    received_at: datetime
    sha256: str | None
    confirmed_unchanged: bool
    previous: LastAnswer | None = None
    decided: Answered | None = None
    decided_reason: str | None = None


@dataclass(frozen=True, kw_only=True)
class ReviewsBrief:
    """To a reviewer: everything that one message puts before them.

    `reviews` are shown, what still waits first; `waiting` and `done` count all of the message, shown or not.
    """

    reader: Reader
    reviews: tuple[ReviewBrief, ...]
    waiting: int
    done: int = 0


@dataclass(frozen=True, kw_only=True)
class PanelVote:
    """One vote as it is revealed to the decider."""

    by: str
    vote: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class PanelBrief:
    """To a member of a panel, or (`role` decider) to whoever decides what the panel did not agree on.

    While it is open nothing here depends on anybody's vote but the reader's own (`voted`). `counts` is set once it is
    closed (`outcome`: satisfied, not-satisfied, no-quorum, void); `votes` are revealed to the decider alone.
    """

    reader: Reader
    role: str
    review: ReviewBrief
    need: int
    of: int
    deadline: datetime
    on_it: bool = True
    voted: Answered | None = None
    outcome: str | None = None
    decided: str | None = None
    counts: Mapping[str, int] | None = None
    votes: tuple[PanelVote, ...] = ()


@dataclass(frozen=True, kw_only=True)
class PanelsBrief:
    """To a member: everything that one message asks a vote on; or to a decider: the panels that did not agree.

    `panels` are shown, what still waits for the reader first; `waiting` and `done` count all of the message.
    """

    reader: Reader
    panels: tuple[PanelBrief, ...]
    waiting: int
    done: int = 0


@dataclass(frozen=True, kw_only=True)
class PlanBrief:
    """To the lead: the cycle that waits for approval."""

    reader: Reader
    cycle: str
    starts: date
    ends: date
    do_on: date
    close_on: date
    systems: int
    requests: int
    carried: int
    people: int
    busiest: tuple[tuple[str, int], ...]
    approved: Answered | None = None


Brief = (
    DigestBrief
    | ReminderBrief
    | EscalationBrief
    | ReturnedBrief
    | OfferBrief
    | DisputeBrief
    | ReviewsBrief
    | PanelsBrief
    | PlanBrief
    | ActionsBrief
    | WeeklyBrief
    | ExecutiveBrief
    | EffectivenessBrief
    | AcceptanceBrief
    | CadenceBrief
    | FindingBrief
)
