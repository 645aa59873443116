"""System × evidence kind: the pairs a cycle needs, and the evidence that counts for each, as sets.

Everything here is a SQLAlchemy expression that runs alike on SQLite and PostgreSQL; nothing is looped in Python.
"""

from datetime import date, datetime

from sqlalchemy import CTE, ColumnElement, Select, Subquery, and_, case, func, literal, or_, select

from cycles.models import (
    Acceptance,
    Applicability,
    Control,
    CycleFramework,
    CycleSystem,
    Document,
    Evidence,
    EvidenceKind,
    Request,
    Requirement,
    System,
    Verdict,
)
from cycles.models.types import UTCDateTime

# SQLModel types its columns as the values they hold; the tables give SQLAlchemy's own expressions.
system = System.__table__.c  # type: ignore[attr-defined]
kind = EvidenceKind.__table__.c  # type: ignore[attr-defined]
evidence = Evidence.__table__.c  # type: ignore[attr-defined]
verdict = Verdict.__table__.c  # type: ignore[attr-defined]
document = Document.__table__.c  # type: ignore[attr-defined]
request = Request.__table__.c  # type: ignore[attr-defined]
acceptance = Acceptance.__table__.c  # type: ignore[attr-defined]
requirement = Requirement.__table__.c  # type: ignore[attr-defined]
control = Control.__table__.c  # type: ignore[attr-defined]
applicability = Applicability.__table__.c  # type: ignore[attr-defined]
in_scope = CycleSystem.__table__.c  # type: ignore[attr-defined]
pinned = CycleFramework.__table__.c  # type: ignore[attr-defined]

# What a standing can be, worst last: the highest rank among a control's kinds is its reason.
RANK = {
    "excused": 0,
    "valid": 1,
    "accepted": 2,
    "pending": 3,
    "returned": 4,
    "missing": 5,
    "gone": 6,
    "version-changed": 7,
    "changed": 8,
    "expired": 9,
}
IN_CONTROL = ("excused", "valid", "accepted")
# These lapse at the moment they happen; the others only once the request for them is past due.
LAPSED_AT_ONCE = ("gone", "version-changed", "changed", "expired")


def required(cycle_id: int) -> Select[tuple[int, int, int, int]]:
    """(system_id, control_id, subject_id, kind_id): which kind of evidence, held by whom, each control in scope requires.

    The subject is the system itself, or the organisation for kinds that are asked once for all.
    """
    organisation = select(system.id).where(system.is_organisation).scalar_subquery()
    subject = case((kind.scope == "organisation", organisation), else_=in_scope.system_id)
    return (
        select(in_scope.system_id, control.id.label("control_id"), subject.label("subject_id"), requirement.kind_id)
        .select_from(CycleSystem)
        .join(Applicability, applicability.profile == in_scope.profile)
        .join(Requirement, requirement.rule == applicability.rule)
        .join(Control, control.id == requirement.control_id)
        .join(CycleFramework, and_(pinned.framework_id == control.framework_id, pinned.cycle_id == in_scope.cycle_id))
        .join(EvidenceKind, kind.id == requirement.kind_id)
        .where(in_scope.cycle_id == cycle_id)
    )


def needed_pairs(cycle_id: int) -> CTE:
    """The distinct (system_id, kind_id) a cycle needs, however many controls each serves."""
    rows = required(cycle_id).subquery()
    return select(rows.c.subject_id.label("system_id"), rows.c.kind_id).distinct().cte("pair")


def best_evidence(*among: ColumnElement[bool]) -> Subquery:
    """Per pair the accepted evidence of the latest effective date, among what meets all conditions."""
    newest = func.row_number().over(
        partition_by=(evidence.system_id, evidence.kind_id), order_by=(evidence.effective.desc(), evidence.id.desc())
    )
    ranked = (
        select(*Evidence.__table__.c, newest.label("place"))  # type: ignore[attr-defined]
        .join(Verdict, verdict.evidence_id == evidence.id)
        .where(verdict.outcome == "accepted", *among)
        .subquery("ranked")
    )
    return select(ranked).where(ranked.c.place == 1).subquery("best")


