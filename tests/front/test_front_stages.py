"""`do`, `check`, `act`, `review`, `status`: their JSON, their dry runs, their clocks, and doing them twice."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from front_cli import CYCLE, MORNING, fingerprint, good, head, query, refused, status

LAST_DAY = "2026-12-23T04:00+09:00"
RESULTS = {"satisfied", "not-satisfied", "not-applicable", "risk-accepted"}
STAGES = ("do", "check", "act", "review")


@pytest.fixture(scope="module")
def found(asked_home: Path) -> Any:
    return status(asked_home)


def test_status_has_the_documented_keys(found: Any) -> None:
    promised = ["cycle", "stage", "as_of", "counts", "results", "requests", "actions"]
    assert [key for key in found if key in promised] == promised
    assert set(found) - set(promised) == {"lapses", "expiring", "acceptances", "findings"}
    assert (found["cycle"], found["stage"]) == (CYCLE, "do")
    row = ["system", "framework", "control", "result", "reasons", "valid_until"]
    assert all(list(result) == row for result in found["results"])
    # `assignee` says who is asked now, which differs from the owner once a request was handed on.
    row = ["id", "system", "evidence_kind", "owner", "assignee", "state", "due", "next_at", "panel"]
    assert all(list(request) == row for request in found["requests"])
    assert found["actions"]


def test_every_system_and_control_has_one_result_with_its_reasons(found: Any, asked_home: Path) -> None:
    places = Counter((row["system"], row["framework"], row["control"]) for row in found["results"])
    assert set(places.values()) == {1}
    assert {row["result"] for row in found["results"]} <= RESULTS
    assert [row for row in found["results"] if not row["reasons"]] == []
    systems = {system for system, _, _ in places}
    assert len(systems) == 12
    # Whatever the catalogues ask of a system in its roles is there: the record's own account of it.
    assert len(places) == query(asked_home, "SELECT count(*) FROM assessment")[0][0]
    nist = {control for _, framework, control in places if framework == "nist-ai-rmf"}
    assert len(nist) == 72


def test_counts_are_the_rows_counted(found: Any) -> None:
    counts = found["counts"]
    assert counts["results"] == dict(Counter(row["result"] for row in found["results"]))
    assert counts["requests"] == dict(Counter(row["state"] for row in found["requests"]))
    assert counts["actions"] == dict(Counter(row["state"] for row in found["actions"]))


def test_each_lapse_has_exactly_one_open_action(found: Any, asked_home: Path) -> None:
    lapses = query(
        asked_home,
        "SELECT lapse.id, count(action.id) FROM lapse LEFT JOIN action ON action.lapse_id = lapse.id"
        " AND action.closed_at IS NULL WHERE lapse.recovered_at IS NULL GROUP BY lapse.id",
    )
    assert len(lapses) == found["counts"]["lapses"] > 0
    assert {count for _, count in lapses} == {1}


@pytest.mark.parametrize("stage", STAGES)
def test_dry_run_changes_nothing(stage: str, asked: Path) -> None:
    before = fingerprint(asked)
    shown = good(asked, stage, "--dry-run", "--json", "--as-of", LAST_DAY).json
    assert shown["dry_run"] is True
    assert fingerprint(asked) == before


def test_dry_run_shows_what_then_happens(asked: Path) -> None:
    later = "2026-10-27T09:00+09:00"
    would, did = (good(asked, "do", "--json", "--as-of", later, *dry).json for dry in (("--dry-run",), ()))
    assert would["reminded"] > 0
    names = ("asked", "reminded", "escalated", "deferred")
    assert [would[name] for name in names] == [did[name] for name in names]


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_again_changes_nothing(stage: str, asked: Path) -> None:
    good(asked, stage, "--as-of", MORNING)
    before, entries = status(asked), head(asked)
    good(asked, stage, "--as-of", MORNING)
    assert head(asked) == entries
    assert {**status(asked), "as_of": ""} == {**before, "as_of": ""}


def test_checking_and_acting_again_opens_nothing_twice(asked: Path) -> None:
    actions = status(asked)["actions"]
    checked = good(asked, "check", "--json", "--as-of", MORNING).json["cycles"][CYCLE]
    assert (checked["results"], checked["lapsed"], checked["recovered"]) == (0, [], [])
    acted = good(asked, "act", "--json", "--as-of", MORNING).json["cycles"][CYCLE]
    assert (acted["opened"], acted["reopened"]) == (0, 0)
    assert status(asked)["actions"] == actions


@pytest.mark.parametrize(
    ("stage", "keys"),
    [
        ("do", {"dry_run", "asked", "reminded", "escalated", "deferred", "orphaned", "delivered"}),
        ("check", {"dry_run", "documents", "cycles"}),
        ("act", {"dry_run", "cycles"}),
        ("review", {"dry_run", "cycles"}),
    ],
)
def test_json_of_each_stage(stage: str, keys: set[str], asked: Path) -> None:
    shown = good(asked, stage, "--json", "--as-of", MORNING).json
    assert keys <= set(shown)
    assert good(asked, stage, "--as-of", MORNING).out.strip()


def test_a_gate_that_does_not_open_says_why(asked: Path) -> None:
    closing = good(asked, "review", "--json", "--as-of", LAST_DAY).json["cycles"][CYCLE]
    assert closing["closed"] is False
    assert closing["reasons"]
    assert not (asked / "packs").exists()


def test_status_as_of_another_day_is_judged_anew_and_written_nowhere(asked: Path) -> None:
    before = fingerprint(asked)
    now, later = status(asked), status(asked, "--as-of", "2027-12-01")
    assert later["as_of"] == "2027-12-01T00:00:00+00:00"
    assert later["counts"]["results"]["not-satisfied"] > now["counts"]["results"]["not-satisfied"]
    assert fingerprint(asked) == before


def test_status_as_a_table(asked_home: Path) -> None:
    said = good(asked_home, "status").out
    assert "not-satisfied" in said
    assert "credit-scoring" in said
    assert len(good(asked_home, "status", "--all").out) > len(said)


@pytest.mark.parametrize(
    "arguments", [(name,) for name in ("plan", "do", "check", "act", "review", "status", "simulate")]
)
@pytest.mark.parametrize("time", ["yesterday", "2026-02-30", "2026-10-16T25:00"])
def test_a_time_that_is_none(arguments: tuple[str, ...], time: str, asked_home: Path) -> None:
    said = refused(asked_home, *arguments, "--as-of", time)
    assert f"'{time}' is not a time" in said
    assert "2026-11-02" in said


def test_a_date_alone_is_its_start_in_utc_and_a_zone_is_kept(asked_home: Path) -> None:
    shown = [
        status(asked_home, "--as-of", time)["as_of"]
        for time in ("2026-11-02", "2026-11-02T09:00+09:00", "2026-11-02T09:00Z")
    ]
    assert shown == ["2026-11-02T00:00:00+00:00", "2026-11-02T00:00:00+00:00", "2026-11-02T09:00:00+00:00"]


def test_json_is_one_document_with_japanese_as_it_is(asked_home: Path) -> None:
    said = good(asked_home, "plan", "--cycle", CYCLE, "--preview", "--json", "--as-of", MORNING).out
    json.loads(said)
    assert "山本" in said
