"""What the record says of what people and the engine do, kept as plain text: every row, every entry, every message.

`WRITE_SNAPSHOTS=1 pytest tests/cycles/test_rules_story.py` writes it anew: read the diff.
"""

import json
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from rules_house import CONTROLS, DIGEST, KINDS, framework, house, people, person, system
from rules_story import Story, agreed
from sqlmodel import col, select

from cycles import acceptances, answers, cadences, decisions, milestones, objections
from cycles.act import act
from cycles.check import check
from cycles.differences import difference
from cycles.do import tick
from cycles.models import (
    Acceptance,
    Action,
    Cadence,
    Cycle,
    Document,
    Evidence,
    EvidenceKind,
    Milestone,
    Person,
    Request,
    System,
)
from cycles.permits import Act
from cycles.plan import Planned
from cycles.store import Record

FOLDER = Path(__file__).parent / "stories"
LINK = "https://docs.example/it.md"
# The owner reviews, too, and must never be asked about their own.
MINE: dict[str, Any] = {"reviewers": ["owner", "judge", "jury"]}
ALL_THREE = {"correction": " done ", "root_cause": "nobody was named", "corrective_action": "named somebody"}


def newest(a: Act, model: Any) -> Any:
    return a.session.exec(select(model).order_by(model.id.desc())).first()


def pair(a: Act, name: str) -> tuple[int, int]:
    """The numbers of `system/kind`."""
    system_key, _, kind_key = name.partition("/")
    of_system = a.session.exec(select(System.id).where(System.key == system_key)).one()
    return of_system, a.session.exec(select(EvidenceKind.id).where(EvidenceKind.key == kind_key)).one()


def request_of(a: Act, name: str) -> int:
    """The newest request of a pair."""
    of_system, of_kind = pair(a, name)
    wanted = select(Request.id).where(Request.system_id == of_system, Request.kind_id == of_kind)
    return a.session.exec(wanted.order_by(col(Request.id).desc())).first() or 0


def whom(a: Act, key: str) -> Person:
    return a.session.exec(select(Person).where(Person.key == key)).one()


def submitted(name: str, effective: str, **more: Any) -> Callable[[Act], Any]:
    told = {"form": "link", "locator": LINK, "effective": date.fromisoformat(effective), "note": " signed ", **more}
    return lambda a: answers.submit(a, request_of(a, name), answers.Offered(**told))


def handed_in(story: Story, name: str, effective: str) -> None:
    story.by("owner", f"answers {name}", submitted(name, effective, sha256=DIGEST))


