"""Documents on the web: what is asked, what the answers become, and where no request may go."""

from __future__ import annotations

import hashlib
import logging
import socket
import threading
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from document_cases import Looker
from document_server import CARD, ETAG, Server

from tasks.documents import Look

DIGEST = hashlib.sha256(CARD).hexdigest()


def test_the_second_look_is_conditional(see: Looker, server: Server) -> None:
    first = see(server.url("/card"))
    second = see(server.url("/card"), previous=first)
    third = see(server.url("/card"), previous=second)
    assert (first.status, first.sha256, first.etag) == ("ok", DIGEST, ETAG)
    assert server.seen[1][1]["if-none-match"] == ETAG
    assert second == third == replace(first, status="unchanged")


def test_a_date_alone_makes_a_look_conditional(see: Looker, server: Server) -> None:
    first = see(server.url("/dated"))
    assert see(server.url("/dated"), previous=first).status == "unchanged"


def test_a_look_elsewhere_or_in_vain_is_no_condition(see: Looker, server: Server) -> None:
    first = see(server.url("/card"))
    for previous in (
        replace(first, locator=server.url("/other")),
        replace(first, status="error", sha256=None),
        replace(first, etag='"x"\r\nX-Evil: 1', modified=None),
    ):
        assert see(server.url("/card"), previous=previous).status == "ok"
    assert all("if-none-match" not in headers and "x-evil" not in headers for _, headers in server.seen)


def test_unchanged_without_being_asked_is_an_error(see: Looker, server: Server) -> None:
    assert see(server.url("/always_304")).status == "error"


@pytest.mark.parametrize(
    ("code", "status"),
    [
        (401, "refused"),
        (403, "refused"),
        (404, "missing"),
        (410, "missing"),
        (429, "error"),
        (451, "refused"),
        (500, "error"),
        (503, "error"),
        (204, "error"),
        (206, "error"),
        (300, "error"),
        (418, "error"),
    ],
)
def test_answers_that_are_no_document(code: int, status: str, see: Looker, server: Server) -> None:
    found = see(server.url(f"/status/{code}"))
    assert (found.status, found.sha256) == (status, None)
    assert str(code) in (found.error or "")
    assert ";" in (found.error or "")


@pytest.mark.parametrize("route", ["hang", "trickle", "trickle_headers"])
def test_the_deadline_is_total(route: str, see: Looker, server: Server) -> None:
    found = see(server.url(f"/{route}"), seconds=0.3)
    assert (found.status, "0.3 s" in (found.error or "")) == ("timeout", True)
    for thread in [one for one in threading.enumerate() if one.name == "look"]:
        thread.join(5)  # the look itself ended, it was not left behind
        assert not thread.is_alive()


def test_a_server_that_never_speaks_tls(see: Looker) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        name = f"127.0.0.1:{mute.getsockname()[1]}"
        found = see(f"https://{name}/x", seconds=0.3, allow_private=frozenset({name}))
    assert found.status == "timeout"


def test_redirects_end_after_five(see: Looker, server: Server) -> None:
    assert see(server.url("/hops/5")).status == "ok"
    assert "more than 5 times" in (see(server.url("/hops/6")).error or "")
    server.seen.clear()
    assert see(server.url("/loop/0")).status == "error"
    assert len(server.seen) == 6


@pytest.mark.parametrize(
    "place",
    [
        "file:///etc/passwd",
        "ftp://127.0.0.1/x",
        "javascript:alert(1)",
        "data:text/plain,x",
        "gopher://h/x",
        "http://169.254.169.254/latest/meta-data",
        "http://127.0.0.1:1/x",
        "http://[::1]:1/",
        "//10.1.2.3/x",
        "http://h:99999/x",
        "/login?next=card",
        "/adfs/ls",
        "/oauth2/v2/authorize",
    ],
)
def test_redirects_that_are_not_followed(place: str, see: Looker, server: Server) -> None:
    found = see(server.url(f"/to?{place}"))
    assert found.status == "refused", found
    assert len(server.seen) == 1


def test_a_redirect_to_what_is_no_url(see: Looker, server: Server) -> None:
    assert see(server.url("/to?http://[::zz]/")).status in ("error", "refused")


@pytest.mark.parametrize("route", ["large", "announced", "bomb"])
def test_large_bodies_are_cut_off(route: str, see: Looker, server: Server) -> None:
    found = see(server.url(f"/{route}"), max_bytes=1_000_000)
    assert (found.status, "larger than 1000000 bytes" in (found.error or "")) == ("error", True)


def test_the_decoded_document_is_what_counts(see: Looker, server: Server) -> None:
    assert see(server.url("/gzipped")).sha256 == DIGEST
    assert see(server.url("/bomb")).size == 20_000_000


