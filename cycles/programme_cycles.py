"""Finding the cycle a command or a flow means."""

from datetime import date

from sqlmodel import Session, col, select

from cycles.errors import BadInput
from cycles.models import Cycle
from cycles.people import programme_head
from cycles.periods import CYCLES, Period, period, period_of

OPEN = ("doing", "checking", "acting")


def cycle_named(session: Session, key: str) -> Cycle:
    """The cycle of a key.

    Raises:
        BadInput: when it was never planned.
    """
    cycle = session.exec(select(Cycle).where(Cycle.key == key)).first()
    if cycle is None:
        known = session.exec(select(Cycle.key).order_by(col(Cycle.starts))).all()
        there = f" Planned so far: {', '.join(known)}." if known else ""
        raise BadInput(f"No cycle {key} is planned. Run `hoshin plan --cycle {key}`.{there}")
    return cycle


def current_cycle(session: Session) -> Cycle | None:
    """The cycle that is under way; else the newest one that was not called off, if there is any."""
    under_way = select(Cycle).where(col(Cycle.state).in_(OPEN)).order_by(col(Cycle.starts).desc())
    newest = select(Cycle).order_by(col(Cycle.cancelled_at).is_not(None), col(Cycle.starts).desc())
    return session.exec(under_way).first() or session.exec(newest).first()


def leads(session: Session, cycle: Cycle) -> bool:
    """Whether a cycle is the newest one under way: it alone decides on lapses and renews, or two would work against each other."""
    under_way = select(Cycle.id).where(col(Cycle.state).in_(OPEN)).order_by(col(Cycle.starts).desc())
    return session.exec(under_way).first() == cycle.id


def open_cycles(session: Session) -> list[Cycle]:
    """Every cycle under way, oldest first."""
    return list(session.exec(select(Cycle).where(col(Cycle.state).in_(OPEN)).order_by(col(Cycle.starts))).all())


def planned_cycles(session: Session) -> list[Cycle]:
    """Every cycle that waits for a lead's approval."""
    return list(session.exec(select(Cycle).where(Cycle.state == "planned").order_by(col(Cycle.starts))).all())


def last_closed(session: Session) -> Cycle | None:
    """The newest closed cycle, whose scope is watched until the next one is open."""
    return session.exec(select(Cycle).where(Cycle.state == "closed").order_by(col(Cycle.starts).desc())).first()


def last_over(session: Session) -> Cycle | None:
    """The cycle whose actions are chased while none is open: the last closed one; where there is none, the newest that was
    called off after it had opened."""
    called_off = select(Cycle).where(Cycle.state == "cancelled", col(Cycle.opened_at).is_not(None))
    return last_closed(session) or session.exec(called_off.order_by(col(Cycle.starts).desc())).first()


def period_for(session: Session, key: str | None, today: date) -> Period:
    """The period of a key, or the one that contains today, by the programme's fiscal year and length of cycle."""
    head = programme_head(session)
    starts = str(head["fiscal_year_starts"])
    # A record synced before cycles had a choice of lengths says nothing of it.
    return period(key, starts) if key else period_of(today, starts, CYCLES[head.get("cycle", "quarterly")])
