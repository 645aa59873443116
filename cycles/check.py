"""Check: how each piece of evidence stands, what that makes of every control, and which lapses began or ended."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import and_, literal, or_, select, update
from sqlmodel import Session, col
from sqlmodel import select as pick

from cycles import journal, lapses, lines, outbox, renewals
from cycles.lapses import local_day, pair_name
from cycles.models import (
    UNANSWERED,
    Assessment,
    Cycle,
    Request,
    Standing,
    System,
    UTCDateTime,
)
from cycles.pairs import request, results, standings
from cycles.programme_cycles import leads
from cycles.sets import measure, put
from cycles.status import stored_results

standing = Standing.__table__.c  # type: ignore[attr-defined]


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
    if changed:
        measure(session, Standing)
    assessed = refresh_assessments(session, cycle, now)
    if assessed:
        measure(session, Assessment)
    settle_answered(session, cycle, now=now, actor=actor)
    renewals.renew(session, cycle, now=now, actor=actor)
    recovered: tuple[str, ...] = ()
    lapsed: tuple[str, ...] = ()
    if leads(session, cycle):
        now_standing = select(Standing.__table__).where(standing.cycle_id == cycle.id).subquery("now_standing")  # type: ignore[attr-defined]
        recovered = lapses.recover(session, cycle, now_standing, now=now, actor=actor)
        lapsed = lapses.open_new(session, cycle, now_standing, day=day, now=now, actor=actor)
    if changed or assessed:
        after = {"standings": changed, "results": assessed, "day": day, "digest": result_digest(session, cycle)}
        journal.append(session, at=now, actor=actor, action="cycle.checked", subject=f"cycle:{cycle.key}", after=after)
    session.execute(update(Cycle).where(col(Cycle.id) == cycle.id).values(checked_at=now))
    return Checked(standings=changed, results=assessed, lapsed=lapsed, recovered=recovered)


def watch(session: Session, cycle: Cycle, *, now: datetime, actor: str) -> Checked:
    """Between cycles: the pairs of the last closed one are watched on, though its pinned results are not touched."""
    day = local_day(cycle, now)
    live = standings(cycle.id, day, now).subquery("now_standing")
    recovered = lapses.recover(session, cycle, live, now=now, actor=actor)
    lapsed = lapses.open_new(session, cycle, live, day=day, now=now, actor=actor)
    return Checked(standings=0, results=0, lapsed=lapsed, recovered=recovered)


def settle_answered(session: Session, cycle: Cycle, *, now: datetime, actor: str) -> int:
    """Requests for what is valid through the cycle by now, or belongs to a retired system, are asked no more."""
    rows = session.exec(
        pick(Request, Standing, System)
        .join(System, col(System.id) == col(Request.system_id))
        .join(
            Standing,
            and_(
                col(Standing.cycle_id) == cycle.id,
                col(Standing.system_id) == col(Request.system_id),
                col(Standing.kind_id) == col(Request.kind_id),
            ),
        )
        .where(Request.cycle_id == cycle.id, col(Request.state).in_((*UNANSWERED, "lapsed")))
        .where(or_(col(System.retired), and_(col(Standing.status) == "valid", col(Standing.valid_until) >= cycle.ends)))
        .order_by(col(Request.id))
    ).all()
    for found, _, system in rows:
        found.state, found.next_at, found.disputed = "excused" if system.retired else "accepted", None, False
        found.excused_at = now if system.retired else found.excused_at
        found.answer = {"verb": found.state, "by": "Hoshin", "at": now.isoformat(), "record": ""}
        session.add(found)
        outbox.refresh_about(session, "request", found.id, now=now)
    if rows:
        after = {"count": len(rows), "digest": journal.digest((found.id, found.state) for found, _, _ in rows)}
        journal.append(
            session, at=now, actor=actor, action="requests.settled", subject=f"cycle:{cycle.key}", after=after
        )
    return len(rows)


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
    outbox.refresh_all(session, "request", ids, now=now)
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
    now_standing = select(Standing.__table__).where(standing.cycle_id == cycle.id).subquery("now_standing")  # type: ignore[attr-defined]
    found = results(cycle.id, now_standing).c
    rows = select(
        literal(cycle.id).label("cycle_id"),
        found.system_id,
        found.control_id,
        found.result,
        found.reason,
        found.valid_until,
        literal(now, UTCDateTime).label("changed_at"),
    )
    return put(session, Assessment, rows, compare=("result", "reason", "valid_until"))


def result_digest(session: Session, cycle: Cycle) -> str:
    """SHA-256 over every result of a cycle, by keys rather than row numbers, so that it can be recomputed anywhere."""
    return lines.digest_of(session, stored_results(cycle))


__all__ = ["Checked", "check", "local_day", "pair_name", "watch"]
