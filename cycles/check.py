"""Check: how each piece of evidence stands, what that makes of every control, and which lapses began or ended."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, or_, select, update
from sqlmodel import Session, col
from sqlmodel import select as pick

from cycles import departures, journal, lapses, outbox, renewals
from cycles.assess import refresh_assessments, refresh_standings, written_digest
from cycles.lapses import local_day, pair_name
from cycles.models import UNANSWERED, Cycle, Request, Standing, System
from cycles.pairs import request, standings
from cycles.programme_cycles import leads

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
    assessed = refresh_assessments(session, cycle, changed, now)
    settle_answered(session, cycle, now=now, actor=actor)
    renewals.renew(session, cycle, now=now, actor=actor)
    recovered: tuple[str, ...] = ()
    lapsed: tuple[str, ...] = ()
    if leads(session, cycle):
        now_standing = select(Standing.__table__).where(standing.cycle_id == cycle.id).subquery("now_standing")  # type: ignore[attr-defined]
        recovered = lapses.recover(session, cycle, now_standing, now=now, actor=actor)
        lapsed = lapses.open_new(session, cycle, now_standing, day=day, now=now, actor=actor)
    if changed or assessed:
        after = {
            "standings": changed,
            "results": assessed,
            "day": day,
            "digest": written_digest(session, cycle, assessed, now),
        }
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
        pick(Request, System)
        .select_from(Standing)
        .join(System, col(System.id) == col(Standing.system_id))
        .outerjoin(
            Request,
            and_(
                col(Request.cycle_id) == cycle.id,
                col(Request.system_id) == col(Standing.system_id),
                col(Request.kind_id) == col(Standing.kind_id),
            ),
        )
        .where(Standing.cycle_id == cycle.id)
        .where(
            or_(
                and_(col(Standing.status) == "valid", col(Standing.valid_until) >= cycle.ends),
                and_(col(Standing.status) == "excused", col(System.retired)),
            )
        )
        # Not plainly IN: SQLite would then begin at the requests and look up the standing of each that waits.
        .where(func.coalesce(col(Request.state), "").in_((*UNANSWERED, "lapsed")))
        .order_by(col(Request.id))
    ).all()
    decided = [found for found, _ in rows if found.disputed]
    for found, system in rows:
        found.state, found.next_at, found.disputed = "excused" if system.retired else "accepted", None, False
        found.excused_at = now if system.retired else found.excused_at
        found.answer = {"verb": found.state, "by": "Hoshin", "at": now.isoformat(), "record": ""}
        session.add(found)
    for found in decided:
        departures.look_again(session, found, found.assignee_id, now)
    if rows:
        outbox.refresh_all(session, "request", [found.id for found, _ in rows], now=now)
        after = {"count": len(rows), "digest": journal.digest((found.id, found.state) for found, _ in rows)}
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


__all__ = ["Checked", "check", "local_day", "pair_name", "watch"]
