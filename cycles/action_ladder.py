"""Who is told about an improvement action, and when: its owner first, then the rungs above."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_
from sqlmodel import Session, col, select

from cycles import journal
from cycles.action_states import AT_WORK
from cycles.drafts import Drafts
from cycles.ladder import Ladder
from cycles.models import Action, Cycle, Request
from cycles.people import Directory
from cycles.policy import Policy

# As many as one message can show with their buttons; the rest follows on the next workdays, the earliest due first.
MOST_SHOWN = 8
STILL_ASKED = ("pending", "asked", "returned", "submitted")


def _still_asked() -> ColumnElement[bool]:
    """Whether somebody is being asked for the very evidence an action is about."""
    return (
        select(Request.id)
        .join(Cycle, col(Cycle.id) == col(Request.cycle_id))
        .where(col(Request.system_id) == col(Action.system_id), col(Request.kind_id) == col(Action.kind_id))
        .where(col(Request.state).in_(STILL_ASKED), col(Cycle.state).not_in(("planned", "closed", "cancelled")))
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
    """Tell whoever is due about each action, one message per person and day; returns how many actions that concerns.

    A message lists at most MOST_SHOWN actions, the earliest due first; the rest follows on the reader's next workday.
    """
    due = session.exec(
        select(Action)
        .where(col(Action.next_at) <= now, col(Action.state).in_(AT_WORK), ~_still_asked())
        .order_by(col(Action.due), col(Action.id))
    ).all()
    told: dict[int, list[Action]] = {}
    for action in due:
        reader = _reader(action, policy, directory, now)
        if reader is None:
            session.add(action)
        else:
            told.setdefault(reader, []).append(action)
    before = {action.id: action.due for action in due}
    _write(session, told, policy, directory, now)
    if due:
        digest = journal.digest((action.id, action.step) for action in due)
        after: dict[str, object] = {"count": len(due), "digest": digest}
        if moved := {str(action.id): action.due for action in due if action.due != before[action.id]}:
            after["due"] = moved
        journal.append(session, at=now, actor=actor, action="actions.chased", subject=f"cycle:{cycle.key}", after=after)
    return len(due)


def role_of(action: Action, rung: int, reader_id: int, policy: Policy) -> str:
    """As whom somebody is told on a rung: the owner, who stands in for them, or whom the ladder names."""
    if reader_id == action.owner_id:
        return "owner"
    ladder = policy.asking.ladder
    named = ladder[rung - 1].to if 0 < rung <= len(ladder) else "deputy"
    return "deputy" if named == "owner" else named


def _reader(action: Action, policy: Policy, directory: Directory, now: datetime) -> int | None:
    """Rung 0 is the owner; then the ladder of requests, reckoned from the action's due date. None: nobody, for now."""
    if action.step > len(policy.asking.ladder):
        # The cycle that chases it now has a shorter ladder than the one that began.
        action.next_at = None
        return None
    if action.step == 0:
        return directory.stand_in(action.owner_id, now)
    rung = policy.asking.ladder[action.step - 1]
    told = _ladder(action, policy, directory).told(rung.to, now)
    if rung.to != "owner" and told == action.owner_id:
        _climb(action, policy, directory, now)
        return None
    return told


def _write(
    session: Session, told: dict[int, list[Action]], policy: Policy, directory: Directory, now: datetime
) -> None:
    mornings = {reader: directory.hours(reader).next_decent(now) for reader in told}
    keys = {reader: _key(directory, reader, mornings[reader]) for reader in told}
    drafts = Drafts.of(session, keys.values())
    for reader, actions in told.items():
        now_said, later = actions[: (room := drafts.room(keys[reader], MOST_SHOWN))], actions[room:]
        for action in now_said:
            if action.step == 0 and action.lapse_id is not None:
                # It was silent while the request was chased; the time to act counts from the first word.
                target = getattr(policy.acting.targets, action.severity)
                fair = directory.calendar(reader).add(directory.today(reader, mornings[reader]), target)
                action.due = max(action.due, fair)
        about = [("action", action.id, action.step) for action in now_said]
        if about:
            drafts.write(
                keys[reader], kind="action", person_id=reader, now=now, about=about, not_before=mornings[reader]
            )
        for action in now_said:
            _climb(action, policy, directory, now)
        hours = directory.hours(reader)
        tomorrow = hours.next_decent(hours.opens(hours.local_day(mornings[reader]) + timedelta(days=1)))
        for action in later:
            action.next_at = tomorrow
        session.add_all(actions)
    drafts.flush()


def _key(directory: Directory, reader: int, morning: datetime) -> str:
    return f"actions:{directory.people[reader].key}:{directory.today(reader, morning).isoformat()}"


def _climb(action: Action, policy: Policy, directory: Directory, now: datetime) -> None:
    action.next_at = _ladder(action, policy, directory).next_time(action.step, now)
    action.step += 1


def _ladder(action: Action, policy: Policy, directory: Directory) -> Ladder:
    owner = action.owner_id
    return Ladder(due=action.due, owner_id=owner, assignee_id=owner, directory=directory, policy=policy)
