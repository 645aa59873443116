"""What is true now: every result with its reasons, every request, every action, in keys people know."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import FromClause, Select, and_, func, select
from sqlmodel import Session, col
from sqlmodel import select as pick

from cycles.improvement_status import acceptances_of, actions_of, findings_of
from cycles.lapses import local_day
from cycles.models import (
    Action,
    Assessment,
    Control,
    Cycle,
    Delivery,
    EvidenceKind,
    Framework,
    Lapse,
    Panel,
    Person,
    Request,
    Standing,
    System,
)
from cycles.pairs import IN_CONTROL, required
from cycles.policy import Policy

assessment = Assessment.__table__.c  # type: ignore[attr-defined]
control = Control.__table__.c  # type: ignore[attr-defined]
framework = Framework.__table__.c  # type: ignore[attr-defined]
kind = EvidenceKind.__table__.c  # type: ignore[attr-defined]
person = Person.__table__.c  # type: ignore[attr-defined]
request = Request.__table__.c  # type: ignore[attr-defined]
standing = Standing.__table__.c  # type: ignore[attr-defined]
system = System.__table__.c  # type: ignore[attr-defined]
STAGES = {
    "planned": "plan",
    "doing": "do",
    "checking": "check",
    "acting": "act",
    "closed": "closed",
    "cancelled": "cancelled",
}


def result_rows(session: Session, cycle: Cycle) -> Iterator[tuple[Any, ...]]:
    """(system, framework, control, result, reason, valid_until) by key, in a fixed order."""
    for row in session.execute(stored_results(cycle).execution_options(yield_per=10_000)):
        yield tuple(row)


def stored_results(cycle: Cycle) -> Select[Any]:
    """The same as a query, for its digest."""
    mine = and_(assessment.system_id == system.id, assessment.cycle_id == cycle.id)
    return (
        select(system.key, framework.key, control.key, assessment.result, assessment.reason, assessment.valid_until)
        .select_from(System)
        # Outer joins, and a condition that SQLite does not see through: so it walks the systems by their keys and sorts
        # one system's results at a time, where it would else hold and sort all of them.
        .outerjoin(Assessment, mine)
        .outerjoin(Control, control.id == assessment.control_id)
        .outerjoin(Framework, framework.id == control.framework_id)
        .where(func.coalesce(assessment.control_id, 0) != 0)
        .order_by(system.key, framework.key, control.position)
    )


def status(session: Session, cycle: Cycle, now: datetime) -> dict[str, Any]:
    """The whole status of a cycle as plain values, as `hoshin status --json` prints it."""
    stands = select(Standing.__table__).where(standing.cycle_id == cycle.id).subquery("stands")  # type: ignore[attr-defined]
    results = told_results(result_rows(session, cycle), reasons(session, cycle, stands))
    requests = requests_of(session, cycle)
    actions = actions_of(session, cycle, local_day(cycle, now))
    accepted, found = acceptances_of(session), findings_of(session)
    lapses = open_lapses(session)
    return {
        "cycle": cycle.key,
        "stage": STAGES[cycle.state],
        "as_of": now.isoformat(timespec="seconds"),
        "counts": {
            "systems": len({row["system"] for row in results}),
            "results": counted(results, "result"),
            "requests": counted(requests, "state"),
            "actions": counted(actions, "state"),
            "lapses": len(lapses),
            "acceptances": counted(accepted, "state"),
            "findings": counted(found, "state"),
            "deliveries": deliveries(session),
        },
        "results": results,
        "requests": requests,
        "lapses": lapses,
        "actions": actions,
        "expiring": expiring(session, cycle, stands, local_day(cycle, now)),
        "acceptances": accepted,
        "findings": found,
    }


def expiring(session: Session, cycle: Cycle, stands: FromClause, day: date) -> list[dict[str, Any]]:
    """Evidence that counts today and ends within the policy's warning window, soonest first."""
    last = day + timedelta(days=Policy.model_validate(cycle.policy).expiring_days)
    rows = session.execute(
        select(system.key, kind.key, stands.c.valid_until)
        .join(System, system.id == stands.c.system_id)
        .join(EvidenceKind, kind.id == stands.c.kind_id)
        .where(stands.c.status == "valid", stands.c.valid_until >= day, stands.c.valid_until <= last)
        .order_by(stands.c.valid_until, system.key, kind.key)
    )
    return [{"system": row[0], "evidence_kind": row[1], "valid_until": row[2].isoformat()} for row in rows]


def counted(rows: list[dict[str, Any]], name: str) -> dict[str, int]:
    counts: dict[str, int] = {}
    for row in rows:
        counts[row[name]] = counts.get(row[name], 0) + 1
    return dict(sorted(counts.items()))


