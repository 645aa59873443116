"""The gate at the end of a cycle, and what is learned from it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, select
from sqlmodel import Session, col
from sqlmodel import select as pick

from cycles import findings, journal, panel_outcomes
from cycles.acceptances import is_accepted
from cycles.assess import result_digest
from cycles.check import local_day, pair_name
from cycles.models import UNANSWERED, Action, Assessment, Cadence, Cycle, EvidenceKind, Lapse, Request, System
from cycles.pairs import required
from cycles.policy import Policy
from cycles.scorecard_queries import headline
from cycles.validity import validity_months


@dataclass(frozen=True, kw_only=True)
class Closing:
    """Whether a cycle was closed, or what keeps its gate shut."""

    closed: bool
    reasons: tuple[str, ...]
    digest: str | None = None
    warnings: tuple[str, ...] = ()


def gate(session: Session, cycle: Cycle, now: datetime) -> list[str]:
    """Every reason why the cycle cannot be closed yet; empty when the gate is open."""
    reasons = []
    if local_day(cycle, now) < cycle.close_on:
        reasons.append(f"it closes on {cycle.close_on.isoformat()} at the earliest")
    if cycle.state != "acting":
        reasons.append(f"it is in the state '{cycle.state}', not 'acting'")
    if missing := _unassessed(session, cycle):
        reasons.append(f"{missing} results are still to be assessed")
    if unowned := lapses_without_owner(session, cycle, now):
        reasons.append(f"{len(unowned)} lapses have neither an action nor an acceptance: {', '.join(unowned[:5])}")
    if waiting := _under_review(session, cycle):
        reasons.append(f"{waiting} submissions still wait for a reviewer")
    if panels := panel_outcomes.names_of_open(session, cycle):
        reasons.append(f"{len(panels)} panels have not decided yet: {', '.join(panels[:5])}")
    if unanswered := _unanswered(session, cycle):
        reasons.append(f"{unanswered} requests are still open and not yet past due")
    return reasons


def close(session: Session, cycle: Cycle, *, now: datetime, actor: str) -> Closing:
    """Close a cycle whose gate is open, pinning its results by digest; closing a closed one changes nothing."""
    if cycle.state == "closed":
        return Closing(closed=True, reasons=(), digest=cycle.result_digest)
    reasons, told = gate(session, cycle, now), tuple(warnings(session))
    if reasons:
        return Closing(closed=False, reasons=tuple(reasons), warnings=told)
    digest = result_digest(session, cycle)
    cycle.summary = {**headline(session, cycle), "lessons": lessons(session, cycle)}
    cycle.state, cycle.closed_at, cycle.result_digest = "closed", now, digest
    session.add(cycle)
    session.flush()
    after = {"state": "closed", "results": digest, "summary": cycle.summary}
    journal.append(
        session,
        at=now,
        actor=actor,
        action="cycle.closed",
        subject=f"cycle:{cycle.key}",
        before={"state": "acting"},
        after=after,
    )
    return Closing(closed=True, reasons=(), digest=digest, warnings=told)


def lessons(session: Session, cycle: Cycle) -> list[dict[str, Any]]:
    """What relapsed: the shorter cadences proposed since the cycle was planned, and those still to be decided."""
    told = session.exec(
        pick(System, EvidenceKind, Cadence)
        .join(Cadence, col(Cadence.system_id) == col(System.id))
        .join(EvidenceKind, col(EvidenceKind.id) == col(Cadence.kind_id))
        .where((col(Cadence.proposed_at) >= cycle.planned_at) | col(Cadence.outcome).is_(None))
        .order_by(col(System.key), col(EvidenceKind.key), col(Cadence.id))
    ).all()
    policy = Policy.model_validate(cycle.policy)
    return [
        {
            "system": system.key,
            "evidence_kind": kind.key,
            "because": cadence.because,
            "validity_months": validity_months(kind, system.risk_tier, policy, system.key),
            "proposed_months": cadence.months,
            "outcome": cadence.outcome,
        }
        for system, kind, cadence in told
    ]


def warnings(session: Session) -> list[str]:
    """What the lead should know but what keeps no cycle open: a report that nobody has read yet must not block a gate,
    or anybody could keep it shut."""
    waiting = [f"F-{found.id}" for found in findings.untriaged(session)]
    if not waiting:
        return []
    return [f"{len(waiting)} findings are still to be triaged: {', '.join(waiting[:5])}"]


def _unassessed(session: Session, cycle: Cycle) -> int:
    needed = required(cycle.id).subquery("needed")
    pairs = select(needed.c.system_id, needed.c.control_id).distinct().subquery("pairs")
    wanted = session.execute(select(func.count()).select_from(pairs)).scalar_one()
    has = session.execute(select(func.count()).select_from(Assessment).where(col(Assessment.cycle_id) == cycle.id))
    return max(0, int(wanted) - int(has.scalar_one()))


def _in_states(session: Session, cycle: Cycle, *states: str) -> int:
    counted = select(func.count()).select_from(Request)
    counted = counted.where(col(Request.cycle_id) == cycle.id, col(Request.state).in_(states))
    return int(session.execute(counted).scalar_one())


def _under_review(session: Session, cycle: Cycle) -> int:
    return _in_states(session, cycle, "submitted")


def _unanswered(session: Session, cycle: Cycle) -> int:
    return _in_states(session, cycle, *UNANSWERED)


def lapses_without_owner(session: Session, cycle: Cycle, now: datetime) -> list[str]:
    """Open lapses that have neither an open action nor an unexpired acceptance; there should be none after Act."""
    counted = (
        pick(Lapse, func.count(col(Action.id)))
        .outerjoin(Action, and_(col(Action.lapse_id) == col(Lapse.id), col(Action.closed_at).is_(None)))
        .where(col(Lapse.recovered_at).is_(None))
        .group_by(col(Lapse.id))
        .order_by(col(Lapse.id))
    )
    return [
        pair_name(session, lapse.system_id, lapse.kind_id)
        for lapse, actions in session.exec(counted).all()
        if not actions and not is_accepted(session, lapse, cycle, now)
    ]
