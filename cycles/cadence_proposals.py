"""What keeps lapsing is proposed a shorter cadence; the lead decides (`cadences.decide`)."""

from datetime import datetime

from sqlmodel import Session, col, select

from cycles import cadences, outbox, overdue
from cycles.models import Action, Cadence
from cycles.people import Directory
from cycles.policy import Policy

RELAPSES = 2


def propose(session: Session, policy: Policy, directory: Directory, *, now: datetime, actor: str) -> int:
    """Put half the validity before the lead for each pair that relapsed twice; one open proposal per pair.

    What was decided since the action began is not proposed again for it.
    """
    answered = (
        select(Cadence.id)
        .where(Cadence.system_id == Action.system_id, Cadence.kind_id == Action.kind_id)
        .where(col(Cadence.outcome).is_(None) | (col(Cadence.proposed_at) >= col(Action.opened_at)))
        .exists()
    )
    relapsed = session.exec(
        select(Action)
        .where(col(Action.kind_id).is_not(None), col(Action.closed_at).is_(None))
        .where(Action.relapses >= RELAPSES, ~answered)
        .order_by(col(Action.id))
    ).all()
    proposed = sum(_propose(session, action, policy, directory, now, actor) for action in relapsed)
    for waiting in session.exec(select(Cadence).where(col(Cadence.outcome).is_(None))).all():
        overdue.again(session, directory, "cadence", "cadence", waiting.id, f"cadence:{waiting.id}", now)
    return proposed


def _propose(session: Session, action: Action, policy: Policy, directory: Directory, now: datetime, actor: str) -> bool:
    assert action.kind_id is not None
    months = cadences.months_now(session, action.system_id, action.kind_id, policy)
    if months <= 1:
        return False
    found = Cadence(
        system_id=action.system_id,
        kind_id=action.kind_id,
        months=months // 2,
        because=f"{action.relapses} relapses",
        proposed_at=now,
    )
    session.add(found)
    session.flush()
    told = {"months": found.months, "instead_of": months, "because": found.because}
    cadences.enter(session, found, "proposed", now, actor, **told)
    lead = directory.lead(now)
    outbox.tell(
        session,
        directory,
        lead,
        key=f"cadence:{found.id}",
        kind="cadence",
        about=[("cadence", found.id, 0)],
        now=now,
    )
    return True
