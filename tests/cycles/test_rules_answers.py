"""Answers and decisions: only legal steps, each journaled once, by the right people; and every lapse answered for."""

import json
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rules_house import DIGEST, House, house, people, person, system
from rules_oracle import workdays_later
from sqlmodel import col

from cycles import answers, decisions, journal, objections
from cycles.act import act
from cycles.answers import Offered
from cycles.assess import result_digest
from cycles.check import check
from cycles.close import close, gate, lapses_without_owner
from cycles.decisions import review
from cycles.do import tick
from cycles.errors import Refused
from cycles.models import (
    Acceptance,
    Action,
    Delivery,
    Document,
    Evidence,
    JournalEntry,
    Lapse,
    Person,
    Request,
    Review,
    System,
    Verdict,
)
from cycles.permits import Act
from cycles.store import Record

# The course of a request as DESIGN draws it, written down a second time.
STEPS = {
    ("pending", "asked"),
    *(
        (before, after)
        for before in ("pending", "asked", "returned", "lapsed")
        for after in ("submitted", "accepted", "excused")
    ),
    *((before, "lapsed") for before in ("pending", "asked", "returned")),
    ("submitted", "accepted"),
    ("submitted", "returned"),
}
OPEN_ACTION = ("open", "analysed", "implementing", "reopened", "implemented")


def offered(effective: str | date = "2026-09-30", **more: Any) -> Offered:
    day = effective if isinstance(effective, date) else date.fromisoformat(effective)
    return Offered(
        **{"form": "link", "locator": "https://docs.example/it.md", "effective": day, "sha256": DIGEST, **more}
    )


def as_person(built: House, key: str, what: Callable[[Act], Any]) -> Any:
    with built.record.write() as session:
        return what(built.act_as(session, key))


def refused(built: House, key: str, what: Callable[[Act], Any], reason: str) -> None:
    before = built.journal(), [row.model_dump() for row in built.rows(Request)], len(built.rows(Delivery))
    with pytest.raises(Refused) as found:
        as_person(built, key, what)
    assert found.value.reason == reason
    assert (built.journal(), [row.model_dump() for row in built.rows(Request)], len(built.rows(Delivery))) == before


def asked(record: Record, **more: Any) -> tuple[House, int]:
    """A house in which the owner has been asked for the risk assessment, on the day after."""
    built = house(record, system("scoring", risk_tier="high"), **more)
    built.now = built.request().next_at or built.now
    built.turn(tick)
    built.now += timedelta(days=1)
    return built, built.request().id


def key_of(built: House, number: int) -> str:
    return next(key for key, known in built.ids(Person).items() if known == number)


def judge_of(built: House, evidence: int) -> str:
    [ballot] = built.rows(Review, Review.evidence_id == evidence, col(Review.vote).is_(None))
    return key_of(built, ballot.reviewer_id)


# Who may, and when ----------------------------------------------------------------------------------------


def test_the_course_of_a_request_from_ask_to_acceptance(record: Record) -> None:
    built, number = asked(record)
    evidence = as_person(built, "owner", lambda a: answers.submit(a, number, offered()))
    assert (evidence.valid_until, evidence.submitter_id) == (date(2027, 3, 30), built.ids(Person)["owner"])
    assert (built.request().state, built.request().next_at) == ("submitted", None)
    judge = judge_of(built, evidence.id)
    assert judge in ("judge", "jury")
    as_person(built, judge, lambda a: review(a, evidence.id, "accept"))
    assert built.request().state == "accepted"
    assert [verdict.outcome for verdict in built.rows(Verdict)] == ["accepted"]
    acts = [(actor, action) for actor, action, subject in built.journal() if subject == "request:scoring/risk"]
    assert acts == [("owner", "request.submitted"), (judge, "request.accepted")]
    refused(built, "owner", lambda a: answers.submit(a, number, offered()), "answered")
    refused(built, judge, lambda a: review(a, evidence.id, "return", "second thoughts"), "answered")