def newest_answer(known_at: datetime) -> Subquery:
    """Per pair the newest evidence received and what became of it (None while nobody has decided)."""
    newest = func.row_number().over(partition_by=(evidence.system_id, evidence.kind_id), order_by=evidence.id.desc())
    ranked = (
        select(evidence.id, evidence.system_id, evidence.kind_id, verdict.outcome, newest.label("place"))
        .outerjoin(Verdict, and_(verdict.evidence_id == evidence.id, verdict.at <= _instant(known_at)))
        .where(evidence.received_at <= _instant(known_at))
        .subquery("answers")
    )
    return select(ranked).where(ranked.c.place == 1).subquery("newest")


def standings(cycle_id: int, day: date, known_at: datetime) -> Select[tuple[int, int, str, int, date]]:
    """(system_id, kind_id, status, evidence_id, valid_until) of every needed pair on a day, as known at an instant."""
    pair, newest = needed_pairs(cycle_id), newest_answer(known_at)
    best = best_evidence(verdict.at <= _instant(known_at), evidence.received_at <= _instant(known_at))
    waived = (
        select(literal(1))
        .where(
            acceptance.system_id == pair.c.system_id,
            acceptance.kind_id == pair.c.kind_id,
            acceptance.state == "approved",
            acceptance.decided_at <= _instant(known_at),
            acceptance.expires >= day,
        )
        .exists()
    )
    status = case(
        (or_(request.state == "excused", system.retired), "excused"),
        (and_(best.c.id.is_not(None), *_sound(best, day)), "valid"),
        (waived, "accepted"),
        (best.c.valid_until < day, "expired"),
        (_changed(best), "changed"),
        (_gone(best), "gone"),
        (_version_changed(best), "version-changed"),
        (newest.c.outcome == "returned", "returned"),
        (and_(newest.c.id.is_not(None), newest.c.outcome.is_(None)), "pending"),
        else_="missing",
    )
    return (
        select(
            pair.c.system_id, pair.c.kind_id, status.label("status"), best.c.id.label("evidence_id"), best.c.valid_until
        )
        .select_from(pair)
        .join(System, system.id == pair.c.system_id)
        .join(EvidenceKind, kind.id == pair.c.kind_id)
        .outerjoin(best, _same_pair(best, pair))
        .outerjoin(newest, _same_pair(newest, pair))
        .outerjoin(
            Document,
            and_(
                document.system_id == pair.c.system_id,
                document.kind_id == pair.c.kind_id,
                document.locator == best.c.locator,
                document.watched,
            ),
        )
        .outerjoin(
            Request,
            and_(
                request.cycle_id == cycle_id,
                request.system_id == pair.c.system_id,
                request.kind_id == pair.c.kind_id,
            ),
        )
    )


def _same_pair(rows: Subquery, pair: CTE) -> ColumnElement[bool]:
    return and_(rows.c.system_id == pair.c.system_id, rows.c.kind_id == pair.c.kind_id)


def _sound(best: Subquery, day: date) -> tuple[ColumnElement[bool], ...]:
    return (best.c.valid_until >= day, ~_changed(best), ~_gone(best), ~_version_changed(best))


def _changed(best: Subquery) -> ColumnElement[bool]:
    """The watched document is no longer the one that was reviewed."""
    differs = and_(best.c.sha256.is_not(None), document.sha256.is_not(None), document.sha256 != best.c.sha256)
    return func.coalesce(differs, False)


def _gone(best: Subquery) -> ColumnElement[bool]:
    return func.coalesce(document.status == "missing", False)


def _version_changed(best: Subquery) -> ColumnElement[bool]:
    """Evidence bound to a model version counts for that version only."""
    bound = and_(kind.model_version_bound, best.c.id.is_not(None))
    same = func.coalesce(best.c.model_version, "") == func.coalesce(system.model_version, "")
    return and_(bound, ~same)


def _instant(at: datetime) -> ColumnElement[datetime]:
    return literal(at, UTCDateTime)
