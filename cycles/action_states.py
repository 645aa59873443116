"""The course of an improvement action: every legal change of its state, in one place, and the one way to make one.

The states follow ISO/IEC 42001:2023, 10.2: react, find the cause, act on it, review whether it worked.
"""

from datetime import date, datetime
from typing import Any

from sqlmodel import Session, col, select

from cycles import journal, outbox
from cycles.errors import Refused
from cycles.lapses import pair_name
from cycles.models import Action, Cycle, Finding, Lapse
from cycles.people import Directory, current_policy
from cycles.policy import Policy

# Somebody has to do something; `implementing` is a grave one whose evidence is valid again, but whose cause is still owed.
AT_WORK = ("open", "analysed", "implementing", "reopened")
CLOSED = ("effective", "withdrawn", "risk-accepted")
_ON = frozenset({"implementing", "implemented", "reopened", "withdrawn", "risk-accepted"})
# None is what does not exist yet. A closed action stays closed: what lapses again gets a new one, which counts on.
LEGAL: dict[str | None, frozenset[str]] = {
    None: frozenset({"open"}),
    "open": _ON | {"analysed"},
    "analysed": _ON,
    "implementing": _ON,
    "reopened": _ON | {"analysed"},
    "implemented": frozenset({"effective", "reopened", "withdrawn", "risk-accepted"}),
    "effective": frozenset(),
    "withdrawn": frozenset(),
    "risk-accepted": frozenset(),
}


def move(
    session: Session,
    action: Action,
    state: str,
    verb: str,
    *,
    now: datetime,
    actor: str,
    before: Any = None,
    **after: Any,
) -> None:
    """Change an action's state, journal it, close it where the state says so, and have its messages rewritten.

    Raises:
        Refused: when the change is not legal.
    """
    if state not in LEGAL[action.state]:
        raise Refused("answered", f"Action {action.id} is {action.state} and cannot become {state}.")
    told = {"state": action.state, **(before or {})}
    action.state = state
    if state in CLOSED:
        action.closed_at, action.next_at = now, None
    session.add(action)
    session.flush()
    enter(session, action, verb, now=now, actor=actor, before=told, state=state, **after)
    outbox.refresh_about(session, "action", action.id, now=now)


def enter(
    session: Session, action: Action, verb: str, *, now: datetime, actor: str, before: Any = None, **after: Any
) -> None:
    """Journal something about an action."""
    subject = f"action:{name_of(session, action)}"
    journal.append(
        session, at=now, actor=actor, action=f"action.{verb}", subject=subject, before=before, after=after or None
    )


def name_of(session: Session, action: Action) -> str:
    """`system/kind` for a lapse's action, `system/F-3` for a finding's."""
    name = pair_name(session, action.system_id, action.kind_id)
    return f"{name}/F-{action.finding_id}" if action.finding_id else name


def policy_of(session: Session, action: Action) -> Policy:
    """The policy of the cycle in which it lapsed; what a finding's action goes by is the programme's of today."""
    if action.lapse_id is None:
        return current_policy(session)
    lapse = session.get_one(Lapse, action.lapse_id)
    return Policy.model_validate(session.get_one(Cycle, lapse.cycle_id).policy)


def still_lapsed(session: Session, action: Action) -> bool:
    """Whether the evidence an action is about is still out of order; never for a finding."""
    return action.lapse_id is not None and session.get_one(Lapse, action.lapse_id).recovered_at is None


def finding_of(session: Session, action: Action) -> Finding | None:
    """What somebody reported, where that is what the action answers."""
    return session.get(Finding, action.finding_id) if action.finding_id else None


def owner_now(directory: Directory, owner_id: int, now: datetime) -> int:
    """Who owns what is opened now: the system's owner, or the lead once the owner is gone."""
    return owner_id if not directory.is_gone(owner_id, now) else directory.lead(now)


def due_from_today(action: Action, policy: Policy, directory: Directory, now: datetime) -> date:
    """The day an action of its severity is due when work on it starts now."""
    days: int = getattr(policy.acting.targets, action.severity)
    return directory.calendar(action.owner_id).add(directory.today(action.owner_id, now), days)


def open_action_of(session: Session, system_id: int, kind_id: int) -> Action | None:
    """The one open action of a pair."""
    return session.exec(
        select(Action).where(Action.system_id == system_id, Action.kind_id == kind_id, col(Action.closed_at).is_(None))
    ).first()
