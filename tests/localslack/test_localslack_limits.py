"""Block Kit limits: each documented number is tried at the edge (fine) and one beyond (a problem)."""

from typing import Any

import pytest
from localslack_parts import actions, button, field, modal, section
from localslack_scenes import EVIDENCE, HOME, PROMPT, RICH, option, plain

from localslack.limits import problems, view_problems

Json = dict[str, Any]


def mrkdwn(text: str) -> Json:
    return {"type": "mrkdwn", "text": text}


def select(count: int, text: str = "x", value: str = "v") -> Json:
    return {"type": "static_select", "action_id": "a", "options": [option(f"{value}{n}", text) for n in range(count)]}


EDGES: list[tuple[str, Json, Json]] = [
    ("section text", section("x" * 3000), section("x" * 3001)),
    ("fields", {"type": "section", "fields": [mrkdwn("x")] * 10}, {"type": "section", "fields": [mrkdwn("x")] * 11}),
    ("field", {"type": "section", "fields": [mrkdwn("x" * 2000)]}, {"type": "section", "fields": [mrkdwn("x" * 2001)]}),
    ("header", {"type": "header", "text": plain("x" * 150)}, {"type": "header", "text": plain("x" * 151)}),
    ("empty text", section("x"), section("")),
    ("actions", actions(*[button(f"a{n}") for n in range(25)]), actions(*[button(f"a{n}") for n in range(26)])),
    ("no actions", actions(button("a")), actions()),
    ("context", {"type": "context", "elements": [mrkdwn("x")] * 10}, {"type": "context", "elements": [mrkdwn("x")] * 11}),
    ("button text", actions(button("a", "x" * 75)), actions(button("a", "x" * 76))),
    ("button value", actions(button("a", value="x" * 2000)), actions(button("a", value="x" * 2001))),
    ("button url", actions(button("a", url="x" * 3000)), actions(button("a", url="x" * 3001))),
    ("button style", actions(button("a", style="danger")), actions(button("a", style="warning"))),
    ("action_id", actions(button("x" * 255)), actions(button("x" * 256))),
    ("block_id", section("x", block_id="x" * 255), section("x", block_id="x" * 256)),
    ("same action_id", actions(button("a"), button("b")), actions(button("a"), button("a"))),
    ("options", actions(select(100)), actions(select(101))),
    ("no options", actions(select(1)), actions(select(0))),
    ("option text", actions(select(1, "x" * 75)), actions(select(1, "x" * 76))),
    ("option value", actions(select(1, value="x" * 149)), actions(select(1, value="x" * 150))),
    ("placeholder", actions({**select(1), "placeholder": plain("x" * 150)}), actions({**select(1), "placeholder": plain("x" * 151)})),
    ("unknown block", section("x"), {"type": "video2"}),
    ("unknown property", section("x"), section("x", colour="red")),
    ("text type", section("x"), {"type": "section", "text": {"type": "html", "text": "x"}}),
    ("label", field("b", {"type": "plain_text_input"}, "x" * 2000), field("b", {"type": "plain_text_input"}, "x" * 2001)),
    ("input element", field("b", {"type": "plain_text_input"}), field("b", button("a"))),
    ("image alt", {"type": "image", "image_url": "/x", "alt_text": "x"}, {"type": "image", "image_url": "/x"}),
]  # fmt: skip


@pytest.mark.parametrize(("fine", "beyond"), [row[1:] for row in EDGES], ids=[row[0] for row in EDGES])
def test_edge(fine: Json, beyond: Json) -> None:
    assert problems([fine], surface="message") == []
    assert len(problems([beyond], surface="message")) == 1


def test_overflow_and_confirm() -> None:
    def menu(count: int) -> list[Json]:
        return [actions({"type": "overflow", "action_id": "a", "options": [option(str(n), "x") for n in range(count)]})]

    assert problems(menu(5), surface="message") == []
    assert len(problems(menu(6), surface="message")) == 1
    sizes = {"title": 100, "text": 300, "confirm": 30, "deny": 30}
    dialog = {key: plain("x" * size) for key, size in sizes.items()}
    assert problems([actions(button("a", confirm=dialog))], surface="message") == []
    longer = {key: plain("x" * (size + 1)) for key, size in sizes.items()}
    assert len(problems([actions(button("a", confirm=longer))], surface="message")) == 4


def test_block_counts_per_surface() -> None:
    assert problems([section("x")] * 50, surface="message") == []
    assert "50" in problems([section("x")] * 51, surface="message")[0]
    assert problems([section("x")] * 100, surface="home") == []
    assert len(problems([section("x")] * 101, surface="home")) == 1


def test_same_block_id_twice() -> None:
    assert problems([section("x", block_id="b"), section("y", block_id="b")], surface="message") == [
        "blocks[1].block_id: 'b' is used twice"
    ]


def test_views() -> None:
    assert view_problems(modal(section("x"), title="x" * 24)) == []
    assert len(view_problems(modal(section("x"), title="x" * 25))) == 1
    assert len(view_problems(modal(section("x"), private_metadata="x" * 3001))) == 1
    bare = {key: value for key, value in modal(field("b", {"type": "plain_text_input"})).items() if key != "submit"}
    assert view_problems(bare) == ["view.submit: is required because the modal has input blocks"]
    files = field("b", {"type": "file_input", "max_files": 11})
    assert len(view_problems(modal(files))) == 1
    assert problems([field("b", {"type": "file_input"})], surface="message") == [
        "blocks[0]: file_input works in modals only"
    ]


def test_the_scenes_are_within_limits() -> None:
    assert problems(PROMPT + RICH, surface="message") == []
    assert view_problems(EVIDENCE) == []
    assert view_problems(HOME) == []


@pytest.mark.parametrize(
    "junk", [None, 3, "x", {}, [None], [3], [{}], [{"type": []}], [{"type": "section", "text": 3}]]
)
def test_junk_is_a_problem_and_never_an_exception(junk: Any) -> None:
    assert problems(junk, surface="message")


@pytest.mark.parametrize(
    "kind", ["overflow", "static_select", "file_input", "plain_text_input", "button", "image", "checkboxes"]
)
@pytest.mark.parametrize("value", [None, 3, "x", [], [None], {}])
def test_junk_inside_elements_never_raises(kind: str, value: Any) -> None:
    keys = (
        "options",
        "option_groups",
        "text",
        "confirm",
        "max_files",
        "min_length",
        "placeholder",
        "action_id",
        "image_url",
    )
    for key in keys:
        problems([field("b", {"type": kind, key: value})], surface="modal")
        problems([section("x", accessory={"type": kind, key: value})], surface="message")
