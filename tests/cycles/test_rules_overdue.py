"""Nothing stops unnoticed: what waits for a decision, what lapses between cycles, and what no longer applies."""

from collections import Counter
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest
from rules_house import DIGEST, House, house, one_request, people, programme, system, tokyo
from rules_oracle import workdays_later
from sqlmodel import Session, col, select

from cycles import answers, cadences, decisions, objections, observations
from cycles.act import act
from cycles.cadence_proposals import TOLD_A_DAY
from cycles.check import check, watch
from cycles.do import tick
from cycles.errors import Refused
from cycles.models import (
    Action,
    Cadence,
    Cycle,
    Delivery,
    DeliveryItem,
    Evidence,
    Lapse,
    Observation,
    Person,
    Request,
    Review,
    System,
)
from cycles.observations import Seen
from cycles.overdue import remind_deciders
from cycles.store import Record


def remind(built: House) -> int:
    with built.record.write() as session:
        return remind_deciders(session, built.cycle(session), now=built.now, actor="hoshin")


def submitted(record: Record, **more: Any) -> tuple[House, Evidence]:
    """The owner has answered on 15 October and a reviewer was asked."""
    built = house(record, system("scoring"), **more).on("2026-10-15")
    with built.record.write() as session:
        offered = answers.Offered(
            form="link", locator="https://docs.example/it.md", effective=date(2026, 9, 30), sha256=DIGEST
        )
        return built, answers.submit(built.act_as(session, "owner"), built.request().id, offered)


def reviewers(built: House) -> list[str]:
    who = {number: key for key, number in built.ids(Person).items()}
    return [who[row.reviewer_id] for row in built.rows(Review)]


# Those who decide ----------------------------------------------------------------------------------------


def test_a_reviewer_who_lets_the_target_pass_is_joined_by_the_next(record: Record) -> None:
    built, evidence = submitted(record)
    (first,) = reviewers(built)
    target = built.programme.policy.reviewing.target_workdays
    country = "GB" if first == "jury" else "JP"
    built.on(str(workdays_later(date(2026, 10, 15), target, country)), 20)
    assert remind(built) == 0
    built.on(str(workdays_later(date(2026, 10, 15), target + 2, country)), 20)
    assert remind(built) == 1
    assert remind(built) == 0, "asked once"
    _, second = reviewers(built)
    assert {first, second} == {"judge", "jury"}
    assert [subject for _, action, subject in built.journal() if action == "review.passed_on"] == [
        "evidence:scoring/risk"
    ]
    with built.record.write() as session:  # either may still decide
        decisions.review(built.act_as(session, first), evidence.id, "accept")
    assert built.request().state == "accepted"


@pytest.mark.parametrize("trouble", ["left", "away"])
def test_a_reviewer_who_is_not_there_is_not_waited_for(trouble: str, record: Record) -> None:
    built, _ = submitted(record)
    (first,) = reviewers(built)
    gone: dict[str, Any] = {"left_on": "2026-10-15"} if trouble == "left" else {}
    gone |= {"leave": [{"from": "2026-10-16", "to": "2026-11-10"}]} if trouble == "away" else {}
    changed = programme([system("scoring")], people(**{first: gone}))
    built.on("2026-10-16", 20)
    built.sync(changed)
    assert remind(built) == 1
    assert set(reviewers(built)) == {"judge", "jury"}


def test_where_no_reviewer_is_left_a_lead_is_asked_and_then_nobody(record: Record) -> None:
    built, _ = submitted(record, reviewers=["judge"])
    assert [remind(built.on(f"2026-11-{day}", 20)) for day in (10, 11, 20, 30)] == [1, 0, 0, 0]
    assert reviewers(built) == ["judge", "lead"]


