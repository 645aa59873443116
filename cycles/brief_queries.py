"""From the record to briefs: what a message says is gathered when it is sent, so it is never stale."""

from datetime import date, datetime

from sqlalchemy import func, select
from sqlmodel import Session, col
from sqlmodel import select as pick

from cycles import answers
from cycles.act import AT_WORK
from cycles.briefs import (
    ActionBrief,
    Answered,
    Brief,
    ControlRef,
    DigestBrief,
    DisputeBrief,
    EffectivenessBrief,
    EscalationBrief,
    Item,
    LastAnswer,
    OfferBrief,
    PlanBrief,
    Reader,
    ReminderBrief,
    ReturnedBrief,
    ReviewBrief,
)
from cycles.ladder import told_on
from cycles.models import (
    Action,
    Control,
    Cycle,
    Delivery,
    DeliveryItem,
    Evidence,
    EvidenceKind,
    Framework,
    Lapse,
    Person,
    Request,
    Review,
    System,
    Verdict,
)
from cycles.pairs import control, required
from cycles.people import Directory
from cycles.permits import ANSWERABLE, Act
from cycles.plan import summary_of
from cycles.policy import Policy

framework = Framework.__table__.c  # type: ignore[attr-defined]
UNANSWERED = ("pending", "asked", "returned")
BUSIEST = 5


def brief_for(session: Session, delivery: Delivery, now: datetime) -> Brief | None:
    """What a message has to say now; None when nothing is left to say and it should be withdrawn."""
    about = session.exec(
        pick(DeliveryItem).where(DeliveryItem.delivery_id == delivery.id).order_by(col(DeliveryItem.id))
    ).all()
    reader = session.get_one(Person, delivery.person_id)
    requests = [item.subject_id for item in about if item.subject == "request"]
    if delivery.kind in ("digest", "reminder", "escalation"):
        return _chase_brief(session, delivery, reader, requests, now)
    first = about[0].subject_id
    if delivery.kind == "returned":
        return _returned(session, reader, first, now)
    if delivery.kind == "offer":
        return _offer(session, delivery, reader, first, now)
    if delivery.kind == "dispute":
        return _dispute(session, reader, first, now)
    if delivery.kind == "review":
        return _review(session, reader, first, now)
    if delivery.kind == "plan":
        return _plan(session, reader, session.get_one(Cycle, first))
    if delivery.kind == "action":
        return action_brief(session, reader, first, delivery.role or "owner", now)
    if delivery.kind == "effectiveness":
        return _effectiveness(session, reader, first)
    raise ValueError(f"no message is of the kind {delivery.kind}")


def reader_of(person: Person) -> Reader:
    """A person as a message's reader; every language but Japanese reads English."""
    locale = "ja" if person.locale.startswith("ja") else "en"
    return Reader(person_id=person.id, name=person.name, locale=locale, zone=person.zone, slack_id=person.slack_id)


def item_for(session: Session, request_id: int, reader: Person, now: datetime) -> Item:
    """One request as its reader sees it now."""
    request = session.get_one(Request, request_id)
    cycle = session.get_one(Cycle, request.cycle_id)
    policy = Policy.model_validate(cycle.policy)
    directory = Directory.load(session, policy)
    act = Act(session, reader, now)
    system, kind = session.get_one(System, request.system_id), session.get_one(EvidenceKind, request.kind_id)
    last = answers.last_accepted(act, request)
    return Item(
        request_id=request.id,
        cycle=cycle.key,
        system=system.key,
        system_name=system.name,
        kind=kind.key,
        kind_title=kind.title,
        ask=kind.ask,
        guidance=kind.guidance,
        state=request.state,
        due=request.due,
        workdays_left=directory.calendar(reader.id).between(directory.today(reader.id, now), request.due),
        owner=directory.people[request.owner_id].name,
        assignee=directory.people[request.assignee_id].name,
        controls=controls_served(session, request),
        forms=tuple(kind.forms),
        can_confirm=last is not None and answers.confirmable(act, request, kind, last),
        can_snooze=request.snoozes < policy.asking.max_snoozes,
        snooze_until=answers.latest_snooze(request, cycle, policy, directory, act),
        last=_last_answer(session, last),
        answered=_answered(request, directory.today(reader.id, now)),
        returned_reason=_returned_reason(session, request),
    )


