"""What people report: taken down, triaged by a lead, and then an action like any other.

ISO/IEC 42001:2023, A.3.3, asks for a way to report concerns; Japan's Whistleblower Protection Act, that the one who used
it is kept secret. A confidential concern shows its reporter to its readers alone; an anonymous one never learns who it was,
and the journal says `concern` for both.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlmodel import Session, col, func, select

from cycles import journal, outbox, overdue
from cycles.action_states import due_from_today, enter, owner_now
from cycles.errors import Refused
from cycles.lapse_actions import severity as grave
from cycles.models import Action, EvidenceKind, Finding, Person, System
from cycles.people import Directory, current_policy
from cycles.permits import Act
from cycles.policy import Policy

TITLE, DETAIL = 200, 3000
SEVERITIES = ("high", "medium", "low")
# A flood helps nobody: beyond these the person is asked to speak to the lead.
MOST_A_DAY = 10
MOST_WAITING = 200
CONCERN = "concern"
LEGAL: dict[str, frozenset[str]] = {
    "new": frozenset({"accepted", "dismissed"}),
    "accepted": frozenset({"closed"}),
    "dismissed": frozenset(),
    "closed": frozenset(),
}


@dataclass(frozen=True, kw_only=True)
class Report:
    """What somebody says. `source` is `person` or `concern`; an anonymous concern comes without its reporter."""

    system_id: int
    title: str
    detail: str = ""
    kind_id: int | None = None
    severity: str | None = None
    source: str = "person"
    confidential: bool = False


def report(session: Session, told: Report, reporter: Person | None, *, now: datetime) -> Finding:
    """Take down what somebody reports and tell who triages it.

    Raises:
        Refused: nothing said, too much said, an unknown severity or system, or too many reports at once.
    """
    title, detail = told.title.strip(), told.detail.strip()
    _check_words(title, detail, told.severity)
    _check_flood(session, reporter, now)
    if session.get(System, told.system_id) is None:
        raise Refused("unknown", f"There is no system {told.system_id}.")
    secret = told.confidential or reporter is None
    found = Finding(
        system_id=told.system_id,
        kind_id=told.kind_id,
        source=told.source,
        confidential=secret,
        title=title,
        detail=detail,
        severity=told.severity,
        reporter_id=reporter.id if reporter else None,
        reported_at=now,
    )
    session.add(found)
    session.flush()
    actor = CONCERN if secret or reporter is None else reporter.key
    # The journal is handed to auditors: it proves the words by their digest and does not repeat them.
    words = hashlib.sha256(f"{title}\n{detail}".encode()).hexdigest()
    _enter(session, found, "reported", now, actor, source=told.source, severity=told.severity, words=words)
    directory = Directory.few(session, current_policy(session))
    _say(session, found, directory, reader_of(session, found, directory, now), "lead", "new", now)
    return found


def triage(
    act: Act,
    finding_id: int,
    *,
    accept: bool,
    owner: Person | None = None,
    severity: str | None = None,
    due: date | None = None,
    reason: str = "",
) -> Action | None:
    """Accept a finding, which opens its action, or dismiss it with a reason; its reporter, if known, is told.

    Raises:
        Refused: not a lead (for a concern: not one of its readers), triaged already, or a wrong owner, day or severity.
    """
    act.must_be_here()
    found = act.session.get(Finding, finding_id)
    if found is None:
        raise Refused("unknown", f"There is no finding {finding_id}.")
    policy = current_policy(act.session)
    directory = Directory.few(act.session, policy)
    must_read(act, found, directory)
    if not accept and not reason.strip():
        raise Refused("reason", "Say why it is dismissed; its reporter reads it.")
    if len(reason.strip()) > DETAIL:
        raise Refused("long", f"Use at most {DETAIL} characters.")
    action = _action(act, found, policy, directory, owner, severity, due) if accept else None
    found.triaged_by_id, found.triaged_at, found.reason = act.person.id, act.now, reason.strip()
    _move(act.session, found, "accepted" if accept else "dismissed", act.now, act.person.key)
    if action is not None:
        act.session.add(action)
        act.session.flush()
        opened = {"severity": action.severity, "due": action.due, "finding": f"F-{found.id}"}
        enter(act.session, action, "opened", now=act.now, actor=act.person.key, **opened)
    _tell_reporter(act.session, found, directory, "triaged", act.now)
    return action


def _action(
    act: Act,
    found: Finding,
    policy: Policy,
    directory: Directory,
    owner: Person | None,
    severity: str | None,
    due: date | None,
) -> Action:
    system = act.session.get_one(System, found.system_id)
    if owner is not None and directory.has_left(owner.id, act.now):
        raise Refused("left", f"{owner.name} has left the organisation.")
    _check_severity(severity)
    kind = act.session.get(EvidenceKind, found.kind_id) if found.kind_id else None
    owner_id = owner.id if owner else owner_now(directory, system.owner_id, act.now)
    action = Action(
        finding_id=found.id,
        # The kind stays with the finding: the pair's own action, if it lapses, is another.
        system_id=found.system_id,
        owner_id=owner_id,
        severity=severity or found.severity or grave(system.risk_tier, kind.weight if kind else 2),
        state="open",
        opened_at=act.now,
        due=act.now.date(),
        next_at=directory.hours(owner_id).next_decent(act.now),
    )
    action.due = due or due_from_today(action, policy, directory, act.now)
    if action.due < directory.today(owner_id, act.now):
        raise Refused("due_past", f"{action.due} is past. Choose today or a later day.")
    return action


def closed(session: Session, action: Action, directory: Directory, *, now: datetime, actor: str) -> None:
    """The action on a finding was found effective: the finding is closed and its reporter thanked."""
    found = session.get(Finding, action.finding_id) if action.finding_id else None
    if found is not None and found.state == "accepted":
        _move(session, found, "closed", now, actor)
        _tell_reporter(session, found, directory, "closed", now)


def remind(session: Session, directory: Directory, now: datetime) -> None:
    """Put what is still untriaged before its reader again, every few workdays."""
    wait = current_policy(session).findings.triage_workdays
    waiting = untriaged(session)
    told = overdue.last_told(session, "finding", "finding", [found.id for found in waiting])
    for found in waiting:
        reader = reader_of(session, found, directory, now)
        key = f"finding:{found.id}"
        overdue.again(
            session,
            directory,
            "finding",
            "finding",
            found.id,
            key,
            now,
            lead=reader,
            after=wait,
            role="lead",
            told=told,
        )


def untriaged(session: Session) -> Sequence[Finding]:
    """What waits for a lead, the oldest first."""
    return session.exec(select(Finding).where(Finding.state == "new").order_by(col(Finding.id))).all()


def readers(session: Session, directory: Directory) -> list[int]:
    """The leads named in policy, or all of them: who may know who raised a concern."""
    leads = directory.roles.get("lead", [])
    named = current_policy(session).findings.concern_readers
    return [lead for lead in leads if directory.people[lead].key in named] or leads


def reader_of(session: Session, found: Finding, directory: Directory, now: datetime) -> int:
    """Who is asked to triage: for a concern a reader who is here, else the lead. A reader's own concern goes to another."""
    if not found.confidential:
        return directory.lead(now)
    able = [one for one in readers(session, directory) if not directory.has_left(one, now)]
    able = sorted(able, key=lambda one: (one == found.reporter_id, not directory.is_here(one, now)))
    return able[0] if able else directory.lead(now)


