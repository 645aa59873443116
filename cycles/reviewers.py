"""Who judges a piece of evidence alone (`cycles.panels`: together)."""

from datetime import timedelta

from sqlmodel import Session, select

from cycles.errors import Refused
from cycles.gathering import gather
from cycles.models import Evidence, Request, Review, System
from cycles.people import Directory
from cycles.permits import Act
from cycles.policy import Policy


def ballot_of(session: Session, evidence_id: int, reviewer_id: int) -> Review | None:
    """What somebody was asked to judge, alone or on a panel, with their vote once they have cast it."""
    mine = select(Review).where(Review.evidence_id == evidence_id, Review.reviewer_id == reviewer_id)
    return session.exec(mine).first()


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
    gather(
        act.session,
        directory,
        chosen,
        key=f"review:{evidence.id}:{directory.people[chosen].key}",
        kind="review",
        about=("evidence", evidence.id, 0),
        now=act.now,
        apart=timedelta(hours=policy.reviewing.together_hours),
    )
