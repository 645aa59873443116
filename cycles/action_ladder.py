"""Who is told about an improvement action, and when: its owner first, then the rungs above."""

from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, and_
from sqlmodel import Session, col, func, select

from cycles import journal, outbox
from cycles.action_states import AT_WORK
from cycles.ladder import Ladder
from cycles.models import Action, Cycle, Delivery, Request
from cycles.people import Directory
from cycles.policy import Policy

# More than this about lapses on one day is a storm; the rest follows on the next days, the earliest due first.
MOST_A_DAY = 3
STILL_ASKED = ("pending", "asked", "returned", "submitted")


def _still_asked() -> ColumnElement[bool]:
    """Whether somebody is being asked for the very evidence an action is about."""
    return (
        select(Request.id)
        .join(Cycle, col(Cycle.id) == col(Request.cycle_id))
        .where(col(Request.system_id) == col(Action.system_id), col(Request.kind_id) == col(Action.kind_id))
        .where(col(Request.state).in_(STILL_ASKED), col(Cycle.state).not_in(("planned", "closed")))
        .exists()
    )


def wake(session: Session, now: datetime) -> None:
    """An action stays silent while its owner is still being asked for the same thing; nobody is asked twice."""
    silent = and_(col(Action.state).in_(AT_WORK), col(Action.step) == 0, col(Action.next_at).is_(None))
    for action in session.exec(select(Action).where(silent, ~_still_asked()).order_by(col(Action.id))).all():
        action.next_at = now
        session.add(action)
    session.flush()


def chase(session: Session, cycle: Cycle, policy: Policy, directory: Directory, now: datetime, actor: str) -> int:
    """Tell whoever is due about each action; returns how many actions that concerns."""
    due = session.exec(
        select(Action)
        .where(col(Action.next_at) <= now, col(Action.state).in_(AT_WORK), ~_still_asked())
        .order_by(col(Action.due), col(Action.id))
    ).all()
    for action in due:
        _tell(session, action, policy, directory, now)
    if due:
        after = {"count": len(due), "digest": journal.digest((action.id, action.step) for action in due)}
        journal.append(session, at=now, actor=actor, action="actions.chased", subject=f"cycle:{cycle.key}", after=after)
    return len(due)


def _tell(session: Session, action: Action, policy: Policy, directory: Directory, now: datetime) -> None:
    """Rung 0 is the owner; then the ladder of requests, reckoned from the action's due date."""
    if action.step > len(policy.asking.ladder):
        # The cycle that chases it now has a shorter ladder than the one that began.
        action.next_at = None
        session.add(action)
        return
    told, role = directory.stand_in(action.owner_id, now), "owner"
    if told != action.owner_id:
        role = "deputy"
    if action.step:
        rung = policy.asking.ladder[action.step - 1]
        told = _ladder(action, policy, directory).told(rung.to, now)
        role = rung.to
    if role != "owner" and told == action.owner_id:
        _climb(session, action, policy, directory, now)
        return
    hours = directory.hours(told)
    if _told_today(session, told, hours.local_day(now), directory) >= MOST_A_DAY:
        tomorrow = hours.opens(hours.local_day(hours.next_decent(now)) + timedelta(days=1))
        action.next_at = hours.next_decent(tomorrow)
        session.add(action)
        return
    if action.step == 0 and action.lapse_id is not None:
        # It was silent while the request was chased; the time to act counts from the first word.
        target = getattr(policy.acting.targets, action.severity)
        action.due = max(action.due, directory.calendar(told).add(hours.local_day(hours.next_decent(now)), target))
    outbox.queue(
        session,
        key=f"action:{action.id}:{action.relapses}:{action.step}",
        kind="action",
        person_id=told,
        now=now,
        about=[("action", action.id, action.step)],
        role=role,
        not_before=hours.next_decent(now),
    )
    _climb(session, action, policy, directory, now)


def _told_today(session: Session, person_id: int, day: date, directory: Directory) -> int:
    """How many messages about actions somebody already gets on their day."""
    opens = directory.hours(person_id).opens(day)
    waiting = (
        select(func.count()).select_from(Delivery).where(Delivery.person_id == person_id, Delivery.kind == "action")
    )
    later = directory.hours(person_id).opens(day + timedelta(days=1))
    return session.exec(waiting.where(col(Delivery.not_before) >= opens, col(Delivery.not_before) < later)).one()


def _climb(session: Session, action: Action, policy: Policy, directory: Directory, now: datetime) -> None:
    action.next_at = _ladder(action, policy, directory).next_time(action.step, now)
    action.step += 1
    session.add(action)


def _ladder(action: Action, policy: Policy, directory: Directory) -> Ladder:
    owner = action.owner_id
    return Ladder(due=action.due, owner_id=owner, assignee_id=owner, directory=directory, policy=policy)
