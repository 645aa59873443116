"""Whatever people do about risks: every open lapse has one open action or one acceptance in force, and steps are legal."""

import json
from collections.abc import Callable
from contextlib import suppress
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rules_house import DIGEST, KINDS, House, framework, house, people, person, system
from sqlalchemy import update
from sqlmodel import SQLModel, col, select

from cycles import acceptances, answers, cadences, decisions, findings, milestones
from cycles.accounts import SOUGHT
from cycles.act import act
from cycles.action_states import AT_WORK, CLOSED, LEGAL
from cycles.brief_queries import brief_for
from cycles.check import check
from cycles.close import lapses_without_owner, lessons, warnings
from cycles.errors import Refused
from cycles.findings import Report
from cycles.lapse_actions import open_for, severity, weights
from cycles.lapses import local_day
from cycles.models import (
    Acceptance,
    Action,
    Cadence,
    Cycle,
    Delivery,
    Document,
    Evidence,
    EvidenceKind,
    Finding,
    JournalEntry,
    Lapse,
    Milestone,
    Person,
    Request,
    Setting,
    System,
)
from cycles.people import Directory
from cycles.permits import Act
from cycles.policy import Policy
from cycles.status import status
from cycles.store import Record

EASY = {"reviewing": {"submissions": "automatic"}}
ALL_THREE = {"correction": "done", "root_cause": "nobody was named", "corrective_action": "named somebody"}
LINK = "https://docs.example/it.md"


def lapsed(record: Record, tier: str = "limited", **more: Any) -> tuple[House, Action]:
    """A house on 14 December whose risk assessment is missing, and the action on it."""
    more.setdefault("who", people(person("chief", manager=None)))
    more.setdefault("executives", ["chief"])
    policy = {**EASY, **more.pop("policy", {})}
    built = house(record, system("scoring", risk_tier=tier), policy=policy, **more)
    built.on("2026-12-14").turn(check, act)
    return built, the_action(built)


def the_action(built: House) -> Action:
    found: Action = built.rows(Action, *built.pair(Action, "scoring", "risk"))[-1]
    return found


def by(built: House, who: str, deed: Callable[[Act], Any]) -> Any:
    with built.record.write() as session:
        return deed(built.act_as(session, who))


def refused(built: House, who: str, deed: Callable[[Act], Any], reason: str) -> None:
    before = built.journal()
    with pytest.raises(Refused) as caught:
        by(built, who, deed)
    assert caught.value.reason == reason
    assert built.journal() == before


def ask(until: date = date(2027, 3, 1), reason: str = "it is switched off") -> Callable[[Act], Any]:
    def deed(a: Act) -> int:
        scoring = a.session.exec(select(System.id).where(System.key == "scoring")).one()
        risk = a.session.exec(select(EvidenceKind.id).where(EvidenceKind.key == "risk")).one()
        return acceptances.request(a, scoring, risk, reason, until).id

    return deed


def accepted(built: House, until: date = date(2027, 3, 1)) -> int:
    number: int = by(built, "owner", ask(until))
    by(built, "lead", lambda a: acceptances.approve(a, number))
    return number


def hand_in(built: House, effective: str) -> None:
    offered = answers.Offered(form="link", locator=LINK, effective=date.fromisoformat(effective), sha256=DIGEST)
    by(built, "owner", lambda a: answers.submit(a, built.request().id, offered))


# Risk acceptances -----------------------------------------------------------------------------------------


