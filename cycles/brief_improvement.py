"""Briefs about improvement: actions and their effect, risk acceptances, cadences and findings."""

from datetime import date, datetime

from sqlmodel import Session, col
from sqlmodel import select as pick

from cycles import cadences, findings, milestones
from cycles.action_states import AT_WORK, finding_of, policy_of
from cycles.brief_items import controls_served, last_answer, reader_of
from cycles.briefs import (
    AcceptanceBrief,
    ActionBrief,
    Answered,
    CadenceBrief,
    EffectivenessBrief,
    FindingBrief,
    Text,
)
from cycles.models import (
    Acceptance,
    Action,
    Cadence,
    Cycle,
    Evidence,
    EvidenceKind,
    Finding,
    Lapse,
    Person,
    Request,
    System,
    Verdict,
)
from cycles.people import Directory, current_policy
from cycles.permits import ANSWERABLE


def action_brief(
    session: Session, reader: Person, action_id: int, role: str, now: datetime, *, directory: Directory | None = None
) -> ActionBrief | None:
    """An action as its reader sees it; None once it is no longer being worked on and was never shown.

    Whoever shows many hands the `directory` down, which is then not read for each.
    """
    action = session.get_one(Action, action_id)
    directory = directory or Directory.few(session, policy_of(session, action))
    request = _request(session, action)
    today = directory.today(reader.id, now)
    late = milestones.overdue_of(session, action, today)
    return ActionBrief(
        reader=reader_of(reader),
        role=role,
        action_id=action.id,
        system_name=session.get_one(System, action.system_id).name,
        kind=_kind_key(session, action),
        kind_title=_title(session, action),
        reason=session.get_one(Lapse, action.lapse_id).reason if action.lapse_id else "reported",
        severity=action.severity,
        state=action.state,
        owner=directory.people[action.owner_id].name,
        opened_on=directory.today(reader.id, action.opened_at),
        due=action.due,
        workdays_left=directory.calendar(reader.id).between(today, action.due),
        controls=controls_served(session, request) if request else (),
        request_id=request.id if request and _answerable(session, request) else None,
        relapses=action.relapses,
        late_milestones=tuple((row.title, row.due) for row in late),
        can_accept_risk=action.lapse_id is not None and action.state in AT_WORK,
        accepted_until=_accepted_until(session, action),
    )


def _request(session: Session, action: Action) -> Request | None:
    """The newest request for the evidence an action is about; none for a finding."""
    if action.kind_id is None:
        return None
    return session.exec(
        pick(Request)
        .where(Request.system_id == action.system_id, Request.kind_id == action.kind_id)
        .order_by(col(Request.id).desc())
    ).first()


def _answerable(session: Session, request: Request) -> bool:
    return request.state in ANSWERABLE and session.get_one(Cycle, request.cycle_id).state != "closed"


def _kind_key(session: Session, action: Action) -> str:
    return session.get_one(EvidenceKind, action.kind_id).key if action.kind_id else ""


def _title(session: Session, action: Action) -> Text:
    """The kind's title, or the words somebody reported it in."""
    found = finding_of(session, action)
    if found is not None:
        return {"en": found.title}
    return session.get_one(EvidenceKind, action.kind_id).title


def _accepted_until(session: Session, action: Action) -> date | None:
    if action.state != "risk-accepted":
        return None
    found = session.exec(
        pick(Acceptance)
        .where(Acceptance.system_id == action.system_id, Acceptance.kind_id == action.kind_id)
        .where(Acceptance.decided_at == action.closed_at)
    ).first()
    return found.expires if found else None


def effectiveness_brief(session: Session, reader: Person, action_id: int) -> EffectivenessBrief | None:
    """An implemented action, for the person who judges it; None while it is being worked on again."""
    action = session.get_one(Action, action_id)
    if action.implemented_at is None or action.state in AT_WORK:
        return None
    newest = session.exec(
        pick(Evidence)
        .join(Verdict, col(Verdict.evidence_id) == col(Evidence.id))
        .where(Evidence.system_id == action.system_id, Evidence.kind_id == action.kind_id)
        .where(Verdict.outcome == "accepted")
        .order_by(col(Evidence.effective).desc(), col(Evidence.id).desc())
    ).first()
    decided = None
    if action.closed_at is not None:
        decided = Answered(verb=action.state, by=reader.name, at=action.closed_at, record=f"A-{action.id}")
    return EffectivenessBrief(
        reader=reader_of(reader),
        action_id=action.id,
        system_name=session.get_one(System, action.system_id).name,
        kind_title=_title(session, action),
        owner=session.get_one(Person, action.owner_id).name,
        implemented_at=action.implemented_at,
        correction=action.correction,
        evidence=last_answer(session, newest),
        decided=decided,
    )


def acceptance_brief(session: Session, reader: Person, acceptance_id: int, role: str) -> AcceptanceBrief:
    """A risk acceptance as its approver or its requester sees it."""
    found = session.get_one(Acceptance, acceptance_id)
    return AcceptanceBrief(
        reader=reader_of(reader),
        role=role,
        acceptance_id=found.id,
        system_name=session.get_one(System, found.system_id).name,
        kind_title=session.get_one(EvidenceKind, found.kind_id).title,
        requester=session.get_one(Person, found.requester_id).name,
        approver=session.get_one(Person, found.approver_id).name if found.approver_id else "",
        reason=found.reason,
        decision_reason=found.decision_reason,
        state=found.state,
        expires=found.expires,
        decided_at=found.decided_at,
    )


def cadence_brief(session: Session, reader: Person, cadence_id: int) -> CadenceBrief:
    """A proposed cadence as the lead decides it."""
    found = session.get_one(Cadence, cadence_id)
    decided = None
    if found.decided_at and found.decided_by_id:
        by = session.get_one(Person, found.decided_by_id).name
        decided = Answered(verb=str(found.outcome), by=by, at=found.decided_at, record=f"C-{found.id}")
    return CadenceBrief(
        reader=reader_of(reader),
        cadence_id=found.id,
        system_name=session.get_one(System, found.system_id).name,
        kind_title=session.get_one(EvidenceKind, found.kind_id).title,
        relapses=int(found.because.split()[0]),
        months=found.months,
        instead_of=cadences.months_now(session, found.system_id, found.kind_id, current_policy(session)),
        decided=decided,
        outcome=found.outcome,
    )


def finding_brief(session: Session, reader: Person, finding_id: int, role: str) -> FindingBrief:
    """What was reported, for who triages it or for its reporter."""
    found = session.get_one(Finding, finding_id)
    directory = Directory.few(session, current_policy(session))
    reporter = findings.reporter_for(session, found, reader, directory)
    action = session.exec(pick(Action).where(Action.finding_id == found.id)).first()
    kind = session.get(EvidenceKind, found.kind_id) if found.kind_id else None
    return FindingBrief(
        reader=reader_of(reader),
        role=role,
        finding_id=found.id,
        system_name=session.get_one(System, found.system_id).name,
        kind_title=kind.title if kind else None,
        title=found.title,
        detail=found.detail,
        confidential=found.confidential,
        anonymous=found.reporter_id is None,
        reporter=reporter.name if reporter else None,
        reported_on=directory.today(reader.id, found.reported_at),
        state=found.state,
        reason=found.reason,
        owner=directory.people[action.owner_id].name if action else None,
        due=action.due if action else None,
    )
