"""Risk acceptances: somebody asks, somebody else approves, and each one ends (SP 800-39; OSCAL deviation).

While one is in force it answers the lapse in place of an action, which is closed as `risk-accepted`; when it expires or
is revoked, the lapse gets an action again in the same transaction. So every open lapse has one or the other, never both.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlmodel import Session, col, select

from cycles import journal, outbox
from cycles.action_states import move, open_action_of
from cycles.errors import Refused
from cycles.lapse_actions import open_for, weights
from cycles.lapses import local_day, pair_name
from cycles.models import Acceptance, Action, Cycle, Lapse, System
from cycles.people import Directory, current_policy
from cycles.permits import Act
from cycles.policy import Policy

# Every legal change. `withdrawn` was asked for and is no longer needed; `ended` is in force no more: the evidence came.
LEGAL: dict[str, frozenset[str]] = {
    "requested": frozenset({"approved", "declined", "withdrawn"}),
    "approved": frozenset({"expired", "revoked", "ended", "replaced"}),
    "declined": frozenset(),
    "withdrawn": frozenset(),
    "expired": frozenset(),
    "revoked": frozenset(),
    "ended": frozenset(),
    "replaced": frozenset(),
}
REASON = 2000


def request(act: Act, system_id: int, kind_id: int, reason: str, expires: date) -> Acceptance:
    """Ask for the risk of an open lapse to be accepted until a day; somebody else decides.

    Raises:
        Refused: nothing is lapsed, not theirs, no reason, a day outside policy, asked already, or nobody else decides.
    """
    act.must_be_here()
    lapse, cycle, policy, directory = _lapsed(act, system_id, kind_id)
    system = act.session.get_one(System, system_id)
    _may_request(act, system, directory)
    said = _reason(reason, "Say why the risk can be accepted.")
    today = local_day(cycle, act.now)
    _within(expires, today, policy)
    if _of(act.session, system_id, kind_id, "requested"):
        raise Refused("asked_already", "Somebody has asked for this already; it waits for a decision.")
    approvers = approvers_for(directory, act.person.id, act.now)
    if not approvers:
        raise Refused("no_approver", "Nobody else may approve this. Name another lead or an executive.")
    found = Acceptance(
        system_id=system_id,
        kind_id=kind_id,
        requester_id=act.person.id,
        reason=said,
        state="requested",
        requested_at=act.now,
        expires=expires,
    )
    act.session.add(found)
    act.session.flush()
    told = {"state": "requested", "expires": expires, "reason": said, "lapse": lapse.reason}
    _enter(act.session, found, "requested", act.now, act.person.key, after=told)
    say(act.session, found, directory, approvers[0], "approver", "ask:1", act.now)
    return found


def approve(act: Act, acceptance_id: int, note: str = "") -> None:
    """Accept the risk: the lapse's action is closed, and the lapse is answered by this until it expires.

    Raises:
        Refused: by its requester, by neither lead nor executive, decided already, or its end is out of policy by now.
    """
    found, directory = _decided(act, acceptance_id)
    _, cycle, policy, _ = _lapsed(act, found.system_id, found.kind_id)
    _within(found.expires, local_day(cycle, act.now), policy)
    for before in _of(act.session, found.system_id, found.kind_id, "approved"):
        change(act.session, before, "replaced", act.now, act.person.key, by=f"R-{found.id}")
    found.approver_id, found.decided_at, found.decision_reason = act.person.id, act.now, note.strip()[:REASON]
    change(act.session, found, "approved", act.now, act.person.key, expires=found.expires, note=found.decision_reason)
    action = open_action_of(act.session, found.system_id, found.kind_id)
    if action is not None:
        told: dict[str, Any] = {"acceptance": f"R-{found.id}", "until": found.expires}
        move(act.session, action, "risk-accepted", "risk_accepted", now=act.now, actor=act.person.key, **told)
    say(act.session, found, directory, found.requester_id, "requester", "decided", act.now)


def decline(act: Act, acceptance_id: int, reason: str) -> None:
    """Do not accept the risk: the action goes on. The requester is told why. Raises Refused as `approve` does."""
    found, directory = _decided(act, acceptance_id)
    found.decision_reason = _reason(reason, "Say why the risk is not accepted.")
    found.approver_id, found.decided_at = act.person.id, act.now
    change(act.session, found, "declined", act.now, act.person.key, note=found.decision_reason)
    say(act.session, found, directory, found.requester_id, "requester", "decided", act.now)


def revoke(act: Act, acceptance_id: int, reason: str) -> None:
    """End an acceptance before its time: what is still lapsed gets its action again. Raises Refused."""
    found, directory = _found(act, acceptance_id)
    _may_decide(act, directory)
    said = _reason(reason, "Say why it is revoked.")
    if found.state != "approved":
        raise Refused("answered", f"Acceptance {found.id} is {found.state}.")
    found.revoked_at, found.decision_reason = act.now, said
    change(act.session, found, "revoked", act.now, act.person.key, note=said)
    _reopen_lapse(act.session, found, act.now, act.person.key)
    say(act.session, found, directory, found.requester_id, "requester", "revoked", act.now)


def is_accepted(session: Session, lapse: Lapse, cycle: Cycle, now: datetime) -> bool:
    """Whether an unexpired risk acceptance answers a lapse."""
    day = local_day(cycle, now)
    return any(found.expires >= day for found in _of(session, lapse.system_id, lapse.kind_id, "approved"))


def say(
    session: Session, found: Acceptance, directory: Directory, person_id: int, role: str, word: str, now: datetime
) -> int:
    """Queue one message about an acceptance; 0 when it was queued before."""
    written = outbox.tell(
        session,
        directory,
        person_id,
        key=f"acceptance:{found.id}:{word}",
        kind="acceptance",
        about=[("acceptance", found.id, 0)],
        role=role,
        now=now,
    )
    return int(written is not None)


def _reopen_lapse(session: Session, found: Acceptance, now: datetime, actor: str) -> None:
    lapse = _open_lapse(session, found.system_id, found.kind_id)
    if lapse is None or open_action_of(session, found.system_id, found.kind_id) is not None:
        return
    cycle = session.get_one(Cycle, lapse.cycle_id)
    policy = Policy.model_validate(cycle.policy)
    directory = Directory.few(session, policy)
    open_for(session, lapse, policy, directory, weights(session, cycle), now=now, actor=actor)


def _open_lapse(session: Session, system_id: int, kind_id: int) -> Lapse | None:
    return session.exec(
        select(Lapse).where(Lapse.system_id == system_id, Lapse.kind_id == kind_id, col(Lapse.recovered_at).is_(None))
    ).first()


def _lapsed(act: Act, system_id: int, kind_id: int) -> tuple[Lapse, Cycle, Policy, Directory]:
    lapse = _open_lapse(act.session, system_id, kind_id)
    if lapse is None:
        name = pair_name(act.session, system_id, kind_id)
        raise Refused("in_order", f"{name} is not lapsed; there is no risk to accept.")
    cycle = act.session.get_one(Cycle, lapse.cycle_id)
    policy = Policy.model_validate(cycle.policy)
    return lapse, cycle, policy, Directory.few(act.session, policy)


def _found(act: Act, acceptance_id: int) -> tuple[Acceptance, Directory]:
    act.must_be_here()
    found = act.session.get(Acceptance, acceptance_id)
    if found is None:
        raise Refused("unknown", f"There is no risk acceptance {acceptance_id}.")
    return found, Directory.few(act.session, current_policy(act.session))


def _decided(act: Act, acceptance_id: int) -> tuple[Acceptance, Directory]:
    """An acceptance this person may decide about now."""
    found, directory = _found(act, acceptance_id)
    if act.person.id == found.requester_id:
        raise Refused("own_risk", "Somebody else has to decide about a risk you asked to accept.")
    _may_decide(act, directory)
    if found.state != "requested":
        raise Refused("answered", f"Acceptance {found.id} is {found.state}.")
    return found, directory


def must_decide(act: Act, found: Acceptance) -> None:
    """Whether this person may decide about an acceptance now. Raises Refused."""
    _decided(act, found.id)


def _may_decide(act: Act, directory: Directory) -> None:
    if act.person.id not in directory.roles.get("executive", []):
        act.must_lead(directory)


def _may_request(act: Act, system: System, directory: Directory) -> None:
    """The system's owner, the action's, their lines, and leads."""
    owners = {system.owner_id}
    owners |= {row.owner_id for row in _open_actions(act, system.id)}
    line = {one for owner in owners for one in directory.line(owner)}
    if act.person.id not in line:
        act.must_lead(directory)


def _open_actions(act: Act, system_id: int) -> Sequence[Any]:
    return act.session.exec(select(Action).where(Action.system_id == system_id, col(Action.closed_at).is_(None))).all()


def approvers_for(directory: Directory, requester_id: int, now: datetime) -> list[int]:
    """Leads, then executives, those at work first; never the requester."""
    named = dict.fromkeys((*directory.roles.get("lead", []), *directory.roles.get("executive", [])))
    able = [person for person in named if person != requester_id and not directory.has_left(person, now)]
    return sorted(able, key=lambda person: not directory.is_here(person, now))


def _within(expires: date, today: date, policy: Policy) -> None:
    latest = latest_end(today, policy)
    if not today < expires <= latest:
        raise Refused("acceptance_end", f"Choose a day after {today} and not after {latest}.")


def latest_end(today: date, policy: Policy) -> date:
    """The last day an acceptance decided today may hold."""
    return today + timedelta(days=policy.acting.acceptance_max_days)


def _reason(words: str, remedy: str) -> str:
    said = words.strip()
    if not said:
        raise Refused("reason", remedy)
    if len(said) > REASON:
        raise Refused("long", f"Use at most {REASON} characters.")
    return said


def _of(session: Session, system_id: int, kind_id: int, state: str) -> Sequence[Acceptance]:
    return session.exec(
        select(Acceptance)
        .where(Acceptance.system_id == system_id, Acceptance.kind_id == kind_id, Acceptance.state == state)
        .order_by(col(Acceptance.id))
    ).all()


def change(session: Session, found: Acceptance, state: str, now: datetime, actor: str, **after: Any) -> None:
    """Move an acceptance to a state and journal it. Raises Refused when that is not legal."""
    if state not in LEGAL[found.state]:
        raise Refused("answered", f"Acceptance {found.id} is {found.state} and cannot become {state}.")
    before, found.state = found.state, state
    session.add(found)
    session.flush()
    _enter(session, found, state, now, actor, before={"state": before}, after={"state": state, **after})
    outbox.refresh_about(session, "acceptance", found.id, now=now)


def _enter(session: Session, found: Acceptance, verb: str, now: datetime, actor: str, **states: Any) -> None:
    name = f"acceptance:{pair_name(session, found.system_id, found.kind_id)}"
    journal.append(session, at=now, actor=actor, action=f"acceptance.{verb}", subject=name, **states)
