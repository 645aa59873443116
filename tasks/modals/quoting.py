"""The form behind the message shortcut *Use as evidence*: for which request, what of the message, as of when."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from cycles.briefs import Reader
from cycles.takers import Taker
from tasks.blocks import Block, Element, context, date_input, lines, plain, rich, text_input
from tasks.messages import parts
from tasks.modals.frame import NOTE, View, ask, modal, today_of, words_of
from tasks.slack.quoting import Found, unpacked
from tasks.words import Raw, Words, one_line

# Slack takes so many options in a menu (reference "Select menu element").
MOST_REQUESTS = 100
QUOTED = 600


def use_as_evidence(
    reader: Reader, found: Found, requests: Sequence[Taker], *, now: datetime, templates: Path | None = None
) -> View:
    """`requests` are those that can be answered with the message, the soonest due first; at least one."""
    words, carried = words_of(reader, templates), unpacked(found.packed())
    # What the view cannot carry along is not offered.
    found = replace(found, links=carried.links, quote=carried.quote, permalink=carried.permalink)
    blocks: list[Block] = [rich("about", _about(words, found), quote=one_line(found.quote, QUOTED))]
    if len(requests) > MOST_REQUESTS:
        many = words.say("modals.only_soonest", most=MOST_REQUESTS, all=len(requests))
        blocks.append(context("many", many))
    blocks.append(ask(words, "request", _requests(words, requests[:MOST_REQUESTS])))
    ways = ways_of(found)
    if len(ways) > 1:
        blocks.append(ask(words, "use", _ways(words, found, ways)))
    blocks += [
        ask(words, "effective", date_input(today_of(reader, now).isoformat()), hint="effective_hint"),
        ask(words, "note", text_input(limit=NOTE), hint="note_evidence_hint", optional=True),
    ]
    return modal(words, "use_as_evidence", found.packed(), blocks)


def ways_of(found: Found) -> list[str]:
    """What of the message can be used: `file`, `link:<n>`, `message`; what says most comes first."""
    ways = ["file"] if found.files else []
    ways += [f"link:{number}" for number, _ in enumerate(found.links)]
    return [*ways, "message"] if found.permalink or found.quote else ways


def _about(words: Words, found: Found) -> Raw:
    ways = ways_of(found)
    only = _way(words, found, ways[0]) if len(ways) == 1 else None
    if found.author:
        return lines(words.say("modals.intro_quoting_by", by=parts.name_of(found.author)), only)
    return lines(words.say("modals.intro_quoting"), only)


def _requests(words: Words, requests: Sequence[Taker]) -> Element:
    options = [{"text": plain(_label(words, one), 75), "value": str(one.request_id)} for one in requests]
    made: Element = {"type": "static_select", "action_id": "value", "options": options}
    # With a single one there is nothing to choose.
    return made | ({"initial_option": options[0]} if len(options) == 1 else {})


def _label(words: Words, one: Taker) -> Raw:
    """Short enough that the due date is never cut off."""
    system, kind = one_line(one.system_name, 24), one_line(words.pick(one.kind_title), 24)
    return words.say("modals.request_option", system=system, kind=kind, due=one.due)


def _ways(words: Words, found: Found, ways: Sequence[str]) -> Element:
    options = [{"text": plain(_way(words, found, way), 75), "value": way} for way in ways]
    return {"type": "radio_buttons", "action_id": "value", "options": options, "initial_option": options[0]}


def _way(words: Words, found: Found, way: str) -> Raw:
    kind, _, number = way.partition(":")
    if kind == "file":
        first, many = one_line(found.files[0][1], 40), len(found.files)
        return (
            words.say("modals.use_files", count=many, first=first)
            if many > 1
            else words.say("modals.use_file", first=first)
        )
    if kind == "link":
        return words.say("modals.use_link", where=one_line(found.links[int(number)].partition("://")[2], 60))
    return words.say("modals.use_message")