@pytest.mark.parametrize("who", ["owner", "second", "boss", "lead"])
def test_the_owner_their_line_and_the_lead_may_answer(who: str, record: Record) -> None:
    built, number = asked(record)
    as_person(built, who, lambda a: answers.submit(a, number, offered()))
    assert built.request().state == "submitted"


@pytest.mark.parametrize("who", ["other", "judge", "jury"])
def test_nobody_else_may(who: str, record: Record) -> None:
    built, number = asked(record)
    for what in (
        lambda a: answers.submit(a, number, offered()),
        lambda a: answers.confirm(a, number),
        lambda a: answers.snooze(a, number, date(2026, 10, 23), "later"),
        lambda a: objections.not_mine(a, number, "not mine"),
        lambda a: answers.delegate(a, number, built.rows(Person)[0]),
        lambda a: answers.accept_offer(a, number),
        lambda a: answers.decline_offer(a, number),
        lambda a: decisions.reassign(a, number, built.rows(Person)[0]),
        lambda a: decisions.nudge(a, number),
        lambda a: decisions.excuse(a, number, "no"),
    ):
        refused(built, who, what, "not_yours")


def test_what_is_offered_must_fit(record: Record) -> None:
    built, number = asked(record)
    refused(built, "owner", lambda a: answers.submit(a, number, offered(form="attestation")), "form")
    tomorrow = (built.now + timedelta(hours=9)).date() + timedelta(days=1)
    refused(built, "owner", lambda a: answers.submit(a, number, offered(tomorrow)), "future")
    refused(built, "owner", lambda a: answers.submit(a, 999, offered()), "unknown")


def test_evidence_counts_on_its_very_last_day_and_no_longer(record: Record) -> None:
    built = house(record, system("scoring"))
    built.on("2026-10-20")
    refused(built, "owner", lambda a: answers.submit(a, built.request().id, offered("2025-10-19")), "expired")
    last = as_person(built, "owner", lambda a: answers.submit(a, built.request().id, offered("2025-10-20")))
    assert last.valid_until == date(2026, 10, 20)


def test_nothing_is_answered_before_the_cycle_opens_or_after_it_closes(record: Record) -> None:
    built = house(record, planned=False)
    built.plan(approve=False)
    refused(built, "owner", lambda a: answers.submit(a, built.request().id, offered()), "closed")


# Snooze ---------------------------------------------------------------------------------------------------


def test_a_snooze_stays_within_its_bounds(record: Record) -> None:
    built, number = asked(record)
    today = (built.now + timedelta(hours=9)).date()
    last = workdays_later(today, 5, "JP")

    def snoozing(day: date, why: str = "away") -> Callable[[Act], None]:
        return lambda a: answers.snooze(a, number, day, why)

    refused(built, "owner", snoozing(last, "  "), "reason")
    refused(built, "owner", snoozing(today), "bounds")
    refused(built, "owner", snoozing(last + timedelta(days=1)), "bounds")
    for times in (1, 2):
        as_person(built, "owner", snoozing(last))
        assert (built.request().snoozes, built.request().snoozed_until, built.request().state) == (times, last, "asked")
    refused(built, "owner", snoozing(last), "snoozes")


def test_nobody_snoozes_past_the_end_of_the_asking(record: Record) -> None:
    built, number = asked(record)
    with built.record.read() as session:
        begins = built.cycle(session).act_on
    built.on((begins - timedelta(days=1)).isoformat())
    refused(built, "owner", lambda a: answers.snooze(a, number, begins, "later"), "bounds")


# Still true -----------------------------------------------------------------------------------------------


def confirmable(record: Record, **more: Any) -> tuple[House, int]:
    built = house(record, planned=False, **more)
    built.give("2026-05-01", valid_until="2026-11-01")
    built.plan()
    return built.on("2026-10-20"), built.request().id


def test_still_true_is_one_press_and_counts_at_once(record: Record) -> None:
    built, number = confirmable(record)
    evidence = as_person(built, "owner", lambda a: answers.confirm(a, number))
    assert (evidence.effective, evidence.confirmations, evidence.supersedes_id) == (date(2026, 10, 20), 1, 1)
    assert built.request().state == "accepted"


