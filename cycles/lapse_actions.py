"""The one action of a lapse: opened with a severity, reopened when the evidence lapses again, its relapses counted."""

from datetime import datetime

from sqlalchemy import and_, func, select
from sqlmodel import Session, col
from sqlmodel import select as pick

from cycles.action_states import due_from_today, enter, move, owner_now
from cycles.models import Action, Control, Cycle, EvidenceKind, Lapse, System
from cycles.pairs import required
from cycles.people import Directory
from cycles.periods import add_months
from cycles.policy import Policy

WEIGHT_OF_TIER = {"high": 3, "limited": 2, "minimal": 1}
Pair = tuple[int, int]


def severity(tier: str, weight: int) -> str:
    """How grave a lapse is, from the system's risk tier and the gravest weight of the controls it touches (1–3)."""
    score = WEIGHT_OF_TIER[tier] + weight
    return "high" if score >= 5 else "medium" if score == 4 else "low"


def weights(session: Session, cycle: Cycle) -> dict[Pair, int]:
    """For each open lapse the gravest weight of the controls its evidence serves, over all systems for the organisation's."""
    needed = required(cycle.id).subquery("needed")
    rows = session.execute(
        select(needed.c.subject_id, needed.c.kind_id, func.max(col(Control.weight)))
        .join(Control, col(Control.id) == needed.c.control_id)
        .join(Lapse, and_(col(Lapse.system_id) == needed.c.subject_id, col(Lapse.kind_id) == needed.c.kind_id))
        .where(col(Lapse.recovered_at).is_(None))
        .group_by(needed.c.subject_id, needed.c.kind_id)
    )
    return {(system, kind): weight for system, kind, weight in rows}


def open_for(
    session: Session,
    lapse: Lapse,
    policy: Policy,
    directory: Directory,
    weighed: dict[Pair, int],
    *,
    now: datetime,
    actor: str,
) -> Action:
    """Open the action that answers a lapse."""
    system, kind = session.get_one(System, lapse.system_id), session.get_one(EvidenceKind, lapse.kind_id)
    action = Action(
        lapse_id=lapse.id,
        system_id=lapse.system_id,
        kind_id=lapse.kind_id,
        owner_id=owner_now(directory, system.owner_id, now),
        severity=severity(system.risk_tier, weighed.get((lapse.system_id, lapse.kind_id), kind.weight)),
        state="open",
        opened_at=now,
        due=now.date(),
        relapses=_earlier_relapses(session, lapse, policy, now),
    )
    action.due = due_from_today(action, policy, directory, now)
    session.add(action)
    session.flush()
    told = {"severity": action.severity, "due": action.due, "reason": lapse.reason}
    enter(session, action, "opened", now=now, actor=actor, **told)
    return action


def _earlier_relapses(session: Session, lapse: Lapse, policy: Policy, now: datetime) -> int:
    """A lapse soon after an action was found effective is a relapse all the same; its count goes on."""
    last = session.exec(
        pick(Action)
        .where(Action.system_id == lapse.system_id, Action.kind_id == lapse.kind_id)
        .order_by(col(Action.id).desc())
    ).first()
    if last is None or last.closed_at is None:
        return 0
    if add_months(last.closed_at.date(), policy.acting.relapse_months) < now.date():
        return 0
    # A risk acceptance that ended is the same lapse going on, or a new one nobody had worked on.
    return last.relapses + (last.state != "risk-accepted")


def reopen_for(
    session: Session, action: Action, lapse: Lapse, policy: Policy, directory: Directory, *, now: datetime, actor: str
) -> None:
    """The evidence lapsed again before the action was found effective: it was not."""
    before = {"relapses": action.relapses}
    action.lapse_id, action.relapses = lapse.id, action.relapses + 1
    start_over(action, policy, directory, now)
    action.implemented_at, action.next_at = None, None
    told = {"relapses": action.relapses, "due": action.due}
    move(session, action, "reopened", "reopened", now=now, actor=actor, before=before, **told)


def start_over(action: Action, policy: Policy, directory: Directory, now: datetime) -> None:
    """A fresh ladder, a fresh due date, and nobody yet who judges."""
    action.step, action.review_on, action.reviewer_id = 0, None, None
    action.due = max(action.due, due_from_today(action, policy, directory, now))
