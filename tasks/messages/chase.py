"""When an answer is late: reminders in the thread, then a request for help to the next person."""

from typing import Any

from cycles.briefs import EscalationBrief, Item, ReminderBrief
from tasks.blocks import PREFIX, Block, actions, button, context, divider, header, notification, section
from tasks.messages import parts
from tasks.words import Raw, Words

Payload = dict[str, Any]
HELPERS = ("manager", "lead")
ROLES = ("deputy", "manager", "lead")


def reminder(brief: ReminderBrief, words: Words) -> Payload:
    """A reply in the thread of the first ask; the last one says who is asked next."""
    items = brief.items[: parts.SHOWN_ITEMS]
    waiting = [item for item in items if item.answered is None]
    if not waiting:
        return _settled(words, "reminder", items)
    blocks = [section(f"{PREFIX}.lead", words.say("reminder.lead", count=len(waiting)))]
    blocks += parts.short_items(words, brief.reader, items)
    if brief.last:
        blocks.append(context(f"{PREFIX}.next", _next(words, brief)))
    return {"text": notification(_notify(words, "reminder", waiting)), "blocks": blocks}


def _next(words: Words, brief: ReminderBrief) -> Raw:
    if brief.next_person:
        return words.say("reminder.last", next_person=parts.name_of(brief.next_person))
    return words.say("reminder.last_nobody")


def escalation(brief: EscalationBrief, words: Words) -> Payload:
    """To the deputy, manager or lead, without blame: the people before them may be away."""
    items = brief.items[: parts.SHOWN_ITEMS]
    waiting = [item for item in items if item.answered is None]
    if not waiting:
        return _settled(words, "escalation", items)
    blocks = [
        header(f"{PREFIX}.title", words.say("escalation.title", count=len(waiting))),
        section(f"{PREFIX}.lead", _reason(words, brief)),
    ]
    for item in items:
        blocks += [divider(f"{PREFIX}.line.{item.request_id}"), *_escalated(words, brief, item)]
    return {"text": notification(_notify(words, "escalation", waiting)), "blocks": blocks}


def _reason(words: Words, brief: EscalationBrief) -> Raw:
    if not brief.asked_before:
        return words.say("escalation.nobody")
    role = brief.role if brief.role in ROLES else "lead"
    people = [words.say("common.person", name=parts.name_of(name)) for name in brief.asked_before[:5]]
    return words.say(f"escalation.{role}", people=words.say("common.joined", parts=people))


def _escalated(words: Words, brief: EscalationBrief, item: Item) -> list[Block]:
    if item.answered:
        return [parts.settled(words, item, item.answered)]
    row = [parts.submit_button(words, item)]
    if brief.role in HELPERS:
        row += [button(verb, parts.label(words, verb), str(item.request_id)) for verb in ("nudge", "reassign")]
        if action := brief.risks.get(item.request_id):
            row.append(button("accept_risk", parts.label(words, "accept_risk"), str(action)))
    buttons = actions(f"{PREFIX}.answer.{item.request_id}", row)
    return [parts.item_lines(words, item), parts.why_block(words, brief.reader, item), buttons]


def _notify(words: Words, kind: str, waiting: list[Item]) -> Raw:
    values = parts.about(words, waiting[0])
    if len(waiting) == 1:
        return words.say(f"{kind}.notify", **values)
    return words.say(f"{kind}.notify_many", count=len(waiting), **values)


def _settled(words: Words, kind: str, items: tuple[Item, ...]) -> Payload:
    said = words.say(f"{kind}.settled")
    receipts = [parts.settled(words, item, item.answered) for item in items if item.answered]
    return {"text": notification(said), "blocks": [section(f"{PREFIX}.lead", said), *receipts]}