def test_it_cannot_be_pressed_too_often(record: Record) -> None:
    built = house(record, planned=False)
    built.give("2026-05-01", valid_until="2026-11-01", confirmations=1)
    built.plan()
    refused(built.on("2026-10-20"), "owner", lambda a: answers.confirm(a, built.request().id), "confirm")


@pytest.mark.parametrize("change", [{"sha256": "b" * 64}, {"status": "missing"}])
def test_it_cannot_be_pressed_when_the_document_changed(change: dict[str, str], record: Record) -> None:
    built, number = confirmable(record)
    built.watch(**change)
    refused(built, "owner", lambda a: answers.confirm(a, number), "confirm")


def test_it_cannot_be_pressed_without_anything_to_confirm_or_where_the_kind_forbids(record: Record) -> None:
    built = house(record, system("scoring", roles=["developer"]))
    refused(built, "owner", lambda a: answers.confirm(a, built.request().id), "confirm")
    refused(built, "owner", lambda a: answers.confirm(a, built.request(kind="test").id), "confirm")


# Review ---------------------------------------------------------------------------------------------------


def test_a_returned_submission_gets_a_fair_new_due_date(record: Record) -> None:
    built, number = asked(record)
    built.on(built.request().due.isoformat())
    evidence = as_person(built, "owner", lambda a: answers.submit(a, number, offered()))
    judge = judge_of(built, evidence.id)
    refused(built, judge, lambda a: review(a, evidence.id, "return", " "), "reason")
    as_person(built, judge, lambda a: review(a, evidence.id, "return", "no approver"))
    found = built.request()
    assert (found.state, found.due) == ("returned", workdays_later(found.due, 0, "JP"))
    assert found.due >= workdays_later((built.now + timedelta(hours=9)).date(), 3, "JP")
    as_person(built, "owner", lambda a: answers.submit(a, number, offered("2026-10-10")))
    assert [row.supersedes_id for row in built.rows(Evidence)] == [None, evidence.id]


@pytest.mark.parametrize("who", ["owner", "second", "lead", "other"])
def test_only_the_reviewer_asked_may_judge(who: str, record: Record) -> None:
    built, number = asked(record)
    evidence = as_person(built, "owner", lambda a: answers.submit(a, number, offered()))
    refused(built, who, lambda a: review(a, evidence.id, "accept"), "not_yours")


def test_owner_submitter_and_reviewer_are_three_people(record: Record) -> None:
    built = house(record, system("scoring", "judge"), reviewers=["judge", "jury"])
    evidence = as_person(built.on("2026-10-20"), "lead", lambda a: answers.submit(a, built.request().id, offered()))
    assert judge_of(built, evidence.id) == "jury"
    refused(built, "jury", lambda a: review(a, evidence.id, "recuse", "too close"), "no_reviewer")


def test_when_all_have_recused_themselves_the_last_may_not(record: Record) -> None:
    built = house(record, system("scoring", "lead"), reviewers=["judge"])
    evidence = as_person(built.on("2026-10-20"), "lead", lambda a: answers.submit(a, built.request().id, offered()))
    refused(built, "judge", lambda a: review(a, evidence.id, "recuse", "too close"), "no_reviewer")


def test_a_reviewer_who_became_the_owner_may_no_longer_accept(record: Record) -> None:
    built, number = asked(record)
    evidence = as_person(built, "owner", lambda a: answers.submit(a, number, offered()))
    judge = judge_of(built, evidence.id)
    built.change(System, built.ids(System)["scoring"], owner_id=built.ids(Person)[judge])
    refused(built, judge, lambda a: review(a, evidence.id, "accept"), "not_yours")


def test_a_reviewer_who_became_the_owner_recuses_themselves_and_somebody_else_is_asked(record: Record) -> None:
    built, number = asked(record)
    evidence = as_person(built, "owner", lambda a: answers.submit(a, number, offered()))
    judge = judge_of(built, evidence.id)
    built.change(Request, number, owner_id=built.ids(Person)[judge])
    as_person(built, judge, lambda a: review(a, evidence.id, "recuse", "it is mine by now"))
    assert {judge, judge_of(built, evidence.id)} == {"judge", "jury"}