def told_results(rows: Iterable[tuple[Any, ...]], why: dict[tuple[str, str, str], list[str]]) -> list[dict[str, Any]]:
    """Results with the kinds that decide them, as plain values."""
    return [
        {
            "system": row[0],
            "framework": row[1],
            "control": row[2],
            "result": row[3],
            "reasons": why.get((row[0], row[1], row[2]), []),
            "valid_until": row[5].isoformat() if row[5] else None,
        }
        for row in rows
    ]


def reasons(
    session: Session, cycle: Cycle, stands: FromClause, kinds: FromClause | None = None
) -> dict[tuple[str, str, str], list[str]]:
    """For each result the kinds that decide it, as `evidence-kind: standing`; those in order are left out unless all are."""
    needed = required(cycle.id, kinds).subquery("needed")
    rows = session.execute(
        select(system.key, framework.key, control.key, kind.key, stands.c.status)
        .select_from(needed)
        .join(System, system.id == needed.c.system_id)
        .join(Control, control.id == needed.c.control_id)
        .join(Framework, framework.id == control.framework_id)
        .join(EvidenceKind, kind.id == needed.c.kind_id)
        .join(stands, and_(stands.c.system_id == needed.c.subject_id, stands.c.kind_id == needed.c.kind_id))
        .distinct()
        .order_by(system.key, framework.key, control.key, kind.key)
    )
    good: dict[tuple[str, str, str], list[str]] = {}
    bad: dict[tuple[str, str, str], list[str]] = {}
    for system_key, framework_key, control_key, kind_key, state in rows:
        held = good if state in IN_CONTROL else bad
        held.setdefault((system_key, framework_key, control_key), []).append(f"{kind_key}: {state}")
    return {**good, **bad}


def requests_of(session: Session, cycle: Cycle) -> list[dict[str, Any]]:
    """Every request of the cycle."""
    owner, assignee = Person.__table__.alias("owner"), Person.__table__.alias("assignee")  # type: ignore[attr-defined]
    rows = session.execute(
        select(Request, system.key, kind.key, owner.c.key, assignee.c.key, Panel)
        .join(System, system.id == request.system_id)
        .join(EvidenceKind, kind.id == request.kind_id)
        .join(owner, owner.c.id == request.owner_id)
        .join(assignee, assignee.c.id == request.assignee_id)
        .outerjoin(Panel, col(Panel.evidence_id) == request.evidence_id)
        .where(request.cycle_id == cycle.id)
        .order_by(request.id)
    )
    return [
        {
            "id": row.id,
            "system": system_key,
            "evidence_kind": kind_key,
            "owner": owner_key,
            "assignee": assignee_key,
            "state": row.state,
            "due": row.due.isoformat(),
            "next_at": row.next_at.isoformat(timespec="seconds") if row.next_at else None,
            "panel": panel_state(panel) if panel else None,
        }
        for row, system_key, kind_key, owner_key, assignee_key, panel in rows
    ]


def panel_state(panel: Panel) -> dict[str, Any]:
    """How a panel stands, without anything about its votes."""
    return {
        "need": panel.terms["need"],
        "of": panel.terms["of"],
        "deadline": panel.deadline.isoformat(timespec="seconds"),
        "state": panel.outcome or "open",
    }


def open_lapses(session: Session) -> list[dict[str, Any]]:
    """Every open lapse with the number of open actions it has: one, or none under a risk acceptance."""
    rows = session.exec(
        pick(Lapse, System.key, EvidenceKind.key, func.count(col(Action.id)))
        .join(System, col(System.id) == col(Lapse.system_id))
        .join(EvidenceKind, col(EvidenceKind.id) == col(Lapse.kind_id))
        .outerjoin(Action, and_(col(Action.lapse_id) == col(Lapse.id), col(Action.closed_at).is_(None)))
        .where(col(Lapse.recovered_at).is_(None))
        .group_by(col(Lapse.id), col(System.key), col(EvidenceKind.key))
        .order_by(col(Lapse.id))
    ).all()
    return [
        {
            "lapse": f"{system_key}/{kind_key}",
            "reason": found.reason,
            "happened_on": found.happened_on.isoformat(),
            "actions": count,
        }
        for found, system_key, kind_key, count in rows
    ]


def deliveries(session: Session) -> dict[str, int]:
    """Messages of the outbox by state."""
    rows = session.exec(pick(Delivery.state, func.count()).group_by(Delivery.state).order_by(Delivery.state)).all()
    return dict(rows)
