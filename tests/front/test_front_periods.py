"""`hoshin periods`, and the schedules of a programme whose cycles are not quarters."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from front_cli import good, refused

ANCHOR = ("periods", "--anchor", "2026-11-30")
QUARTERLY = (*ANCHOR, "--every", "3m")


def test_the_next_dates_are_shown_by_the_rule_and_moved_to_workdays(tmp_path: Path) -> None:
    more = ("--count", "3", "--adjust", "next-business-day", "--country", "JP", "--closed", "08-29/08-31", "--json")
    found = good(tmp_path, *QUARTERLY, *more).json
    assert (found["anchor"], found["every"], found["adjust"]) == ("2026-11-30", "3m", "next-business-day")
    assert found["dates"] == [
        {"nominal": "2027-02-28", "date": "2027-03-01", "adjusted": True},
        {"nominal": "2027-05-30", "date": "2027-05-31", "adjusted": True},
        {"nominal": "2027-08-30", "date": "2027-09-01", "adjusted": True},
    ]
    assert list(tmp_path.iterdir()) == []


def test_dates_are_skipped_and_added(tmp_path: Path) -> None:
    more = ("--count", "4", "--skip", "2027-02-28", "--also", "2027-01-15", "--also", "2027-06-01", "--json")
    found = good(tmp_path, *QUARTERLY, *more).json["dates"]
    assert [each["date"] for each in found] == ["2027-01-15", "2027-05-30", "2027-06-01", "2027-08-30"]


def test_the_table_names_weekdays_and_what_was_moved(tmp_path: Path) -> None:
    shown = good(tmp_path, *ANCHOR, "--every", "1y", "--nth", "last friday", "--count", "2").out
    assert "After 2026-11-30 Mon" in shown
    assert shown.splitlines()[-1].split() == ["2", "2028-11-24", "2028-11-24", "Fri"]
    moved = good(tmp_path, *QUARTERLY, "--count", "1", "--adjust", "previous-business-day", "--country", "GB").out
    assert moved.splitlines()[-1].split() == ["1", "2027-02-28", "2027-02-26", "Fri", "moved"]


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (("--anchor", "2026-11-31"), "--anchor: '2026-11-31' is not a date"),
        (("--every", "3q"), "--every: '3q' is no step"),
        (("--nth", "2nd tue"), "--nth: '2nd tue'"),
        (("--every", "2w", "--nth", "2nd tuesday"), "--nth: .* months"),
        (("--skip", "2027-03-01"), "--skip: 2027-03-01 is no date of this sequence"),
        (("--also", "soon"), "--also: 'soon' is not a date"),
        (("--adjust", "sometimes"), "--adjust: 'sometimes' is not known"),
        (("--adjust", "next-business-day"), "--adjust: .*Add --country"),
        (("--country", "ZZ"), "--country: 'ZZ'"),
        (("--country", "registry"), "--country: 'registry'"),
        (("--closed", "12-29/01-03"), "--closed: goes with --country"),
        (("--country", "JP", "--closed", "12-29"), "--closed: .*MM-DD/MM-DD"),
        (("--count", "0"), "--count: 0 is not from 1 to 1000"),
        (("--every", "10y", "--count", "40"), "--count: only 17 dates"),
    ],
)
def test_what_cannot_be_meant_is_refused(more: tuple[str, ...], says: str, tmp_path: Path) -> None:
    assert re.search(says, refused(tmp_path, *QUARTERLY, *more))


def test_it_needs_neither_prefect_nor_the_record() -> None:
    code = (
        "import sys; from hoshin.cli import app\n"
        "app(['periods', '--anchor', '2026-11-30', '--every', '3m', '--adjust', 'next-business-day', '--country', 'JP'],"
        " standalone_mode=False)\n"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert not {"prefect", "sqlmodel", "sqlalchemy", "alembic"} & set(done.stdout.splitlines()[-1].split())


@pytest.mark.parametrize(
    ("cycle", "months"),
    [("quarterly", "1,4,7,10"), ("half-yearly", "4,10"), ("yearly", "4"), ("monthly", "1,2,3,4,5,6,7,8,9,10,11,12")],
)
def test_the_schedule_of_plan_follows_the_length_of_a_cycle(cycle: str, months: str, tmp_path: Path) -> None:
    good(tmp_path, "init")
    path = tmp_path / "programme" / "programme.yaml"
    path.write_text(f"{path.read_text(encoding='utf-8')}\ncycle: {cycle}\n", encoding="utf-8")
    assert f"export HOSHIN_CYCLE_MONTHS={months}\n" in good(tmp_path, "doctor", "--environment").out
    if cycle == "monthly":
        good(tmp_path, "sync")
        listed = good(tmp_path, "plan", "--as-of", "2026-10-01T09:00+09:00", "--preview", "--json").json
        assert listed["cycle"] == "FY2026-M07"
