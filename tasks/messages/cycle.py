"""To the lead: the cycle that waits for approval."""

from typing import Any

from cycles.briefs import PlanBrief
from tasks.blocks import PREFIX, Element, actions, button, confirmation, context, fields, header, notification, rich
from tasks.blocks import section as paragraph
from tasks.messages import parts
from tasks.words import Raw, Words

Payload = dict[str, Any]
SHOWN_PEOPLE = 5


def plan(brief: PlanBrief, words: Words) -> Payload:
    """Counts, dates, the busiest people, and *Open the cycle* or who opened it."""
    cycle = parts.name_of(brief.cycle)
    how = "" if brief.approved is None else "_cancelled" if brief.approved.verb == "cancelled" else "_open"
    blocks = [
        header(f"{PREFIX}.title", words.say(f"plan.title{how}", cycle=cycle)),
        paragraph(f"{PREFIX}.period", words.say("plan.period", starts=brief.starts, ends=brief.ends)),
        fields(f"{PREFIX}.counts", _cells(words, brief)),
    ]
    if brief.busiest:
        blocks.append(context(f"{PREFIX}.busiest", _busiest(words, brief)))
    if brief.approved:
        blocks.append(rich(f"{PREFIX}.approved", parts.receipt(words, brief.approved)))
        return {"text": notification(words.say(f"plan.notify{how}", cycle=cycle, do_on=brief.do_on)), "blocks": blocks}
    blocks.append(actions(f"{PREFIX}.plan", [_open_button(words, brief)]))
    said = words.say("plan.notify", cycle=cycle, requests=brief.requests, do_on=brief.do_on)
    return {"text": notification(said), "blocks": blocks}


def _cells(words: Words, brief: PlanBrief) -> list[Raw]:
    counts = {
        "systems": brief.systems,
        "people": brief.people,
        "requests": brief.requests,
        "carried": brief.carried,
    }
    dates = {"do_on": brief.do_on, "close_on": brief.close_on}
    values: dict[str, int | Raw] = {**counts, **{name: words.say("plan.day", when=day) for name, day in dates.items()}}
    return [words.say("common.cell", name=words.say(f"plan.{name}"), value=value) for name, value in values.items()]


def _busiest(words: Words, brief: PlanBrief) -> Raw:
    people = [words.say("plan.person", name=parts.name_of(name), n=n) for name, n in brief.busiest[:SHOWN_PEOPLE]]
    return words.say("plan.busiest", people=words.say("common.joined", parts=people))


def _open_button(words: Words, brief: PlanBrief) -> Element:
    cycle = parts.name_of(brief.cycle)
    dialog = confirmation(
        words.say("plan.confirm_title"),
        words.say("plan.confirm_text", cycle=cycle, people=brief.people, do_on=brief.do_on),
        parts.label(words, "yes_open"),
        parts.label(words, "cancel"),
    )
    return button(
        "approve_plan", parts.label(words, "approve_plan"), brief.cycle[:255], style="primary", confirm=dialog
    )
