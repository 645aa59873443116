"""What is being improved, accepted and reported now, in keys people know; never who raised a concern."""

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import and_, select
from sqlmodel import Session, col
from sqlmodel import select as pick

from cycles.action_states import AT_WORK
from cycles.models import Acceptance, Action, Cadence, Cycle, EvidenceKind, Finding, Lapse, Milestone, Person, System

kind = EvidenceKind.__table__.c  # type: ignore[attr-defined]
person = Person.__table__.c  # type: ignore[attr-defined]
system = System.__table__.c  # type: ignore[attr-defined]


def actions_of(session: Session, cycle: Cycle, day: date | None = None) -> list[dict[str, Any]]:
    """Every action that is open, or that belongs to this cycle by its lapse or by the day its finding was accepted.

    Milestones are overdue by `day`, which is the cycle's last one unless named.
    """
    until = cycle.closed_at or datetime.max.replace(tzinfo=UTC)
    found_here = and_(
        col(Action.finding_id).is_not(None), col(Action.opened_at) >= cycle.planned_at, col(Action.opened_at) <= until
    )
    rows = session.execute(
        select(Action, system.key, kind.key, person.key, Lapse, Finding)
        .join(System, system.id == col(Action.system_id))
        .outerjoin(EvidenceKind, kind.id == col(Action.kind_id))
        .join(Person, person.id == col(Action.owner_id))
        .outerjoin(Lapse, col(Lapse.id) == col(Action.lapse_id))
        .outerjoin(Finding, col(Finding.id) == col(Action.finding_id))
        .where((col(Action.closed_at).is_(None)) | (col(Lapse.cycle_id) == cycle.id) | found_here)
        .order_by(col(Action.id))
    ).all()
    steps = _milestones(session, [row[0] for row in rows], day or cycle.ends)
    return [
        {
            "id": action.id,
            "lapse": f"{system_key}/{kind_key}" if lapse else None,
            "finding": f"F-{found.id}" if found else None,
            "about": f"{system_key}/{kind_key}" if lapse else f"{system_key}: {found.title}" if found else system_key,
            "system": system_key,
            "evidence_kind": kind_key,
            "reason": lapse.reason if lapse else "reported",
            "severity": action.severity,
            "owner": owner_key,
            "state": action.state,
            "due": action.due.isoformat(),
            "relapses": action.relapses,
            "open": action.closed_at is None,
            "milestones": steps.get(action.id, []),
        }
        for action, system_key, kind_key, owner_key, lapse, found in rows
    ]


def _milestones(session: Session, actions: list[Action], day: date) -> dict[int, list[dict[str, Any]]]:
    at_work = {action.id: action.state in AT_WORK for action in actions}
    found: dict[int, list[dict[str, Any]]] = {}
    rows = session.exec(
        pick(Milestone).where(col(Milestone.action_id).in_(at_work)).order_by(col(Milestone.due), col(Milestone.id))
    )
    for row in rows:
        late = row.done_at is None and row.due < day and at_work[row.action_id]
        step = {"id": row.id, "title": row.title, "due": row.due.isoformat(), "done": row.done_at is not None}
        found.setdefault(row.action_id, []).append({**step, "overdue": late})
    return found


def acceptances_of(session: Session) -> list[dict[str, Any]]:
    """Every risk acceptance that is asked for or in force, the first to end first."""
    rows = session.exec(
        pick(Acceptance, System.key, EvidenceKind.key, Person.key)
        .join(System, col(System.id) == col(Acceptance.system_id))
        .join(EvidenceKind, col(EvidenceKind.id) == col(Acceptance.kind_id))
        .join(Person, col(Person.id) == col(Acceptance.requester_id))
        .where(col(Acceptance.state).in_(("requested", "approved")))
        .order_by(col(Acceptance.expires), col(Acceptance.id))
    ).all()
    return [
        {
            "id": f"R-{row.id}",
            "about": f"{system_key}/{kind_key}",
            "state": row.state,
            "requester": requester,
            "reason": row.reason,
            "expires": row.expires.isoformat(),
        }
        for row, system_key, kind_key, requester in rows
    ]


def findings_of(session: Session) -> list[dict[str, Any]]:
    """What was reported and is not settled. Nobody's name; a concern's words only once a lead has accepted it."""
    rows = session.exec(
        pick(Finding, System.key)
        .join(System, col(System.id) == col(Finding.system_id))
        .where(col(Finding.state).in_(("new", "accepted")))
        .order_by(col(Finding.id))
    ).all()
    return [
        {
            "id": f"F-{found.id}",
            "system": system_key,
            "source": found.source,
            "confidential": found.confidential,
            "title": None if found.confidential and found.state == "new" else found.title,
            "state": found.state,
        }
        for found, system_key in rows
    ]


def cadences_of(session: Session) -> list[dict[str, Any]]:
    """Every shorter cadence that was proposed, the newest first."""
    rows = session.exec(
        pick(Cadence, System.key, EvidenceKind.key)
        .join(System, col(System.id) == col(Cadence.system_id))
        .join(EvidenceKind, col(EvidenceKind.id) == col(Cadence.kind_id))
        .order_by(col(Cadence.id).desc())
    ).all()
    return [
        {
            "id": f"C-{row.id}",
            "about": f"{system_key}/{kind_key}",
            "months": row.months,
            "because": row.because,
            "outcome": row.outcome,
        }
        for row, system_key, kind_key in rows
    ]
