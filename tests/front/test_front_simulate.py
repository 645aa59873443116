"""`hoshin simulate`: the coming weeks on a copy, with every message at an hour its reader works."""

import itertools
import re
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import holidays
import pytest
import yaml
from front_cli import CYCLE, MORNING, PLANNED, fingerprint, good, hoshin

from hoshin.timeline import story

KEYS = ["from", "to", "messages", "lapses", "recoveries", "actions", "refused"]
MESSAGE = ["at", "person", "zone", "kind", "rung", "requests"]
LOADS = ("Messages per person", "Messages per week")
DAYS = ("simulate", "--days", "21", "--json", "--as-of", MORNING)


@pytest.fixture(scope="module")
def silent(asked_home: Path) -> Any:
    """Three weeks in which nobody answers."""
    before = fingerprint(asked_home)
    told = good(asked_home, *DAYS).json
    assert fingerprint(asked_home) == before, "a simulation wrote something"
    return told


def test_shape(silent: Any) -> None:
    assert list(silent) == KEYS
    assert silent["from"] == "2026-10-16T00:30:00+00:00"
    assert silent["to"] == "2026-11-06T00:30:00+00:00"
    assert all(list(row) == MESSAGE for row in silent["messages"])
    times = [row["at"] for row in silent["messages"]]
    assert times == sorted(times)
    assert silent["refused"] == []


def test_silence_climbs_the_ladder(silent: Any) -> None:
    kinds = {row["kind"] for row in silent["messages"]}
    assert {"digest", "reminder"} <= kinds
    assert max(row["rung"] for row in silent["messages"]) >= 3


def test_no_message_outside_anybodys_hours(silent: Any, asked_home: Path) -> None:
    people = yaml.safe_load((asked_home / "programme" / "people.yaml").read_text("utf-8"))["people"]
    by_key = {row["key"]: row for row in people}
    assert len(silent["messages"]) > 30
    assert [row for row in silent["messages"] if not decent(row, by_key[row["person"]])] == []


def decent(message: Any, reader: Any) -> bool:
    """A second opinion on quiet hours, straight from the programme's file."""
    local = datetime.fromisoformat(message["at"]).astimezone(ZoneInfo(reader["zone"]))
    opens, _, closes = reader.get("hours", "09:00-18:00").partition("-")
    country, _, region = reader["country"].partition("-")
    off = holidays.country_holidays(country, subdiv=region or None, years=local.year)
    away = any(day(leave["from"]) <= local.date() <= day(leave["to"]) for leave in reader.get("leave", ()))
    return opens <= f"{local:%H:%M}" < closes and local.weekday() < 5 and local.date() not in off and not away


def day(value: date | str) -> date:
    return value if isinstance(value, date) else date.fromisoformat(value)


def test_the_same_seed_gives_the_same_course_and_people_answer(asked_home: Path) -> None:
    file = str(asked_home / "programme" / "behaviour.yaml")
    before = fingerprint(asked_home)
    days = ("simulate", "--days", "6", "--json", "--as-of", MORNING)
    one, two = (good(asked_home, *days, "--behaviour", file, "--seed", "3").json for _ in range(2))
    assert one == two
    assert {row["kind"] for row in one["messages"]} >= {"digest", "review"}
    assert fingerprint(asked_home) == before


def test_told_day_by_day(silent: Any) -> None:
    lines = list(story(silent))
    spoken = [line for line in lines if re.match(r"  \d\d:\d\d  ", line)]
    assert len(spoken) == len(silent["messages"])
    first = silent["messages"][0]
    local = datetime.fromisoformat(first["at"]).astimezone(ZoneInfo(first["zone"]))
    heading = lines.index(f"\n{local:%a} {local.day} {local:%b %Y}")
    spoken_that_day = itertools.takewhile(lambda line: line in spoken, lines[heading + 1 :])
    assert any(line.startswith(f"  {local:%H:%M}  {first['person']} ") for line in spoken_that_day)
    assert sum(line.startswith("  lapse ") for line in lines) == len(silent["lapses"])
    assert sum(line.startswith("  action ") for line in lines) == len(silent["actions"])


def test_the_load_adds_up(silent: Any) -> None:
    lines = list(story(silent))
    people, weeks = (lines.index(next(line for line in lines if line.startswith(head))) for head in LOADS)
    for rows in (lines[people + 1 : weeks - 1], lines[weeks + 1 :]):
        assert sum(int(row.split()[1]) for row in rows) == len(silent["messages"])


def test_a_plan_nobody_approved_is_taken_for_approved(tmp_path: Path) -> None:
    good(tmp_path, "init")
    good(tmp_path, "plan", "--cycle", CYCLE, "--as-of", PLANNED)
    told = good(tmp_path, "simulate", "--days", "17", "--as-of", PLANNED, "--json").json
    assert "digest" in {row["kind"] for row in told["messages"]}
    assert good(tmp_path, "simulate", "--days", "2", "--as-of", PLANNED).out.startswith("From 2026-10-01")


@pytest.mark.parametrize("days", ["0", "-1", "4000", "soon"])
def test_days_that_are_none(days: str, asked_home: Path) -> None:
    done = hoshin(asked_home, "simulate", "--days", days)
    assert done.code == 2
    assert "--days" in done.err
    assert "Traceback" not in done.err


def test_a_behaviour_that_is_not_there(asked_home: Path, tmp_path: Path) -> None:
    done = hoshin(asked_home, "simulate", "--behaviour", str(tmp_path))
    assert done.code == 2
    assert "behaviour.yaml" in done.err
