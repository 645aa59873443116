"""`hoshin demo --fast`: a whole cycle by itself, closed, published, and the same to the last hash when played again."""

import json
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from whole_demo import Demo, hoshin, left_behind

pytestmark = [pytest.mark.server, pytest.mark.timeout(300)]


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
def both(tmp_path_factory: pytest.TempPathFactory) -> list[Played]:
    """The same seed on two fresh homes, at once."""
    homes = [tmp_path_factory.mktemp("fast") / "home" for _ in range(2)]
    with ThreadPoolExecutor(2) as two:
        return list(two.map(play, homes))


def test_it_ends_well_and_leaves_no_process(both: list[Played]) -> None:
    for played in both:
        assert played.code == 0, played.said
        assert "Traceback" not in played.said
        assert left_behind(played.home) == []


def test_the_same_seed_gives_the_same_journal(both: list[Played]) -> None:
    one, other = both
    assert re.fullmatch(r"\d+ entries, digest [0-9a-f]{64}", one.line("journal"))
    assert one.line("journal") == other.line("journal")
    assert one.line("closed") == other.line("closed")
    assert one.line("counts") == other.line("counts")


def test_the_record_verifies_and_the_cycle_is_closed(both: list[Played]) -> None:
    for played in both:
        found = json.loads(hoshin(played.home, "verify", "--json"))
        assert found["fault"] is None
        assert f"{found['entries']} entries, digest {found['head']}" == played.line("journal")
        status = json.loads(hoshin(played.home, "status", "--json"))
        assert status["stage"] == "closed"
        assert {row["state"] for row in status["requests"]} <= {"accepted", "excused", "lapsed"}


def test_the_scorecard_and_the_pack_are_there(both: list[Played]) -> None:
    for played in both:
        assert "artifact hoshin-scorecard" in played.line("score")
        packs = played.home / "packs"
        assert (packs / "FY2026-Q3-scorecard.svg").read_text("utf-8").lstrip().startswith("<svg")
        pack = json.loads((packs / "FY2026-Q3.json").read_text("utf-8"))
        assert (pack["cycle"], pack["stage"]) == ("FY2026-Q3", "closed")


def test_people_answered_forgot_snoozed_and_returned(both: list[Played]) -> None:
    acts = {row[0] for row in _actions(both[0].home)}
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
