"""Act: one improvement action per lapse, chased down the ladder, shown to have worked by a second person.

The course of an action is that of ISO/IEC 42001:2023, 10.2: react, find the cause, act on it, review whether it worked.
Its states are in `action_states`, risk acceptances in `acceptances`, reviews of effect in `effectiveness`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from typing import Literal

from sqlmodel import Session, col, func, or_, select

from cycles import acceptance_watch, acceptances, action_ladder, cadence_proposals, effectiveness, findings
from cycles.action_states import AT_WORK, move, open_action_of
from cycles.lapse_actions import Pair, open_for, reopen_for, severity, weights
from cycles.models import Action, Cycle, Lapse, Request, System
from cycles.people import Directory
from cycles.policy import Policy

__all__ = ["Acted", "act", "severity"]


@dataclass(frozen=True, kw_only=True)
class Acted:
    """What one run of Act did, in actions (and acceptances that ended, and cadences proposed)."""

    opened: int = 0
    reopened: int = 0
    implemented: int = 0
    chased: int = 0
    reviews_asked: int = 0
    acceptances_expired: int = 0
    acceptances_ended: int = 0
    cadences_proposed: int = 0


def act(session: Session, cycle: Cycle, *, now: datetime, actor: str) -> Acted:
    """Bring the actions of a cycle up to now; run again at the same moment, it changes nothing."""
    policy = Policy.model_validate(cycle.policy)
    directory = Directory.load(session, policy)
    expired = acceptance_watch.expire(session, cycle, directory, now=now, actor=actor)
    ended = acceptance_watch.end_recovered(session, now=now, actor=actor)
    opened, reopened = _answer_lapses(session, cycle, policy, directory, now, actor)
    implemented = _corrected(session, policy, directory, now, actor)
    action_ladder.wake(session, now)
    chased = action_ladder.chase(session, cycle, policy, directory, now, actor)
    acceptance_watch.remind(session, cycle, policy, directory, now)
    findings.remind(session, directory, now)
    return Acted(
        opened=opened,
        reopened=reopened,
        implemented=implemented,
        chased=chased,
        reviews_asked=effectiveness.ask_reviewers(session, cycle, policy, directory, now=now, actor=actor),
        acceptances_expired=expired,
        acceptances_ended=ended,
        cadences_proposed=cadence_proposals.propose(session, policy, directory, now=now, actor=actor),
    )


def _answer_lapses(
    session: Session, cycle: Cycle, policy: Policy, directory: Directory, now: datetime, actor: str
) -> tuple[int, int]:
    """Every open lapse gets its one action, unless an unexpired risk acceptance already answers it."""
    opened = reopened = 0
    weigh = cache(partial(weights, session, cycle))
    has_its_action = (
        select(Action.id).where(col(Action.lapse_id) == col(Lapse.id), col(Action.closed_at).is_(None)).exists()
    )
    unanswered = select(Lapse).where(col(Lapse.recovered_at).is_(None), ~has_its_action).order_by(col(Lapse.id))
    for lapse in session.exec(unanswered).all():
        done = answer_lapse(session, lapse, cycle, policy, directory, now, actor, weigh)
        opened, reopened = opened + (done == "opened"), reopened + (done == "reopened")
    return opened, reopened


def answer_lapse(
    session: Session,
    lapse: Lapse,
    cycle: Cycle,
    policy: Policy,
    directory: Directory,
    now: datetime,
    actor: str,
    weigh: Callable[[], dict[Pair, int]] | None = None,
) -> Literal["opened", "reopened"] | None:
    """Give an open lapse its one action, or take up again the one it had; None where that, or an acceptance, stands.

    `weigh` gives the weights of all open lapses; it is asked only for one that gets an action.
    """
    current = open_action_of(session, lapse.system_id, lapse.kind_id)
    if current is None:
        if acceptances.is_accepted(session, lapse, cycle, now):
            return None
        weighed = (weigh or partial(weights, session, cycle))()
        open_for(session, lapse, policy, directory, weighed, now=now, actor=actor)
        return "opened"
    if current.lapse_id == lapse.id:
        return None
    reopen_for(session, current, lapse, policy, directory, now=now, actor=actor)
    return "reopened"


def _corrected(session: Session, policy: Policy, directory: Directory, now: datetime, actor: str) -> int:
    """Valid evidence arrived: the correction is made, and after a while a second person judges whether it holds.

    A grave one counts as implemented only once its cause and what was done about it are told: until then its owner is
    asked for that.
    """
    newest = (
        select(Request.state)
        .where(Request.system_id == Action.system_id, Request.kind_id == Action.kind_id)
        .order_by(col(Request.id).desc())
        .limit(1)
        .scalar_subquery()
    )
    # The system is retired, or a lead excused the request: then there is nothing whose effect could be judged.
    applies_no_more = or_(col(System.retired), func.coalesce(newest, "") == "excused")
    recovered = session.exec(
        select(Action, applies_no_more)
        .join(Lapse, col(Lapse.id) == col(Action.lapse_id))
        .join(System, col(System.id) == col(Action.system_id))
        # What was judged ineffective although the evidence was valid keeps its date: there, evidence alone is no answer.
        .where(col(Action.state).in_(AT_WORK), col(Action.implemented_at).is_(None))
        .where(col(Lapse.recovered_at).is_not(None))
        .order_by(col(Action.id))
    ).all()
    done = 0
    for action, is_over in recovered:
        if is_over:
            move(session, action, "withdrawn", "withdrawn", now=now, actor=actor)
        elif effectiveness.owed(action):
            if action.state != "implementing":
                move(session, action, "implementing", "corrected", now=now, actor=actor)
            continue
        else:
            effectiveness.mark_implemented(session, action, policy, directory, now=now, actor=actor)
        done += 1
    return done