def _answers(record: Record) -> Story:
    built = house(record, system("scoring", risk_tier="high"), system("chat", "other"), planned=False, **MINE)
    built.give("2026-01-15", system="organisation", kind="rules", valid_until="2026-11-10")
    built.give("2026-03-01", system="chat", valid_until="2027-03-01")
    story = Story(built)
    built.plan(approve=False)
    story.tell("test plans the cycle")
    story.by("owner", "opens it", lambda a: decisions.approve_plan(a, "FY2026-Q3"))
    story.by("lead", "opens it", lambda a: decisions.approve_plan(a, "FY2026-Q3"))
    story.turn("2026-10-16", tick).turn("2026-10-19", tick).turn("2026-10-20", tick)
    risk, log, rules = "scoring/risk", "scoring/log", "organisation/rules"
    story.by(
        "owner",
        "offers the risk assessment to second",
        lambda a: answers.delegate(a, request_of(a, risk), whom(a, "second"), " you know it "),
    )
    story.by("other", "takes over what was offered to second", lambda a: answers.accept_offer(a, request_of(a, risk)))
    story.by("second", "declines", lambda a: answers.decline_offer(a, request_of(a, risk)))
    story.by("owner", "offers it to themselves", lambda a: answers.delegate(a, request_of(a, risk), whom(a, "owner")))
    story.by("owner", "offers it to other", lambda a: answers.delegate(a, request_of(a, risk), whom(a, "other")))
    story.by("other", "takes it over", lambda a: answers.accept_offer(a, request_of(a, risk)))
    story.by(
        "other", "says without a word it is not theirs", lambda a: objections.not_mine(a, request_of(a, risk), " ")
    )
    story.by("other", "says it is not theirs", lambda a: objections.not_mine(a, request_of(a, risk), " the lab's "))
    story.by("lead", "keeps asking without a word", lambda a: objections.keep_asking(a, request_of(a, risk), ""))
    story.by("lead", "keeps asking", lambda a: objections.keep_asking(a, request_of(a, risk), " it is yours "))
    story.by("lead", "keeps asking again", lambda a: objections.keep_asking(a, request_of(a, risk), "it is yours"))
    story.by(
        "boss",
        "gives it back to owner",
        lambda a: decisions.reassign(a, request_of(a, risk), whom(a, "owner"), " yours "),
    )
    story.by("boss", "nudges", lambda a: decisions.nudge(a, request_of(a, risk)))
    story.by(
        "owner",
        "puts the log off too far",
        lambda a: answers.snooze(a, request_of(a, log), date(2026, 12, 31), "audit"),
    )
    story.by(
        "owner", "puts the log off", lambda a: answers.snooze(a, request_of(a, log), date(2026, 10, 26), " audit ")
    )
    story.turn("2026-10-26", tick)
    story.by("lead", "confirms the rules", lambda a: answers.confirm(a, request_of(a, rules)))
    story.by("owner", "confirms what was never accepted", lambda a: answers.confirm(a, request_of(a, risk)))
    story.by("owner", "answers with a form it does not take", submitted(risk, "2026-10-20", form="attestation"))
    story.by("owner", "answers with a date to come", submitted(risk, "2026-10-27"))
    story.by("owner", "answers with what is out of date", submitted(risk, "2025-10-20"))
    story.by("owner", "answers with no link", submitted(risk, "2026-10-20", locator="it.md"))
    more = {"sha256": DIGEST, "media_type": "text/plain", "size": 7, "source": "test"}
    story.by("owner", "answers", submitted(risk, "2026-10-20", **more))
    for who, words, vote, reason in (
        ("judge", "abstains", "abstain", ""),
        ("jury", "abstains", "abstain", ""),
        ("judge", "recuses themselves", "recuse", " a friend "),
        ("jury", "recuses themselves", "recuse", " a friend "),
        ("judge", "returns it", "return", "page 2 is missing"),
        ("lead", "returns it without a word", "return", " "),
        ("lead", "returns it", "return", " page 2 is missing "),
    ):
        story.by(who, words, lambda a, v=vote, r=reason: decisions.review(a, newest(a, Evidence).id, v, r))
    story.turn("2026-10-27", tick)
    story.by("owner", "answers again", submitted(risk, "2026-10-20"))
    for who in ("judge", "jury"):
        story.by(who, "accepts it", lambda a: decisions.review(a, newest(a, Evidence).id, "accept", " good "))
    story.by("owner", "says without a word they cannot", lambda a: objections.cannot_provide(a, request_of(a, log), ""))
    story.by(
        "owner",
        "says they cannot provide the log",
        lambda a: objections.cannot_provide(a, request_of(a, log), " never kept "),
    )
    story.by("owner", "says it does not apply", lambda a: objections.not_applicable(a, request_of(a, log), "none"))
    story.by("lead", "excuses the log without a word", lambda a: decisions.excuse(a, request_of(a, log), ""))
    story.by("lead", "excuses the log", lambda a: decisions.excuse(a, request_of(a, log), " switched off "))
    story.by("lead", "excuses the log again", lambda a: decisions.excuse(a, request_of(a, log), "switched off"))
    return story.turn("2026-11-02", check, act)


def _chase(record: Record) -> Story:
    """Nobody answers: reminders, those above, the lapse, its action and what is chased then."""
    who = people(owner={"leave": [{"from": "2026-10-22", "to": "2026-10-30"}]})
    built = house(record, system("scoring", risk_tier="high"), system("chat", "other"), who=who, planned=False)
    built.give("2026-06-01", valid_until="2026-11-20")
    built.give("2026-06-01", system="organisation", kind="rules", valid_until="2027-06-01")
    built.plan()
    story = Story(built)
    for day in (
        "10-19",
        "10-21",
        "10-26",
        "11-02",
        "11-04",
        "11-09",
        "11-10",
        "11-12",
        "11-16",
        "11-18",
        "11-24",
        "12-01",
        "12-08",
    ):
        story.turn(f"2026-{day}", tick, check)
        if day == "11-04":
            story.by(
                "other",
                "says it does not apply",
                lambda a: objections.not_applicable(a, request_of(a, "chat/risk"), " a toy "),
            )
        if day == "11-10":
            story.by("lead", "keeps asking", lambda a: objections.keep_asking(a, request_of(a, "chat/risk"), "no toy"))
    for day in ("12-15", "12-16", "12-21", "01-05"):
        story.turn(f"{2027 if day < '02' else 2026}-{day}", tick, check, act)
    return story