def test_an_acceptance_answers_the_lapse_in_place_of_its_action(new_record: Callable[[], Record]) -> None:
    built, found = lapsed(new_record())
    refused(built, "owner", ask(reason=" "), "reason")
    refused(built, "owner", ask(date(2026, 12, 14)), "acceptance_end")
    refused(built, "owner", ask(date(2026, 12, 14) + timedelta(days=181)), "acceptance_end")
    refused(built, "jury", ask(), "not_yours")
    number = by(built, "owner", ask(date(2026, 12, 14) + timedelta(days=180)))
    refused(built, "lead", ask(), "asked_already")
    assert [row.person_id for row in built.deliveries("acceptance")] == [built.ids(Person)["lead"]]
    refused(built, "owner", lambda a: acceptances.approve(a, number), "own_risk")
    refused(built, "boss", lambda a: acceptances.approve(a, number), "not_yours")
    by(built, "chief", lambda a: acceptances.approve(a, number))
    closed = the_action(built)
    assert (closed.id, closed.state, closed.closed_at, closed.next_at) == (found.id, "risk-accepted", built.now, None)
    keeps_i8(built)
    built.turn(check, act)
    keeps_i8(built)
    assert [action for who, action, _ in built.journal() if who == "chief"] == [
        "acceptance.approved",
        "action.risk_accepted",
    ]
    refused(built, "chief", lambda a: acceptances.decline(a, number, "no"), "answered")
    by(built, "lead", lambda a: acceptances.revoke(a, number, "it was switched on"))
    assert (the_action(built).state, the_action(built).id != found.id) == ("open", True)
    keeps_i8(built)


def test_the_owner_of_an_action_may_ask_for_its_own_system_only(record: Record) -> None:
    built, found = lapsed(record)
    refused(built, "other", ask(), "not_yours")
    built.change(Action, found.id, owner_id=built.ids(Person)["other"])
    number = by(built, "other", ask())
    by(built, "lead", lambda a: acceptances.decline(a, number, "it is not"))
    built.change(Action, found.id, system_id=built.ids(System)["organisation"])
    refused(built, "other", ask(), "not_yours")


def test_the_one_lead_cannot_approve_their_own_request(record: Record) -> None:
    built, _ = lapsed(record, executives=[])
    refused(built, "lead", ask(), "no_approver")


def test_expiry_brings_the_action_back_after_reminders_to_both(record: Record) -> None:
    built, _ = lapsed(record)
    until = date(2027, 3, 1)
    number = accepted(built, until)
    day = date(2026, 12, 15)
    while day <= until:
        built.on(day.isoformat()).turn(check, act)
        keeps_i8(built)
        day += timedelta(days=1)
    ending = [(row.person_id, row.created_at.date()) for row in built.deliveries("acceptance") if row.role == "ending"]
    who = built.ids(Person)
    assert {person for person, _ in ending} == {who["owner"], who["lead"]}
    assert len(ending) == 4
    assert [row.state for row in built.rows(Acceptance)] == ["approved"]
    built.on("2027-03-02").turn(check, act)
    assert [row.state for row in built.rows(Acceptance, Acceptance.id == number)] == ["expired"]
    assert (the_action(built).state, the_action(built).relapses) == ("open", 0)
    keeps_i8(built)


@pytest.mark.parametrize(
    ("earlier", "counted"),
    [
        # The states of earlier actions of the pair, oldest first, with their relapses and the months since they were closed.
        ([("effective", 4, 2), ("effective", 1, 1)], 2),
        ([("effective", 1, 2), ("risk-accepted", 3, 1)], 3),
        ([("effective", 2, 1), ("effective", 5, 40)], 0),
        ([], 0),
    ],
)
def test_relapses_go_on_from_the_newest_action_of_the_pair(
    earlier: list[tuple[str, int, int]], counted: int, record: Record
) -> None:
    built = house(record, system("scoring", risk_tier="limited"), policy=EASY)
    built.on("2026-12-14").turn(check)
    [lapse] = built.rows(Lapse, *built.pair(Lapse, "scoring", "risk"))
    with built.record.write() as session:
        for state, relapses, months in earlier:
            closed = built.now - timedelta(days=31 * months)
            session.add(
                Action(
                    system_id=lapse.system_id, kind_id=lapse.kind_id, lapse_id=None, cycle_id=lapse.cycle_id,
                    reason="missing", severity="low", state=state, owner_id=built.ids(Person)["owner"],
                    opened_at=closed, due=closed.date(), closed_at=closed, relapses=relapses,
                )
            )  # fmt: skip
            session.flush()
    built.turn(act)
    assert the_action(built).relapses == counted


