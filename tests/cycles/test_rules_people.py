"""Who is there and when: a person's own hours, and how long a leave is waited for."""

from datetime import UTC, date, datetime, timedelta

import pytest
from rules_house import house, people, system

from cycles.models import Person
from cycles.people import Directory
from cycles.policy import Policy
from cycles.store import Record

# Thursday 15 October 2026, 10:00 in Tokyo.
THURSDAY = datetime(2026, 10, 15, 1, 0, tzinfo=UTC)
PATIENCE = 3


def directory_of(record: Record, **owner: object) -> tuple[Directory, int]:
    built = house(record, system("scoring"), who=people(owner=owner))
    policy = Policy.model_validate({"asking": {"deputy_when_away_workdays": PATIENCE}})
    with record.read() as session:
        return Directory.load(session, policy), built.ids(Person)["owner"]


def test_a_day_begins_and_ends_as_the_person_says(record: Record) -> None:
    directory, owner = directory_of(record, zone="Asia/Tokyo", hours="13:30-15:00")
    hours = directory.hours(owner)
    at = {local: datetime(2026, 10, 15, *local, tzinfo=UTC) - timedelta(hours=9) for local in
          ((13, 29), (13, 30), (14, 59), (15, 0), (17, 0))}  # fmt: skip
    assert [hours.is_decent(at[local]) for local in at] == [False, True, True, False, False]


@pytest.mark.parametrize(("workdays", "waited_for"), [(PATIENCE - 1, True), (PATIENCE, True), (PATIENCE + 1, False)])
def test_a_leave_as_long_as_policy_waits_is_waited_for(workdays: int, waited_for: bool, record: Record) -> None:
    # From that Thursday on: Friday, Monday and Tuesday are the next three workdays.
    last = {2: date(2026, 10, 16), 3: date(2026, 10, 19), 4: date(2026, 10, 20)}[workdays]
    directory, owner = directory_of(record, leave=[{"from": "2026-10-15", "to": last.isoformat()}])
    assert directory.away_workdays(owner, THURSDAY) == workdays
    assert directory.is_here(owner, THURSDAY) is waited_for
