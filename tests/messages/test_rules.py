"""`problems` must see what is wrong."""

import copy
from collections.abc import Callable
from typing import Any

import pytest
from judges import walk
from message_samples import briefs
from message_views import views

from tasks.blocks import actions, button, fields, header, overflow, problems, rich
from tasks.messages import render
from tasks.words import Raw

GOOD = {"text": "x", "blocks": [header("h", Raw("x"))]}
BUTTON = button("submit", Raw("x"), "1")


def _with(*blocks: dict[str, Any], text: str = "x") -> dict[str, Any]:
    return {"text": text, "blocks": list(blocks)}


def test_a_good_message_has_no_problems() -> None:
    assert problems(GOOD) == []


@pytest.mark.parametrize(
    ("message", "said"),
    [
        (_with(header("h", Raw("x")), text=" "), "text"),
        (_with(), "none"),
        (_with(*[header(f"h{n}", Raw("x")) for n in range(51)]), "too many"),
        (_with(header("h", Raw("x")), header("h", Raw("y"))), "used twice"),
        (_with({"type": "divider"}), "missing"),
        (_with(actions("a", [])), "no elements"),
        (_with(actions("a", [BUTTON, BUTTON])), "action_id"),
        (
            _with(actions("a", [button("x", Raw("y"), str(n)) | {"action_id": str(n)} for n in range(26)])),
            "more than 25",
        ),
        (_with(actions("a", [button("x", Raw("y"), "v" * 2001)])), "value"),
        (_with(actions("a", [overflow([], "1")])), "1 to 5"),
        (_with(header("h", Raw(""))), "text: is empty"),
        (_with({"type": "header", "block_id": "h", "text": {"type": "plain_text", "text": "x" * 151}}), "151"),
        (_with({"type": "section", "block_id": "s", "text": {"type": "mrkdwn", "text": "x"}}), "plain_text"),
        (_with(fields("f", [Raw("x")]) | {"fields": [{"type": "plain_text", "text": "x"}] * 11}), "10"),
        (
            _with(
                {
                    "type": "rich_text",
                    "block_id": "r",
                    "elements": [{"type": "link", "url": "javascript:x", "text": "x"}],
                }
            ),
            "http",
        ),
        (_with({"type": "rich_text", "block_id": "r", "elements": [{"type": "text", "text": ""}]}), "empty"),
    ],
)
def test_each_rule_bites(message: dict[str, Any], said: str) -> None:
    assert any(said in problem for problem in problems(message)), problems(message)


def test_rules_for_views() -> None:
    view = views("en")["modal-snooze"]
    assert any("submit" in problem for problem in problems({k: v for k, v in view.items() if k != "submit"}))
    assert any("private" in problem for problem in problems(view | {"private_metadata": "x" * 3001}))
    long = {"type": "plain_text", "text": "x" * 25}
    assert any("view.title" in problem for problem in problems(view | {"title": long}))


def test_rules_look_into_dialogs_and_menus() -> None:
    shown = render(briefs("en")["digest-one"])
    row = shown["blocks"][-1]["elements"]
    row[0]["confirm"]["title"]["text"] = "x" * 101
    assert any("confirm.title" in problem for problem in problems(shown))
    menu = render(briefs("en")["reminder"])
    menu["blocks"][-1]["elements"][-1]["options"][0]["value"] = "x" * 151
    assert any("150" in problem for problem in problems(menu))


def test_an_empty_fragment_still_is_a_block_slack_takes() -> None:
    assert rich("b", Raw(""))["elements"][0]["elements"] == [{"type": "text", "text": " "}]


def _first(node: Any, kind: str) -> dict[str, Any]:
    return next(one for one in walk(node) if one.get("type") == kind)


def _primary(view: dict[str, Any]) -> None:
    for element in _first(view, "actions")["elements"][:2]:
        element["style"] = "primary"


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        ("digest-one", lambda m: _first(m, "button")["confirm"].pop("deny"), "confirm.deny"),
        ("digest-one", lambda m: _first(m, "button").pop("value"), "a button needs it"),
        ("digest-one", lambda m: _first(m, "rich_text_section")["elements"].clear(), "no elements"),
        ("digest-one-answered", lambda m: _first(m, "date").pop("fallback"), "fallback"),
        ("digest-one", _primary, "only one button"),
        (
            "reminder",
            lambda m: _first(m, "overflow")["options"].append(_first(m, "overflow")["options"][0]),
            "same value",
        ),
        ("weekly", lambda m: _first(m, "section")["fields"].clear(), "text or fields"),
        ("modal-evidence", lambda v: _first(v, "file_input").update(max_files=11), "1 to 10"),
        ("modal-evidence", lambda v: v.pop("title"), "view.title"),
        ("modal-evidence", lambda v: v.pop("type"), "modals only"),
        ("modal-evidence", lambda v: v.update(type="window"), "no surface"),
        ("modal-not-mine", lambda v: _first(v, "radio_buttons").update(initial_option={"value": "x"}), "none of the"),
        ("modal-not-mine", lambda v: _first(v, "radio_buttons")["options"].clear(), "1 to 10"),
        (
            "modal-delegate",
            lambda v: _first(v, "users_select").update(placeholder={"type": "plain_text", "text": "x" * 151}),
            "placeholder",
        ),
        ("home", lambda v: v["blocks"].append({"type": "divider", "block_id": "x" * 250_000}), "larger than"),
    ],
)
def test_each_rule_of_a_part_bites(name: str, change: Callable[[dict[str, Any]], Any], said: str) -> None:
    payload = views("en")[name] if name in views("en") else render(briefs("en")[name])
    payload = copy.deepcopy(payload)
    assert problems(payload) == []
    change(payload)
    assert any(said in problem for problem in problems(payload)), problems(payload)
