"""System × evidence kind: the pairs a cycle needs, and the evidence that counts for each, as sets.

Everything here is a SQLAlchemy expression that runs alike on SQLite and PostgreSQL; nothing is looped in Python.
"""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import CTE, ColumnElement, FromClause, Select, Subquery, and_, case, func, or_, select, union_all

from cycles import history
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
from cycles.moments import Moment, present

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

BEST = ("id", "system_id", "kind_id", "locator", "effective", "valid_until", "model_version")
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
    "incident": 9,
    "expired": 10,
}
IN_CONTROL = ("excused", "valid", "accepted")
# What a control's reason makes of its result; any other reason is that it is not satisfied.
RESULT = {"excused": "not-applicable", "valid": "satisfied", "accepted": "risk-accepted"}
# These lapse at the moment they happen; the others only once the request for them is past due.
LAPSED_AT_ONCE = ("gone", "version-changed", "changed", "incident", "expired")


def required(cycle_id: int, kinds: FromClause | None = None) -> Select[tuple[int, int, int, int]]:
    """(system_id, control_id, subject_id, kind_id): which kind of evidence, held by whom, each control in scope requires.

    The subject is the system itself, or the organisation for kinds that are asked once for all. `kinds` are those of a
    past moment.
    """
    return _of_systems(cycle_id, _needs(cycle_id, kinds, control.id.label("control_id")))


def _of_systems(cycle_id: int, needs: Subquery, *among: ColumnElement[bool]) -> Select[Any]:
    """What profiles need, for each system in scope of such a profile."""
    subject = case((needs.c.scope == "organisation", _organisation()), else_=in_scope.system_id)
    return (
        select(in_scope.system_id, needs.c.control_id, subject.label("subject_id"), needs.c.kind_id)
        .select_from(CycleSystem)
        .join(needs, needs.c.profile == in_scope.profile)
        .where(in_scope.cycle_id == cycle_id, *among)
    )


def needed_pairs(cycle_id: int, kinds: FromClause | None = None) -> CTE:
    """The distinct (system_id, kind_id) a cycle needs, however many controls each serves."""
    needs = _needs(cycle_id, kinds)
    scoped = (CycleSystem.__table__.join(needs, needs.c.profile == in_scope.profile), in_scope.cycle_id == cycle_id)  # type: ignore[attr-defined]
    of_systems = select(in_scope.system_id, needs.c.kind_id).select_from(scoped[0])
    of_all = select(_organisation().label("system_id"), needs.c.kind_id).select_from(scoped[0]).distinct()
    return union_all(
        of_systems.where(scoped[1], needs.c.scope != "organisation"),
        of_all.where(scoped[1], needs.c.scope == "organisation"),
    ).cte("pair")


def _needs(
    cycle_id: int, kinds: FromClause | None, *per: ColumnElement[Any], of_kinds: Collection[int] | None = None
) -> Subquery:
    """(profile, kind_id, scope, …): what systems of each profile need. Profiles are few, so this is small whatever the scope."""
    of = EvidenceKind.__table__ if kinds is None else kinds  # type: ignore[attr-defined]
    return (
        select(applicability.profile, requirement.kind_id, of.c.scope, *per)
        .select_from(Applicability)
        .join(Requirement, requirement.rule == applicability.rule)
        .join(Control, control.id == requirement.control_id)
        .join(CycleFramework, and_(pinned.framework_id == control.framework_id, pinned.cycle_id == cycle_id))
        .join(of, of.c.id == requirement.kind_id)
        .where(*([] if of_kinds is None else [requirement.kind_id.in_(of_kinds)]))
        .distinct()
        .subquery("needs")
    )


def served(cycle_id: int, pairs: Collection[tuple[int, int]]) -> Select[tuple[int, int, int]]:
    """(system_id, kind_id, control_id): the controls that evidence of these pairs serves, each once for each pair.

    The organisation's evidence serves a control however many of its systems that one applies to.
    """
    needs = _needs(cycle_id, None, control.id.label("control_id"), of_kinds={kind for _, kind in pairs})
    of_pairs = or_(needs.c.scope == "organisation", in_scope.system_id.in_({holder for holder, _ in pairs}))
    of = _of_systems(cycle_id, needs, of_pairs).subquery("of").c
    return select(of.subject_id.label("system_id"), of.kind_id, of.control_id).distinct()


