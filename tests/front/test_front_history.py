"""`status --as-of`, `incident`, `anchor`, `verify`, `diff` as a person gives them."""

import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest
from front_cli import CYCLE, NIGHT, fingerprint, good, hoshin, refused, status

EARLY = "2026-10-02T00:00+09:00"


def test_a_past_moment_is_told_and_nothing_is_written(asked: Path) -> None:
    now, before = status(asked), fingerprint(asked)
    found = good(asked, "status", "--json", "--known-at", NIGHT).json
    assert found["results"] == now["results"]
    assert found["as_of"] == found["known_at"] == "2026-10-15T18:00:00+00:00"
    assert set(found["scope"]) == {"results", "requests", "lapses", "actions"}
    early = good(asked, "status", "--json", "--as-of", EARLY).json
    assert early["lapses"], "noticed on the 16th, they had happened before"
    assert early["actions"] == []
    assert good(asked, "status", "--json", "--as-of", EARLY, "--known-at", EARLY).json["lapses"] == []
    assert {row["state"] for row in early["requests"]} == {"pending"}
    assert "known at" in good(asked, "status", "--as-of", EARLY).out
    assert fingerprint(asked) == before


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (("--as-of", "2020-01-01"), "no cycle was planned"),
        (("--as-of", EARLY, "--cycle", "FY2031-Q1"), "FY2031-Q1 was not planned"),
        (("--known-at", "soon"), "--known-at: 'soon' is not a time"),
    ],
)
def test_a_moment_nobody_can_answer_for_is_refused(given: tuple[str, ...], says: str, asked_home: Path) -> None:
    assert says in refused(asked_home, "status", *given)


def test_entries_cut_off_the_end_are_named_by_the_anchor(asked: Path, tmp_path: Path) -> None:
    file = tmp_path / "notes" / "anchors.txt"
    file.parent.mkdir()
    git = ["git", "-C", str(file.parent)]
    for step in (["init", "-q"], ["config", "user.name", "Anchor"], ["config", "user.email", "a@aozora.example"]):
        subprocess.run([*git, *step], check=True)
    anchored = good(asked, "anchor", "--json", HOSHIN_ANCHOR_FILE=str(file), HOSHIN_ANCHOR_GIT="1").json
    said = subprocess.run([*git, "log", "--format=%s"], check=True, capture_output=True, text=True).stdout
    assert said.strip() == f"Journal entry {anchored['seq']}: {anchored['hash']}"
    assert "1 anchor agrees" in good(asked, "verify", "--anchor", str(file)).out
    with closing(sqlite3.connect(asked / "hoshin.db")) as connection:
        connection.execute("DROP TRIGGER journal_refuses_delete")
        connection.execute("DELETE FROM journal WHERE seq > ?", (anchored["seq"] - 3,))
        connection.commit()
    good(asked, "verify")
    done = hoshin(asked, "verify", "--anchor", str(file))
    assert done.code == 1
    assert f"entries {anchored['seq'] - 2}–{anchored['seq']} are missing: the anchor of" in done.out


def test_an_incident_is_recorded_and_listed(asked: Path) -> None:
    given = ("--system", "credit-scoring", "--on", "2026-10-10", "--what", "It leaked.", "--as-of", "2026-10-17")
    assert good(asked, "incident", "add", *given, "--json").json["id"] == 1
    assert [row["system"] for row in good(asked, "incident", "list", "--json").json] == ["credit-scoring"]
    good(asked, "check", "--as-of", "2026-10-18")
    assert any("incident" in why for row in status(asked)["results"] for why in row["reasons"])
    assert "is not a date" in refused(asked, "incident", "add", *given[:3], "then", *given[4:])


def test_two_cycles_are_compared(asked: Path) -> None:
    assert "itself" in refused(asked, "diff", CYCLE)
    good(asked, "plan", "--cycle", "FY2026-Q4", "--approve", "sato", "--as-of", "2027-01-05")
    good(asked, "check", "--as-of", "2027-01-06")
    found = good(asked, "diff", CYCLE, "FY2026-Q4", "--json").json
    assert found["systems"] == {"added": [], "gone": []}
    assert all(row["before"] != row["after"] for row in found["results"])
    assert found["requests"]
    assert {row["last"]["state"] for row in found["requests"] if row["last"]} <= {"pending", "asked", "lapsed"}
    assert "Results that changed" in good(asked, "diff", CYCLE).out
