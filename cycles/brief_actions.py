"""The one message about improvement actions that somebody gets on a day."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session, col
from sqlmodel import select as pick

from cycles.action_ladder import role_of
from cycles.action_states import AT_WORK
from cycles.brief_improvement import action_brief
from cycles.brief_items import reader_of
from cycles.briefs import ActionsBrief
from cycles.models import Action, Delivery, DeliveryItem, Person
from cycles.policy import Policy
from cycles.programme_cycles import last_closed, open_cycles


def actions_brief(
    session: Session, delivery: Delivery, reader: Person, about: Sequence[DeliveryItem], now: datetime
) -> ActionsBrief | None:
    """Every action of a message, the earliest due first; None when none is left to work on before it was shown."""
    found = {row.id: row for row in session.exec(pick(Action).where(col(Action.id).in_([a.subject_id for a in about])))}
    rungs = {item.subject_id: item.rung for item in about}
    wanted = [action for action in found.values() if delivery.ts is not None or action.state in AT_WORK]
    policy = _policy_now(session)
    briefs = [
        action_brief(
            session, reader, action.id, delivery.role or role_of(action, rungs[action.id], reader.id, policy), now
        )
        for action in sorted(wanted, key=lambda action: (action.due, action.id))
    ]
    shown = tuple(brief for brief in briefs if brief is not None)
    return ActionsBrief(reader=reader_of(reader), actions=shown) if shown else None


def _policy_now(session: Session) -> Policy:
    """The policy by which actions are chased: of the first cycle under way, else of the last one."""
    chasing = next(iter(open_cycles(session)), None) or last_closed(session)
    return Policy.model_validate(chasing.policy) if chasing else Policy()
