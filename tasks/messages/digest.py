"""The owner's digest: one request in full, or up to eight in short; what is answered shows as its receipt."""

from typing import Any

from cycles.briefs import DigestBrief, Item
from tasks.blocks import PREFIX, Block, context, header, lines, notification, rich
from tasks.messages import parts
from tasks.words import Raw, Words

Payload = dict[str, Any]


def digest(brief: DigestBrief, words: Words) -> Payload:
    """At most eight requests are shown; `total` says how many are open altogether."""
    items = brief.items[: parts.SHOWN_ITEMS]
    blocks = [header(f"{PREFIX}.title", _title(words, brief, items))]
    blocks += _single(words, brief) if len(items) == 1 else parts.short_items(words, brief.reader, items)
    more = _more(brief, items)
    if len(_open(items)) + more > 1 and _open(items):
        blocks.append(parts.several_button(words))
    if more:
        blocks.append(context(f"{PREFIX}.waiting", words.say("digest.more", more=more)))
    return {"text": notification(_notify(words, brief, items)), "blocks": blocks}


def _single(words: Words, brief: DigestBrief) -> list[Block]:
    item = brief.items[0]
    if item.answered:
        return [parts.settled(words, item, item.answered)]
    blocks = [parts.item_lines(words, item), context(f"{PREFIX}.why.{item.request_id}", *_reasons(words, brief, item))]
    if item.last:
        blocks.append(rich(f"{PREFIX}.last.{item.request_id}", parts.last_answer(words, item.last)))
    return [*blocks, parts.all_buttons(words, item)]


def _reasons(words: Words, brief: DigestBrief, item: Item) -> list[Raw | None]:
    guidance = words.pick(item.guidance)
    said = words.say("item.guidance", guidance=guidance) if guidance.strip() else None
    return [said, parts.why(words, brief.reader, item)]


def _open(items: tuple[Item, ...]) -> list[Item]:
    return [item for item in items if item.answered is None]


def _title(words: Words, brief: DigestBrief, items: tuple[Item, ...]) -> Raw:
    cycle = parts.name_of(brief.cycle)
    if not items:
        return words.say("digest.empty", cycle=cycle)
    if _open(items):
        return words.say("digest.title", cycle=cycle, count=_count(brief, items))
    answers = [item.answered.verb in parts.DONE for item in items if item.answered]
    return words.say("digest.thanks" if all(answers) else "digest.settled")


def _notify(words: Words, brief: DigestBrief, items: tuple[Item, ...]) -> Raw:
    waiting, cycle = _open(items), parts.name_of(brief.cycle)
    if not items:
        return words.say("digest.empty", cycle=cycle)
    if not waiting:
        return _receipts(words, brief, items)
    values = parts.about(words, waiting[0])
    if _count(brief, items) == 1:
        return words.say("digest.notify_one", left=waiting[0].workdays_left, **values)
    return words.say("digest.notify_many", cycle=cycle, count=_count(brief, items), **values)


def _more(brief: DigestBrief, items: tuple[Item, ...]) -> int:
    """Open requests that this message does not show. `total` also counts what is only put off, not what is answered."""
    return max(0, brief.total - sum(_counted(item) for item in items))


def _counted(item: Item) -> bool:
    if item.answered is None or item.answered.verb in ("snoozed", "disputed", "not_applicable"):
        return True
    # An offer that nobody accepted yet leaves the request where it was.
    return item.answered.verb == "delegated" and item.assignee == item.answered.by


def _count(brief: DigestBrief, items: tuple[Item, ...]) -> int:
    return len(_open(items)) + _more(brief, items)


def _receipts(words: Words, brief: DigestBrief, items: tuple[Item, ...]) -> Raw:
    item = items[0]
    if len(items) == 1 and item.answered:
        return lines(parts.title(words, item), parts.receipt(words, item.answered, assignee=item.assignee))
    return words.say("digest.notify_done", cycle=parts.name_of(brief.cycle), count=len(items))
