"""Every message Hoshin sends: kind → builder. A builder is a pure function of its brief, so the same message can be
rendered again when the state changes (`chat.update`).

A new message needs one brief in `cycles.briefs`, one builder, one template and one line in `MESSAGES`.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cycles.briefs import (
    AcceptanceBrief,
    ActionsBrief,
    Brief,
    CadenceBrief,
    DigestBrief,
    DisputeBrief,
    EffectivenessBrief,
    EscalationBrief,
    ExecutiveBrief,
    FindingBrief,
    OfferBrief,
    PanelsBrief,
    PlanBrief,
    ReminderBrief,
    ReturnedBrief,
    ReviewsBrief,
    WeeklyBrief,
)
from tasks.blocks import problems
from tasks.messages.chase import escalation, reminder
from tasks.messages.cycle import plan
from tasks.messages.digest import digest
from tasks.messages.executive import executive
from tasks.messages.findings import finding
from tasks.messages.handover import dispute, offer, returned
from tasks.messages.improvement import actions, effectiveness
from tasks.messages.panel import panels
from tasks.messages.plain import as_text
from tasks.messages.review import reviews
from tasks.messages.risks import acceptance, cadence
from tasks.messages.weekly import weekly
from tasks.own_words import is_strict, left_aside
from tasks.words import Words, words_for

__all__ = ["MESSAGES", "Message", "as_text", "built", "render"]

Payload = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Message:
    """One kind of message: the brief it needs and the template file its words come from."""

    kind: str
    brief: type
    build: Callable[..., Payload]
    template: str

    def __call__(self, brief: Brief, *, templates: Path | None = None) -> Payload:
        """`{"text": str, "blocks": list}` in the reader's language and zone. Raises BadInput for a bad own template."""
        words = words_for(brief.reader.locale, zone=brief.reader.zone, templates=templates)
        return self.build(brief, words)


MESSAGES: dict[str, Message] = {
    message.kind: message
    for message in (
        Message(kind="digest", brief=DigestBrief, build=digest, template="digest.j2"),
        Message(kind="reminder", brief=ReminderBrief, build=reminder, template="reminder.j2"),
        Message(kind="escalation", brief=EscalationBrief, build=escalation, template="escalation.j2"),
        Message(kind="returned", brief=ReturnedBrief, build=returned, template="returned.j2"),
        Message(kind="offer", brief=OfferBrief, build=offer, template="offer.j2"),
        Message(kind="dispute", brief=DisputeBrief, build=dispute, template="dispute.j2"),
        Message(kind="review", brief=ReviewsBrief, build=reviews, template="review.j2"),
        Message(kind="panel", brief=PanelsBrief, build=panels, template="panel.j2"),
        Message(kind="plan", brief=PlanBrief, build=plan, template="plan.j2"),
        Message(kind="action", brief=ActionsBrief, build=actions, template="action.j2"),
        Message(kind="weekly", brief=WeeklyBrief, build=weekly, template="weekly.j2"),
        Message(kind="executive", brief=ExecutiveBrief, build=executive, template="executive.j2"),
        Message(kind="effectiveness", brief=EffectivenessBrief, build=effectiveness, template="effectiveness.j2"),
        Message(kind="acceptance", brief=AcceptanceBrief, build=acceptance, template="acceptance.j2"),
        Message(kind="cadence", brief=CadenceBrief, build=cadence, template="cadence.j2"),
        Message(kind="finding", brief=FindingBrief, build=finding, template="finding.j2"),
    )
}
_BY_BRIEF = {message.brief: message for message in MESSAGES.values()}


def built(brief: Brief, words: Words) -> Payload:
    """What the message a brief calls for says, in the given words."""
    return _BY_BRIEF[type(brief)].build(brief, words)


def render(brief: Brief, *, templates: Path | None = None, dashboard: str = "") -> Payload:
    """The message a brief calls for; in Hoshin's own words where those of `templates` make one that cannot be sent.

    `dashboard` is the scorecard's address, which the record does not know; empty where there is none.
    """
    if isinstance(brief, ExecutiveBrief) and dashboard:
        brief = replace(brief, dashboard=dashboard)
    message = _BY_BRIEF[type(brief)]
    payload = message(brief, templates=templates)
    wrong = problems(payload) if templates and not is_strict() else []
    if wrong:
        left_aside(f"{templates}: {message.template} makes a message that cannot be sent ({wrong[0]}).")
        return message(brief)
    return payload
