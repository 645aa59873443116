"""What lies on somebody's desk: everything that concerns them now, in the order it wants doing.

First only numbers, however many there are (`papers`); what a page of them says is gathered for that page alone (`unfold`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from cycles.action_states import AT_WORK
from cycles.brief_items import answered_now
from cycles.desk_decisions import decisions_of
from cycles.models import UNANSWERED, Action, Cycle, Evidence, Panel, Person, Request, Review, Verdict
from cycles.programme_cycles import OPEN

# What waits for the person first; what only waits with others, and what is done, last.
SECTIONS = (
    "open", "offered", "decide", "review", "panel", "action", "judge", "snoozed", "handed", "waiting", "answered",
)  # fmt: skip
REQUESTS = ("open", "offered", "snoozed", "handed", "waiting", "answered")
ASKED = ("asked", "returned", "lapsed", "submitted")
SETTLED = ("accepted", "excused")


@dataclass(frozen=True, kw_only=True)
class Paper:
    """One thing on the desk. `number` is a request's id, an evidence's (review, panel) or an action's (action, judge).

    What is to be decided has a kind of its own (`desk_decisions.KINDS`), which says whose number it is.
    """

    section: str
    number: int
    kind: str = ""


def papers(session: Session, person: Person, now: datetime) -> list[Paper]:
    """Everything, section by section; within one the soonest first, and what was answered the newest first."""
    found = [
        *requests_of(session, person, now),
        *_named("offered", _offered(session, person)),
        *(Paper(section="decide", number=number, kind=kind) for kind, number in decisions_of(session, person, now)),
        *_named("review", _reviews(session, person)),
        *_named("panel", _panels(session, person, now)),
        *_named("action", _actions(session, person)),
        *_named("judge", _judged(session, person)),
    ]
    return sorted(found, key=lambda paper: SECTIONS.index(paper.section))


def section_of(request: Request, today: date) -> str:
    """Where a request lies on the desk of whoever is to answer it; `today` is the date where they are.

    Handed: offered to somebody else, or before the lead; it may still be answered. Waiting: a reviewer has it.
    """
    if request.state in SETTLED:
        return "answered"
    if request.state == "submitted":
        return "waiting"
    answered = answered_now(request, today)
    if answered is None:
        return "open"
    if answered.verb == "snoozed":
        return "snoozed"
    return "handed" if request.state in UNANSWERED else "answered"


def requests_of(session: Session, person: Person, now: datetime) -> list[Paper]:
    """What somebody is to answer, or has answered, in the cycles that are open."""
    today = now.astimezone(ZoneInfo(person.zone)).date()
    rows = session.exec(
        select(Request)
        .join(Cycle, col(Cycle.id) == col(Request.cycle_id))
        .where(Request.assignee_id == person.id, col(Cycle.state).in_(OPEN))
        .where(col(Request.state).in_((*ASKED, *SETTLED)))
        .order_by(col(Request.due), col(Request.id))
    ).all()
    shown = [row for row in rows if row.state not in SETTLED or row.answered_at is not None]
    placed = [(section_of(row, today), row) for row in shown]
    done = [row for section, row in placed if section == "answered"]
    done.sort(key=lambda row: (_moment(row), row.id), reverse=True)
    return [
        *(Paper(section=section, number=row.id) for section, row in placed if section != "answered"),
        *(Paper(section="answered", number=row.id) for row in done),
    ]


def _moment(request: Request) -> datetime:
    """When it was answered; what was said that it cannot be provided has its moment in the answer."""
    if request.answered_at is not None:
        return request.answered_at
    return datetime.fromisoformat(str((request.answer or {})["at"]))


def _offered(session: Session, person: Person) -> Sequence[int]:
    return session.exec(
        select(Request.id)
        .join(Cycle, col(Cycle.id) == col(Request.cycle_id))
        .where(Request.offered_to_id == person.id, col(Cycle.state).in_(OPEN), col(Request.state).in_(UNANSWERED))
        .order_by(col(Request.due), col(Request.id))
    ).all()


def _reviews(session: Session, person: Person) -> Sequence[int]:
    """Evidence that waits for this reviewer alone, the soonest due first."""
    rows = session.exec(
        _asked_about(person)
        .outerjoin(Panel, col(Panel.evidence_id) == col(Evidence.id))
        .where(col(Panel.evidence_id).is_(None), col(Review.vote).is_(None))
        .where(Request.state == "submitted", col(Request.evidence_id) == col(Evidence.id))
        .order_by(col(Request.due), col(Evidence.id))
    ).all()
    return list(rows)


def _panels(session: Session, person: Person, now: datetime) -> Sequence[int]:
    """Panels this person is to decide, then those whose vote is waited for, then those they have voted on."""
    deciding = session.exec(
        select(Panel.evidence_id)
        .outerjoin(Verdict, col(Verdict.evidence_id) == col(Panel.evidence_id))
        .where(Panel.decider_id == person.id, Panel.outcome == "no-quorum", col(Verdict.evidence_id).is_(None))
        .order_by(col(Panel.deadline), col(Panel.evidence_id))
    ).all()
    sitting = session.exec(
        _asked_about(person)
        .join(Panel, col(Panel.evidence_id) == col(Evidence.id))
        .where(col(Panel.outcome).is_(None))
        .order_by(col(Review.vote).is_not(None), col(Panel.deadline), col(Evidence.id))
    ).all()
    return list(dict.fromkeys((*deciding, *sitting)))


def _asked_about(person: Person) -> Any:
    """The evidence that somebody is asked to judge, undecided, of cycles that are open."""
    return (
        select(Evidence.id)
        .join(Review, col(Review.evidence_id) == col(Evidence.id))
        .join(Request, col(Request.id) == col(Evidence.request_id))
        .join(Cycle, col(Cycle.id) == col(Request.cycle_id))
        .outerjoin(Verdict, col(Verdict.evidence_id) == col(Evidence.id))
        .where(Review.reviewer_id == person.id, col(Verdict.evidence_id).is_(None), col(Cycle.state).in_(OPEN))
    )


def _actions(session: Session, person: Person) -> Sequence[int]:
    """What this person improves: what is at work first, then what waits for its effect to be judged."""
    return session.exec(
        select(Action.id)
        .where(Action.owner_id == person.id, col(Action.closed_at).is_(None))
        .order_by(col(Action.state).not_in(AT_WORK), col(Action.due), col(Action.id))
    ).all()


def _judged(session: Session, person: Person) -> Sequence[int]:
    """Actions whose effect this person was asked to judge."""
    return session.exec(
        select(Action.id)
        .where(Action.reviewer_id == person.id, Action.state == "implemented", Action.owner_id != person.id)
        .order_by(col(Action.review_on), col(Action.id))
    ).all()


def _named(section: str, numbers: Iterable[int]) -> list[Paper]:
    return [Paper(section=section, number=number) for number in numbers]
