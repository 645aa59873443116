"""When evidence a system should have is not in order: a lapse, from the day it happened to the day it recovered.

One is open per system and evidence kind at most (docs/adr/0003). Both functions work on a table of standings (columns
`system_id, kind_id, status, evidence_id, valid_until`), whether stored by Check or computed for the moment.
"""

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, Subquery, and_, func, literal, or_, select, union_all
from sqlmodel import Session, col
from sqlmodel import select as pick

from cycles import journal, outbox
from cycles.models import UNANSWERED, Cycle, Document, Evidence, EvidenceKind, Incident, Lapse, Request, System
from cycles.pairs import IN_CONTROL, LAPSED_AT_ONCE, document, evidence, request

lapse = Lapse.__table__.c  # type: ignore[attr-defined]


def local_day(cycle: Cycle, now: datetime) -> date:
    """The date in the programme's zone, by which evidence is judged."""
    return now.astimezone(ZoneInfo(cycle.zone)).date()


def pair_name(session: Session, system_id: int, kind_id: int | None) -> str:
    """`system/kind`, the name a pair carries in the journal and on the command line; the system alone without a kind."""
    system = session.get_one(System, system_id)
    return f"{system.key}/{session.get_one(EvidenceKind, kind_id).key}" if kind_id else system.key


def open_new(
    session: Session, cycle: Cycle, standing: Subquery, *, day: date, now: datetime, actor: str
) -> tuple[str, ...]:
    """Open a lapse for each pair that is out of control now and has none open; returns their names."""
    rows = session.execute(_begun(cycle, standing, day)).all()
    return tuple(_open(session, cycle, row, day, now, actor) for row in rows)


def _begun(cycle: Cycle, standing: Subquery, day: date) -> Select[Any]:
    """(system_id, kind_id, status, valid_until, due, changed_at) of each pair out of control whose lapse is not open yet.

    Each join looks up only what the one before left over; a million pairs that merely wait cost one look each.
    """
    of = standing.c
    overdue = _overdue(cycle, day)
    its_request = and_(request.cycle_id == cycle.id, request.system_id == of.system_id, request.kind_id == of.kind_id)
    its_lapse = and_(lapse.system_id == of.system_id, lapse.kind_id == of.kind_id, lapse.recovered_at.is_(None))
    its_document = and_(
        document.system_id == of.system_id,
        document.kind_id == of.kind_id,
        document.locator == evidence.locator,
    )
    return (
        select(of.system_id, of.kind_id, of.status, of.valid_until, request.due, document.changed_at)
        .select_from(standing)
        .outerjoin(overdue, and_(overdue.c.system_id == of.system_id, overdue.c.kind_id == of.kind_id))
        .outerjoin(Request, its_request)
        .outerjoin(Lapse, its_lapse)
        .outerjoin(Evidence, evidence.id == of.evidence_id)
        .outerjoin(Document, its_document)
        .where(of.status.not_in(IN_CONTROL))
        .where(or_(of.status.in_(LAPSED_AT_ONCE), overdue.c.system_id.is_not(None), request.id.is_(None)))
        .where(lapse.id.is_(None))
        .order_by(of.system_id, of.kind_id)
    )


def _overdue(cycle: Cycle, day: date) -> Subquery:
    """(system_id, kind_id) of what was due before the day and is not answered. Two queries, each by its index."""
    asked = select(request.system_id, request.kind_id).where(request.cycle_id == cycle.id)
    late = asked.where(request.state.in_(UNANSWERED), request.due < day)
    return union_all(asked.where(request.state == "lapsed"), late).subquery("overdue")


# Why a lapse began that its own owner named: there is no such evidence, whatever the standing says meanwhile.
NAMED = "cannot_provide"


def open_named(session: Session, cycle: Cycle, asked: Request, *, now: datetime, actor: str) -> Lapse:
    """The open lapse of what somebody says they cannot provide; begun today unless it is open already."""
    same = pick(Lapse).where(Lapse.system_id == asked.system_id, Lapse.kind_id == asked.kind_id)
    found = session.exec(same.where(lapse.recovered_at.is_(None))).first()
    if found is not None:
        return found
    begun = Lapse(
        cycle_id=cycle.id,
        system_id=asked.system_id,
        kind_id=asked.kind_id,
        reason=NAMED,
        happened_on=local_day(cycle, now),
        noticed_at=now,
    )
    _enter(session, cycle, begun, now, actor)
    return begun


