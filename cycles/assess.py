"""Standings and results, as stored: brought up to a day, written only where they differ, and their digest."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, func, literal, select
from sqlmodel import Session, SQLModel, col

from cycles import journal, lines
from cycles.models import Assessment, Cycle, Standing, System, UTCDateTime
from cycles.pairs import RANK, needed_by_profile, results, standings
from cycles.sets import measure, put
from cycles.status import stored_results

standing = Standing.__table__.c  # type: ignore[attr-defined]
assessment = Assessment.__table__.c  # type: ignore[attr-defined]
# Beyond so many systems one pass over all costs less than picking theirs.
FEW_SYSTEMS = 5_000


def refresh_standings(session: Session, cycle: Cycle, day: date, now: datetime) -> int:
    """Bring every pair's standing up to the day; returns how many rows changed."""
    found = standings(cycle.id, day, now).subquery("found")
    rows = select(
        literal(cycle.id).label("cycle_id"),
        found.c.system_id,
        found.c.kind_id,
        found.c.status,
        found.c.evidence_id,
        found.c.valid_until,
        literal(now, UTCDateTime).label("changed_at"),
    )
    return _put(session, cycle, Standing, rows, ("status", "evidence_id", "valid_until"))


def refresh_assessments(session: Session, cycle: Cycle, changed: int, now: datetime) -> int:
    """Give every system × control in scope its one result, from the standings of the kinds it requires.

    `changed` is how many standings this check wrote. While results are reckoned as at the last check, only those of
    systems with such a standing are looked at.
    """
    by = _reckoned_by(session, cycle)
    few = _changed_systems(session, cycle, now) if changed else []
    if by != cycle.reckoned_by:
        few, cycle.reckoned_by = None, by
        session.add(cycle)
        session.flush()
    return 0 if few == [] else _write_results(session, cycle, few, now)


def _write_results(session: Session, cycle: Cycle, few: Sequence[int] | None, now: datetime) -> int:
    stored = select(Standing.__table__).where(standing.cycle_id == cycle.id).subquery("now_standing")  # type: ignore[attr-defined]
    found = results(cycle.id, stored, systems=few).c
    rows = select(
        literal(cycle.id).label("cycle_id"),
        found.system_id,
        found.control_id,
        found.result,
        found.reason,
        found.valid_until,
        literal(now, UTCDateTime).label("changed_at"),
    )
    return _put(session, cycle, Assessment, rows, ("result", "reason", "valid_until"))


def _put(session: Session, cycle: Cycle, model: type[SQLModel], rows: Select[Any], compare: Sequence[str]) -> int:
    table = model.__table__  # type: ignore[attr-defined]
    anew = session.execute(select(literal(1)).where(table.c.cycle_id == cycle.id).limit(1)).first() is None
    written = put(session, model, rows, compare=compare, anew=anew)
    if written:
        measure(session, model)
    return written


def _changed_systems(session: Session, cycle: Cycle, now: datetime) -> list[int] | None:
    """The systems whose standings were written just now; None where these are many, or one is the organisation."""
    wrote = select(standing.system_id).where(standing.cycle_id == cycle.id, standing.changed_at == now).distinct()
    ids = list(session.execute(wrote.limit(FEW_SYSTEMS + 1)).scalars())
    organisation = session.execute(select(col(System.id)).where(col(System.is_organisation))).scalars()
    return None if len(ids) > FEW_SYSTEMS or not set(ids).isdisjoint(organisation) else ids


def _reckoned_by(session: Session, cycle: Cycle) -> str:
    """A digest of all that results are made by besides standings: what each profile needs, and how kinds are weighed up."""
    needs = session.execute(needed_by_profile(cycle.id)).tuples()
    return journal.digest([sorted(RANK.items()), *sorted(list(row) for row in needs)])


def result_digest(session: Session, cycle: Cycle) -> str:
    """SHA-256 over every result of a cycle, by keys rather than row numbers, so that it can be recomputed anywhere."""
    return lines.digest_of(session, stored_results(cycle))


def written_digest(session: Session, cycle: Cycle, written: int, now: datetime) -> str:
    """The same over the results that a check wrote at this moment: what its journal entry stands for."""
    every = select(func.count()).select_from(Assessment).where(assessment.cycle_id == cycle.id)
    if written == session.execute(every).scalar_one():
        return result_digest(session, cycle)
    return lines.digest_of(session, stored_results(cycle).where(assessment.changed_at == now))
