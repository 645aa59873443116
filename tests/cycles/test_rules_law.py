"""A time zone changed by law between planning and speaking: nobody is told in their quiet time, nothing is lost or doubled."""

import zoneinfo
from collections.abc import Iterator
from datetime import timedelta
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from rules_house import House, house, system
from rules_oracle import is_decent

from cycles.do import tick
from cycles.models import DeliveryItem, Person, Request

# Offsets far from Tokyo's +9: before, long after, and with a clock change inside the cycle.
LAWS = ("Asia/Kathmandu", "Pacific/Kiritimati", "America/New_York", "Australia/Lord_Howe")


@pytest.fixture(params=LAWS)
def new_law(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    """Called, it puts a time zone database in force in which Tokyo keeps another zone's time."""
    before = zoneinfo.TZPATH
    (tmp_path / "tz" / "Asia").mkdir(parents=True)

    def enact() -> None:
        (tmp_path / "tz" / "Asia" / "Tokyo").write_bytes(_zone(request.param))
        _read_anew([str(tmp_path / "tz"), *before])

    yield enact
    _read_anew(before)


def _zone(name: str) -> bytes:
    for folder in zoneinfo.TZPATH:
        if (path := Path(folder) / name).is_file():
            return path.read_bytes()
    area, place = name.split("/")
    return (resources.files("tzdata") / "zoneinfo" / area / place).read_bytes()


def _read_anew(path: Any) -> None:
    zoneinfo.reset_tzpath(to=list(path))
    zoneinfo.ZoneInfo.clear_cache()


def test_what_was_planned_under_the_old_law_is_asked_once_in_decent_hours_of_the_new(
    new_sqlite: Any, new_law: Any
) -> None:
    built = house(new_sqlite(), system("scoring", risk_tier="high"), system("chat", "other"))
    built.on("2026-10-15", 20).turn(tick)
    planned = {row.id: row.next_at for row in built.rows(Request)}
    new_law()
    for _ in range(5 * 24 * 4):
        built.now += timedelta(minutes=15)
        built.turn(tick)
        _nobody_is_disturbed(built)
    assert {row.state for row in built.rows(Request)} == {"asked"}
    assert len(planned) == len(built.rows(Request))
    asks = {delivery.id for delivery in built.deliveries("digest")}
    told = [item.subject_id for item in built.rows(DeliveryItem) if item.delivery_id in asks]
    assert sorted(told) == sorted(planned), "each was asked once"


def _nobody_is_disturbed(built: House) -> None:
    people = {person.id: person for person in built.rows(Person)}
    for row in built.deliveries("digest", "reminder", "escalation"):
        if row.created_at == built.now:
            assert is_decent(people[row.person_id], [], row.created_at)
