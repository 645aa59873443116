"""Several requests answered at once: each as if it had been answered alone, all of them or some in one transaction.

What can be answered is; what cannot (answered meanwhile, not theirs, another form wanted) is told with its reason and left
as it was. Nothing is half done for any request.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from cycles import answers, desk, journal
from cycles.answers import Offered
from cycles.brief_items import items_for
from cycles.briefs import Item
from cycles.errors import Refused
from cycles.models import EvidenceKind, Person, Request, System
from cycles.permits import Act
from cycles.takers import UNANSWERED_SECTIONS

# More than this is answered in a second go: a form of Slack's has room for so many, and every answer is written at once.
MOST = 300


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of one request: `refused` is the reason's code (`cycles.errors.Refused`), None where it was answered."""

    request_id: int
    refused: str | None = None


def choices(session: Session, person: Person, now: datetime) -> tuple[list[Item], int]:
    """The person's own unanswered requests, and how many there are: at most MOST, the soonest due; first what can be confirmed."""
    numbers = [paper.number for paper in desk.requests_of(session, person, now) if paper.section in UNANSWERED_SECTIONS]
    items = items_for(session, numbers[:MOST], person, now)
    return sorted(items, key=lambda item: not item.can_confirm), len(numbers)


def names_of(session: Session, numbers: Sequence[int]) -> dict[int, tuple[str, Mapping[str, str]]]:
    """System and kind of evidence by request; what is no request is left out."""
    rows = session.exec(
        select(Request.id, System.name, EvidenceKind.title)
        .join(System, col(System.id) == col(Request.system_id))
        .join(EvidenceKind, col(EvidenceKind.id) == col(Request.kind_id))
        .where(col(Request.id).in_(numbers))
    ).all()
    return {number: (system, kind) for number, system, kind in rows}


def in_review(session: Session, numbers: Sequence[int]) -> Sequence[int]:
    """Which of these requests wait for a reviewer."""
    return session.exec(select(Request.id).where(col(Request.id).in_(numbers), Request.state == "submitted")).all()


def confirm(act: Act, numbers: Sequence[int]) -> list[Outcome]:
    """*Still true* for each of these requests."""
    return _each(act, numbers, lambda number: answers.confirm(act, number))


def submit(act: Act, numbers: Sequence[int], offered: Offered) -> list[Outcome]:
    """The same evidence for each of these requests; a file is kept once, by its digest."""
    return _each(act, numbers, lambda number: answers.submit(act, number, offered))


def _each(act: Act, numbers: Sequence[int], answer: Callable[[int], object]) -> list[Outcome]:
    return [_one(act.session, number, answer) for number in dict.fromkeys(numbers)]


def _one(session: Session, number: int, answer: Callable[[int], object]) -> Outcome:
    refused = attempt(session, lambda: answer(number))
    return Outcome(request_id=number, refused=refused.reason if refused else None)


def attempt(session: Session, deed: Callable[[], object]) -> Refused | None:
    """Do something whole or not at all; gives the refusal.

    In a savepoint of its own, because a refusal may come when something was written already.
    """
    before = journal.mark(session)
    try:
        with session.begin_nested():
            deed()
    except Refused as refused:
        journal.step_back(session, before)
        return refused
    return None
