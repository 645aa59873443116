"""What the person asked can answer: evidence, still true, later, somebody else (`cycles.objections`: not this)."""

from dataclasses import dataclass
from datetime import date, timedelta

from cycles import last_answers, outbox, panels
from cycles.cadences import cadence_months
from cycles.errors import Refused
from cycles.models import Cycle, Evidence, EvidenceKind, Person, Request, System, Verdict
from cycles.people import Directory, programme_calendar
from cycles.permits import Act
from cycles.policy import Policy
from cycles.reviewers import ask_reviewer
from cycles.validity import valid_until


@dataclass(frozen=True, kw_only=True)
class Offered:
    """The content of a submission. `effective` is the date the document is of; `sha256` is of a file's bytes."""

    form: str
    locator: str
    effective: date
    note: str = ""
    sha256: str | None = None
    media_type: str | None = None
    size: int | None = None
    source: str = "slack"


def submit(act: Act, request_id: int, offered: Offered) -> Evidence:
    """Answer a request with evidence, which then waits for a reviewer who is neither its owner nor its submitter.

    Raises:
        Refused: not theirs, answered already, a form the kind does not take, or a date in the future.
    """
    request, _, policy, directory = act.request(request_id)
    act.may_answer(request, directory)
    kind = act.session.get_one(EvidenceKind, request.kind_id)
    if offered.form not in kind.forms:
        raise Refused("form", f"{kind.key} is answered with {' or '.join(kind.forms)}, not with {offered.form}.")
    if offered.effective > directory.today(act.person.id, act.now):
        raise Refused("future", "The effective date lies in the future.")
    if offered.form == "link" and not _is_link(act, request, offered.locator):
        raise Refused("link", "A link starts with http:// or https://, or is a document the programme watches.")
    evidence = _keep(act, request, kind, offered, policy)
    if evidence.valid_until < directory.today(act.person.id, act.now):
        raise Refused(
            "expired", f"Evidence of {offered.effective} counted until {evidence.valid_until}; it is out of date."
        )
    request.evidence_id, request.answered_at, request.next_at = evidence.id, act.now, None
    act.is_decided(request)
    act.change(request, "submitted", "submitted", evidence=evidence.id, form=offered.form, sha256=evidence.sha256 or "")
    if panels.take_over(act, request, evidence, policy, directory):
        return evidence
    if policy.reviewing.submissions == "automatic":
        accept(act, request, evidence, by=None)
    else:
        ask_reviewer(act, request, evidence, policy, directory)
    return evidence


def confirm(act: Act, request_id: int) -> Evidence:
    """Sign that what was last accepted is unchanged and still true, in one press.

    Raises:
        Refused: where the kind does not allow it, too often in a row, or when the document has changed.
    """
    request, _, policy, directory = act.request(request_id)
    act.may_answer(request, directory)
    kind = act.session.get_one(EvidenceKind, request.kind_id)
    last = last_answers.last_accepted(act.session, request)
    if last is None or not last_answers.confirmable(act.session, request, kind, last):
        raise Refused("confirm", f"'{kind.key}' cannot be confirmed as unchanged here; submit evidence instead.")
    today = directory.today(act.person.id, act.now)
    offered = Offered(form=last.form, locator=last.locator, effective=today, sha256=last.sha256, source="confirmation")
    evidence = _keep(act, request, kind, offered, policy, confirms=last)
    request.evidence_id, request.answered_at, request.next_at = evidence.id, act.now, None
    act.is_decided(request)
    if policy.reviewing.confirmations == "automatic":
        act.change(request, "accepted", "confirmed", evidence=evidence.id, confirms=last.id)
        act.session.add(Verdict(evidence_id=evidence.id, outcome="accepted", at=act.now, reason="confirmed unchanged"))
        act.session.flush()
    else:
        act.change(request, "submitted", "confirmed", evidence=evidence.id, confirms=last.id)
        if not panels.take_over(act, request, evidence, policy, directory):
            ask_reviewer(act, request, evidence, policy, directory)
    return evidence


def snooze(act: Act, request_id: int, until: date, reason: str) -> None:
    """Ask again on a later day; so often and so long as policy allows.

    Raises:
        Refused: without a reason, beyond the bounds, or when it is not theirs.
    """
    request, cycle, policy, directory = act.request(request_id)
    act.may_answer(request, directory)
    act.must_be_asked(request)
    if not reason.strip():
        raise Refused("reason", "A snooze needs a reason.")
    if request.snoozes >= policy.asking.max_snoozes:
        raise Refused("snoozes", f"This was snoozed {request.snoozes} times already.")
    today, latest = directory.today(act.person.id, act.now), latest_snooze(request, cycle, policy, directory, act)
    if not today < until <= latest:
        raise Refused("bounds", f"Choose a day after {today} and not after {latest}.")
    hours = directory.hours(request.assignee_id)
    request.snoozes, request.snoozed_until = request.snoozes + 1, until
    request.next_at = hours.next_decent(hours.opens(until))
    act.change(request, request.state, "snoozed", until=until, reason=reason.strip())


