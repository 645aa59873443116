"""What `/hoshin report` tells: one request, one improvement action or one system, to those it concerns and nobody else."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import or_
from sqlmodel import Session, col, func, select

from cycles.action_states import finding_of
from cycles.brief_items import item_for, last_answer
from cycles.brief_parts import Item, LastAnswer, Text
from cycles.errors import Refused
from cycles.ledger import Entry, ledger
from cycles.models import Action, Cycle, Evidence, EvidenceKind, Lapse, Panel, Person, Request, Review, System, Verdict
from cycles.people import Directory, current_policy

REQUEST = re.compile(r"(?:#\s*)?([0-9]{1,18})")
ACTION = re.compile(r"a-?\s*([0-9]{1,18})")
SHOWN_LINES = 10
SHOWN_ROWS = 15


@dataclass(frozen=True, kw_only=True)
class ActionLine:
    """An improvement action in short; `reason` is the lapse's, or `reported`."""

    action_id: int
    kind_title: Text
    reason: str
    severity: str
    state: str
    owner: str
    due: date


@dataclass(frozen=True, kw_only=True)
class ChaseLine:
    """A message about a request: when it was or will be shown, to whom. `outcome` is one of `cycles.ledger.Entry`."""

    at: datetime
    to: str
    message: str
    outcome: str


@dataclass(frozen=True, kw_only=True)
class RequestReport:
    """One request: what was asked, how it was answered, with which evidence, what was said about it, and what is open.

    `verdict` is accepted or returned, once there is one; nothing here shows how a panel voted.
    """

    item: Item
    evidence: LastAnswer | None
    verdict: str | None
    lines: tuple[ChaseLine, ...]
    earlier: int
    action: ActionLine | None


@dataclass(frozen=True, kw_only=True)
class ActionReport:
    """One improvement action with what its owner told (ISO/IEC 42001:2023, 10.2), and the request that answers it."""

    system_name: str
    action: ActionLine
    correction: str
    root_cause: str
    corrective_action: str
    request_id: int | None


@dataclass(frozen=True, kw_only=True)
class RequestLine:
    """A request in short."""

    request_id: int
    kind_title: Text
    state: str
    due: date
    assignee: str


@dataclass(frozen=True, kw_only=True)
class SystemReport:
    """One system: its requests of the cycle under way and its open actions, as far as the reader may see them."""

    key: str
    system_name: str
    owner: str
    requests: tuple[RequestLine, ...]
    actions: tuple[ActionLine, ...]
    more: int


Report = RequestReport | ActionReport | SystemReport


def report(session: Session, person: Person, key: str, now: datetime) -> Report:
    """What is known under a key: a system's key or name, a request's number, an action's (`A-5`).

    Raises:
        Refused: `no_report`, when there is nothing of that name, or nothing that this person may see; which, is not told.
    """
    wanted, reading = key.strip().lower(), _Reading(session, person, now)
    found: Report | None = _system(reading, wanted)
    if found is None and (number := REQUEST.fullmatch(wanted)):
        found = _request(reading, int(number[1]))
    if found is None and (number := ACTION.fullmatch(wanted)):
        found = _action(reading, int(number[1]))
    if found is None:
        raise Refused("no_report", f"{person.key} sees nothing named {key!r}.")
    return found


class _Reading:
    """Who reads, when, and what they may see."""

    def __init__(self, session: Session, person: Person, now: datetime) -> None:
        self.session, self.person, self.now = session, person, now
        self.directory = Directory.few(session, current_policy(session))
        self.leads = self.directory.is_lead(person.id)

    def sees_request(self, request: Request, system: System) -> bool:
        """Its owner, whoever was asked, the system's owner with their line, those who judge its evidence, and leads.

        Deputy and manager may answer it (`Act.may_answer`), so they may read what was asked and said.
        """
        owners = (request.owner_id, system.owner_id)
        line = {one for owner in owners for one in self.directory.line(owner)}
        if self.leads or self.person.id in {request.assignee_id, *line}:
            return True
        judging = (
            select(Evidence.id)
            .outerjoin(Review, col(Review.evidence_id) == col(Evidence.id))
            .outerjoin(Panel, col(Panel.evidence_id) == col(Evidence.id))
            .where(Evidence.request_id == request.id)
            .where(or_(col(Review.reviewer_id) == self.person.id, col(Panel.decider_id) == self.person.id))
        )
        return self.session.exec(judging).first() is not None

    def sees_action(self, action: Action, system: System) -> bool:
        """Its owner, who judges its effect, leads; and, unless it began as a confidential concern, which may be about them,
        the system's owner and the line of both owners.
        """
        if self.leads or self.person.id in (action.owner_id, action.reviewer_id):
            return True
        found = finding_of(self.session, action)
        line = {one for owner in (action.owner_id, system.owner_id) for one in self.directory.line(owner)}
        return self.person.id in line and not (found and found.confidential)

    def name(self, person_id: int) -> str:
        return self.directory.people[person_id].name


