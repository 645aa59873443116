"""Clocks that step back or differ: the journal's time never runs backwards, nothing is said twice, no date moves back."""

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rules_house import START, House, house, one_request, system

from cycles import answers, clocks, journal
from cycles.do import tick
from cycles.models import JournalEntry, Request, Setting
from cycles.store import Record

HOUR = timedelta(hours=1)


def write(built: House, at: datetime) -> None:
    with built.record.write() as session:
        journal.append(session, at=at, actor="test", action="test.said", subject="programme")


def answer(built: House) -> None:
    offered = answers.Offered(form="link", locator="https://a.b", effective=START.date())
    with built.record.write() as session:
        answers.submit(built.act_as(session, "owner"), built.request().id, offered)


def times(built: House) -> list[datetime]:
    return [entry.at for entry in built.rows(JournalEntry)]


def test_a_clock_that_is_a_little_behind_writes_at_the_time_of_the_entry_before(new_record: Any) -> None:
    built = house(new_record())
    write(built, START + HOUR)
    for minutes in (1, 15):
        write(built, START + HOUR - timedelta(minutes=minutes))
    assert times(built)[-3:] == [START + HOUR] * 3
    with built.record.read() as session:
        assert journal.verify(session).fault is None


def test_a_clock_an_hour_behind_is_named_and_nothing_is_written(new_record: Any) -> None:
    built = one_request(new_record())
    write(built, START + HOUR)
    before = times(built), built.request().model_dump()
    with pytest.raises(
        clocks.ClockBehind, match=r"clock says 2026-10-01 00:00:00 UTC.*last written at 2026-10-01 01:00"
    ):
        write(built, START)
    with pytest.raises(clocks.ClockBehind):
        answer(built)
    assert (times(built), built.request().model_dump()) == before


def test_a_record_that_ran_ahead_can_be_gone_on_with(new_record: Any) -> None:
    built = house(new_record())
    ahead = START + timedelta(days=400)
    write(built, ahead)
    with built.record.write() as session:
        assert clocks.accept(session, START, ahead)
    write(built, START + HOUR)
    assert times(built)[-2:] == [ahead, ahead]
    write(built, ahead + timedelta(days=1))
    with pytest.raises(clocks.ClockBehind):
        write(built, START + 2 * HOUR)
    with built.record.write() as session:
        assert not clocks.accept(session, ahead + timedelta(days=2), ahead + timedelta(days=1))
        assert not clocks.accept(session, ahead, ahead)
        assert clocks.accept(session, START + 2 * HOUR, ahead + timedelta(days=1))
    write(built, START + 2 * HOUR)
    (kept,) = built.rows(Setting, Setting.name == clocks.ACCEPTED)
    assert kept.value == {"ahead_until": "2027-11-06T00:00:00+00:00", "accepted_at": "2026-10-01T02:00:00+00:00"}


@given(steps=st.lists(st.integers(-60, 240), min_size=10, max_size=60))
@settings(max_examples=25)
def test_whatever_the_clock_does_nothing_is_said_twice_and_no_date_moves_back(
    steps: list[int], new_sqlite: Any
) -> None:
    built = house(new_sqlite(), system("scoring"), system("chat", "other"))
    built.on("2026-10-15", 7)
    dates: dict[int, datetime] = {}
    for minutes in steps:
        built.now += timedelta(minutes=minutes)
        with suppress(clocks.ClockBehind), built.record.write() as session:
            tick(session, now=built.now, actor="do")
        for request in built.rows(Request):
            assert request.next_at >= dates.get(request.id, request.next_at), "a next date moved back"
            dates[request.id] = request.next_at
    told = [(row.kind, row.person_id, row.created_at.date()) for row in built.deliveries("digest", "reminder")]
    assert len(told) == len(set(told))
    assert times(built) == sorted(times(built))
    built.record.close()


def test_an_hour_back_on_a_morning_of_asking_asks_once(record: Record) -> None:
    built = one_request(record)
    asked_at = built.request().next_at
    assert asked_at
    built.now = asked_at + HOUR
    built.turn(tick)
    following = built.request().next_at
    built.now = asked_at  # the clock is set back
    for _ in range(8):
        built.turn(tick)
        built.now += timedelta(minutes=15)
    assert len(built.deliveries("digest", "reminder")) == 1
    assert built.request().next_at == following
