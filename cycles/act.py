"""Act: one improvement action per lapse, chased down the ladder, shown to have worked by a second person.

The course of an action is that of ISO/IEC 42001:2023, 10.2: react, find the cause, act on it, review whether it worked.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlmodel import Session, col, select

from cycles import action_ladder, journal, outbox
from cycles.action_ladder import AT_WORK
from cycles.check import local_day, pair_name
from cycles.models import Acceptance, Action, Cycle, EvidenceKind, Lapse, Request, System
from cycles.people import Directory
from cycles.periods import add_months
from cycles.policy import Policy

WEIGHT_OF_TIER = {"high": 3, "limited": 2, "minimal": 1}


@dataclass(frozen=True, kw_only=True)
class Acted:
    """What one run of Act did, in actions (and acceptances that ended)."""

    opened: int = 0
    reopened: int = 0
    implemented: int = 0
    chased: int = 0
    reviews_asked: int = 0
    acceptances_expired: int = 0


def act(session: Session, cycle: Cycle, *, now: datetime, actor: str) -> Acted:
    """Bring the actions of a cycle up to now; run again at the same moment, it changes nothing."""
    policy = Policy.model_validate(cycle.policy)
    directory = Directory.load(session, policy)
    expired = _expire_acceptances(session, cycle, now, actor)
    opened, reopened = _answer_lapses(session, cycle, policy, directory, now, actor)
    implemented = _corrected(session, policy, directory, now, actor)
    action_ladder.wake(session, now)
    return Acted(
        opened=opened,
        reopened=reopened,
        implemented=implemented,
        chased=action_ladder.chase(session, cycle, policy, directory, now, actor),
        reviews_asked=_ask_whether_it_worked(session, cycle, directory, now),
        acceptances_expired=expired,
    )


def severity(tier: str, weight: int) -> str:
    """How grave a lapse is, from the system's risk tier and the evidence kind's weight (1–3)."""
    score = WEIGHT_OF_TIER[tier] + weight
    return "high" if score >= 5 else "medium" if score == 4 else "low"


def _answer_lapses(
    session: Session, cycle: Cycle, policy: Policy, directory: Directory, now: datetime, actor: str
) -> tuple[int, int]:
    """Every open lapse gets its one action, unless an unexpired risk acceptance already answers it."""
    opened = reopened = 0
    has_its_action = (
        select(Action.id).where(col(Action.lapse_id) == col(Lapse.id), col(Action.closed_at).is_(None)).exists()
    )
    unanswered = select(Lapse).where(col(Lapse.recovered_at).is_(None), ~has_its_action).order_by(col(Lapse.id))
    for lapse in session.exec(unanswered).all():
        done = answer_lapse(session, lapse, cycle, policy, directory, now, actor)
        opened, reopened = opened + (done == "opened"), reopened + (done == "reopened")
    return opened, reopened


def answer_lapse(
    session: Session, lapse: Lapse, cycle: Cycle, policy: Policy, directory: Directory, now: datetime, actor: str
) -> Literal["opened", "reopened"] | None:
    """Give an open lapse its one action, or take up again the one it had; None where that, or an acceptance, stands."""
    current = _open_action(session, lapse)
    if current is None:
        if is_accepted(session, lapse, cycle, now):
            return None
        _open(session, lapse, policy, directory, now, actor)
        return "opened"
    if current.lapse_id == lapse.id:
        return None
    _reopen(session, current, lapse, policy, directory, now, actor)
    return "reopened"


def _open_action(session: Session, lapse: Lapse) -> Action | None:
    return session.exec(
        select(Action).where(
            Action.system_id == lapse.system_id, Action.kind_id == lapse.kind_id, col(Action.closed_at).is_(None)
        )
    ).first()


def is_accepted(session: Session, lapse: Lapse, cycle: Cycle, now: datetime) -> bool:
    """Whether an unexpired risk acceptance answers a lapse."""
    return (
        session.exec(
            select(Acceptance.id).where(
                Acceptance.system_id == lapse.system_id,
                Acceptance.kind_id == lapse.kind_id,
                Acceptance.state == "approved",
                col(Acceptance.expires) >= local_day(cycle, now),
            )
        ).first()
        is not None
    )


def _open(session: Session, lapse: Lapse, policy: Policy, directory: Directory, now: datetime, actor: str) -> Action:
    system, kind = session.get_one(System, lapse.system_id), session.get_one(EvidenceKind, lapse.kind_id)
    owner = system.owner_id if not directory.has_left(system.owner_id, now) else directory.lead(now)
    grave = severity(system.risk_tier, kind.weight)
    action = Action(
        lapse_id=lapse.id,
        system_id=lapse.system_id,
        kind_id=lapse.kind_id,
        owner_id=owner,
        severity=grave,
        state="open",
        opened_at=now,
        due=directory.calendar(owner).add(directory.today(owner, now), getattr(policy.acting.targets, grave)),
        relapses=_earlier_relapses(session, lapse, policy, now),
    )
    session.add(action)
    session.flush()
    _enter(
        session,
        action,
        actor,
        "action.opened",
        now,
        after={"severity": grave, "due": action.due, "reason": lapse.reason},
    )
    return action


def _earlier_relapses(session: Session, lapse: Lapse, policy: Policy, now: datetime) -> int:
    """A lapse soon after an action was found effective is a relapse all the same; its count goes on."""
    last = session.exec(
        select(Action)
        .where(Action.system_id == lapse.system_id, Action.kind_id == lapse.kind_id)
        .order_by(col(Action.id).desc())
    ).first()
    if last is None or last.closed_at is None:
        return 0
    recent = add_months(last.closed_at.date(), policy.acting.relapse_months) >= now.date()
    return last.relapses + 1 if recent else 0


def _reopen(
    session: Session, action: Action, lapse: Lapse, policy: Policy, directory: Directory, now: datetime, actor: str
) -> None:
    """The evidence lapsed again before the action was found effective: it was not."""
    before = {"state": action.state, "relapses": action.relapses}
    action.lapse_id, action.state, action.relapses = lapse.id, "reopened", action.relapses + 1
    action.step, action.next_at, action.implemented_at, action.review_on, action.reviewer_id = 0, None, None, None, None
    days = getattr(policy.acting.targets, action.severity)
    action.due = directory.calendar(action.owner_id).add(directory.today(action.owner_id, now), days)
    session.add(action)
    after = {"state": "reopened", "relapses": action.relapses, "due": action.due}
    _enter(session, action, actor, "action.reopened", now, before=before, after=after)


def _corrected(session: Session, policy: Policy, directory: Directory, now: datetime, actor: str) -> int:
    """Valid evidence arrived: the correction is made, and after a while a second person judges whether it holds."""
    recovered = session.exec(
        select(Action)
        .join(Lapse, col(Lapse.id) == col(Action.lapse_id))
        # What was judged ineffective although the evidence was valid keeps its date: there, evidence alone is no answer.
        .where(col(Action.state).in_(AT_WORK), col(Action.implemented_at).is_(None))
        .where(col(Lapse.recovered_at).is_not(None))
        .order_by(col(Action.id))
    ).all()
    for action in recovered:
        if _applies_no_more(session, action):
            _withdraw(session, action, now, actor)
        else:
            mark_implemented(session, action, policy, directory, now=now, actor=actor)
    return len(recovered)


def _applies_no_more(session: Session, action: Action) -> bool:
    """The system is retired, or a lead excused the request: then there is nothing whose effect could be judged."""
    if session.get_one(System, action.system_id).retired:
        return True
    newest = session.exec(
        select(Request.state)
        .where(Request.system_id == action.system_id, Request.kind_id == action.kind_id)
        .order_by(col(Request.id).desc())
    ).first()
    return newest == "excused"


def _withdraw(session: Session, action: Action, now: datetime, actor: str) -> None:
    before = {"state": action.state}
    action.state, action.closed_at, action.next_at = "withdrawn", now, None
    session.add(action)
    _enter(session, action, actor, "action.withdrawn", now, before=before, after={"state": "withdrawn"})
    outbox.refresh_about(session, "action", action.id, now=now)


def mark_implemented(
    session: Session, action: Action, policy: Policy, directory: Directory, *, now: datetime, actor: str
) -> None:
    """The action is done; its effectiveness is reviewed so many workdays later."""
    before = {"state": action.state}
    action.state, action.implemented_at, action.next_at = "implemented", now, None
    calendar, today = directory.calendar(action.owner_id), directory.today(action.owner_id, now)
    action.review_on = calendar.add(today, policy.acting.effectiveness_workdays)
    session.add(action)
    after = {"state": "implemented", "review_on": action.review_on}
    _enter(session, action, actor, "action.implemented", now, before=before, after=after)
    outbox.refresh_about(session, "action", action.id, now=now)


def _ask_whether_it_worked(session: Session, cycle: Cycle, directory: Directory, now: datetime) -> int:
    waiting = session.exec(
        select(Action)
        .where(Action.state == "implemented", col(Action.reviewer_id).is_(None))
        .where(col(Action.review_on) <= local_day(cycle, now))
        .order_by(col(Action.id))
    ).all()
    for action in waiting:
        others = directory.reviewers_for(action.owner_id, now=now) or [directory.lead(now)]
        action.reviewer_id = others[action.id % len(others)]
        session.add(action)
        outbox.queue(
            session,
            key=f"effectiveness:{action.id}:{action.relapses}",
            kind="effectiveness",
            person_id=action.reviewer_id,
            now=now,
            about=[("action", action.id, 0)],
            not_before=directory.hours(action.reviewer_id).next_decent(now),
        )
    return len(waiting)


def _expire_acceptances(session: Session, cycle: Cycle, now: datetime, actor: str) -> int:
    over = session.exec(
        select(Acceptance)
        .where(Acceptance.state == "approved", col(Acceptance.expires) < local_day(cycle, now))
        .order_by(col(Acceptance.id))
    ).all()
    for acceptance in over:
        acceptance.state = "expired"
        session.add(acceptance)
        name = pair_name(session, acceptance.system_id, acceptance.kind_id)
        journal.append(
            session,
            at=now,
            actor=actor,
            action="acceptance.expired",
            subject=f"acceptance:{name}",
            after={"expires": acceptance.expires},
        )
    return len(over)


def _enter(session: Session, action: Action, actor: str, verb: str, now: datetime, **states: object) -> None:
    name = pair_name(session, action.system_id, action.kind_id)
    journal.append(session, at=now, actor=actor, action=verb, subject=f"action:{name}", **states)