def test_recovery_ends_an_acceptance_and_the_next_lapse_is_a_new_decision(record: Record) -> None:
    built, _ = lapsed(record)
    accepted(built)
    document = built.watch(locator=LINK)
    hand_in(built, "2026-12-10")
    built.on("2026-12-15").turn(check, act)
    assert [row.state for row in built.rows(Acceptance)] == ["ended"]
    built.change(Document, document, sha256="b" * 64)
    built.on("2026-12-16").turn(check, act)
    built.change(Document, document, sha256="c" * 64)
    keeps_i8(built)


def test_an_undecided_request_goes_on_to_the_next_who_may_decide(record: Record) -> None:
    built, _ = lapsed(record)
    by(built, "owner", ask())
    for day in range(15, 29):
        built.on(f"2026-12-{day}").turn(act)
    asked = [row.person_id for row in built.deliveries("acceptance")]
    assert asked == [built.ids(Person)["lead"], built.ids(Person)["chief"]]


# Grave actions, milestones, cadences ------------------------------------------------------------------------


def test_severity_goes_by_tier_and_the_gravest_control() -> None:
    table = {(tier, weight): severity(tier, weight) for tier in ("high", "limited", "minimal") for weight in (1, 2, 3)}
    assert [table["high", weight] for weight in (1, 2, 3)] == ["medium", "high", "high"]
    assert [table["limited", weight] for weight in (1, 2, 3)] == ["low", "medium", "high"]
    assert [table["minimal", weight] for weight in (1, 2, 3)] == ["low", "low", "medium"]


def test_each_open_lapse_weighs_as_much_as_the_gravest_control_it_touches(record: Record) -> None:
    asks = {"a1": ("risk", 1), "a2": ("risk", 3), "a3": ("log", 1), "a4": ("rules", 2)}
    known = framework(
        "alpha", [{"key": key, "weight": weight, "requires": [kind]} for key, (kind, weight) in asks.items()]
    )
    built, found = lapsed(record, catalogue={"alpha": known})
    systems, kinds = built.ids(System), built.ids(EvidenceKind)
    heavy, light = (systems["scoring"], kinds["risk"]), (systems["scoring"], kinds["log"])
    expected = {heavy: 3, light: 1, (systems["organisation"], kinds["rules"]): 2}
    with record.read() as session:
        assert weights(session, built.cycle(session)) == expected
    built.change(Lapse, found.lapse_id or 0, recovered_at=built.now)
    with record.read() as session:
        assert weights(session, built.cycle(session)) == {
            pair: weight for pair, weight in expected.items() if pair != heavy
        }


def test_a_lapse_that_no_control_asks_for_any_more_weighs_as_its_kind(record: Record) -> None:
    built, found = lapsed(record)
    built.change(Action, found.id, state="withdrawn", closed_at=built.now)
    with record.write() as session:
        lapse, everybody = session.get_one(Lapse, found.lapse_id), Directory.load(session, Policy())
        again = open_for(session, lapse, Policy(), everybody, {}, now=built.now, actor="test")
        assert (found.severity, again.severity) == ("medium", severity("limited", KINDS["risk"]["weight"]))


def test_milestones_are_within_the_action_unless_a_lead_moves_it(record: Record) -> None:
    built, found = lapsed(record)
    later = found.due + timedelta(days=7)
    refused(built, "owner", lambda a: milestones.add(a, found.id, "", found.due), "title")
    refused(built, "owner", lambda a: milestones.add(a, found.id, "x" * 201, found.due), "title")
    refused(built, "owner", lambda a: milestones.add(a, found.id, "Draft", date(2026, 12, 13)), "milestone_past")
    refused(built, "owner", lambda a: milestones.add(a, found.id, "Draft", later), "milestone_due")
    refused(built, "jury", lambda a: milestones.add(a, found.id, "Draft", found.due), "not_yours")
    first = by(built, "owner", lambda a: milestones.add(a, found.id, "Draft", date(2026, 12, 16)).id)
    by(built, "lead", lambda a: milestones.add(a, found.id, "Final", later))
    assert the_action(built).due == later
    built.on("2026-12-17")
    with built.record.read() as session:
        [row] = [row for row in status(session, built.cycle(session), built.now)["actions"] if row["id"] == found.id]
    assert [(step["title"], step["overdue"]) for step in row["milestones"]] == [("Draft", True), ("Final", False)]
    by(built, "owner", lambda a: milestones.done(a, first))
    refused(built, "owner", lambda a: milestones.done(a, first), "answered")
    assert [row.done_by_id for row in built.rows(Milestone)] == [built.ids(Person)["owner"], None]


