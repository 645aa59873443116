"""One message for what comes to somebody within a short while, instead of one for each."""

from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from cycles import outbox
from cycles.models import Delivery, DeliveryItem
from cycles.people import Directory

NO_WAIT = timedelta(0)
_LIVE = ("queued", "sending", "sent", "unknown")


def gather(
    session: Session,
    directory: Directory,
    person_id: int,
    *,
    key: str,
    kind: str,
    about: tuple[str, int, int],
    now: datetime,
    role: str | None = None,
    apart: timedelta = NO_WAIT,
) -> None:
    """Tell somebody of something, with whatever else waits to be told in the same kind of message; once, however often called.

    Until a message is taken for sending there is room in it. Writers wait for each other, so none is taken meanwhile. A new
    one comes at a decent hour, `apart` after the one before at the earliest.
    """
    if _is_told(session, kind, role, person_id, about):
        return
    mine = select(Delivery).where(Delivery.kind == kind, Delivery.role == role, Delivery.person_id == person_id)
    mine = mine.where(col(Delivery.state).in_(_LIVE)).order_by(col(Delivery.id).desc())
    last = session.exec(mine.limit(1)).first()
    if last is not None and last.state == "queued":
        _join(session, last, about)
        return
    told = (last.sent_at or last.claimed_at) if last is not None else None
    morning = directory.hours(person_id).next_decent(max(now, told + apart) if told else now)
    outbox.queue(
        session, key=key, kind=kind, person_id=person_id, now=now, about=[about], role=role, not_before=morning
    )


def _join(session: Session, message: Delivery, about: tuple[str, int, int]) -> None:
    """A message is about something once; what it waits to say of it is the newest."""
    subject, number, rung = about
    same = select(DeliveryItem).where(DeliveryItem.delivery_id == message.id, DeliveryItem.subject == subject)
    item = session.exec(same.where(DeliveryItem.subject_id == number)).first()
    if item is None:
        session.add_all(outbox.items_of(message, [about]))
    else:
        item.rung = rung
        session.add(item)
    session.flush()


def _is_told(session: Session, kind: str, role: str | None, person_id: int, about: tuple[str, int, int]) -> bool:
    subject, number, rung = about
    same = (
        select(DeliveryItem.id)
        .join(Delivery, col(Delivery.id) == col(DeliveryItem.delivery_id))
        .where(DeliveryItem.subject == subject, DeliveryItem.subject_id == number, DeliveryItem.rung == rung)
        .where(Delivery.kind == kind, Delivery.role == role, Delivery.person_id == person_id)
    )
    return session.exec(same).first() is not None