def test_where_no_reviewer_is_left_a_lead_who_is_still_there_is_asked(record: Record) -> None:
    who = people(person("chief"), lead={"left_on": "2026-10-05"})
    built = house(record, who=who, leads=["lead", "chief"], reviewers=["owner"])
    built.on("2026-10-20")
    evidence = as_person(built, "owner", lambda a: answers.submit(a, built.request().id, offered()))
    assert judge_of(built, evidence.id) == "chief"


# Handing on -----------------------------------------------------------------------------------------------


def test_a_delegated_request_stays_until_it_is_taken(record: Record) -> None:
    built, number = asked(record)
    other = built.ids(Person)["other"]
    as_person(built, "owner", lambda a: answers.delegate(a, number, a.session.get_one(Person, other)))
    assert built.request().assignee_id == built.ids(Person)["owner"]
    as_person(built, "other", lambda a: answers.decline_offer(a, number))
    refused(built, "other", lambda a: answers.accept_offer(a, number), "not_yours")
    as_person(built, "owner", lambda a: answers.delegate(a, number, a.session.get_one(Person, other)))
    as_person(built, "other", lambda a: answers.accept_offer(a, number))
    assert (built.request().assignee_id, built.request().offered_to_id) == (other, None)
    as_person(built, "other", lambda a: answers.submit(a, number, offered()))


def test_an_offer_is_void_once_the_request_is_answered(record: Record) -> None:
    built, number = asked(record)
    other = built.ids(Person)["other"]
    as_person(built, "owner", lambda a: answers.delegate(a, number, a.session.get_one(Person, other)))
    as_person(built, "owner", lambda a: answers.submit(a, number, offered()))
    refused(built, "other", lambda a: answers.accept_offer(a, number), "answered")


@pytest.mark.parametrize("how", [answers.delegate, decisions.reassign])
def test_nothing_is_given_to_somebody_who_has_left(how: Any, record: Record) -> None:
    built, number = asked(record, who=people(other={"left_on": "2026-10-01"}))
    other = built.ids(Person)["other"]
    refused(built, "lead", lambda a: how(a, number, a.session.get_one(Person, other)), "left")


def test_a_reassigned_request_starts_afresh_with_fair_time(record: Record) -> None:
    built, number = asked(record)
    built.on(built.request().due.isoformat())
    other = built.ids(Person)["other"]
    as_person(built, "boss", lambda a: decisions.reassign(a, number, a.session.get_one(Person, other)))
    found = built.request()
    assert (found.assignee_id, found.step, found.disputed) == (other, 0, False)
    assert found.due >= workdays_later((built.now - timedelta(hours=5)).date(), 3, "US-NY")
    assert built.journal()[-1][:2] == ("boss", "request.reassigned")


def test_what_a_departed_person_left_in_another_cycle_is_decided_there(record: Record) -> None:
    built = house(record, system("scoring"))
    [older] = built.rows(Request, *built.pair(Request, "scoring", "risk"))
    built.key = "FY2026-Q4"
    built.on("2027-01-05").plan()
    [_, newer] = built.rows(Request, *built.pair(Request, "scoring", "risk"))
    ids = built.ids(Person)
    built.change(Request, older.id, state="asked")
    built.change(Person, ids["owner"], left_on=date(2027, 1, 4))
    as_person(built, "lead", lambda a: decisions.reassign(a, newer.id, a.session.get_one(Person, ids["second"])))
    found = {row.id: row.assignee_id for row in built.rows(Request) if row.id in (older.id, newer.id)}
    assert found == {older.id: ids["owner"], newer.id: ids["second"]}


def test_only_a_lead_excuses_and_says_why(record: Record) -> None:
    built, number = asked(record)
    refused(built, "boss", lambda a: decisions.excuse(a, number, "retired"), "not_yours")
    refused(built, "lead", lambda a: decisions.excuse(a, number, ""), "reason")
    as_person(built, "lead", lambda a: decisions.excuse(a, number, "retired"))
    refused(built, "owner", lambda a: answers.submit(a, number, offered()), "answered")


# Actions --------------------------------------------------------------------------------------------------


