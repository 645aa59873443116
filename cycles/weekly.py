"""The weekly digest: once a week a manager hears what their people owe, and a lead how the whole programme stands.

It goes out when its reader opens on the first workday on or after the policy's weekday. Who has nothing open hears
nothing. The next such moment of anybody is kept in the record, so that a tick at which none has come costs one look-up.
"""

from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import case
from sqlmodel import Session, col, func, select

from cycles import journal, outbox
from cycles.action_states import AT_WORK
from cycles.brief_items import reader_of
from cycles.briefs import WeeklyBrief, WeeklyRow
from cycles.models import UNANSWERED, Acceptance, Action, Cycle, Delivery, Lapse, Person, Request, Setting, System
from cycles.people import Directory, current_policy
from cycles.policy import WEEKDAYS, Policy
from cycles.programme_cycles import OPEN

STATE = "weekly"
WEEK = timedelta(days=7)
# People come, move and take leave: whoever is new is looked for at least so often.
LOOK_AGAIN = timedelta(days=1)
SHOWN_ROWS = 8
Team = Collection[int] | None


def is_due(session: Session, now: datetime) -> bool:
    """Whether somebody's week may begin now; one look-up by key."""
    state = session.get(Setting, STATE)
    return state is None or now >= datetime.fromisoformat(state.value["next"])


def tell(session: Session, *, now: datetime, actor: str) -> int:
    """Write the weekly digests whose moment has come since the last look; returns how many.

    After downtime within a week they are late, by the same rules; a week that is over is not told any more.
    """
    if not is_due(session, now):
        return 0
    state, policy = session.get(Setting, STATE), current_policy(session)
    directory = Directory.load(session, policy)
    since = datetime.fromisoformat(state.value["upto"]) if state else now
    moments, told = [now + LOOK_AGAIN], []
    for reader in _readers(directory, now) if policy.asking.weekly_digest != "off" else ():
        at = _moment(directory, reader, now, policy)
        if at is not None and since < at <= now and _write(session, directory, policy, reader, now):
            told.append(reader)
        moments += [then for week in (now, now + WEEK) if (then := _moment(directory, reader, week, policy))]
    _keep(session, upto=now, following=min(at for at in moments if at > now))
    if told:
        after = {"count": len(told), "digest": journal.digest(told)}
        journal.append(session, at=now, actor=actor, action="weekly.told", subject="programme", after=after)
    return len(told)


def brief(session: Session, delivery: Delivery, reader: Person, now: datetime) -> WeeklyBrief | None:
    """What there is to say now; None when there is nothing, or when the week it was written for is over."""
    policy = current_policy(session)
    directory = Directory.load(session, policy)
    written, today = (_monday(directory, reader.id, at) for at in (delivery.created_at, now))
    if delivery.ts is None and written != today:
        return None
    found = _figures(session, directory, policy, reader.id, now)
    return found if delivery.ts is not None or _worth_saying(found) else None


def _readers(directory: Directory, now: datetime) -> list[int]:
    """Leads and everybody who manages somebody, each once."""
    here = {key: person for key, person in directory.people.items() if not directory.has_left(key, now)}
    managers = {person.manager_id for person in here.values() if person.manager_id in here}
    leads = {lead for lead in directory.roles.get("lead", []) if lead in here}
    return sorted(managers | leads, key=str)


def _monday(directory: Directory, person_id: int, at: datetime) -> date:
    day = directory.today(person_id, at)
    return day - timedelta(days=day.weekday())


def _moment(directory: Directory, person_id: int, at: datetime, policy: Policy) -> datetime | None:
    """When the person's digest of the week around an instant is due; None in a week in which they do not work."""
    hours, monday = directory.hours(person_id), _monday(directory, person_id, at)
    first = WEEKDAYS.index(policy.asking.weekly_digest)
    days = (monday + timedelta(days=number) for number in range(first, 7))
    return next((hours.opens(day) for day in days if hours.works_on(day)), None)


def _write(session: Session, directory: Directory, policy: Policy, reader: int, now: datetime) -> bool:
    monday, morning = _monday(directory, reader, now), directory.hours(reader).next_decent(now)
    if _monday(directory, reader, morning) != monday:
        return False
    if not _worth_saying(_figures(session, directory, policy, reader, now)):
        return False
    year, week, _ = monday.isocalendar()
    key = f"weekly:{directory.people[reader].key}:{year}-W{week:02d}"
    written = outbox.queue(session, key=key, kind="weekly", person_id=reader, now=now, about=(), not_before=morning)
    return written is not None


def _keep(session: Session, *, upto: datetime, following: datetime) -> None:
    state = session.get(Setting, STATE) or Setting(name=STATE, value={})
    state.value = {"upto": upto.isoformat(), "next": following.isoformat()}
    session.add(state)
    session.flush()


def _worth_saying(found: WeeklyBrief) -> bool:
    """Good news alone makes no message."""
    return any((found.overdue, found.due, found.actions, found.lapses, found.expiring))


def _figures(session: Session, directory: Directory, policy: Policy, reader: int, now: datetime) -> WeeklyBrief:
    whole = directory.is_lead(reader)
    team = None if whole else [key for key, person in directory.people.items() if person.manager_id == reader]
    today, monday = directory.today(reader, now), _monday(directory, reader, now)
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
        expiring=_expiring(session, team, today, policy),
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


def _expiring(session: Session, team: Team, today: date, policy: Policy) -> int:
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
