"""What several messages share: a request's lines, its buttons, and the receipt that takes their place."""

from collections.abc import Sequence
from typing import Any

from cycles.briefs import Answered, ControlRef, Item, LastAnswer, Reader
from tasks.blocks import (
    PREFIX,
    Block,
    Element,
    actions,
    button,
    confirmation,
    context,
    divider,
    lines,
    overflow,
    rich,
)
from tasks.words import Raw, Words, cut, one_line

NAME = 80
SHOWN_CONTROLS = 6
SHOWN_ITEMS = 8
# A reviewer's vote is kept as the verb they pressed.
VERBS = {"accept": "accepted", "return": "returned", "recuse": "recused"}
DONE = ("submitted", "confirmed", "accepted", "agreed", "excused")


def name_of(text: str) -> str:
    """A name short enough to stand in a sentence."""
    return one_line(text, NAME)


def about(words: Words, item: Item) -> dict[str, Any]:
    """The values that most fragments about a request use."""
    return {
        "system": name_of(item.system_name),
        "kind": name_of(words.pick(item.kind_title)),
        "by": words.say("item.by", due=item.due, left=item.workdays_left),
    }


def title(words: Words, item: Item) -> Raw:
    return words.say("item.title", system=name_of(item.system_name), kind=name_of(words.pick(item.kind_title)))


def due(words: Words, item: Item) -> Raw:
    return words.say("item.due", due=item.due, left=item.workdays_left)


def asked(words: Words, item: Item) -> Raw:
    """What is asked, in the catalogue's words. People's and catalogues' words pass through the same escaping."""
    return words.say("common.text", text=words.pick(item.ask))


def why(words: Words, reader: Reader, item: Item) -> Raw:
    """Why this person is asked, and which controls the answer serves."""
    return lines(_why_you(words, reader, item), controls(words, item.controls))


def _why_you(words: Words, reader: Reader, item: Item) -> Raw:
    if reader.name == item.owner:
        return words.say("item.why_owner")
    owner, assignee = name_of(item.owner), name_of(item.assignee)
    if reader.name == item.assignee:
        return words.say("item.why_assignee", owner=owner)
    return words.say("item.why_other", owner=owner, assignee=assignee)


def controls(words: Words, served: Sequence[ControlRef]) -> Raw | None:
    """The controls by framework; a single one with its title."""
    if not served:
        return None
    if len(served) == 1:
        return words.say("item.controls", controls=_titled(words, served[0]))
    frameworks: dict[str, list[str]] = {}
    for control in served[:SHOWN_CONTROLS]:
        labels = frameworks.setdefault(words.pick(control.framework_title), [])
        labels += [name_of(control.label)] if name_of(control.label) not in labels else []
    parts = [words.say("item.control", framework=name_of(key), labels=frameworks[key]) for key in frameworks]
    more = len(served) - SHOWN_CONTROLS
    listed = words.say("common.joined", parts=parts)
    if more > 0:
        return words.say("item.controls_more", controls=listed, more=more)
    return words.say("item.controls", controls=listed)


def _titled(words: Words, control: ControlRef) -> Raw:
    return words.say(
        "item.control_titled",
        framework=name_of(words.pick(control.framework_title)),
        label=name_of(control.label),
        title=name_of(words.pick(control.title)),
    )


def last_answer(words: Words, last: LastAnswer) -> Raw:
    """What was answered before, and how long it counts."""
    form = last.form if words.has(f"item.last_{last.form}") else "file"
    locator = last.locator if form == "link" else one_line(last.locator, 160)
    said = words.say(f"item.last_{form}", locator=locator, effective=last.effective, by=name_of(last.by))
    until = words.say("item.valid_until", until=last.valid_until) if last.valid_until else None
    return lines(said, until)


def receipt(words: Words, answered: Answered, *, assignee: str = "") -> Raw:
    """One line: who, when, the record's id."""
    verb, values = VERBS.get(answered.verb, answered.verb), _receipt_values(answered)
    if verb == "snoozed" and answered.until:
        return words.say("receipt.snoozed_until", until=answered.until, **values)
    if verb == "delegated" and assignee and assignee != answered.by:
        return words.say("receipt.delegated_to", to=name_of(assignee), **values)
    return words.say(f"receipt.{verb if words.has(f'receipt.{verb}') else 'other'}", **values)


def _receipt_values(answered: Answered) -> dict[str, Any]:
    return {"by": name_of(answered.by) or "–", "at": answered.at, "record": name_of(answered.record) or "–"}


def settled(words: Words, item: Item, answered: Answered) -> Block:
    """A request that needs nothing more from the reader: its title and its receipt."""
    line = receipt(words, answered, assignee=item.assignee)
    return rich(f"{PREFIX}.item.{item.request_id}", lines(title(words, item), line))