def test_a_dispute_is_put_before_the_lead_again_after_three_workdays(record: Record) -> None:
    built = house(record, system("scoring")).on("2026-10-15")
    with built.record.write() as session:
        objections.not_mine(built.act_as(session, "owner"), built.request().id, "Ask the platform team.")
    days = []
    for day in range(15, 32):
        built.on(f"2026-10-{day:02d}")
        days += [day] * remind(built)
    assert days == [20, 23, 28], "three workdays apart, Tuesday, Friday, Wednesday"
    lead = built.ids(Person)["lead"]
    assert {row.person_id for row in built.deliveries("dispute")} == {lead}
    with built.record.write() as session:
        decisions.excuse(built.act_as(session, "lead"), built.request().id, "Out of use.")
    assert remind(built.on("2026-11-20")) == 0


def test_a_plan_that_nobody_approves_is_put_before_the_lead_again(record: Record) -> None:
    built = house(record, planned=False)
    built.plan(approve=False)
    first = len(built.deliveries("plan"))
    assert remind(built.on("2026-10-05")) == 0
    assert remind(built.on("2026-10-06")) == 1
    assert len(built.deliveries("plan")) == first + 1


def test_a_plan_opened_late_asks_with_dates_to_come(record: Record) -> None:
    built = house(record, planned=False)
    built.plan(approve=False)
    before = built.request()
    built.on("2026-11-02")
    with built.record.write() as session:
        assert decisions.approve_plan(built.act_as(session, "lead"), built.key)
    after = built.request()
    assert before.ask_on < date(2026, 11, 2) <= after.ask_on
    assert after.due > after.ask_on
    assert after.next_at == tokyo("2026-11-02", 9)
    built.turn(tick)
    assert built.request().state == "asked"


# Between and beside cycles -------------------------------------------------------------------------------


def closed_house(record: Record) -> House:
    """A cycle that was closed on 23 December with everything valid until January."""
    built = house(record, system("scoring"), planned=False)
    built.give("2026-09-01", valid_until="2027-01-15")
    built.give("2026-09-01", valid_until="2027-12-01", system="organisation", kind="rules")
    built.plan()
    built.on("2026-12-23").turn(check)
    with built.record.write() as session:
        built.cycle(session).state = "closed"
    return built


def test_what_expires_between_cycles_lapses_and_is_answered(record: Record) -> None:
    built = closed_house(record)
    built.on("2027-01-15").turn(watch, act)
    assert built.lapses() == []
    before = [row.model_dump() for row in built.rows(Cycle)]
    built.on("2027-01-17").turn(watch, act)
    assert [(row.reason, row.recovered_at) for row in built.lapses()] == [("expired", None)]
    assert [row.state for row in built.actions()] == ["open"]
    built.turn(watch, act)
    assert len(built.lapses()) == len(built.actions()) == 1
    assert [row.model_dump() for row in built.rows(Cycle)] == before, "the closed cycle keeps what it was"
    built.give("2027-01-16", valid_until="2027-12-01")
    built.on("2027-01-18").turn(watch, act)
    assert [row.recovered_at is not None for row in built.lapses()] == [True]
    assert [row.state for row in built.actions()] == ["implemented"]


def test_of_two_cycles_under_way_the_newer_alone_decides_on_lapses(record: Record) -> None:
    built = house(record, system("scoring"), planned=False)
    built.give("2026-09-01", valid_until="2027-01-10")
    built.plan()
    built.on("2026-12-20").turn(check, act)
    old = built.key
    built.on("2027-01-04")
    built.key = "FY2026-Q4"
    built.plan()
    built.on("2027-01-12")
    for _ in range(2):
        for key in (old, "FY2026-Q4"):
            built.key = key
            built.turn(check, act)
    risk = [row for row in built.lapses() if row.system_id == built.ids(System)["scoring"]]
    assert [(row.reason, row.recovered_at) for row in risk] == [("expired", None)]
    assert Counter(action for _, action, _ in built.journal())["control.recovered"] == 0


