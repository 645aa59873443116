"""What reviewers, managers and leads decide: evidence, whose request it is, and whether an action worked."""

from datetime import datetime, timedelta

from sqlmodel import col, select

from cycles import answers, journal, outbox, panel_votes, plan
from cycles.action_states import enter
from cycles.effectiveness import action_for, implemented, judge_action, may_act
from cycles.errors import Refused
from cycles.ladder import FAIR_WORKDAYS
from cycles.models import UNANSWERED, Cycle, Evidence, Panel, Person, Request, Review, System, Verdict
from cycles.people import Directory
from cycles.permits import Act
from cycles.policy import Policy
from cycles.quorum import Vote
from cycles.reviewers import ask_reviewer, ballot_of

# What people say about actions is decided in `effectiveness`; inbox and command line find all decisions here.
__all__ = [
    "approve_plan", "excuse", "implemented", "judge_action", "need_help", "nudge", "reassign", "review",
]  # fmt: skip


def review(act: Act, evidence_id: int, vote: Vote, reason: str = "") -> None:
    """A reviewer's vote on one evidence digest; where a panel was called, one of its votes or its decider's decision.

    Raises:
        Refused: not asked to review it, decided already, its own owner or submitter, or a return without a reason.
    """
    if (panel := act.session.get(Panel, evidence_id)) is not None:
        _on_panel(act, panel, vote, reason)
        return
    evidence, ballot = _ballot(act, evidence_id)
    if vote == "abstain":
        raise Refused("vote", "Whoever reviews alone cannot abstain. Recuse yourself, so that somebody else is asked.")
    if vote == "return" and not reason.strip():
        raise Refused("reason", "Say what is missing, so that it can be mended.")
    ballot.vote, ballot.reason, ballot.voted_at = vote, reason.strip(), act.now
    act.session.add(ballot)
    request, _, policy, directory = act.request(evidence.request_id or 0)
    if vote != "recuse" and act.person.id in (
        request.owner_id,
        act.session.get_one(System, evidence.system_id).owner_id,
    ):
        raise Refused(
            "not_yours", "You answer for this yourself by now; recuse yourself, so that somebody else is asked."
        )
    if vote == "accept":
        answers.accept(act, request, evidence, by=act.person, reason=reason.strip())
    elif vote == "return":
        give_back(act, request, evidence, directory, reason.strip(), by=act.person)
    else:
        ask_reviewer(act, request, evidence, policy, directory)
        _enter(act, "review.recused", f"evidence:{evidence.id}", reason=reason.strip())
    outbox.refresh_about(act.session, "evidence", evidence.id, now=act.now)


def reassign(act: Act, request_id: int, to: Person, note: str = "") -> None:
    """Give a request to somebody, who is asked afresh with a fair time to answer.

    What a person who is gone was to answer goes to the same successor as a whole.
    """
    request, _, _, directory = act.request(request_id)
    act.may_hand_on(request, directory)
    if request.state not in UNANSWERED:
        raise Refused("answered", f"Request {request.id} is already {request.state}.")
    if directory.has_left(to.id, act.now):
        raise Refused("left", f"{to.name} has left the organisation.")
    for handed in [request, *_left_behind(act, request, directory)]:
        handed.assignee_id, handed.offered_to_id, handed.disputed = to.id, None, False
        fresh_clock(handed, to.id, directory, act.now)
        act.change(handed, handed.state, "reassigned", to=to.key, note=note.strip(), due=handed.due)


def _left_behind(act: Act, request: Request, directory: Directory) -> list[Request]:
    """Everything else that the same person, who is gone, was to answer in this cycle."""
    if not directory.is_gone(request.assignee_id, act.now):
        return []
    waiting = select(Request).where(
        Request.cycle_id == request.cycle_id,
        Request.assignee_id == request.assignee_id,
        Request.id != request.id,
        col(Request.state).in_(UNANSWERED),
    )
    return list(act.session.exec(waiting.order_by(col(Request.id))).all())


def nudge(act: Act, request_id: int) -> None:
    """Remind the assignee once more today, on top of the ladder."""
    request, _, _, directory = act.request(request_id)
    act.may_hand_on(request, directory)
    if request.state not in UNANSWERED:
        raise Refused("answered", f"Request {request.id} is already {request.state}.")
    day = directory.today(request.assignee_id, act.now)
    outbox.tell(
        act.session,
        directory,
        request.assignee_id,
        key=f"nudge:{request.id}:{day}",
        kind="reminder",
        about=[("request", request.id, request.step)],
        now=act.now,
    )
    act.change(request, request.state, "nudged")


