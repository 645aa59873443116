"""What reviewers, managers and leads decide: evidence, whose request it is, and whether an action worked."""

from datetime import datetime, timedelta
from typing import Literal

from sqlmodel import col, select

from cycles import answers, journal, outbox, plan
from cycles.act import mark_implemented
from cycles.action_ladder import AT_WORK
from cycles.errors import Refused
from cycles.ladder import FAIR_WORKDAYS
from cycles.models import UNANSWERED, Action, Cycle, Evidence, Lapse, Person, Request, Review, System, Verdict
from cycles.people import Directory
from cycles.permits import Act
from cycles.policy import Policy


def review(act: Act, evidence_id: int, vote: Literal["accept", "return", "recuse"], reason: str = "") -> None:
    """A reviewer's vote on one evidence digest.

    Raises:
        Refused: not asked to review it, decided already, its own owner or submitter, or a return without a reason.
    """
    evidence, ballot = _ballot(act, evidence_id)
    if vote == "return" and not reason.strip():
        raise Refused("reason", "Say what is missing, so that it can be mended.")
    ballot.vote, ballot.reason, ballot.voted_at = vote, reason.strip(), act.now
    act.session.add(ballot)
    request, _, _, directory = act.request(evidence.request_id or 0)
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
        _return(act, request, evidence, directory, reason.strip())
    else:
        answers.ask_reviewer(act, request, evidence, directory)
        _enter(act, "review.recused", f"evidence:{evidence.id}", reason=reason.strip())
    outbox.refresh_about(act.session, "evidence", evidence.id, now=act.now)


def reassign(act: Act, request_id: int, to: Person, note: str = "") -> None:
    """Give a request to somebody, who is asked afresh with a fair time to answer.

    What a person who has left was to answer goes to the same successor as a whole.
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
    """Everything else that the same departed person was to answer in this cycle."""
    if not directory.has_left(request.assignee_id, act.now):
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
    outbox.queue(
        act.session,
        key=f"nudge:{request.id}:{day}",
        kind="reminder",
        person_id=request.assignee_id,
        now=act.now,
        about=[("request", request.id, request.step)],
        not_before=directory.hours(request.assignee_id).next_decent(act.now),
    )
    act.change(request, request.state, "nudged")


def excuse(act: Act, request_id: int, reason: str) -> None:
    """A lead decides that a request does not apply in this cycle; the reason is recorded."""
    request, _, _, directory = act.request(request_id)
    act.must_lead(directory)
    if not reason.strip():
        raise Refused("reason", "Say why it does not apply.")
    request.next_at, request.disputed, request.excused_at = None, False, act.now
    act.change(request, "excused", "excused", reason=reason.strip())
    for left in _left_behind(act, request, directory):
        # The message was about all they left behind; the rest is put before the lead again.
        left.disputed, left.next_at = False, act.now
        act.session.add(left)


def approve_plan(act: Act, cycle_key: str) -> bool:
    """A lead opens a planned cycle."""
    cycle = act.session.exec(select(Cycle).where(Cycle.key == cycle_key)).first()
    if cycle is None:
        raise Refused("unknown", f"There is no cycle {cycle_key}.")
    act.must_lead(Directory.load(act.session, Policy.model_validate(cycle.policy)))
    return plan.open_cycle(act.session, cycle, now=act.now, actor=act.person.key)


def implemented(act: Act, action_id: int, *, correction: str, root_cause: str, corrective_action: str) -> None:
    """The action's owner says what was done, why it had happened and what keeps it from happening again."""
    action, policy, directory = _action(act, action_id)
    _may_act(act, action, directory)
    if action.state not in AT_WORK:
        raise Refused("answered", f"Action {action.id} is already {action.state}.")
    if not correction.strip():
        raise Refused("reason", "Say what was done.")
    action.correction, action.root_cause = correction.strip(), root_cause.strip()
    action.corrective_action = corrective_action.strip()
    mark_implemented(act.session, action, policy, directory, now=act.now, actor=act.person.key)


def need_help(act: Act, action_id: int) -> None:
    """The owner cannot do it alone: the lead is told today."""
    action, _, directory = _action(act, action_id)
    _may_act(act, action, directory)
    lead = directory.lead(act.now)
    outbox.queue(
        act.session,
        key=f"help:{action.id}:{directory.today(lead, act.now)}",
        kind="action",
        person_id=lead,
        now=act.now,
        about=[("action", action.id, action.step)],
        role="lead",
        not_before=directory.hours(lead).next_decent(act.now),
    )
    _enter(act, "action.help_wanted", f"action:{act.name(action)}")