def latest_snooze(request: Request, cycle: Cycle, policy: Policy, directory: Directory, act: Act) -> date:
    """The last day a request may be snoozed to: so many workdays ahead, never past the end of the asking."""
    calendar = directory.calendar(request.assignee_id)
    ahead = calendar.add(directory.today(request.assignee_id, act.now), policy.asking.snooze_workdays)
    return min(ahead, calendar.on_or_before(cycle.act_on - timedelta(days=1)))


def delegate(act: Act, request_id: int, to: Person, note: str = "") -> None:
    """Offer the request to somebody else; the clock stays with the present assignee until they accept.

    Raises:
        Refused: to oneself, to somebody who has left, or while another offer is open.
    """
    request, _, _, directory = act.request(request_id)
    act.may_answer(request, directory)
    act.must_be_asked(request)
    if to.id == request.assignee_id:
        raise Refused("self", "It is already theirs.")
    if directory.has_left(to.id, act.now):
        raise Refused("left", f"{to.name} has left the organisation.")
    request.offered_to_id = to.id
    act.change(request, request.state, "delegated", to=to.key, note=note.strip())
    number = (request.answer or {})["record"]
    outbox.tell(
        act.session,
        directory,
        to.id,
        key=f"offer:{request.id}:{to.key}:{number}",
        kind="offer",
        about=[("request", request.id, 0)],
        now=act.now,
    )


def accept_offer(act: Act, request_id: int) -> None:
    """Take over a request that was offered: it comes with the next digest, and reminders go to this person."""
    request, directory = _offered(act, request_id)
    act.is_decided(request)
    request.assignee_id, request.offered_to_id, request.snoozed_until = act.person.id, None, None
    request.step, request.next_at = 0, directory.hours(act.person.id).next_decent(act.now)
    act.change(request, request.state, "took_over")


def decline_offer(act: Act, request_id: int) -> None:
    """Leave an offered request where it is."""
    request, _ = _offered(act, request_id)
    request.offered_to_id = None
    act.change(request, request.state, "declined")


def accept(
    act: Act, request: Request, evidence: Evidence, *, by: Person | None, reason: str = "", **details: str
) -> None:
    """Evidence counts from here on; the request is answered. `details` go into the journal."""
    act.session.add(
        Verdict(evidence_id=evidence.id, outcome="accepted", at=act.now, by_id=by.id if by else None, reason=reason)
    )
    act.change(request, "accepted", "accepted", evidence=evidence.id, sha256=evidence.sha256 or "", **details)


def _is_link(act: Act, request: Request, locator: str) -> bool:
    return (
        locator.startswith(("http://", "https://"))
        or last_answers.watched_document(act.session, request, locator) is not None
    )


def _offered(act: Act, request_id: int) -> tuple[Request, Directory]:
    request, _, _, directory = act.request(request_id)
    if request.offered_to_id != act.person.id:
        raise Refused("not_yours", "This is not offered to you, or no longer.")
    act.must_be_asked(request)
    return request, directory


def _keep(
    act: Act, request: Request, kind: EvidenceKind, offered: Offered, policy: Policy, confirms: Evidence | None = None
) -> Evidence:
    system = act.session.get_one(System, request.system_id)
    evidence = Evidence(
        system_id=request.system_id,
        kind_id=request.kind_id,
        request_id=request.id,
        form=offered.form,
        locator=offered.locator,
        # A watched link is sealed with what the next look finds there, not with what last night's found.
        sha256=offered.sha256,
        media_type=offered.media_type,
        size=offered.size,
        note=offered.note.strip(),
        effective=offered.effective,
        collected_at=act.now,
        received_at=act.now,
        valid_until=valid_until(
            offered.effective,
            kind,
            system.risk_tier,
            policy,
            system=system.key,
            calendar=programme_calendar(act.session, policy),
            cadence=cadence_months(act.session, system.id, kind.id),
        ),
        model_version=system.model_version,
        source=offered.source,
        submitter_id=act.person.id,
        supersedes_id=request.evidence_id if confirms is None else confirms.id,
        confirmations=confirms.confirmations + 1 if confirms else 0,
    )
    act.session.add(evidence)
    act.session.flush()
    return evidence