def test_milestones_come_by_their_dates_and_are_overdue_from_the_day_after(record: Record) -> None:
    built, found = lapsed(record)

    def told(*rows: Milestone) -> list[str]:
        return [row.title[:6] for row in rows]

    early = found.due - timedelta(days=5)
    for title, due in (("Last", found.due), ("First", early), ("Second", early), ("x" * 200, date(2026, 12, 14))):
        by(built, "owner", lambda a, title=title, due=due: milestones.add(a, found.id, title, due))
    with built.record.read() as session:
        action = session.get_one(Action, found.id)
        assert told(*milestones.of(session, found.id)) == ["xxxxxx", "First", "Second", "Last"]
        assert told(*milestones.overdue_of(session, action, early)) == ["xxxxxx"]
        assert told(*milestones.overdue_of(session, action, early + timedelta(days=1))) == ["xxxxxx", "First", "Second"]
    by(built, "owner", lambda a: milestones.done(a, 2))
    for number in range(16):
        by(built, "owner", lambda a, n=number: milestones.add(a, found.id, f"More {n}", found.due))
    refused(built, "owner", lambda a: milestones.add(a, found.id, "One more", found.due), "many")
    by(built, "owner", lambda a: decisions.implemented(a, found.id, **ALL_THREE))
    with built.record.read() as session:
        action = session.get_one(Action, found.id)
        assert milestones.overdue_of(session, action, date(2028, 1, 1)) == []
        action.state = "reopened"
        assert told(*milestones.overdue_of(session, action, found.due)) == ["xxxxxx", "Second"]


def test_two_relapses_propose_a_shorter_cadence_once(record: Record) -> None:
    built, _ = lapsed(record)
    hand_in(built.on("2026-12-15"), "2026-12-10")
    document = built.watch(locator=LINK)
    built.turn(check, act)
    for count, sha256 in enumerate(["b" * 64, "c" * 64], start=1):
        built.change(Document, document, sha256=sha256)
        built.on(f"2026-12-{14 + 2 * count}").turn(check, act)
        assert len(built.rows(Cadence)) == count - 1
        if count < 2:
            built.change(Document, document, sha256=DIGEST)
            built.on(f"2026-12-{15 + 2 * count}").turn(check, act)
    built.turn(act)
    [found] = built.rows(Cadence)
    assert (found.months, found.outcome, len(built.deliveries("cadence"))) == (6, None, 1)
    with built.record.read() as session:
        [lesson] = lessons(session, built.cycle(session))
        assert (lesson["validity_months"], lesson["proposed_months"]) == (12, 6)
    refused(built, "owner", lambda a: cadences.decide(a, found.id, accept=True), "not_yours")
    by(built, "lead", lambda a: cadences.decide(a, found.id, accept=True))
    refused(built, "lead", lambda a: cadences.decide(a, found.id, accept=False), "answered")
    hand_in(built, "2026-12-10")
    assert built.rows(Evidence)[-1].valid_until == date(2027, 6, 10)
    built.turn(act)
    assert len(built.rows(Cadence)) == 1
    systems, kinds = built.ids(System), built.ids(EvidenceKind)
    sooner = Policy.model_validate({"reassess": [{"kind": "risk", "systems": ["scoring"], "after_last": "2m"}]})
    with built.record.read() as session:
        assert cadences.cadence_months(session, systems["scoring"], kinds["risk"]) == 6
        assert cadences.cadence_months(session, systems["organisation"], kinds["risk"]) is None
        assert cadences.cadence_months(session, systems["scoring"], kinds["log"]) is None
        now = [cadences.months_now(session, systems["scoring"], kinds["risk"], rules) for rules in (Policy(), sooner)]
        assert now == [6, 2]
        assert cadences.months_now(session, systems["organisation"], kinds["risk"], Policy()) == 12


