"""A cycle called off: nobody is asked in it any more, what is said about it says so, and what lapsed stays in sight."""

from datetime import timedelta
from typing import Any

import pytest
from rules_house import CYCLE, House, house, system
from sqlmodel import col

from cycles import plan
from cycles.act import act
from cycles.brief_queries import brief_for
from cycles.cancel import cancel, refuse_anew
from cycles.check import check
from cycles.close import close
from cycles.do import tick
from cycles.errors import Refused
from cycles.models import Action, Cycle, Delivery, JournalEntry, Lapse, Request
from cycles.people import current_policy
from cycles.periods import period
from cycles.programme_cycles import current_cycle, last_closed, last_over, open_cycles


def call_off(built: House, who: str = "lead", reason: str = "a merger") -> bool:
    with built.record.write() as session:
        return cancel(built.act_as(session, who), built.cycle(session), reason)


def asked(new_record: Any) -> House:
    built = house(new_record(), system("scoring", risk_tier="high"), system("chat", "other"))
    built.on("2026-10-16", 9).turn(tick)
    assert {row.state for row in built.rows(Request)} >= {"asked"}
    return built


def test_nobody_is_asked_in_a_cancelled_cycle_any_more(new_record: Any) -> None:
    built = asked(new_record)
    before = len(built.deliveries())
    assert call_off(built)
    cycle = built.rows(Cycle)[0]
    assert (cycle.state, cycle.cancelled_at) == ("cancelled", built.now)
    assert {(row.state, row.next_at) for row in built.rows(Request)} == {("excused", None)}
    for _ in range(60):
        built.now += timedelta(days=1)
        built.turn(tick)
    assert len(built.deliveries("digest", "reminder", "escalation", "plan")) <= before
    assert built.rows(Cycle)[0].state == "cancelled"


def test_the_reason_is_journaled_and_a_second_time_changes_nothing(new_record: Any) -> None:
    built = asked(new_record)
    assert call_off(built, reason=" a merger ")
    [entry] = built.rows(JournalEntry, JournalEntry.action == "cycle.cancelled")
    assert entry.actor == "lead"
    assert '"reason":"a merger"' in entry.body
    rows = [len(built.rows(model)) for model in (JournalEntry, Delivery)]
    assert not call_off(built, reason="again")
    assert [len(built.rows(model)) for model in (JournalEntry, Delivery)] == rows


def test_waiting_messages_are_withdrawn_and_shown_ones_say_who_cancelled(new_record: Any) -> None:
    built = asked(new_record)
    shown = built.deliveries("digest")[0]
    [told] = built.deliveries("plan")
    for row in (shown, told):
        built.change(Delivery, row.id, state="sent", channel="D1", ts="1.0", sent_at=built.now)
    call_off(built)
    assert {row.state for row in built.deliveries("digest") if row.id != shown.id} == {"withdrawn"}
    assert {row.root_id for row in built.deliveries("refresh")} == {shown.id, told.id}
    with built.record.read() as session:
        digest = brief_for(session, session.get_one(Delivery, shown.id), built.now)
        announced = brief_for(session, session.get_one(Delivery, told.id), built.now)
    assert {(item.answered.verb, item.answered.by) for item in digest.items} == {("cancelled", "Lead")}
    assert (announced.approved.verb, announced.approved.by) == ("cancelled", "Lead")


@pytest.mark.parametrize(("who", "reason", "code"), [("owner", "why", "not_yours"), ("lead", "  ", "reason")])
def test_only_a_lead_cancels_and_says_why(new_sqlite: Any, who: str, reason: str, code: str) -> None:
    built = house(new_sqlite())
    with pytest.raises(Refused) as refusal:
        call_off(built, who, reason)
    assert refusal.value.reason == code
    assert built.rows(Cycle)[0].state == "doing"


def test_a_closed_cycle_cannot_be_cancelled_and_a_cancelled_one_neither_opened_planned_nor_closed(
    new_sqlite: Any,
) -> None:
    built = house(new_sqlite())
    built.change(Cycle, 1, state="closed")
    with pytest.raises(Refused, match="cannot be called off"):
        call_off(built)
    built.change(Cycle, 1, state="planned")
    assert call_off(built)
    with built.record.write() as session:
        cycle = built.cycle(session)
        with pytest.raises(Refused, match="is cancelled; plan the next one"):
            plan.open_cycle(session, cycle, now=built.now, actor="lead")
        with pytest.raises(Refused, match="is not planned again"):
            refuse_anew(cycle)
        again = plan.plan(session, period(CYCLE, "april"), current_policy(session), now=built.now, actor="test")
        assert (again.created, again.cycle.state) == (False, "cancelled")
        assert not close(session, cycle, now=built.now, actor="test").closed


def test_open_lapses_and_actions_are_watched_on_by_the_last_closed_cycle(new_record: Any) -> None:
    built = house(new_record())
    built.on("2026-12-10", 2).turn(tick, check, act)
    built.on("2026-12-25", 2).turn(check, act)
    lapsed = built.rows(Lapse, col(Lapse.recovered_at).is_(None))
    assert lapsed
    call_off(built)
    with built.record.write() as session:
        over = last_over(session)
        assert (open_cycles(session), last_closed(session), over) == ([], None, built.cycle(session))
        assert over is not None
        act(session, over, now=built.now, actor="act")
    assert len(built.rows(Lapse, col(Lapse.recovered_at).is_(None))) == len(lapsed)
    assert len(built.rows(Action, col(Action.closed_at).is_(None))) == len(lapsed)
    with built.record.write() as session:
        session.add(_older(built.cycle(session)))
    with built.record.read() as session:
        over, shown = last_over(session), current_cycle(session)
        assert over is not None
        assert shown is not None
        assert (over.key, shown.key) == ("FY2026-Q1", "FY2026-Q1")


def _older(cycle: Cycle) -> Cycle:
    """A closed cycle before it."""
    values = cycle.model_dump(exclude={"id", "key", "state", "starts", "cancelled_at"})
    return Cycle(**values, key="FY2026-Q1", state="closed", starts=cycle.starts - timedelta(days=180))
