"""What lies on a desk, how the cycle stands at a glance, and who may read a report: one story, seen from every chair."""

import dataclasses
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rules_house import DIGEST, House, house, people, person, system

from cycles import answers, decisions, desk, findings, objections, panel_outcomes
from cycles.briefs import (
    AcceptanceBrief,
    ActionBrief,
    CadenceBrief,
    DisputeBrief,
    EffectivenessBrief,
    FindingBrief,
    Item,
    PanelBrief,
    PlanBrief,
    ReviewBrief,
)
from cycles.check import check
from cycles.desk_briefs import Sheet, unfold
from cycles.do import tick
from cycles.errors import Refused
from cycles.glance import Asked, Glance, glance, may_see
from cycles.models import UNANSWERED, Acceptance, Action, Cadence, Evidence, Panel, Person, Request, Review, System
from cycles.report import ActionReport, Report, RequestReport, SystemReport, report
from cycles.store import Record
from cycles.takers import takers

NewRecord = Callable[[], Record]
SYSTEMS = ["open", "snoozed", "handed", "disputed", "waiting", "voting", "accepted", "returned", "missing", "offered"]
Seen = dict[str, list[str]]


def built_with(record: Record) -> House:
    """Ten systems of one owner, all of them asked; what the one of another tier submits goes before a panel."""
    panels = [{"kinds": ["risk"], "risk_tiers": ["minimal"], "need": 3, "of": 3, "decider": "chief"}]
    policy = {"asking": {"first_asks_per_day": 8}, "reviewing": {"quorum": panels}}
    systems = [system(key, risk_tier="minimal" if key == "voting" else "limited") for key in SYSTEMS]
    head = {"leads": ["lead", "chief"], "reviewers": ["judge", "jury", "third"], "executives": ["boss2"]}
    who = people(person("chief"), person("third"), person("boss2"))
    built = house(record, *systems, who=who, policy=policy, **head)
    for day in sorted({row.ask_on for row in built.rows(Request)}):
        built.on(day.isoformat()).turn(tick)
    built.now += timedelta(hours=1)
    return built


def acts(built: House, who: str, what: Callable[..., Any], *words: Any, **more: Any) -> Any:
    built.now += timedelta(minutes=1)
    with built.record.write() as session:
        return what(built.act_as(session, who), *words, **more)


def submit(built: House, key: str) -> int:
    offered = answers.Offered(
        form="link", locator="https://docs.example/it", effective=date(2026, 9, 30), sha256=DIGEST
    )
    found: Evidence = acts(built, "owner", answers.submit, built.request(key).id, offered)
    return found.id


def told(built: House) -> House:
    """Everything that can happen to a request happens to the one of its system."""
    with built.record.read() as session:
        second = built.act_as(session, "second").person
    day = (built.now + timedelta(days=5)).date()
    acts(built, "owner", answers.snooze, built.request("snoozed").id, day, "An audit")
    acts(built, "owner", answers.delegate, built.request("handed").id, second)
    acts(built, "owner", objections.not_mine, built.request("disputed").id, "Moved")
    acts(built, "owner", objections.cannot_provide, built.request("missing").id, "Nobody kept one")
    for key in ("waiting", "voting", "accepted", "returned"):
        submit(built, key)
    for key, vote, why in (("accepted", "accept", ""), ("returned", "return", "Too old")):
        acts(built, reviewer_of(built, key), decisions.review, built.request(key).evidence_id, vote, why)
    return built


def reviewer_of(built: House, key: str) -> str:
    [asked] = built.rows(Review, Review.evidence_id == built.request(key).evidence_id)
    return next(name for name, number in built.ids(Person).items() if number == asked.reviewer_id)


def sheets(built: House, who: str) -> list[Sheet]:
    with built.record.read() as session:
        reader = built.act_as(session, who).person
        papers = desk.papers(session, reader, built.now)
        found = unfold(session, papers, reader, built.now)
    assert [(sheet.section, sheet.number) for sheet in found] == [(paper.section, paper.number) for paper in papers]
    return found