@pytest.mark.parametrize("route", ["nested", "cut_gzip", "not_gzip", "cut", "noise"])
def test_broken_bodies_are_errors(route: str, see: Looker, server: Server) -> None:
    found = see(server.url(f"/{route}"))
    assert (found.status, found.sha256) == ("error", None)


def test_a_date_that_cannot_be_is_none(see: Looker, server: Server) -> None:
    found = see(server.url("/odd_dates"))
    assert (found.status, found.modified) == ("ok", None)


def test_the_charset_of_the_server_is_used(see: Looker, server: Server) -> None:
    assert see(server.url("/sjis")).effective == date(2026, 4, 1)


def test_nobody_listens(see: Looker, server: Server) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closing:
        name = f"127.0.0.1:{closing.getsockname()[1]}"
    found = see(f"http://{name}/x", allow_private=frozenset({name}))
    assert (found.status, "takes no connections" in (found.error or "")) == ("error", True)


def test_passwords_are_sent_to_their_server_and_shown_to_nobody(
    see: Looker, server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    userinfo = "ann:s3cret@"
    seen: list[Look] = [
        see(server.url(path, userinfo=userinfo), **changed)
        for path, changed in (
            ("/card", {}),
            ("/status/401", {}),
            ("/hops/6", {}),
            ("/cut", {}),
            ("/hang", {"seconds": 0.3}),
            ("/card", {"allow_private": frozenset()}),
        )
    ]
    assert seen[0].status == "ok"
    assert server.seen[0][1]["authorization"].startswith("Basic ")
    assert "s3cret" not in repr(seen)
    assert "s3cret" not in caplog.text
    assert see(server.url("/card", userinfo=userinfo), previous=seen[0]).status == "unchanged"
    assert "s3cret" not in repr(see("http://ann:s3cret@h:pw/x")) + repr(see("http://ann:s3/cret@h/x"))


def test_passwords_do_not_follow_a_redirect_elsewhere(see: Looker, server: Server) -> None:
    other = Server()
    try:
        place = server.url(f"/to?{other.url('/card', userinfo='eve:x@')}", userinfo="ann:s3cret@")
        assert see(place, allow_private=server.allowed() | other.allowed()).status == "ok"
        assert "authorization" in server.seen[0][1]
        assert "authorization" not in other.seen[0][1]
    finally:
        other.close()


def test_queries_are_not_repeated_in_sentences(see: Looker, server: Server) -> None:
    assert "t0ken" not in (see(server.url("/status/403?sig=t0ken")).error or "t0ken")


def test_a_certificate_of_an_authority_in_policy(secure: Server, certificate: Path, see: Looker) -> None:
    allowed = secure.allowed("localhost")
    found = see(secure.url("/card", "localhost"), allow_private=allowed, ca_file=certificate)
    assert (found.status, found.sha256) == ("ok", DIGEST)
    assert secure.seen[0][1]["host"] == f"localhost:{secure.port}"


def test_certificates_that_do_not_hold(secure: Server, certificate: Path, see: Looker) -> None:
    allowed = secure.allowed("localhost")
    stranger = see(secure.url("/card", "localhost"), allow_private=allowed)
    misnamed = see(secure.url("/card", "127.0.0.1"), allow_private=allowed, ca_file=certificate)
    for found in (stranger, misnamed):
        assert (found.status, "certificate" in (found.error or "")) == ("error", True), found
    assert not secure.seen


def test_a_step_down_from_https(secure: Server, server: Server, certificate: Path, see: Looker) -> None:
    allowed = secure.allowed("localhost") | server.allowed()
    place = secure.url(f"/to?{server.url('/card')}", "localhost")
    found = see(place, allow_private=allowed, ca_file=certificate)
    assert (found.status, "unprotected" in (found.error or "")) == ("refused", True)
    assert not server.seen


def test_plain_http_where_tls_is_spoken_and_the_reverse(secure: Server, server: Server, see: Looker) -> None:
    allowed = secure.allowed() | server.allowed()
    for place in (secure.url("/card").replace("https", "http"), server.url("/card").replace("http", "https")):
        found = see(place, allow_private=allowed, seconds=5)
        assert (found.status, ";" in (found.error or "")) == ("error", True), found


def test_an_authority_file_that_is_none(see: Looker, server: Server, tmp_path: Path) -> None:
    found = see(server.url("/card"), ca_file=tmp_path / "none.pem")
    assert (found.status, "ca_file" in (found.error or "")) == ("error", True)


@pytest.mark.parametrize("url", ["http://", "http:///x", "http://h:0/", "http://h:99999/", "https://[::zz]/", "http:x"])
def test_urls_that_are_none(url: str, see: Looker) -> None:
    assert see(url).status == "refused"


def test_a_proxy_of_the_environment_is_not_used(see: Looker, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    assert see(server.url("/card")).status == "ok"


def test_times_are_utc(see: Looker, server: Server) -> None:
    assert see(server.url("/card")).modified == datetime(2026, 4, 1, 9, tzinfo=UTC)
