"""The HTTP door: whatever is not Slack's own fresh signed word is turned away, and the journal is as it was."""

import json
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest
from inbox_town import Town, encoded, event, pressed, send, served, signature, town_over

from cycles.store import open_record
from inbox.signature import signed


@pytest.fixture(scope="module")
def still_town(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """One town for all tests after which nothing has changed."""
    with town_over("http", template, tmp_path_factory.mktemp("still") / "home") as running:
        yield running


def confirmation(town: Town, **changes: object) -> bytes:
    return encoded(pressed(town, "bennett", "confirm", str(town.request().id), **changes))


def stamp(ago: float = 0) -> str:
    return str(int(time.time() - ago))


def cases(body: bytes) -> dict[str, dict[str, str]]:
    now, other = stamp(), body + b"&more=1"
    return {
        "unsigned": {"x-slack-signature": ""},
        "without a timestamp": {"x-slack-request-timestamp": ""},
        "a timestamp that is no number": {"x-slack-request-timestamp": "abc", "x-slack-signature": signature(body, "abc")},
        "stale": {"x-slack-request-timestamp": stamp(301), "x-slack-signature": signature(body, stamp(301))},
        "from the future": {"x-slack-request-timestamp": stamp(-310), "x-slack-signature": signature(body, stamp(-310))},
        "another secret": {"x-slack-signature": signature(body, now, "another")},
        "the signature of another body": {"x-slack-request-timestamp": now, "x-slack-signature": signature(other, now)},
        "a cut signature": {"x-slack-request-timestamp": now, "x-slack-signature": signature(body, now)[:-1]},
        "version v1": {"x-slack-signature": "v1=" + signature(body, now)[3:]},
    }  # fmt: skip


@pytest.mark.parametrize("case", cases(b""))
def test_an_unverified_request_is_refused(still_town: Town, case: str) -> None:
    before, body = still_town.journal(), confirmation(still_town)
    assert send(still_town, body, **cases(body)[case]).status_code == 401
    assert still_town.journal() == before


@pytest.mark.parametrize("bad", ["v0=é", "\udcff", "v0=" + "0" * 64])
def test_no_header_can_break_the_check(bad: str) -> None:
    assert not signed("s", b"\xff\x00", "1000", bad, now=1000.0)
    assert not signed("s", b"body", "1" * 5000, bad, now=1000.0)
    assert signed("s", b"\xff", "1000", signature(b"\xff", "1000", "s"), now=1300.0)
    assert not signed("s", b"\xff", "1000", signature(b"\xff", "1000", "s"), now=1301.0)


def test_a_replayed_request_has_one_effect(http_town: Town) -> None:
    before, body = http_town.journal(), confirmation(http_town)
    for _ in range(3):
        assert send(http_town, body).status_code == 200
    assert len(http_town.journal()) == len(before) + 1
    assert http_town.whispers("bennett") == []


def test_behind_a_balancer_two_replicas_have_one_effect(http_town: Town) -> None:
    """Neither knows of the other: the record alone sees to it. Presses of two people and a form go to both at once."""
    town = http_town
    other = open_record(town.settings.url)
    listening = socket.create_server(("127.0.0.1", 0))
    second = Town(town.home, town.slack, other, town.settings)
    second.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    before, letters, request = town.journal(), town.letters(), town.request()
    presses = [
        encoded(pressed(town, who, "confirm", str(request.id), ts=f"1790000000.{n:06d}"))
        for n in range(6)
        for who in ("bennett", "kimura")
    ]
    try:
        with served(second, listening), ThreadPoolExecutor(8) as pool:
            replies = list(pool.map(lambda one: send(one[0], one[1]).status_code, product((town, second), presses)))
    finally:
        other.close()
    assert set(replies) == {200}
    assert len(town.journal()) == len(before) + 1
    assert town.letters() == letters + 1, "what was refused is not entered"


def test_what_is_not_slacks_is_a_bad_request(still_town: Town) -> None:
    before = still_town.journal()
    for path, body in (
        ("interactions", b"payload=not-json"),
        ("interactions", b"payload=[1]"),
        ("interactions", b"\xff\xfe"),
        ("interactions", b""),
        ("interactions", b"nothing=here"),
        ("events", b"{"),
        ("events", b"[" * 5000),
        ("commands", b"text=hello"),
    ):
        assert send(still_town, body, path).status_code == 400, body[:20]
    assert still_town.journal() == before


@pytest.mark.parametrize(
    "missing", ["type", "team", "user", "api_app_id", "container", "actions", "actions.0", "user.id", "team.id"]
)
def test_missing_fields_are_a_bad_request(still_town: Town, missing: str) -> None:
    before = still_town.journal()
    payload = pressed(still_town, "bennett", "confirm", str(still_town.request().id))
    name, _, inner = missing.partition(".")
    if inner:
        payload[name] = []  # neither a list with an action nor an object with an id
    else:
        del payload[name]
    assert send(still_town, encoded(payload)).status_code == 400
    assert still_town.journal() == before


@pytest.mark.parametrize("value", ["", "abc", "-1", "0", "1e3", "９", "9" * 30, "1; DROP TABLE journal"])
def test_a_value_that_names_nothing_changes_nothing(still_town: Town, value: str) -> None:
    before, letters = still_town.journal(), still_town.letters()
    for verb in ("confirm", "submit", "review_accept", "review_return", "effective", "nudge", "page", "no_such_verb"):
        body = encoded(pressed(still_town, "bennett", verb, value))
        assert send(still_town, body).status_code in ((200,) if value else (400,)), verb
    assert (still_town.journal(), still_town.letters()) == (before, letters)


@pytest.mark.parametrize("change", [{"team": {"id": "T0OTHER"}}, {"api_app_id": "A0OTHER"}])
def test_another_team_or_app_is_forbidden(still_town: Town, change: dict[str, object]) -> None:
    before = still_town.journal()
    answer = send(still_town, confirmation(still_town, **change))
    assert (answer.status_code, answer.headers["x-slack-no-retry"]) == (403, "1")
    assert still_town.journal() == before


def test_a_form_without_its_fields_is_a_bad_request(still_town: Town) -> None:
    before = still_town.journal()
    base = pressed(still_town, "bennett", "x", "1")
    view = {"id": "V1", "callback_id": "hoshin.v1.snooze", "private_metadata": str(still_town.request().id)}
    for state in (
        {},
        {"blocks": [], "state": {"values": []}},
        {"blocks": [{"type": "input"}], "state": {"values": {}}},
        {"blocks": [], "state": {"values": {"until": {"value": 3}}}},
        {"blocks": [], "state": {"values": {}}},
    ):
        payload = {**base, "type": "view_submission", "view": {**view, **state}}
        assert send(still_town, encoded(payload)).status_code == 400, state
    assert still_town.journal() == before


def test_ten_megabytes_are_too_many(http_town: Town) -> None:
    before = http_town.journal()
    assert send(http_town, b"payload=" + b"x" * 10_000_000).status_code == 413
    assert send(http_town, confirmation(http_town)).status_code == 200
    assert len(http_town.journal()) == len(before) + 1


def test_slack_checks_the_address_and_the_watcher_the_process(http_town: Town) -> None:
    body = json.dumps({"type": "url_verification", "challenge": "abc"}).encode()
    assert send(http_town, body, "events").json() == {"challenge": "abc"}
    assert send(http_town, body, "events", **{"x-slack-signature": "v0=0"}).status_code == 401
    with httpx.Client(base_url=http_town.url, trust_env=False) as client:
        assert client.get("/health").json() == {"alive": True}
        assert client.get("/ready").json() == {"ready": True, "database": "ok", "slack": "ok"}
        assert client.get("/slack/events").status_code == 405
        http_town.record.engine.dispose()
        (http_town.home / "hoshin.db").rename(http_town.home / "away.db")
        (http_town.home / "hoshin.db").mkdir()
        assert client.get("/ready").status_code == 503
        assert client.get("/health").status_code == 200


def test_an_event_that_comes_again_is_handled_once(http_town: Town, caplog: pytest.LogCaptureFixture) -> None:
    body = json.dumps(event(http_town, "Ev1", type="tokens_revoked", tokens={"bot": ["U1"]})).encode()
    for retry in ("0", "1", "2"):
        assert send(http_town, body, "events", **{"x-slack-retry-num": retry}).status_code == 200
    errors = [record for record in caplog.records if record.levelname == "ERROR"]
    assert [("tokens_revoked" in record.getMessage()) for record in errors] == [True]


def test_a_changed_profile_is_compared_with_the_programme(http_town: Town, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "hoshin.inbox")
    http_town.show_alone("bennett", http_town.request().id)
    http_town.press_alone("bennett", "confirm", http_town.request().id)
    user = {"id": http_town.user("bennett"), "tz": "Europe/Paris", "locale": "en-GB", "deleted": True}
    before = http_town.journal()
    body = json.dumps(event(http_town, "Ev2", type="user_change", user=user)).encode()
    assert send(http_town, body, "events").status_code == 200
    said = [record.getMessage() for record in caplog.records if record.getMessage().startswith("bennett")]
    assert len([line for line in said if "zone" in line and "Europe/Paris" in line]) == 1
    assert len([line for line in said if "deactivated" in line]) == 1
    assert not [line for line in said if "locale" in line]
    assert http_town.journal() == [*before, ("slack", "person.heard")]
    assert (http_town.person("bennett").slack_id, http_town.person("bennett").zone) == (None, "Asia/Tokyo")
    assert send(http_town, body, "events").status_code == 200
    assert len(http_town.journal()) == len(before) + 1


def test_a_command_comes_once_and_from_members_only(http_town: Town) -> None:
    fields = {
        "team_id": http_town.slack.workspace.team_id,
        "api_app_id": http_town.slack.workspace.app.id,
        "user_id": http_town.user("stranger"),
        "command": "/hoshin",
        "text": "",
        "channel_id": "C00000001",
        "trigger_id": "9.9.9",
    }
    said = send(http_town, urlencode(fields).encode(), "commands").json()
    assert (said["response_type"], "does not know you" in said["text"]) == ("ephemeral", True)
    del fields["trigger_id"]
    assert send(http_town, urlencode(fields).encode(), "commands").status_code == 400
