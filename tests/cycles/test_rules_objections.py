"""What people say against a request: not mine, does not apply, cannot be provided; and the lead who keeps asking."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from rules_house import House, house, one_request, people, system
from rules_oracle import workdays_later
from sqlmodel import col

from cycles import answers, decisions, objections
from cycles.act import act
from cycles.brief_items import item_for
from cycles.brief_queries import brief_for
from cycles.briefs import DisputeBrief
from cycles.check import check
from cycles.do import tick
from cycles.errors import Refused
from cycles.models import Delivery, JournalEntry, Lapse
from cycles.overdue import remind_deciders
from cycles.store import Record


def asked(record: Record, **more: Any) -> House:
    built = one_request(record, **more)
    built.on(built.request().ask_on.isoformat()).turn(tick)
    assert built.request().state == "asked"
    built.now += timedelta(hours=1)
    return built


def says(built: House, who: str, what: Any, *words: Any) -> None:
    with built.record.write() as session:
        what(built.act_as(session, who), built.request().id, *words)


def dispute(built: House) -> DisputeBrief:
    """The newest message about it that the lead has."""
    with built.record.read() as session:
        brief = brief_for(session, session.get_one(Delivery, built.deliveries("dispute")[-1].id), built.now)
    assert isinstance(brief, DisputeBrief)
    return brief


def test_not_applicable_stops_the_chase_until_the_lead_excuses(record: Record) -> None:
    built = asked(record)
    says(built, "owner", objections.not_applicable, "The pilot was never started.")
    assert (built.request().state, built.request().disputed, built.request().next_at) == ("asked", True, None)
    told = dispute(built)
    assert (told.claim, told.raised_by, told.note) == ("not_applicable", "Owner", "The pilot was never started.")
    assert (told.outcome, told.orphaned) == (None, False)
    built.on("2026-12-10").turn(tick)
    assert [row.kind for row in built.deliveries("digest", "reminder", "escalation")] == ["digest"]
    says(built, "lead", decisions.excuse, "It was never started.")
    assert built.request().state == "excused"
    assert dispute(built).outcome is not None


def test_keep_asking_gives_a_fair_new_clock_and_says_why(record: Record) -> None:
    built = asked(record)
    says(built, "owner", objections.not_applicable, "No need.")
    built.on(workdays_later(built.request().due, 3, "JP").isoformat())
    says(built, "lead", objections.keep_asking, "The law names it.")
    request = built.request()
    assert (request.disputed, request.step) == (False, 0)
    assert request.due == workdays_later(built.now.date(), 3, "JP")
    with built.record.read() as session:
        item = item_for(session, request.id, built.act_as(session, "owner").person, built.now)
    assert (item.answered, item.kept_because) == (None, "The law names it.")
    assert (dispute(built).outcome or told_nothing()).verb == "kept"
    built.now += timedelta(minutes=15)
    built.turn(tick)
    assert [row.kind for row in built.deliveries("digest", "reminder")] == ["digest", "digest"]
    says(
        built, "owner", answers.submit, answers.Offered(form="link", locator="https://a.b", effective=built.now.date())
    )
    with built.record.read() as session:
        assert item_for(session, request.id, built.act_as(session, "owner").person, built.now).kept_because is None


def told_nothing() -> Any:
    raise AssertionError("the lead's message shows no outcome")


@pytest.mark.parametrize(
    ("who", "what", "words", "reason"),
    [
        ("owner", objections.not_applicable, " ", "reason"),
        ("owner", objections.cannot_provide, "", "reason"),
        ("other", objections.not_applicable, "Why not", "not_yours"),
        ("other", objections.cannot_provide, "Why not", "not_yours"),
        ("lead", objections.keep_asking, "Please", "answered"),
        ("owner", objections.keep_asking, "Please", "not_yours"),
    ],
)
def test_what_is_refused_changes_nothing(who: str, what: Any, words: str, reason: str, record: Record) -> None:
    built = asked(record)
    before = built.journal(), built.request().model_dump()
    with pytest.raises(Refused) as caught:
        says(built, who, what, words)
    assert caught.value.reason == reason
    assert (built.journal(), built.request().model_dump()) == before


def test_who_has_left_is_not_kept_asking(record: Record) -> None:
    built = asked(record, who=people(owner={"left_on": "2026-10-20"}))
    says(built, "owner", objections.not_mine, "I am leaving.")
    built.on("2026-10-21")
    with pytest.raises(Refused, match="left"):
        says(built, "lead", objections.keep_asking, "Please.")


def test_what_cannot_be_provided_is_a_lapse_with_its_action_in_the_same_transaction(new_record: Any) -> None:
    built = asked(new_record())
    says(built, "owner", objections.cannot_provide, "The vendor keeps no log.")
    [lapse], [action] = built.lapses(), built.actions()
    assert (lapse.reason, lapse.happened_on, lapse.noticed_at) == ("cannot_provide", built.now.date(), built.now)
    assert (action.lapse_id, action.state) == (lapse.id, "open")
    assert (built.request().state, built.request().next_at) == ("lapsed", None)
    done = [action for _, action, _ in built.journal()][-3:]
    assert done == ["request.cannot_provide", "lapse.opened", "action.opened"]
    told = dispute(built)
    assert (told.claim, told.note, told.outcome) == ("cannot_provide", "The vendor keeps no log.", None)
    assert [row.kind for row in built.deliveries("dispute", "action")] == ["dispute"]


def test_evidence_that_still_holds_does_not_end_what_its_owner_named(record: Record) -> None:
    built = house(record, system("scoring", risk_tier="high"), planned=False)
    built.give("2026-05-01", valid_until="2026-12-01")
    built.plan()
    built.on(built.request().ask_on.isoformat()).turn(tick)
    says(built, "owner", objections.cannot_provide, "Nobody does it any more.")
    for day in range(17, 20):
        built.on(f"2026-10-{day}", 3).turn(check, act)
    risk = built.rows(Lapse, *built.pair(Lapse, "scoring", "risk"))
    assert [row.recovered_at for row in risk] == [None]
    built.give("2026-10-19")
    built.on("2026-10-20", 3).turn(check, act)
    assert built.rows(Lapse, *built.pair(Lapse, "scoring", "risk"))[0].recovered_at == built.now
    assert built.request().state == "accepted"


def test_a_second_word_opens_no_second_action(record: Record) -> None:
    built = asked(record)
    built.on(workdays_later(built.request().due, 1, "JP").isoformat(), 3).turn(check, act)
    before = [row.id for row in built.lapses()], [row.id for row in built.actions()]
    assert len(before[0]) == len(before[1]) > 0
    says(built, "owner", objections.cannot_provide, "There is none.")
    assert ([row.id for row in built.lapses()], [row.id for row in built.actions()]) == before
    built.now += timedelta(hours=1)
    built.turn(check, act)
    assert ([row.id for row in built.lapses()], [row.id for row in built.actions()]) == before
    opened = built.rows(JournalEntry, col(JournalEntry.action) == "action.opened")
    assert len(opened) == len(before[1])


def test_an_objection_is_put_before_the_lead_again_but_what_is_named_is_not(record: Record) -> None:
    built = asked(record)
    says(built, "owner", objections.not_applicable, "No.")
    built.on("2026-10-22").turn(remind_deciders)
    assert len(built.deliveries("dispute")) == 2
    says(built, "lead", objections.keep_asking, "Yes.")
    built.now += timedelta(minutes=1)
    says(built, "owner", objections.cannot_provide, "There is none.")
    number = len(built.deliveries("dispute"))
    built.on("2026-10-30").turn(remind_deciders)
    assert len(built.deliveries("dispute")) == number


def test_an_earlier_dispute_does_not_hide_that_somebody_left(record: Record) -> None:
    built = asked(record)
    says(built, "owner", objections.not_mine, "Ask finance.")
    says(built, "lead", objections.keep_asking, "It is yours.")
    built.sync(one_request_people(built, "2026-10-16"))
    built.on("2026-10-19").turn(remind_deciders, tick)
    assert (built.request().disputed, built.request().next_at) == (True, None)
    assert [row.key for row in built.deliveries("dispute")][-1].startswith("dispute:FY2026-Q3:left:owner")


def one_request_people(built: House, left_on: str) -> Any:
    return replace(built.programme, people=tuple(people(owner={"left_on": left_on})))