def controls_served(session: Session, request: Request) -> tuple[ControlRef, ...]:
    """The controls a request's evidence serves, over all systems when it is the organisation's, each once."""
    needed = required(request.cycle_id).subquery("needed")
    rows = session.execute(
        select(framework.key, framework.title, control.label, control.title, control.position)
        .select_from(needed)
        .join(Control, control.id == needed.c.control_id)
        .join(Framework, framework.id == control.framework_id)
        .where(needed.c.subject_id == request.system_id, needed.c.kind_id == request.kind_id)
        .order_by(framework.key, control.position)
    ).all()
    found = {(row[0], row[2]): row for row in rows}
    return tuple(ControlRef(framework=r[0], framework_title=r[1], label=r[2], title=r[3]) for r in found.values())


def action_brief(session: Session, reader: Person, action_id: int, role: str, now: datetime) -> ActionBrief | None:
    """An action as its reader sees it; None once it is no longer being worked on and was never shown."""
    action = session.get_one(Action, action_id)
    lapse = session.get_one(Lapse, action.lapse_id)
    cycle = session.get_one(Cycle, lapse.cycle_id)
    directory = Directory.load(session, Policy.model_validate(cycle.policy))
    system, kind = session.get_one(System, action.system_id), session.get_one(EvidenceKind, action.kind_id)
    request = session.exec(
        pick(Request)
        .where(Request.system_id == action.system_id, Request.kind_id == action.kind_id)
        .order_by(col(Request.id).desc())
    ).first()
    answerable = request is not None and request.state in ANSWERABLE and cycle.state != "closed"
    return ActionBrief(
        reader=reader_of(reader),
        role=role,
        action_id=action.id,
        system_name=system.name,
        kind=kind.key,
        kind_title=kind.title,
        reason=lapse.reason,
        severity=action.severity,
        state=action.state,
        owner=directory.people[action.owner_id].name,
        opened_on=directory.today(reader.id, action.opened_at),
        due=action.due,
        workdays_left=directory.calendar(reader.id).between(directory.today(reader.id, now), action.due),
        controls=controls_served(session, request) if request else (),
        request_id=request.id if request and answerable else None,
        relapses=action.relapses,
    )


def _chase_brief(
    session: Session, delivery: Delivery, reader: Person, requests: list[int], now: datetime
) -> Brief | None:
    items = tuple(item_for(session, request_id, reader, now) for request_id in requests)
    waiting = [item for item in items if item.state in UNANSWERED and item.answered is None]
    if delivery.ts is None and not waiting:
        return None
    if delivery.ts is None:
        items = tuple(waiting)
    if delivery.kind == "digest":
        total = len(
            session.exec(
                pick(Request.id)
                .join(Cycle, col(Cycle.id) == col(Request.cycle_id))
                .where(Request.assignee_id == reader.id, col(Request.state).in_(UNANSWERED))
                .where(col(Request.asked_at).is_not(None), col(Cycle.state) != "closed")
            ).all()
        )
        return DigestBrief(reader=reader_of(reader), cycle=items[0].cycle, items=items, total=max(total, len(waiting)))
    first = session.get_one(Request, requests[0])
    cycle = session.get_one(Cycle, first.cycle_id)
    policy = Policy.model_validate(cycle.policy)
    directory = Directory.load(session, policy)
    if delivery.kind == "reminder":
        last = delivery.role == "last"
        following = _next_person(first, directory, policy, now) if last else None
        return ReminderBrief(reader=reader_of(reader), items=items, last=last, next_person=following)
    asked = _asked_before(session, delivery, requests)
    return EscalationBrief(reader=reader_of(reader), role=delivery.role or "lead", items=items, asked_before=asked)


