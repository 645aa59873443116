"""The chase ledger: what was announced, beside what happened, and why the two differ."""

from datetime import timedelta
from typing import Any

import pytest
from rules_house import House, one_request, people
from rules_oracle import workdays_later

from cycles import answers, objections, outbox
from cycles.decisions import nudge
from cycles.do import tick
from cycles.errors import Refused
from cycles.ledger import Entry, Ledger, ledger
from cycles.store import Record


def read(built: House) -> Ledger:
    with built.record.read() as session:
        return ledger(session, built.request().id, built.now)


def run_until(built: House, day: str) -> None:
    end = House(record=built.record, programme=built.programme).on(day, 20).now
    while (then := built.request().next_at) is not None and then <= end:
        built.now = then
        built.turn(tick)
        show(built)
    built.now = end


def show(built: House) -> None:
    with built.record.write() as session:
        for row in outbox.due(session, built.now, 100):
            outbox.claim(session, row, built.now)
            outbox.sent(session, row, channel="C", ts=str(row.id), now=built.now)


def says(built: House, who: str, what: Any, *words: Any) -> None:
    with built.record.write() as session:
        what(built.act_as(session, who), built.request().id, *words)


def told(lines: tuple[Entry, ...]) -> list[tuple[str, str | None, str, str]]:
    return [(line.message, line.happened_to or line.announced_to, line.outcome, line.why) for line in lines]


def test_before_and_after_nobody_answers(new_record: Any) -> None:
    built = one_request(new_record())
    before = read(built)
    assert {line.outcome for line in before.lines} == {"to come"}
    assert [line.rung for line in before.lines] == list(range(7))
    run_until(built, "2026-12-20")
    after = read(built)
    assert {(line.outcome, line.why) for line in after.lines} == {("sent", "")}
    assert [(line.announced_at, line.announced_to) for line in after.lines] == [
        (line.announced_at, line.announced_to) for line in before.lines
    ]
    assert after.next_at is None


def test_an_answer_makes_the_rest_needless(record: Record) -> None:
    built = one_request(record)
    run_until(built, built.request().due.isoformat())
    says(
        built, "owner", answers.submit, answers.Offered(form="link", locator="https://a.b", effective=built.now.date())
    )
    found = read(built)
    assert [line.outcome for line in found.lines] == ["sent"] * 3 + ["not needed"] * 4
    assert {line.why for line in found.lines[3:]} == {"submitted"}
    assert [deed.verb for deed in found.deeds] == ["submitted"]


def test_a_snooze_moves_what_was_announced_and_says_so(record: Record) -> None:
    built = one_request(record)
    ask = built.request().ask_on
    run_until(built, ask.isoformat())
    says(built, "owner", answers.snooze, workdays_later(ask, 5, "JP"), "Audit week.")
    assert told(read(built).lines)[1] == ("reminder", "owner", "to come", "snoozed")
    run_until(built, workdays_later(ask, 9, "JP").isoformat())
    assert ("moved", "snoozed") in [(line.outcome, line.why) for line in read(built).lines]


def test_missed_reminders_are_merged_and_what_no_tick_said_is_late(record: Record) -> None:
    built = one_request(record)
    run_until(built, built.request().ask_on.isoformat())
    built.on(workdays_later(built.request().due, 3, "JP").isoformat(), 11)
    assert [line.outcome for line in read(built).lines][:4] == ["sent", "late", "late", "late"]
    built.turn(tick)
    show(built)
    lines = read(built).lines
    assert [(line.outcome, line.why) for line in lines if line.rung in (1, 2)] == [("moved", "merged")] * 2


def test_leave_departure_nudges_and_objections_are_told(record: Record) -> None:
    built = one_request(record, who=people(owner={"leave": [{"from": "2026-10-20", "to": "2026-11-30"}]}))
    run_until(built, built.request().ask_on.isoformat())
    says(built, "lead", nudge)
    show(built)
    assert ("added", "nudged") in [(line.outcome, line.why) for line in read(built).lines]
    built.now += timedelta(hours=1)
    says(built, "owner", objections.not_mine, "Ask finance.")
    assert "before the lead" in [line.why for line in read(built).lines]
    says(built, "lead", objections.keep_asking, "It is yours.")
    built.now += timedelta(minutes=15)
    built.turn(tick)
    run_until(built, "2026-12-01")
    assert "kept" in [line.why for line in read(built).lines]


def test_an_unknown_request_is_refused(record: Record) -> None:
    built = one_request(record)
    with built.record.read() as session, pytest.raises(Refused, match="no request 999"):
        ledger(session, 999, built.now)
