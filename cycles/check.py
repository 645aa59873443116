"""Check: how each piece of evidence stands, what that makes of every control, and which lapses began or ended."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import and_, case, func, literal, or_, select, update
from sqlmodel import Session, col
from sqlmodel import select as pick

from cycles import journal, outbox
from cycles.models import (
    Assessment,
    Cycle,
    Document,
    Evidence,
    EvidenceKind,
    Lapse,
    Request,
    Standing,
    System,
    UTCDateTime,
)
from cycles.pairs import IN_CONTROL, LAPSED_AT_ONCE, RANK, document, evidence, request, required, standings
from cycles.sets import put
from cycles.status import result_rows

standing = Standing.__table__.c  # type: ignore[attr-defined]
lapse = Lapse.__table__.c  # type: ignore[attr-defined]
# A request in one of these has not been answered; past its due date what it asks for has lapsed.
UNANSWERED = ("pending", "asked", "returned")


@dataclass(frozen=True, kw_only=True)
class Checked:
    """What a check wrote: standings and results that changed, lapses that began, lapses that ended."""

    standings: int
    results: int
    lapsed: tuple[str, ...]
    recovered: tuple[str, ...]


def check(session: Session, cycle: Cycle, *, now: datetime, actor: str) -> Checked:
    """Assess one cycle as of now; run again at the same moment, it writes nothing."""
    day = local_day(cycle, now)
    advance(session, cycle, now=now, actor=actor)
    close_unanswered(session, cycle, now=now, actor=actor)
    changed = refresh_standings(session, cycle, day, now)
    results = refresh_assessments(session, cycle, now)
    recovered = _recoveries(session, cycle, now, actor)
    lapsed = _lapses(session, cycle, day, now, actor)
    if changed or results:
        after = {"standings": changed, "results": results, "day": day, "digest": result_digest(session, cycle)}
        journal.append(session, at=now, actor=actor, action="cycle.checked", subject=f"cycle:{cycle.key}", after=after)
    session.execute(update(Cycle).where(col(Cycle.id) == cycle.id).values(checked_at=now))
    return Checked(standings=changed, results=results, lapsed=lapsed, recovered=recovered)


def local_day(cycle: Cycle, now: datetime) -> date:
    """The date in the programme's zone, by which evidence is judged."""
    return now.astimezone(ZoneInfo(cycle.zone)).date()


def advance(session: Session, cycle: Cycle, *, now: datetime, actor: str) -> None:
    """Move the cycle on to the stage its dates say: doing → checking → acting. Closing has a gate of its own."""
    day = local_day(cycle, now)
    reached = "acting" if day >= cycle.act_on else "checking" if day >= cycle.check_on else "doing"
    order = ("doing", "checking", "acting")
    if cycle.state not in order or order.index(reached) <= order.index(cycle.state):
        return
    before, cycle.state = cycle.state, reached
    session.add(cycle)
    session.flush()
    journal.append(
        session,
        at=now,
        actor=actor,
        action="cycle.advanced",
        subject=f"cycle:{cycle.key}",
        before={"state": before},
        after={"state": reached},
    )


def close_unanswered(session: Session, cycle: Cycle, *, now: datetime, actor: str) -> int:
    """Requests past due are lapsed once Act begins, or once nobody is left on their ladder to tell.

    From there on the improvement action is chased instead of the request; a late answer is still taken.
    """
    exhausted = and_(request.next_at.is_(None), ~request.disputed)
    waiting = and_(request.cycle_id == cycle.id, request.state.in_(UNANSWERED), request.due < local_day(cycle, now))
    if cycle.state != "acting":
        waiting = and_(waiting, exhausted)
    ids = list(session.execute(select(request.id).where(waiting).order_by(request.id)).scalars())
    if not ids:
        return 0
    session.execute(update(Request).where(waiting).values(state="lapsed", next_at=None))
    after = {"state": "lapsed", "count": len(ids), "digest": journal.digest(ids)}
    journal.append(session, at=now, actor=actor, action="requests.lapsed", subject=f"cycle:{cycle.key}", after=after)
    for request_id in ids:
        outbox.refresh_about(session, "request", request_id, now=now)
    return len(ids)


def refresh_standings(session: Session, cycle: Cycle, day: date, now: datetime) -> int:
    """Bring every pair's standing up to the day; returns how many rows changed."""
    found = standings(cycle.id, day, now).subquery("found")
    rows = select(
        literal(cycle.id).label("cycle_id"),
        found.c.system_id,
        found.c.kind_id,
        found.c.status,
        found.c.evidence_id,
        found.c.valid_until,
        literal(now, UTCDateTime).label("changed_at"),
    )
    return put(session, Standing, rows, compare=("status", "evidence_id", "valid_until"))


