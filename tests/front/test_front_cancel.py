"""`hoshin cancel`, and the note of `hoshin sync` about a policy changed under way."""

from pathlib import Path

import pytest
from front_cli import CYCLE, PLANNED, good, refused


@pytest.fixture
def under_way(tmp_path: Path) -> Path:
    home = tmp_path / "home"
    good(home, "init")
    good(home, "plan", "--as-of", PLANNED, "--approve", "sato")
    return home


def test_a_cycle_is_called_off_once_and_not_planned_again(under_way: Path) -> None:
    at = ("--as-of", "2026-10-05T10:00+09:00")
    off = ("cancel", "--cycle", CYCLE, "--reason", "a merger", *at)
    assert "lead" in refused(under_way, *off, "--as", "bennett")
    assert good(under_way, *off, "--as", "sato", "--json").json["changed"] is True
    assert good(under_way, *off, "--as", "sato", "--json").json["changed"] is False
    assert good(under_way, "status", "--cycle", CYCLE, "--json").json["stage"] == "cancelled"
    assert "plan the next one" in refused(under_way, "plan", "--cycle", CYCLE, *at)
    for stage in ("plan", "do", "check", "act", "review"):
        good(under_way, stage, *at)
    good(under_way, "verify")


def test_sync_says_that_a_cycle_keeps_its_policy(under_way: Path) -> None:
    policy = under_way / "programme" / "policy.yaml"
    text = policy.read_text(encoding="utf-8")
    policy.write_text(text.replace("approval: required", "approval: automatic"), encoding="utf-8")
    assert f"applies from the next cycle, {CYCLE} keeps its own" in good(under_way, "sync").out
