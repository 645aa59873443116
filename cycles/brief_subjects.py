"""Briefs about one subject: a returned answer, an offer, a dispute, a review, a plan, an action and its effect."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session, col, func
from sqlmodel import select as pick

from cycles.action_ladder import AT_WORK, role_of
from cycles.brief_items import controls_served, item_for, last_answer, reader_of
from cycles.briefs import (
    ActionBrief,
    ActionsBrief,
    Answered,
    DisputeBrief,
    EffectivenessBrief,
    OfferBrief,
    PlanBrief,
    ReturnedBrief,
    ReviewBrief,
)
from cycles.models import (
    UNANSWERED,
    Action,
    Cycle,
    Delivery,
    DeliveryItem,
    Evidence,
    EvidenceKind,
    Lapse,
    Person,
    Request,
    Review,
    System,
    Verdict,
)
from cycles.people import Directory, has_left
from cycles.permits import ANSWERABLE
from cycles.plan import summary_of
from cycles.policy import Policy
from cycles.programme_cycles import last_closed, open_cycles

BUSIEST = 5
# What somebody says against a request, by the verb that is kept of it.
CLAIMS = {"disputed": "not_mine", "not_applicable": "not_applicable", "cannot_provide": "cannot_provide"}


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


def actions_brief(
    session: Session, delivery: Delivery, reader: Person, about: Sequence[DeliveryItem], now: datetime
) -> ActionsBrief | None:
    """Every action of a message, the earliest due first; None when none is left to work on before it was shown."""
    found = {row.id: row for row in session.exec(pick(Action).where(col(Action.id).in_([a.subject_id for a in about])))}
    rungs = {item.subject_id: item.rung for item in about}
    wanted = [action for action in found.values() if delivery.ts is not None or action.state in AT_WORK]
    policy = _policy_now(session)
    briefs = [
        action_brief(
            session, reader, action.id, delivery.role or role_of(action, rungs[action.id], reader.id, policy), now
        )
        for action in sorted(wanted, key=lambda action: (action.due, action.id))
    ]
    shown = tuple(brief for brief in briefs if brief is not None)
    return ActionsBrief(reader=reader_of(reader), actions=shown) if shown else None


def _policy_now(session: Session) -> Policy:
    """The policy by which actions are chased: of the first cycle under way, else of the last one."""
    chasing = next(iter(open_cycles(session)), None) or last_closed(session)
    return Policy.model_validate(chasing.policy) if chasing else Policy()


def returned_brief(
    session: Session, delivery: Delivery, reader: Person, evidence_id: int, now: datetime
) -> ReturnedBrief | None:
    """What the reviewer sent back; None when it was answered again before this was shown."""
    evidence, verdict = session.get_one(Evidence, evidence_id), session.get_one(Verdict, evidence_id)
    item = item_for(session, evidence.request_id or 0, reader, now)
    if item.state != "returned" and delivery.ts is None:
        return None
    by = session.get_one(Person, verdict.by_id).name if verdict.by_id else ""
    return ReturnedBrief(reader=reader_of(reader), item=item, reviewer=by, reason=verdict.reason)


def offer_brief(
    session: Session, delivery: Delivery, reader: Person, request_id: int, now: datetime
) -> OfferBrief | None:
    """An offer as the person it is made to sees it; None when it was gone before it was shown."""
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


def dispute_brief(session: Session, reader: Person, request_id: int, now: datetime) -> DisputeBrief | None:
    """What the lead has to decide about a request without a taker."""
    request = session.get_one(Request, request_id)
    said = request.answer or {}
    assignee = session.get_one(Person, request.assignee_id)
    claim = CLAIMS.get(str(said.get("verb")))
    left = has_left(assignee, now)
    settled = None
    named = claim == "cannot_provide" and request.state == "lapsed"
    if said and not request.disputed and not named:
        at = datetime.fromisoformat(str(said["at"]))
        settled = Answered(verb=str(said["verb"]), by=str(said["by"]), at=at, record=str(said.get("record", "")))
    return DisputeBrief(
        reader=reader_of(reader),
        item=item_for(session, request_id, reader, now),
        raised_by=str(said["by"]) if claim else assignee.name,
        note=str(said.get("note", "")) if claim else "",
        orphaned=left and not named,
        claim=claim or "not_mine",
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


def review_brief(session: Session, reader: Person, evidence_id: int, now: datetime) -> ReviewBrief:
    """Evidence as a reviewer sees it, decided or not."""
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


def plan_brief(session: Session, reader: Person, cycle: Cycle) -> PlanBrief:
    """A planned cycle in the figures a lead approves."""
    counts = summary_of(session, cycle)
    approved = None
    if cycle.opened_at is not None:
        by = session.exec(pick(Person.name).where(Person.key == cycle.approved_by)).first()
        approved = Answered(verb="approved", by=by or cycle.approved_by or "", at=cycle.opened_at, record=cycle.key)
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


def effectiveness_brief(session: Session, reader: Person, action_id: int) -> EffectivenessBrief | None:
    """An implemented action, for the person who judges it; None while it is being worked on again."""
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
        evidence=last_answer(session, newest),
        decided=decided,
    )
