"""The scorecard's tables: systems, frameworks, lapses, actions and requests, row by row."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from sqlalchemy import Select, and_, func, select
from sqlmodel import Session, col
from sqlmodel import select as pick

from cycles.action_states import AT_WORK
from cycles.models import (
    UNANSWERED,
    Acceptance,
    Action,
    Cycle,
    CycleSystem,
    EvidenceKind,
    Finding,
    Framework,
    Lapse,
    Person,
    Request,
    System,
)
from cycles.pairs import required
from cycles.scorecard import ActionRow, FrameworkRow, LapseRow, RequestRow, SystemRow, Tally

FOUND = ("satisfied", "expiring", "waiting", "lapsed", "accepted", "not_applicable")


def system_rows(
    session: Session, cycle: Cycle, tallies: dict[tuple[int, int], Tally], day: date
) -> tuple[SystemRow, ...]:
    """Every system in scope with its tally and what is open."""
    open_requests = _per_system(session, cycle, None)
    overdue = _per_system(session, cycle, day)
    actions = count_by(
        session,
        select(col(Action.system_id), func.count())
        .where(col(Action.closed_at).is_(None))
        .group_by(col(Action.system_id)),
    )
    rows = session.exec(
        pick(System, Person.name)
        .join(CycleSystem, and_(col(CycleSystem.system_id) == col(System.id), col(CycleSystem.cycle_id) == cycle.id))
        .join(Person, col(Person.id) == col(System.owner_id))
        .order_by(System.key)
    ).all()
    return tuple(
        SystemRow(
            key=system.key,
            name=system.name,
            owner=owner,
            risk_tier=system.risk_tier,
            roles=tuple(system.roles),
            tally=summed(tally for (system_id, _), tally in tallies.items() if system_id == system.id),
            open_requests=open_requests.get(system.id, 0),
            overdue_requests=overdue.get(system.id, 0),
            open_actions=actions.get(system.id, 0),
        )
        for system, owner in rows
    )


def _per_system(session: Session, cycle: Cycle, due_before: date | None) -> dict[int, int]:
    counted = select(col(Request.system_id), func.count()).where(
        col(Request.cycle_id) == cycle.id, col(Request.state).in_(UNANSWERED)
    )
    if due_before is not None:
        counted = counted.where(col(Request.due) < due_before)
    return count_by(session, counted.group_by(col(Request.system_id)))


def framework_rows(session: Session, tallies: dict[tuple[int, int], Tally]) -> tuple[FrameworkRow, ...]:
    """Every framework with its tally over all systems."""
    ids = {framework_id for _, framework_id in tallies}
    found = session.exec(pick(Framework).where(col(Framework.id).in_(ids)).order_by(Framework.key)).all()
    return tuple(
        FrameworkRow(
            key=framework.key,
            title=framework.title,
            tally=summed(tally for (_, framework_id), tally in tallies.items() if framework_id == framework.id),
        )
        for framework in found
    )


def lapse_rows(session: Session, cycle: Cycle) -> tuple[LapseRow, ...]:
    """Every open lapse, oldest first, with how many controls it touches."""
    needed = required(cycle.id).subquery("needed")
    served = {
        (subject, kind): number
        for subject, kind, number in session.execute(
            select(needed.c.subject_id, needed.c.kind_id, func.count(needed.c.control_id.distinct())).group_by(
                needed.c.subject_id, needed.c.kind_id
            )
        )
    }
    rows = session.execute(
        select(Lapse, System, EvidenceKind, Person, Action, Acceptance)
        .join(System, col(System.id) == col(Lapse.system_id))
        .join(EvidenceKind, col(EvidenceKind.id) == col(Lapse.kind_id))
        .join(Person, col(Person.id) == col(System.owner_id))
        .outerjoin(Action, and_(col(Action.lapse_id) == col(Lapse.id), col(Action.closed_at).is_(None)))
        .outerjoin(
            Acceptance,
            and_(
                col(Acceptance.system_id) == col(Lapse.system_id),
                col(Acceptance.kind_id) == col(Lapse.kind_id),
                col(Acceptance.state) == "approved",
            ),
        )
        .where(col(Lapse.recovered_at).is_(None))
        .order_by(col(Lapse.happened_on), col(Lapse.id))
    )
    return tuple(
        LapseRow(
            lapse_id=lapse.id,
            system_name=system.name,
            kind=kind.key,
            kind_title=kind.title,
            reason=lapse.reason,
            happened_on=lapse.happened_on,
            noticed_at=lapse.noticed_at,
            controls=served.get((lapse.system_id, lapse.kind_id), 0),
            owner=owner.name,
            action_id=action.id if action else None,
            accepted_until=acceptance.expires if acceptance else None,
        )
        for lapse, system, kind, owner, action, acceptance in rows
    )


def action_rows(session: Session, day: date) -> tuple[ActionRow, ...]:
    """Every open action, the earliest due first."""
    rows = session.execute(
        select(Action, col(System.name), EvidenceKind, col(Person.name), col(Finding.title))
        .join(System, col(System.id) == col(Action.system_id))
        .outerjoin(EvidenceKind, col(EvidenceKind.id) == col(Action.kind_id))
        .outerjoin(Finding, col(Finding.id) == col(Action.finding_id))
        .join(Person, col(Person.id) == col(Action.owner_id))
        .where(col(Action.closed_at).is_(None))
        .order_by(col(Action.due), col(Action.id))
    ).all()
    return tuple(
        ActionRow(
            action_id=action.id,
            system_name=system_name,
            kind=kind.key if kind else "",
            kind_title=kind.title if kind else {"en": reported or ""},
            severity=action.severity,
            state=action.state,
            owner=owner,
            due=action.due,
            overdue=action.due < day and action.state in AT_WORK,
            relapses=action.relapses,
        )
        for action, system_name, kind, owner, reported in rows
    )


def request_rows(session: Session, cycle: Cycle, day: date) -> tuple[RequestRow, ...]:
    """Every request that waits for somebody, the earliest due first."""
    rows = session.exec(
        pick(Request, System.name, EvidenceKind.title, Person.name)
        .join(System, col(System.id) == col(Request.system_id))
        .join(EvidenceKind, col(EvidenceKind.id) == col(Request.kind_id))
        .join(Person, col(Person.id) == col(Request.assignee_id))
        .where(Request.cycle_id == cycle.id, col(Request.state).in_((*UNANSWERED, "submitted")))
        .order_by(col(Request.due), col(Request.id))
    ).all()
    return tuple(
        RequestRow(
            request_id=request.id,
            system_name=system_name,
            kind_title=title,
            owner=who,
            state=request.state,
            due=request.due,
            overdue=request.due < day and request.state in UNANSWERED,
        )
        for request, system_name, title, who in rows
    )


def summed(tallies: Iterable[Tally]) -> Tally:
    """Tallies added up."""
    listed = list(tallies)
    return Tally(**{name: sum(getattr(tally, name) for tally in listed) for name in FOUND})


def count_by(session: Session, rows: Select[Any]) -> dict[Any, int]:
    """A two-column query as a mapping."""
    return {name: number for name, number in session.execute(rows).tuples()}  # noqa: C416 (rows are not a mapping)