def test_a_review_of_effect_passes_on_when_it_waits(record: Record) -> None:
    built, found = lapsed(record)
    by(built, "owner", lambda a: decisions.implemented(a, found.id, **ALL_THREE))
    asked: list[str] = []
    for days in range(1, 60):
        built.on((date(2026, 12, 14) + timedelta(days=days)).isoformat()).turn(act)
        keys = {number: key for key, number in built.ids(Person).items()}
        asked = [keys[row.person_id] for row in built.deliveries("effectiveness")]
    assert set(asked[:2]) == {"judge", "jury"}
    assert asked[2] == "lead"
    assert set(asked[3:]) == {"lead"}, "nobody else is left, so the last one is reminded"
    refused(built, "owner", lambda a: decisions.judge_action(a, found.id, worked=False), "own")
    by(built, asked[0], lambda a: decisions.judge_action(a, found.id, worked=False))


def test_where_nobody_is_left_to_judge_an_effect_it_waits_for_whoever_comes(record: Record) -> None:
    # The lead owns the system, and both reviewers leave before the effect is due to be judged.
    gone = people(judge={"left_on": "2026-12-15"}, jury={"left_on": "2026-12-15"})
    built = house(record, system("scoring", "lead"), who=gone, policy=EASY).on("2026-12-14")
    built.turn(check, act)
    found = the_action(built)
    by(built, "lead", lambda a: decisions.implemented(a, found.id, **ALL_THREE))
    for day in ("2026-12-20", "2027-01-20"):
        built.on(day).turn(act)
    assert built.deliveries("effectiveness") == []
    assert the_action(built).state == "implemented"


def test_when_the_only_one_asked_has_left_and_nobody_else_may_nobody_is_asked_in_vain(record: Record) -> None:
    # The lead owns it, so that nobody but the one reviewer may judge; whoever is next named is asked in their place.
    built, found = lapsed(record, reviewers=["judge"], who=people(person("chief")))
    built.change(Action, found.id, owner_id=built.ids(Person)["lead"])
    by(built, "lead", lambda a: decisions.implemented(a, found.id, **ALL_THREE))
    built.on("2026-12-21").turn(act)
    assert [row.person_id for row in built.deliveries("effectiveness")] == [built.ids(Person)["judge"]]
    built.change(Person, built.ids(Person)["judge"], left_on=date(2026, 12, 21))
    before = built.journal()
    built.on("2026-12-22").turn(act)
    assert [row.person_id for row in built.deliveries("effectiveness")] == [built.ids(Person)["judge"]]
    assert [entry for entry in built.journal() if entry not in before] == []


@pytest.mark.parametrize("how", ["unreachable", "on leave"])
def test_the_only_one_who_may_judge_is_not_asked_anew_every_night_while_they_are_not_there(
    record: Record, how: str
) -> None:
    # The lead owns it, so that nobody but the one reviewer may judge.
    away = people(person("chief"), judge={"leave": [{"from": "2026-12-22", "to": "2027-01-29"}]})
    built, found = lapsed(record, reviewers=["judge"], who=away if how == "on leave" else people(person("chief")))
    built.change(Action, found.id, owner_id=built.ids(Person)["lead"])
    by(built, "lead", lambda a: decisions.implemented(a, found.id, **ALL_THREE))
    built.on("2026-12-21").turn(act)
    assert len(built.deliveries("effectiveness")) == 1
    if how == "unreachable":
        with built.record.write() as session:
            session.add(Setting(name=SOUGHT, value={"orphaned": ["judge"]}))
    for day in range(22, 29):
        built.on(f"2026-12-{day}").turn(act)
    assert len(built.deliveries("effectiveness")) <= 2


def test_what_an_action_still_lacks_is_named(record: Record) -> None:
    built, found = lapsed(record, tier="high")
    with pytest.raises(Refused, match="tell its root cause and corrective action too"):
        by(
            built,
            "owner",
            lambda a: decisions.implemented(a, found.id, **{**dict.fromkeys(ALL_THREE, ""), "correction": "x"}),
        )


