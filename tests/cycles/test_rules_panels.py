"""Panels on a real record: called, voted on in secret, counted in a step of their own, and never passed by default."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from rules_house import DIGEST, House, house, people, person, programme, send, system, tokyo
from sqlmodel import col, select

from cycles import answers, decisions, observations, outbox, panel_outcomes, panel_votes, panels
from cycles.accounts import SOUGHT
from cycles.brief_queries import brief_for
from cycles.briefs import PanelBrief, PanelsBrief, ReturnedBrief
from cycles.close import gate
from cycles.errors import BadInput, Refused
from cycles.journal import verify
from cycles.models import (
    Delivery,
    Evidence,
    JournalEntry,
    Leave,
    Membership,
    Panel,
    Person,
    Review,
    Setting,
    System,
    Verdict,
)
from cycles.observations import Seen
from cycles.overdue import remind_deciders
from cycles.panel_view import panel_view
from cycles.people import Directory, current_policy
from cycles.permits import Act
from cycles.programme.load import load_programme
from cycles.quorum import Vote
from cycles.status import status
from cycles.store import Record

NewRecord = Callable[[], Record]
FOUR = ("judge", "jury", "ann", "bob")
RULE = {"kinds": ["risk"], "preset": "3-of-4", "deadline_workdays": 5, "decider": "lead"}
DEADLINE = tokyo("2026-10-22", 18)  # five workdays after Thursday 15 October


def built_with(
    record: Record,
    *more: Any,
    reviewers: Any = FOUR,
    rule: dict[str, Any] | None = None,
    reviewing: dict[str, Any] | None = None,
    **changes: Any,
) -> House:
    who = people(person("ann"), person("bob"), person("chief"), *more, **changes)
    policy = {"reviewing": {"quorum": [{**RULE, **(rule or {})}], **(reviewing or {})}}
    head = {"reviewers": list(reviewers), "leads": ["lead", "chief"]}
    return house(record, system("scoring"), who=who, policy=policy, **head).on("2026-10-15", 11)


def submit(built: House, **more: Any) -> int:
    values: dict[str, Any] = {"form": "link", "locator": "https://docs.example/it.md", "sha256": DIGEST, **more}
    with built.record.write() as session:
        offered = answers.Offered(effective=date(2026, 9, 30), **values)
        return answers.submit(built.act_as(session, "owner"), built.request().id, offered).id


def called(record: Record, **more: Any) -> tuple[House, int]:
    """The owner has answered on Thursday 15 October at 11:00, and a panel was called."""
    built = built_with(record, **more)
    return built, submit(built)


def vote(built: House, evidence: int, key: str, choice: Vote, reason: str = "") -> None:
    built.now += timedelta(minutes=1)
    with built.record.write() as session:
        decisions.review(built.act_as(session, key), evidence, choice, reason)


def count(built: House) -> int:
    with built.record.write() as session:
        return panel_outcomes.count(session, now=built.now, actor="hoshin")


def panel(built: House) -> Panel:
    [found] = built.rows(Panel)
    assert isinstance(found, Panel)
    return found


def key_of(built: House, number: int) -> str:
    return next(key for key, known in built.ids(Person).items() if known == number)


def members(built: House) -> list[str]:
    return [row["person"] for row in panel(built).roster]


def told(built: House, role: str) -> list[str]:
    rows = built.rows(Delivery, Delivery.kind == "panel", Delivery.role == role)
    return sorted(key_of(built, row.person_id) for row in rows)


def brief(built: House, key: str, role: str = "member") -> Any:
    with built.record.write() as session:
        delivery = session.exec(
            select(Delivery)
            .where(Delivery.kind == "panel", Delivery.role == role, Delivery.person_id == built.ids(Person)[key])
            .order_by(col(Delivery.id).desc())
        ).first()
        assert delivery is not None
        delivery.ts = delivery.ts or "1.1"
        found = brief_for(session, delivery, built.now)
        assert isinstance(found, PanelsBrief)
        [panel] = found.panels
        return panel


def refused(built: House, what: Callable[[Act], Any], key: str, reason: str) -> None:
    before = built.journal(), [row.model_dump() for row in built.rows(Review)]
    with pytest.raises(Refused) as found, built.record.write() as session:
        what(built.act_as(session, key))
    assert found.value.reason == reason
    assert (built.journal(), [row.model_dump() for row in built.rows(Review)]) == before


# Calling --------------------------------------------------------------------------------------------------


def test_the_course_of_a_panel_from_submission_to_acceptance(new_record: NewRecord) -> None:
    built, evidence = called(new_record())
    assert sorted(members(built)) == sorted(FOUR)
    assert (panel(built).deadline, panel(built).terms["need"]) == (DEADLINE, 3)
    asked = built.rows(Delivery, Delivery.kind == "panel")
    assert sorted(key_of(built, row.person_id) for row in asked) == sorted(FOUR)
    at = {key_of(built, row.person_id): row.not_before for row in asked}
    assert at["judge"] == built.now
    assert at["jury"] == datetime(2026, 10, 15, 8, tzinfo=UTC), "09:00 in London"
    assert built.deliveries("review") == []
    vote(built, evidence, "judge", "accept")
    vote(built, evidence, "ann", "return", "No approver.")
    vote(built, evidence, "jury", "accept")
    assert (count(built), built.request().state) == (0, "submitted")
    vote(built, evidence, "bob", "accept")
    assert built.request().state == "submitted", "a vote alone decides nothing"
    assert (count(built), count(built)) == (1, 0)
    assert (built.request().state, panel(built).outcome) == ("accepted", "satisfied")
    [verdict] = built.rows(Verdict)
    assert (verdict.outcome, verdict.by_id) == ("accepted", None)
    about = [(actor, action) for actor, action, subject in built.journal() if "scoring/risk" in subject]
    assert about == [
        ("owner", "request.submitted"),
        ("owner", "panel.called"),
        *((key, "panel.voted") for key in ("judge", "ann", "jury", "bob")),
        ("hoshin", "panel.closed"),
        ("hoshin", "request.accepted"),
    ]
    with built.record.read() as session:
        assert verify(session).fault is None
        view = panel_view(session, evidence)
    assert view["counts"] == {"accept": 3, "return": 1, "abstain": 0, "recuse": 0, "none": 0}
    assert [row["person"] for row in view["votes"]] == ["judge", "ann", "jury", "bob"]
    assert built.rows(Person, Person.name == "") == [], "the actor of an outcome is nobody in the record"


def test_owner_submitter_and_the_departed_are_never_on_it_and_the_absent_come_last(record: Record) -> None:
    away = {"leave": [{"from": "2026-10-12", "to": "2026-11-20"}]}
    named = (*FOUR, "owner", "second", "cat", "dan")
    left = {"left_on": "2026-10-01"}
    built = built_with(record, person("cat"), person("dan"), reviewers=named, judge=away, jury=left)
    with built.record.write() as session:  # the deputy answers for the owner
        offered = answers.Offered(
            form="link", locator="https://docs.example/x", effective=date(2026, 9, 30), sha256=DIGEST
        )
        answers.submit(built.act_as(session, "second"), built.request().id, offered)
    assert sorted(members(built)) == ["ann", "bob", "cat", "dan"]


def test_an_absent_reviewer_sits_only_where_nobody_else_could(record: Record) -> None:
    built, _ = called(record, judge={"leave": [{"from": "2026-10-12", "to": "2026-11-20"}]})
    assert members(built)[-1] == "judge"


def test_groups_and_humans_are_seated_first(record: Record) -> None:
    named = [
        {"person": "judge", "group": "law", "automated": True},
        {"person": "jury", "group": "law"},
        {"person": "ann", "group": "law", "automated": True},
        {"person": "bob", "group": "law"},
        {"person": "cat", "group": "tech"},
        {"person": "dan", "group": "law", "automated": True},
    ]
    varied = {"min_groups": 2, "min_humans": 3}
    built = built_with(record, person("cat"), person("dan"), reviewers=named, rule=varied)
    evidence = submit(built)
    assert {"cat", "jury", "bob"} <= set(members(built))
    for key in ("jury", "bob"):
        vote(built, evidence, key, "accept")
    machine = next(key for key in members(built) if key not in ("jury", "bob", "cat"))
    vote(built, evidence, machine, "accept")
    assert count(built) == 0, "three agree, but of one group and only two of them human"
    vote(built, evidence, "cat", "accept")
    assert (count(built), panel(built).outcome) == (1, "satisfied")


def test_a_program_keeps_its_turn_though_it_has_no_slack_account(record: Record) -> None:
    built = built_with(record, person("cat"), reviewers=[*FOUR, {"person": "cat", "automated": True}])
    lead = built.ids(Person)["lead"]

    def turns() -> list[list[int]]:
        with built.record.read() as session:
            directory = Directory.load(session, current_policy(session))
            free = (panels._free(session, directory, (), turn, lead, built.now) for turn in range(5))
            return [[member.person_id for member in row] for row in free]

    before = turns()
    with built.record.write() as session:
        session.add(Setting(name=SOUGHT, value={"orphaned": ["cat"]}))
    assert turns() == before


def test_too_few_free_reviewers_agree_as_many_as_ever(record: Record) -> None:
    built, evidence = called(record, reviewers=["judge", "jury", "ann", "owner"])
    assert (panel(built).terms["need"], panel(built).terms["of"]) == (3, 3)
    for key in ("judge", "jury", "ann"):
        vote(built, evidence, key, "accept")
    assert (count(built), built.request().state) == (1, "accepted")


def test_where_no_quorum_could_ever_be_the_decider_is_turned_to_at_once(record: Record) -> None:
    built, evidence = called(record, reviewers=["judge", "jury", "owner"])
    assert (members(built), told(built, "member")) == ([], [])
    assert (count(built), panel(built).outcome) == (1, "no-quorum")
    assert told(built, "decider") == ["lead"]
    vote(built, evidence, "lead", "accept")
    assert built.request().state == "accepted"


def test_other_kinds_still_have_their_one_reviewer(record: Record) -> None:
    built = built_with(record, rule={"kinds": ["log"]})
    evidence = submit(built)
    assert (built.rows(Panel), len(built.rows(Review))) == ([], 1)
    refused(
        built,
        lambda a: decisions.review(a, evidence, "abstain"),
        key_of(built, built.rows(Review)[0].reviewer_id),
        "vote",
    )


def test_a_program_never_reviews_alone(record: Record) -> None:
    machines = [{"person": key, "automated": True} for key in ("judge", "jury", "ann")]
    built = built_with(record, reviewers=[*machines, "bob"], rule={"kinds": ["log"]})
    submit(built)
    [ballot] = built.rows(Review)
    assert key_of(built, ballot.reviewer_id) == "bob"


def test_a_panel_is_called_even_where_policy_accepts_the_rest_unseen(record: Record) -> None:
    built = built_with(record, reviewing={"submissions": "automatic"})
    submit(built)
    assert (built.request().state, panel(built).outcome) == ("submitted", None)


# Voting ---------------------------------------------------------------------------------------------------


def test_a_vote_is_final_reasoned_where_it_must_be_and_the_members_own(record: Record) -> None:
    built, evidence = called(record)
    for choice in ("return", "recuse"):
        refused(built, lambda a, c=choice: decisions.review(a, evidence, c, " "), "judge", "reason")
    vote(built, evidence, "judge", "abstain")
    refused(built, lambda a: decisions.review(a, evidence, "accept"), "judge", "answered")
    for key in ("owner", "lead", "boss", "other"):
        refused(built, lambda a: decisions.review(a, evidence, "accept"), key, "not_yours")
    built.now = DEADLINE
    refused(built, lambda a: decisions.review(a, evidence, "accept"), "jury", "answered")


def test_who_came_to_own_the_system_can_only_recuse(record: Record) -> None:
    built, evidence = called(record)
    scoring = built.ids(System)["scoring"]
    built.change(System, scoring, owner_id=built.ids(Person)["ann"])
    refused(built, lambda a: decisions.review(a, evidence, "accept"), "ann", "not_yours")
    vote(built, evidence, "ann", "recuse", "It is mine now.")


def test_nothing_that_is_shown_depends_on_a_vote_until_the_panel_closes(record: Record) -> None:
    shown = []
    built, evidence = called(record)
    for delivery in built.rows(Delivery, Delivery.kind == "panel"):
        built.change(Delivery, delivery.id, state="sent", ts="1.1")
    for choice, reason in ((None, ""), ("accept", ""), ("return", "No approver.")):
        if choice == "accept":
            vote(built, evidence, "judge", "accept")
        elif choice == "return":
            vote(built, evidence, "bob", "return", reason)
        count(built)
        built.now = tokyo("2026-10-15", 15)
        with built.record.read() as session:
            state = status(session, built.cycle(session), built.now)
            view = panel_view(session, evidence)
            reasons = gate(session, built.cycle(session), built.now)
        state["counts"].pop("deliveries")  # counts the rewrites of all messages together, without whose
        shown.append((brief(built, "jury"), brief(built, "ann"), state, view, reasons))
    assert shown[0] == shown[1] == shown[2]
    assert shown[0][3]["votes"] is shown[0][3]["counts"] is None
    assert [row["panel"] for row in shown[0][2]["requests"] if row["panel"]] == [
        {"need": 3, "of": 4, "deadline": "2026-10-22T09:00:00+00:00", "state": "open"}
    ]
    assert any("scoring/risk" in reason for reason in shown[0][4]), "the gate names the open panel"
    assert brief(built, "judge").voted.verb == "accept", "one's own vote only"
    # A message that is rewritten shows as edited: only the voter's may be.
    rewritten = {key_of(built, row.person_id) for row in built.rows(Delivery, Delivery.kind == "refresh")}
    assert rewritten == {"judge", "bob"}


def test_a_member_who_voted_before_the_message_was_sent_is_not_asked(record: Record) -> None:
    built, evidence = called(record)
    vote(built, evidence, "judge", "accept")
    with built.record.read() as session:
        rows = session.exec(select(Delivery).where(Delivery.kind == "panel").order_by(col(Delivery.id))).all()
        said = {key_of(built, row.person_id): brief_for(session, row, built.now) for row in rows}
    assert [key for key, words in said.items() if words is None] == ["judge"]


def test_a_crash_between_the_last_vote_and_the_count_loses_nothing(new_record: NewRecord) -> None:
    built, evidence = called(new_record())
    for key in ("judge", "jury", "ann"):
        vote(built, evidence, key, "accept")
    before = built.journal()
    with pytest.raises(RuntimeError):
        _count_and_die(built)
    assert (built.journal(), built.request().state, panel(built).outcome) == (before, "submitted", None)
    assert [row.vote for row in built.rows(Review, col(Review.vote).is_not(None))] == ["accept"] * 3
    built.now = DEADLINE + timedelta(days=1)  # counted late, it comes to the same
    assert (count(built), built.request().state) == (1, "accepted")
    assert [action for _, action, _ in built.journal()].count("panel.closed") == 1


def _count_and_die(built: House) -> None:
    with built.record.write() as session:
        assert panel_outcomes.count(session, now=built.now, actor="hoshin") == 1
        raise RuntimeError("the machine goes dark before the commit")


# Outcomes -------------------------------------------------------------------------------------------------


def test_a_tie_is_sent_back_with_the_reasons_and_no_names(record: Record) -> None:
    built, evidence = called(record)
    vote(built, evidence, "judge", "accept")
    vote(built, evidence, "jury", "return", "No approver.")
    assert count(built) == 0
    vote(built, evidence, "ann", "return", "A date is missing.")
    vote(built, evidence, "bob", "accept")
    assert (count(built), built.request().state) == (1, "returned")
    [verdict] = built.rows(Verdict)
    assert (verdict.outcome, verdict.by_id) == ("returned", None)
    assert verdict.reason == "• A date is missing.\n• No approver."
    [delivery] = built.deliveries("returned")
    with built.record.read() as session:
        said = brief_for(session, session.get_one(Delivery, delivery.id), built.now)
    assert isinstance(said, ReturnedBrief)
    assert (said.reviewer, said.changed) == ("", False)
    assert key_of(built, delivery.person_id) == "owner"
    assert brief(built, "bob").counts == {"accept": 2, "return": 2, "abstain": 0, "recuse": 0, "none": 0}
    again = submit(built, sha256="b" * 64)
    assert again != evidence
    assert len(built.rows(Panel)) == 2, "what is handed in next has a panel of its own"


def test_without_a_quorum_the_decider_sees_everything_and_the_decision_is_theirs(record: Record) -> None:
    built, evidence = called(record)
    vote(built, evidence, "judge", "accept")
    vote(built, evidence, "jury", "return", "No approver.")
    built.now = DEADLINE - timedelta(seconds=1)
    assert count(built) == 0
    built.now = DEADLINE
    assert (count(built), count(built)) == (1, 0)
    assert (built.request().state, panel(built).outcome, built.rows(Verdict)) == ("submitted", "no-quorum", [])
    assert told(built, "decider") == ["lead"]
    shown = brief(built, "lead", "decider")
    assert isinstance(shown, PanelBrief)
    assert {(row.by, row.vote, row.reason) for row in shown.votes} == {
        ("Judge", "accept", ""),
        ("Jury", "return", "No approver."),
        ("Ann", "none", ""),
        ("Bob", "none", ""),
    }
    assert brief(built, "ann").votes == ()
    for key in ("chief", "ann"):
        refused(
            built, lambda a: decisions.review(a, evidence, "accept"), key, "not_yours" if key == "chief" else "answered"
        )
    refused(built, lambda a: decisions.review(a, evidence, "return"), "lead", "reason")
    refused(built, lambda a: decisions.review(a, evidence, "abstain"), "lead", "vote")
    vote(built, evidence, "lead", "return", "Jury is right.")
    assert built.request().state == "returned"
    [verdict] = built.rows(Verdict)
    assert (key_of(built, verdict.by_id), verdict.reason) == ("lead", "Jury is right.")
    acts = [(actor, action) for actor, action, _ in built.journal()][-3:]
    assert acts == [("hoshin", "panel.closed"), ("lead", "panel.decided"), ("lead", "request.returned")]
    refused(built, lambda a: decisions.review(a, evidence, "accept"), "lead", "not_yours")


def test_what_the_decider_adds_to_an_acceptance_is_kept(record: Record) -> None:
    built, evidence = called(record)
    vote(built, evidence, "judge", "accept")
    vote(built, evidence, "jury", "return", "No approver.")
    built.now = DEADLINE
    count(built)
    vote(built, evidence, "lead", "accept", "Approved by the board on the 3rd.")
    [verdict] = built.rows(Verdict)
    assert (built.request().state, verdict.outcome, verdict.reason) == (
        "accepted",
        "accepted",
        "Approved by the board on the 3rd.",
    )


def test_nothing_passes_by_default_however_long_nobody_votes(record: Record) -> None:
    built, _ = called(record)
    for day in range(16, 32):
        built.on(f"2026-10-{day}", 10)
        send(built)
        count(built)
        with built.record.write() as session:
            remind_deciders(session, built.cycle(session), now=built.now, actor="hoshin")
    assert (built.request().state, panel(built).outcome) == ("submitted", "no-quorum")
    assert sorted(row.reviewer_id for row in built.rows(Review)) == sorted(built.ids(Person)[key] for key in FOUR)
    assert built.deliveries("review") == [], "overdue panels are not passed on to single reviewers"
    reminded = told(built, "reminder")
    assert reminded == sorted([*FOUR, *FOUR]), "at half time and a workday before the deadline"
    assert len(told(built, "decider")) == 2, "on Friday 23, and again on the third workday after it"
    times = [row.not_before for row in built.rows(Delivery, Delivery.role == "reminder")]
    assert max(times) < DEADLINE


def test_only_the_silent_who_are_there_are_reminded(record: Record) -> None:
    built, evidence = called(record)
    vote(built, evidence, "judge", "accept")
    gone = {"ann": {"left_on": "2026-10-16"}}
    who = [entry if entry.key != "ann" else person("ann", **gone["ann"]) for entry in built.programme.people]
    built.on("2026-10-21", 19)
    built.sync(
        programme(
            [system("scoring")],
            who,
            policy={"reviewing": {"quorum": [RULE]}},
            reviewers=["judge", "jury", "bob"],
            leads=["lead", "chief"],
        )
    )
    count(built)
    assert told(built, "reminder") == ["bob", "jury"]


@pytest.mark.parametrize("trouble", ["left", "away"])
def test_a_decider_who_is_not_there_is_replaced_by_another_lead(trouble: str, record: Record) -> None:
    built, evidence = called(record)
    built.now = DEADLINE
    count(built)
    lead = built.ids(Person)["lead"]
    if trouble == "left":
        built.change(Person, lead, left_on=date(2026, 10, 21))
    else:
        with built.record.write() as session:
            session.add(Leave(person_id=lead, starts=date(2026, 10, 22), ends=date(2026, 11, 30)))
    built.on("2026-10-23")
    count(built)
    count(built)
    assert told(built, "decider") == ["chief", "lead"]
    vote(built, evidence, "chief", "accept")
    assert built.request().state == "accepted"


def test_where_every_lead_answers_for_it_a_reviewer_without_a_seat_decides(record: Record) -> None:
    built = built_with(record, person("cat"), reviewers=(*FOUR, {"person": "cat", "automated": True}, "boss"))
    built.change(System, built.ids(System)["scoring"], owner_id=built.ids(Person)["chief"])
    with built.record.write() as session:
        offered = answers.Offered(form="file", locator="it.pdf", effective=date(2026, 9, 30), sha256=DIGEST)
        answers.submit(built.act_as(session, "lead"), built.request().id, offered)
    decider = key_of(built, panel(built).decider_id)
    assert decider in {*FOUR, "boss"} - set(members(built))


# What is voted on -----------------------------------------------------------------------------------------


def see(built: House, number: int, **more: Any) -> None:
    with built.record.write() as session:
        seen = Seen(**{"document_id": number, "at": built.now, "status": "ok", **more})
        observations.record(session, [seen], now=built.now, actor="check")


def linked(record: Record) -> tuple[House, int, int]:
    built = built_with(record)
    document = built.watch(locator="documents/it.md", sha256="a" * 64)
    return built, document, submit(built, locator="documents/it.md", sha256=None)


def test_a_watched_link_is_voted_on_once_it_is_sealed(new_record: NewRecord) -> None:
    built, document, evidence = linked(new_record())
    assert (built.rows(Panel), built.rows(Review)) == ([], [])
    built.now += timedelta(hours=12)
    see(built, document, sha256="c" * 64)
    assert panel(built).terms["digest"] == "c" * 64
    assert {row.sha256 for row in built.rows(Review)} == {"c" * 64}
    assert [row.sha256 for row in built.rows(Evidence, Evidence.id == evidence)] == ["c" * 64]


@pytest.mark.parametrize("what", [{"sha256": "d" * 64}, {"status": "missing", "sha256": None}])
def test_a_document_that_changes_under_review_voids_the_panel(what: dict[str, Any], record: Record) -> None:
    built, document, evidence = linked(record)
    built.now += timedelta(hours=12)
    see(built, document, sha256="c" * 64)
    built.now += timedelta(days=1)
    see(built, document, sha256="c" * 64)
    for key in ("judge", "jury", "ann"):
        vote(built, evidence, key, "accept")
    see(built, document, **what)
    assert (count(built), panel(built).outcome) == (1, "void")
    assert built.request().state == "returned", "three votes to accept what is there no more accept nothing"
    last = json.loads(built.rows(JournalEntry)[-1].body)
    assert (last["action"], last["after"]["panel"]) == ("request.returned", "void")
    [delivery] = built.deliveries("returned")
    with built.record.read() as session:
        said = brief_for(session, session.get_one(Delivery, delivery.id), built.now)
    assert isinstance(said, ReturnedBrief)
    assert said.changed


def test_what_cannot_be_sealed_is_judged_all_the_same_after_two_workdays(record: Record) -> None:
    built, document, evidence = linked(record)

    def night(day: str) -> None:
        built.on(day, 20)
        see(built, document, status="unreachable", error="no answer")
        with built.record.write() as session:
            remind_deciders(session, built.cycle(session), now=built.now, actor="hoshin")

    for day in ("2026-10-15", "2026-10-16", "2026-10-19"):
        night(day)
        assert built.rows(Panel) == []
    night("2026-10-20")
    assert len(panel(built).terms["digest"]) == 64
    built.on("2026-10-21")
    see(built, document, sha256="c" * 64)  # sealed late: nobody's vote is touched
    for key in ("judge", "jury", "ann"):
        vote(built, evidence, key, "accept")
    assert (count(built), built.request().state) == (1, "accepted")


def test_a_statement_has_a_digest_of_its_own(record: Record) -> None:
    built = built_with(record, rule={"kinds": ["risk"]})
    evidence = submit(built, sha256=None)
    digest = panel(built).terms["digest"]
    with built.record.read() as session:
        found = session.get_one(Evidence, evidence)
        assert panels.bound_digest(found) == digest != DIGEST
        found.note = "other words"
        assert panels.bound_digest(found) != digest


def test_a_lead_calls_a_new_panel_and_every_vote_before_is_void(new_record: NewRecord) -> None:
    built = built_with(new_record(), person("cat"), reviewers=(*FOUR, "cat"))
    evidence = submit(built)
    first = members(built)
    gone = first[0]
    for key in first[:2]:
        vote(built, evidence, key, "accept")
    built.on("2026-10-16")

    def anew(act: Act, reason: str = "On leave.") -> Panel:
        without = [built.rows(Person, Person.key == gone)[0]]
        return panel_votes.call_anew(act, evidence, without=without, reason=reason)

    refused(built, anew, "boss", "not_yours")
    refused(built, lambda a: anew(a, " "), "lead", "reason")
    with built.record.write() as session:
        anew(built.act_as(session, "lead"))
    assert gone not in members(built)
    assert len(members(built)) == 4
    assert [row.vote for row in built.rows(Review)] == [None] * 4
    assert panel(built).deadline == tokyo("2026-10-23", 18)
    assert not brief(built, gone).on_it
    refused(built, lambda a: decisions.review(a, evidence, "accept"), gone, "not_yours")
    voted = [entry for entry in built.rows(JournalEntry) if entry.action == "panel.voted"]
    assert [json.loads(entry.body)["after"]["vote"] for entry in voted] == ["accept", "accept"], "kept in the journal"
    for key in members(built)[:3]:
        vote(built, evidence, key, "accept")
    assert (count(built), built.request().state) == (1, "accepted")
    refused(built, anew, "lead", "answered")


def test_22_of_33(record: Record) -> None:
    many = [person(f"r{n:02d}") for n in range(33)]
    built = built_with(record, *many, reviewers=[entry.key for entry in many], rule={"preset": "22-of-33"})
    evidence = submit(built)
    assert len(members(built)) == 33
    for n, entry in enumerate(many):
        if n < 11:
            vote(built, evidence, entry.key, "return", f"Point {n:02d}.")
        elif n < 32:
            vote(built, evidence, entry.key, "accept")
    assert count(built) == 0, "21 agree and 11 do not: the last one decides"
    vote(built, evidence, many[32].key, "accept")
    assert (count(built), built.request().state) == (1, "accepted")


# The programme --------------------------------------------------------------------------------------------


def test_groups_and_machines_come_from_the_programme(record: Record) -> None:
    built = built_with(record, reviewers=[{"person": "judge", "group": "law"}, "jury", "ann", "bob"])
    rows = {key_of(built, row.person_id): row for row in built.rows(Membership, Membership.role == "reviewer")}
    assert [(rows[key].group, rows[key].automated) for key in ("judge", "bob")] == [("law", False), ("", False)]
    changed = programme(
        [system("scoring")],
        list(built.programme.people),
        policy={"reviewing": {"quorum": [RULE]}},
        leads=["lead", "chief"],
        reviewers=["judge", "jury", {"person": "ann", "automated": True}, "bob"],
    )
    assert built.sync(changed)["changed"]["roles"]["keys"] == ["reviewer:ann", "reviewer:judge"]
    assert built.sync(changed) == {}


FILES = {
    "people.yaml": "people:\n"
    + "".join(
        f"  - {{key: {key}, name: {key}, email: {key}@a.example, zone: Asia/Tokyo, country: JP}}\n"
        for key in ("lead", "owner", "judge", "jury", "ann")
    ),
    "programme.yaml": """organisation: {name: Aozora, owner: owner}
