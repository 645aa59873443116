"""The weekly digest: once a week a manager hears what their people owe, and a lead how the whole programme stands.

It goes out when its reader opens on the first workday on or after the policy's weekday (`cycles.regular`). Who has nothing
open hears nothing.
"""

from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import case
from sqlmodel import Session, col, func, select

from cycles.action_states import AT_WORK
from cycles.brief_items import reader_of
from cycles.briefs import WeeklyBrief, WeeklyRow
from cycles.models import UNANSWERED, Acceptance, Action, Cycle, Delivery, Lapse, Person, Request, System
from cycles.people import Directory, current_policy
from cycles.policy import WEEKDAYS, Policy
from cycles.programme_cycles import OPEN
from cycles.regular import Regular, Span, is_over, week

WEEK = timedelta(days=7)
SHOWN_ROWS = 8
Team = Collection[int] | None


def brief(session: Session, delivery: Delivery, reader: Person, now: datetime) -> WeeklyBrief | None:
    """What there is to say now; None when there is nothing, or when the week it was written for is over."""
    policy = current_policy(session)
    directory = Directory.load(session, policy)
    if is_over(WEEKLY, policy, directory, delivery, reader.id, now):
        return None
    found = _figures(session, directory, policy, reader.id, now)
    return found if delivery.ts is not None or _worth_saying(found) else None


def _readers(directory: Directory, now: datetime) -> list[int]:
    """Leads and everybody who manages somebody, each once."""
    here = {key: person for key, person in directory.people.items() if not directory.has_left(key, now)}
    managers = {person.manager_id for person in here.values() if person.manager_id in here}
    leads = {lead for lead in directory.roles.get("lead", []) if lead in here}
    return sorted(managers | leads, key=str)


def _week(day: date, policy: Policy) -> Span | None:
    wanted = policy.asking.weekly_digest
    return None if wanted == "off" else week(day, WEEKDAYS.index(wanted))


def _label(monday: date) -> str:
    year, week, _ = monday.isocalendar()
    return f"{year}-W{week:02d}"


def _is_worth_telling(session: Session, directory: Directory, policy: Policy, reader: int, now: datetime) -> bool:
    return _worth_saying(_figures(session, directory, policy, reader, now))


def _worth_saying(found: WeeklyBrief) -> bool:
    """Good news alone makes no message."""
    return any((found.overdue, found.due, found.actions, found.lapses, found.expiring))


def _figures(session: Session, directory: Directory, policy: Policy, reader: int, now: datetime) -> WeeklyBrief:
    whole = directory.is_lead(reader)
    team = None if whole else [key for key, person in directory.people.items() if person.manager_id == reader]
    today = directory.today(reader, now)
    monday = week(today).first
    owed = _owed(session, team, today, monday + WEEK - timedelta(days=1))
    rows = [WeeklyRow(name=directory.people[who].name, overdue=late, due=due) for who, late, due in owed]
    actions, late_actions = _actions(session, team, today)
    return WeeklyBrief(
        reader=reader_of(directory.people[reader]),
        whole=whole,
        monday=monday,
        overdue=sum(row.overdue for row in rows),
        due=sum(row.due for row in rows),
        answered=_answered(session, team, monday, directory.people[reader].zone),
        actions=actions,
        actions_overdue=late_actions,
        lapses=_count(session, select(func.count(col(Lapse.id))).where(col(Lapse.recovered_at).is_(None)), Lapse, team),
        expiring=expiring(session, team, today, policy),
        rows=tuple(rows[:SHOWN_ROWS]),
        more=max(0, len(rows) - SHOWN_ROWS),
    )


def _owed(session: Session, team: Team, today: date, sunday: date) -> list[tuple[int, int, int]]:
    """(person, overdue, due this week) of everybody who owes an answer by Sunday, those who owe most first."""
    late = func.sum(case((col(Request.due) < today, 1), else_=0))
    soon = func.sum(case((col(Request.due) >= today, 1), else_=0))
    wanted = (
        select(Request.assignee_id, late, soon)
        .join(Cycle, col(Cycle.id) == col(Request.cycle_id))
        .where(col(Request.state).in_(UNANSWERED), col(Request.due) <= sunday, col(Cycle.state).in_(OPEN))
        .group_by(col(Request.assignee_id))
        .order_by(late.desc(), soon.desc(), col(Request.assignee_id))
    )
    if team is not None:
        wanted = wanted.where(col(Request.assignee_id).in_(team))
    return [(who, int(overdue), int(due)) for who, overdue, due in session.exec(wanted).all()]


def _answered(session: Session, team: Team, monday: date, zone: str) -> int:
    """Requests answered in the week before, by the reader's clock."""
    first, last = (
        datetime.combine(day, time(), tzinfo=ZoneInfo(zone)).astimezone(UTC) for day in (monday - WEEK, monday)
    )
    wanted = select(func.count(col(Request.id))).where(
        col(Request.answered_at) >= first, col(Request.answered_at) < last
    )
    if team is not None:
        wanted = wanted.where(col(Request.assignee_id).in_(team))
    return session.exec(wanted).one()


def _actions(session: Session, team: Team, today: date) -> tuple[int, int]:
    """Improvement actions that are not closed, and how many of them should be done by now."""
    late = case((col(Action.due) < today, 1), else_=0) * case((col(Action.state).in_(AT_WORK), 1), else_=0)
    wanted = select(func.count(col(Action.id)), func.coalesce(func.sum(late), 0)).where(col(Action.closed_at).is_(None))
    if team is not None:
        wanted = wanted.where(col(Action.owner_id).in_(team))
    number, overdue = session.exec(wanted).one()
    return number, int(overdue)


def expiring(session: Session, team: Team, today: date, policy: Policy) -> int:
    """Risk acceptances that end within the policy's `expiring_days`."""
    soon = today + timedelta(days=policy.expiring_days)
    wanted = select(func.count(col(Acceptance.id))).where(
        Acceptance.state == "approved", col(Acceptance.expires) >= today, col(Acceptance.expires) <= soon
    )
    return _count(session, wanted, Acceptance, team)


def _count(session: Session, wanted: Any, model: Any, team: Team) -> int:
    """Of what concerns a system: all, or what its owner is in the team for."""
    if team is not None:
        wanted = wanted.join(System, col(System.id) == col(model.system_id)).where(col(System.owner_id).in_(team))
    return int(session.exec(wanted).one())


WEEKLY = Regular(kind="weekly", span=_week, label=_label, readers=_readers, is_worth_telling=_is_worth_telling)
