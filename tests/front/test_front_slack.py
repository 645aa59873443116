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
from front_cli import MORNING, good, hoshin, refused
from slack_sdk import WebClient

from inbox.events import EVENTS as HANDLED
from inbox.quoting import VERB
from localslack.methods.scopes import SCOPES
from localslack.server import LocalSlack
from localslack.workspace import Workspace
from tasks.blocks import PREFIX
from tasks.slack.manifest import COMMANDS, EVENT_SCOPES, EVENTS, METHODS, SHORTCUTS, bot_scopes

ROOT = Path(__file__).parents[2]
SCHEMA = json.loads((Path(__file__).parent / "slack_manifest.schema.json").read_text("utf-8"))
OURS = ("inbox", "tasks", "hoshin", "flows")
ADDRESS = "https://hoshin.example.com"


def called() -> dict[str, set[str]]:
    """Every Web API method that our code names, and the floors that name it."""
    found: dict[str, set[str]] = {}
    for folder in OURS:
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                for name in named(node):
                    found.setdefault(name, set()).add(folder)
    return found


SPELLED = {name: name.replace("_", ".") for name in dir(WebClient) if re.match(r"[a-z]+_[a-z]+", name)}
del SPELLED["api_call"]


def named(node: ast.AST) -> Iterator[str]:
    """As the SDK's client spells it, or as a string where a call is counted (`ask`) or the SDK has no name (`api_call`)."""
    if isinstance(node, ast.Attribute) and node.attr in SPELLED:
        yield SPELLED[node.attr]
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("ask", "api_call"):
        first = node.args[0]
        if isinstance(first, ast.Constant):
            yield str(first.value)
        else:
            assert node.func.attr == "ask", f"line {node.lineno}: name the method that is called"


def test_the_table_names_the_methods_that_are_called_and_no_others() -> None:
    assert {name: set(method.used_by) for name, method in METHODS.items()} == called()


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
    assert [(row["name"], row["callback_id"]) for row in app["shortcuts"]] == [(row[0], row[2]) for row in SHORTCUTS]


@pytest.mark.parametrize("address", [None, ADDRESS, f"{ADDRESS}/"])
def test_the_manifest_is_one_that_slack_takes(address: str | None, tmp_path: Path) -> None:
    made = good(tmp_path, "slack", "manifest", *(["--http", address] if address else [])).json
    jsonschema.Draft202012Validator(SCHEMA).validate(made)
    assert made["settings"]["socket_mode_enabled"] is (address is None)
    assert {row["command"] for row in made["features"]["slash_commands"]} == {row[0] for row in COMMANDS}
    assert {row["callback_id"] for row in made["features"]["shortcuts"]} == {row[2] for row in SHORTCUTS}
    assert SHORTCUTS[0][2] == f"{PREFIX}.{VERB}"
    addresses = [found for found in strings(made) if found.startswith("https://")]
    doors = {f"{ADDRESS}/slack/{door}" for door in ("events", "interactions", "commands")}
    assert set(addresses) == (doors if address else set())


@pytest.mark.parametrize(
    ("options", "environment", "uploads"),
    [
        ((), {}, True),
        (("--no-uploads",), {}, False),
        ((), {"HOSHIN_MAX_UPLOAD_MB": "0"}, False),
        (("--uploads",), {"HOSHIN_MAX_UPLOAD_MB": "0"}, True),
    ],
)
def test_files_are_read_only_where_they_are_taken(
    options: tuple[str, ...], environment: dict[str, str], uploads: bool, tmp_path: Path
) -> None:
    made = good(tmp_path, "slack", "manifest", *options, **environment).json
    assert set(bot_scopes()) - set(made["oauth_config"]["scopes"]["bot"]) == (set() if uploads else {"files:read"})


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
        "Slack messages": "warn",
        "Slack templates": "ok",
    }
    assert found["templates"][0] == "ok"


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


def test_where_no_files_are_taken_none_need_be_read(asked_home: Path) -> None:
    with granted(*bot_scopes(uploads=False)) as slack:
        without = examined(asked_home, slack, HOSHIN_MAX_UPLOAD_MB="0")["Slack scopes"]
        taken = examined(asked_home, slack)["Slack scopes"]
    assert (without[0], taken[0]) == ("ok", "bad")
    assert "files:read" in taken[1]


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


def test_whether_messages_arrive_is_told_by_the_outbox(asked: Path) -> None:
    people = yaml.safe_load((ROOT / "examples" / "kumonagi" / "slack.yaml").read_text("utf-8"))
    people["app"]["messages_tab_enabled"] = False
    with LocalSlack(Workspace.from_dict(people)) as slack:
        told = {"HOSHIN_SLACK_BASE_URL": slack.api_url, "HOSHIN_SLACK_BOT_TOKEN": slack.bot_token}
        good(asked, "do", "--as-of", MORNING, **told)
        shut = examined(asked, slack)["Slack messages"]
        slack.world.messages_tab_enabled = True
        good(asked, "do", "--as-of", MORNING, **told)
        opened = examined(asked, slack)["Slack messages"]
    assert shut[0] == "bad"
    assert "messages_tab_enabled: true" in shut[1]
    assert re.search(r"; \d+ messages wait", shut[1])
    assert opened[0] == "ok"
    assert "2026-10-16 00:30 UTC" in opened[1]


def test_a_socket_that_no_firewall_lets_through_is_named(asked_home: Path) -> None:
    with granted(*bot_scopes()) as slack:
        slack.world.url = "http://127.0.0.1:9"  # where the ticket leads; nobody listens on the discard port
        found = examined(asked_home, slack)["Slack answers"]
    assert found[0] == "bad"
    assert "no socket can be opened" in found[1]


def test_own_templates_are_tried_before_anybody_reads_them(asked_home: Path, tmp_path: Path) -> None:
    (tmp_path / "digest.j2").write_text("{% block title %}{{ nobody_gives_this }}{% endblock %}", "utf-8")
    with granted(*bot_scopes()) as slack:
        found = examined(asked_home, slack, HOSHIN_TEMPLATES=str(tmp_path))
    assert found["templates"][0] == "bad"
    assert f"{tmp_path}/digest.j2:1: fragment title uses nobody_gives_this" in found["templates"][1]
    assert found["Slack templates"][0] == "ok"


@pytest.mark.parametrize(
    ("fault", "state", "said"),
    [
        ({"kind": "error", "error": "invalid_message"}, "bad", "digest (en): invalid."),
        ({"kind": "error", "error": "unknown_method"}, "warn", "judged 0 and then no more (unknown_method)"),
        ({"kind": "429", "nth": 3}, "warn", "judged 2 and then no more (ratelimited)"),
        ({"kind": "reset"}, "warn", "judged 0"),
    ],
)
def test_what_slack_says_of_the_words(fault: dict[str, Any], state: str, said: str, asked_home: Path) -> None:
    with granted(*bot_scopes()) as slack:
        slack.world.faults.add({"method": "blocks.validate", **fault})
        found = examined(asked_home, slack)["Slack templates"]
    assert found[0] == state
    assert said in found[1]


def test_the_guide_tells_what_each_scope_is_for() -> None:
    guide = (ROOT / "docs" / "slack.md").read_text("utf-8")
    assert re.findall(r"^\| `([a-z:._]+)` \|", guide, re.M) == list(bot_scopes())
