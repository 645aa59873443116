"""The forms about risks and findings: opened from the record as it is now, and what they do once sent."""

from datetime import date
from typing import Any

from sqlmodel import col, select

from cycles import acceptances, findings
from cycles.action_states import policy_of
from cycles.brief_improvement import acceptance_brief, action_brief, finding_brief
from cycles.errors import Refused
from cycles.findings import Report
from cycles.lapses import local_day
from cycles.models import Acceptance, Action, Cycle, Finding, Lapse, Person, System
from cycles.people import Directory, current_policy
from cycles.permits import Act
from inbox.visit import Visit, number
from tasks import modals

Json = dict[str, Any]
COMMAND = "/concern"


def accept_risk(visit: Visit, act: Act) -> Json:
    brief = action_brief(act.session, act.person, _lapsed(act, visit.number).id, "owner", act.now)
    latest = latest_end(visit, act)
    assert brief
    return modals.accept_risk(visit.reader, brief, latest=latest, templates=visit.inbox.settings.templates)


def latest_end(visit: Visit, act: Act) -> date:
    """The last day that the acceptance a form asks for may hold. Raises Refused."""
    action = _lapsed(act, visit.number)
    cycle = act.session.get_one(Cycle, act.session.get_one(Lapse, action.lapse_id).cycle_id)
    return acceptances.latest_end(local_day(cycle, act.now), policy_of(act.session, action))


def _lapsed(act: Act, action_id: int) -> Action:
    action = act.session.get(Action, action_id)
    if action is None or action.lapse_id is None or action.kind_id is None:
        raise Refused("unknown", f"There is no lapse with an action {action_id}.")
    if action.closed_at is not None:
        raise Refused("answered", f"Action {action.id} is {action.state}.")
    return action


def risk_decline(visit: Visit, act: Act) -> Json:
    found = act.session.get(Acceptance, visit.number)
    if found is None:
        raise Refused("unknown", f"There is no risk acceptance {visit.number}.")
    acceptances.must_decide(act, found)
    brief = acceptance_brief(act.session, act.person, found.id, "approver")
    return modals.risk_decline(visit.reader, brief, templates=visit.inbox.settings.templates)


def finding_accept(visit: Visit, act: Act) -> Json:
    brief = finding_brief(act.session, act.person, _new(visit, act).id, "lead")
    return modals.finding_accept(visit.reader, brief, templates=visit.inbox.settings.templates)


def finding_dismiss(visit: Visit, act: Act) -> Json:
    brief = finding_brief(act.session, act.person, _new(visit, act).id, "lead")
    return modals.finding_dismiss(visit.reader, brief, templates=visit.inbox.settings.templates)


def _new(visit: Visit, act: Act) -> Finding:
    found = act.session.get(Finding, visit.number)
    if found is None:
        raise Refused("unknown", f"There is no finding {visit.number}.")
    findings.must_read(act, found, Directory.few(act.session, current_policy(act.session)))
    if found.state != "new":
        raise Refused("answered", f"Finding {found.id} is {found.state}.")
    return found


def concern(visit: Visit) -> Json:
    """The form that `/concern` opens. The organisation is the first of the systems: what concerns all is about it."""
    with visit.inbox.record.read() as session:
        rows = session.exec(
            select(System).where(~col(System.retired)).order_by(col(System.is_organisation).desc(), col(System.name))
        ).all()
        systems = [(row.id, row.name) for row in rows]
    return modals.concern(visit.reader, systems, templates=visit.inbox.settings.templates)


def send_concern(act: Act, values: Json) -> None:
    """Take a concern down. Whoever chose to stay unknown is not handed on from here."""
    told = Report(
        system_id=number(str(values["system"])),
        title=str(values["title"]),
        detail=str(values.get("detail") or ""),
        source=findings.CONCERN,
        confidential=True,
    )
    # Only a clear wish to be known to the readers makes the reporter known to anybody.
    known = values["anonymous"] == "confidential"
    findings.report(act.session, told, act.person if known else None, now=act.now)


def send_accept_risk(act: Act, action_id: int, values: Json) -> None:
    action = _lapsed(act, action_id)
    assert action.kind_id is not None
    acceptances.request(act, action.system_id, action.kind_id, str(values["reason"]), values["until"])


def send_triage(act: Act, finding_id: int, values: Json, chosen: Person | None) -> None:
    findings.triage(
        act,
        finding_id,
        accept=True,
        owner=chosen,
        severity=values.get("severity"),
        due=values.get("due"),
    )