def must_read(act: Act, found: Finding, directory: Directory) -> None:
    """Triage is for leads, a concern for its readers. Raises Refused."""
    act.must_lead(directory)
    if found.confidential and act.person.id not in readers(act.session, directory):
        raise Refused("not_yours", "This concern is read by the leads whom policy names only.")


def reporter_for(session: Session, found: Finding, viewer: Person | None, directory: Directory) -> Person | None:
    """Who reported it, where the viewer may know; None is for everybody about an anonymous one."""
    if found.reporter_id is None:
        return None
    if found.confidential and (viewer is None or viewer.id not in readers(session, directory)):
        return None
    return session.get_one(Person, found.reporter_id)


def _check_words(title: str, detail: str, severity: str | None) -> None:
    if not any(sign.isalnum() for sign in title):
        raise Refused("title", "Say in a sentence what you found.")
    if len(title) > TITLE:
        raise Refused(
            "long", f"The title has {len(title)} characters; use at most {TITLE} and the detail for the rest."
        )
    if len(detail) > DETAIL:
        raise Refused("long", f"The detail has {len(detail)} characters; use at most {DETAIL}.")
    _check_severity(severity)


def _check_severity(severity: str | None) -> None:
    if severity is not None and severity not in SEVERITIES:
        raise Refused("severity", f"'{severity}' is no severity. Choose {', '.join(SEVERITIES)}.")


def _check_flood(session: Session, reporter: Person | None, now: datetime) -> None:
    waiting = session.exec(select(func.count()).select_from(Finding).where(Finding.state == "new")).one()
    mine = 0
    if reporter is not None:
        since = col(Finding.reported_at) > now - timedelta(days=1)
        same = select(func.count()).select_from(Finding).where(Finding.reporter_id == reporter.id, since)
        mine = session.exec(same).one()
    if waiting >= MOST_WAITING or mine >= MOST_A_DAY:
        raise Refused("flood", "Too many reports wait to be read. Please speak to the governance lead.")


def _move(session: Session, found: Finding, state: str, now: datetime, actor: str) -> None:
    if state not in LEGAL[found.state]:
        raise Refused("answered", f"Finding {found.id} is {found.state} already.")
    before, found.state = found.state, state
    session.add(found)
    session.flush()
    name = f"finding:F-{found.id}"
    states = {"before": {"state": before}, "after": {"state": state}}
    journal.append(session, at=now, actor=actor, action=f"finding.{state}", subject=name, **states)
    outbox.refresh_about(session, "finding", found.id, now=now)


def _tell_reporter(session: Session, found: Finding, directory: Directory, word: str, now: datetime) -> None:
    if found.reporter_id is not None and not directory.has_left(found.reporter_id, now):
        _say(session, found, directory, found.reporter_id, "reporter", word, now)


def _say(
    session: Session, found: Finding, directory: Directory, person_id: int, role: str, word: str, now: datetime
) -> None:
    outbox.tell(
        session,
        directory,
        person_id,
        key=f"finding:{found.id}:{word}",
        kind="finding",
        about=[("finding", found.id, 0)],
        role=role,
        now=now,
    )


def _enter(session: Session, found: Finding, verb: str, now: datetime, actor: str, **after: object) -> None:
    name = f"finding:F-{found.id}"
    system = session.get_one(System, found.system_id).key
    journal.append(
        session, at=now, actor=actor, action=f"finding.{verb}", subject=name, after={"system": system, **after}
    )
