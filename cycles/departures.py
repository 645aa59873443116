"""When somebody leaves, or can no longer be written to: what they were asked for becomes the lead's to hand on."""

from datetime import datetime

from sqlmodel import Session, col, select

from cycles.models import UNANSWERED, Cycle, Delivery, DeliveryItem, Request
from cycles.people import Directory

# Messages that ask their reader for evidence: to somebody who has left there is nothing to say in them.
ASKING = ("digest", "reminder", "returned")
_UNDECIDED = (col(Request.state).in_(UNANSWERED), ~col(Request.disputed))


def wake_orphans(session: Session, cycle: Cycle, directory: Directory, now: datetime) -> None:
    """What somebody who is gone was to answer in a cycle is looked at by the next tick."""
    gone = [person for person in directory.people if directory.is_gone(person, now)]
    waiting = select(Request).where(Request.cycle_id == cycle.id, col(Request.assignee_id).in_(gone))
    _wake(session, list(session.exec(waiting.where(*_UNDECIDED)).all()) if gone else [], now)


def hand_back(session: Session, delivery: Delivery, now: datetime) -> None:
    """What a message that cannot be shown any more asked of its reader is looked at by the next tick."""
    asked = (
        select(Request)
        .join(DeliveryItem, col(DeliveryItem.subject_id) == col(Request.id))
        .where(DeliveryItem.subject == "request", DeliveryItem.delivery_id == delivery.id)
        .where(Request.assignee_id == delivery.person_id, *_UNDECIDED)
    )
    _wake(session, list(session.exec(asked).all()), now)


def look_again(session: Session, request: Request, assignee_id: int, now: datetime) -> None:
    """Something the lead decided about is over; what only its message told of is looked at by the next tick.

    One message tells of all that somebody left behind, and names one request. Once that is answered, the others are
    before nobody.
    """
    named = (
        select(DeliveryItem.subject_id)
        .join(Delivery, col(Delivery.id) == col(DeliveryItem.delivery_id))
        .where(Delivery.kind == "dispute", DeliveryItem.subject == "request")
        .where(DeliveryItem.subject_id == Request.id)
    )
    others = select(Request).where(
        Request.cycle_id == request.cycle_id,
        Request.assignee_id == assignee_id,
        Request.id != request.id,
        col(Request.disputed),
        col(Request.state).in_(UNANSWERED),
        ~named.exists(),
    )
    for other in session.exec(others).all():
        other.disputed, other.next_at = False, now
        session.add(other)
    session.flush()


def _wake(session: Session, requests: list[Request], now: datetime) -> None:
    for request in requests:
        request.next_at = min(now, request.next_at or now)
        session.add(request)
    session.flush()
