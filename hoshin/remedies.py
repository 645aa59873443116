"""What people do about lapses: owners report what they did and hand in what was missing, reviewers see whether it holds."""

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from sqlmodel import Session, col, select

from cycles.action_states import AT_WORK
from cycles.models import Action, Request
from cycles.people import Directory
from cycles.permits import ANSWERABLE, Act
from hoshin import reactions
from hoshin.behaviour import Language
from hoshin.reactions import Due

if TYPE_CHECKING:
    from hoshin.player import Player

HOLDS: dict[Language, str] = {"en": "Looked again: it holds.", "ja": "再確認しました。対応は定着しています。"}


def actions_due(player: "Player", session: Session, directory: Directory) -> Iterator[Due]:
    for action in session.exec(
        select(Action).where(col(Action.closed_at).is_(None), col(Action.kind_id).is_not(None)).order_by(col(Action.id))
    ).all():
        if player.knows(
            f"judge:{action.id}:{action.relapses}"
            if action.state == "implemented"
            else f"remedy:{action.id}:{action.relapses}"
        ):
            continue  # before its name is looked up: most actions are known at most looks
        pair = Act(session, directory.people[action.owner_id], action.opened_at).name(action)
        if action.state == "implemented" and action.reviewer_id is not None:
            reached = reactions.reached_at(session, "action", action.id, action.reviewer_id)
            if reached is None:
                continue
            who = directory.people[action.reviewer_id].key
            at = reactions.reaction_time(
                player.seed, directory, action.reviewer_id, reached, 1, "15:00", f"judge:{pair}"
            )
            yield Due(
                at,
                f"judge:{action.id}:{action.relapses}",
                partial(
                    player.hands.judge,
                    who,
                    action.id,
                    True,
                    HOLDS[reactions.language_of(directory, action.reviewer_id)],
                ),
            )
        elif action.state in AT_WORK:
            yield from _remedy(player, session, directory, action, pair)


def _remedy(player: "Player", session: Session, directory: Directory, action: Action, pair: str) -> Iterator[Due]:
    """The owner of an action reports what was done and hands in the evidence that was missing."""
    acts, owner = player.behaviour.action_of(pair), directory.people[action.owner_id]
    reached = reactions.reached_at(session, "action", action.id, action.owner_id)
    if acts is None or reached is None:
        return
    hour = player.behaviour.person(owner.key).hour
    at = reactions.reaction_time(
        player.seed, directory, owner.id, reached, acts.implemented_after_workdays, hour, f"action:{pair}"
    )
    request = session.exec(
        select(Request)
        .where(Request.system_id == action.system_id, Request.kind_id == action.kind_id)
        .order_by(col(Request.id).desc())
    ).first()
    handed = (
        reactions.handed_in(session, directory, player.behaviour, request, at, player.link_base)
        if request and request.state in ANSWERABLE
        else None
    )
    number, action_id = request.id if request else 0, action.id

    def remedy() -> None:
        player.hands.implemented(owner.key, action_id, acts.correction, acts.root_cause, acts.corrective_action)
        if handed is not None:
            player.hands.submit(owner.key, number, handed)

    yield Due(at, f"remedy:{action.id}:{action.relapses}", remedy)
