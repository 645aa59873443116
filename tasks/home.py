"""The App Home: everything that concerns the reader, in pages that stay below Slack's 100 blocks."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cycles.briefs import Item, Reader
from tasks.blocks import PREFIX, Block, actions, button, context, divider, fields, header, lines, rich
from tasks.messages import parts
from tasks.words import Raw, Words, words_for

View = dict[str, Any]
# An open request takes four blocks at most; with the headings a page holds 4 x 20 + 4 + 6 blocks.
PER_PAGE = 20
GROUPS = ("open", "snoozed", "waiting", "answered")
REVIEWED = ("submitted", "confirmed")


@dataclass(frozen=True, kw_only=True)
class Counts:
    """How many there are altogether; `items` may hold fewer."""

    open: int
    snoozed: int
    waiting: int
    answered: int


def count(items: Sequence[Item]) -> Counts:
    """The counts of the items at hand."""
    groups = [group_of(item) for item in items]
    return Counts(**{group: groups.count(group) for group in GROUPS})


def group_of(item: Item) -> str:
    """`open`, `snoozed`, `waiting` (a reviewer has it) or `answered`."""
    if item.answered is None:
        return "open"
    if item.answered.verb == "snoozed":
        return "snoozed"
    return "waiting" if item.answered.verb in REVIEWED and item.state != "accepted" else "answered"


def home(
    reader: Reader,
    items: Sequence[Item],
    *,
    counts: Counts | None = None,
    page: int = 0,
    templates: Path | None = None,
) -> View:
    """The home view. `page` counts from 0; a page that does not exist any more becomes the last one."""
    words = words_for(reader.locale, zone=reader.zone, templates=templates)
    ordered = sorted(items, key=lambda item: (GROUPS.index(group_of(item)), item.due, item.request_id))
    pages = max(1, -(-len(ordered) // PER_PAGE))
    page = min(max(page, 0), pages - 1)
    blocks = [header(f"{PREFIX}.title", words.say("home.title")), _numbers(words, counts or count(items))]
    if not ordered:
        blocks.append(context(f"{PREFIX}.empty", words.say("home.empty")))
    blocks += _groups(words, reader, ordered[page * PER_PAGE : (page + 1) * PER_PAGE])
    if pages > 1:
        blocks += _pager(words, page, pages)
    return {"type": "home", "callback_id": f"{PREFIX}.home", "private_metadata": str(page), "blocks": blocks}


def _numbers(words: Words, counts: Counts) -> Block:
    values = {group: getattr(counts, group) for group in GROUPS}
    cells = [words.say("common.cell", name=words.say(f"home.{group}"), value=values[group]) for group in GROUPS]
    return fields(f"{PREFIX}.counts", cells)


def _groups(words: Words, reader: Reader, items: Sequence[Item]) -> list[Block]:
    blocks: list[Block] = []
    for group in GROUPS:
        members = [item for item in items if group_of(item) == group]
        if members:
            blocks.append(header(f"{PREFIX}.group.{group}", words.say(f"home.{group}")))
        for item in members:
            blocks += _item(words, reader, item)
    return blocks


def _item(words: Words, reader: Reader, item: Item) -> list[Block]:
    if item.answered is None:
        return [*parts.short_item(words, reader, item), divider(f"{PREFIX}.line.{item.request_id}")]
    said: list[Raw] = [parts.title(words, item), parts.receipt(words, item.answered, assignee=item.assignee)]
    if group_of(item) == "waiting":
        said.append(words.say("home.waiting_line"))
    receipt = rich(f"{PREFIX}.item.{item.request_id}", lines(*said))
    # Whoever put a request off may still answer it earlier.
    return [receipt, parts.short_buttons(words, item)] if group_of(item) == "snoozed" else [receipt]


def _pager(words: Words, page: int, pages: int) -> list[Block]:
    """Each button in a block of its own, because both carry the action `hoshin.v1.page`."""
    blocks = [context(f"{PREFIX}.page", words.say("home.page", page=page + 1, pages=pages))]
    for name, target in (("previous", page - 1), ("next", page + 1)):
        if 0 <= target < pages:
            one = button("page", words.say(f"labels.{name}_page"), str(target))
            blocks.append(actions(f"{PREFIX}.page.{name}", [one]))
    return blocks
