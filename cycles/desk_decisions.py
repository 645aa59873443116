"""What a lead, or for risks an executive, has to decide: the same things that messages put before one of them."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from sqlmodel import Session, col, select

from cycles import brief_improvement as improvement
from cycles import brief_subjects as subjects
from cycles.briefs import AcceptanceBrief, CadenceBrief, DisputeBrief, FindingBrief, PlanBrief
from cycles.findings import readers
from cycles.models import UNANSWERED, Acceptance, Cadence, Cycle, Finding, Person, Request
from cycles.people import Directory, current_policy
from cycles.programme_cycles import OPEN, planned_cycles

# What others wait for most comes first.
KINDS = ("plan", "acceptance", "finding", "dispute", "cadence")
# The part of somebody who decides, where others hear of it too.
DECIDES = {"acceptance": "approver"}
Decision = PlanBrief | AcceptanceBrief | FindingBrief | DisputeBrief | CadenceBrief


def decisions_of(session: Session, person: Person, now: datetime) -> list[tuple[str, int]]:
    """Kind (`KINDS`) and number of everything this person may decide now, the oldest of each kind first."""
    directory = Directory.few(session, current_policy(session))
    leads = directory.is_lead(person.id)
    found: dict[str, Iterable[int]] = {}
    if leads or person.id in directory.roles.get("executive", []):
        found["acceptance"] = _acceptances(session, person)
    if leads:
        found["plan"] = [cycle.id for cycle in planned_cycles(session)]
        found["finding"] = _findings(session, person, directory)
        found["dispute"] = _disputes(session, directory, now)
        found["cadence"] = session.exec(
            select(Cadence.id).where(col(Cadence.outcome).is_(None)).order_by(col(Cadence.id))
        ).all()
    return [(kind, number) for kind in KINDS for number in found.get(kind, ())]


def decision(
    session: Session, kind: str, number: int, person: Person, now: datetime, *, role: str | None = None
) -> Decision | None:
    """What there is to decide, or was; `role` is the reader's part in it. None when there is nothing to say of it any more."""
    if kind == "plan":
        return subjects.plan_brief(session, person, session.get_one(Cycle, number))
    if kind == "acceptance":
        return improvement.acceptance_brief(session, person, number, role or "requester")
    if kind == "finding":
        return improvement.finding_brief(session, person, number, role or "lead")
    if kind == "dispute":
        return subjects.dispute_brief(session, person, number, now)
    return improvement.cadence_brief(session, person, number)


def _acceptances(session: Session, person: Person) -> Iterable[int]:
    """Nobody decides about a risk they asked to accept themselves."""
    asked = select(Acceptance.id).where(Acceptance.state == "requested", Acceptance.requester_id != person.id)
    return session.exec(asked.order_by(col(Acceptance.id))).all()


def _findings(session: Session, person: Person, directory: Directory) -> Iterable[int]:
    """Concerns are for those whom policy names."""
    new = select(Finding.id).where(Finding.state == "new").order_by(col(Finding.id))
    if person.id not in readers(session, directory):
        new = new.where(~col(Finding.confidential))
    return session.exec(new).all()


def _disputes(session: Session, directory: Directory, now: datetime) -> Iterator[int]:
    """Requests without a taker; all that somebody left behind in a cycle is one, for it goes to one successor."""
    rows = session.exec(
        select(Request)
        .join(Cycle, col(Cycle.id) == col(Request.cycle_id))
        .where(col(Request.disputed), col(Request.state).in_(UNANSWERED), col(Cycle.state).in_(OPEN))
        .order_by(col(Request.due), col(Request.id))
    ).all()
    told: set[tuple[int, int]] = set()
    for row in rows:
        left = (row.cycle_id, row.assignee_id)
        if directory.is_gone(row.assignee_id, now):
            if left in told:
                continue
            told.add(left)
        yield row.id