def needed_by_profile(cycle_id: int) -> Select[Any]:
    """(profile, kind_id, scope, control_id, organisation): all that decides which kinds each control in scope requires."""
    return select(_needs(cycle_id, None, control.id.label("control_id")), _organisation().label("organisation"))


def _organisation() -> Any:
    return select(system.id).where(system.is_organisation).scalar_subquery()


def best_evidence(*among: ColumnElement[bool], sha256: ColumnElement[Any] = evidence.sha256) -> Subquery:
    """Per pair the accepted evidence of the latest effective date, among what meets all conditions."""
    newest = func.row_number().over(
        partition_by=(evidence.system_id, evidence.kind_id), order_by=(evidence.effective.desc(), evidence.id.desc())
    )
    # The widest columns would be sorted along for nothing.
    plain = [evidence[name] for name in BEST]
    ranked = (
        select(*plain, sha256.label("sha256"), newest.label("place"))
        .join(Verdict, verdict.evidence_id == evidence.id)
        .where(verdict.outcome == "accepted", *among)
        .subquery("ranked")
    )
    return select(ranked).where(ranked.c.place == 1).subquery("best")


def standings(cycle_id: int, day: date, known_at: datetime) -> Select[tuple[int, int, str, int, date]]:
    """(system_id, kind_id, status, evidence_id, valid_until) of every needed pair, at present, judged by a day."""
    return standings_at(cycle_id, present(day, known_at))


def standings_at(cycle_id: int, moment: Moment, *, asked: bool = True) -> Select[tuple[int, int, str, int, date]]:
    """The same for any moment: the nightly Check and a question about the past are one expression over other tables.

    What evidence tells is judged first, for the pairs that have any; all others have a single look-up for it. `asked` says
    whether the cycle has requests by now, of which some may be excused.
    """
    kinds = history.kinds_at(moment)
    pair, systems = needed_pairs(cycle_id, kinds), history.systems_at(moment)
    told, waived = judged(moment, systems, kinds), history.waived(moment)
    rows = select(pair.c.system_id, pair.c.kind_id).select_from(pair).join(systems, systems.c.id == pair.c.system_id)
    rows = rows.outerjoin(told, _same_pair(told, pair)).outerjoin(waived, _same_pair(waived, pair))
    let_off: ColumnElement[bool] = systems.c.retired
    if asked:
        excused = history.excused(cycle_id, moment)
        rows = rows.outerjoin(excused, _same_pair(excused, pair))
        let_off = or_(let_off, excused.c.system_id.is_not(None))
    status = case(
        (let_off, "excused"),
        (told.c.status == "valid", "valid"),
        (waived.c.system_id.is_not(None), "accepted"),
        else_=func.coalesce(told.c.status, "missing"),
    )
    return rows.add_columns(status.label("status"), told.c.evidence_id, told.c.valid_until)


def judged(moment: Moment, systems: FromClause, kinds: FromClause) -> Subquery:
    """(system_id, kind_id, status, evidence_id, valid_until) of each pair that somebody sent evidence for.

    The evidence that counts, if any does, and whether it still holds; else what became of the newest answer.
    """
    best, documents = _telling(moment), history.documents_at(moment)
    struck, struck_kind = (history.incidents(moment, of_one_kind=one) for one in (False, True))
    counts = best.c.outcome == "accepted"
    status = case(
        (and_(best.c.outcome.is_not(None), ~counts), best.c.outcome),
        (best.c.outcome.is_(None), "pending"),
        (best.c.valid_until < moment.day, "expired"),
        (or_(best.c.effective < struck.c.day, best.c.effective < struck_kind.c.day), "incident"),
        (_changed(best, documents), "changed"),
        (documents.c.status == "missing", "gone"),
        (_version_changed(best, systems, kinds), "version-changed"),
        else_="valid",
    )
    watched = and_(_same_pair(documents, best), documents.c.locator == best.c.locator, documents.c.watched)
    held = [case((counts, best.c[name])).label(label) for name, label in (("id", "evidence_id"), ("valid_until",) * 2)]
    return (
        select(best.c.system_id, best.c.kind_id, status.label("status"), *held)
        .select_from(best)
        .join(systems, systems.c.id == best.c.system_id)
        .join(kinds, kinds.c.id == best.c.kind_id)
        .outerjoin(documents, and_(counts, watched))
        .outerjoin(struck, struck.c.system_id == best.c.system_id)
        .outerjoin(struck_kind, _same_pair(struck_kind, best))
        .subquery("told")
    )


