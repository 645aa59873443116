"""What every source must do, and what look_all does with many documents."""

from __future__ import annotations

import asyncio
import hashlib
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from document_cases import CASES, NOW, Looker
from document_server import CARD, Server

from tasks.documents import Limits, Watched, look, look_all
from tasks.sources import BY_SCHEME, SOURCES
from tasks.sources.look import Source, without_userinfo

SENTENCE = re.compile(r".+[;:] .+[.\w]$", re.DOTALL)
every_source = pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)


@every_source
def test_a_source_has_a_case_that_works(source: Source, base: Path, server: Server, see: Looker) -> None:
    case = CASES[source.name](base, server)
    found = see(case.locator)
    assert (found.status, found.error) == ("ok", None)
    assert found.modified == case.modified
    assert found.effective == case.effective
    assert found.at == NOW
    assert found.size
    assert re.fullmatch("[0-9a-f]{64}", found.sha256 or "")


@every_source
def test_a_source_tells_when_the_document_is_gone(source: Source, base: Path, server: Server, see: Looker) -> None:
    found = see(CASES[source.name](base, server).gone)
    assert found.status == "missing"
    assert found.sha256 is None
    assert SENTENCE.match(found.error or "")


@every_source
def test_a_source_refuses_a_document_over_the_limit(source: Source, base: Path, server: Server, see: Looker) -> None:
    found = see(CASES[source.name](base, server).locator, max_bytes=5)
    assert found.status == "error"
    assert "larger than 5 bytes" in (found.error or "")


@every_source
def test_a_source_ends_at_the_deadline(source: Source, base: Path, server: Server, see: Looker) -> None:
    assert see(CASES[source.name](base, server).locator, seconds=0).status == "timeout"


def test_no_scheme_is_claimed_twice_and_no_case_is_left_over() -> None:
    assert sum(len(source.schemes) for source in SOURCES) == len(BY_SCHEME)
    assert set(CASES) == {source.name for source in SOURCES}


@pytest.mark.parametrize(
    "locator", ["javascript:alert(1)", "data:text/plain,x", "ftp://h/x", "local:///etc/passwd", "JavaScript:x"]
)
def test_other_schemes_are_refused(locator: str, see: Looker) -> None:
    assert see(locator).status == "refused"


def test_a_name_with_a_colon_can_be_given_as_a_path(base: Path, see: Looker) -> None:
    (base / "notes: card.md").write_bytes(CARD)
    assert see("notes: card.md").status == "refused"
    assert see("./notes: card.md").sha256 == hashlib.sha256(CARD).hexdigest()


def test_now_needs_a_zone(base: Path) -> None:
    with pytest.raises(ValueError, match="zone"):
        look("x", base=base, now=datetime(2026, 1, 1))


def test_a_look_is_at_the_time_given_in_utc(base: Path) -> None:
    tokyo = datetime.fromisoformat("2026-06-01T09:00:00+09:00")
    assert look("x", base=base, now=tokyo).at == datetime(2026, 6, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://ann:secret@h/x?a@b", "https://***@h/x?a@b"),
        ("https://ann:se/cret@h/x", "https://***@h/x"),
        ("  https://ann:secret@h/x", "  https://***@h/x"),
        ("sftp://ann:se@cret@h:22/x", "sftp://***@h:22/x"),
        ("https://h/@ann/card", "https://h/@ann/card"),
        ("https://h:8080/@ann/card", "https://h:8080/@ann/card"),
        ("https://[::1]/@ann/card", "https://[::1]/@ann/card"),
        ("git+file:r//card.md@main", "git+file:r//card.md@main"),
        ("docs/ann@x.md", "docs/ann@x.md"),
    ],
)
def test_names_and_passwords_are_not_kept(given: str, kept: str) -> None:
    assert without_userinfo(given) == kept


def test_many_documents_come_back_in_order_whatever_some_of_them_do(base: Path, server: Server, limits: Limits) -> None:
    (base / "card.md").write_bytes(CARD)
    places = {
        "card.md": "ok",
        server.url("/hang"): "timeout",
        "../../etc/passwd": "refused",
        server.url("/status/500"): "error",
        server.url("/trickle"): "timeout",
        "none.md": "missing",
        server.url("/loop/0"): "error",
        server.url("/card"): "ok",
        "http://10.0.0.1/x": "refused",
        "\udcff\ud800": "refused",
    }
    looks = asyncio.run(
        look_all(
            [Watched(locator=place) for place in places],
            base=base,
            now=NOW,
            limits=replace(limits, seconds=1.0, per_host=8),
            concurrency=8,
        )
    )
    assert [(one.locator, one.status) for one in looks] == list(places.items())


def _meet(base: Path, server: Server, limits: Limits, concurrency: int) -> int:
    watched = [Watched(locator=server.url("/meet")) for _ in range(8)]
    looks = asyncio.run(look_all(watched, base=base, now=NOW, limits=limits, concurrency=concurrency))
    assert {one.status for one in looks} == {"ok"}
    return server.most_busy


def test_one_server_is_asked_by_two_at_a_time(base: Path, server: Server, limits: Limits) -> None:
    assert _meet(base, server, replace(limits, per_host=2), concurrency=8) == 2


def test_no_more_than_asked_run_at_once(base: Path, server: Server, limits: Limits) -> None:
    assert _meet(base, server, replace(limits, per_host=8), concurrency=2) == 2


def test_a_busy_server_does_not_hold_up_the_others(base: Path, server: Server, limits: Limits) -> None:
    (base / "card.md").write_bytes(CARD)
    watched = [Watched(locator=server.url("/hang")) for _ in range(5)] + [Watched(locator="card.md")]
    ended: list[str] = []

    async def watch() -> None:
        looks = await look_all(
            watched, base=base, now=NOW, limits=replace(limits, seconds=0.3, per_host=1), concurrency=2
        )
        ended.extend(one.status for one in looks)

    asyncio.run(watch())
    assert ended == ["timeout"] * 5 + ["ok"]
