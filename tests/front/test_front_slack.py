"""`hoshin slack manifest` and what `hoshin doctor` says of Slack: least privileges, and none too few."""

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from front_cli import good, hoshin, refused
from slack_sdk import WebClient

from inbox.events import EVENTS as HANDLED
from localslack.methods.scopes import SCOPES
from localslack.server import LocalSlack
from localslack.workspace import Workspace
from tasks.slack.manifest import COMMANDS, EVENT_SCOPES, EVENTS, METHODS, bot_scopes

ROOT = Path(__file__).parents[2]
SCHEMA = json.loads((Path(__file__).parent / "slack_manifest.schema.json").read_text("utf-8"))
OURS = ("inbox", "tasks", "hoshin", "flows")
ADDRESS = "https://hoshin.example.com"


def called() -> set[str]:
    """Every Web API method that our code names, as the SDK's client spells them."""
    known = {name: name.replace("_", ".") for name in dir(WebClient) if re.match(r"[a-z]+_[a-z]+", name)} | {
        "api_call": "?"
    }
    found = set()
    for path in (path for folder in OURS for path in (ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr in known:
                found.add(known[node.attr])
    return found


def test_the_table_names_the_methods_that_are_called_and_no_others() -> None:
    assert set(METHODS) == called()


def test_each_scope_is_used_and_each_method_has_its_scope() -> None:
    scopes = set(bot_scopes())
    used = {scope for method in METHODS.values() for scope in method.scopes}
    assert scopes == used | set(EVENT_SCOPES.values()) | {"commands"}
    for name in METHODS:
        if name in SCOPES:
            assert SCOPES[name] in METHODS[name].scopes, name
    assert set(EVENTS) == set(HANDLED)


def test_the_example_runs_with_no_more_than_the_manifest_asks_for() -> None:
    app = yaml.safe_load((ROOT / "examples" / "kumonagi" / "slack.yaml").read_text("utf-8"))["app"]
    assert app["scopes"] == list(bot_scopes())


@pytest.mark.parametrize("address", [None, ADDRESS, f"{ADDRESS}/"])
def test_the_manifest_is_one_that_slack_takes(address: str | None, tmp_path: Path) -> None:
    made = good(tmp_path, "slack", "manifest", *(["--http", address] if address else [])).json
    jsonschema.Draft202012Validator(SCHEMA).validate(made)
    assert made["settings"]["socket_mode_enabled"] is (address is None)
    assert {row["command"] for row in made["features"]["slash_commands"]} == {row[0] for row in COMMANDS}
    addresses = [found for found in strings(made) if found.startswith("https://")]
    doors = {f"{ADDRESS}/slack/{door}" for door in ("events", "interactions", "commands")}
    assert set(addresses) == (doors if address else set())


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for each in value.values():
            yield from strings(each)
    elif isinstance(value, list):
        for each in value:
            yield from strings(each)
    elif isinstance(value, str):
        yield value


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--http", "http://hoshin.example.com"),
        ("--http", "https://hoshin.example.com/slack"),
        ("--http", "hoshin.example.com"),
        ("--name", ""),
        ("--name", "x" * 36),
    ],
)
def test_what_slack_would_refuse_is_refused_here(option: str, value: str, tmp_path: Path) -> None:
    assert option in refused(tmp_path, "slack", "manifest", option, value)


# What the doctor says -------------------------------------------------------------------------------------


def examined(home: Path, slack: LocalSlack, **environment: str) -> dict[str, tuple[str, str]]:
    told = {
        "HOSHIN_SLACK_BASE_URL": slack.api_url,
        "HOSHIN_SLACK_BOT_TOKEN": slack.bot_token,
        "HOSHIN_SLACK_APP_TOKEN": slack.app_token,
    }
    done = hoshin(home, "doctor", "--json", **{**told, **environment})
    return {row["check"]: (row["state"], row["detail"]) for row in done.json}


def granted(*scopes: str) -> LocalSlack:
    plain = Workspace()
    return LocalSlack(replace(plain, app=replace(plain.app, scopes=scopes)))


def test_all_is_well(asked_home: Path) -> None:
    with granted(*bot_scopes()) as slack:
        found = examined(asked_home, slack)
    assert {name: state for name, (state, _) in found.items() if name.startswith("Slack")} == {
        "Slack": "ok",
        "Slack workspace": "ok",
        "Slack scopes": "ok",
        "Slack answers": "ok",
    }


@pytest.mark.parametrize(
    ("scopes", "state", "named"),
    [
        (bot_scopes()[1:], "bad", bot_scopes()[0]),
        ((*bot_scopes(), "channels:history"), "warn", "channels:history"),
        ((), "bad", "users:read.email"),
    ],
)
def test_a_scope_too_few_or_too_many_is_named(
    scopes: tuple[str, ...], state: str, named: str, asked_home: Path
) -> None:
    with granted(*scopes) as slack:
        found = examined(asked_home, slack)["Slack scopes"]
    assert found[0] == state
    assert named in found[1]


def test_tokens_of_the_wrong_kind_and_none_at_all(asked_home: Path) -> None:
    with granted(*bot_scopes()) as slack:
        swapped = examined(asked_home, slack, HOSHIN_SLACK_BOT_TOKEN=slack.app_token)
        user = examined(asked_home, slack, HOSHIN_SLACK_APP_TOKEN=slack.bot_token)
        alone = examined(asked_home, slack, HOSHIN_SLACK_APP_TOKEN="")
        signed = examined(asked_home, slack, HOSHIN_SLACK_APP_TOKEN="", HOSHIN_SLACK_SIGNING_SECRET="s" * 32)
        lost = examined(asked_home, slack, HOSHIN_SLACK_BOT_TOKEN="xoxb-elsewhere")
    assert swapped["Slack"][0] == "bad"
    assert "xoxb-" in swapped["Slack"][1]
    assert user["Slack answers"] == ("bad", user["Slack answers"][1])
    assert "xapp-" in user["Slack answers"][1]
    assert alone["Slack answers"][0] == "bad"
    assert "nobody can answer" in alone["Slack answers"][1]
    assert signed["Slack answers"][0] == "ok"
    assert "invalid_auth" in lost["Slack"][1]
    assert "Slack scopes" not in lost


def test_the_guide_tells_what_each_scope_is_for() -> None:
    guide = (ROOT / "docs" / "slack.md").read_text("utf-8")
    assert re.findall(r"^\| `([a-z:._]+)` \|", guide, re.M) == list(bot_scopes())
