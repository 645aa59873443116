"""Briefs about one subject: a returned answer, an offer, a dispute, a plan."""

from datetime import datetime

from sqlmodel import Session, col, func
from sqlmodel import select as pick

from cycles.accounts import unreachable
from cycles.brief_items import item_for, reader_of
from cycles.brief_reviews import called_off
from cycles.briefs import (
    Answered,
    DisputeBrief,
    OfferBrief,
    PlanBrief,
    ReturnedBrief,
)
from cycles.models import (
    UNANSWERED,
    Cycle,
    Delivery,
    Evidence,
    Panel,
    Person,
    Request,
    Verdict,
)
from cycles.people import has_left
from cycles.plan import summary_of

BUSIEST = 5
# What somebody says against a request, by the verb that is kept of it.
CLAIMS = {"disputed": "not_mine", "not_applicable": "not_applicable", "cannot_provide": "cannot_provide"}


def returned_brief(
    session: Session, delivery: Delivery, reader: Person, evidence_id: int, now: datetime
) -> ReturnedBrief | None:
    """What the reviewer sent back; None when it was answered again before this was shown."""
    evidence, verdict = session.get_one(Evidence, evidence_id), session.get_one(Verdict, evidence_id)
    item = item_for(session, evidence.request_id or 0, reader, now)
    if item.state != "returned" and delivery.ts is None:
        return None
    by = session.get_one(Person, verdict.by_id).name if verdict.by_id else ""
    panel = session.get(Panel, evidence_id)
    changed = panel is not None and panel.outcome == "void"
    return ReturnedBrief(reader=reader_of(reader), item=item, reviewer=by, reason=verdict.reason, changed=changed)


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
    no_account = not has_left(assignee, now) and assignee.id in unreachable(session)
    left = no_account or has_left(assignee, now)
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
        no_account=no_account,
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


def plan_brief(session: Session, reader: Person, cycle: Cycle) -> PlanBrief:
    """A planned cycle in the figures a lead approves."""
    counts = summary_of(session, cycle)
    approved = None
    if cycle.opened_at is not None:
        by = session.exec(pick(Person.name).where(Person.key == cycle.approved_by)).first()
        approved = Answered(verb="approved", by=by or cycle.approved_by or "", at=cycle.opened_at, record=cycle.key)
    approved = called_off(session, cycle.key) or approved
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