def test_what_a_retired_system_lacked_is_no_lapse_any_more(record: Record) -> None:
    built = house(record, system("scoring"), system("chat", "other"), planned=False)
    built.plan()
    built.on("2026-10-16").turn(tick)
    built.on("2026-12-10").turn(tick, check, act)
    scoring = built.ids(System)["scoring"]
    assert [row.recovered_at for row in built.rows(Lapse, Lapse.system_id == scoring)] == [None]
    built.sync(programme([system("chat", "other")]))
    built.on("2026-12-11").turn(check, act)
    assert [row.recovered_at is not None for row in built.rows(Lapse, Lapse.system_id == scoring)] == [True]
    assert [row.state for row in built.rows(Action, Action.system_id == scoring)] == ["withdrawn"]
    assert [row.state for row in built.rows(Action, Action.system_id != scoring)].count("open") >= 1
    assert built.request().state == "excused"


# Kindness -------------------------------------------------------------------------------------------------


def test_actions_of_a_day_come_in_one_message_and_what_does_not_fit_on_the_next_day(record: Record) -> None:
    built = house(record, *(system(f"s{n}") for n in range(20)))
    built.on("2026-12-16").turn(check)
    for day in range(16, 29):
        built.on(f"2026-12-{day:02d}").turn(act)
    who = built.ids(Person)
    told = [row for row in built.deliveries("action") if row.person_id == who["owner"]]
    days = Counter((row.not_before or row.created_at).date() for row in told)
    assert max(days.values()) == 1
    items = Counter(row.delivery_id for row in built.rows(DeliveryItem, DeliveryItem.subject == "action"))
    assert [items[row.id] for row in told][:3] == [8, 8, 4]

    first = {row.id: row for row in built.rows(Action)}
    assert len(first) >= 8
    with built.record.read() as session:
        for action in first.values():
            spoken = _first_word(session, action.id)
            assert spoken is None or action.due >= spoken, "the time to act counts from the first word"


def _first_word(session: Session, action_id: int) -> date | None:
    row = session.exec(
        select(Delivery).where(col(Delivery.key).startswith(f"action:{action_id}:")).order_by(col(Delivery.id))
    ).first()
    return (row.not_before or row.created_at).date() if row else None


def test_an_open_offer_does_not_silence_the_ladder(record: Record) -> None:
    built = one_request(record)
    built.now = built.request().next_at or built.now
    built.turn(tick)
    with built.record.write() as session:
        other = session.exec(select(Person).where(Person.key == "other")).one()
        answers.delegate(built.act_as(session, "owner"), built.request().id, other)
    while (then := built.request().next_at) is not None:
        built.now = then
        built.turn(tick)
    about = [row.kind for row in built.deliveries("reminder", "escalation")]
    assert about.count("reminder") == 3
    assert "escalation" in about


# Evidence -------------------------------------------------------------------------------------------------


def see(built: House, number: int, **more: Any) -> None:
    with built.record.write() as session:
        seen = Seen(**{"document_id": number, "at": built.now, "status": "ok", "sha256": "b" * 64, **more})
        observations.record(session, [seen], now=built.now, actor="check")


def linked(record: Record, locator: str = "documents/it.md") -> tuple[House, int, int]:
    """A watched document, and evidence that is a link to it."""
    built = house(record, system("scoring"), planned=False)
    document = built.watch(locator=locator, sha256="a" * 64)
    built.plan()
    built.on("2026-10-15")
    with built.record.write() as session:
        offered = answers.Offered(form="link", locator=locator, effective=date(2026, 10, 1))
        kept = answers.submit(built.act_as(session, "owner"), built.request().id, offered)
    return built, document, kept.id


def test_a_link_to_a_watched_document_is_sealed_by_the_next_look_and_once(record: Record) -> None:
    built, document, evidence = linked(record)
    assert [row.sha256 for row in built.rows(Evidence, Evidence.id == evidence)] == [None]
    built.now += timedelta(hours=12)
    see(built, document, sha256="c" * 64)
    assert [row.sha256 for row in built.rows(Evidence, Evidence.id == evidence)] == ["c" * 64]
    assert [action for _, action, _ in built.journal()].count("evidence.sealed") == 1
    built.now += timedelta(days=1)
    see(built, document, sha256="d" * 64)
    assert [row.sha256 for row in built.rows(Evidence, Evidence.id == evidence)] == ["c" * 64], "what was handed in"