def test_only_the_newest_request_of_its_own_pair_withdraws_an_action(new_record: Callable[[], Record]) -> None:
    names = ("older excused", "other kind excused", "nothing excused", "newest excused")
    built = house(new_record(), *(system(name.replace(" ", "-")) for name in names), policy=EASY)
    built.on("2026-12-14").turn(check, act)
    systems, kinds = built.ids(System), built.ids(EvidenceKind)
    with built.record.write() as session:
        session.execute(update(Lapse).values(recovered_at=built.now))
        session.execute(update(Request).values(state="lapsed", next_at=None))
        later = Cycle(**{**built.cycle(session).model_dump(exclude={"id"}), "key": "FY2026-Q4"})
        session.add(later)
        session.flush()
        for older in session.exec(
            select(Request).where(Request.kind_id == kinds["risk"]).order_by(col(Request.id))
        ).all():
            name = next(name for name in systems if systems[name] == older.system_id)
            again = {**older.model_dump(exclude={"id"}), "cycle_id": later.id}
            older.state = "excused" if name == "older-excused" else "lapsed"
            session.add(Request(**{**again, "state": "excused" if name == "newest-excused" else "lapsed"}))
            session.flush()
            if name == "other-kind-excused":
                session.add(Request(**{**again, "kind_id": kinds["test"], "state": "excused"}))
                session.flush()
    built.turn(act)
    keys = {number: key for key, number in systems.items()}
    found = {keys[row.system_id]: row.state for row in built.actions() if row.kind_id == kinds["risk"]}
    assert found == {name.replace(" ", "-"): "implemented" for name in names[:3]} | {"newest-excused": "withdrawn"}


# Findings -------------------------------------------------------------------------------------------------


def found_by(built: House, who: str | None, title: str = "Scores are copied", **more: Any) -> int:
    told = Report(system_id=built.ids(System)["scoring"], title=title, **more)
    with built.record.write() as session:
        reporter = session.exec(select(Person).where(Person.key == who)).one() if who else None
        return findings.report(session, told, reporter, now=built.now).id


def test_a_finding_becomes_an_action_like_any_other(new_record: Callable[[], Record]) -> None:
    built, _ = lapsed(new_record())
    number = found_by(built, "second", kind_id=built.ids(EvidenceKind)["risk"])
    refused(built, "owner", lambda a: findings.triage(a, number, accept=True), "not_yours")
    refused(built, "lead", lambda a: findings.triage(a, number, accept=False), "reason")
    refused(built, "lead", lambda a: findings.triage(a, number, accept=True, due=date(2026, 12, 1)), "due_past")
    with built.record.read() as session:
        assert warnings(session) == [f"1 findings are still to be triaged: F-{number}"]
    due = date(2026, 12, 24)
    by(built, "lead", lambda a: findings.triage(a, number, accept=True, due=due, severity="low"))
    built.turn(check, act)
    [action] = built.rows(Action, col(Action.finding_id) == number)
    assert (action.kind_id, action.lapse_id, action.due, action.severity) == (None, None, due, "low")
    with built.record.read() as session:
        told = status(session, built.cycle(session), built.now)
        assert "scoring: Scores are copied" in [row["about"] for row in told["actions"]]
        for row in session.exec(select(Delivery)).all():
            assert brief_for(session, row, built.now) is not None
    by(built, "owner", lambda a: decisions.implemented(a, action.id, **ALL_THREE))
    built.on("2026-12-28").turn(act)
    by(built, "lead", lambda a: decisions.judge_action(a, action.id, worked=True))
    [finding] = built.rows(Finding)
    assert finding.state == "closed"
    receipts = [row.person_id for row in built.deliveries("finding") if row.role == "reporter"]
    assert receipts == [built.ids(Person)["second"]] * 2


