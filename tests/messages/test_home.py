"""The App Home: one of everything, its pages, its counts, and what it never shows."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from message_samples import NOW, STYLES, Kit
from message_views import desk, glance, opened

from cycles.briefs import Answered, PanelBrief
from cycles.desk import SECTIONS, Paper
from cycles.desk_briefs import Sheet
from tasks.blocks import problems
from tasks.home import PER_PAGE, Place, count, home
from tasks.messages import as_text

Json = dict[str, Any]
MOST_BLOCKS = 100
# One look of each section, none of which depends on its number.
LOOKS = {sheet.section: sheet.told for sheet in desk(Kit("en"))}
LOOK_KINDS = {sheet.section: sheet.kind for sheet in desk(Kit("en"))}


def ids(view: Json) -> list[str]:
    return [block["block_id"] for block in view["blocks"]]


def test_what_waits_for_the_reader_comes_first() -> None:
    kit = Kit("en")
    headings = [
        block["text"]["text"] for block in home(kit.reader(), desk(kit)[::-1])["blocks"] if block["type"] == "header"
    ]
    assert headings[1:] == [
        "Open", "Offered to you", "For you to decide", "To review", "To review together", "To improve", "Did it work?", "Snoozed",
        "With somebody else", "In review", "Answered",
    ]  # fmt: skip


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("locale", ["en", "ja"])
def test_the_fullest_page_fits(locale: str, style: str) -> None:
    kit = Kit(locale, style)
    every = desk(kit)
    sheets = [*every, *opened(kit, 20, 20 + PER_PAGE - len(every))]
    view = home(kit.reader(), sheets, place=Place(page=1, pages=3), glance=glance())
    assert problems(view) == []
    assert len(json.dumps(view)) < 250_000


@settings(max_examples=8, deadline=None)
@example(numbers=[300, 0, 40, 100, 50, 200, 0, 0, 0, 0, 0], leads=True)
@given(
    numbers=st.lists(st.one_of(st.integers(0, 2), st.integers(0, 30)), min_size=len(SECTIONS), max_size=len(SECTIONS)),
    leads=st.booleans(),
)
def test_every_page_fits_and_everything_is_on_exactly_one(numbers: list[int], leads: bool) -> None:
    papers = [
        Paper(section=section, number=n)
        for section, many in zip(SECTIONS, numbers, strict=True)
        for n in range(1, many + 1)
    ]
    pages, seen = Place.of(len(papers), 0).pages, []
    for page in range(pages):
        place = Place.of(len(papers), page)
        shown = place.cut(papers)
        seen += shown
        sheets = [
            Sheet(section=one.section, number=one.number, told=LOOKS[one.section], kind=LOOK_KINDS[one.section])
            for one in shown
        ]
        view = home(Kit("en").reader(), sheets, counts=count(papers), place=place, glance=glance() if leads else None)
        assert len(view["blocks"]) <= MOST_BLOCKS
        assert view["private_metadata"] == str(page)
    assert seen == papers


@pytest.mark.parametrize(("asked", "shown"), [(-1, 0), (0, 0), (1, 1), (2, 1), (99, 1)])
def test_the_last_page_stands_in_for_one_that_is_gone(asked: int, shown: int) -> None:
    assert Place.of(PER_PAGE + 1, asked) == Place(page=shown, pages=2)


def test_nothing_at_all_is_one_page() -> None:
    assert Place.of(0, 3) == Place()


def test_pages_turn_both_ways() -> None:
    kit = Kit("en")
    view = home(kit.reader(), opened(kit, 21, 41), place=Place(page=1, pages=3))
    turns = [block for block in view["blocks"] if block["block_id"].startswith("hoshin.v1.page.")]
    assert [block["elements"][0]["value"] for block in turns] == ["0", "2"]
    assert {block["elements"][0]["action_id"] for block in turns} == {"hoshin.v1.page"}


def test_counts_say_what_there_is_on_all_pages() -> None:
    kit = Kit("en")
    view = home(kit.reader(), opened(kit, 1, 3), counts={"open": 1234, "review": 150, "action": 0})
    assert "Open: 1,234" in as_text(view)
    assert "To review: 150" in as_text(view)
    assert "To improve" not in as_text(view)


@pytest.mark.parametrize(
    ("locale", "kind"), [("en", "Nothing is waiting for you."), ("ja", "お願いしていることはありません")]
)
def test_an_empty_home_is_kind(locale: str, kind: str) -> None:
    kit = Kit(locale)
    assert kind in as_text(home(kit.reader(), ()))
    done = as_text(home(kit.reader(), desk(kit)[-1:]))
    assert ("Thank you" if locale == "en" else "ありがとうございます") in done


def test_only_who_sees_all_is_told_how_the_cycle_stands() -> None:
    kit = Kit("en")
    assert "41 of 60 answered" in as_text(home(kit.reader(), desk(kit), glance=glance()))
    assert "answered ·" not in as_text(home(kit.reader(), desk(kit)))


def test_a_panel_shows_no_vote_not_even_ones_own() -> None:
    kit = Kit("en")
    panel = LOOKS["panel"]
    assert isinstance(panel, PanelBrief)
    open_one = replace(panel, outcome=None, role="member")
    said = {
        vote: home(
            kit.reader(),
            [
                Sheet(
                    section="panel",
                    number=1,
                    told=replace(open_one, voted=Answered(verb=vote, by="x", at=NOW, record="")),
                )
            ],
        )
        for vote in ("accept", "return", "abstain", "recuse")
    }
    assert len({json.dumps(view) for view in said.values()}) == 1
    assert "review_accept" not in json.dumps(said["accept"])
