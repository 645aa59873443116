"""What waits too long for those who decide: reviewers and leads are reminded too, so that nothing stops unnoticed."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from sqlmodel import Session, col, func, select

from cycles import journal, outbox, panels
from cycles.departures import wake_orphans
from cycles.errors import Refused
from cycles.ladder import FAIR_WORKDAYS
from cycles.lapses import pair_name
from cycles.models import UNANSWERED, Cycle, Delivery, DeliveryItem, Evidence, Panel, Person, Request, Review, Verdict
from cycles.people import Directory
from cycles.permits import Act
from cycles.policy import Policy
from cycles.reviewers import ask_reviewer

ASKED_TOGETHER = 2_000


def remind_deciders(session: Session, cycle: Cycle, *, now: datetime, actor: str) -> int:
    """Ask the next reviewer, and put plans and disputes before the lead again; returns how many messages that makes."""
    policy = Policy.model_validate(cycle.policy)
    directory = Directory.load(session, policy)
    if cycle.state == "planned":
        return again(session, directory, "plan", "cycle", cycle.id, f"plan:{cycle.key}", now)
    wake_orphans(session, cycle, directory, now)
    return _ask_next_reviewers(session, cycle, policy, directory, now, actor) + _disputes(
        session, cycle, directory, now
    )


def _ask_next_reviewers(
    session: Session, cycle: Cycle, policy: Policy, directory: Directory, now: datetime, actor: str
) -> int:
    """A reviewer who has left, is away for long or let the target pass is joined by the next; either may decide.

    A panel keeps its roster to the end (`panel_outcomes`); one that waited in vain for a seal is called now.
    """
    rows = session.exec(
        select(Evidence, Request)
        .join(Request, col(Request.id) == col(Evidence.request_id))
        .outerjoin(Verdict, col(Verdict.evidence_id) == col(Evidence.id))
        .outerjoin(Panel, col(Panel.evidence_id) == col(Evidence.id))
        .where(Request.cycle_id == cycle.id, Request.state == "submitted", col(Verdict.evidence_id).is_(None))
        .where(col(Panel.evidence_id).is_(None))
        .order_by(col(Evidence.id))
    ).all()
    asked = 0
    for evidence, request in rows:
        last = session.exec(
            select(Review).where(Review.evidence_id == evidence.id).order_by(col(Review.id).desc())
        ).first()
        if last is None and panels.waited_too_long(evidence, directory, now):
            asked += panels.call_late(session, evidence, now=now, actor=actor)
        if last is None or (not _too_long(last, policy, directory, now) and directory.is_here(last.reviewer_id, now)):
            continue
        act = Act(session, session.get_one(Person, last.reviewer_id), now)
        try:
            ask_reviewer(act, request, evidence, policy, directory)
        except Refused:
            # Nobody else may judge it; the closing gate names it to the lead.
            continue
        asked += 1
        name = pair_name(session, evidence.system_id, evidence.kind_id)
        journal.append(session, at=now, actor=actor, action="review.passed_on", subject=f"evidence:{name}")
    return asked


def _too_long(ballot: Review, policy: Policy, directory: Directory, now: datetime) -> bool:
    asked, today = (directory.today(ballot.reviewer_id, at) for at in (ballot.asked_at, now))
    return directory.calendar(ballot.reviewer_id).between(asked, today) > policy.reviewing.target_workdays


def _disputes(session: Session, cycle: Cycle, directory: Directory, now: datetime) -> int:
    waiting = session.exec(
        select(Request)
        .where(Request.cycle_id == cycle.id, col(Request.disputed))
        .where(col(Request.state).in_(UNANSWERED))
        .order_by(col(Request.id))
    ).all()
    told = last_told(session, "dispute", "request", [request.id for request in waiting])
    return sum(
        again(session, directory, "dispute", "request", request.id, f"dispute:{request.id}", now, told=told)
        for request in waiting
    )


def last_told(session: Session, kind: str, subject: str, numbers: Sequence[int]) -> dict[int, datetime]:
    """When the newest message of a kind was written about each of these; none where there never was one."""
    about = (
        select(DeliveryItem.subject_id, func.max(col(Delivery.created_at)))
        .join(Delivery, col(Delivery.id) == col(DeliveryItem.delivery_id))
        .where(Delivery.kind == kind, DeliveryItem.subject == subject)
        .group_by(col(DeliveryItem.subject_id))
    )
    found: dict[int, datetime] = {}
    for at in range(0, len(numbers), ASKED_TOGETHER):
        some = col(DeliveryItem.subject_id).in_(numbers[at : at + ASKED_TOGETHER])
        found |= dict(session.exec(about.where(some)).all())
    return found


def again(
    session: Session,
    directory: Directory,
    kind: str,
    subject: str,
    number: int,
    key: str,
    now: datetime,
    *,
    lead: int | None = None,
    after: int = FAIR_WORKDAYS,
    role: str | None = None,
    told: Mapping[int, datetime] | None = None,
) -> int:
    """The same message once more when its last one is some workdays old; nothing where there never was one.

    It goes to the lead, unless somebody else is named. Whoever goes through many says when each was told
    (`last_told`), which is then not asked one by one.
    """
    told = last_told(session, kind, subject, [number]) if told is None else told
    last = told.get(number)
    if last is None:
        return 0
    lead = directory.lead(now) if lead is None else lead
    today: date = directory.today(lead, now)
    if directory.calendar(lead).between(directory.today(lead, last), today) < after:
        return 0
    written = outbox.tell(
        session,
        directory,
        lead,
        key=f"{key}:again:{today.isoformat()}",
        kind=kind,
        about=[(subject, number, 0)],
        role=role,
        now=now,
    )
    return int(written is not None)
