"""Dated steps on the way to an action's end (OSCAL POA&M milestone). No action is due before its last open milestone."""

from collections.abc import Sequence
from datetime import date

from sqlmodel import Session, col, select

from cycles import outbox
from cycles.action_states import AT_WORK, enter
from cycles.effectiveness import action_for, may_act
from cycles.errors import Refused
from cycles.models import Action, Milestone
from cycles.permits import Act

TITLE = 200
MOST = 20


def add(act: Act, action_id: int, title: str, due: date) -> Milestone:
    """Set a milestone. One later than the action's own due date moves that date on, which only a lead may do.

    Raises:
        Refused: not theirs, not at work, no title or too long a one, a past day, or later than the action is due.
    """
    action, _, directory = action_for(act, action_id)
    may_act(act, action, directory)
    _must_be_at_work(action)
    said = title.strip()
    if not said or len(said) > TITLE:
        raise Refused("title", f"Give the milestone a title of 1 to {TITLE} characters.")
    if due < directory.today(act.person.id, act.now):
        raise Refused("milestone_past", f"{due} is past. Choose today or a later day.")
    if len(of(act.session, action.id)) >= MOST:
        raise Refused("many", f"Action {action.id} has {MOST} milestones already.")
    if due > action.due and not directory.is_lead(act.person.id):
        raise Refused("milestone_due", f"The action is due on {action.due}; only a lead may set a later milestone.")
    found = Milestone(action_id=action.id, title=said, due=due)
    act.session.add(found)
    before, action.due = action.due, max(action.due, due)
    act.session.add(action)
    act.session.flush()
    told = {"milestone": f"M-{found.id}", "title": said, "due": due}
    moved = {"action_due": action.due} if action.due != before else {}
    enter(act.session, action, "milestone_set", now=act.now, actor=act.person.key, **told, **moved)
    outbox.refresh_about(act.session, "action", action.id, now=act.now)
    return found


def done(act: Act, milestone_id: int, *, action_id: int | None = None) -> None:
    """A milestone is reached. Raises Refused: unknown, not theirs, or reached already."""
    found = act.session.get(Milestone, milestone_id)
    if found is None or action_id not in (None, found.action_id):
        raise Refused("unknown", f"There is no milestone {milestone_id} of this action.")
    action, _, directory = action_for(act, found.action_id)
    may_act(act, action, directory)
    if found.done_at is not None:
        raise Refused("answered", f"Milestone {found.id} is done already.")
    found.done_at, found.done_by_id = act.now, act.person.id
    act.session.add(found)
    act.session.flush()
    enter(act.session, action, "milestone_done", now=act.now, actor=act.person.key, milestone=f"M-{found.id}")
    outbox.refresh_about(act.session, "action", action.id, now=act.now)


def of(session: Session, action_id: int) -> Sequence[Milestone]:
    """An action's milestones, the earliest due first."""
    return session.exec(
        select(Milestone).where(Milestone.action_id == action_id).order_by(col(Milestone.due), col(Milestone.id))
    ).all()


def overdue_of(session: Session, action: Action, day: date) -> list[Milestone]:
    """What should have been reached before a day; nothing once the action is no longer worked on."""
    if action.state not in AT_WORK:
        return []
    return [row for row in of(session, action.id) if row.done_at is None and row.due < day]


def _must_be_at_work(action: Action) -> None:
    if action.state not in AT_WORK:
        raise Refused("answered", f"Action {action.id} is {action.state}.")
