"""Incidents: something went wrong with a system, so what was shown before that day has to be shown anew."""

from datetime import date, datetime
from typing import Any

from sqlmodel import Session, col, select

from cycles import journal
from cycles.errors import BadInput
from cycles.models import EvidenceKind, Incident, Person, System
from cycles.people import programme_zone


def add_incident(
    session: Session,
    *,
    system: str,
    kind: str | None,
    happened_on: date,
    what: str,
    by: str | None,
    now: datetime,
    actor: str,
) -> Incident:
    """Record an incident; from now on evidence of an earlier effective date does not count (one kind's, or all kinds').

    Raises:
        BadInput: an unknown system, kind or person, a day to come, nothing said, or the same incident twice.
    """
    found = _named(session, System, system, "--system")
    of = _named(session, EvidenceKind, kind, "--kind") if kind else None
    reporter = _named(session, Person, by, "--by") if by else None
    if not what.strip():
        raise BadInput("--what is empty. Say in a sentence what happened.")
    if happened_on > _today(session, now):
        raise BadInput(f"--on {happened_on.isoformat()} lies in the future. Name the day it happened.")
    row = Incident(
        system_id=found.id,
        kind_id=of.id if of else None,
        happened_on=happened_on,
        recorded_at=now,
        recorded_by_id=reporter.id if reporter else None,
        what=what.strip(),
    )
    _refuse_twice(session, row, system)
    session.add(row)
    session.flush()
    name = f"{system}/{kind}" if kind else system
    after = {"happened_on": happened_on, "what": row.what, "by": by}
    journal.append(
        session, at=now, actor=by or actor, action="incident.recorded", subject=f"incident:{name}", after=after
    )
    return row


def list_incidents(session: Session) -> list[dict[str, Any]]:
    """Every incident recorded, newest first, in keys people know."""
    rows = session.exec(
        select(Incident, System.key, EvidenceKind.key, Person.key)
        .join(System, col(System.id) == col(Incident.system_id))
        .outerjoin(EvidenceKind, col(EvidenceKind.id) == col(Incident.kind_id))
        .outerjoin(Person, col(Person.id) == col(Incident.recorded_by_id))
        .order_by(col(Incident.happened_on).desc(), col(Incident.id).desc())
    ).all()
    return [
        {
            "id": row.id,
            "system": system,
            "evidence_kind": kind,
            "happened_on": row.happened_on.isoformat(),
            "recorded_at": row.recorded_at.isoformat(timespec="seconds"),
            "by": by,
            "what": row.what,
        }
        for row, system, kind, by in rows
    ]


def _refuse_twice(session: Session, row: Incident, system: str) -> None:
    same = select(Incident.id).where(
        Incident.system_id == row.system_id,
        Incident.happened_on == row.happened_on,
        Incident.what == row.what,
        col(Incident.kind_id).is_not_distinct_from(row.kind_id),
    )
    if number := session.exec(same).first():
        raise BadInput(f"This incident of {system} is recorded already, as number {number}.")


def _today(session: Session, now: datetime) -> date:
    return now.astimezone(programme_zone(session)).date()


def _named(session: Session, model: Any, key: str | None, option: str) -> Any:
    row = session.exec(select(model).where(model.key == key)).first()
    if row is None:
        known = sorted(session.exec(select(model.key)).all())
        raise BadInput(f"{option}: '{key}' is not in the record. Known: {', '.join(known[:20])}.")
    return row