def test_a_finding_that_waits_is_put_before_the_lead_again(record: Record) -> None:
    built, _ = lapsed(record)
    number = found_by(built, "second")
    for day in ("2026-12-15", "2026-12-21"):
        built.on(day).turn(act)
    lead = built.ids(Person)["lead"]
    told = [(row.key, row.person_id) for row in built.deliveries("finding") if row.role == "lead"]
    assert told == [(f"finding:{number}:new", lead), (f"finding:{number}:again:2026-12-21", lead)]


def test_what_is_too_little_or_too_much_is_refused(record: Record) -> None:
    built, _ = lapsed(record)
    for more in (
        {"title": " "},
        {"title": "…\u200b"},
        {"title": "x" * 201},
        {"detail": "x" * 3001},
        {"severity": "grave"},
    ):
        with pytest.raises(Refused):
            found_by(built, "second", **more)
    for _ in range(findings.MOST_A_DAY):
        found_by(built, "second")
    with pytest.raises(Refused, match="speak to"):
        found_by(built, "second")
    found_by(built, "other")


def test_a_confidential_concern_names_its_reporter_to_its_readers_only(record: Record) -> None:
    who = people(person("chief"), person("deputy-lead"), person("whistle", name="Yoko Mori"))
    built, _ = lapsed(
        record, who=who, leads=["lead", "deputy-lead"], policy={"findings": {"concern_readers": ["lead"]}}
    )
    before = rows_of(built.record)
    number = found_by(built, "whistle", source="concern", confidential=True)
    refused(built, "deputy-lead", lambda a: findings.triage(a, number, accept=True), "not_yours")
    by(built, "lead", lambda a: findings.triage(a, number, accept=True))
    built.turn(act)
    who_id = built.ids(Person)["whistle"]
    new = {table: [row for row in rows if row not in before[table]] for table, rows in rows_of(built.record).items()}
    assert "whistle" not in json.dumps(new, default=str)
    assert "Yoko" not in json.dumps(new, default=str)
    named = {
        (table, name)
        for table, rows in new.items()
        for row in rows
        for name, value in row.items()
        if name in PEOPLE and value == who_id
    }
    # The finding, and the receipt that is addressed to the reporter.
    assert named == {("delivery", "person_id"), ("finding", "reporter_id")}
    with built.record.read() as session:
        assert "Yoko" not in json.dumps(status(session, built.cycle(session), built.now), default=str)
        for row in session.exec(select(Delivery)).all():
            shown = str(brief_for(session, row, built.now))
            assert ("Yoko" in shown) == (row.kind == "finding"), row.key


PEOPLE = ("person_id", "reporter_id", "owner_id", "reviewer_id", "requester_id", "approver_id", "triaged_by_id")


def rows_of(record: Record) -> dict[str, list[dict[str, Any]]]:
    """Everything the record holds, but for who is in the programme."""
    with record.read() as session:
        return {
            name: [dict(row) for row in session.execute(table.select()).mappings()]
            for name, table in SQLModel.metadata.tables.items()
            if name != "person"
        }


def test_an_anonymous_concern_holds_nobody(record: Record) -> None:
    built, _ = lapsed(record)
    number = found_by(built, None, source="concern", confidential=True)
    [finding] = built.rows(Finding)
    assert (finding.id, finding.reporter_id, finding.confidential) == (number, None, True)
    assert built.journal()[-1][0] == "concern"
    by(built, "lead", lambda a: findings.triage(a, number, accept=False, reason="a test run"))
    assert [row.role for row in built.deliveries("finding")] == ["lead"]


# Whatever happens -----------------------------------------------------------------------------------------


def keeps_i8(built: House) -> None:
    """I8, after Act: each open lapse has exactly one open action, or one acceptance in force, and never both."""
    with built.record.read() as session:
        today = local_day(built.cycle(session), built.now)
        assert lapses_without_owner(session, built.cycle(session), built.now) == []
    actions = [(row.system_id, row.kind_id) for row in built.actions() if row.closed_at is None]
    in_force = [(row.system_id, row.kind_id) for row in built.rows(Acceptance, Acceptance.state == "approved")
                if row.expires >= today]  # fmt: skip
    for found in built.rows(Lapse, col(Lapse.recovered_at).is_(None)):
        assert [*actions, *in_force].count((found.system_id, found.kind_id)) == 1
    for row in built.actions():
        assert (row.closed_at is not None) == (row.state in CLOSED)
        assert row.state in {*AT_WORK, *CLOSED, "implemented"}


