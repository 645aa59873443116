"""How the cycle under way stands, in one look: for a lead's App Home and for `/hoshin status`."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import case
from sqlmodel import Session, col, func, select

from cycles.action_states import AT_WORK
from cycles.lapses import local_day
from cycles.models import UNANSWERED, Action, Cycle, Lapse, Person, Request
from cycles.people import Directory, current_policy, programme_calendar
from cycles.policy import Policy
from cycles.programme_cycles import current_cycle
from cycles.scorecard import StageRing
from cycles.scorecard_queries import rings
from cycles.status import STAGES

SHOWN_PEOPLE = 5
SEE_ALL = ("lead", "executive")


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What one person is asked for and has not answered, in requests; `overdue` of them are past their due date."""

    name: str
    open: int
    overdue: int


@dataclass(frozen=True, kw_only=True)
class Glance:
    """The cycle in figures. `workday` of `workdays` is how far it is; lapses are the open ones, whichever cycle they began in."""

    cycle: str
    stage: str
    workday: int
    workdays: int
    closes: date
    rings: tuple[StageRing, ...]
    overdue: int
    lapses: int
    actions: int
    actions_overdue: int
    asked_most: tuple[Asked, ...] = ()
    others: int = 0


def may_see(session: Session, person: Person) -> bool:
    """Whether the whole programme is this person's concern: leads and executives."""
    directory = Directory.few(session, current_policy(session))
    return any(person.id in directory.roles.get(role, []) for role in SEE_ALL)


def glance(session: Session, now: datetime) -> Glance | None:
    """The cycle under way, or else the newest one; None before the first is planned."""
    cycle = current_cycle(session)
    if cycle is None:
        return None
    calendar = programme_calendar(session, Policy.model_validate(cycle.policy))
    day, before = local_day(cycle, now), cycle.starts - timedelta(days=1)
    people = _asked_most(session, cycle, day)
    actions, late = _actions(session, day)
    return Glance(
        cycle=cycle.key,
        stage=STAGES[cycle.state],
        workday=max(0, calendar.between(before, min(day, cycle.ends))),
        workdays=calendar.between(before, cycle.ends),
        closes=cycle.close_on,
        rings=rings(session, cycle),
        overdue=_overdue(session, cycle, day),
        lapses=session.exec(select(func.count()).select_from(Lapse).where(col(Lapse.recovered_at).is_(None))).one(),
        actions=actions,
        actions_overdue=late,
        asked_most=people[:SHOWN_PEOPLE],
        others=len(people[SHOWN_PEOPLE:]),
    )


def _overdue(session: Session, cycle: Cycle, day: date) -> int:
    return session.exec(
        select(func.count())
        .select_from(Request)
        .where(Request.cycle_id == cycle.id, col(Request.state).in_(UNANSWERED), Request.due < day)
    ).one()


def _actions(session: Session, day: date) -> tuple[int, int]:
    """How many are being worked on, and how many of them are late."""
    rows = session.exec(
        select(func.count(), func.count(case((col(Action.due) < day, 1))))
        .select_from(Action)
        .where(col(Action.state).in_(AT_WORK))
    ).one()
    return int(rows[0]), int(rows[1])


def _asked_most(session: Session, cycle: Cycle, day: date) -> tuple[Asked, ...]:
    """Everybody who owes an answer, whoever owes most first."""
    many, late = func.count(), func.count(case((col(Request.due) < day, 1)))
    rows = session.exec(
        select(Person.name, many, late)
        .select_from(Request)
        .join(Person, col(Person.id) == col(Request.assignee_id))
        .where(Request.cycle_id == cycle.id, col(Request.state).in_(UNANSWERED))
        .where(col(Request.asked_at).is_not(None))
        .group_by(col(Person.id), col(Person.name))
        .order_by(many.desc(), late.desc(), col(Person.name))
    ).all()
    return tuple(Asked(name=name, open=int(open_), overdue=int(overdue)) for name, open_, overdue in rows)
