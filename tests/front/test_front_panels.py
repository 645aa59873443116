"""`hoshin panel`, and votes given at a terminal."""

from pathlib import Path

import pytest
from front_cli import CYCLE, MORNING, NIGHT, PLANNED, good, hoshin, query, refused, status

SUBMITTED = "2026-10-16T10:00+09:00"
VOTED = "2026-10-19T10:00+09:00"
OVER = "2026-10-26T10:00+09:00"
PAIR = ("bennett", "site-selection", "risk-assessment")


@pytest.fixture(scope="module")
def panelled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose risk assessments go before both reviewers; one was handed in."""
    home = tmp_path_factory.mktemp("panel") / "home"
    good(home, "init")
    policy = home / "programme" / "policy.yaml"
    rule = "  quorum: [{kinds: [risk-assessment], preset: 2-of-2}]\nacting:"
    policy.write_text(policy.read_text(encoding="utf-8").replace("acting:", rule, 1), encoding="utf-8")
    good(home, "plan", "--as-of", PLANNED, "--approve", "sato")
    good(home, "check", "--as-of", NIGHT)
    good(home, "do", "--as-of", MORNING)
    rows = {(row["owner"], row["system"], row["evidence_kind"]): row["id"] for row in status(home)["requests"]}
    given = ("--link", "https://wiki.example.com/ra", "--effective", "2026-10-12", "--as-of", SUBMITTED)
    good(home, "answer", str(rows[PAIR]), "--as", "bennett", *given)
    return home


def test_a_panel_is_blind_until_it_closes(panelled: Path) -> None:
    [(number,)] = query(panelled, "SELECT evidence_id FROM panel")
    evidence = f"E-{number}"
    before = good(panelled, "panel", evidence, "--json").json
    assert (before["state"], before["need"], before["of"]) == ("open", 2, 2)
    assert {row["person"] for row in before["members"]} == {"kobayashi", "okafor"}
    good(panelled, "answer", evidence, "--as", "okafor", "--abstain", "--as-of", VOTED)
    assert good(panelled, "panel", evidence, "--json").json == before, "nobody can tell that somebody has voted"
    [row] = [row for row in status(panelled, "--cycle", CYCLE)["requests"] if row["panel"]]
    assert row["panel"] == {name: before[name] for name in ("need", "of", "deadline", "state")}
    assert "Members" in good(panelled, "panel", evidence).out
    assert "final" in refused(panelled, "answer", evidence, "--as", "okafor", "--accept", "--as-of", VOTED)
    good(panelled, "do", "--as-of", OVER)
    after = good(panelled, "panel", evidence, "--json").json
    assert (after["state"], after["decider"]) == ("no-quorum", "sato")
    assert after["counts"] == {"accept": 0, "return": 0, "abstain": 1, "recuse": 0, "none": 1}
    shown = good(panelled, "panel", evidence).out
    assert "okafor  abstain" in shown


def test_what_is_no_panel_is_refused(panelled: Path) -> None:
    assert "No panel" in refused(panelled, "panel", "E-999")
    assert "E-5" in refused(panelled, "panel", "A-3")
    assert "--as LEAD" in refused(panelled, "panel", "E-1", "--anew", "On leave")
    assert hoshin(panelled, "panel", "E-1", "--without", "okafor").code == 2
