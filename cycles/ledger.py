"""The chase ledger of one request: what was announced when its cycle was planned, beside what happened.

What was announced is the ladder's preview from the slot the request was planned for, by everybody's calendar as it is
known now. What happened is in the outbox (messages) and in the journal (answers); nothing is kept twice.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from cycles.errors import Refused
from cycles.ladder import Ladder, Line
from cycles.lapses import pair_name
from cycles.models import UNANSWERED, Cycle, Delivery, DeliveryItem, JournalEntry, Request, Slot
from cycles.people import Directory
from cycles.plan import calendar_name
from cycles.policy import Policy

CHASING = ("digest", "reminder", "escalation")
# Acts after which a request is asked from its first message on again.
RENEWING = ("reassigned", "took_over", "returned", "kept", "reached")


@dataclass(frozen=True, kw_only=True)
class Said:
    """One message about the request. `at` is when it was sent or, until then, when it may be; `state` is its delivery's."""

    at: datetime
    person_id: int
    message: str
    rung: int
    state: str
    nudge: bool


@dataclass(frozen=True, kw_only=True)
class Deed:
    """What somebody did about the request, as journaled."""

    at: datetime
    who: str
    verb: str


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One line. `outcome` is sent, moved, not needed, to come, late, or added (not announced); `why` explains it."""

    rung: int
    message: str
    announced_at: datetime | None = None
    announced_to: str | None = None
    happened_at: datetime | None = None
    happened_to: str | None = None
    outcome: str
    why: str = ""


@dataclass(frozen=True, kw_only=True)
class Ledger:
    """The whole of it; `next_at` is when the ladder acts next."""

    request: int
    name: str
    cycle: str
    state: str
    due: str
    next_at: datetime | None
    lines: tuple[Entry, ...]
    deeds: tuple[Deed, ...]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, kw_only=True)
class _Reading:
    request: Request
    directory: Directory
    said: Sequence[Said]
    deeds: Sequence[Deed]
    now: datetime


def ledger(session: Session, request_id: int, now: datetime) -> Ledger:
    """The ledger of a request at an instant.

    Raises:
        Refused: when there is no such request.
    """
    request = session.get(Request, request_id)
    if request is None:
        raise Refused("unknown", f"There is no request {request_id}.")
    cycle = session.get_one(Cycle, request.cycle_id)
    policy = Policy.model_validate(cycle.policy)
    directory, name = Directory.load(session, policy), pair_name(session, request.system_id, request.kind_id)
    said, deeds = _said(session, request), _deeds(session, cycle, name)
    reading = _Reading(request=request, directory=directory, said=said, deeds=deeds, now=now)
    return Ledger(
        request=request.id,
        name=name,
        cycle=cycle.key,
        state=request.state,
        due=request.due.isoformat(),
        next_at=request.next_at,
        lines=tuple(_lines(reading, _announced(session, request, directory, policy))),
        deeds=tuple(deeds),
    )


def _announced(session: Session, request: Request, directory: Directory, policy: Policy) -> list[Line]:
    """As it was planned, or opened again. A request that a lapse brought has no slot: nothing was announced about it."""
    if request.renews is not None:
        again = replace(Ladder.of(request, directory, policy), assignee_id=request.owner_id)
        return again.preview(directory.hours(request.owner_id).opens(request.ask_on))
    slot = session.exec(
        select(Slot).where(
            Slot.cycle_id == request.cycle_id,
            Slot.calendar == calendar_name(directory, request.owner_id),
            Slot.ask_on == request.ask_on,
        )
    ).first()
    if slot is None:
        return []
    planned = replace(Ladder.of(request, directory, policy), due=slot.due, assignee_id=request.owner_id)
    return planned.preview(slot.ask_at)


def _said(session: Session, request: Request) -> list[Said]:
    """Since the request was opened, or opened again."""
    rows = session.exec(
        select(Delivery, DeliveryItem.rung)
        .join(DeliveryItem, col(DeliveryItem.delivery_id) == col(Delivery.id))
        .where(DeliveryItem.subject == "request", DeliveryItem.subject_id == request.id)
        .where(col(Delivery.kind).in_(CHASING), Delivery.state != "withdrawn")
        .where(*([col(Delivery.created_at) >= request.renewed_at] if request.renewed_at is not None else []))
        .order_by(col(Delivery.id))
    ).all()
    return [
        Said(
            at=delivery.sent_at or delivery.not_before,
            person_id=delivery.person_id,
            message="last_reminder" if delivery.role == "last" else delivery.kind,
            rung=rung,
            state=delivery.state,
            nudge=delivery.key.startswith("nudge:"),
        )
        for delivery, rung in rows
    ]


def _deeds(session: Session, cycle: Cycle, name: str) -> list[Deed]:
    """Acts on the request within its cycle; the same pair is asked in other cycles under the same name."""
    rows = session.exec(
        select(JournalEntry)
        .where(JournalEntry.subject == f"request:{name}", col(JournalEntry.at) >= cycle.planned_at)
        .order_by(col(JournalEntry.seq))
    ).all()
    until = cycle.closed_at
    return [
        Deed(at=row.at, who=row.actor, verb=row.action.partition(".")[2])
        for row in rows
        if until is None or row.at <= until
    ]


def _lines(reading: _Reading, announced: Sequence[Line]) -> list[Entry]:
    left = list(reading.said)
    lines = []
    for line in announced:
        spoken = next((said for said in left if said.rung == line.rung and not said.nudge), None)
        if spoken is not None:
            left.remove(spoken)
        lines.append(_beside(reading, line, spoken))
    lines += [_added(reading, said) for said in left]
    return sorted(lines, key=lambda entry: (entry.happened_at or entry.announced_at or reading.now, entry.rung))


def _beside(reading: _Reading, line: Line, spoken: Said | None) -> Entry:
    people = reading.directory.people
    entry = Entry(
        rung=line.rung,
        message=line.message,
        announced_at=line.at,
        announced_to=people[line.person_id].key,
        outcome="sent",
    )
    if spoken is None:
        outcome, why = _unspoken(reading, line)
        return replace(entry, outcome=outcome, why=why)
    entry = replace(entry, happened_at=spoken.at, happened_to=people[spoken.person_id].key)
    if spoken.state != "sent":
        return replace(entry, outcome="to come" if spoken.state in ("queued", "sending") else "late", why=spoken.state)
    day = reading.directory.hours(spoken.person_id).local_day
    if spoken.person_id == line.person_id and day(spoken.at) == day(line.at):
        return entry
    return replace(entry, outcome="moved", why=_why_moved(reading, line, spoken))


def _why_moved(reading: _Reading, line: Line, spoken: Said) -> str:
    """The act that began its ladder anew, else the snooze before it, else the person's absence, else their hours."""
    before = [deed.verb for deed in reading.deeds if deed.at <= spoken.at]
    for verb in (*RENEWING, "snoozed"):
        if verb in before:
            return verb
    hours = reading.directory.hours(line.person_id)
    if reading.directory.has_left(line.person_id, spoken.at):
        return "left"
    if hours.on_leave(hours.local_day(line.at)):
        return "leave"
    return "stands in" if spoken.person_id != line.person_id else "hours or load"


def _unspoken(reading: _Reading, line: Line) -> tuple[str, str]:
    """Why nothing was said, or when it may be."""
    request = reading.request
    if request.state not in UNANSWERED:
        return "not needed", (request.answer or {}).get("verb") or request.state
    if request.disputed:
        return "not needed", "before the lead"
    if any(said.rung > line.rung and not said.nudge for said in reading.said):
        return "moved", "merged"
    if request.next_at is None:
        return "not needed", "told enough"
    if request.snoozed_until is not None:
        return "to come", "snoozed"
    return ("late", "no tick ran") if max(line.at, request.next_at) <= reading.now else ("to come", "")


def _added(reading: _Reading, said: Said) -> Entry:
    before = [deed.verb for deed in reading.deeds if deed.at <= said.at and deed.verb in (*RENEWING, "snoozed")]
    why = "nudged" if said.nudge else before[-1] if before else "stands in"
    who = reading.directory.people[said.person_id].key
    return Entry(rung=said.rung, message=said.message, happened_at=said.at, happened_to=who, outcome="added", why=why)
