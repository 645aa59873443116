"""Which of somebody's unanswered requests take a form of evidence."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Session, col, select

from cycles import desk
from cycles.brief_parts import Text
from cycles.models import EvidenceKind, Person, Request, System

# What is put off, handed on or before the lead may still be answered.
UNANSWERED_SECTIONS = ("open", "snoozed", "handed")


@dataclass(frozen=True, kw_only=True)
class Taker:
    """A request that could be answered, and the forms it takes."""

    request_id: int
    system_name: str
    kind_title: Text
    due: date
    forms: tuple[str, ...]


def takers(session: Session, person: Person, now: datetime, forms: Collection[str]) -> list[Taker]:
    """The person's own unanswered requests that take one of these forms, the soonest due first."""
    papers = desk.requests_of(session, person, now)
    numbers = [paper.number for paper in papers if paper.section in UNANSWERED_SECTIONS]
    rows = session.exec(
        select(Request, System.name, EvidenceKind)
        .join(System, col(System.id) == col(Request.system_id))
        .join(EvidenceKind, col(EvidenceKind.id) == col(Request.kind_id))
        .where(col(Request.id).in_(numbers))
        .order_by(col(Request.due), col(Request.id))
    ).all()
    return [
        Taker(request_id=request.id, system_name=name, kind_title=kind.title, due=request.due, forms=tuple(kind.forms))
        for request, name, kind in rows
        if set(kind.forms) & set(forms)
    ]


def same_kind(session: Session, person: Person, now: datetime, request_id: int) -> list[int]:
    """The person's other unanswered requests for the same kind of evidence, the soonest due first."""
    asked = session.get(Request, request_id)
    papers = desk.requests_of(session, person, now) if asked else []
    numbers = [paper.number for paper in papers if paper.section in UNANSWERED_SECTIONS and paper.number != request_id]
    wanted = select(Request.id).where(col(Request.id).in_(numbers), Request.kind_id == (asked.kind_id if asked else 0))
    return list(session.exec(wanted.order_by(col(Request.due), col(Request.id))).all())


def forms_of(session: Session, request_id: int) -> tuple[str, ...]:
    """The forms a request takes; none when there is no such request."""
    request = session.get(Request, request_id)
    return tuple(session.get_one(EvidenceKind, request.kind_id).forms) if request else ()
