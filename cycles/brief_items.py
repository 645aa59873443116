"""A request as its reader sees it, and the small facts every brief is made of."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Self

from sqlalchemy import select
from sqlmodel import Session, col

from cycles import answers, last_answers
from cycles.briefs import Answered, ControlRef, Item, LastAnswer, Reader
from cycles.last_answers import Pair
from cycles.models import (
    UNANSWERED,
    Control,
    Cycle,
    Delivery,
    DeliveryItem,
    Document,
    Evidence,
    EvidenceKind,
    Framework,
    Person,
    Request,
    System,
    Verdict,
)
from cycles.pairs import control, served
from cycles.people import Directory
from cycles.permits import Act
from cycles.policy import Policy

# Said against a request; a lead decides.
DISPUTES = ("disputed", "not_applicable")
framework = Framework.__table__.c  # type: ignore[attr-defined]


def reader_of(person: Person) -> Reader:
    """A person as a message's reader; every language but Japanese reads English."""
    locale = "ja" if person.locale.startswith("ja") else "en"
    return Reader(person_id=person.id, name=person.name, locale=locale, zone=person.zone, slack_id=person.slack_id)


def item_for(session: Session, request_id: int, reader: Person, now: datetime) -> Item:
    """One request as its reader sees it now. Raises KeyError when there is no such request."""
    return items_for(session, [request_id], reader, now)[0]


def items_for(session: Session, request_ids: Sequence[int], reader: Person, now: datetime) -> list[Item]:
    """Requests as their reader sees them now, in the given order, by a fixed number of queries per cycle."""
    found = {
        request.id: request
        for request in session.scalars(select(Request).where(col(Request.id).in_(request_ids))).all()
    }
    by_cycle: dict[int, list[Request]] = {}
    for request in found.values():
        by_cycle.setdefault(request.cycle_id, []).append(request)
    items: dict[int, Item] = {}
    for cycle_id, requests in by_cycle.items():
        shelf = _Shelf.of(session, session.get_one(Cycle, cycle_id), requests)
        items |= {request.id: _item(shelf, request, Act(session, reader, now)) for request in requests}
    return [items[request_id] for request_id in request_ids]


@dataclass(frozen=True, kw_only=True)
class _Shelf:
    """What the items of one cycle are made from, fetched together; pairs are (system_id, kind_id)."""

    cycle: Cycle
    policy: Policy
    directory: Directory
    systems: Mapping[int, System]
    kinds: Mapping[int, EvidenceKind]
    last: Mapping[Pair, Evidence]
    watched: Mapping[tuple[int, int, str], Document]
    controls: Mapping[Pair, tuple[ControlRef, ...]]
    reasons: Mapping[int, str | None]
    told_too: Mapping[int, tuple[str, ...]]

    @classmethod
    def of(cls, session: Session, cycle: Cycle, requests: Sequence[Request]) -> Self:
        policy = Policy.model_validate(cycle.policy)
        pairs = {(request.system_id, request.kind_id) for request in requests}
        systems, kinds = {system for system, _ in pairs}, {kind for _, kind in pairs}
        returned = [request.evidence_id for request in requests if request.state == "returned"]
        return cls(
            cycle=cycle,
            policy=policy,
            directory=Directory.few(session, policy),
            systems={row.id: row for row in session.scalars(select(System).where(col(System.id).in_(systems)))},
            kinds={row.id: row for row in session.scalars(select(EvidenceKind).where(col(EvidenceKind.id).in_(kinds)))},
            last=last_answers.latest_accepted(session, pairs),
            watched=last_answers.watched_documents(session, pairs),
            controls=_controls(session, cycle.id, pairs),
            reasons={
                row.evidence_id: row.reason
                for row in session.scalars(select(Verdict).where(col(Verdict.evidence_id).in_(returned)))
                if row.outcome == "returned"
            },
            told_too=_told_too(session, {request.id: request for request in requests}),
        )


def _told_too(session: Session, requests: Mapping[int, Request]) -> dict[int, tuple[str, ...]]:
    """By request, who was told that nobody answered, since it was asked from its first message on."""
    told = (
        select(col(DeliveryItem.subject_id), col(Delivery.created_at), col(Person.name))
        .join(Delivery, col(Delivery.id) == col(DeliveryItem.delivery_id))
        .join(Person, col(Person.id) == col(Delivery.person_id))
        .where(col(DeliveryItem.subject) == "request", col(DeliveryItem.subject_id).in_(list(requests)))
        .where(col(Delivery.kind) == "escalation", col(Delivery.state) != "withdrawn")
        .order_by(col(Delivery.id))
    )
    found: dict[int, tuple[str, ...]] = {}
    for number, at, name in session.execute(told).tuples():
        since = requests[number].renewed_at
        if (since is None or at >= since) and name not in found.get(number, ()):
            found[number] = (*found.get(number, ()), name)
    return found


