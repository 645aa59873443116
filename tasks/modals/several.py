"""Several requests in one form: which of them, and *Still true* or the same evidence for all that were chosen."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from cycles.briefs import Item, Reader
from tasks.blocks import Block, Element, checkboxes, context, date_input, plain, radio, rich, text_input
from tasks.modals.frame import NOTE, View, ask, form_input, modal, today_of, words_of
from tasks.words import Raw, Words, one_line

# Slack takes ten boxes in a group (reference "Checkbox group"), and a view holds a hundred blocks.
IN_A_GROUP = 10
MOST = 300
FORMS = ("link", "file", "attestation")
CHOSEN = "chosen"


def several(
    reader: Reader,
    items: Sequence[Item],
    *,
    now: datetime,
    total: int = 0,
    files: bool = True,
    templates: Path | None = None,
) -> View:
    """`items` are the reader's open requests, first those that can be confirmed; `total` counts what did not fit, too."""
    words, shown = words_of(reader, templates), items[:MOST]
    blocks: list[Block] = [rich("about", words.say("modals.intro_several"))]
    if total > len(shown):
        blocks.append(context("many", words.say("modals.only_soonest_open", most=len(shown), all=total)))
    groups = [shown[at : at + IN_A_GROUP] for at in range(0, len(shown), IN_A_GROUP)]
    if len(groups) > 1:  # Slack marks each group "optional"; that not all of them may stay empty is said here
        blocks.append(context("groups", words.say("modals.chosen_any")))
    for number, group in enumerate(groups):
        blocks.append(_group(words, number, group, len(groups)))
    if any(item.can_confirm for item in shown):
        choices = [(how, words.say(f"modals.how_{how}"), words.say(f"modals.how_{how}_then")) for how in _hows(shown)]
        blocks.append(ask(words, "how", radio(choices)))
    taken = {form for item in shown for form in item.forms} - (set() if files else {"file"})
    blocks += _evidence(words, [form for form in FORMS if form in taken])
    blocks += [
        ask(words, "effective", date_input(today_of(reader, now).isoformat()), hint="effective_hint"),
        ask(words, "note", text_input(limit=NOTE), hint="note_evidence_hint", optional=True),
    ]
    return modal(words, "several", "0", blocks)


def _evidence(words: Words, forms: Sequence[str]) -> list[Block]:
    """A field for each form of evidence; Slack marks each "optional", so it is said that one of them is enough."""
    fields = [form_input(words, form, optional=True) for form in forms]
    if len(forms) < 2:
        return fields
    names = [words.say(f"modals.{form}") for form in forms]
    return [context("one_of", words.say("modals.intro_one_of", forms=names)), *fields]


HOW = ("still_true", "same_evidence")


def _hows(items: Sequence[Item]) -> tuple[str, ...]:
    """The first is chosen already: *Still true* only where it is enough for at least half of them."""
    enough = sum(item.can_confirm for item in items)
    return HOW if 2 * enough >= len(items) else HOW[::-1]


def _group(words: Words, number: int, items: Sequence[Item], of: int) -> Block:
    # A single group Slack itself insists on; of several each may stay empty, and `read_values` asks that one is chosen at all.
    block = ask(words, f"{CHOSEN}.{number}", boxes(words, items), label="chosen", optional=of > 1)
    if of > 1:
        first = number * IN_A_GROUP + 1
        label = words.say("modals.chosen_part", first=first, last=first + len(items) - 1)
        block["label"] = plain(label, 150)
    return block


def boxes(words: Words, items: Sequence[Item]) -> Element:
    """A box for each request: system and kind, and below when it is due and whether *Still true* would do."""
    return checkboxes([(str(item.request_id), _name(words, item), _below(words, item)) for item in items])


def _name(words: Words, item: Item) -> Raw:
    system, kind = one_line(item.system_name, 36), one_line(words.pick(item.kind_title), 36)
    return words.say("modals.chosen_one", system=system, kind=kind)


def _below(words: Words, item: Item) -> Raw:
    said = "modals.chosen_confirmable" if item.can_confirm else "modals.chosen_due"
    return words.say(said, due=item.due)


def also(words: Words, items: Sequence[Item], total: int = 0) -> list[Block]:
    """In the form of one request: the same kind of evidence for the reader's other systems; `total` counts all of them."""
    if not items:
        return []
    field = ask(words, "also", boxes(words, items[:IN_A_GROUP]), hint="also_hint", optional=True)
    if total <= IN_A_GROUP:
        return [field]
    return [field, context("also_many", words.say("modals.also_only_first", most=IN_A_GROUP, all=total))]
