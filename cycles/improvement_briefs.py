"""What messages about improvement need to know: actions and their effect, risk acceptances, cadences and findings."""

from dataclasses import dataclass
from datetime import date, datetime

from cycles.brief_parts import Answered, ControlRef, LastAnswer, Reader, Text


@dataclass(frozen=True, kw_only=True)
class ActionBrief:
    """An improvement action as its owner sees it; `role` says whose copy this is (owner, deputy, manager, lead)."""

    reader: Reader
    role: str
    action_id: int
    system_name: str
    kind: str
    kind_title: Text
    reason: str
    severity: str
    state: str
    owner: str
    opened_on: date
    due: date
    workdays_left: int
    controls: tuple[ControlRef, ...]
    request_id: int | None
    relapses: int
    # What the owner set out to do by when and has not, and whether the risk may be asked to be accepted instead.
    late_milestones: tuple[tuple[str, date], ...] = ()
    can_accept_risk: bool = False
    accepted_until: date | None = None


@dataclass(frozen=True, kw_only=True)
class AcceptanceBrief:
    """A risk acceptance: to the approver, who decides, or to those told (`role`: approver, requester or ending)."""

    reader: Reader
    role: str
    acceptance_id: int
    system_name: str
    kind_title: Text
    requester: str
    approver: str
    reason: str
    decision_reason: str
    state: str
    expires: date
    decided_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class CadenceBrief:
    """To the lead: what keeps lapsing could count for fewer months. `outcome` is accepted or declined once decided."""

    reader: Reader
    cadence_id: int
    system_name: str
    kind_title: Text
    relapses: int
    months: int
    instead_of: int
    decided: Answered | None = None
    outcome: str | None = None


@dataclass(frozen=True, kw_only=True)
class FindingBrief:
    """What somebody reported: to its triage (`role` lead) or its reporter; `reporter` only where the reader may know."""

    reader: Reader
    role: str
    finding_id: int
    system_name: str
    kind_title: Text | None
    title: str
    detail: str
    confidential: bool
    anonymous: bool
    reporter: str | None
    reported_on: date
    state: str
    reason: str = ""
    owner: str | None = None
    due: date | None = None


@dataclass(frozen=True, kw_only=True)
class ActionsBrief:
    """The one message about improvement actions that somebody gets on a day, the earliest due first."""

    reader: Reader
    actions: tuple[ActionBrief, ...]


@dataclass(frozen=True, kw_only=True)
class EffectivenessBrief:
    """To a second person: did the action work? (ISO/IEC 42001:2023, 10.2)"""

    reader: Reader
    action_id: int
    system_name: str
    kind_title: Text
    owner: str
    implemented_at: datetime
    correction: str
    evidence: LastAnswer | None
    decided: Answered | None = None
