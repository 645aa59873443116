"""Plan: fix the scope, expand it to requests, carry over what still holds, set dates, and open once approved."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import and_, case, delete, func, insert, literal, select
from sqlmodel import Session, col
from sqlmodel import select as pick

from cycles import journal, lines, outbox
from cycles.errors import Refused
from cycles.ladder import FAIR_WORKDAYS
from cycles.models import (
    Applicability,
    Cycle,
    CycleFramework,
    CycleSystem,
    EvidenceKind,
    Framework,
    Person,
    Request,
    Slot,
    System,
)
from cycles.moments import present
from cycles.pairs import IN_CONTROL, kind, needed_pairs, request, standings, standings_at, system
from cycles.people import Directory, programme_calendar, programme_head
from cycles.periods import Period
from cycles.policy import Policy
from cycles.programme.catalogue_sync import refresh_applicability
from cycles.sets import measure
from cycles.stages import stage_dates

person = Person.__table__.c  # type: ignore[attr-defined]
slot = Slot.__table__.c  # type: ignore[attr-defined]


@dataclass(frozen=True, kw_only=True)
class Planned:
    """What planning did: the cycle, and how many requests it asks and pairs it carries over."""

    cycle: Cycle
    created: bool
    requests: int
    carried: int
    systems: int
    people: int
    busiest: tuple[tuple[str, int], ...]


def plan(session: Session, period: Period, policy: Policy, *, now: datetime, actor: str) -> Planned:
    """Plan a cycle; planning one that exists changes nothing and reports it as it stands."""
    cycle = session.exec(pick(Cycle).where(Cycle.key == period.key)).first()
    if cycle is not None:
        return summary_of(session, cycle, created=False)
    cycle = _new_cycle(session, period, policy, now)
    _fix_scope(session, cycle)
    _make_slots(session, cycle, policy, now)
    _make_requests(session, cycle, policy, now)
    planned = summary_of(session, cycle, created=True)
    _tell_lead(session, cycle, policy, now)
    journal.append(
        session,
        at=now,
        actor=actor,
        action="cycle.planned",
        subject=f"cycle:{cycle.key}",
        after=_entry(session, planned),
    )
    if policy.approval == "automatic":
        open_cycle(session, cycle, now=now, actor="policy")
    return planned


def open_cycle(session: Session, cycle: Cycle, *, now: datetime, actor: str) -> bool:
    """Approve a planned cycle, from which moment people are asked. False when it was open already.

    Raises:
        Refused: when the cycle is closed or cancelled.
    """
    if cycle.state in ("closed", "cancelled"):
        raise Refused("closed", f"Cycle {cycle.key} is {cycle.state}; plan the next one.")
    if cycle.state != "planned":
        return False
    cycle.state, cycle.approved_by, cycle.opened_at = "doing", actor, now
    session.add(cycle)
    subject, before = f"cycle:{cycle.key}", {"state": "planned"}
    after: dict[str, Any] = {"state": "doing", "approved_by": actor}
    if _date_anew_if_late(session, cycle, now):
        # The plan's own entry speaks of requests that are no more.
        after |= _asked(session, cycle)
    journal.append(session, at=now, actor=actor, action="cycle.opened", subject=subject, before=before, after=after)
    outbox.refresh_about(session, "cycle", cycle.id, now=now)
    return True


def _date_anew_if_late(session: Session, cycle: Cycle, now: datetime) -> bool:
    """A cycle opened after its first asks were due asks from today on, so that nobody is asked with a date gone by."""
    mine = col(Request.cycle_id) == cycle.id
    first = session.exec(pick(func.min(Request.ask_on)).where(mine)).one()
    if first is None or first >= now.astimezone(ZoneInfo(cycle.zone)).date():
        return False
    policy = Policy.model_validate(cycle.policy)
    session.execute(delete(Request).where(mine))
    session.execute(delete(Slot).where(col(Slot.cycle_id) == cycle.id))
    _make_slots(session, cycle, policy, now)
    _make_requests(session, cycle, policy, now)
    return True


def _new_cycle(session: Session, period: Period, policy: Policy, now: datetime) -> Cycle:
    head = programme_head(session)
    dates = stage_dates(period, programme_calendar(session, policy), policy)
    frameworks = session.exec(
        pick(Framework)
        .where(col(Framework.current), col(Framework.applies_from) <= period.ends)
        .order_by(Framework.key)
    ).all()
    cycle = Cycle(
        key=period.key,
        state="planned",
        starts=period.starts,
        ends=period.ends,
        do_on=dates["do"],
        check_on=dates["check"],
        act_on=dates["act"],
        close_on=dates["close"],
        zone=head["zone"],
        policy=policy.model_dump(mode="json"),
        catalogues={framework.key: framework.digest for framework in frameworks},
        planned_at=now,
    )
    session.add(cycle)
    session.flush()
    session.add_all(CycleFramework(cycle_id=cycle.id, framework_id=framework.id) for framework in frameworks)
    session.flush()
    return cycle


def _fix_scope(session: Session, cycle: Cycle) -> None:
    wanted = select(literal(cycle.id), system.id, system.profile).where(~system.retired, ~system.is_organisation)
    session.execute(insert(CycleSystem).from_select(["cycle_id", "system_id", "profile"], wanted))
    profiles = set(session.exec(pick(CycleSystem.profile).where(CycleSystem.cycle_id == cycle.id).distinct()).all())
    refresh_applicability(session, profiles)


def _make_slots(session: Session, cycle: Cycle, policy: Policy, now: datetime) -> None:
    """The workdays on which first asks go out, with their due dates, once per distinct calendar."""
    directory = Directory.load(session, policy)
    owners = set(session.exec(pick(System.owner_id).where(~col(System.retired)).distinct()).all())
    for name, owner in sorted({calendar_name(directory, owner): owner for owner in sorted(owners)}.items()):
        hours = directory.hours(owner)
        calendar, day = hours.calendar, hours.calendar.on_or_after(max(cycle.do_on, hours.local_day(now)))
        latest = max(day, calendar.add(cycle.check_on, -policy.asking.due_workdays - 1))
        number = 0
        while day <= latest:
            due = min(calendar.add(day, policy.asking.due_workdays), calendar.on_or_before(cycle.close_on))
            session.add(
                Slot(
                    cycle_id=cycle.id,
                    calendar=name,
                    number=number,
                    ask_on=day,
                    ask_at=hours.opens(day),
                    due=max(due, calendar.add(day, FAIR_WORKDAYS)),
                )
            )
            number, day = number + 1, calendar.add(day, 1)
    session.flush()


def calendar_name(directory: Directory, person_id: int) -> str:
    """Whoever shares it is asked on the same days: `country|zone|start|end`, as in `Slot.calendar`."""
    who = directory.people[person_id]
    return "|".join((who.country, who.zone, who.work_starts, who.work_ends))


def _make_requests(session: Session, cycle: Cycle, policy: Policy, now: datetime) -> None:
    """One request per pair that will not hold through the cycle; load is spread over the owner's days.

    An owner's requests are numbered gravest first. So many a day as policy says; where the days do not suffice, the
    number a day grows evenly rather than all of the rest landing on the last day.
    """
    measure(session, CycleFramework, CycleSystem, Applicability, Slot)
    # Nothing is asked yet: reading the requests while they are written would make SQLite hold all of them.
    standing = standings_at(cycle.id, present(cycle.ends, now), asked=False).subquery("standing")
    number = func.row_number().over(partition_by=system.owner_id, order_by=(kind.weight.desc(), system.id, kind.id))
    total = func.count().over(partition_by=system.owner_id)
    name = person.country + "|" + person.zone + "|" + person.work_starts + "|" + person.work_ends
    wanted = (
        select(standing.c.system_id, standing.c.kind_id, system.owner_id, name.label("calendar"))
        .add_columns((number - 1).label("number"), total.label("total"))
        .select_from(standing)
        .join(System, system.id == standing.c.system_id)
        .join(EvidenceKind, kind.id == standing.c.kind_id)
        .join(Person, person.id == system.owner_id)
        .where(standing.c.status.not_in(IN_CONTROL))
        .subquery("wanted")
    )
    days = (
        select(slot.calendar, func.count().label("days"))
        .where(slot.cycle_id == cycle.id)
        .group_by(slot.calendar)
        .subquery("days")
    )
    crowded = wanted.c.total > days.c.days * policy.asking.first_asks_per_day
    even = wanted.c.number * days.c.days // wanted.c.total
    place = case((crowded, even), else_=wanted.c.number // policy.asking.first_asks_per_day)
    rows = (
        select(
            literal(cycle.id),
            wanted.c.system_id,
            wanted.c.kind_id,
            wanted.c.owner_id,
            wanted.c.owner_id.label("assignee_id"),
            literal("pending"),
            slot.ask_on,
            slot.due,
            literal(0).label("step"),
            slot.ask_at,
            literal(0).label("snoozes"),
            literal(False).label("disputed"),
        )
        .select_from(wanted)
        .join(days, days.c.calendar == wanted.c.calendar)
        .join(Slot, and_(slot.cycle_id == cycle.id, slot.calendar == wanted.c.calendar, slot.number == place))
        .order_by(slot.ask_at, wanted.c.owner_id, wanted.c.number)
    )
    names = "cycle_id system_id kind_id owner_id assignee_id state ask_on due step next_at snoozes disputed"
    session.execute(insert(Request).from_select(names.split(), rows))
    measure(session, Request)


def summary_of(session: Session, cycle: Cycle, *, created: bool = False) -> Planned:
    """A planned cycle in numbers, with its busiest people first."""
    load = session.execute(
        select(person.name, func.count())
        .select_from(Request)
        .join(Person, person.id == request.owner_id)
        .where(request.cycle_id == cycle.id)
        .group_by(person.id, person.name)
        .order_by(func.count().desc(), person.name)
    ).all()
    asked = sum(count for _, count in load)
    scope = select(func.count()).select_from(CycleSystem).where(col(CycleSystem.cycle_id) == cycle.id)
    return Planned(
        cycle=cycle,
        created=created,
        requests=asked,
        carried=_held(session, cycle, asked if created else None),
        systems=session.execute(scope).scalar_one(),
        people=len(load),
        busiest=tuple((name, count) for name, count in load),
    )


def _held(session: Session, cycle: Cycle, asked: int | None) -> int:
    """How many pairs were in control when the cycle was planned: just then, all of which nothing is asked."""
    if asked is not None:
        needed = session.execute(select(func.count()).select_from(needed_pairs(cycle.id)))
        return int(needed.scalar_one()) - asked
    standing = standings(cycle.id, cycle.ends, cycle.planned_at).subquery()
    held = select(func.count()).select_from(standing).where(standing.c.status.in_(IN_CONTROL))
    return int(session.execute(held).scalar_one())


def _entry(session: Session, planned: Planned) -> dict[str, Any]:
    return {
        **_asked(session, planned.cycle),
        "carried": planned.carried,
        "systems": planned.systems,
        "catalogues": planned.cycle.catalogues,
        "policy": journal.digest([planned.cycle.policy]),
    }


def _asked(session: Session, cycle: Cycle) -> dict[str, Any]:
    """What a plan asks, as the journal keeps a bulk step: the count of its requests and a digest of them."""
    named = select(system.key, kind.key, request.owner_id, request.due).select_from(Request)
    named = named.join(System, system.id == request.system_id).join(EvidenceKind, kind.id == request.kind_id)
    counted = select(func.count()).select_from(Request).where(request.cycle_id == cycle.id)
    asked = named.where(request.cycle_id == cycle.id).order_by(request.id)
    return {"requests": session.execute(counted).scalar_one(), "digest": lines.digest_of(session, asked)}


def _tell_lead(session: Session, cycle: Cycle, policy: Policy, now: datetime) -> None:
    directory = Directory.load(session, policy)
    lead = directory.lead(now)
    outbox.tell(
        session,
        directory,
        lead,
        key=f"plan:{cycle.key}",
        kind="plan",
        about=[("cycle", cycle.id, 0)],
        now=now,
    )