def _item(shelf: _Shelf, request: Request, act: Act) -> Item:
    directory, reader, pair = shelf.directory, act.person, (request.system_id, request.kind_id)
    system, kind, last = shelf.systems[request.system_id], shelf.kinds[request.kind_id], shelf.last.get(pair)
    today = directory.today(reader.id, act.now)
    latest = answers.latest_snooze(request, shelf.cycle, shelf.policy, directory, act)
    snoozable = request.snoozes < shelf.policy.asking.max_snoozes and request.state in UNANSWERED
    return Item(
        request_id=request.id,
        cycle=shelf.cycle.key,
        system=system.key,
        system_name=system.name,
        kind=kind.key,
        kind_title=kind.title,
        ask=kind.ask,
        guidance=kind.guidance,
        state=request.state,
        due=request.due,
        workdays_left=directory.calendar(reader.id).between(today, request.due),
        owner=directory.people[request.owner_id].name,
        assignee=directory.people[request.assignee_id].name,
        controls=shelf.controls.get(pair, ()),
        forms=tuple(kind.forms),
        can_confirm=last is not None
        and last_answers.holds_still(kind, system, last, shelf.watched.get((*pair, last.locator))),
        can_snooze=snoozable and latest > today,
        snooze_until=latest,
        last=_last_answer(last, directory.people[last.submitter_id]) if last else None,
        answered=answered_now(request, today),
        kept_because=_kept_because(request),
        told_too=shelf.told_too.get(request.id, ()) if reader.id == request.assignee_id else (),
        returned_reason=shelf.reasons.get(request.evidence_id or 0) if request.state == "returned" else None,
    )


def controls_served(session: Session, request: Request) -> tuple[ControlRef, ...]:
    """The controls a request's evidence serves, over all systems when it is the organisation's, each once."""
    pair = (request.system_id, request.kind_id)
    return _controls(session, request.cycle_id, {pair}).get(pair, ())


def _controls(session: Session, cycle_id: int, pairs: Collection[Pair]) -> dict[Pair, tuple[ControlRef, ...]]:
    # By number first: PostgreSQL cannot tell whether two titles are the same, because they are JSON.
    needed = served(cycle_id, pairs).subquery("needed")
    rows = session.execute(
        select(needed.c.system_id, needed.c.kind_id, framework.key, framework.title, control.label, control.title)
        .select_from(needed)
        .join(Control, control.id == needed.c.control_id)
        .join(Framework, framework.id == control.framework_id)
        .order_by(framework.key, control.position)
    ).all()
    found: dict[Pair, list[ControlRef]] = {}
    for subject, kind, key, title, label, words in rows:
        ref = ControlRef(framework=key, framework_title=title, label=label, title=words)
        found.setdefault((subject, kind), []).append(ref)
    return {pair: tuple(refs) for pair, refs in found.items()}


def _kept_because(request: Request) -> str | None:
    """What the lead wrote who asks for it all the same, until that is answered."""
    said = request.answer or {}
    return str(said.get("note", "")) if said.get("verb") == "kept" and request.state in UNANSWERED else None


def answered_now(request: Request, today: date) -> Answered | None:
    """How a request stands answered: by its state, or for a while by a snooze, an offer or a dispute."""
    said = request.answer
    if said is None:
        return None
    verb = str(said["verb"])
    if request.state in UNANSWERED:
        snoozed = verb == "snoozed" and request.snoozed_until is not None and request.snoozed_until > today
        offered = verb == "delegated" and request.offered_to_id is not None
        if not (snoozed or offered or (verb in DISPUTES and request.disputed)):
            return None
    if request.state == "lapsed" and verb != "cannot_provide":
        return None
    if verb == "accepted" and said.get("panel"):
        verb = "agreed"
    return Answered(
        verb=verb,
        by=str(said["by"]),
        at=datetime.fromisoformat(str(said["at"])),
        record=str(said.get("record", "")),
        until=request.snoozed_until if verb == "snoozed" else None,
    )


def last_answer(session: Session, evidence: Evidence | None) -> LastAnswer | None:
    """The answer that stands, as a reader is shown it."""
    return _last_answer(evidence, session.get_one(Person, evidence.submitter_id)) if evidence else None


def _last_answer(evidence: Evidence, by: Person) -> LastAnswer:
    return LastAnswer(
        evidence_id=evidence.id,
        form=evidence.form,
        locator=evidence.locator,
        effective=evidence.effective,
        valid_until=evidence.valid_until,
        by=by.name,
        sha256=evidence.sha256,
    )
