"""Whether an improvement worked: what its owner has to tell first, and the second person who judges it afterwards.

ISO/IEC 42001:2023, 10.2: correction, cause, corrective action, and a review of whether that was effective.
"""

from datetime import datetime

from sqlmodel import Session, col, select

from cycles import findings, outbox
from cycles.action_states import AT_WORK, enter, move, policy_of, still_lapsed
from cycles.errors import Refused
from cycles.lapse_actions import start_over
from cycles.lapses import local_day
from cycles.models import Action, Cycle, Delivery, DeliveryItem, Person
from cycles.people import Directory
from cycles.permits import Act
from cycles.policy import Policy

PARTS = ("correction", "root_cause", "corrective_action")


def owed(action: Action) -> tuple[str, ...]:
    """What a grave action's owner still has to tell before valid evidence alone counts as an answer."""
    if action.severity != "high":
        return ()
    return tuple(part for part in PARTS[1:] if not getattr(action, part).strip())


def implemented(act: Act, action_id: int, *, correction: str, root_cause: str, corrective_action: str) -> None:
    """The action's owner says what was done, why it had happened and what keeps it from happening again.

    Raises:
        Refused: not theirs, not at work, without a correction, or a grave one without all three.
    """
    action, policy, directory = action_for(act, action_id)
    may_act(act, action, directory)
    if action.state not in AT_WORK:
        raise Refused("answered", f"Action {action.id} is already {action.state}.")
    told = {"correction": correction, "root_cause": root_cause, "corrective_action": corrective_action}
    told = {part: words.strip() for part, words in told.items()}
    if not told["correction"]:
        raise Refused("reason", "Say what was done.")
    if action.severity == "high" and not all(told.values()):
        lacking = " and ".join(part.replace("_", " ") for part in PARTS if not told[part])
        raise Refused("three", f"Action {action.id} is of high severity: tell its {lacking} too.")
    for part, words in told.items():
        setattr(action, part, words)
    mark_implemented(act.session, action, policy, directory, now=act.now, actor=act.person.key)


def mark_implemented(
    session: Session, action: Action, policy: Policy, directory: Directory, *, now: datetime, actor: str
) -> None:
    """The action is done; its effectiveness is reviewed so many workdays later."""
    action.implemented_at, action.next_at = now, None
    calendar, today = directory.calendar(action.owner_id), directory.today(action.owner_id, now)
    action.review_on = calendar.add(today, policy.acting.effectiveness_workdays)
    move(session, action, "implemented", "implemented", now=now, actor=actor, review_on=action.review_on)


def ask_reviewers(
    session: Session, cycle: Cycle, policy: Policy, directory: Directory, *, now: datetime, actor: str
) -> int:
    """Ask a second person about each action whose review is due; pass it on when they are away or let it wait too long."""
    waiting = session.exec(
        select(Action)
        .where(Action.state == "implemented", col(Action.review_on) <= local_day(cycle, now))
        .order_by(col(Action.id))
    ).all()
    return sum(_ask(session, action, policy, directory, now, actor) for action in waiting)


def _ask(session: Session, action: Action, policy: Policy, directory: Directory, now: datetime, actor: str) -> bool:
    rounds = _asked(session, action)
    if rounds and not _waits_too_long(rounds[-1], policy, directory, now):
        return False
    free = _free(directory, action.owner_id, {row.person_id for row in rounds}, now)
    if not free and (not rounds or directory.has_left(rounds[-1].person_id, now)):
        return False  # nobody is there but its owner, who may not judge it; whoever joins is asked
    if not free and not _let_pass(rounds[-1], policy, directory, now):
        return False  # or each night would leave one more message for whom nobody replaces while they are away
    # When nobody is left to pass it on to, the last one asked is reminded.
    chosen = free[action.id % len(free)] if free else rounds[-1].person_id
    written = outbox.tell(
        session,
        directory,
        chosen,
        key=f"{_round(action)}{len(rounds) + 1}",
        kind="effectiveness",
        about=[("action", action.id, 0)],
        now=now,
    )
    if written is None:
        return False
    action.reviewer_id = chosen
    session.add(action)
    verb = "review_reminded" if rounds and not free else "review_passed_on" if rounds else "review_asked"
    enter(session, action, verb, now=now, actor=actor, reviewer=directory.people[chosen].key)
    return True


