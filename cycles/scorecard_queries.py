"""The scorecard's figures from the record."""

from collections import defaultdict
from datetime import date, datetime, timedelta
from statistics import median
from typing import Any

from sqlalchemy import and_, case, func, or_, select
from sqlmodel import Session, col
from sqlmodel import select as pick

from cycles.action_states import AT_WORK
from cycles.check import local_day
from cycles.held import Held, held
from cycles.models import (
    UNANSWERED,
    Action,
    Assessment,
    Control,
    Cycle,
    Delivery,
    Lapse,
    Request,
)
from cycles.pairs import required
from cycles.people import Directory, programme_head
from cycles.policy import Policy
from cycles.scorecard import (
    Scorecard,
    StageRing,
    Tally,
    TrendPoint,
)
from cycles.scorecard_rows import (
    action_rows,
    count_by,
    framework_rows,
    lapse_rows,
    request_rows,
    summed,
    system_rows,
)
from cycles.status import STAGES
from cycles.workdays import Calendar

assessment = Assessment.__table__.c  # type: ignore[attr-defined]
control = Control.__table__.c  # type: ignore[attr-defined]
CLOSED_CYCLES_SHOWN = 8


def scorecard(session: Session, cycle: Cycle, now: datetime) -> Scorecard:
    """Everything an executive sees of one cycle, as of now."""
    policy = Policy.model_validate(cycle.policy)
    head = programme_head(session)
    calendar = Calendar(country=head["country"], closures=policy.closed_days())
    day = local_day(cycle, now)
    tallies = _tallies(session, cycle, day, policy)
    earlier = _closed_before(session, cycle)
    before = earlier[-1].summary if earlier else None
    lapses = lapse_rows(session, cycle)
    return Scorecard(
        organisation=head["organisation"]["name"],
        cycle=cycle.key,
        stage=STAGES[cycle.state],
        as_of=now,
        zone=cycle.zone,
        workday=max(0, calendar.between(cycle.starts - timedelta(days=1), min(day, cycle.ends))),
        workdays=calendar.between(cycle.starts - timedelta(days=1), cycle.ends),
        closes=cycle.close_on,
        rings=rings(session, cycle),
        tally=summed(tallies.values()),
        previous_in_control=before["in_control"] if before else None,
        median_answer_workdays=median_answer(session, cycle),
        previous_median_answer_workdays=before["median_answer_workdays"] if before else None,
        new_lapses=_lapse_count(session, cycle, recovered=None),
        recovered=_lapse_count(session, cycle, recovered=True),
        deliveries_unknown=_deliveries(session, "unknown"),
        deliveries_failed=_deliveries(session, "failed"),
        held=_held(session),
        orphaned=session.exec(
            pick(func.count()).select_from(Request).where(Request.cycle_id == cycle.id, col(Request.disputed))
        ).one(),
        systems=system_rows(session, cycle, tallies, day),
        frameworks=framework_rows(session, tallies),
        lapses=lapses,
        actions=action_rows(session, day),
        requests=request_rows(session, cycle, day),
        trend=(*(_point(closed) for closed in earlier[-CLOSED_CYCLES_SHOWN:]), _now_point(session, cycle, tallies)),
    )


def headline(session: Session, cycle: Cycle) -> dict[str, Any]:
    """The figures a closed cycle is remembered by."""
    policy = Policy.model_validate(cycle.policy)
    tally = summed(_tallies(session, cycle, cycle.close_on, policy).values())
    return {
        "in_control": round(tally.in_control, 4),
        "controls": tally.total,
        "lapses": _lapse_count(session, cycle, recovered=None),
        "recovered": _lapse_count(session, cycle, recovered=True),
        "median_answer_workdays": median_answer(session, cycle),
    }


def median_answer(session: Session, cycle: Cycle) -> float | None:
    """Median workdays from first ask to first answer, by the answering person's calendar; None before any answer."""
    directory = Directory.load(session, Policy.model_validate(cycle.policy))
    rows = session.exec(
        pick(Request.assignee_id, Request.asked_at, Request.answered_at).where(
            Request.cycle_id == cycle.id, col(Request.asked_at).is_not(None), col(Request.answered_at).is_not(None)
        )
    ).all()
    days = [
        directory.calendar(who).between(directory.today(who, asked), directory.today(who, answered))
        for who, asked, answered in rows
        if asked and answered and answered >= asked  # opened again since, and not answered yet
    ]
    return round(float(median(days)), 1) if days else None


