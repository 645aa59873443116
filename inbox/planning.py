"""*Plan*: the dated steps of an improvement, opened from the record as it is now, and what the form does once sent."""

from datetime import date
from typing import Any

from cycles import milestones
from cycles.brief_improvement import action_brief
from cycles.briefs import Step
from cycles.effectiveness import action_for, may_act
from cycles.errors import Refused
from cycles.permits import Act
from inbox.filled import Filled
from inbox.visit import Visit, number
from tasks import modals
from tasks.modals.planning import REACHED, STEP, STEP_DUE

Json = dict[str, Any]
VERB = "plan"


def open_form(visit: Visit, act: Act) -> Json:
    """Raises Refused for whoever may not work on the action, and once it is settled."""
    action, _, directory = action_for(act, visit.number)
    may_act(act, action, directory)
    brief = action_brief(act.session, act.person, action.id, "owner", act.now)
    if brief is None or action.closed_at is not None:
        raise Refused("answered", f"Action {action.id} is {action.state}.")
    steps = [
        Step(milestone_id=row.id, title=row.title, due=row.due, done=row.done_at is not None)
        for row in milestones.of(act.session, action.id)
    ]
    return modals.plan(visit.reader, brief, steps, now=visit.now, templates=visit.inbox.settings.templates)


def latest(act: Act, action_id: int) -> date | None:
    """The last day that a step may have: the action's own, which only a lead may move. Raises Refused."""
    action, _, directory = action_for(act, action_id)
    return None if directory.is_lead(act.person.id) else action.due


def send(visit: Visit, act: Act, filled: Filled) -> None:
    """What was reached is ticked off, what is new is set."""
    # What was ticked off while the form was open is not owed once more.
    reached = {row.id for row in milestones.of(act.session, visit.number) if row.done_at is not None}
    for step in map(number, filled.values.get(REACHED) or ()):
        if step not in reached:
            milestones.done(act, step, action_id=visit.number)
    for name in [name for name in filled.values if name.partition(".")[0] == STEP]:
        due = filled.values.get(f"{STEP_DUE}.{name.partition('.')[2]}")
        if filled.text(name) and due:
            milestones.add(act, visit.number, filled.text(name), due)