def seen(built: House, who: str) -> Seen:
    """The systems that lie on a desk, by section."""
    names: Seen = {}
    for sheet in sheets(built, who):
        names.setdefault(sheet.section, []).append(name_of(sheet.told))
    return names


def name_of(told: Any) -> str:
    match told:
        case Item() | ActionBrief() | EffectivenessBrief():
            return told.system_name.lower()
        case ReviewBrief() | DisputeBrief():
            return told.item.system_name.lower()
        case AcceptanceBrief() | FindingBrief() | CadenceBrief():
            return told.system_name.lower()
        case PlanBrief():
            return told.cycle
        case PanelBrief():
            return told.review.item.system_name.lower()
    raise AssertionError(told)


def test_every_answer_moves_a_request_to_its_place(new_record: NewRecord) -> None:
    built = told(built_with(new_record()))
    mine = seen(built, "owner")
    assert {section: sorted(names) for section, names in mine.items()} == {
        "open": ["offered", "open", "returned"],
        "action": ["missing"],
        "snoozed": ["snoozed"],
        "handed": ["disputed", "handed"],
        "waiting": ["voting", "waiting"],
        "answered": ["accepted", "missing"],
    }
    assert list(mine) == sorted(mine, key=desk.SECTIONS.index)
    assert mine["answered"] == ["accepted", "missing"], "the newest answer first"
    assert seen(built, "second") == {"offered": ["handed"]}
    judge = reviewer_of(built, "waiting")
    assert seen(built, judge)["review"] == ["waiting"]
    for key in ("judge", "jury", "third"):
        assert seen(built, key)["panel"] == ["voting"]
        assert ("review" in seen(built, key)) is (key == judge)
    assert seen(built, "other") == {}
    # The same queries on either database.
    assert look(built).asked_most[0].name == "Owner"
    for key in (str(built.request("voting").id), "voting", "A-1"):
        assert (read(built, "owner", key) is None, read(built, "other", key) is None) == (False, True), key


def test_what_is_to_be_decided_lies_on_the_desks_of_those_who_may(new_record: NewRecord) -> None:
    built = told(built_with(new_record()))
    asked = built.request("open")
    with built.record.write() as session:
        values = {"system_id": asked.system_id, "kind_id": asked.kind_id}
        risk = {"requester_id": asked.owner_id, "reason": "It is off.", "state": "requested", "requested_at": built.now}
        session.add(Acceptance(**values, **risk, expires=built.now.date() + timedelta(days=30)))
        for secret in (False, True):
            report_of = findings.Report(system_id=asked.system_id, title="It is wrong", confidential=secret)
            findings.report(session, report_of, built.act_as(session, "other").person, now=built.now)
        session.add(Cadence(**values, months=3, because="2 relapses", proposed_at=built.now))
    assert [sheet.kind for sheet in sheets(built, "lead") if sheet.section == "decide"] == [
        "acceptance", "finding", "finding", "dispute", "cadence",
    ]  # fmt: skip
    assert seen(built, "boss2")["decide"] == ["open"], "executives decide about risks"
    assert "decide" not in seen(built, "owner"), "not about their own"
    assert "decide" not in seen(built, "judge")
    acts(built, "lead", objections.keep_asking, built.request("disputed").id, "It is yours")
    assert [sheet.kind for sheet in sheets(built, "lead") if sheet.section == "decide"] == [
        "acceptance", "finding", "finding", "cadence",
    ]  # fmt: skip


def test_what_somebody_left_behind_is_one_thing_to_decide(record: Record) -> None:
    built = built_with(record)
    who = people(person("chief"), person("third"), person("boss2"), owner={"left_on": built.now.date()})
    built.sync(replace(built.programme, people=tuple(who)))
    for _ in range(12):
        built.now += timedelta(days=1)
        built.turn(tick)
    assert len([row for row in built.rows(Request) if row.disputed]) > 1
    assert [sheet.kind for sheet in sheets(built, "lead") if sheet.section == "decide"] == ["dispute"]