def excuse(act: Act, request_id: int, reason: str) -> None:
    """A lead decides that a request does not apply in this cycle; the reason is recorded."""
    request, _, _, directory = act.request(request_id)
    act.must_lead(directory)
    if not reason.strip():
        raise Refused("reason", "Say why it does not apply.")
    if request.state == "excused":
        # Once more would move the day since when it is, and with it what was true then.
        raise Refused("answered", f"Request {request.id} is excused already.")
    act.is_decided(request)
    request.next_at, request.excused_at = None, act.now
    act.change(request, "excused", "excused", reason=reason.strip())


def approve_plan(act: Act, cycle_key: str) -> bool:
    """A lead opens a planned cycle."""
    cycle = act.session.exec(select(Cycle).where(Cycle.key == cycle_key)).first()
    if cycle is None:
        raise Refused("unknown", f"There is no cycle {cycle_key}.")
    act.must_lead(Directory.few(act.session, Policy.model_validate(cycle.policy)))
    return plan.open_cycle(act.session, cycle, now=act.now, actor=act.person.key)


def need_help(act: Act, action_id: int) -> None:
    """The owner cannot do it alone: the lead is told today."""
    action, _, directory = action_for(act, action_id)
    may_act(act, action, directory)
    if action.closed_at is not None:
        raise Refused("answered", f"Action {action.id} is {action.state}.")
    lead = directory.lead(act.now)
    outbox.tell(
        act.session,
        directory,
        lead,
        key=f"help:{action.id}:{directory.today(lead, act.now)}",
        kind="action",
        about=[("action", action.id, action.step)],
        role="lead",
        now=act.now,
    )
    enter(act.session, action, "help_wanted", now=act.now, actor=act.person.key)


def _ballot(act: Act, evidence_id: int) -> tuple[Evidence, Review]:
    act.must_be_here()
    evidence = act.session.get(Evidence, evidence_id)
    ballot = ballot_of(act.session, evidence_id, act.person.id)
    if evidence is None or ballot is None or act.person.id == evidence.submitter_id:
        raise Refused("not_yours", "You are not asked to review this.")
    if ballot.vote is not None or act.session.get(Verdict, evidence_id) is not None:
        raise Refused("answered", "This has been decided already.")
    return evidence, ballot


def _on_panel(act: Act, panel: Panel, vote: Vote, reason: str) -> None:
    act.must_be_here()
    evidence = act.session.get_one(Evidence, panel.evidence_id)
    if not panel_votes.may_decide(act, panel, evidence):
        panel_votes.vote(act, panel, evidence, vote, reason)
        return
    if vote not in ("accept", "return"):
        raise Refused("vote", "The panel did not agree, so the decision is yours: accept it, or return it.")
    if vote == "return" and not reason.strip():
        raise Refused("reason", "Say what is missing, so that it can be mended.")
    request, _, _, directory = act.request(evidence.request_id or 0)
    panel_votes.enter_decision(act, panel, evidence, vote, reason.strip())
    if vote == "accept":
        answers.accept(act, request, evidence, by=act.person, reason=reason.strip())
    else:
        give_back(act, request, evidence, directory, reason.strip(), by=act.person)
    outbox.refresh_about(act.session, "evidence", evidence.id, now=act.now)


def give_back(
    act: Act,
    request: Request,
    evidence: Evidence,
    directory: Directory,
    reason: str,
    *,
    by: Person | None,
    **details: str,
) -> None:
    """The evidence does not count; the owner is told why and asked again. `details` go into the journal."""
    act.session.add(
        Verdict(evidence_id=evidence.id, outcome="returned", at=act.now, by_id=by.id if by else None, reason=reason)
    )
    fresh_clock(request, request.assignee_id, directory, act.now)
    # The returned message itself is the ask; the ladder goes on from its first reminder.
    hours = directory.hours(request.assignee_id)
    request.step, request.next_at = 1, hours.next_decent(hours.opens(request.due))
    act.change(request, "returned", "returned", evidence=evidence.id, reason=reason, due=request.due, **details)
    outbox.tell(
        act.session,
        directory,
        request.assignee_id,
        key=f"returned:{evidence.id}",
        kind="returned",
        about=[("evidence", evidence.id, 0), ("request", request.id, 0)],
        now=act.now,
    )


def fresh_clock(request: Request, person_id: int, directory: Directory, now: datetime) -> None:
    """Ask from the first message on again, with a fair time to answer."""
    hours = directory.hours(person_id)
    request.due = max(request.due, hours.calendar.add(directory.today(person_id, now), FAIR_WORKDAYS))
    request.step, request.snoozed_until = 0, None
    # What was not due to be asked yet keeps its day, so that a successor is not asked everything at once.
    earliest = max(now, hours.opens(request.ask_on)) if request.state == "pending" else now
    request.next_at = hours.next_decent(earliest + timedelta(seconds=1))


def _enter(act: Act, verb: str, subject: str, before: object = None, **after: object) -> None:
    journal.append(
        act.session, at=act.now, actor=act.person.key, action=verb, subject=subject, before=before, after=after or None
    )
