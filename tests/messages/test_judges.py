"""Every message, form and home, in both languages, in words short, long, hostile and missing, before judges who know Slack."""

import copy
from typing import Any

import pytest
from judges import verdict
from message_answers import answers
from message_samples import STYLES, briefs
from message_views import views

from tasks.messages import render
from tasks.specimens import LANGUAGES, specimens

Node = dict[str, Any]


def everything(locale: str, style: str) -> dict[str, Node]:
    return (
        {name: render(brief) for name, brief in briefs(locale, style).items()}
        | views(locale, style)
        | answers(locale, style)
    )


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("locale", LANGUAGES)
def test_every_payload_is_as_slack_documents_it(locale: str, style: str) -> None:
    found = {name: verdict(payload) for name, payload in everything(locale, style).items()}
    assert {name: problems for name, problems in found.items() if problems} == {}


@pytest.mark.parametrize("locale", LANGUAGES)
def test_so_is_every_specimen(locale: str) -> None:
    """These are made by type, so that a new message or form is judged before anybody has written samples of it."""
    found = {specimen.name: verdict(specimen.render()) for specimen in specimens(locale)}
    assert {name: problems for name, problems in found.items() if problems} == {}


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
    ],
)
def test_the_judges_are_strict(path: str, value: object) -> None:
    digest = render(briefs("en")["digest-one"])
    assert verdict(digest) == []
    assert verdict(broken(path.replace("-1", str(len(digest["blocks"]) - 1)), value)) != []