def _telling(moment: Moment) -> Subquery:
    """Per pair the one piece of evidence that tells how it stands: the best accepted one, else the newest received.

    `outcome` is what had become of it by then: accepted, returned, or None while nobody had decided.
    """
    decided = and_(verdict.evidence_id == evidence.id, verdict.at <= history.instant(moment.known_at))
    counts = verdict.outcome == "accepted"
    first = func.row_number().over(
        partition_by=(evidence.system_id, evidence.kind_id),
        order_by=(case((counts, 0), else_=1), case((counts, evidence.effective)).desc(), evidence.id.desc()),
    )
    plain = [evidence[name] for name in BEST]
    ranked = (
        select(*plain, history.digest_known(moment).label("sha256"), verdict.outcome, first.label("place"))
        .outerjoin(Verdict, decided)
        .where(history.received(moment))
        .subquery("ranked")
    )
    return select(ranked).where(ranked.c.place == 1).subquery("telling")


def results(
    cycle_id: int, standing: FromClause, kinds: FromClause | None = None, systems: Sequence[int] | None = None
) -> Subquery:
    """(system_id, control_id, result, reason, valid_until): the one result of every system × control, from standings.

    `standing` has the columns system_id, kind_id, status and valid_until, of this cycle alone.
    """
    needed = _needed_for_results(cycle_id, kinds, systems).subquery("needed")
    of = standing.c
    # An outer join, because SQLite then looks each standing up by its key; given the choice, it searches the scope
    # for every standing. A pair without a standing has no result all the same.
    stood = needed.outerjoin(standing, and_(of.system_id == needed.c.subject_id, of.kind_id == needed.c.kind_id))
    keys, counts = (needed.c.system_id, needed.c.control_id), case((of.status == "valid", of.valid_until))
    # Most controls require one kind, and what is one need not be sorted into groups.
    result = case(RESULT, value=of.status, else_="not-satisfied").label("result")
    alone = select(*keys, result, of.status.label("reason"), counts.label("valid_until")).select_from(stood)
    worst = func.max(case(RANK, value=of.status))
    reason = case({number: name for name, number in RANK.items()}, value=worst)
    of_worst = case({RANK[name]: result for name, result in RESULT.items()}, value=worst, else_="not-satisfied")
    several = select(*keys, of_worst, reason, func.min(counts)).select_from(stood).group_by(*keys)
    return union_all(
        alone.where(needed.c.alone, func.coalesce(of.status, "") != ""),
        several.where(~needed.c.alone).having(worst.is_not(None)),
    ).subquery("results")


def _needed_for_results(cycle_id: int, kinds: FromClause | None, systems: Sequence[int] | None) -> Select[Any]:
    """The same as `required`, of some systems or all, with `alone`: whether the control requires no other of the system."""
    needs = _needs(cycle_id, kinds, control.id.label("control_id"))
    # Counted by profile, of which there are few, not by system.
    alone = (func.count().over(partition_by=(needs.c.profile, needs.c.control_id)) == 1).label("alone")
    counted = select(needs, alone).subquery("counted")
    among = [] if systems is None else [in_scope.system_id.in_(systems)]
    return _of_systems(cycle_id, counted, *among).add_columns(counted.c.alone)


def _same_pair(rows: FromClause, pair: FromClause) -> ColumnElement[bool]:
    return and_(rows.c.system_id == pair.c.system_id, rows.c.kind_id == pair.c.kind_id)


def _yes(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    return func.coalesce(condition, False)


def _changed(best: Subquery, documents: FromClause) -> ColumnElement[bool]:
    """The watched document is no longer the one that was reviewed."""
    seen, reviewed = documents.c.sha256, best.c.sha256
    return _yes(and_(reviewed.is_not(None), seen.is_not(None), seen != reviewed))


def _version_changed(best: Subquery, systems: FromClause, kinds: FromClause) -> ColumnElement[bool]:
    """Evidence bound to a model version counts for that version only."""
    bound = and_(kinds.c.model_version_bound, best.c.id.is_not(None))
    same = func.coalesce(best.c.model_version, "") == func.coalesce(systems.c.model_version, "")
    return and_(bound, ~same)
