"""The App Home: everything that concerns the reader, in pages that stay below Slack's 100 blocks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, TypeVar

from cycles.briefs import ActionBrief, EffectivenessBrief, Item, PanelBrief, Reader, ReviewBrief
from cycles.desk import SECTIONS
from cycles.desk_briefs import Sheet
from cycles.glance import Glance
from tasks import home_sheets as sheet
from tasks.blocks import PREFIX, Block, actions, button, context, divider, fields, header, rich
from tasks.messages import parts
from tasks.words import Raw, Words, words_for

View = dict[str, Any]
Thing = TypeVar("Thing")
# A sheet takes five blocks at most; with every heading a page holds 5 x 16 + 19 blocks.
PER_PAGE = 16
# What a field of Slack's takes side by side (Slack's reference, "Section block").
CELLS = 10
# What somebody waits for the reader to do; without any of it the home says so kindly.
TO_DO = ("open", "offered", "decide", "review", "panel", "action", "judge")


@dataclass(frozen=True, kw_only=True)
class Place:
    """Which page is shown, counted from 0, of how many."""

    page: int = 0
    pages: int = 1

    @classmethod
    def of(cls, number: int, page: int) -> Self:
        """The page asked for; one that does not exist any more becomes the last one."""
        pages = max(1, -(-number // PER_PAGE))
        return cls(page=min(max(page, 0), pages - 1), pages=pages)

    def cut(self, things: Sequence[Thing]) -> Sequence[Thing]:
        """What stands on this page."""
        return things[self.page * PER_PAGE : (self.page + 1) * PER_PAGE]


def home(
    reader: Reader,
    sheets: Sequence[Sheet],
    *,
    counts: Mapping[str, int] | None = None,
    place: Place | None = None,
    glance: Glance | None = None,
    templates: Path | None = None,
) -> View:
    """The home with the sheets of one page. `counts` says how many of each section there are on all pages together."""
    words, place = words_for(reader.locale, zone=reader.zone, templates=templates), place or Place()
    counted = counts if counts is not None else count(sheets)
    blocks = [header(f"{PREFIX}.title", words.say("home.title"))]
    if glance is not None:
        blocks.append(context(f"{PREFIX}.glance", _glance(words, glance)))
    if any(counted.values()):
        blocks.append(_numbers(words, counted))
    if not any(counted.get(section) for section in TO_DO):
        blocks.append(rich(f"{PREFIX}.empty", words.say("home.done" if any(counted.values()) else "home.empty")))
    if counted.get("open", 0) > 1:
        blocks.append(parts.several_button(words))
    blocks += _groups(words, reader, sheets)
    if place.pages > 1:
        blocks += _pager(words, place)
    return {"type": "home", "callback_id": f"{PREFIX}.home", "private_metadata": str(place.page), "blocks": blocks}


def count(things: Sequence[Any]) -> dict[str, int]:
    """How many there are of each section, of papers or sheets."""
    sections = [thing.section for thing in things]
    return {section: sections.count(section) for section in SECTIONS}


def _glance(words: Words, glance: Glance) -> Raw:
    asked = next(ring for ring in glance.rings if ring.stage == "do")
    return words.say(
        "home.glance",
        cycle=glance.cycle,
        stage=words.say(f"status.stage_{glance.stage}"),
        answered=asked.done,
        of=asked.of,
        overdue=glance.overdue,
        lapses=glance.lapses,
        actions=glance.actions,
    )


def _numbers(words: Words, counts: Mapping[str, int]) -> Block:
    """What there is; that nothing is open is worth saying."""
    named = [section for section in SECTIONS if counts.get(section) or section == "open"]
    cells = [words.say("common.cell", name=words.say(f"home.{name}"), value=counts.get(name, 0)) for name in named]
    return fields(f"{PREFIX}.counts", cells[:CELLS])


def _groups(words: Words, reader: Reader, sheets: Sequence[Sheet]) -> list[Block]:
    blocks: list[Block] = []
    for section in SECTIONS:
        members = [paper for paper in sheets if paper.section == section]
        if members:
            blocks.append(header(f"{PREFIX}.group.{section}", words.say(f"home.{section}")))
        for member in members:
            blocks += _sheet(words, reader, member)
    return blocks


def _sheet(words: Words, reader: Reader, paper: Sheet) -> list[Block]:
    match paper.told:
        case Item() as item if paper.section == "offered":
            blocks = sheet.offered(words, item)
        case Item() as item:
            blocks = sheet.request(words, reader, item, paper.section)
        case ReviewBrief() as review:
            blocks = sheet.review(words, review)
        case PanelBrief() as panel:
            blocks = sheet.panel(words, panel)
        case ActionBrief() as action:
            blocks = sheet.action(words, action)
        case EffectivenessBrief() as effect:
            blocks = sheet.effect(words, effect)
        case _ as decision:
            blocks = sheet.decision(words, decision)
    if paper.section in TO_DO:
        blocks.append(divider(f"{PREFIX}.line.{paper.number}"))
    # A request, an evidence and an action may have the same number.
    place = f"{paper.kind}.{paper.number}" if paper.kind else paper.section
    return [{**block, "block_id": f"{block['block_id']}.{place}"} for block in blocks]


def _pager(words: Words, place: Place) -> list[Block]:
    """Each button in a block of its own, because both carry the action `hoshin.v1.page`."""
    blocks = [context(f"{PREFIX}.page", words.say("home.page", page=place.page + 1, pages=place.pages))]
    for name, target in (("previous", place.page - 1), ("next", place.page + 1)):
        if 0 <= target < place.pages:
            one = button("page", words.say(f"labels.{name}_page"), str(target))
            blocks.append(actions(f"{PREFIX}.page.{name}", [one]))
    return blocks
