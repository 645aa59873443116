"""Faults found in other systems that remind people, each by name: none of them is here."""

from collections import Counter
from datetime import timedelta

from rules_house import House, house, one_request, system
from rules_oracle import workdays_later

from cycles.act import act
from cycles.check import check
from cycles.do import tick
from cycles.models import Action, Person
from cycles.overdue import remind_deciders
from cycles.periods import period
from cycles.plan import plan
from cycles.policy import Policy
from cycles.store import Record


def asked(built: House) -> House:
    built.now = built.request().next_at or built.now
    built.turn(tick)
    return built


def test_a_due_soon_reminder_missed_because_the_job_did_not_run_that_day_is_still_sent(record: Record) -> None:
    built = asked(one_request(record))
    soon = workdays_later(built.request().due, -3, "JP")
    built.on((soon + timedelta(days=1)).isoformat(), 14).turn(tick)
    assert [(row.kind, row.role) for row in built.deliveries("digest", "reminder")] == [
        ("digest", None),
        ("reminder", None),
    ]


def test_an_in_progress_item_that_is_overdue_is_still_chased(record: Record) -> None:
    built = one_request(record)
    built.on("2026-12-16").turn(check, act)
    action = next(row for row in built.actions() if row.owner_id == built.ids(Person)["owner"])
    built.change(Action, action.id, state="implementing")
    for _ in range(60):
        built.now += timedelta(days=1)
        built.turn(act)
    who = {number: key for key, number in built.ids(Person).items()}
    told = [who[row.person_id] for row in built.deliveries("action")]
    assert told.count("owner") >= 3, "the first word and reminders around its due date"
    assert {"second", "boss", "lead"} <= set(told)


def test_the_first_notice_is_not_repeated_every_hour(record: Record) -> None:
    built = asked(one_request(record))
    for _ in range(9):
        built.now += timedelta(hours=1)
        built.turn(tick, remind_deciders, check, act)
    assert len(built.deliveries("digest", "reminder")) == 1


def test_an_expired_item_is_not_mailed_daily_for_ever(record: Record) -> None:
    built = house(record, system("scoring", risk_tier="high"), planned=False)
    built.give("2026-04-20", valid_until="2026-10-20")
    built.plan()
    built.on("2026-10-21", 3)
    for _ in range(120):
        built.turn(tick, remind_deciders, check, act)
        built.now += timedelta(days=1, hours=7)
    owner = built.ids(Person)["owner"]
    told = Counter(row.kind for row in built.deliveries() if row.person_id == owner)
    rungs = len(Policy().asking.ladder) + 1
    assert told["digest"] + told["reminder"] <= rungs * 3
    assert told["action"] <= rungs * 2
    quiet = [row for row in built.deliveries() if row.person_id == owner and row.created_at > built.now - timedelta(40)]
    assert quiet == []


def test_a_plan_whose_start_passed_while_nothing_ran_opens_once(record: Record) -> None:
    built = house(record, system("scoring"), planned=False)
    built.on("2026-11-16")
    policy = Policy(approval="automatic", closures=("12-29/01-03",))
    for _ in range(3):
        with built.record.write() as session:
            plan(session, period(built.key, "april"), policy, now=built.now, actor="plan")
        built.now += timedelta(hours=5)
    assert [action for _, action, _ in built.journal()].count("cycle.opened") == 1
    assert min(row.ask_on for row in built.rows(type(built.request()))) >= built.now.date()


def test_after_a_month_without_a_tick_nobody_is_stormed_and_everybody_has_a_fair_time(record: Record) -> None:
    built = house(
        record, *(system(f"s{n}", owner) for n, owner in enumerate(["owner"] * 3 + ["other"] * 2 + ["second"]))
    )
    asked_of = {row.id: row.due for row in built.rows(type(built.request("s0")))}
    built.on("2026-11-18", 9)
    opened = built.now
    while built.now < opened + timedelta(hours=24):
        built.turn(tick, check, act, remind_deciders)
        built.now += timedelta(minutes=30)
    first_day = Counter(row.person_id for row in built.deliveries() if row.kind not in ("plan", "refresh"))
    assert max(first_day.values()) <= 2, "a digest, and what has lapsed, in one message each"
    for request in built.rows(type(built.request("s0"))):
        if request.state == "asked":
            assert request.due > asked_of[request.id]
            assert request.due >= opened.date() + timedelta(days=3)
    assert all(lapse.happened_on < lapse.noticed_at.date() for lapse in built.lapses())