def _improvement(record: Record) -> Story:
    easy = {"reviewing": {"submissions": "automatic"}}
    built = house(record, system("scoring", risk_tier="high"), policy=easy, **MINE)
    built.give("2026-06-01", kind="log", valid_until="2027-06-01")
    built.give("2026-06-01", system="organisation", kind="rules", valid_until="2027-06-01")
    story = Story(built).turn("2026-12-14", check, act)
    number = lambda a: newest(a, Action).id  # noqa: E731
    story.by("owner", "sets a milestone", lambda a: milestones.add(a, number(a), " Draft ", date(2026, 12, 14)))
    story.by("owner", "sets one too late", lambda a: milestones.add(a, number(a), "Final", date(2027, 1, 20)))
    story.by("lead", "sets a later one", lambda a: milestones.add(a, number(a), "Final", date(2027, 1, 20)))
    story.by("owner", "reaches it", lambda a: milestones.done(a, newest(a, Milestone).id, action_id=number(a)))
    story.by("owner", "reaches it again", lambda a: milestones.done(a, newest(a, Milestone).id))
    story.by(
        "owner", "reaches one of another action", lambda a: milestones.done(a, newest(a, Milestone).id, action_id=99)
    )
    story.by("owner", "reaches what there is not", lambda a: milestones.done(a, 99))
    story.by("owner", "wants help", lambda a: decisions.need_help(a, number(a)))
    story.by("judge", "wants help", lambda a: decisions.need_help(a, number(a)))
    story.by(
        "owner",
        "says nothing of it",
        lambda a: decisions.implemented(a, number(a), correction=" ", root_cause="", corrective_action=""),
    )
    story.by(
        "owner",
        "says too little",
        lambda a: decisions.implemented(a, number(a), correction="done", root_cause="", corrective_action=""),
    )
    story.by("owner", "has done it", lambda a: decisions.implemented(a, number(a), **ALL_THREE))
    story.by("owner", "has done it again", lambda a: decisions.implemented(a, number(a), **ALL_THREE))
    story.turn("2026-12-21", act).turn("2026-12-22", act)
    story.by("jury", "judges that it worked", lambda a: decisions.judge_action(a, number(a), worked=True))
    story.by("judge", "judges that it worked", lambda a: decisions.judge_action(a, number(a), worked=True))
    story.turn("2027-01-06", act)
    story.by("owner", "judges their own", lambda a: decisions.judge_action(a, number(a), worked=False))
    story.by(
        "lead",
        "judges that it did not",
        lambda a: decisions.judge_action(a, number(a), worked=False, note=" it came back "),
    )
    handed_in(story, "scoring/risk", "2026-12-10")
    story.turn("2027-01-07", check, act)
    document = built.watch(locator=LINK)
    story.turn("2027-01-14", check, act)
    built.change(Document, document, sha256="b" * 64)
    story.turn("2027-01-15", check, act)
    story.by("owner", "sets another", lambda a: milestones.add(a, number(a), "Again", date(2027, 1, 20)))
    story.by("owner", "reaches that", lambda a: milestones.done(a, newest(a, Milestone).id))
    story.by("lead", "leaves the cadence", lambda a: cadences.decide(a, newest(a, Cadence).id, accept=False))
    story.by("lead", "takes it then", lambda a: cadences.decide(a, newest(a, Cadence).id, accept=True))
    story.by("lead", "takes what was never proposed", lambda a: cadences.decide(a, 99, accept=True))
    built.change(Document, document, sha256=DIGEST)
    story.turn("2027-01-18", check, act).turn("2027-01-25", act)
    story.by(
        "lead", "judges that it worked", lambda a: decisions.judge_action(a, number(a), worked=True, note=" held ")
    )
    story.by("lead", "judges again", lambda a: decisions.judge_action(a, number(a), worked=True))
    built.change(Document, document, sha256="c" * 64)
    story.turn("2027-01-26", check, act)
    story.by("second", "has done it", lambda a: decisions.implemented(a, number(a), **ALL_THREE))
    for day in ("02-02", "02-12", "02-24", "03-05"):
        story.turn(f"2027-{day}", act)
    return story


