"""Faults found in other systems that ask people for things again and again, none of which may appear here."""

from datetime import date, timedelta

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


def test_a_due_soon_reminder_missed_because_the_job_did_not_run_that_day_is_still_sent() -> None:
    with planned_town() as town:
        due = request(town).due
        live(town, (due - town.now.date()).days - 6)
        assert [message.kind for message in of(town)] == ["digest"]
        town.now += timedelta(days=5)  # three workdays before the due date, when the reminder was due, nothing ran
        live(town, 1)
        assert [message.kind for message in of(town)] == ["digest", "reminder"]


def test_an_asked_item_that_is_overdue_is_still_chased() -> None:
    with planned_town() as town:
        due = request(town, 2).due  # its owner has a deputy and a manager
        live(town, (due - town.now.date()).days + 21)
        late = [message.role for message in of(town, 2) if message.created_at.date() > due]
        assert late == ["last", "deputy", "manager", "lead"]


def test_the_first_notice_is_not_repeated_every_hour() -> None:
    with planned_town() as town:
        live(town, 21)
        first = len(town.messages("digest"))
        for _ in range(24):
            town.now += timedelta(hours=1)
            town.tick()
        said = of(town)
        assert [message.kind for message in said].count("digest") == 1
        assert first
        assert len({message.person_id for message in town.messages("digest")[first:]}) == len(town.messages("digest")[first:])  # fmt: skip


def test_an_expired_item_is_not_mailed_daily_for_ever() -> None:
    with planned_town() as town:
        live(town, 130)  # by then the last rung of the last action has spoken
        by_then = len(of(town, kinds=("digest", "reminder", "escalation"))), len(town.messages("action"))
        assert all(by_then)
        live(town, 30)
        assert (len(of(town)), len(town.messages("action"))) == by_then


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