def _tallies(session: Session, cycle: Cycle, day: date, policy: Policy) -> dict[tuple[int, int], Tally]:
    """Results counted per (system, framework) by what they mean for control."""
    needed = required(cycle.id).subquery("needed")
    lapsed = (
        select(Lapse.__table__.c.id)  # type: ignore[attr-defined]
        .where(
            col(Lapse.system_id) == needed.c.subject_id,
            col(Lapse.kind_id) == needed.c.kind_id,
            col(Lapse.recovered_at).is_(None),
        )
        .exists()
    )
    any_lapse = select(needed.c.system_id, needed.c.control_id).where(lapsed).distinct().subquery("with_lapse")
    window = day + timedelta(days=policy.expiring_days)
    meaning = case(
        (and_(assessment.result == "satisfied", assessment.valid_until <= window), "expiring"),
        (assessment.result == "satisfied", "satisfied"),
        (assessment.result == "risk-accepted", "accepted"),
        (assessment.result == "not-applicable", "not_applicable"),
        (any_lapse.c.control_id.is_not(None), "lapsed"),
        else_="waiting",
    )
    rows = session.execute(
        select(assessment.system_id, control.framework_id, meaning.label("meaning"), func.count())
        .select_from(Assessment)
        .join(Control, control.id == assessment.control_id)
        .outerjoin(
            any_lapse,
            and_(any_lapse.c.system_id == assessment.system_id, any_lapse.c.control_id == assessment.control_id),
        )
        .where(assessment.cycle_id == cycle.id)
        .group_by(assessment.system_id, control.framework_id, meaning)
    )
    counts: dict[tuple[int, int], dict[str, int]] = defaultdict(dict)
    for system_id, framework_id, found, number in rows:
        counts[system_id, framework_id][found] = number
    return {place: Tally(**found) for place, found in counts.items()}


def rings(session: Session, cycle: Cycle) -> tuple[StageRing, ...]:
    """How far each stage of a cycle is."""
    stages = ("plan", "do", "check", "act")
    now = {"planned": 0, "doing": 1, "checking": 2, "acting": 3, "closed": 4, "cancelled": 0}[cycle.state]
    states = count_by(
        session,
        select(col(Request.state), func.count()).where(col(Request.cycle_id) == cycle.id).group_by(col(Request.state)),
    )
    total = sum(states.values())
    answered = total - sum(states.get(state, 0) for state in (*UNANSWERED, "lapsed"))
    reviewed = answered - states.get("submitted", 0)
    mine = select(col(Action.state), func.count()).outerjoin(Lapse, col(Lapse.id) == col(Action.lapse_id))
    reported = and_(col(Action.finding_id).is_not(None), col(Action.opened_at) >= cycle.planned_at)
    if cycle.closed_at is not None:
        reported = and_(reported, col(Action.opened_at) <= cycle.closed_at)
    here = or_(col(Lapse.cycle_id) == cycle.id, reported)
    actions = count_by(session, mine.where(here).group_by(col(Action.state)))
    all_actions = sum(actions.values())
    settled = all_actions - sum(actions.get(state, 0) for state in AT_WORK)
    counts = ((total if now else 0, total), (answered, total), (reviewed, answered), (settled, all_actions))
    starts = (cycle.starts, cycle.do_on, cycle.check_on, cycle.act_on)
    ends = (cycle.do_on, cycle.check_on, cycle.act_on, cycle.close_on)
    return tuple(
        StageRing(
            stage=stage,
            state="done" if place < now else "now" if place == now else "next",
            done=counts[place][0],
            of=counts[place][1],
            starts=starts[place],
            ends=ends[place],
        )
        for place, stage in enumerate(stages)
    )


def _closed_before(session: Session, cycle: Cycle) -> list[Cycle]:
    return list(
        session.exec(
            pick(Cycle).where(Cycle.state == "closed", col(Cycle.starts) < cycle.starts).order_by(col(Cycle.starts))
        ).all()
    )


def _point(cycle: Cycle) -> TrendPoint:
    summary = cycle.summary or {}
    return TrendPoint(
        cycle=cycle.key,
        in_control=float(summary.get("in_control", 0)),
        lapses=int(summary.get("lapses", 0)),
        recovered=int(summary.get("recovered", 0)),
    )


def _now_point(session: Session, cycle: Cycle, tallies: dict[tuple[int, int], Tally]) -> TrendPoint:
    return TrendPoint(
        cycle=cycle.key,
        in_control=summed(tallies.values()).in_control,
        lapses=_lapse_count(session, cycle, recovered=None),
        recovered=_lapse_count(session, cycle, recovered=True),
    )


def _lapse_count(session: Session, cycle: Cycle, *, recovered: bool | None) -> int:
    counted = pick(func.count()).select_from(Lapse).where(Lapse.cycle_id == cycle.id)
    if recovered is not None:
        counted = counted.where(col(Lapse.recovered_at).is_not(None))
    return session.exec(counted).one()


def _held(session: Session) -> Held | None:
    found = held(session)
    return found if found.reason else None


def _deliveries(session: Session, state: str) -> int:
    return session.exec(pick(func.count()).select_from(Delivery).where(Delivery.state == state)).one()
