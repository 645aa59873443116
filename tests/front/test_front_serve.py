"""`hoshin serve` as an operator runs it: a process that is watched, stopped, and started where it cannot be."""

import hashlib
import hmac
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest
from front_cli import query, refused
from waiting import until

from hoshin.serving import listening_on
from localslack.server import LocalSlack

WORKSPACE = Path(__file__).parents[2] / "examples" / "kumonagi" / "slack.yaml"
SECRET = "a-signing-secret-for-tests"
GRACE = "5"


@pytest.fixture
def slack() -> Iterator[LocalSlack]:
    with LocalSlack(WORKSPACE) as running:
        yield running


def told(slack: LocalSlack) -> dict[str, str]:
    return {
        "HOSHIN_SLACK_BASE_URL": slack.api_url,
        "HOSHIN_SLACK_BOT_TOKEN": slack.bot_token,
        "HOSHIN_SLACK_APP_TOKEN": slack.app_token,
        "HOSHIN_SLACK_SIGNING_SECRET": SECRET,
    }


@contextmanager
def serving(home: Path, slack: LocalSlack, *options: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """`hoshin serve` as a process, and the port it names first; it is ended whatever happens."""
    process = subprocess.Popen(
        [sys.executable, "-m", "hoshin.cli", "serve", *options],
        env={**os.environ, **told(slack), "HOSHIN_HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout
        found = re.search(r"http://127\.0\.0\.1:(\d+)/", process.stdout.readline())
        assert found, process.wait(20)
        yield process, int(found[1])
    finally:
        process.kill()
        process.wait(20)


def command(slack: LocalSlack, text: str) -> tuple[bytes, dict[str, str]]:
    """`/hoshin TEXT` of the first person, signed as Slack signs it."""
    workspace = slack.workspace
    body = urlencode(
        {
            "command": "/hoshin",
            "text": text,
            "team_id": workspace.team_id,
            "api_app_id": workspace.app.id,
            "user_id": workspace.users[0].id,
            "channel_id": "D1",
            "trigger_id": f"1.{text}",
        }
    ).encode()
    stamp = str(int(time.time()))
    digest = hmac.new(SECRET.encode(), b"v0:" + stamp.encode() + b":" + body, hashlib.sha256).hexdigest()
    return body, {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={digest}"}


def begun(port: int, slack: LocalSlack, text: str) -> tuple[socket.socket, bytes]:
    """A request of which the last byte is still to come, and that byte."""
    body, headers = command(slack, text)
    lines = [
        "POST /slack/commands HTTP/1.1",
        "Host: hoshin",
        "Content-Type: application/x-www-form-urlencoded",
        f"Content-Length: {len(body)}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    line = socket.create_connection(("127.0.0.1", port), timeout=30)
    line.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + body[:-1])
    return line, body[-1:]


def deaf(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except OSError:
        return True
    return False


def test_what_is_under_way_is_finished_and_nothing_is_waited_for_without_end(asked: Path, slack: LocalSlack) -> None:
    with serving(asked, slack, "--http", "--port", "0", "--grace", GRACE) as (process, port):
        with httpx.Client(trust_env=False, base_url=f"http://127.0.0.1:{port}") as client:
            assert until(lambda: client.get("/ready").status_code == 200, "readiness")
        slow, rest = begun(port, slack, "requests")
        stuck, _ = begun(port, slack, "help")
        process.send_signal(signal.SIGTERM)
        until(lambda: deaf(port), "the end of listening")
        slow.sendall(rest)
        assert slow.recv(100).startswith(b"HTTP/1.1 200 ")
        assert process.wait(30) == 0
        slow.close()
        stuck.close()
    # The one that was answered is in the door book, the one that never ended is not.
    assert query(asked, "SELECT count(*) FROM inbound") == [(1,)]


def test_whoever_watches_a_socket_is_answered_and_it_ends_cleanly(asked: Path, slack: LocalSlack) -> None:
    with serving(asked, slack, "--health-port", "0") as (process, port):
        with httpx.Client(trust_env=False, base_url=f"http://127.0.0.1:{port}") as client:
            assert client.get("/health").json() == {"alive": True}
            until(lambda: client.get("/ready").status_code == 200, "readiness")
            assert client.get("/ready").json()["socket"] == "ok"
            assert client.post("/slack/commands").status_code == 404
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0


@pytest.mark.parametrize("options", [("--http", "--port"), ("--health-port",)])
def test_an_address_that_is_taken_is_named(options: tuple[str, ...], asked_home: Path, slack: LocalSlack) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        said = refused(asked_home, "serve", *options, str(taken.getsockname()[1]), **told(slack))
    assert said.startswith(f"hoshin: {options[-1]}: 127.0.0.1:")


def test_an_answer_does_not_wait_for_the_acknowledgement_of_its_head() -> None:
    with listening_on("127.0.0.1", 0, "--port") as ours, socket.create_connection(ours.getsockname()):
        connection, _ = ours.accept()
        with connection:
            assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_a_health_port_is_not_taken_beside_http(asked_home: Path, slack: LocalSlack) -> None:
    assert "--health-port" in refused(asked_home, "serve", "--http", "--health-port", "8041", **told(slack))
