"""Failing on request, signed HTTP, restarts, determinism, the command line and the workspace file."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from localslack_parts import WORKSPACE, Hand, actions, button, client, section
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.signature import SignatureVerifier
from waiting import until

from localslack.client import RefusedError
from localslack.server import LocalSlack, ServerError
from localslack.state import StateError
from localslack.workspace import Workspace, WorkspaceError

Json = dict[str, Any]
CHANNEL = "C00000001"
SECRET = "local-signing-secret"


def texts(web: WebClient) -> list[str]:
    return [row["text"] for row in web.conversations_history(channel=CHANNEL)["messages"]]


@pytest.mark.parametrize("kind", ["reset", "close", "500", "502", "503", "error", "429"])
@pytest.mark.parametrize(("phase", "kept"), [("before", []), ("after", ["x"])])
def test_a_fault_before_or_after_acceptance(
    slack: LocalSlack, web: WebClient, kind: str, phase: str, kept: list[str]
) -> None:
    slack.control("faults", {"method": "chat.postMessage", "kind": kind, "phase": phase, "retry_after": 7})
    with pytest.raises((SlackApiError, OSError)) as caught:
        web.chat_postMessage(channel=CHANNEL, text="x")
    if kind == "reset":
        # RemoteDisconnected, which a plain close gives, is a subclass.
        assert type(caught.value) is ConnectionResetError
    if kind == "close":
        assert type(caught.value).__name__ == "RemoteDisconnected"
    if kind == "429":
        assert caught.value.response.headers["Retry-After"] == "7"  # type: ignore[union-attr]
    assert texts(web) == kept


def test_the_sdk_default_posts_twice_after_a_lost_answer(slack: LocalSlack) -> None:
    """Why posts must use ``retry_handlers=[]``: the default handler repeats a request Slack had accepted."""
    slack.control("faults", {"method": "chat.postMessage", "kind": "reset", "phase": "after"})
    hasty = WebClient(token=slack.bot_token, base_url=slack.api_url)
    hasty.chat_postMessage(channel=CHANNEL, text="x")
    assert texts(client(slack)) == ["x", "x"]


def test_hang_until_the_client_gives_up(slack: LocalSlack) -> None:
    slack.control("faults", {"method": "chat.postMessage", "kind": "hang", "phase": "after", "seconds": 1})
    hurried = WebClient(token=slack.bot_token, base_url=slack.api_url, retry_handlers=[], timeout=0.2)  # type: ignore[arg-type]
    with pytest.raises(TimeoutError):
        hurried.chat_postMessage(channel=CHANNEL, text="x")
    assert texts(client(slack)) == ["x"]


def test_nth_times_and_any_method(slack: LocalSlack, web: WebClient) -> None:
    slack.control("faults", [{"method": "*", "kind": "error", "error": "fatal_error", "nth": 2, "times": 2}])
    outcomes = []
    for _ in range(4):
        try:
            outcomes.append(web.auth_test()["ok"])
        except SlackApiError as error:
            outcomes.append(error.response["error"])
    assert outcomes == [True, "fatal_error", "fatal_error", True]
    with pytest.raises(RefusedError, match="'melt' is not one of"):
        slack.control("faults", {"method": "*", "kind": "melt"})


class Receiver:
    """An app reached by HTTP: keeps (path headers, body) and answers with ``status`` and ``reply``."""

    def __init__(self) -> None:
        self.seen: list[tuple[dict[str, str], bytes]] = []
        self.status, self.reply = 200, b""
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.seen.append(({key.lower(): value for key, value in self.headers.items()}, body))
                self.send_response(outer.status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(outer.reply)))
                self.end_headers()
                self.wfile.write(outer.reply)

            def log_message(self, *args: Any) -> None:
                """Quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/slack"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    running = Receiver()
    yield running
    running.server.shutdown()
    running.server.server_close()


@pytest.fixture
def http_slack(workspace: Workspace, receiver: Receiver) -> Iterator[LocalSlack]:
    with LocalSlack(workspace, request_url=receiver.url, signing_secret=SECRET, ack_seconds=1) as running:
        yield running