def judge_action(act: Act, action_id: int, *, worked: bool, note: str = "") -> None:
    """A second person says whether an implemented action worked (ISO/IEC 42001:2023, 10.2).

    Raises:
        Refused: by its own owner, by somebody not asked, or when there is nothing to judge.
    """
    action, policy, directory = _action(act, action_id)
    if act.person.id == action.owner_id:
        raise Refused("own", "Somebody else has to say whether your action worked.")
    if act.person.id != action.reviewer_id:
        act.must_lead(directory)
    if action.state != "implemented":
        raise Refused("answered", f"Action {action.id} is {action.state}.")
    lapse = act.session.get_one(Lapse, action.lapse_id)
    if worked and lapse.recovered_at is None:
        raise Refused("still_lapsed", "The evidence is still out of order; the action cannot have worked yet.")
    before = {"state": action.state}
    if worked:
        action.state, action.closed_at = "effective", act.now
    else:
        action.state, action.step, action.reviewer_id = "reopened", 0, None
        action.review_on = None
        if lapse.recovered_at is None:
            action.implemented_at = None
        action.relapses += 1
        days = getattr(policy.acting.targets, action.severity)
        action.due = directory.calendar(action.owner_id).add(directory.today(action.owner_id, act.now), days)
        action.next_at = directory.hours(action.owner_id).next_decent(act.now)
    act.session.add(action)
    verb = "action.effective" if worked else "action.ineffective"
    _enter(act, verb, f"action:{act.name(action)}", before=before, state=action.state, note=note.strip())
    outbox.refresh_about(act.session, "action", action.id, now=act.now)


def _ballot(act: Act, evidence_id: int) -> tuple[Evidence, Review]:
    act.must_be_here()
    evidence = act.session.get(Evidence, evidence_id)
    ballot = act.session.exec(
        select(Review).where(Review.evidence_id == evidence_id, Review.reviewer_id == act.person.id)
    ).first()
    if evidence is None or ballot is None or act.person.id == evidence.submitter_id:
        raise Refused("not_yours", "You are not asked to review this.")
    if ballot.vote is not None or act.session.get(Verdict, evidence_id) is not None:
        raise Refused("answered", "This has been decided already.")
    return evidence, ballot


def _return(act: Act, request: Request, evidence: Evidence, directory: Directory, reason: str) -> None:
    act.session.add(
        Verdict(evidence_id=evidence.id, outcome="returned", at=act.now, by_id=act.person.id, reason=reason)
    )
    fresh_clock(request, request.assignee_id, directory, act.now)
    # The returned message itself is the ask; the ladder goes on from its first reminder.
    hours = directory.hours(request.assignee_id)
    request.step, request.next_at = 1, hours.next_decent(hours.opens(request.due))
    act.change(request, "returned", "returned", evidence=evidence.id, reason=reason, due=request.due)
    outbox.queue(
        act.session,
        key=f"returned:{evidence.id}",
        kind="returned",
        person_id=request.assignee_id,
        now=act.now,
        about=[("evidence", evidence.id, 0), ("request", request.id, 0)],
        not_before=directory.hours(request.assignee_id).next_decent(act.now),
    )


def fresh_clock(request: Request, person_id: int, directory: Directory, now: datetime) -> None:
    """Ask from the first message on again, with a fair time to answer."""
    hours = directory.hours(person_id)
    request.due = max(request.due, hours.calendar.add(directory.today(person_id, now), FAIR_WORKDAYS))
    request.step, request.snoozed_until = 0, None
    # What was not due to be asked yet keeps its day, so that a successor is not asked everything at once.
    earliest = max(now, hours.opens(request.ask_on)) if request.state == "pending" else now
    request.next_at = hours.next_decent(earliest + timedelta(seconds=1))


def _may_act(act: Act, action: Action, directory: Directory) -> None:
    """The action's owner, those the ladder tells in their place, and leads."""
    owner = directory.people[action.owner_id]
    if act.person.id not in {owner.id, owner.deputy_id, owner.manager_id}:
        act.must_lead(directory)


def _action(act: Act, action_id: int) -> tuple[Action, Policy, Directory]:
    action = act.session.get(Action, action_id)
    if action is None:
        raise Refused("unknown", f"There is no action {action_id}.")
    act.must_be_here()
    lapse = act.session.get_one(Lapse, action.lapse_id)
    policy = Policy.model_validate(act.session.get_one(Cycle, lapse.cycle_id).policy)
    return action, policy, Directory.load(act.session, policy)


def _enter(act: Act, verb: str, subject: str, before: object = None, **after: object) -> None:
    journal.append(
        act.session, at=act.now, actor=act.person.key, action=verb, subject=subject, before=before, after=after or None
    )