def test_a_planned_cycle_waits_on_a_leads_desk(record: Record) -> None:
    built = house(record, system("scoring"), planned=False)
    built.plan(approve=False)
    assert seen(built, "lead") == {"decide": [built.key]}
    assert seen(built, "owner") == {}


def test_a_desk_empties_as_things_are_done_and_when_the_cycle_closes(record: Record) -> None:
    built = told(built_with(record))
    judge = reviewer_of(built, "waiting")
    acts(built, judge, decisions.review, built.request("waiting").evidence_id, "accept")
    assert "review" not in seen(built, judge)
    acts(built, "second", answers.accept_offer, built.request("handed").id)
    assert seen(built, "second") == {"open": ["handed"]}
    built.on(built.request("snoozed").snoozed_until.isoformat())  # type: ignore[union-attr]
    assert "snoozed" not in seen(built, "owner")
    assert "snoozed" in seen(built, "owner")["open"]
    [action] = built.rows(Action)
    said = {"correction": "Made one", "root_cause": "Nobody knew", "corrective_action": "A rule"}
    acts(built, "owner", decisions.implemented, action.id, **said)
    built.change(Action, action.id, reviewer_id=built.ids(Person)["judge"])
    assert seen(built, "judge")["judge"] == ["missing"]
    assert "judge" not in seen(built, "owner")
    with built.record.write() as session:
        built.cycle(session).state = "closed"
    assert seen(built, "owner") == {"action": ["missing"]}
    assert seen(built, "second") == {}


def test_no_vote_of_a_panel_can_be_told_from_a_desk(record: Record) -> None:
    built = told(built_with(record))
    evidence = built.request("voting").evidence_id
    before = [panel_sheet(built, key) for key in ("jury", "third")]
    acts(built, "judge", decisions.review, evidence, "abstain")
    assert [panel_sheet(built, key) for key in ("jury", "third")] == before
    mine = panel_sheet(built, "judge")
    assert mine.voted is not None
    assert (mine.counts, mine.votes, mine.decided) == (None, (), None)
    deadline, moment = built.rows(Panel)[0].deadline, built.now
    for built.now, role in ((deadline - timedelta(seconds=1), "member"), (deadline, "closing")):
        assert {panel_sheet(built, key).role for key in ("judge", "jury", "third")} == {role}
    built.now = moment
    acts(built, "jury", decisions.review, evidence, "accept")
    acts(built, "third", decisions.review, evidence, "accept")
    with built.record.write() as session:
        panel_outcomes.count(session, now=built.now, actor="hoshin")
    assert built.rows(Panel)[0].outcome == "no-quorum"
    assert seen(built, "chief")["panel"] == ["voting"]
    decider = panel_sheet(built, "chief")
    assert (decider.role, decider.counts, decider.votes) == ("decider", None, ())
    assert "panel" not in seen(built, "judge")
    acts(built, "chief", decisions.review, evidence, "accept")
    assert "panel" not in seen(built, "chief")


def panel_sheet(built: House, who: str) -> PanelBrief:
    [found] = [sheet.told for sheet in sheets(built, who) if sheet.section == "panel"]
    assert isinstance(found, PanelBrief)
    return found


@settings(max_examples=12)
@given(
    rows=st.lists(
        st.tuples(
            st.sampled_from(("pending", "asked", "returned", "lapsed", "submitted", "accepted", "excused")),
            st.sampled_from(
                (None, "snoozed", "delegated", "disputed", "not_applicable", "submitted", "cannot_provide", "nudged")
            ),
            st.integers(-2, 2),
            st.booleans(),
        ),
        min_size=len(SYSTEMS),
        max_size=len(SYSTEMS),
    )
)
def test_whatever_became_of_it_a_request_lies_in_one_place(desk_house: House, rows: list[tuple[Any, ...]]) -> None:
    """By rules written down once more, the slow way."""
    built, expected = desk_house, {}
    today = built.now.date()
    with built.record.write() as session:
        second = built.act_as(session, "second").person.id
        for request, (state, verb, days, flag) in zip(requests_of(built), rows, strict=True):
            row = session.get_one(Request, request)
            row.state, row.disputed = state, verb in ("disputed", "not_applicable") and flag
            row.offered_to_id = second if verb == "delegated" and flag else None
            row.snoozed_until = today + timedelta(days=days) if verb == "snoozed" else None
            row.answer = {"verb": verb, "by": "x", "at": built.now.isoformat()} if verb else None
            row.answered_at = built.now if flag or state == "submitted" else None
            expected[request] = place(state, verb, days, flag)
    with built.record.read() as session:
        papers = desk.requests_of(session, built.act_as(session, "owner").person, built.now)
        waiting = takers(session, built.act_as(session, "owner").person, built.now, ("file",))
    assert {paper.number: paper.section for paper in papers if paper.number in expected} == {
        number: section for number, section in expected.items() if section
    }
    assert len(papers) == len({paper.number for paper in papers})
    assert {row.request_id for row in waiting} == {
        number for number, section in expected.items() if section in ("open", "snoozed", "handed")
    }


