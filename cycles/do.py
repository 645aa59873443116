"""Do: find what is due, decide per person, write what is to be said.

One digest a workday for first asks, one reminder a day in its thread, then the next rung of the ladder. A person outside
their hours is left alone until they open; a person on leave is stood in for by their deputy; a person who has left is
the lead's to replace. Nothing here sends: messages go to the outbox in the same transaction as the change.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlmodel import Session, col, func, select

from cycles import journal, outbox
from cycles.ladder import Ladder
from cycles.models import UNANSWERED, Cycle, Delivery, DeliveryItem, Request
from cycles.people import Directory
from cycles.policy import Policy
from cycles.programme_cycles import OPEN

BATCH = 2_000
ITEMS_PER_MESSAGE = 8


@dataclass(frozen=True, kw_only=True)
class Ticked:
    """What one tick decided, in requests."""

    asked: int = 0
    reminded: int = 0
    escalated: int = 0
    deferred: int = 0
    orphaned: int = 0


@dataclass
class _Round:
    """The messages one tick gathers: per person and kind, the requests each speaks of with their rung."""

    session: Session
    cycle: Cycle
    policy: Policy
    directory: Directory
    now: datetime
    told: dict[tuple[str, int, str | None], list[tuple[Request, int]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    deferred: int = 0
    orphaned: int = 0


def tick(session: Session, *, now: datetime, actor: str) -> Ticked:
    """Decide everything that is due; costs what is due, not what is open."""
    due = session.exec(
        select(Request, Cycle)
        .join(Cycle, col(Cycle.id) == col(Request.cycle_id))
        .where(col(Request.next_at) <= now, col(Request.state).in_(UNANSWERED), col(Cycle.state).in_(OPEN))
        .order_by(col(Request.next_at), col(Request.id))
        .limit(BATCH)
    ).all()
    rounds: dict[int, _Round] = {}
    for request, cycle in due:
        if cycle.id not in rounds:
            policy = Policy.model_validate(cycle.policy)
            rounds[cycle.id] = _Round(session, cycle, policy, Directory.load(session, policy), now)
        _decide(rounds[cycle.id], request)
    return _add(*(_speak(found, actor) for found in rounds.values()))


def _decide(found: _Round, request: Request) -> None:
    directory, now = found.directory, found.now
    request.disputed = request.disputed or directory.has_left(request.assignee_id, now)
    if request.disputed:
        _orphan(found, request)
    elif request.step == 0:
        _stand_in(found, request)
        _gather(found, request, "digest", request.assignee_id, None, rung=0)
    else:
        _climb(found, request)


def _orphan(found: _Round, request: Request) -> None:
    """Nobody is there to ask: the lead is told once, and decides."""
    request.next_at = None
    found.session.add(request)
    found.orphaned += 1
    gone, lead = found.directory.people[request.assignee_id].key, found.directory.lead(found.now)
    if _lead_knows(found, request):
        return
    # One message for all that a person left behind: whoever the lead names gets everything (decisions.reassign).
    outbox.queue(
        found.session,
        key=f"dispute:{found.cycle.key}:left:{gone}:{request.id}",
        kind="dispute",
        person_id=lead,
        now=found.now,
        about=[("request", request.id, 0)],
        not_before=found.directory.hours(lead).next_decent(found.now),
    )


def _lead_knows(found: _Round, request: Request) -> bool:
    """Whether something else that the same person left behind is before the lead, undecided."""
    asked = (
        select(Delivery.id)
        .join(DeliveryItem, col(DeliveryItem.delivery_id) == col(Delivery.id))
        .join(Request, col(Request.id) == col(DeliveryItem.subject_id))
        .where(DeliveryItem.subject == "request", Delivery.kind == "dispute", col(Request.disputed))
        .where(Request.cycle_id == request.cycle_id, Request.assignee_id == request.assignee_id)
        .where(col(Request.state).in_(UNANSWERED))
    )
    return found.session.exec(asked).first() is not None


def _stand_in(found: _Round, request: Request) -> None:
    """What would wait out a long leave goes to the deputy instead, or to whoever is next above."""
    request.assignee_id = found.directory.stand_in(request.assignee_id, found.now)


def _climb(found: _Round, request: Request) -> None:
    """The rung that is due; of several missed reminders to the owner only the last is spoken."""
    ladder, now = found.policy.asking.ladder, found.now
    if request.step > len(ladder):
        request.next_at = None
        return
    rung = ladder[request.step - 1]
    if request.snoozed_until is not None and rung.to != "owner" and request.step > 1:
        # They asked to be asked again today: once more them, before anybody above is told.
        request.step, rung = request.step - 1, ladder[request.step - 2]
    if rung.to == "owner" and not found.directory.is_here(request.assignee_id, now):
        _stand_in(found, request)
        _gather(found, request, "digest", request.assignee_id, None, rung=request.step)
        return
    above = Ladder.of(request, found.directory, found.policy)
    request.step = above.latest_due(request.step, now)
    rung = ladder[request.step - 1]
    told = above.told(rung.to, now)
    repeats = rung.to != "owner" and (told == request.assignee_id or _was_told(found, request, told))
    if repeats or (rung.to == "owner" and _has_heard_enough(found, request)):
        _advance(found, request)
        return
    kind = "escalation" if rung.message == "escalation" else "reminder"
    role = rung.to if kind == "escalation" else "last" if rung.message == "last_reminder" else None
    _gather(found, request, kind, told, role, rung=request.step)


def _was_told(found: _Round, request: Request, person_id: int) -> bool:
    """Somebody who stands on two rungs of the ladder is told once."""
    told = (
        select(Delivery.id)
        .join(DeliveryItem, col(DeliveryItem.delivery_id) == col(Delivery.id))
        .where(DeliveryItem.subject == "request", DeliveryItem.subject_id == request.id)
        .where(Delivery.person_id == person_id, Delivery.kind == "escalation")
    )
    return found.session.exec(told).first() is not None


def _has_heard_enough(found: _Round, request: Request) -> bool:
    """Whether the assignee was told of a request as often as policy allows since it was last answered."""
    told = (
        select(func.count())
        .select_from(Delivery)
        .join(DeliveryItem, col(DeliveryItem.delivery_id) == col(Delivery.id))
        .where(DeliveryItem.subject == "request", DeliveryItem.subject_id == request.id)
        .where(Delivery.person_id == request.assignee_id, col(Delivery.kind).in_(("digest", "reminder")))
        .where(col(Delivery.created_at) >= (request.answered_at or found.cycle.planned_at))
    )
    return found.session.exec(told).one() >= found.policy.asking.messages_per_request


def _gather(found: _Round, request: Request, kind: str, person_id: int, role: str | None, *, rung: int) -> None:
    hours = found.directory.hours(person_id)
    if not hours.is_decent(found.now):
        request.next_at = hours.next_decent(found.now)
        found.session.add(request)
        found.deferred += 1
        return
    found.told[kind, person_id, role].append((request, rung))


def _speak(found: _Round, actor: str) -> Ticked:
    counts = {"digest": 0, "reminder": 0, "escalation": 0}
    spoken: list[tuple[str, int, int, int]] = []
    for (kind, person_id, role), items in sorted(found.told.items(), key=str):
        said = _write(found, kind, person_id, role, items)
        counts[kind] += len(said)
        spoken += [(kind, person_id, request.id, rung) for request, rung in said]
    if spoken or found.orphaned:
        told = {"asked": counts["digest"], "reminded": counts["reminder"], "escalated": counts["escalation"]}
        after = {**told, "orphaned": found.orphaned, "count": len(spoken), "digest": journal.digest(spoken)}
        subject = f"cycle:{found.cycle.key}"
        journal.append(found.session, at=found.now, actor=actor, action="requests.chased", subject=subject, after=after)
    return Ticked(
        asked=counts["digest"],
        reminded=counts["reminder"],
        escalated=counts["escalation"],
        deferred=found.deferred,
        orphaned=found.orphaned,
    )


def _write(
    found: _Round, kind: str, person_id: int, role: str | None, items: list[tuple[Request, int]]
) -> list[tuple[Request, int]]:
    """One message of a kind per person and day; what does not fit waits for the person's next workday."""
    person, day = found.directory.people[person_id], found.directory.today(person_id, found.now)
    now_said, later = items[:ITEMS_PER_MESSAGE], items[ITEMS_PER_MESSAGE:]
    about = [("request", request.id, rung) for request, rung in now_said]
    key = ":".join(part for part in (kind, person.key, role, day.isoformat()) if part)
    root = _thread_of(found.session, person_id, now_said[0][0]) if kind == "reminder" and role is None else None
    written = outbox.queue(
        found.session, key=key, kind=kind, person_id=person_id, now=found.now, about=about, root_id=root, role=role
    )
    if written is None:
        now_said, later = [], items
    for request, _ in now_said:
        if request.state == "pending":
            request.state, request.asked_at = "asked", found.now
        request.snoozed_until = None
        _advance(found, request)
        if kind != "digest":
            # The first ask shows the same: how late it is by now, and its buttons again after a snooze.
            found.session.flush()
            outbox.refresh_about(found.session, "request", request.id, now=found.now)
    for request, _ in later:
        hours = found.directory.hours(person_id)
        request.next_at = hours.next_decent(hours.opens(day + timedelta(days=1)))
        found.session.add(request)
    found.deferred += len(later)
    return now_said


def _advance(found: _Round, request: Request) -> None:
    request.step += 1
    request.next_at = Ladder.of(request, found.directory, found.policy).next_time(request.step - 1, found.now)
    found.session.add(request)


def _thread_of(session: Session, person_id: int, request: Request) -> int | None:
    """The first ask in which the person saw this request; its thread carries the reminder."""
    return session.exec(
        select(Delivery.id)
        .join(DeliveryItem, col(DeliveryItem.delivery_id) == col(Delivery.id))
        .where(DeliveryItem.subject == "request", DeliveryItem.subject_id == request.id)
        .where(Delivery.kind == "digest", Delivery.person_id == person_id)
        .order_by(col(Delivery.id).desc())
    ).first()


def _add(*ticks: Ticked) -> Ticked:
    return Ticked(
        asked=sum(tick.asked for tick in ticks),
        reminded=sum(tick.reminded for tick in ticks),
        escalated=sum(tick.escalated for tick in ticks),
        deferred=sum(tick.deferred for tick in ticks),
        orphaned=sum(tick.orphaned for tick in ticks),
    )