def refresh_assessments(session: Session, cycle: Cycle, now: datetime) -> int:
    """Give every system × control in scope its one result, from the standings of the kinds it requires."""
    needed = required(cycle.id).subquery("needed")
    rank = case(RANK, value=standing.status)
    grouped = (
        select(
            needed.c.system_id,
            needed.c.control_id,
            func.max(rank).label("worst"),
            func.min(case((standing.status == "valid", standing.valid_until))).label("valid_until"),
        )
        .join(
            Standing,
            and_(
                standing.cycle_id == cycle.id,
                standing.system_id == needed.c.subject_id,
                standing.kind_id == needed.c.kind_id,
            ),
        )
        .group_by(needed.c.system_id, needed.c.control_id)
        .subquery("grouped")
    )
    worst = grouped.c.worst
    result = case(
        (worst > RANK["accepted"], "not-satisfied"),
        (worst == RANK["accepted"], "risk-accepted"),
        (worst == RANK["valid"], "satisfied"),
        else_="not-applicable",
    )
    rows = select(
        literal(cycle.id).label("cycle_id"),
        grouped.c.system_id,
        grouped.c.control_id,
        result.label("result"),
        case({number: name for name, number in RANK.items()}, value=worst).label("reason"),
        grouped.c.valid_until,
        literal(now, UTCDateTime).label("changed_at"),
    )
    return put(session, Assessment, rows, compare=("result", "reason", "valid_until"))


def result_digest(session: Session, cycle: Cycle) -> str:
    """SHA-256 over every result of a cycle, by keys rather than row numbers, so that it can be recomputed anywhere."""
    return journal.digest(result_rows(session, cycle))


def _lapses(session: Session, cycle: Cycle, day: date, now: datetime, actor: str) -> tuple[str, ...]:
    """Open a lapse for each pair that is out of control now and has none open."""
    open_already = (
        select(literal(1))
        .where(lapse.system_id == standing.system_id, lapse.kind_id == standing.kind_id, lapse.recovered_at.is_(None))
        .exists()
    )
    overdue = or_(
        request.id.is_(None), request.state == "lapsed", and_(request.state.in_(UNANSWERED), request.due < day)
    )
    begun = or_(standing.status.in_(LAPSED_AT_ONCE), and_(standing.status.not_in(IN_CONTROL), overdue))
    rows = session.execute(
        select(
            standing.system_id,
            standing.kind_id,
            standing.status,
            standing.valid_until,
            request.due,
            document.changed_at,
        )
        .select_from(Standing)
        .outerjoin(
            Request,
            and_(
                request.cycle_id == cycle.id,
                request.system_id == standing.system_id,
                request.kind_id == standing.kind_id,
            ),
        )
        .outerjoin(Evidence, evidence.id == standing.evidence_id)
        .outerjoin(
            Document,
            and_(
                document.system_id == standing.system_id,
                document.kind_id == standing.kind_id,
                document.locator == evidence.locator,
            ),
        )
        .where(standing.cycle_id == cycle.id, begun, ~open_already)
        .order_by(standing.system_id, standing.kind_id)
    ).all()
    return tuple(_open_lapse(session, cycle, row, day, now, actor) for row in rows)


def _open_lapse(session: Session, cycle: Cycle, row: Any, day: date, now: datetime, actor: str) -> str:
    found = Lapse(
        cycle_id=cycle.id,
        system_id=row.system_id,
        kind_id=row.kind_id,
        reason=row.status,
        happened_on=_happened_on(row, cycle, day),
        noticed_at=now,
    )
    session.add(found)
    session.flush()
    name = pair_name(session, row.system_id, row.kind_id)
    after = {"reason": found.reason, "happened_on": found.happened_on, "cycle": cycle.key}
    journal.append(session, at=now, actor=actor, action="lapse.opened", subject=f"lapse:{name}", after=after)
    return name


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


def _recoveries(session: Session, cycle: Cycle, now: datetime, actor: str) -> tuple[str, ...]:
    """Close each lapse whose pair is in control again."""
    recovered = session.exec(
        pick(Lapse)
        .join(
            Standing,
            and_(
                col(Standing.cycle_id) == cycle.id,
                col(Standing.system_id) == col(Lapse.system_id),
                col(Standing.kind_id) == col(Lapse.kind_id),
            ),
        )
        .where(col(Lapse.recovered_at).is_(None), col(Standing.status).in_(("valid", "excused")))
        .order_by(col(Lapse.system_id), col(Lapse.kind_id))
    ).all()
    names = []
    for found in recovered:
        found.recovered_at = now
        session.add(found)
        name = pair_name(session, found.system_id, found.kind_id)
        journal.append(
            session,
            at=now,
            actor=actor,
            action="lapse.recovered",
            subject=f"lapse:{name}",
            before={"reason": found.reason, "happened_on": found.happened_on},
        )
        names.append(name)
    session.flush()
    return tuple(names)


def pair_name(session: Session, system_id: int, kind_id: int) -> str:
    """`system/kind`, the name a pair carries in the journal and on the command line."""
    system, kind = session.get_one(System, system_id), session.get_one(EvidenceKind, kind_id)
    return f"{system.key}/{kind.key}"
