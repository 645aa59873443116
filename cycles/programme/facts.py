"""What systems, kinds and documents were when: a row for each that differs from its last one, so that the past keeps its facts."""

from datetime import datetime

from sqlalchemy import Column, and_, func, insert, literal, or_, select
from sqlmodel import Session, SQLModel

from cycles.models import Document, DocumentFact, EvidenceKind, KindFact, System, SystemFact, UTCDateTime

# Whose facts, in which table, by which column, and what is kept.
KEPT: tuple[tuple[type[SQLModel], type[SQLModel], str, tuple[str, ...]], ...] = (
    (System, SystemFact, "system_id", ("model_version", "risk_tier", "retired")),
    (EvidenceKind, KindFact, "kind_id", ("scope", "model_version_bound")),
    (Document, DocumentFact, "document_id", ("watched",)),
)


def keep_facts(session: Session, now: datetime) -> None:
    """Write down what changed since the facts were last kept; part of the sync's transaction and journal entry."""
    for model, facts, key, names in KEPT:
        _keep(session, model.__table__.c, facts.__table__.c, key, names, now, facts)  # type: ignore[attr-defined]


def _keep(
    session: Session,
    of: dict[str, Column[object]],
    fact: dict[str, Column[object]],
    key: str,
    names: tuple[str, ...],
    now: datetime,
    facts: type[SQLModel],
) -> None:
    last = select(func.max(fact["id"]).label("id")).group_by(fact[key]).subquery("last")
    known = select(*(fact[name] for name in (key, *names))).join(last, last.c.id == fact["id"]).subquery("known")
    differs = or_(known.c[key].is_(None), *(of[name].is_distinct_from(known.c[name]) for name in names))
    rows = (
        select(of["id"], literal(now, UTCDateTime), *(of[name] for name in names))
        .outerjoin(known, and_(known.c[key] == of["id"]))
        .where(differs)
        .order_by(of["id"])
    )
    session.execute(insert(facts).from_select([key, "at", *names], rows))