zone: Asia/Tokyo
country: JP
frameworks: [jp-aigb]
leads: [lead]
reviewers:
  - judge
  - {person: jury, group: law}
  - {person: ann, automated: true}
""",
    "systems.yaml": "systems:\n  - {key: s, name: S, owner: owner, roles: [provider], risk_tier: high}\n",
}


@pytest.mark.parametrize(
    ("entry", "line", "said"),
    [
        ("{kinds: [risk-assessment], preset: 3-of-4}", 4, "names 3: 1 missing"),
        ("{preset: 2-of-2, min_groups: 2}", 0, ""),
        ("{need: 3, of: 3, min_groups: 3}", 4, "3 groups, but programme.yaml names 2: 1 missing"),
        ("{need: 3, of: 3, min_humans: 3}", 4, "3 human reviewers, but programme.yaml names 2: 1 missing"),
        ("{preset: 2-of-2, kinds: [nonsense]}", 4, "no known evidence kind: 'nonsense'"),
        ("{preset: 2-of-2, decider: judge}", 4, "none of the leads"),
        ("{preset: 2-of-9}", 4, "preset"),
        ("{need: 1, of: 2}", 4, "need"),
        ("{preset: 2-of-2, deadline_workdays: 0}", 4, "deadline_workdays"),
    ],
)
def test_policy_is_held_against_who_is_named(entry: str, line: int, said: str, tmp_path: Path) -> None:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "policy.yaml").write_text(f"expiring_days: 30\nreviewing:\n  quorum:\n    - {entry}\n")
    if not line:
        assert load_programme(tmp_path).policy.reviewing.quorum
        return
    with pytest.raises(BadInput) as found:
        load_programme(tmp_path)
    assert f"policy.yaml:{line}:" in str(found.value)
    assert said in str(found.value)


def test_a_reviewer_named_twice_is_refused(tmp_path: Path) -> None:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "programme.yaml").write_text(FILES["programme.yaml"] + "  - jury\n")
    with pytest.raises(BadInput, match=r"programme.yaml:10: reviewers names 'jury' twice"):
        load_programme(tmp_path)


def test_a_rewrite_can_be_one_persons(record: Record) -> None:
    built, evidence = called(record)
    for delivery in built.rows(Delivery, Delivery.kind == "panel"):
        built.change(Delivery, delivery.id, state="sent", ts="1.1")
    with built.record.write() as session:
        who = built.ids(Person)["ann"]
        assert outbox.refresh_about(session, "evidence", evidence, now=built.now, person_id=who) == 1
        assert outbox.refresh_about(session, "evidence", evidence, now=built.now) == 3