def _round(action: Action) -> str:
    """What the keys of all messages about this attempt begin with; a relapse begins another."""
    return f"effectiveness:{action.id}:{action.relapses}:"


def _asked(session: Session, action: Action) -> list[Delivery]:
    """The messages that asked somebody about this attempt, oldest first."""
    found = session.exec(
        select(Delivery)
        .join(DeliveryItem, col(DeliveryItem.delivery_id) == col(Delivery.id))
        .where(Delivery.kind == "effectiveness", DeliveryItem.subject == "action", DeliveryItem.subject_id == action.id)
        .order_by(col(Delivery.id))
    ).all()
    return [row for row in found if row.key.startswith(_round(action))]


def _free(directory: Directory, owner_id: int, asked: set[int], now: datetime) -> list[int]:
    """Who may still be asked: reviewers, then leads, never the owner."""
    reviewers = directory.reviewers_for(owner_id, *asked, now=now)
    if any(directory.is_here(person, now) for person in reviewers):
        return reviewers
    leads = [lead for lead in directory.roles.get("lead", []) if lead != owner_id and lead not in asked]
    return [lead for lead in leads if directory.is_here(lead, now)] or reviewers


def _waits_too_long(last: Delivery, policy: Policy, directory: Directory, now: datetime) -> bool:
    """They have left, are away for long, or let the target for reviews pass."""
    return not directory.is_here(last.person_id, now) or _let_pass(last, policy, directory, now)


def _let_pass(last: Delivery, policy: Policy, directory: Directory, now: datetime) -> bool:
    reached, today = (directory.today(last.person_id, at) for at in (last.not_before, now))
    return directory.calendar(last.person_id).between(reached, today) > policy.reviewing.target_workdays


def judge_action(act: Act, action_id: int, *, worked: bool, note: str = "") -> None:
    """A second person says whether an implemented action worked (ISO/IEC 42001:2023, 10.2).

    Raises:
        Refused: by its own owner, by somebody not asked, or when there is nothing to judge.
    """
    action, policy, directory = action_for(act, action_id)
    may_judge(act, action, directory)
    if action.state != "implemented":
        raise Refused("answered", f"Action {action.id} is {action.state}.")
    lapsed, actor = still_lapsed(act.session, action), act.person.key
    if worked and lapsed:
        raise Refused("still_lapsed", "The evidence is still out of order; the action cannot have worked yet.")
    if worked:
        move(act.session, action, "effective", "effective", now=act.now, actor=actor, note=note.strip())
        findings.closed(act.session, action, directory, now=act.now, actor=actor)
        return
    action.relapses += 1
    start_over(action, policy, directory, act.now)
    if lapsed:
        action.implemented_at = None
    action.next_at = directory.hours(action.owner_id).next_decent(act.now)
    told = {"note": note.strip(), "relapses": action.relapses, "due": action.due}
    move(act.session, action, "reopened", "ineffective", now=act.now, actor=actor, **told)


def may_judge(act: Act, action: Action, directory: Directory) -> None:
    """Whoever was asked about this attempt, and leads; never its owner. Raises Refused."""
    if act.person.id == action.owner_id:
        raise Refused("own", "Somebody else has to say whether your action worked.")
    if act.person.id not in {row.person_id for row in _asked(act.session, action)}:
        act.must_lead(directory)


def may_act(act: Act, action: Action, directory: Directory) -> None:
    """The action's owner, those the ladder tells in their place, and leads. Raises Refused."""
    owner: Person = directory.people[action.owner_id]
    if act.person.id not in {owner.id, owner.deputy_id, owner.manager_id}:
        act.must_lead(directory)


def action_for(act: Act, action_id: int) -> tuple[Action, Policy, Directory]:
    """An action with what deciding about it needs. Raises Refused."""
    action = act.session.get(Action, action_id)
    if action is None:
        raise Refused("unknown", f"There is no action {action_id}.")
    act.must_be_here()
    policy = policy_of(act.session, action)
    return action, policy, Directory.few(act.session, policy)
