"""Which form a press opens, filled from the record as it is now; whoever may not send it is told so before filling it."""

from dataclasses import replace
from typing import Any

from sqlmodel import Session, col, select

from cycles import brief_queries, panel_votes
from cycles.brief_reviews import review_brief
from cycles.briefs import Brief, EffectivenessBrief, Item, ReviewBrief
from cycles.errors import Refused
from cycles.models import Action, Delivery, DeliveryItem, Evidence, Panel, Review
from cycles.people import Directory, current_policy
from cycles.permits import LEGAL, Act
from cycles.reviewers import ballot_of
from inbox import several
from inbox.visit import Visit
from tasks import modals

Json = dict[str, Any]


def evidence(visit: Visit, act: Act) -> Json:
    item = _takeable(visit, _mine(visit, act))
    others, total = several.others_of(visit, act, item)
    templates = visit.inbox.settings.templates
    return modals.evidence(visit.reader, item, now=visit.now, others=others, others_total=total, templates=templates)


def _takeable(visit: Visit, item: Item) -> Item:
    """Without leave to read files Slack refuses a form that has a field for them, so it has none where none are taken."""
    if visit.inbox.settings.takes_files:
        return item
    forms = tuple(form for form in item.forms if form != "file")
    if not forms:
        raise Refused("file_unkept", f"{item.kind} is answered with a file only, and HOSHIN_MAX_UPLOAD_MB is 0.")
    return replace(item, forms=forms)


def snooze(visit: Visit, act: Act) -> Json:
    item = _mine(visit, act)
    if not item.can_snooze:
        raise Refused("snoozes", f"Request {item.request_id} was snoozed as often as policy allows.")
    return modals.snooze(visit.reader, item, now=visit.now, templates=visit.inbox.settings.templates)


def delegate(visit: Visit, act: Act) -> Json:
    return modals.delegate(visit.reader, _mine(visit, act), templates=visit.inbox.settings.templates)


def not_mine(visit: Visit, act: Act) -> Json:
    return modals.not_mine(visit.reader, _mine(visit, act), templates=visit.inbox.settings.templates)


def excuse(visit: Visit, act: Act) -> Json:
    return modals.excuse(visit.reader, _leads(visit, act), templates=visit.inbox.settings.templates)


def keep_asking(visit: Visit, act: Act) -> Json:
    item = _leads(visit, act)
    request, _, _, _ = act.request(item.request_id)
    if not request.disputed:
        raise Refused("answered", f"Request {request.id} is not disputed any more.")
    return modals.keep_asking(visit.reader, item, templates=visit.inbox.settings.templates)


def reassign(visit: Visit, act: Act) -> Json:
    request, _, _, directory = act.request(visit.number)
    act.may_hand_on(request, directory)
    item = brief_queries.item_for(act.session, request.id, act.person, act.now)
    return modals.reassign(visit.reader, item, templates=visit.inbox.settings.templates)


def review_return(visit: Visit, act: Act) -> Json:
    ballot = ballot_of(act.session, visit.number, act.person.id)
    panel, evidence = act.session.get(Panel, visit.number), act.session.get(Evidence, visit.number)
    if panel and evidence and panel_votes.may_decide(act, panel, evidence):
        return modals.review_return(visit.reader, _of_panel(act, visit), templates=visit.inbox.settings.templates)
    if ballot is None:
        raise Refused("not_yours", f"{act.person.key} is not asked to review evidence {visit.number}.")
    if ballot.vote is not None:
        raise Refused("answered", f"Evidence {visit.number} was reviewed by {act.person.key} already.")
    if panel is not None:
        form = _panel_form(act, visit, panel, ballot)
        return modals.review_return(visit.reader, form, secret=True, templates=visit.inbox.settings.templates)
    brief = review_brief(act.session, act.person, visit.number, act.now)
    return modals.review_return(visit.reader, brief, templates=visit.inbox.settings.templates)