def _next_person(request: Request, directory: Directory, policy: Policy, now: datetime) -> str | None:
    for rung in policy.asking.ladder:
        told = told_on(rung, owner_id=request.owner_id, assignee_id=request.assignee_id, directory=directory, now=now)
        if rung.to != "owner" and told != request.assignee_id:
            return directory.people[told].name
    return None


def _asked_before(session: Session, delivery: Delivery, requests: list[int]) -> tuple[str, ...]:
    names = session.exec(
        pick(Person.name)
        .join(Delivery, col(Delivery.person_id) == col(Person.id))
        .join(DeliveryItem, col(DeliveryItem.delivery_id) == col(Delivery.id))
        .where(DeliveryItem.subject == "request", col(DeliveryItem.subject_id).in_(requests))
        .where(col(Delivery.kind).in_(("digest", "reminder", "escalation")), col(Delivery.id) < delivery.id)
        .order_by(col(Delivery.id))
    ).all()
    return tuple(dict.fromkeys(names))


def _answered(request: Request, today: date) -> Answered | None:
    """How a request stands answered: by its state, or for a while by a snooze, an offer or a dispute."""
    said = request.answer
    if said is None:
        return None
    verb = str(said["verb"])
    if request.state in UNANSWERED:
        snoozed = verb == "snoozed" and request.snoozed_until is not None and request.snoozed_until > today
        offered = verb == "delegated" and request.offered_to_id is not None
        if not (snoozed or offered or (verb == "disputed" and request.disputed)):
            return None
    if request.state == "lapsed":
        return None
    return Answered(
        verb=verb,
        by=str(said["by"]),
        at=datetime.fromisoformat(str(said["at"])),
        record=str(said.get("record", "")),
        until=request.snoozed_until if verb == "snoozed" else None,
    )


def _returned_reason(session: Session, request: Request) -> str | None:
    if request.state != "returned" or request.evidence_id is None:
        return None
    verdict = session.get(Verdict, request.evidence_id)
    return verdict.reason if verdict and verdict.outcome == "returned" else None


def _last_answer(session: Session, evidence: Evidence | None) -> LastAnswer | None:
    if evidence is None:
        return None
    return LastAnswer(
        evidence_id=evidence.id,
        form=evidence.form,
        locator=evidence.locator,
        effective=evidence.effective,
        valid_until=evidence.valid_until,
        by=session.get_one(Person, evidence.submitter_id).name,
        sha256=evidence.sha256,
    )


def _returned(session: Session, reader: Person, evidence_id: int, now: datetime) -> ReturnedBrief | None:
    evidence, verdict = session.get_one(Evidence, evidence_id), session.get_one(Verdict, evidence_id)
    item = item_for(session, evidence.request_id or 0, reader, now)
    if item.state != "returned":
        return None
    by = session.get_one(Person, verdict.by_id).name if verdict.by_id else ""
    return ReturnedBrief(reader=reader_of(reader), item=item, reviewer=by, reason=verdict.reason)


def _offer(session: Session, delivery: Delivery, reader: Person, request_id: int, now: datetime) -> OfferBrief | None:
    request = session.get_one(Request, request_id)
    said = request.answer or {}
    open_still = request.offered_to_id == reader.id and request.state in UNANSWERED
    if not open_still and delivery.ts is None:
        return None
    taken = request.assignee_id == reader.id
    outcome = None if open_still else "accepted" if taken else "closed"
    if outcome == "closed" and said.get("verb") == "declined" and said.get("by") == reader.name:
        outcome = "declined"
    return OfferBrief(
        reader=reader_of(reader),
        item=item_for(session, request_id, reader, now),
        offered_by=session.get_one(Person, request.owner_id if taken else request.assignee_id).name,
        note=str(said.get("note", "")) if open_still else "",
        outcome=outcome,
    )