def test_interactions_are_signed_forms(http_slack: LocalSlack, receiver: Receiver) -> None:
    client(http_slack).chat_postMessage(channel="U00000002", text="x", blocks=[actions(button("go"))])
    assert http_slack.human.press("maria", "go", message=http_slack.human.messages("maria")[0])["acked"]
    headers, body = receiver.seen[0]
    assert headers["content-type"] == "application/x-www-form-urlencoded"
    assert SignatureVerifier(SECRET).is_valid_request(body, headers)
    assert not SignatureVerifier("another").is_valid_request(body, headers)
    assert not SignatureVerifier(SECRET).is_valid_request(body + b"x", headers)
    assert json.loads(parse_qs(body.decode())["payload"][0])["type"] == "block_actions"


def test_slash_commands_are_forms_with_an_answer(http_slack: LocalSlack, receiver: Receiver) -> None:
    receiver.reply = b'{"text": "2 open"}'
    http_slack.human.act("maria", "slash", command="/hoshin", text="状況 & more")
    assert parse_qs(receiver.seen[0][1].decode())["text"] == ["状況 & more"]
    assert http_slack.human.messages("maria")[-1]["text"] == "2 open"


def test_events_are_redelivered_with_a_number(http_slack: LocalSlack, receiver: Receiver) -> None:
    receiver.status = 500
    http_slack._parts.delivery.delays = (0.0, 0.0, 0.0)
    http_slack.human.act("maria", "home_opened")
    until(lambda: len(receiver.seen) == 4, "three redeliveries")
    numbers = [headers.get("x-slack-retry-num") for headers, _ in receiver.seen]
    assert numbers == [None, "1", "2", "3"]
    assert receiver.seen[1][0]["x-slack-retry-reason"] == "http_error"
    assert len({json.loads(body)["event_id"] for _, body in receiver.seen}) == 1


def test_interactions_are_not_redelivered(http_slack: LocalSlack, receiver: Receiver) -> None:
    receiver.status = 500
    result = http_slack.human.act("maria", "shortcut", callback_id="x")
    assert (result["acked"], result["reason"], len(receiver.seen)) == (False, "http_error", 1)


def play(workspace: Workspace, **options: Any) -> list[Json]:
    with LocalSlack(workspace, clock=Hand(1_791_160_200.0), **options) as slack:
        web = client(slack)
        web.chat_postMessage(channel="U00000002", text="x", blocks=[actions(button("go"))])
        slack.human.press("maria", "go", message=slack.human.messages("maria")[0])
        web.chat_postMessage(channel=CHANNEL, text="y")
        return slack.transcript()


def test_the_same_calls_give_the_same_ids(workspace: Workspace) -> None:
    assert play(workspace) == play(workspace)
    assert play(workspace)[0]["ts"] == "1791160200.000000"


def test_the_clock_decides_the_timestamps(slack: LocalSlack, web: WebClient) -> None:
    slack.control("clock", {"at": "2027-01-01T09:00:00+09:00"})
    assert web.chat_postMessage(channel=CHANNEL, text="x")["ts"] == "1798761600.000000"
    slack.control("clock", {"at": "2026-01-01T00:00:00Z"})
    web.chat_postMessage(channel=CHANNEL, text="earlier")
    assert texts(web) == ["x", "earlier"]
    with pytest.raises(RefusedError, match="neither epoch seconds nor ISO"):
        slack.control("clock", {"at": "teatime"})


def test_restart_goes_on_where_it_was(workspace: Workspace, tmp_path: Path, clock: Hand) -> None:
    options = {"state": tmp_path / "state.json", "transcript": tmp_path / "t.jsonl", "clock": clock}
    with LocalSlack(workspace, **options) as slack:
        client(slack).chat_postMessage(channel=CHANNEL, text="before", client_msg_id="k")
        file = slack.human.upload("maria", "a.txt", content=b"kept")
        slack.control("clock", {"offset": 3600})
    with LocalSlack(workspace, **options) as slack:
        web = client(slack)
        assert web.chat_postMessage(channel=CHANNEL, text="before", client_msg_id="k")["ts"] == "1791160200.000000"
        assert web.chat_postMessage(channel=CHANNEL, text="after")["ts"] == "1791163800.000000"
        assert texts(web) == ["after", "before"]
        assert web.files_info(file=file["id"])["file"]["name"] == "a.txt"
        assert [row["text"] for row in slack.transcript()] == ["before", "after"]
        slack.control("reset")
        assert texts(web) == []
        assert slack.transcript() == []
    lines = [json.loads(line)["text"] for line in (tmp_path / "t.jsonl").read_text().splitlines()]
    assert lines == ["before", "after"]


