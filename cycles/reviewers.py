"""Who judges a piece of evidence, and the message that puts it before them."""

from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from cycles import outbox
from cycles.errors import Refused
from cycles.models import Delivery, Evidence, Request, Review, System
from cycles.people import Directory
from cycles.permits import Act
from cycles.policy import Policy


def ask_reviewer(act: Act, request: Request, evidence: Evidence, policy: Policy, directory: Directory) -> None:
    """Put evidence before the next reviewer who is neither owner nor submitter and has not recused themselves.

    Raises:
        Refused: when nobody is left who may review it.
    """
    asked = set(act.session.exec(select(Review.reviewer_id).where(Review.evidence_id == evidence.id)).all())
    system = act.session.get_one(System, request.system_id)
    barred = {system.owner_id, request.owner_id, evidence.submitter_id, *asked}
    free = directory.reviewers_for(*barred, now=act.now)
    if not free:
        here = [lead for lead in directory.roles.get("lead", []) if not directory.has_left(lead, act.now)]
        free = [lead for lead in here if lead not in barred]
    if not free:
        raise Refused("no_reviewer", "Nobody is left who may review this. Name another reviewer in programme.yaml.")
    chosen = free[evidence.id % len(free)]
    act.session.add(Review(evidence_id=evidence.id, reviewer_id=chosen, sha256=evidence.sha256, asked_at=act.now))
    _put_before(act.session, directory, chosen, evidence, policy, act.now)


def _put_before(
    session: Session, directory: Directory, reviewer: int, evidence: Evidence, policy: Policy, now: datetime
) -> None:
    """Tell the reviewer once for all that comes within a few hours: forty answers given at once are one message.

    Until a message is taken for sending there is room in it. Writers wait for each other, so none is taken meanwhile.
    """
    last = session.exec(
        select(Delivery)
        .where(Delivery.kind == "review", Delivery.person_id == reviewer)
        .where(col(Delivery.state).in_(("queued", "sending", "sent", "unknown")))
        .order_by(col(Delivery.id).desc())
        .limit(1)
    ).first()
    apart = timedelta(hours=policy.reviewing.together_hours)
    about = [("evidence", evidence.id, 0)]
    if last is not None and last.state == "queued" and apart:
        session.add_all(outbox.items_of(last, about))
        session.flush()
        return
    told = (last.sent_at or last.claimed_at) if last is not None and apart else None
    morning = directory.hours(reviewer).next_decent(max(now, told + apart) if told else now)
    outbox.queue(
        session,
        key=f"review:{evidence.id}:{directory.people[reviewer].key}",
        kind="review",
        person_id=reviewer,
        now=now,
        about=about,
        not_before=morning,
    )