ALL_THREE = {"correction": "done", "root_cause": "nobody was named", "corrective_action": "named somebody"}


def lapsed(record: Record, **more: Any) -> tuple[House, Action]:
    built = house(
        record, system("scoring", risk_tier="high"), policy={"reviewing": {"submissions": "automatic"}, **more}
    )
    built.on("2026-12-14").turn(check, act)
    [found] = built.rows(Action, *built.pair(Action, "scoring", "risk"))
    return built, found


def the_action(built: House) -> Action:
    [found] = built.rows(Action, *built.pair(Action, "scoring", "risk"))
    assert isinstance(found, Action)
    return found


def test_a_lapse_opens_one_action_by_weight_and_tier(record: Record) -> None:
    built, found = lapsed(record)
    assert (found.severity, found.state, found.owner_id) == ("high", "open", built.ids(Person)["owner"])
    assert found.due == workdays_later(date(2026, 12, 14), 10, "JP")
    assert len(built.actions()) == len(built.lapses()) == 3
    before = built.journal()
    built.turn(check, act)
    assert built.journal() == before


def test_valid_evidence_and_a_second_person_end_an_action(record: Record) -> None:
    built, found = lapsed(record)
    as_person(built.on("2026-12-15"), "owner", lambda a: answers.submit(a, built.request().id, offered("2026-12-10")))
    built.turn(check, act)
    assert the_action(built).state == "implementing", "a grave one owes its cause although the evidence is valid"
    as_person(built, "owner", lambda a: decisions.implemented(a, found.id, **ALL_THREE))
    assert the_action(built).state == "implemented"
    built.on("2026-12-25").turn(check, act)
    reviewer = key_of(built, the_action(built).reviewer_id or 0)
    assert reviewer in ("judge", "jury")
    refused(built, "owner", lambda a: decisions.judge_action(a, found.id, worked=True), "own")
    refused(built, "other", lambda a: decisions.judge_action(a, found.id, worked=True), "not_yours")
    as_person(built, reviewer, lambda a: decisions.judge_action(a, found.id, worked=True))
    assert (the_action(built).state, the_action(built).closed_at) == ("effective", built.now)
    refused(built, reviewer, lambda a: decisions.judge_action(a, found.id, worked=True), "answered")


def test_an_action_cannot_have_worked_while_the_evidence_is_out_of_order(record: Record) -> None:
    built, found = lapsed(record)
    words = {"correction": "done", "root_cause": "", "corrective_action": ""}
    refused(built, "owner", lambda a: decisions.implemented(a, found.id, **{**words, "correction": " "}), "reason")
    refused(built, "owner", lambda a: decisions.implemented(a, found.id, **words), "three")
    as_person(built, "owner", lambda a: decisions.implemented(a, found.id, **ALL_THREE))
    refused(built, "lead", lambda a: decisions.judge_action(a, found.id, worked=True), "still_lapsed")


def test_a_relapse_reopens_the_action_and_counts(record: Record) -> None:
    built, found = lapsed(record)
    as_person(built.on("2026-12-15"), "owner", lambda a: answers.submit(a, built.request().id, offered("2026-12-10")))
    document = built.watch(locator="https://docs.example/it.md")
    built.turn(check, act)
    as_person(built, "owner", lambda a: decisions.implemented(a, found.id, **ALL_THREE))
    for count, sha256 in enumerate(["b" * 64, "c" * 64], start=1):
        built.change(Document, document, sha256=sha256)
        built.on(f"2026-12-{16 + 2 * count}").turn(check, act)
        assert (the_action(built).state, the_action(built).relapses) == ("reopened", count)
        built.change(Document, document, sha256=DIGEST)
        built.on(f"2026-12-{17 + 2 * count}").turn(check, act)
        assert the_action(built).state == "implemented", "its cause was told before"
    assert len(built.rows(Lapse, *built.pair(Lapse, "scoring", "risk"))) == 3