def test_a_broken_state_file_is_named(workspace: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    path.write_text("{}")
    with pytest.raises(StateError, match=r"state\.json: is not a state file"):
        LocalSlack(workspace, state=path)


def test_a_taken_port_and_a_missing_secret(slack: LocalSlack, workspace: Workspace) -> None:
    with pytest.raises(ServerError, match="cannot be used"):
        LocalSlack(workspace, port=int(slack.url.rsplit(":")[-1]))
    with pytest.raises(ServerError, match="signing secret"):
        LocalSlack(workspace, request_url="http://127.0.0.1:1/")


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"users": []}, "users"),
        ({"users": [{**WORKSPACE["users"][0], "tz": "Mars/Base"}]}, "users[1].tz"),
        ({"users": [{**WORKSPACE["users"][0], "locale": "fr-FR"}]}, "users[1].locale"),
        ({"users": [{**WORKSPACE["users"][0], "email": "x"}]}, "users[1].email"),
        ({"users": [{**WORKSPACE["users"][0], "age": 3}]}, "users[1].age"),
        ({"users": [WORKSPACE["users"][0], {**WORKSPACE["users"][0], "name": "b"}]}, "users.email"),
        ({"channels": [{"id": "C1"}]}, "channels[1].name"),
        ({"team": 3}, "team"),
        ({"extra": 3}, "extra"),
    ],
)
def test_a_bad_workspace_names_file_and_field(change: Json, place: str) -> None:
    with pytest.raises(WorkspaceError) as caught:
        Workspace.from_dict({**WORKSPACE, **change}, where="team.yaml")
    assert str(caught.value).startswith(f"team.yaml: {place}")


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "localslack", *arguments]
    return subprocess.run(line, capture_output=True, text=True, timeout=60, check=False)


def test_command_line_refusals(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.yaml", tmp_path / "bad.yaml"
    good.write_text(json.dumps(WORKSPACE))
    bad.write_text("users: [{name: x}]")
    missing = run("--workspace", str(bad))
    assert (missing.returncode, missing.stderr.count("\n")) == (2, 1)
    assert f"{bad}: users[1].real_name" in missing.stderr
    away = run("--workspace", str(good), "--host", "0.0.0.0")
    assert (away.returncode, "127.0.0.1 only" in away.stderr) == (2, True)


def test_killed_server_leaves_witness_and_state(tmp_path: Path) -> None:
    good = tmp_path / "good.yaml"
    good.write_text(json.dumps(WORKSPACE))
    files = ["--transcript", str(tmp_path / "t.jsonl"), "--state", str(tmp_path / "s.json")]
    line = [sys.executable, "-m", "localslack", "--workspace", str(good), "--port", "0", *files]

    def start() -> tuple[subprocess.Popen[str], WebClient]:
        process = subprocess.Popen(line, stdout=subprocess.PIPE, text=True)
        assert process.stdout
        told = [process.stdout.readline().split(maxsplit=1) for _ in range(5)]
        token = told[3][1].removeprefix("token").strip()
        return process, WebClient(token=token, base_url=told[2][1].strip(), retry_handlers=[])

    process, web = start()
    for n in range(20):
        web.chat_postMessage(channel=CHANNEL, text=f"m{n}", blocks=[section("x")])
    os.kill(process.pid, signal.SIGKILL)
    process.wait(20)
    assert len((tmp_path / "t.jsonl").read_text().splitlines()) == 20
    process, web = start()
    assert texts(web) == [f"m{n}" for n in reversed(range(20))]
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 0