def _enter(session: Session, cycle: Cycle, begun: Lapse, now: datetime, actor: str) -> str:
    """Keep a lapse that begins, with its journal entry; returns its name."""
    session.add(begun)
    session.flush()
    name = pair_name(session, begun.system_id, begun.kind_id)
    after = {"reason": begun.reason, "happened_on": begun.happened_on, "cycle": cycle.key}
    journal.append(session, at=now, actor=actor, action="lapse.opened", subject=f"lapse:{name}", after=after)
    return name


def _open(session: Session, cycle: Cycle, row: Any, day: date, now: datetime, actor: str) -> str:
    found = Lapse(
        cycle_id=cycle.id,
        system_id=row.system_id,
        kind_id=row.kind_id,
        reason=row.status,
        happened_on=_incident_day(session, row, day) if row.status == "incident" else _happened_on(row, cycle, day),
        noticed_at=now,
    )
    name = _enter(session, cycle, found, now, actor)
    if cycle.state not in ("closed", "cancelled"):
        _make_answerable(session, cycle, found, day, now, actor)
    return name


def _make_answerable(session: Session, cycle: Cycle, found: Lapse, day: date, now: datetime, actor: str) -> None:
    """What lapsed after it was carried over or accepted can be answered again in this cycle: its action asks for it."""
    asked = session.exec(
        pick(Request).where(
            Request.cycle_id == cycle.id, Request.system_id == found.system_id, Request.kind_id == found.kind_id
        )
    ).first()
    if asked is not None and asked.state != "accepted":
        return
    if asked is None:
        owner = session.get_one(System, found.system_id).owner_id
        asked = Request(
            cycle_id=cycle.id,
            system_id=found.system_id,
            kind_id=found.kind_id,
            owner_id=owner,
            assignee_id=owner,
            state="lapsed",
            ask_on=day,
            due=day,
        )
    before = asked.state if asked.id else None
    asked.state, asked.next_at, asked.answer = "lapsed", None, None
    session.add(asked)
    session.flush()
    name = pair_name(session, found.system_id, found.kind_id)
    journal.append(
        session,
        at=now,
        actor=actor,
        action="request.reopened",
        subject=f"request:{name}",
        before={"state": before} if before else None,
        after={"state": "lapsed", "request": asked.id},
    )
    outbox.refresh_about(session, "request", asked.id, now=now)


def _incident_day(session: Session, row: Any, day: date) -> date:
    """The day of the last incident that ended the pair's evidence."""
    struck = pick(func.max(Incident.happened_on)).where(
        Incident.system_id == row.system_id, Incident.happened_on <= day
    )
    either = or_(col(Incident.kind_id).is_(None), col(Incident.kind_id) == row.kind_id)
    return session.exec(struck.where(either)).one() or day


def _happened_on(row: Any, cycle: Cycle, day: date) -> date:
    """When the lapse began, which may be long before it is noticed; never later than today."""
    if row.status == "expired":
        happened: date = row.valid_until + timedelta(days=1)
    elif row.status in ("changed", "gone") and row.changed_at is not None:
        happened = local_day(cycle, row.changed_at)
    elif row.status not in LAPSED_AT_ONCE and row.due is not None:
        happened = row.due + timedelta(days=1)
    else:
        happened = day
    return min(happened, day)


def recover(session: Session, cycle: Cycle, standing: Subquery, *, now: datetime, actor: str) -> tuple[str, ...]:
    """Close each lapse whose pair is in control again, does not apply any more, or is in no scope; returns their names."""
    of = standing.c
    # Last cycle's evidence may hold for some weeks yet: that is no answer from somebody who said there will be none.
    stands_by_it = (
        select(literal(1))
        .where(lapse.reason == NAMED, lapse.cycle_id == cycle.id, request.cycle_id == cycle.id)
        .where(request.system_id == lapse.system_id, request.kind_id == lapse.kind_id, request.state == "lapsed")
        .exists()
    )
    held = and_(of.status == "valid", ~stands_by_it)
    rows = session.execute(
        select(Lapse, of.status)
        .outerjoin(standing, and_(of.system_id == lapse.system_id, of.kind_id == lapse.kind_id))
        .where(lapse.recovered_at.is_(None), or_(of.status.is_(None), of.status == "excused", held))
        .order_by(lapse.system_id, lapse.kind_id)
    ).all()
    return tuple(_recover(session, found, status or "out of scope", now, actor) for found, status in rows)


def _recover(session: Session, found: Lapse, why: str, now: datetime, actor: str) -> str:
    found.recovered_at = now
    session.add(found)
    session.flush()
    name = pair_name(session, found.system_id, found.kind_id)
    before = {"reason": found.reason, "happened_on": found.happened_on}
    journal.append(
        session,
        at=now,
        actor=actor,
        action="lapse.recovered",
        subject=f"lapse:{name}",
        before=before,
        after={"because": why},
    )
    return name
