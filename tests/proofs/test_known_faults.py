"""Faults found in other systems, which take a town and weeks to see; those one request shows are with the rules' tests."""

from datetime import date

import pytest
from invariants import REQUESTS, rows
from proof_town import Town, planned_town, raw

from cycles.models import Delivery


def live(town: Town, days: int) -> None:
    for number in range(days):
        town.day(night=number % 3 == 0)


def of(town: Town, number: int = 1, kinds: tuple[str, ...] = ("digest", "reminder", "escalation")) -> list[Delivery]:
    """The messages about one request."""
    about = {row[0] for row in raw(town.record).execute(
        "SELECT delivery_id FROM delivery_item WHERE subject = 'request' AND subject_id = ?", (number,))}  # fmt: skip
    return [message for message in town.messages(*kinds) if message.id in about]


def request(town: Town, number: int = 1):  # type: ignore[no-untyped-def]
    return rows(raw(town.record), REQUESTS + " WHERE r.id = ?", number)[0]


def test_an_asked_item_that_is_overdue_is_still_chased() -> None:
    with planned_town() as town:
        due = request(town, 2).due  # its owner has a deputy and a manager
        live(town, (due - town.now.date()).days + 21)
        late = [message.role for message in of(town, 2) if message.created_at.date() > due]
        assert late == ["last", "deputy", "manager", "lead"]


@pytest.mark.parametrize("late", [0, 14])
def test_the_second_cycles_dates_move_on_from_the_firsts(late: int) -> None:
    """However late the first was answered, the second is due in its own quarter."""
    with planned_town() as town:
        live(town, 95 + late)
        town.review()
        town.plan()
        pairs = rows(raw(town.record), REQUESTS + " ORDER BY r.cycle_id")
        first = {(row.system_id, row.kind_id): row for row in pairs if row.cycle_id == 1}
        second = {(row.system_id, row.kind_id): row for row in pairs if row.cycle_id == 2}
        assert second.keys() == first.keys()
        assert all(second[pair].due > first[pair].due for pair in first)
        assert all(date(2027, 1, 1) < row.due <= date(2027, 3, 31) for row in second.values())