def requests_of(built: House) -> list[int]:
    return [built.request(key).id for key in SYSTEMS]


def place(state: str, verb: str | None, days: int, flag: bool) -> str:
    if state == "pending":
        return ""
    if state in ("accepted", "excused"):
        return "answered" if flag else ""
    if state == "submitted":
        return "waiting"
    if state == "lapsed":
        return "answered" if verb == "cannot_provide" else "open"
    if verb == "snoozed" and days > 0:
        return "snoozed"
    return "handed" if verb in ("delegated", "disputed", "not_applicable") and flag else "open"


@pytest.fixture
def desk_house(new_sqlite: NewRecord) -> House:
    return built_with(new_sqlite())


# At a glance -------------------------------------------------------------------------------------------------


def look(built: House) -> Glance:
    with built.record.read() as session:
        found = glance(session, built.now)
    assert found
    return found


def test_a_glance_counts_what_the_record_holds(record: Record) -> None:
    built = told(built_with(record))
    late = max(row.due for row in built.rows(Request)) + timedelta(days=1)
    built.on(late.isoformat()).turn(tick, check)
    found, requests = look(built), built.rows(Request)
    unanswered = [row for row in requests if row.state in UNANSWERED]
    assert found.overdue == len([row for row in unanswered if row.due < late])
    assert found.lapses == len([row for row in built.lapses() if row.recovered_at is None])
    assert (found.actions, found.actions_overdue) == (len(built.actions()), sum(a.due < late for a in built.actions()))
    names = {row.id: row.name for row in built.rows(Person)}
    owed = [names[row.assignee_id] for row in unanswered if row.asked_at]
    assert {one.name: one.open for one in found.asked_most} == {name: owed.count(name) for name in owed}
    assert [one.open for one in found.asked_most] == sorted((one.open for one in found.asked_most), reverse=True)
    assert all(one.overdue <= one.open for one in found.asked_most)
    assert [ring.stage for ring in found.rings] == ["plan", "do", "check", "act"]
    assert 0 < found.workday <= found.workdays


def test_before_the_first_cycle_there_is_nothing_to_see(record: Record) -> None:
    built = house(record, planned=False)
    with built.record.read() as session:
        assert glance(session, built.now) is None


def test_leads_and_executives_see_the_whole(record: Record) -> None:
    built = built_with(record)
    with built.record.read() as session:
        may = [key for key in built.ids(Person) if may_see(session, built.act_as(session, key).person)]
    assert sorted(may) == ["boss2", "chief", "lead"]
    assert look(built).asked_most[0] == Asked(name="Owner", open=10, overdue=0)


# Reports -----------------------------------------------------------------------------------------------------


def read(built: House, who: str, key: str) -> Report | None:
    """None where nothing is told."""
    with built.record.read() as session, suppress(Refused):
        return report(session, built.act_as(session, who).person, key, built.now)
    return None


def readers(built: House, key: str) -> list[str]:
    return sorted(who for who in built.ids(Person) if read(built, who, key) is not None)


def everybody(*keys: str) -> list[str]:
    """The owner with their line, leads, and others."""
    return sorted({"owner", "second", "boss", "lead", "chief", *keys})


