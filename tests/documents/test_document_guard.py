"""Which addresses may be asked: no spelling, name server or redirect leads into the private network."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest
from document_cases import NOW
from document_server import Server

from tasks.documents import Limits, look
from tasks.sources.guard import may_reach

PRIVATE = [
    "10.0.0.1", "172.16.0.1", "192.168.1.1", "127.0.0.1", "127.8.9.1", "100.64.0.1", "198.18.0.1", "::1",
    "fc00::1", "fd12::1", "fec0::1", "::ffff:10.0.0.1", "::ffff:7f00:1", "64:ff9b::a00:1", "192.0.2.1",
]  # fmt: skip
NEVER = [
    "0.0.0.0", "169.254.169.254", "169.254.0.1", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255",
    "168.63.129.16", "100.100.100.200", "192.0.0.192", "::", "fe80::1", "fe80::1%eth0", "ff02::1",
    "fd00:ec2::254", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2001::1",
    "2001:db8::1", "::7f00:1", "100::1", "4000::1",
]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_need_leave(address: str) -> None:
    assert not may_reach(address, allowed=False)
    assert may_reach(address, allowed=True)


@pytest.mark.parametrize("address", NEVER)
def test_some_addresses_are_never_reached(address: str) -> None:
    assert not may_reach(address, allowed=True)


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_public_addresses_are_reached(address: str) -> None:
    assert may_reach(address, allowed=False)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "localhost.",
        "LOCALHOST",
        "2130706433",
        "0x7f000001",
        "017700000001",
        "127.1",
        "0",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::]",
        "127。0。0。1",
        "①②⑦.0.0.1",
    ],
)
def test_no_spelling_of_loopback_is_asked(host: str, base: Path, server: Server) -> None:
    found = look(f"http://{host}:{server.port}/card", base=base, now=NOW)
    assert found.status in ("refused", "error"), found
    assert not server.seen


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "2130706433"])
def test_loopback_is_refused_with_a_remedy(host: str, base: Path, server: Server) -> None:
    found = look(f"http://{host}:{server.port}/card", base=base, now=NOW)
    assert (found.status, "let policy allow" in (found.error or "")) == ("refused", True)


def test_leave_is_for_one_host_and_port(base: Path, server: Server) -> None:
    given = Limits(allow_private=frozenset({"127.0.0.1:1", f"localhost:{server.port}", "127.0.0.1"}))
    assert look(server.url("/card"), base=base, now=NOW, limits=given).status == "refused"
    assert look(server.url("/card", "LocalHost"), base=base, now=NOW, limits=given).status == "ok"


def _resolver(monkeypatch: pytest.MonkeyPatch, answers: list[list[str]]) -> list[str]:
    """Let names under .test resolve to one answer after the other, as a rebinding name server would."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def resolve(host: Any, port: Any, *rest: Any, **named: Any) -> Any:
        if not str(host).endswith(".test"):
            return real(host, port, *rest, **named)
        asked.append(str(host))
        return [row for address in answers[len(asked) - 1] for row in real(address, port, type=socket.SOCK_STREAM)]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    return asked


def test_a_name_is_resolved_once_and_that_address_asked(
    base: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = _resolver(monkeypatch, [["127.0.0.1"]])
    allowed = Limits(allow_private=server.allowed("card.test"))
    found = look(server.url("/card", "card.test"), base=base, now=NOW, limits=allowed)
    assert (found.status, asked) == ("ok", ["card.test"])
    assert server.seen[0][1]["host"] == f"card.test:{server.port}"


def test_one_bad_address_refuses_the_name(base: Path, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    _resolver(monkeypatch, [["93.184.216.34", "127.0.0.1"]])
    assert look(server.url("/card", "card.test"), base=base, now=NOW).status == "refused"
    assert not server.seen


def test_the_name_is_checked_again_at_a_redirect(base: Path, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = _resolver(monkeypatch, [["127.0.0.1"], ["169.254.169.254"]])
    allowed = Limits(allow_private=server.allowed("card.test"))
    found = look(server.url("/hops/1", "card.test"), base=base, now=NOW, limits=allowed)
    assert (found.status, len(asked), len(server.seen)) == ("refused", 2, 1)


def test_the_next_address_is_tried(base: Path, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    _resolver(monkeypatch, [["127.0.0.9", "127.0.0.1"]])
    allowed = Limits(allow_private=server.allowed("card.test"))
    assert look(server.url("/card", "card.test"), base=base, now=NOW, limits=allowed).status == "ok"