def test_an_action_judged_ineffective_stays_open_until_somebody_acts(record: Record) -> None:
    """Valid evidence alone is what was just judged not to be enough; the next run of Act must not undo the judgement."""
    built, found = lapsed(record)
    as_person(built.on("2026-12-15"), "owner", lambda a: answers.submit(a, built.request().id, offered("2026-12-10")))
    built.turn(check, act)
    as_person(built, "owner", lambda a: decisions.implemented(a, found.id, **ALL_THREE))
    built.on("2026-12-25").turn(check, act)
    as_person(built, "lead", lambda a: decisions.judge_action(a, found.id, worked=False, note="it will happen again"))
    assert (the_action(built).state, the_action(built).relapses) == ("reopened", 1)
    built.now += timedelta(hours=2)
    built.turn(check, act)
    assert the_action(built).state == "reopened"


def test_an_action_is_chased_by_a_cycle_with_a_shorter_ladder_too(record: Record) -> None:
    built, found = lapsed(record)
    built.change(Action, found.id, step=6, next_at=built.now)
    built.change(Request, built.request().id, state="lapsed", next_at=None)  # nobody is asked any more
    rung = [{"workdays": 0, "to": "owner", "message": "reminder"}]
    with built.record.write() as session:
        cycle = built.cycle(session)
        cycle.policy = {**cycle.policy, "asking": {**cycle.policy["asking"], "ladder": rung}}
        session.add(cycle)
    built.turn(act)
    assert the_action(built).next_at is None


# The gate -------------------------------------------------------------------------------------------------


def test_the_gate_names_every_reason_and_the_pinned_digest_is_found_again(record: Record) -> None:
    built, number = asked(record)
    with built.record.write() as session:
        reasons = "; ".join(gate(session, built.cycle(session), built.now))
        for part in ("closes on", "not 'acting'", "still to be assessed", "still open and not yet past due"):
            assert part in reasons
        assert not close(session, built.cycle(session), now=built.now, actor="lead").closed
    with built.record.read() as session:
        last = built.cycle(session).close_on
    built.on((last - timedelta(days=3)).isoformat()).turn(check)
    evidence = as_person(built, "owner", lambda a: answers.submit(a, number, offered("2026-12-10")))
    built.on(last.isoformat()).turn(check)
    with built.record.read() as session:
        reasons = "; ".join(gate(session, built.cycle(session), built.now))
    assert "wait for a reviewer" in reasons
    assert "neither an action nor an acceptance: " in reasons
    as_person(built, judge_of(built, evidence.id), lambda a: review(a, evidence.id, "accept"))
    built.turn(check, act)
    with built.record.write() as session:
        closing = close(session, built.cycle(session), now=built.now, actor="lead")
        assert (closing.closed, closing.reasons) == (True, ())
        assert close(session, built.cycle(session), now=built.now, actor="lead") == closing
    with built.record.read() as session:
        assert result_digest(session, built.cycle(session)) == closing.digest == built.cycle(session).result_digest
    assert [action for _, action, _ in built.journal()].count("cycle.closed") == 1
    refused(built, "owner", lambda a: answers.submit(a, number, offered()), "closed")


# Whatever people do ---------------------------------------------------------------------------------------

WHO = ("lead", "boss", "owner", "second", "other", "judge", "jury")


def _one_act(data: st.DataObject, built: House) -> Callable[[Act], Any]:
    number = data.draw(st.integers(1, 7), label="number")
    day = (built.now + timedelta(days=data.draw(st.integers(-40, 9)))).date()
    words = data.draw(st.sampled_from(["", "because"]))
    to = data.draw(st.integers(1, len(WHO)))
    acts: dict[str, Callable[[Act], Any]] = {
        "submit": lambda a: answers.submit(
            a, number, offered(day, form=data.draw(st.sampled_from(["link", "attestation"])))
        ),
        "confirm": lambda a: answers.confirm(a, number),
        "snooze": lambda a: answers.snooze(a, number, day, words),
        "delegate": lambda a: answers.delegate(a, number, a.session.get_one(Person, to)),
        "take over": lambda a: answers.accept_offer(a, number),
        "decline": lambda a: answers.decline_offer(a, number),
        "not mine": lambda a: objections.not_mine(a, number, words),
        "accept": lambda a: review(a, number, "accept"),
        "return": lambda a: review(a, number, "return", words),
        "recuse": lambda a: review(a, number, "recuse"),
        "reassign": lambda a: decisions.reassign(a, number, a.session.get_one(Person, to)),
        "nudge": lambda a: decisions.nudge(a, number),
        "excuse": lambda a: decisions.excuse(a, number, words),
        "implemented": lambda a: decisions.implemented(
            a, number, correction=words, root_cause="", corrective_action=""
        ),
        "help": lambda a: decisions.need_help(a, number),
        "worked": lambda a: decisions.judge_action(a, number, worked=True),
        "did not work": lambda a: decisions.judge_action(a, number, worked=False),
    }
    return acts[data.draw(st.sampled_from(list(acts)))]


