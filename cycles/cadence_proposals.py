"""What keeps lapsing is proposed a shorter cadence; the lead decides (`cadences.decide`)."""

from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from cycles import cadences, outbox, overdue
from cycles.models import Action, Cadence, Delivery
from cycles.people import Directory
from cycles.policy import Policy

RELAPSES = 2
# What keeps lapsing often does so together with much else; nobody decides fifty of these in a day.
TOLD_A_DAY = 5


def propose(session: Session, policy: Policy, directory: Directory, *, now: datetime, actor: str) -> int:
    """Put half the validity before the lead for each pair that relapsed twice; one open proposal per pair.

    What was decided since the action began is not proposed again for it. The lead is told of a few a day, the oldest
    first, and again of those that wait; the others follow on the next days.
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
    waiting = session.exec(select(Cadence.id).where(col(Cadence.outcome).is_(None)).order_by(col(Cadence.id))).all()
    told = overdue.last_told(session, "cadence", "cadence", waiting)
    room = TOLD_A_DAY - _told_today(session, directory, now)
    for number in waiting:
        if room > 0:
            room -= overdue.again(session, directory, "cadence", "cadence", number, f"cadence:{number}", now, told=told)
    proposed = 0
    for action in relapsed:
        if proposed < room:
            proposed += _propose(session, action, policy, directory, now, actor)
    return proposed


def _told_today(session: Session, directory: Directory, now: datetime) -> int:
    """How many messages about cadences were written today, where the lead is."""
    lead = directory.lead(now)
    recent = select(Delivery.created_at).where(
        Delivery.kind == "cadence", col(Delivery.created_at) > now - timedelta(days=2)
    )
    today = directory.today(lead, now)
    return sum(directory.today(lead, at) == today for at in session.exec(recent).all())


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
