"""The outbox: messages written in the transaction that calls for them, and claimed one by one to be sent.

A key is deterministic, so the same reason to write never makes a second message. `sending` is committed before Slack is
called; what happened to a message whose sender died is found out by asking Slack, never by sending again blindly.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import case, update
from sqlmodel import Session, col, func, select

from cycles.models import Delivery, DeliveryItem
from cycles.people import Directory

# Rewriting a message makes no sound on anybody's telephone; everything else waits for a decent hour.
SILENT = ("refresh",)
# Slack answers within 30 s or not at all; a minute later a claim without an answer is in doubt.
DOUBT_AFTER = timedelta(seconds=60)
MAX_ATTEMPTS = 6
REFRESHED_TOGETHER = 2_000


def queue(
    session: Session,
    *,
    key: str,
    kind: str,
    person_id: int,
    now: datetime,
    about: Iterable[tuple[str, int, int]],
    root_id: int | None = None,
    role: str | None = None,
    not_before: datetime | None = None,
) -> Delivery | None:
    """Write one message to be sent; None when a message of this key was written before."""
    if session.exec(select(Delivery.id).where(Delivery.key == key)).first() is not None:
        return None
    morning = not_before or now
    delivery = Delivery(
        key=key, kind=kind, person_id=person_id, root_id=root_id, role=role, created_at=now, not_before=morning
    )
    session.add(delivery)
    session.flush()
    session.add_all(items_of(delivery, about))
    session.flush()
    return delivery


def tell(
    session: Session,
    directory: Directory,
    person_id: int,
    *,
    key: str,
    kind: str,
    about: Iterable[tuple[str, int, int]],
    now: datetime,
    role: str | None = None,
) -> Delivery | None:
    """Write one message for the next decent hour of its reader; None when a message of this key was written before."""
    morning = directory.hours(person_id).next_decent(now)
    return queue(session, key=key, kind=kind, person_id=person_id, now=now, about=about, role=role, not_before=morning)


def items_of(delivery: Delivery, about: Iterable[tuple[str, int, int]]) -> list[DeliveryItem]:
    """What a message is about, as rows: subject, its number, rung."""
    return [
        DeliveryItem(delivery_id=delivery.id, subject=subject, subject_id=number, rung=rung)
        for subject, number, rung in about
    ]


def refresh_about(
    session: Session, subject: str, subject_id: int, *, now: datetime, person_id: int | None = None
) -> int:
    """Have every message about something (or only one person's) rewritten to what is true now; returns how many."""
    return _refresh(session, subject, [subject_id], now, person_id)


def refresh_all(session: Session, subject: str, subject_ids: Sequence[int], *, now: datetime) -> int:
    """The same for many subjects, in three queries per REFRESHED_TOGETHER of them."""
    chunks = (subject_ids[at : at + REFRESHED_TOGETHER] for at in range(0, len(subject_ids), REFRESHED_TOGETHER))
    return sum(_refresh(session, subject, chunk, now) for chunk in chunks)


def _refresh(
    session: Session, subject: str, subject_ids: Sequence[int], now: datetime, person_id: int | None = None
) -> int:
    """One waiting rewrite per message is enough: it shows whatever is true when it is sent."""
    whose = [Delivery.person_id == person_id] if person_id is not None else []
    roots = session.exec(
        select(Delivery)
        .join(DeliveryItem, col(DeliveryItem.delivery_id) == col(Delivery.id))
        .where(DeliveryItem.subject == subject, col(DeliveryItem.subject_id).in_(subject_ids))
        .where(col(Delivery.kind).not_in(SILENT), col(Delivery.state).in_(("sent", "sending", "unknown")), *whose)
        .order_by(col(Delivery.id))
    ).all()
    shown = {root.id: root for root in roots}
    if not shown:
        return 0
    rewrites = select(Delivery.root_id, func.count(), func.sum(case((col(Delivery.state) == "queued", 1), else_=0)))
    rewrites = rewrites.where(Delivery.kind == "refresh", col(Delivery.root_id).in_(list(shown)))
    before = {root: (number, waiting) for root, number, waiting in session.exec(rewrites.group_by("root_id")).all()}
    fresh = [
        Delivery(
            key=f"refresh:{root.key}:{before.get(root.id, (0, 0))[0] + 1}",
            kind="refresh",
            person_id=root.person_id,
            root_id=root.id,
            created_at=now,
            not_before=now,
        )
        for root in shown.values()
        if not before.get(root.id, (0, 0))[1]
    ]
    session.add_all(fresh)
    session.flush()
    return len(fresh)


def due(session: Session, now: datetime, limit: int) -> list[Delivery]:
    """Messages that may go out now, oldest first."""
    return list(
        session.exec(
            select(Delivery)
            .where(Delivery.state == "queued", col(Delivery.not_before) <= now)
            .order_by(col(Delivery.not_before), col(Delivery.id))
            .limit(limit)
        ).all()
    )


def next_due(session: Session) -> datetime | None:
    """When the next of the waiting messages may go out; None while none waits."""
    return session.exec(select(func.min(Delivery.not_before)).where(Delivery.state == "queued")).one()


def claimed_since(session: Session, since: datetime, *, silent: bool) -> list[datetime]:
    """When messages, or silent rewrites, were taken for sending after an instant (UTC)."""
    kinds = col(Delivery.kind).in_(SILENT) if silent else col(Delivery.kind).not_in(SILENT)
    return [at for at in session.exec(select(Delivery.claimed_at).where(col(Delivery.claimed_at) > since, kinds)) if at]


def claim(session: Session, delivery: Delivery, now: datetime, *, channel: str | None = None) -> bool:
    """Take a queued message for sending; False when somebody else has taken it.

    `channel` is where it is about to be shown, so that it can be looked for there should its sender die. A rewrite waits
    for another one of the same message, or an older state could be shown last.
    """
    if delivery.kind == "refresh":
        busy = select(Delivery.id).where(Delivery.root_id == delivery.root_id, Delivery.state == "sending")
        if session.exec(busy.where(Delivery.kind == "refresh")).first() is not None:
            return False
    taken = session.execute(
        update(Delivery)
        .where(col(Delivery.id) == delivery.id, col(Delivery.state) == "queued")
        .values(
            state="sending", claimed_at=now, attempts=col(Delivery.attempts) + 1, channel=channel or delivery.channel
        )
    )
    return bool(taken.rowcount)  # type: ignore[attr-defined]


def in_doubt(session: Session, now: datetime) -> list[Delivery]:
    """Messages claimed long enough ago that their sender must have died or lost Slack's answer."""
    return list(
        session.exec(
            select(Delivery)
            .where(Delivery.state == "sending", col(Delivery.claimed_at) <= now - DOUBT_AFTER)
            .order_by(col(Delivery.id))
        ).all()
    )


def sent(session: Session, delivery: Delivery, *, channel: str, ts: str | None, now: datetime) -> bool:
    """Slack has it: where and under which timestamp (None for a rewrite, which keeps its root's).

    What Slack confirms outweighs whatever others have concluded meanwhile; only a first confirmation is kept.
    """
    told = session.execute(
        update(Delivery)
        .where(col(Delivery.id) == delivery.id, col(Delivery.state) != "sent")
        .values(state="sent", sent_at=now, channel=channel, ts=ts, error=None)
    )
    return bool(told.rowcount)  # type: ignore[attr-defined]


def postpone(session: Session, delivery: Delivery, *, until: datetime, error: str | None = None) -> bool:
    """Not sent; try again later. Only for failures in which Slack certainly did not take the message.

    Such a try does not count towards MAX_ATTEMPTS: however long Slack is out of reach, nothing is given up.
    """
    tries = delivery.attempts - (delivery.state == "sending")
    return _settle(session, delivery, state="queued", not_before=until, error=error, attempts=tries)


def again(session: Session, delivery: Delivery, *, until: datetime) -> bool:
    """Slack was asked and does not have it: send it again, under the same key."""
    return _settle(session, delivery, state="queued", not_before=until)


def note(session: Session, delivery: Delivery, error: str) -> bool:
    """Still in doubt, and why."""
    return _settle(session, delivery, error=error)


def withdraw(session: Session, delivery: Delivery) -> bool:
    """Nothing is left to say."""
    return _settle(session, delivery, state="withdrawn", error=None)


def fail(session: Session, delivery: Delivery, error: str) -> bool:
    """Slack will never take it; the error is shown to the lead."""
    return _settle(session, delivery, state="failed", error=error)


def park(session: Session, delivery: Delivery, error: str) -> bool:
    """Whether Slack has it cannot be decided; parked as unknown and shown, never repeated blindly."""
    return _settle(session, delivery, state="unknown", error=error)


def _settle(session: Session, delivery: Delivery, **values: object) -> bool:
    """False when the message is no longer as the caller saw it: a sender that was thought dead must not overrule."""
    settled = session.execute(
        update(Delivery)
        .where(col(Delivery.id) == delivery.id, col(Delivery.state) == delivery.state)
        .where(col(Delivery.claimed_at) == delivery.claimed_at)
        .values(**values)
    )
    return bool(settled.rowcount)  # type: ignore[attr-defined]
