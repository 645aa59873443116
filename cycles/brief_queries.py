"""From the record to briefs: what a message says is gathered when it is sent, so it is never stale."""

from dataclasses import replace
from datetime import datetime

from sqlmodel import Session, col
from sqlmodel import select as pick

from cycles import brief_improvement as improvement
from cycles import brief_subjects as subjects
from cycles import executive, weekly
from cycles.action_states import AT_WORK
from cycles.brief_actions import actions_brief
from cycles.brief_improvement import action_brief
from cycles.brief_items import controls_served, item_for, items_for, reader_of
from cycles.brief_panels import panels_brief
from cycles.brief_reviews import reviews_brief
from cycles.briefs import Brief, DigestBrief, EscalationBrief, Item, ReminderBrief
from cycles.desk_decisions import KINDS, decision
from cycles.ladder import Ladder
from cycles.models import UNANSWERED, Action, Cycle, Delivery, DeliveryItem, Person, Request
from cycles.people import Directory
from cycles.policy import Policy

__all__ = ["action_brief", "brief_for", "controls_served", "item_for", "items_for", "reader_of"]


def brief_for(session: Session, delivery: Delivery, now: datetime) -> Brief | None:
    """What a message has to say now; None when nothing is left to say and it should be withdrawn."""
    about = session.exec(
        pick(DeliveryItem).where(DeliveryItem.delivery_id == delivery.id).order_by(col(DeliveryItem.id))
    ).all()
    reader = session.get_one(Person, delivery.person_id)
    requests = [item.subject_id for item in about if item.subject == "request"]
    if delivery.kind in ("digest", "reminder", "escalation"):
        return _chase_brief(session, delivery, reader, requests, now)
    if delivery.kind == "weekly":
        return weekly.brief(session, delivery, reader, now)
    if delivery.kind == "executive":
        return executive.brief(session, delivery, reader, now)
    first = about[0].subject_id
    if delivery.kind == "review":
        return reviews_brief(session, delivery, reader, [item.subject_id for item in about], now)
    if delivery.kind == "returned":
        return subjects.returned_brief(session, delivery, reader, first, now)
    if delivery.kind == "offer":
        return subjects.offer_brief(session, delivery, reader, first, now)
    if delivery.kind == "panel":
        return panels_brief(session, delivery, reader, [item.subject_id for item in about], now)
    if delivery.kind == "action":
        return actions_brief(session, delivery, reader, about, now)
    if delivery.kind == "effectiveness":
        return improvement.effectiveness_brief(session, reader, first)
    if delivery.kind in KINDS:
        return decision(session, delivery.kind, first, reader, now, role=delivery.role)
    raise ValueError(f"no message is of the kind {delivery.kind}")


def _chase_brief(
    session: Session, delivery: Delivery, reader: Person, requests: list[int], now: datetime
) -> Brief | None:
    items = tuple(items_for(session, requests, reader, now))
    if delivery.kind != "digest":
        # The clock stays with the owner while an offer to somebody else is open: it is no answer yet.
        items = tuple(replace(item, answered=None) if _is_offered(item) else item for item in items)
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
                .where(col(Request.asked_at).is_not(None), col(Cycle.state).not_in(("closed", "cancelled")))
            ).all()
        )
        return DigestBrief(reader=reader_of(reader), cycle=items[0].cycle, items=items, total=max(total, len(waiting)))
    first = session.get_one(Request, requests[0])
    cycle = session.get_one(Cycle, first.cycle_id)
    policy = Policy.model_validate(cycle.policy)
    directory = Directory.few(session, policy)
    if delivery.kind == "reminder":
        last = delivery.role == "last"
        following = _next_person(first, directory, policy, now) if last else None
        return ReminderBrief(reader=reader_of(reader), items=items, last=last, next_person=following)
    asked = _asked_before(session, delivery, requests)
    return EscalationBrief(
        reader=reader_of(reader),
        role=delivery.role or "lead",
        items=items,
        asked_before=asked,
        risks=_risks(session, requests),
    )


def _is_offered(item: Item) -> bool:
    return item.answered is not None and item.answered.verb == "delegated"


def _next_person(request: Request, directory: Directory, policy: Policy, now: datetime) -> str | None:
    ladder = Ladder.of(request, directory, policy)
    for rung in ladder.rungs:
        told = ladder.told(rung.to, now)
        if rung.to != "owner" and told != request.assignee_id:
            return directory.people[told].name
    return None


def _risks(session: Session, requests: list[int]) -> dict[int, int]:
    """By request, the improvement at work on the lapse of what it asks for."""
    lapsed = (
        pick(Request.id, Action.id)
        .join(
            Action,
            (col(Action.system_id) == col(Request.system_id)) & (col(Action.kind_id) == col(Request.kind_id)),
        )
        .where(col(Request.id).in_(requests), col(Action.lapse_id).is_not(None), col(Action.state).in_(AT_WORK))
        .order_by(col(Action.id))
    )
    return dict(session.exec(lapsed).all())


def _asked_before(session: Session, delivery: Delivery, requests: list[int]) -> tuple[str, ...]:
    names = session.exec(
        pick(Person.name)
        .join(Delivery, col(Delivery.person_id) == col(Person.id))
        .join(DeliveryItem, col(DeliveryItem.delivery_id) == col(Delivery.id))
        .where(DeliveryItem.subject == "request", col(DeliveryItem.subject_id).in_(requests))
        .where(col(Delivery.kind).in_(("digest", "reminder", "escalation")), col(Delivery.id) < delivery.id)
        .where(Delivery.person_id != delivery.person_id, Delivery.state == "sent")
        .order_by(col(Delivery.id))
    ).all()
    return tuple(dict.fromkeys(names))
