"""`hoshin demo --fast`: a whole cycle by itself, closed, published, and the same to the last hash whenever it is played.

`fast_demo.txt` holds what the play told when it was last looked at, so that every run on any machine is compared with
all others before it; `WRITE_SNAPSHOTS=1` rewrites it after a rule or the example has changed.
"""

import json
import os
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from whole_demo import Demo, hoshin, left_behind

pytestmark = [pytest.mark.server, pytest.mark.timeout(300)]
TOLD = Path(__file__).parent / "fast_demo.txt"


@dataclass(frozen=True, kw_only=True)
class Played:
    """A fast demo that has ended."""

    home: Path
    code: int
    said: str

    def line(self, name: str) -> str:
        found = re.search(rf"^{name} +(.+)$", self.said, re.M)
        assert found, self.said
        return found[1]


def play(home: Path) -> Played:
    demo = Demo(home, "--fast", "--seed", "7")
    try:
        code = demo.process.wait(280)
        demo._reader.join(10)
        return Played(home=home, code=code, said=demo.text)
    finally:
        demo.end()


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """One play on a fresh home."""
    return play(tmp_path_factory.mktemp("fast") / "home")


def test_it_ends_well_and_leaves_no_process(played: Played) -> None:
    assert played.code == 0, played.said
    assert "Traceback" not in played.said
    assert left_behind(played.home) == []


def test_the_same_seed_gives_the_same_journal(played: Played) -> None:
    assert re.fullmatch(r"\d+ entries, digest [0-9a-f]{64}", played.line("journal"))
    told = "".join(f"{name}: {played.line(name)}\n" for name in ("closed", "counts", "journal"))
    if os.environ.get("WRITE_SNAPSHOTS"):
        TOLD.write_text(told, "utf-8")
    assert told == TOLD.read_text("utf-8")


@pytest.mark.long
def test_two_plays_at_once_tell_the_same(tmp_path_factory: pytest.TempPathFactory, played: Played) -> None:
    homes = [tmp_path_factory.mktemp("fast") / "home" for _ in range(2)]
    with ThreadPoolExecutor(2) as two:
        others = list(two.map(play, homes))
    assert {other.line("journal") for other in others} == {played.line("journal")}


def test_the_record_verifies_and_the_cycle_is_closed(played: Played) -> None:
    found = json.loads(hoshin(played.home, "verify", "--json"))
    assert found["fault"] is None
    assert f"{found['entries']} entries, digest {found['head']}" == played.line("journal")
    status = json.loads(hoshin(played.home, "status", "--json"))
    assert status["stage"] == "closed"
    assert {row["state"] for row in status["requests"]} <= {"accepted", "excused", "lapsed"}


def test_the_scorecard_and_the_pack_are_there(played: Played) -> None:
    assert "artifact hoshin-scorecard" in played.line("score")
    packs = played.home / "packs"
    assert (packs / "FY2026-Q3-scorecard.svg").read_text("utf-8").lstrip().startswith("<svg")
    pack = json.loads((packs / "FY2026-Q3.json").read_text("utf-8"))
    assert (pack["cycle"], pack["stage"]) == ("FY2026-Q3", "closed")


def test_people_answered_forgot_snoozed_and_returned(played: Played) -> None:
    acts = {row[0] for row in _actions(played.home)}
    assert {
        "request.submitted",
        "request.confirmed",
        "request.snoozed",
        "request.delegated",
        "request.disputed",
        "request.returned",
        "request.accepted",
        "action.implemented",
        "action.effective",
        "cycle.closed",
    } <= acts


def _actions(home: Path) -> list[tuple[str]]:
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(home / "hoshin.db")) as record:
        return record.execute("SELECT DISTINCT action FROM journal").fetchall()
