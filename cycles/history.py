"""What the record held at a past moment: systems, kinds, watched documents and evidence, as tables to ask standings of.

For the present each is the table itself. For the past it is made from the facts, looks and dates that are only added to.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, and_, case, func, literal, literal_column, or_, select

from cycles.models import (
    SEEN,
    Acceptance,
    Document,
    DocumentFact,
    Evidence,
    EvidenceKind,
    Incident,
    KindFact,
    Observation,
    Request,
    System,
    SystemFact,
    UTCDateTime,
)
from cycles.moments import Moment

system = System.__table__  # type: ignore[attr-defined]
kind = EvidenceKind.__table__  # type: ignore[attr-defined]
document = Document.__table__  # type: ignore[attr-defined]
evidence = Evidence.__table__.c  # type: ignore[attr-defined]
acceptance = Acceptance.__table__.c  # type: ignore[attr-defined]
request = Request.__table__.c  # type: ignore[attr-defined]
incident = Incident.__table__.c  # type: ignore[attr-defined]
observation = Observation.__table__.c  # type: ignore[attr-defined]
# An acceptance that was approved once; whether it holds at a moment is told by its dates.
APPROVED_ONCE = ("approved", "expired", "revoked")


def systems_at(moment: Moment) -> FromClause:
    """(id, model_version, retired) of every system."""
    return _as_it_was(moment, system, SystemFact, "system_id", ("model_version", "retired"))


def kinds_at(moment: Moment) -> FromClause:
    """(id, scope, model_version_bound) of every kind of evidence."""
    return _as_it_was(moment, kind, KindFact, "kind_id", ("scope", "model_version_bound"))


def documents_at(moment: Moment) -> FromClause:
    """(system_id, kind_id, locator, watched, status, sha256) of every document."""
    if moment.live:
        return document  # type: ignore[no-any-return]
    seen, fact = _seen(moment), _last_fact(DocumentFact, "document_id", moment)
    return (
        select(
            document.c.system_id,
            document.c.kind_id,
            document.c.locator,
            func.coalesce(fact.c.watched, False).label("watched"),
            seen.c.status,
            seen.c.sha256,
        )
        .outerjoin(seen, seen.c.document_id == document.c.id)
        .outerjoin(fact, fact.c.document_id == document.c.id)
        .subquery("document_then")
    )


def _seen(moment: Moment) -> FromClause:
    """The newest look of each document that was known, among those that tell of the moment or before.

    A look tells of the time the document says it was modified, where that lies after the look before: then it was so
    already. Otherwise it tells of its own time, and nothing is known of the time before.
    """
    before = func.lag(observation.seen_at).over(partition_by=observation.document_id, order_by=observation.id)
    look = (
        select(*Observation.__table__.c, before.label("before"))  # type: ignore[attr-defined]
        .where(observation.status.in_(SEEN), observation.at <= instant(moment.known_at))
        .subquery("look")
    )
    told = and_(look.c.modified > look.c.before, look.c.modified <= look.c.at)
    newest = func.row_number().over(partition_by=look.c.document_id, order_by=look.c.id.desc())
    ranked = (
        select(look.c.document_id, look.c.status, look.c.sha256, newest.label("place"))
        .where(case((told, look.c.modified), else_=look.c.at) <= instant(moment.at))
        .subquery("looks")
    )
    return select(ranked).where(ranked.c.place == 1).subquery("seen")


def _as_it_was(moment: Moment, table: Any, facts: Any, key: str, names: tuple[str, ...]) -> FromClause:
    """The rows of a table with the columns that facts are kept of; from before the first fact, as they are now."""
    if moment.live:
        return table  # type: ignore[no-any-return]
    fact = _last_fact(facts, key, moment)
    kept = (case((fact.c[key].is_not(None), fact.c[name]), else_=table.c[name]).label(name) for name in names)
    return select(table.c.id, *kept).outerjoin(fact, fact.c[key] == table.c.id).subquery(f"{table.name}_then")


def _last_fact(facts: Any, key: str, moment: Moment) -> FromClause:
    fact = facts.__table__.c
    newest = func.row_number().over(partition_by=fact[key], order_by=fact.id.desc())
    ranked = select(fact, newest.label("place")).where(fact.at <= instant(moment.decided_by)).subquery("facts")
    return select(ranked).where(ranked.c.place == 1).subquery(f"{facts.__tablename__}_last")


def received(moment: Moment) -> ColumnElement[bool]:
    """Evidence known at the moment. What came after the time asked about counts only if it is of a day up to it."""
    known: ColumnElement[bool] = evidence.received_at <= instant(moment.known_at)
    if moment.live:
        return known
    return and_(known, or_(evidence.received_at <= instant(moment.at), evidence.effective <= moment.day))


def digest_known(moment: Moment) -> ColumnElement[str | None]:
    """The evidence's digest, unless it was only found later by looking at the document it links to."""
    if moment.live:
        return evidence.sha256  # type: ignore[no-any-return]
    return case((evidence.sealed_at > instant(moment.known_at), None), else_=evidence.sha256)


def excused(cycle_id: int, moment: Moment) -> FromClause:
    """(system_id, kind_id) of every pair whose request in the cycle was excused by then: few, and kept in an index."""
    # Written out, because SQLite takes a partial index only for the very words of its condition.
    now = request.state == literal_column("'excused'")
    then = now if moment.live else request.excused_at <= instant(moment.decided_by)
    rows = select(request.system_id, request.kind_id).where(request.cycle_id == cycle_id, then)
    # Distinct as they are: so SQLite makes a table of them first, instead of looking into the requests for every pair.
    return rows.distinct().subquery("let_off")


def waived(moment: Moment) -> FromClause:
    """(system_id, kind_id) of every pair whose risk is accepted at the moment: approved, not revoked, not expired."""
    by = instant(moment.decided_by)
    held = acceptance.state == "approved" if moment.live else acceptance.state.in_(APPROVED_ONCE)
    in_force = or_(acceptance.revoked_at.is_(None), acceptance.revoked_at > by)
    rows = select(acceptance.system_id, acceptance.kind_id).where(held, in_force)
    return rows.where(acceptance.decided_at <= by, acceptance.expires >= moment.day).distinct().subquery("waived")


def incidents(moment: Moment, *, of_one_kind: bool) -> FromClause:
    """(system_id[, kind_id], day) of the last incident known and past, among those of all kinds or of one."""
    keys = (incident.system_id, incident.kind_id) if of_one_kind else (incident.system_id,)
    sort = incident.kind_id.is_not(None) if of_one_kind else incident.kind_id.is_(None)
    rows: Select[Any] = select(*keys, func.max(incident.happened_on).label("day")).where(sort)
    rows = rows.where(incident.recorded_at <= instant(moment.known_at), incident.happened_on <= moment.day)
    return rows.group_by(*keys).subquery("struck_kind" if of_one_kind else "struck")


def instant(at: datetime) -> ColumnElement[datetime]:
    """An instant as SQL compares it."""
    return literal(at, UTCDateTime)