def panel_recuse(visit: Visit, act: Act) -> Json:
    panel = act.session.get(Panel, visit.number)
    ballot = ballot_of(act.session, visit.number, act.person.id)
    if panel is None:
        raise Refused("unknown", f"There is no panel on evidence {visit.number}.")
    brief = _panel_form(act, visit, panel, ballot)
    return modals.panel_recuse(visit.reader, brief, templates=visit.inbox.settings.templates)


def _panel_form(act: Act, visit: Visit, panel: Panel, ballot: Review | None) -> ReviewBrief:
    """What a member votes on. Raises Refused when their vote is not waited for."""
    if ballot is None:
        raise Refused("not_yours", f"{act.person.key} is not on the panel of evidence {visit.number}.")
    if not panel_votes.may_vote(act, panel, ballot):
        raise Refused("answered", f"The panel of evidence {visit.number} is closed, or {act.person.key} has voted.")
    return _of_panel(act, visit)


def _of_panel(act: Act, visit: Visit) -> ReviewBrief:
    return review_brief(act.session, act.person, visit.number, act.now)


def implemented(visit: Visit, act: Act) -> Json:
    action = _action(act, visit.number)
    if act.person.id != action.owner_id:
        act.must_lead(_directory(act.session))
    brief = brief_queries.action_brief(act.session, act.person, action.id, "owner", act.now)
    if brief is None or action.closed_at is not None:
        raise Refused("answered", f"Action {action.id} is {action.state}.")
    return modals.implemented(visit.reader, brief, templates=visit.inbox.settings.templates)


def effective(visit: Visit, act: Act) -> Json:
    return modals.effective(visit.reader, _judged(visit, act), templates=visit.inbox.settings.templates)


def ineffective(visit: Visit, act: Act) -> Json:
    return modals.ineffective(visit.reader, _judged(visit, act), templates=visit.inbox.settings.templates)


def _mine(visit: Visit, act: Act) -> Item:
    """A request that this person may answer now, as they see it. Raises Refused."""
    request, _, _, directory = act.request(visit.number)
    act.may_answer(request, directory)
    return brief_queries.item_for(act.session, request.id, act.person, act.now)


def _leads(visit: Visit, act: Act) -> Item:
    """An unanswered request that this lead decides about. Raises Refused."""
    request, _, _, directory = act.request(visit.number)
    act.must_lead(directory)
    if "excused" not in LEGAL[request.state]:
        raise Refused("answered", f"Request {request.id} is {request.state}.")
    return brief_queries.item_for(act.session, request.id, act.person, act.now)


def _judged(visit: Visit, act: Act) -> EffectivenessBrief:
    action = _action(act, visit.number)
    if act.person.id == action.owner_id:
        raise Refused("own", f"{act.person.key} owns action {action.id}.")
    if act.person.id != action.reviewer_id:
        act.must_lead(_directory(act.session))
    brief = _told(act, "effectiveness", "action", action.id)
    if action.state != "implemented" or not isinstance(brief, EffectivenessBrief):
        raise Refused("answered", f"Action {action.id} is {action.state}.")
    return brief


def _action(act: Act, action_id: int) -> Action:
    action = act.session.get(Action, action_id)
    if action is None:
        raise Refused("unknown", f"There is no action {action_id}.")
    return action


def _told(act: Act, kind: str, subject: str, subject_id: int) -> Brief | None:
    """What the message that asked says now; the newest one, where several people were asked. Raises Refused."""
    delivery = act.session.exec(
        select(Delivery)
        .join(DeliveryItem, col(DeliveryItem.delivery_id) == col(Delivery.id))
        .where(Delivery.kind == kind, DeliveryItem.subject == subject, DeliveryItem.subject_id == subject_id)
        .order_by((col(Delivery.person_id) == act.person.id).desc(), col(Delivery.id).desc())
    ).first()
    if delivery is None:
        raise Refused("unknown", f"Nobody was asked about {subject} {subject_id}.")
    return brief_queries.brief_for(act.session, delivery, act.now)


def _directory(session: Session) -> Directory:
    return Directory.few(session, current_policy(session))
