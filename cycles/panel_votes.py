"""What the members of a panel and its decider do, each in a transaction that computes no outcome.

A vote is final, and blind: until the panel is closed nothing shows what was voted, by whom, or how often. The journal
keeps every vote as it comes; it is proof for afterwards and is shown to no member (docs/adr/0013).
"""

from collections.abc import Sequence
from typing import Literal

from cycles import journal, outbox, panels
from cycles.errors import Refused
from cycles.models import Cycle, Evidence, Panel, Person, Request, Review, System, Verdict
from cycles.people import Directory
from cycles.permits import Act
from cycles.policy import Policy
from cycles.quorum import Vote
from cycles.reviewers import ballot_of

NEED_REASON = ("return", "recuse")


def vote(act: Act, panel: Panel, evidence: Evidence, choice: Vote, reason: str) -> None:
    """Cast one member's ballot.

    Raises:
        Refused: for anybody not on the roster, a second vote, one after the panel closed, without the reason it needs,
            or by somebody who by now answers for the system themselves.
    """
    ballot = ballot_of(act.session, evidence.id, act.person.id)
    if ballot is None:
        raise Refused("not_yours", "You are not on this panel.")
    if ballot.vote is not None or panel.outcome is not None or act.now >= panel.deadline:
        raise Refused("answered", "This panel is closed, or you have voted already. A vote is final.")
    if choice in NEED_REASON and not reason.strip():
        raise Refused("reason", "Say why, so that the others can follow.")
    if choice != "recuse" and act.person.id in _answering(act, evidence):
        raise Refused("not_yours", "You answer for this yourself by now; recuse yourself.")
    ballot.vote, ballot.reason, ballot.voted_at = choice, reason.strip(), act.now
    act.session.add(ballot)
    act.session.flush()
    after = {"evidence": evidence.id, "digest": ballot.sha256, "call": panel.terms["call"]}
    _enter(act, evidence, "panel.voted", {**after, "vote": choice, "reason": ballot.reason})
    # Only their own message: one that is rewritten elsewhere would tell the others that somebody has voted.
    outbox.refresh_about(act.session, "evidence", evidence.id, now=act.now, person_id=act.person.id)


def may_decide(act: Act, panel: Panel, evidence: Evidence) -> bool:
    """Whether this person is to decide what the panel did not agree on, and nobody has yet."""
    waits = panel.outcome == "no-quorum" and act.session.get(Verdict, evidence.id) is None
    return waits and act.person.id == panel.decider_id and act.person.id not in _answering(act, evidence)


def may_vote(act: Act, panel: Panel, ballot: Review | None) -> bool:
    """Whether this person's vote is still waited for."""
    return ballot is not None and ballot.vote is None and panel.outcome is None and act.now < panel.deadline


def enter_decision(
    act: Act, panel: Panel, evidence: Evidence, choice: Literal["accept", "return"], reason: str
) -> None:
    """Journal the decider's decision as theirs; the caller carries it out in the same transaction."""
    after = {"evidence": evidence.id, "decision": choice, "reason": reason, "call": panel.terms["call"]}
    _enter(act, evidence, "panel.decided", after)


def call_anew(act: Act, evidence_id: int, *, without: Sequence[Person] = (), reason: str) -> Panel:
    """A lead calls a new panel in place of an open one, leaving out whom they name; every vote so far is void.

    Raises:
        Refused: by anybody but a lead who neither owns nor submitted it, without a reason, or when it is closed.
    """
    act.must_be_here()
    panel, evidence = act.session.get(Panel, evidence_id), act.session.get(Evidence, evidence_id)
    if panel is None or evidence is None:
        raise Refused("unknown", f"There is no panel on evidence {evidence_id}.")
    request = act.session.get_one(Request, evidence.request_id or 0)
    policy = Policy.model_validate(act.session.get_one(Cycle, request.cycle_id).policy)
    directory = Directory.few(act.session, policy)
    act.must_lead(directory)
    if act.person.id in _answering(act, evidence):
        raise Refused("not_yours", "You answer for this yourself; another lead has to call the panel.")
    if not reason.strip():
        raise Refused("reason", "Say why a new panel is needed.")
    entry = panels.asked_for(act.session, evidence, policy)
    if panel.outcome is not None or request.state != "submitted" or entry is None:
        raise Refused("answered", "This panel is closed.")
    after = {"evidence": evidence.id, "reason": reason.strip(), "without": [person.key for person in without]}
    _enter(act, evidence, "panel.voided", after)
    barred = {person.id for person in without}
    asked_before = {row["person_id"] for row in panel.roster}
    panels.call(act.session, request, evidence, entry, directory, now=act.now, actor=act.person.key, without=barred)
    for person_id in asked_before:
        outbox.refresh_about(act.session, "evidence", evidence.id, now=act.now, person_id=person_id)
    return panel


def _answering(act: Act, evidence: Evidence) -> set[int]:
    """Who answers for the evidence and can therefore not judge it."""
    request = act.session.get_one(Request, evidence.request_id or 0)
    return {request.owner_id, evidence.submitter_id, act.session.get_one(System, evidence.system_id).owner_id}


def _enter(act: Act, evidence: Evidence, verb: str, after: dict[str, object]) -> None:
    subject = f"evidence:{act.name(evidence)}"
    journal.append(act.session, at=act.now, actor=act.person.key, action=verb, subject=subject, after=after)