def steps_are_legal(built: House, entries: int) -> int:
    """Every change of an action that the journal tells is in the table; returns how many entries there are now."""
    rows = built.rows(JournalEntry, JournalEntry.seq > entries)
    for row in rows:
        said = json.loads(row.body)
        before, after = (said[part] or {} for part in ("before", "after"))
        if row.subject.startswith("action:") and "state" in after:
            assert after["state"] in LEGAL[before["state"]], row.body
        if row.subject.startswith("acceptance:") and "state" in before:
            assert after["state"] in acceptances.LEGAL[before["state"]], row.body
    return entries + len(rows)


def one_deed(data: st.DataObject, built: House, document: int) -> None:
    number = data.draw(st.integers(1, 4), label="number")
    who = data.draw(st.sampled_from(["lead", "chief", "owner", "judge"]), label="who")
    until = (built.now + timedelta(days=data.draw(st.sampled_from([1, 3, 9, 40, 400])))).date()
    sha256 = data.draw(st.sampled_from([DIGEST, "b" * 64]))
    deeds: dict[str, Callable[[], Any]] = {
        "lapse or recover": lambda: built.change(Document, document, sha256=sha256),
        "hand in": lambda: hand_in(built, (built.now - timedelta(days=2)).date().isoformat()),
        "implement": lambda: by(built, who, lambda a: decisions.implemented(a, number, **ALL_THREE)),
        "worked": lambda: by(built, who, lambda a: decisions.judge_action(a, number, worked=True)),
        "did not": lambda: by(built, who, lambda a: decisions.judge_action(a, number, worked=False)),
        "ask": lambda: by(built, who, ask(until)),
        "approve": lambda: by(built, who, lambda a: acceptances.approve(a, number)),
        "decline": lambda: by(built, who, lambda a: acceptances.decline(a, number, "no")),
        "revoke": lambda: by(built, who, lambda a: acceptances.revoke(a, number, "changed")),
        "milestone": lambda: by(built, who, lambda a: milestones.add(a, number, "step", until)),
        "report": lambda: found_by(built, None),
        "triage": lambda: by(built, who, lambda a: findings.triage(a, number, accept=True)),
    }
    name = data.draw(st.sampled_from(list(deeds)), label="deed")
    with suppress(Refused):
        deeds[name]()
    if name in ("ask", "approve", "decline", "revoke", "implement", "worked", "did not"):
        keeps_i8(built)


def live(data: st.DataObject, built: House, steps: int) -> None:
    document, entries = built.watch(locator=LINK), 0
    for _ in range(steps):
        for _ in range(data.draw(st.integers(0, 3))):
            one_deed(data, built, document)
        built.now += timedelta(days=data.draw(st.sampled_from([0, 1, 1, 3, 10])), minutes=1)
        built.turn(check, act)
        keeps_i8(built)
        entries = steps_are_legal(built, entries)
    before = built.journal()
    built.turn(check, act)
    assert built.journal() == before, "the same moment again changes nothing"


@given(data=st.data())
@settings(max_examples=12)
def test_every_lapse_is_answered_once_whatever_happens(new_sqlite: Callable[[], Record], data: st.DataObject) -> None:
    built, _ = lapsed(new_sqlite())
    live(data, built, 6)


@given(data=st.data())
@settings(max_examples=3)
def test_every_lapse_is_answered_once_on_postgresql_too(
    new_postgres: Callable[[], Record], data: st.DataObject
) -> None:
    built, _ = lapsed(new_postgres())
    live(data, built, 4)


@pytest.mark.long
@pytest.mark.timeout(1_200)
@given(data=st.data())
@settings(max_examples=300)
def test_every_lapse_is_answered_once_at_length(new_sqlite: Callable[[], Record], data: st.DataObject) -> None:
    built, _ = lapsed(new_sqlite(), tier=data.draw(st.sampled_from(["high", "limited", "minimal"])))
    live(data, built, 25)