def _acceptance(record: Record) -> Story:
    who = people(person("chief", manager=None))
    easy = {"reviewing": {"submissions": "automatic"}}
    built = house(record, system("scoring"), who=who, executives=["chief"], policy=easy)
    built.give("2026-06-01", system="organisation", kind="rules", valid_until="2027-06-01")
    story = Story(built).turn("2026-12-14", check, act)

    def asked(reason: str, until: str) -> Callable[[Act], Any]:
        return lambda a: acceptances.request(a, *pair(a, "scoring/risk"), reason, date.fromisoformat(until))

    last = lambda a: newest(a, Acceptance).id  # noqa: E731
    story.by("owner", "asks for the risk to be accepted", asked(" it is switched off ", "2027-01-20"))
    story.by("owner", "asks whether they may decide", lambda a: acceptances.must_decide(a, newest(a, Acceptance)))
    story.by("lead", "asks whether they may decide", lambda a: acceptances.must_decide(a, newest(a, Acceptance)))
    story.by("lead", "declines without a word", lambda a: acceptances.decline(a, last(a), ""))
    story.by("lead", "declines", lambda a: acceptances.decline(a, last(a), " it is not "))
    story.by("second", "asks again", asked("it is now", "2027-01-20"))
    story.turn("2026-12-17", act).turn("2026-12-24", act)
    story.by("second", "approves their own", lambda a: acceptances.approve(a, last(a)))
    story.by("chief", "approves", lambda a: acceptances.approve(a, last(a), " until spring "))
    story.turn("2026-12-25", check, act)
    story.by("owner", "asks for longer", asked("it stays off", "2027-02-02"))
    story.by("chief", "approves that", lambda a: acceptances.approve(a, last(a)))
    story.by("judge", "revokes it", lambda a: acceptances.revoke(a, last(a), "no"))
    story.by("lead", "revokes it", lambda a: acceptances.revoke(a, last(a), " it is on "))
    story.by("lead", "revokes it again", lambda a: acceptances.revoke(a, last(a), "it is on"))
    story.by("owner", "asks once more", asked("off again", "2027-01-15"))
    story.by("lead", "approves that", lambda a: acceptances.approve(a, last(a)))
    for day in ("2027-01-05", "2027-01-08", "2027-01-15", "2027-01-16"):
        story.turn(day, check, act)
    story.by("owner", "asks a last time", asked("off", "2027-03-01"))
    story.by("chief", "approves that", lambda a: acceptances.approve(a, last(a)))
    handed_in(story, "scoring/risk", "2027-01-10")
    story.turn("2027-01-18", check, act)
    story.by("owner", "asks although all is well", asked("off", "2027-03-01"))
    return story


def _next(record: Record) -> Story:
    """A second cycle over other systems, and what is different in it."""
    later = framework("beta", [{"key": "b1", "requires": ["risk"]}], applies_from="2027-01-15")
    known = {"alpha": framework("alpha", CONTROLS), "beta": later}
    built = house(record, system("scoring", risk_tier="high"), system("chat", "other"), catalogue=known, planned=False)
    built.give("2026-06-01", valid_until="2027-06-01")
    built.give("2026-06-01", system="chat", valid_until="2026-11-20")
    built.give("2026-06-01", system="organisation", kind="rules", valid_until="2027-02-01")
    story = Story(built)
    story.tell(f"test plans: {numbers(built.plan())}").turn("2026-10-20", tick, check)
    handed_in(story, "scoring/log", "2026-10-19")
    story.by("judge", "accepts it", lambda a: decisions.review(a, newest(a, Evidence).id, "accept"))
    story.by("jury", "accepts it", lambda a: decisions.review(a, newest(a, Evidence).id, "accept"))
    story.turn("2026-11-02", check).turn("2026-12-28", check, act)
    kept = [entry for entry in built.programme.systems if entry.key != "chat"]
    wider = [*kept, system("search", "other", roles=["developer"])]
    built.on("2027-01-04").sync(replace(built.programme, systems=tuple(wider)))
    built.key = "FY2026-Q4"
    story.name_all().tell(f"test plans the next: {numbers(built.plan())}").tell(f"and again: {numbers(built.plan())}")
    story.turn("2027-01-20", tick, check, act).turn("2027-02-10", tick, check, act)
    # A grave action waits for its cause when the evidence is there again; the others count as done.
    for who, name in (("owner", "scoring/log"), ("other", "search/risk"), ("other", "search/test")):
        story.by(who, f"answers {name}", submitted(name, "2027-02-09", sha256=DIGEST))
        for judge in ("judge", "jury"):
            story.by(judge, "accepts it", lambda a: decisions.review(a, newest(a, Evidence).id, "accept"))
    story.turn("2027-02-12", check, act).turn("2027-02-13", check, act)
    with record.read() as session:
        old, new = (session.exec(select(Cycle).where(Cycle.key == key)).one() for key in ("FY2026-Q3", "FY2026-Q4"))
        story.lines += ["", *json.dumps(difference(session, old, new), indent=1).splitlines()]
    return story