def _states(built: House) -> dict[int, str]:
    return {row.id: row.state for row in built.rows(Request)}


def _steps_are_legal(built: House, before: dict[int, str], entries: int, *, by_hand: bool) -> None:
    changed = {number: (before[number], state) for number, state in _states(built).items() if before[number] != state}
    assert set(changed.values()) <= STEPS
    if by_hand:
        new = [json.loads(row.body) for row in built.rows(JournalEntry, JournalEntry.seq > entries)]
        moves = [
            (entry["before"]["state"], entry["after"]["state"])
            for entry in new
            if entry["action"].startswith("request.") and entry["before"]["state"] != entry["after"]["state"]
        ]
        assert sorted(moves) == sorted(changed.values())


def _people_are_three(built: House) -> None:
    evidence = {row.id: row for row in built.rows(Evidence)}
    owners = {row.id: row.owner_id for row in built.rows(System)}
    for judged in [*built.rows(Review), *built.rows(Verdict, col(Verdict.by_id).is_not(None))]:
        one = judged.reviewer_id if isinstance(judged, Review) else judged.by_id
        assert one not in (evidence[judged.evidence_id].submitter_id, owners[evidence[judged.evidence_id].system_id])


def _lapses_are_answered(built: House) -> None:
    actions = [(row.system_id, row.kind_id) for row in built.actions() if row.closed_at is None]
    accepted = [(row.system_id, row.kind_id) for row in built.rows(Acceptance, Acceptance.state == "approved")]
    for found in built.rows(Lapse, col(Lapse.recovered_at).is_(None)):
        assert [*actions, *accepted].count((found.system_id, found.kind_id)) == 1
    with built.record.read() as session:
        assert lapses_without_owner(session, built.cycle(session), built.now) == []


@given(data=st.data())
@settings(max_examples=20)
def test_whatever_people_do_the_record_stays_lawful(data: st.DataObject, new_sqlite: Any) -> None:
    policy = {"reviewing": {"confirmations": data.draw(st.sampled_from(["required", "automatic"]))}}
    systems = [
        system("scoring", roles=["developer"], risk_tier="high"),
        system("chat", "other"),
        system("late", "second"),
    ]
    built = house(new_sqlite(), *systems, planned=False, policy=policy)
    built.give("2026-05-01", valid_until="2026-11-01")
    built.plan()
    built.on("2026-10-14")
    for _ in range(data.draw(st.integers(5, 30))):
        built.now += timedelta(hours=data.draw(st.sampled_from([0, 1, 15, 26, 24 * 6])))
        before, entries = _states(built), len(built.rows(JournalEntry))
        move = data.draw(st.sampled_from(["act", "act", "act", "act", "turn"]))
        if move == "turn":
            built.turn(tick, check, act)
            _lapses_are_answered(built)
        else:
            what = _one_act(data, built)
            try:
                as_person(built, data.draw(st.sampled_from(WHO)), what)
            except Refused:
                assert (_states(built), len(built.rows(JournalEntry))) == (before, entries)
        _steps_are_legal(built, before, entries, by_hand=move == "act")
        _people_are_three(built)
    # Withdrawn: what was lapsed was excused, so there is nothing left to mend.
    assert {row.state for row in built.actions()} <= {*OPEN_ACTION, "effective", "withdrawn"}
    with built.record.read() as session:
        assert journal.verify(session).fault is None
    built.record.close()
