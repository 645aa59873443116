"""Every message, form and home, in both languages, in words short, long, hostile and missing, before judges who know Slack."""

import copy
import dataclasses
import inspect
import re
from typing import Any

import pytest
from judges import judge, verdict, walk
from message_everything import shown
from message_extremes import bare_briefs, crowds
from message_samples import STYLES, briefs
from message_views import views

from cycles import briefs as brief_module
from tasks import modals
from tasks.messages import MESSAGES, render
from tasks.specimens import LANGUAGES, specimens

Node = dict[str, Any]


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("locale", LANGUAGES)
def test_every_payload_is_as_slack_documents_it(locale: str, style: str) -> None:
    found = {name: judge(payload) for name, payload in shown(locale, style).items()}
    assert {name: problems for name, problems in found.items() if problems} == {}


@pytest.mark.parametrize("locale", LANGUAGES)
def test_so_is_every_specimen(locale: str) -> None:
    """These are made by type, so that a new message or form is judged before anybody has written samples of it."""
    found = {specimen.name: judge(specimen.render()) for specimen in specimens(locale)}
    assert {name: problems for name, problems in found.items() if problems} == {}


@pytest.mark.parametrize(("locale", "style"), [("en", "longest"), ("ja", "longest"), ("en", "poison"), ("ja", "real")])
def test_three_hundred_rows_are_no_trouble(locale: str, style: str) -> None:
    found = {name: judge(payload) for name, payload in crowds(locale, style).items()}
    assert {name: problems for name, problems in found.items() if problems} == {}


# Of ActionsBrief, ReviewsBrief and PanelsBrief.
PARTS = {brief_module.ActionBrief, brief_module.ReviewBrief, brief_module.PanelBrief}


@pytest.mark.parametrize("locale", LANGUAGES)
def test_a_brief_with_nothing_optional_is_a_message(locale: str) -> None:
    found = {name: judge(render(brief)) for name, brief in bare_briefs(locale).items()}
    assert {name: problems for name, problems in found.items() if problems} == {}


def test_every_kind_of_message_and_form_has_samples() -> None:
    """Who adds a brief or a form is told here to add samples: briefs to message_samples, forms to message_views."""
    every = {
        kind for name, kind in inspect.getmembers(brief_module, dataclasses.is_dataclass) if name.endswith("Brief")
    }
    told = {message.brief for message in MESSAGES.values()}
    assert {type(brief) for brief in briefs("en").values()} == told
    assert every - told == PARTS
    forms = {str(view["callback_id"]).rpartition(".")[2] for view in views("en").values() if view["type"] == "modal"}
    assert forms == {name for name in modals.__all__ if name not in ("WrongAnswers", "read_values")}
    assert sum(view["type"] == "home" for view in views("en").values()) >= 3


@pytest.mark.parametrize("style", ["longest", "hostile", "poison"])
@pytest.mark.parametrize("locale", LANGUAGES)
def test_peoples_words_never_call_link_or_format(locale: str, style: str) -> None:
    """Only the notification is read by Slack: nothing in it opens a control sequence, and no entity is cut in two."""
    for name, payload in shown(locale, style).items():
        text = payload.get("text", "")
        assert not set("<>") & set(text), name
        assert "&" not in re.sub("&(amp|lt|gt);", "", text), name
        for node in walk(payload["blocks"]):
            if node.get("type") == "link":
                assert node["url"].startswith(("https://", "http://")), name
                assert "@" not in node["url"].split("/")[2], name


def broken(path: str, value: object) -> Node:
    """A digest in which one thing was changed; `path` is like `blocks.0.text.text`."""
    payload = copy.deepcopy(render(briefs("en")["digest-one"]))
    *way, last = path.split(".")
    node: Any = payload
    for step in way:
        node = node[int(step) if step.isdigit() else step]
    node[int(last) if last.isdigit() else last] = value
    return payload


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("text", 3),
        ("colour", "red"),
        ("blocks.0.type", "title"),
        ("blocks.0.text.type", "mrkdwn"),
        ("blocks.0.text.text", "x" * 151),
        ("blocks.0.accessory", {"type": "button"}),
        ("blocks.0.block_id", "x" * 256),
        ("blocks.-1.elements", [{"type": "button", "text": {"type": "plain_text", "text": "x"}}] * 26),
        ("blocks.-1.elements.0.style", "secondary"),
        ("blocks.-1.elements.0.text.text", "x" * 76),
        ("blocks.-1.elements.0.value", "x" * 2001),
        ("blocks.-1.elements.0.confirm", {"title": "Sure?"}),
        ("blocks.0", {"type": "alert", "block_id": "a", "text": {"type": "plain_text", "text": "x"}}),
    ],
)
def test_the_judges_are_strict(path: str, value: object) -> None:
    digest = render(briefs("en")["digest-one"])
    assert verdict(digest) == []
    assert verdict(broken(path.replace("-1", str(len(digest["blocks"]) - 1)), value)) != []