def _departure(record: Record) -> Story:
    """Whoever leaves leaves all they were asked: the lead is told once, and decides for all of it."""
    built = house(record, system("scoring", risk_tier="high"), system("chat"), system("search", "other"))
    story = Story(built).turn("2026-10-20", tick)
    gone = [
        row.model_copy(update={"left_on": date(2026, 10, 20)} if row.key == "owner" else {})
        for row in built.programme.people
    ]
    built.on("2026-10-21").sync(replace(built.programme, people=tuple(gone)))
    story.turn("2026-10-27", tick).turn("2026-10-28", tick)
    story.by("lead", "excuses one", lambda a: decisions.excuse(a, request_of(a, "chat/risk"), "a toy"))
    story.turn("2026-10-29", tick)
    story.by("lead", "names second", lambda a: decisions.reassign(a, request_of(a, "scoring/log"), whom(a, "second")))
    story.turn("2026-10-30", tick)
    built.give("2026-06-01", valid_until="2027-06-01")
    return story.turn("2026-11-02", check)


def _renewal(record: Record) -> Story:
    """What ends before its cycle does is asked for again: a monthly record, and what was carried over and then cut short."""
    kinds = {**KINDS, "log": {**KINDS["log"], "validity_months": 1}}
    looked_at = {"reviewing": {"submissions": "automatic", "confirmations": "required"}}
    built = house(record, system("scoring", risk_tier="high"), kinds=kinds, policy=looked_at, planned=False)
    carried = built.give("2026-06-01", valid_until="2027-06-01")
    built.give("2026-06-01", system="organisation", kind="rules", valid_until="2027-06-01")
    built.plan()
    story = Story(built).turn("2026-10-20", tick, check)
    handed_in(story, "scoring/log", "2026-10-19")
    built.change(Evidence, carried, valid_until=date(2026, 11, 27))
    for day in ("11-02", "11-04", "11-05", "11-06", "11-12", "11-13", "11-16"):
        story.turn(f"2026-{day}", check, tick)
    handed_in(story, "scoring/log", "2026-11-16")
    story.by("owner", "confirms the risk assessment", lambda a: answers.confirm(a, request_of(a, "scoring/risk")))
    story.by("judge", "returns it", lambda a: decisions.review(a, newest(a, Evidence).id, "return", "look again"))
    story.by("jury", "returns it", lambda a: decisions.review(a, newest(a, Evidence).id, "return", "look again"))
    for day in ("11-30", "12-02", "12-04", "12-11", "12-18"):
        story.turn(f"2026-{day}", check, tick)
    return story


def numbers(planned: Planned) -> dict[str, Any]:
    return {name: value for name, value in vars(planned).items() if name != "cycle"}


STORIES = {
    "answers": _answers,
    "chase": _chase,
    "departure": _departure,
    "renewal": _renewal,
    "improvement": _improvement,
    "acceptance": _acceptance,
    "next": _next,
}


@pytest.mark.timeout(180)
@pytest.mark.parametrize("name", STORIES)
def test_the_record_tells_the_story_that_was_agreed(name: str, record: Record) -> None:
    agreed(STORIES[name](record), FOLDER / f"{name}.txt", write=bool(os.environ.get("WRITE_SNAPSHOTS")))