def _dispute(session: Session, reader: Person, request_id: int, now: datetime) -> DisputeBrief | None:
    request = session.get_one(Request, request_id)
    said = request.answer or {}
    assignee = session.get_one(Person, request.assignee_id)
    raised = said.get("verb") == "disputed"
    left = assignee.left_on is not None and assignee.left_on < now.date()
    settled = None
    if not request.disputed and said:
        at = datetime.fromisoformat(str(said["at"]))
        settled = Answered(verb=str(said["verb"]), by=str(said["by"]), at=at, record=str(said.get("record", "")))
    return DisputeBrief(
        reader=reader_of(reader),
        item=item_for(session, request_id, reader, now),
        raised_by=str(said["by"]) if raised else assignee.name,
        note=str(said.get("note", "")) if raised else "",
        orphaned=left,
        others=_others(session, request) if left else 0,
        outcome=settled,
    )


def _others(session: Session, request: Request) -> int:
    same = (
        pick(func.count())
        .select_from(Request)
        .where(
            Request.cycle_id == request.cycle_id,
            Request.assignee_id == request.assignee_id,
            Request.id != request.id,
            col(Request.state).in_(UNANSWERED),
        )
    )
    return session.exec(same).one()


def _review(session: Session, reader: Person, evidence_id: int, now: datetime) -> ReviewBrief:
    evidence = session.get_one(Evidence, evidence_id)
    item = item_for(session, evidence.request_id or 0, reader, now)
    ballot = session.exec(
        pick(Review).where(Review.evidence_id == evidence_id, Review.reviewer_id == reader.id)
    ).first()
    decided = None
    if ballot and ballot.vote and ballot.voted_at:
        decided = Answered(verb=ballot.vote, by=reader.name, at=ballot.voted_at, record=f"E-{evidence.id}")
    return ReviewBrief(
        reader=reader_of(reader),
        evidence_id=evidence.id,
        item=item,
        submitter=session.get_one(Person, evidence.submitter_id).name,
        form=evidence.form,
        locator=evidence.locator,
        note=evidence.note,
        effective=evidence.effective,
        received_at=evidence.received_at,
        sha256=evidence.sha256,
        confirmed_unchanged=evidence.confirmations > 0,
        previous=item.last if item.last and item.last.evidence_id != evidence.id else None,
        decided=decided,
        decided_reason=ballot.reason if ballot and ballot.vote else None,
    )


def _plan(session: Session, reader: Person, cycle: Cycle) -> PlanBrief:
    counts = summary_of(session, cycle)
    approved = None
    if cycle.opened_at is not None:
        approved = Answered(verb="approved", by=cycle.approved_by or "", at=cycle.opened_at, record=cycle.key)
    return PlanBrief(
        reader=reader_of(reader),
        cycle=cycle.key,
        starts=cycle.starts,
        ends=cycle.ends,
        do_on=cycle.do_on,
        close_on=cycle.close_on,
        systems=counts.systems,
        requests=counts.requests,
        carried=counts.carried,
        people=counts.people,
        busiest=counts.busiest[:BUSIEST],
        approved=approved,
    )


def _effectiveness(session: Session, reader: Person, action_id: int) -> EffectivenessBrief | None:
    action = session.get_one(Action, action_id)
    if action.implemented_at is None or action.state in AT_WORK:
        return None
    system, kind = session.get_one(System, action.system_id), session.get_one(EvidenceKind, action.kind_id)
    newest = session.exec(
        pick(Evidence)
        .join(Verdict, col(Verdict.evidence_id) == col(Evidence.id))
        .where(Evidence.system_id == action.system_id, Evidence.kind_id == action.kind_id)
        .where(Verdict.outcome == "accepted")
        .order_by(col(Evidence.effective).desc(), col(Evidence.id).desc())
    ).first()
    decided = None
    if action.closed_at is not None:
        decided = Answered(verb=action.state, by=reader.name, at=action.closed_at, record=f"A-{action.id}")
    return EffectivenessBrief(
        reader=reader_of(reader),
        action_id=action.id,
        system_name=system.name,
        kind_title=kind.title,
        owner=session.get_one(Person, action.owner_id).name,
        implemented_at=action.implemented_at,
        correction=action.correction,
        evidence=_last_answer(session, newest),
        decided=decided,
    )