def label(words: Words, verb: str) -> Raw:
    return words.say(f"labels.{verb}")


def submit_button(words: Words, item: Item, *, again: bool = False) -> Element:
    verb = "resubmit" if again or item.state == "returned" or item.returned_reason else "submit"
    return button("submit", label(words, verb), str(item.request_id), style="primary")


def confirm_text(words: Words, item: Item) -> Raw:
    """Names exactly what a press of *Still true* confirms."""
    system, kind = one_line(item.system_name, 50), one_line(words.pick(item.kind_title), 50)
    if item.last is None:
        what = words.say("item.confirm_none", system=system, kind=kind)
    else:
        values = {"effective": item.last.effective, "what": one_line(item.last.locator, 70)}
        what = words.say("item.confirm_last", system=system, kind=kind, **values)
    return lines(what, words.say("item.confirm_record"))


def confirm_button(words: Words, item: Item) -> Element:
    dialog = confirmation(
        words.say("item.confirm_title"), confirm_text(words, item), label(words, "yes_confirm"), label(words, "cancel")
    )
    return button("confirm", label(words, "confirm"), str(item.request_id), confirm=dialog)


def all_buttons(words: Words, item: Item) -> Block:
    """Every answer the reader may give, as buttons."""
    subject = str(item.request_id)
    row = [confirm_button(words, item)] if item.can_confirm else []
    row.append(submit_button(words, item))
    verbs = ["snooze"] if item.can_snooze else []
    row += [button(verb, label(words, verb), subject) for verb in (*verbs, "delegate", "not_mine")]
    return actions(f"{PREFIX}.answer.{subject}", row)


def short_buttons(words: Words, item: Item) -> Block:
    """The two answers that settle it as buttons, the rest in a menu, for messages that hold several requests."""
    verbs = ["snooze"] if item.can_snooze else []
    menu = overflow([(verb, label(words, verb)) for verb in (*verbs, "delegate", "not_mine")], str(item.request_id))
    row = [confirm_button(words, item)] if item.can_confirm else []
    return actions(f"{PREFIX}.answer.{item.request_id}", [*row, submit_button(words, item), menu])


def item_lines(words: Words, item: Item) -> Block:
    """Title, ask, due date; and, when a reviewer sent the last answer back, their reason."""
    told = lines(title(words, item), asked(words, item), due(words, item), _told_too(words, item))
    if item.kept_because:
        kept = words.say("item.kept")
        return rich(f"{PREFIX}.item.{item.request_id}", lines(told, kept), quote=item.kept_because)
    if not item.returned_reason:
        return rich(f"{PREFIX}.item.{item.request_id}", told)
    back = words.say("item.returned")
    return rich(f"{PREFIX}.item.{item.request_id}", lines(told, back), quote=item.returned_reason)


def _told_too(words: Words, item: Item) -> Raw | None:
    """Whoever is asked knows who else was told; nothing happens behind their back."""
    if not item.told_too:
        return None
    people = [words.say("common.person", name=name_of(name)) for name in item.told_too[:5]]
    return words.say("item.told_too", people=words.say("common.joined", parts=people), n=len(people))


def why_block(words: Words, reader: Reader, item: Item) -> Block:
    return context(f"{PREFIX}.why.{item.request_id}", why(words, reader, item))


def short_item(words: Words, reader: Reader, item: Item) -> list[Block]:
    """A request among several: its lines, why, and its buttons; or its receipt."""
    if item.answered:
        return [settled(words, item, item.answered)]
    return [item_lines(words, item), why_block(words, reader, item), short_buttons(words, item)]


def short_items(words: Words, reader: Reader, items: Sequence[Item]) -> list[Block]:
    """Several requests with a line between them."""
    blocks: list[Block] = []
    for item in items:
        blocks += [divider(f"{PREFIX}.line.{item.request_id}")] if blocks else []
        blocks += short_item(words, reader, item)
    return blocks


def several_button(words: Words) -> Block:
    """Opens the form in which all of the reader's open requests can be answered together."""
    return actions(f"{PREFIX}.several", [button("several", label(words, "several"), "0")])


def evidence_line(words: Words, form: str, locator: str, submitter: str) -> Raw:
    """What was handed in, with a link where it is one."""
    shown = form if words.has(f"review.{form}") and form in ("link", "file", "attestation") else "file"
    where = locator if shown == "link" else cut(one_line(locator), 300)
    values = {"submitter": name_of(submitter)} if shown == "attestation" else {}
    return words.say(f"review.{shown}", locator=where, **values)