def test_the_name_a_place_gives_the_same_bytes_is_kept_up_to_date(record: Record) -> None:
    built = house(record, system("scoring"))
    document = built.watch()
    see(built, document, etag="one")
    built.now += timedelta(days=1)
    see(built, document, etag="two")
    (only,) = built.rows(Observation)
    assert (only.etag, only.at, only.seen_at) == ("two", built.now - timedelta(days=1), built.now)
    assert [action for _, action, _ in built.journal()].count("documents.observed") == 1


@pytest.mark.parametrize("locator", ["nothing.md", "javascript:alert(1)", "file:///etc/passwd", "ftp://docs.example/a"])
def test_a_link_that_nobody_could_follow_is_refused(locator: str, record: Record) -> None:
    built = house(record, system("scoring")).on("2026-10-15")
    offered = answers.Offered(form="link", locator=locator, effective=date(2026, 10, 1))
    before = built.journal()
    with pytest.raises(Refused), built.record.write() as session:
        answers.submit(built.act_as(session, "owner"), built.request().id, offered)
    assert (built.journal(), built.rows(Evidence)) == (before, [])


def test_a_lead_is_told_of_a_few_cadences_a_day_and_of_all_in_the_end(record: Record) -> None:
    built = house(record, *(system(f"s{n}") for n in range(11)))
    built.on("2026-12-15").turn(check, act)
    lapsing = built.rows(Action)
    assert len(lapsing) > 2 * TOLD_A_DAY
    for action in lapsing:
        built.change(Action, action.id, relapses=2)
    told: list[int] = []
    for day in ("2026-12-15", "2026-12-16", "2026-12-17", "2026-12-18", "2026-12-21", "2026-12-22"):
        built.on(day).turn(act, act)
        told.append(len(built.deliveries("cadence")))
    assert told[:2] == [TOLD_A_DAY, 2 * TOLD_A_DAY]
    assert all(later - before <= TOLD_A_DAY for before, later in pairwise(told))
    # Those that wait are said again before new ones are added, and nobody is left out.
    for proposal in built.rows(Cadence):
        with built.record.write() as session:
            cadences.decide(built.act_as(session, "lead"), proposal.id, accept=False)
    for day in ("2026-12-24", "2026-12-25", "2026-12-28", "2026-12-29"):
        built.on(day).turn(act)
        for proposal in built.rows(Cadence, col(Cadence.outcome).is_(None)):
            with built.record.write() as session:
                cadences.decide(built.act_as(session, "lead"), proposal.id, accept=False)
    assert len(built.rows(Cadence)) == len(lapsing)


def test_of_two_who_were_asked_to_review_one_decides(record: Record) -> None:
    built, evidence = submitted(record)
    target = built.programme.policy.reviewing.target_workdays
    built.on(str(workdays_later(date(2026, 10, 15), target + 2, "JP")), 20)
    assert remind(built) == 1
    first, second = reviewers(built)
    with built.record.write() as session:
        decisions.review(built.act_as(session, second), evidence.id, "accept")
    before = built.journal()
    for who in (first, second):
        with pytest.raises(Refused) as caught, built.record.write() as session:
            decisions.review(built.act_as(session, who), evidence.id, "return", "too late")
        assert caught.value.reason == "answered"
    assert built.journal() == before
    assert built.request().state == "accepted"


def test_what_is_handed_on_before_it_was_to_be_asked_keeps_its_day(record: Record) -> None:
    few = {"asking": {"first_asks_per_day": 1}}
    built = house(record, *(system(f"s{n}") for n in range(4)), policy=few).on("2026-10-01")
    later = max(built.rows(Request), key=lambda row: row.ask_on)
    assert later.state == "pending"
    with built.record.write() as session:
        successor = session.get_one(Person, built.ids(Person)["second"])
        decisions.reassign(built.act_as(session, "lead"), later.id, successor)
    (handed,) = built.rows(Request, Request.id == later.id)
    assert (handed.assignee_id, handed.ask_on) == (successor.id, later.ask_on)
    assert handed.next_at == tokyo(str(later.ask_on), 9) + timedelta(seconds=1)
