"""System × evidence kind: the pairs a cycle needs, and the evidence that counts for each, as sets.

Everything here is a SQLAlchemy expression that runs alike on SQLite and PostgreSQL; nothing is looped in Python.
"""

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
# These lapse at the moment they happen; the others only once the request for them is past due.
LAPSED_AT_ONCE = ("gone", "version-changed", "changed", "incident", "expired")


def required(cycle_id: int, kinds: FromClause | None = None) -> Select[tuple[int, int, int, int]]:
    """(system_id, control_id, subject_id, kind_id): which kind of evidence, held by whom, each control in scope requires.

    The subject is the system itself, or the organisation for kinds that are asked once for all. `kinds` are those of a
    past moment.
    """
    needs = _needs(cycle_id, kinds, control.id.label("control_id"))
    subject = case((needs.c.scope == "organisation", _organisation()), else_=in_scope.system_id)
    return (
        select(in_scope.system_id, needs.c.control_id, subject.label("subject_id"), needs.c.kind_id)
        .select_from(CycleSystem)
        .join(needs, needs.c.profile == in_scope.profile)
        .where(in_scope.cycle_id == cycle_id)
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


def _needs(cycle_id: int, kinds: FromClause | None, *per: ColumnElement[Any]) -> Subquery:
    """(profile, kind_id, scope, …): what systems of each profile need. Profiles are few, so this is small whatever the scope."""
    of = EvidenceKind.__table__ if kinds is None else kinds  # type: ignore[attr-defined]
    return (
        select(applicability.profile, requirement.kind_id, of.c.scope, *per)
        .select_from(Applicability)
        .join(Requirement, requirement.rule == applicability.rule)
        .join(Control, control.id == requirement.control_id)
        .join(CycleFramework, and_(pinned.framework_id == control.framework_id, pinned.cycle_id == cycle_id))
        .join(of, of.c.id == requirement.kind_id)
        .distinct()
        .subquery("needs")
    )


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


def newest_answer(moment: Moment) -> Subquery:
    """Per pair the newest evidence received and what became of it (None while nobody has decided)."""
    newest = func.row_number().over(partition_by=(evidence.system_id, evidence.kind_id), order_by=evidence.id.desc())
    decided = verdict.at <= history.instant(moment.known_at)
    ranked = (
        select(evidence.id, evidence.system_id, evidence.kind_id, verdict.outcome, newest.label("place"))
        .outerjoin(Verdict, and_(verdict.evidence_id == evidence.id, decided))
        .where(history.received(moment))
        .subquery("answers")
    )
    return select(ranked).where(ranked.c.place == 1).subquery("newest")


def standings(cycle_id: int, day: date, known_at: datetime) -> Select[tuple[int, int, str, int, date]]:
    """(system_id, kind_id, status, evidence_id, valid_until) of every needed pair, at present, judged by a day."""
    return standings_at(cycle_id, present(day, known_at))


def standings_at(cycle_id: int, moment: Moment) -> Select[tuple[int, int, str, int, date]]:
    """The same for any moment: the nightly Check and a question about the past are one expression over other tables."""
    systems, kinds, documents = history.systems_at(moment), history.kinds_at(moment), history.documents_at(moment)
    pair, newest = needed_pairs(cycle_id, kinds), newest_answer(moment)
    accepted = verdict.at <= history.instant(moment.known_at)
    best = best_evidence(accepted, history.received(moment), sha256=history.digest_known(moment))
    waived = history.waived(moment)
    struck, struck_kind = (history.incidents(moment, of_one_kind=one) for one in (False, True))
    ended = {
        "expired": best.c.valid_until < moment.day,
        "incident": _yes(or_(best.c.effective < struck.c.day, best.c.effective < struck_kind.c.day)),
        "changed": _changed(best, documents),
        "gone": _yes(documents.c.status == "missing"),
        "version-changed": _version_changed(best, systems, kinds),
    }
    status = case(
        (or_(history.excused(moment), systems.c.retired), "excused"),
        (and_(best.c.id.is_not(None), *(~_yes(end) for end in ended.values())), "valid"),
        (waived.c.system_id.is_not(None), "accepted"),
        *((end, name) for name, end in ended.items()),
        (newest.c.outcome == "returned", "returned"),
        (and_(newest.c.id.is_not(None), newest.c.outcome.is_(None)), "pending"),
        else_="missing",
    )
    watched = and_(_same_pair(documents, pair), documents.c.locator == best.c.locator, documents.c.watched)
    return (
        select(
            pair.c.system_id, pair.c.kind_id, status.label("status"), best.c.id.label("evidence_id"), best.c.valid_until
        )
        .select_from(pair)
        .join(systems, systems.c.id == pair.c.system_id)
        .join(kinds, kinds.c.id == pair.c.kind_id)
        .outerjoin(best, _same_pair(best, pair))
        .outerjoin(newest, _same_pair(newest, pair))
        .outerjoin(documents, watched)
        .outerjoin(waived, _same_pair(waived, pair))
        .outerjoin(struck, struck.c.system_id == pair.c.system_id)
        .outerjoin(struck_kind, _same_pair(struck_kind, pair))
        .outerjoin(Request, and_(request.cycle_id == cycle_id, _same_pair(Request.__table__, pair)))  # type: ignore[attr-defined]
    )


def results(cycle_id: int, standing: FromClause, kinds: FromClause | None = None) -> Subquery:
    """(system_id, control_id, result, reason, valid_until): the one result of every system × control, from standings.

    `standing` has the columns system_id, kind_id, status and valid_until, of this cycle alone.
    """
    needed = required(cycle_id, kinds).subquery("needed")
    of = standing.c
    grouped = (
        select(
            needed.c.system_id,
            needed.c.control_id,
            func.max(case(RANK, value=of.status)).label("worst"),
            func.min(case((of.status == "valid", of.valid_until))).label("valid_until"),
        )
        # An outer join, because SQLite then looks each standing up by its key; given the choice, it searches the scope
        # for every standing. A pair without a standing has no result all the same.
        .outerjoin(standing, and_(of.system_id == needed.c.subject_id, of.kind_id == needed.c.kind_id))
        .group_by(needed.c.system_id, needed.c.control_id)
        .subquery("grouped")
    )
    worst = grouped.c.worst
    result = case(
        (worst > RANK["accepted"], "not-satisfied"),
        (worst == RANK["accepted"], "risk-accepted"),
        (worst == RANK["valid"], "satisfied"),
        else_="not-applicable",
    )
    reason = case({number: name for name, number in RANK.items()}, value=worst)
    named = (grouped.c.system_id, grouped.c.control_id, result.label("result"), reason.label("reason"))
    return select(*named, grouped.c.valid_until).where(worst.is_not(None)).subquery("results")


def _same_pair(rows: FromClause, pair: CTE) -> ColumnElement[bool]:
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