def test_only_whom_it_concerns_reads_a_report(record: Record) -> None:
    built = told(built_with(record))
    assert readers(built, str(built.request("open").id)) == everybody()
    assert readers(built, f"# {built.request('waiting').id}") == everybody(reviewer_of(built, "waiting"))
    assert readers(built, str(built.request("voting").id)) == everybody("judge", "jury", "third")
    acts(built, "second", answers.accept_offer, built.request("handed").id)
    assert readers(built, str(built.request("handed").id)) == everybody("second")
    [action] = built.rows(Action)
    assert readers(built, f"A-{action.id}") == readers(built, f"a{action.id}") == everybody()
    built.change(Action, action.id, reviewer_id=built.ids(Person)["other"])
    assert readers(built, f"A-{action.id}") == everybody("other")
    assert readers(built, "OPEN") == everybody()
    assert readers(built, "Handed") == everybody("second")
    for nothing in ("", "0", "999999", "A-999999", "nothing", "1" * 30, "A-", "#"):
        assert readers(built, nothing) == [], nothing


@pytest.mark.parametrize(
    ("name", "typed"), [("Übersetzung", "ÜBERSETZUNG"), ("採用（本番）", "採用(本番)"), ("ＡＩ  審査", "ai 審査")]
)
def test_a_system_is_found_by_its_name_however_it_is_written(new_record: NewRecord, name: str, typed: str) -> None:
    built = house(new_record(), system("scoring", name=name))
    assert isinstance(read(built, "lead", typed), SystemReport)


def test_a_concern_given_to_somebody_else_is_not_read_by_the_systems_owner(record: Record) -> None:
    built = house(record, system("scoring"), who=people(person("whistle")))
    told = findings.Report(
        system_id=built.ids(System)["scoring"], title="The owner forges logs", confidential=True, source="concern"
    )
    with built.record.write() as session:
        reporter = built.act_as(session, "whistle").person
        number = findings.report(session, told, reporter, now=built.now).id
    with built.record.write() as session:
        other = built.act_as(session, "other").person
        action = findings.triage(built.act_as(session, "lead"), number, accept=True, owner=other)
        assert action is not None
        key = f"A-{action.id}"
    assert readers(built, key) == ["lead", "other"]
    assert "forges" not in spoken(read(built, "owner", "scoring"))
    assert "forges" in spoken(read(built, "other", "scoring"))


def test_a_report_tells_the_whole_story(record: Record) -> None:
    built = told(built_with(record))
    asked = read(built, "lead", str(built.request("missing").id))
    assert isinstance(asked, RequestReport)
    assert asked.item.answered is not None
    assert asked.action is not None
    assert (asked.evidence, asked.verdict) == (None, None)
    assert asked.lines[0].message == "digest"
    assert {line.to for line in asked.lines} <= {row.name for row in built.rows(Person)}
    accepted = read(built, "owner", str(built.request("accepted").id))
    assert isinstance(accepted, RequestReport)
    assert accepted.evidence is not None
    assert (accepted.verdict, accepted.evidence.locator) == ("accepted", "https://docs.example/it")
    action = read(built, "owner", f"A-{asked.action.action_id}")
    assert isinstance(action, ActionReport)
    assert (action.request_id, action.action.reason) == (built.request("missing").id, "cannot_provide")
    whole = read(built, "owner", "missing")
    assert isinstance(whole, SystemReport)
    assert [row.request_id for row in whole.requests] == [built.request("missing").id]
    assert [row.action_id for row in whole.actions] == [asked.action.action_id]


def test_a_report_tells_nothing_of_an_open_panels_votes(record: Record) -> None:
    built = told(built_with(record))
    evidence, number = built.request("voting").evidence_id, str(built.request("voting").id)
    before = [spoken(read(built, who, number)) for who in ("owner", "jury", "lead")]
    acts(built, "judge", decisions.review, evidence, "return", "Not enough")
    assert [spoken(read(built, who, number)) for who in ("owner", "jury", "lead")] == before


def spoken(found: Report | None) -> str:
    assert found is not None
    return json.dumps(dataclasses.asdict(found), default=str)
