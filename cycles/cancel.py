"""A cycle called off by a lead: nobody is asked in it any more, and everything said about it says so.

What it brought stays on record. Evidence that was accepted goes on counting, and open lapses with their actions are watched
on by the newest other cycle under way, else by the last closed one. Its period is not planned again: the next one is.
"""

from sqlalchemy import ColumnElement, and_, or_, update
from sqlmodel import col, select

from cycles import journal, outbox
from cycles.errors import Refused
from cycles.models import UNANSWERED, Cycle, Delivery, DeliveryItem, Evidence, Request
from cycles.people import Directory
from cycles.permits import Act
from cycles.policy import Policy


def cancel(act: Act, cycle: Cycle, reason: str) -> bool:
    """Call off a cycle that is planned or under way. False when it was called off before.

    Raises:
        Refused: when it is closed, the person is no lead, or no reason is given.
    """
    act.must_be_here()
    act.must_lead(Directory.few(act.session, Policy.model_validate(cycle.policy)))
    if cycle.state == "cancelled":
        return False
    if cycle.state == "closed":
        raise Refused("closed", f"Cycle {cycle.key} is closed; what it found stands and cannot be called off.")
    if not reason.strip():
        raise Refused("reason", "Say why the cycle is cancelled; the reason is kept on record.")
    before, cycle.state, cycle.cancelled_at = cycle.state, "cancelled", act.now
    act.session.add(cycle)
    requests = _stop_asking(act, cycle)
    after = {"state": "cancelled", "reason": reason.strip(), "count": len(requests), "digest": journal.digest(requests)}
    journal.append(
        act.session,
        at=act.now,
        actor=act.person.key,
        action="cycle.cancelled",
        subject=f"cycle:{cycle.key}",
        before={"state": before},
        after=after,
    )
    _tell(act, cycle)
    return True


def refuse_anew(cycle: Cycle | None) -> None:
    """A period that was called off is not planned again under the same key, which names one story in the record.

    Raises:
        Refused: when the cycle was cancelled.
    """
    if cycle is not None and cycle.state == "cancelled":
        raise Refused("closed", f"Cycle {cycle.key} was cancelled and is not planned again; plan the next one.")


def _stop_asking(act: Act, cycle: Cycle) -> list[int]:
    """What waited for an answer needs none; what was answered stays as it is, evidence under review included."""
    waiting = and_(col(Request.cycle_id) == cycle.id, col(Request.state).in_((*UNANSWERED, "lapsed")))
    ids = list(act.session.exec(select(Request.id).where(waiting).order_by(col(Request.id))).all())
    said = {"verb": "cancelled", "by": act.person.name, "at": act.now.isoformat(), "record": cycle.key}
    ended = {"state": "excused", "next_at": None, "disputed": False, "offered_to_id": None, "answer": said}
    act.session.execute(update(Request).where(waiting).values(**ended))
    act.session.expire_all()
    return ids


def _tell(act: Act, cycle: Cycle) -> None:
    """Messages that wait and speak of nothing else are withdrawn; those that were shown are rewritten."""
    requests = list(act.session.exec(select(Request.id).where(Request.cycle_id == cycle.id)).all())
    of_it = col(Evidence.request_id).in_(select(Request.id).where(Request.cycle_id == cycle.id))
    evidence = list(act.session.exec(select(Evidence.id).where(of_it)).all())
    mine = _about(cycle)
    other = select(DeliveryItem.id).where(DeliveryItem.delivery_id == col(Delivery.id), ~mine).correlate(Delivery)
    some = select(DeliveryItem.id).where(DeliveryItem.delivery_id == col(Delivery.id), mine).correlate(Delivery)
    withdrawn = update(Delivery).where(col(Delivery.state) == "queued", col(Delivery.kind).not_in(outbox.SILENT))
    act.session.execute(
        withdrawn.where(some.exists(), ~other.exists())
        .values(state="withdrawn")
        .execution_options(synchronize_session=False)
    )
    outbox.refresh_all(act.session, "request", requests, now=act.now)
    outbox.refresh_all(act.session, "evidence", evidence, now=act.now)
    outbox.refresh_about(act.session, "cycle", cycle.id, now=act.now)


def _about(cycle: Cycle) -> ColumnElement[bool]:
    requests = select(Request.id).where(Request.cycle_id == cycle.id)
    evidence = select(Evidence.id).where(col(Evidence.request_id).in_(requests))
    subject, number = col(DeliveryItem.subject), col(DeliveryItem.subject_id)
    return or_(
        and_(subject == "request", number.in_(requests)),
        and_(subject == "evidence", number.in_(evidence)),
        and_(subject == "cycle", number == cycle.id),
    )
