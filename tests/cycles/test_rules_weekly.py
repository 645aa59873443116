"""The weekly digest: who gets it, when, once, and never when there is nothing to say."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from rules_house import House, house, people, system, tokyo
from sqlalchemy import event
from sqlmodel import Session

from cycles import weekly
from cycles.act import act
from cycles.briefs import WeeklyBrief
from cycles.check import check
from cycles.do import tick
from cycles.models import Delivery, Person
from cycles.regular import is_due
from cycles.regular import tell as tell_regularly
from cycles.store import Record

QUARTER = timedelta(minutes=15)


def tell(built: House) -> int:
    with built.record.write() as session:
        return tell_regularly(session, weekly.WEEKLY, now=built.now, actor="do")


def weeks(built: House, *, until: datetime, step: timedelta = timedelta(hours=1)) -> list[tuple[str, str, datetime]]:
    """Tick on; returns (person, week, when it may go out)."""
    while built.now < until:
        built.turn(tick)
        tell(built)
        built.now += step
    return told(built)


def told(built: House) -> list[tuple[str, str, datetime]]:
    return [(row.key.split(":")[1], row.key.split(":")[2], row.not_before) for row in built.deliveries("weekly")]


def brief(built: House, who: str) -> WeeklyBrief | None:
    with built.record.read() as session:
        row = built.deliveries("weekly")[-1]
        return weekly.brief(session, session.get_one(Delivery, row.id), person(session, built, who), built.now)


def person(session: Session, built: House, key: str) -> Person:
    return session.get_one(Person, built.ids(Person)[key])


def test_managers_and_leads_hear_once_a_week_when_they_open(new_record: Any) -> None:
    built = house(new_record(), system("scoring"), system("chat", "other"))
    built.on("2026-10-25", 12)
    found = weeks(built, until=tokyo("2026-11-10", 0))
    assert [row for row in found if row[0] == "lead"] == [
        ("lead", "2026-W44", tokyo("2026-10-26", 9)),
        ("lead", "2026-W45", tokyo("2026-11-02", 9)),
        ("lead", "2026-W46", tokyo("2026-11-09", 9)),
    ]
    assert [row[1:] for row in found if row[0] == "boss"] == [
        ("2026-W44", datetime.fromisoformat("2026-10-26T09:00:00+00:00")),
        ("2026-W45", datetime.fromisoformat("2026-11-02T09:00:00+00:00")),
        ("2026-W46", datetime.fromisoformat("2026-11-09T09:00:00+00:00")),
    ]
    assert {row[0] for row in found} == {"lead", "boss"}


def test_nothing_to_say_makes_no_message(record: Record) -> None:
    built = house(record, planned=False)
    built.on("2026-10-04", 12)
    assert weeks(built, until=tokyo("2026-10-20", 0)) == []


def test_a_holiday_or_leave_moves_it_to_the_first_workday_of_the_week(record: Record) -> None:
    away = {"leave": [{"from": "2026-10-26", "to": "2026-10-27"}]}
    built = house(
        record, system("scoring"), who=people(lead=away, boss={"leave": [{"from": "2026-10-26", "to": "2026-11-01"}]})
    )
    built.on("2026-10-25", 12)
    assert weeks(built, until=tokyo("2026-11-02", 0)) == [("lead", "2026-W44", tokyo("2026-10-28", 9))]


def test_after_downtime_it_comes_late_in_the_same_week_and_never_for_the_last(record: Record) -> None:
    built = house(record, system("scoring"))
    built.on("2026-10-23", 12)
    tell(built)
    built.on("2026-10-29", 20)  # Thursday night, after four days without a tick
    tell(built)
    tell(built)
    lead = [row for row in told(built) if row[0] == "lead"]
    assert lead == [("lead", "2026-W44", tokyo("2026-10-30", 9))]
    built.on("2026-11-07", 12)  # a Saturday: the week's days of work are over
    tell(built)
    assert [row[1] for row in told(built) if row[0] == "lead"] == ["2026-W44"]
    built.on("2026-11-09", 8)
    tell(built)
    built.on("2026-11-09", 9)
    tell(built)
    assert [row[1] for row in told(built) if row[0] == "lead"] == ["2026-W44", "2026-W46"]


def test_what_was_not_sent_in_its_week_is_withdrawn(record: Record) -> None:
    built = house(record, system("scoring"))
    built.on("2026-10-25", 12)
    weeks(built, until=tokyo("2026-10-26", 11))
    assert brief(built, "lead") is not None
    built.on("2026-11-02")
    assert brief(built, "lead") is None


def test_the_figures_are_those_of_the_readers_people(record: Record) -> None:
    built = house(record, system("scoring"), system("chat", "other"), system("lone", "judge"))
    built.on("2026-10-15", 12)
    weeks(built, until=tokyo("2026-11-06", 0), step=timedelta(hours=4))
    built.on("2026-11-06", 3).turn(check, act)
    built.on("2026-11-09", 20)
    tell(built)
    lead, boss = brief(built, "lead"), brief(built, "boss")
    assert lead is not None
    assert boss is not None
    assert (lead.whole, boss.whole) == (True, False)
    assert {row.name for row in lead.rows} >= {row.name for row in boss.rows}
    assert "Judge" in {row.name for row in lead.rows}
    assert "Judge" not in {row.name for row in boss.rows}
    assert lead.overdue > boss.overdue > 0
    assert (lead.lapses > boss.lapses > 0, lead.actions > boss.actions > 0) == (True, True)


def test_the_policy_names_the_day_or_turns_it_off(record: Record) -> None:
    built = house(record, system("scoring"), policy={"asking": {"weekly_digest": "wednesday"}})
    built.on("2026-10-25", 12)
    found = weeks(built, until=tokyo("2026-11-02", 0))
    assert [row for row in found if row[0] == "lead"] == [("lead", "2026-W44", tokyo("2026-10-28", 9))]
    asking = built.programme.policy.asking.model_copy(update={"weekly_digest": "off"})
    built.sync(replace(built.programme, policy=built.programme.policy.model_copy(update={"asking": asking})))
    assert len(weeks(built, until=tokyo("2026-11-10", 0), step=timedelta(hours=3))) == len(found)


def test_a_tick_in_mid_week_looks_at_one_row(new_sqlite: Any) -> None:
    built = house(new_sqlite(), *(system(f"s{n}") for n in range(5)))
    built.on("2026-10-21", 12)
    tell(built)
    statements: list[str] = []
    event.listen(built.record.engine, "before_cursor_execute", lambda *call: statements.append(call[2]))
    with built.record.read() as session:
        assert not is_due(session, weekly.WEEKLY, built.now + QUARTER)
    assert len([text for text in statements if "SELECT" in text]) == 1