def _request(reading: _Reading, number: int) -> RequestReport | None:
    session = reading.session
    request = session.get(Request, number)
    if request is None or not reading.sees_request(request, session.get_one(System, request.system_id)):
        return None
    evidence = session.get(Evidence, request.evidence_id) if request.evidence_id else None
    verdict = session.get(Verdict, evidence.id) if evidence else None
    lines = _chased(reading, request)
    action = _open_action(session, request)
    return RequestReport(
        item=item_for(session, number, reading.person, reading.now),
        evidence=last_answer(session, evidence),
        verdict=verdict.outcome if verdict else None,
        lines=tuple(lines[-SHOWN_LINES:]),
        earlier=max(0, len(lines) - SHOWN_LINES),
        action=_action_line(reading, action) if action else None,
    )


def _chased(reading: _Reading, request: Request) -> list[ChaseLine]:
    """What was said, and what is to come; what turned out not to be needed is left out."""
    lines = [line for line in ledger(reading.session, request.id, reading.now).lines if line.outcome != "not needed"]
    keys = {line.happened_to or line.announced_to for line in lines}
    names = dict(reading.session.exec(select(Person.key, Person.name).where(col(Person.key).in_(keys))).all())
    return [_chase_line(line, names) for line in lines if _at(line)]


def _chase_line(line: Entry, names: dict[str, str]) -> ChaseLine:
    to = line.happened_to or line.announced_to or ""
    at = _at(line)
    assert at is not None
    return ChaseLine(at=at, to=names.get(to, to), message=line.message, outcome=line.outcome)


def _at(line: Entry) -> datetime | None:
    return line.happened_at or line.announced_at


def _open_action(session: Session, request: Request) -> Action | None:
    return session.exec(
        select(Action).where(
            Action.system_id == request.system_id, Action.kind_id == request.kind_id, col(Action.closed_at).is_(None)
        )
    ).first()


def _action(reading: _Reading, number: int) -> ActionReport | None:
    session = reading.session
    action = session.get(Action, number)
    if action is None or not reading.sees_action(action, system := session.get_one(System, action.system_id)):
        return None
    request = session.exec(
        select(Request.id)
        .where(Request.system_id == action.system_id, Request.kind_id == action.kind_id)
        .order_by(col(Request.id).desc())
    ).first()
    return ActionReport(
        system_name=system.name,
        action=_action_line(reading, action),
        correction=action.correction,
        root_cause=action.root_cause,
        corrective_action=action.corrective_action,
        request_id=request,
    )


def _action_line(reading: _Reading, action: Action) -> ActionLine:
    session, found = reading.session, finding_of(reading.session, action)
    title: Text = {"en": found.title} if found else session.get_one(EvidenceKind, action.kind_id).title
    return ActionLine(
        action_id=action.id,
        kind_title=title,
        reason=session.get_one(Lapse, action.lapse_id).reason if action.lapse_id else "reported",
        severity=action.severity,
        state=action.state,
        owner=reading.name(action.owner_id),
        due=action.due,
    )


def _system(reading: _Reading, wanted: str) -> SystemReport | None:
    """By its key; by its name where no key is so."""
    session = reading.session
    system = session.exec(select(System).where(func.lower(System.key) == wanted)).first() or _named(session, wanted)
    if system is None:
        return None
    requests = [row for row in _requests_of(session, system) if reading.sees_request(row[0], system)]
    actions = [row for row in _actions_of(session, system) if reading.sees_action(row, system)]
    if not (requests or actions or reading.leads or system.owner_id == reading.person.id):
        return None
    lines = [
        RequestLine(
            request_id=request.id,
            kind_title=title,
            state=request.state,
            due=request.due,
            assignee=reading.name(request.assignee_id),
        )
        for request, title in requests
    ]
    told = [_action_line(reading, action) for action in actions[:SHOWN_ROWS]]
    return SystemReport(
        key=system.key,
        system_name=system.name,
        owner=reading.name(system.owner_id),
        requests=tuple(lines[:SHOWN_ROWS]),
        actions=tuple(told),
        more=max(0, len(lines) - SHOWN_ROWS) + len(actions) - len(told),
    )


def _named(session: Session, wanted: str) -> System | None:
    # Compared here: SQLite's lower() knows ASCII only, and a command comes with full-width letters made plain.
    names = session.exec(select(System.id, System.name).order_by(col(System.id))).all()
    found = next((number for number, name in names if _plain(name) == _plain(wanted)), None)
    return session.get(System, found) if found is not None else None


def _plain(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def _requests_of(session: Session, system: System) -> list[tuple[Request, Text]]:
    """Of the cycles that are not over, what is still to be answered first, the soonest due first."""
    done = col(Request.state).in_(("accepted", "excused"))
    rows = session.exec(
        select(Request, EvidenceKind.title)
        .join(EvidenceKind, col(EvidenceKind.id) == col(Request.kind_id))
        .join(Cycle, col(Cycle.id) == col(Request.cycle_id))
        .where(Request.system_id == system.id, col(Cycle.state).not_in(("planned", "closed", "cancelled")))
        .order_by(done, col(Request.due), col(Request.id))
    ).all()
    return [(request, title) for request, title in rows]


def _actions_of(session: Session, system: System) -> list[Action]:
    return list(
        session.exec(
            select(Action)
            .where(Action.system_id == system.id, col(Action.closed_at).is_(None))
            .order_by(col(Action.due), col(Action.id))
        ).all()
    )
