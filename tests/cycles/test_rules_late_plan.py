"""A plan that comes a month late opens once, with dates anew; and 29 February through the real rules."""

from datetime import date, timedelta
from typing import Any

from rules_house import KINDS, House, house, programme, system, tokyo
from sqlmodel import col

from cycles import plan
from cycles.answers import Offered, submit
from cycles.check import check
from cycles.do import tick
from cycles.models import Cycle, Evidence, Lapse, Request, Standing
from cycles.programme.kept_policies import kept
from cycles.programme.sync import sync

AUTOMATIC = {"reviewing": {"submissions": "automatic"}, "closures": ["12-29/01-03"]}


def test_a_plan_missed_for_a_month_is_made_once_and_told_once(new_record: Any) -> None:
    built = house(new_record(), planned=False)
    built.now = tokyo("2026-11-05", 3)
    for _ in range(5):  # every scheduler that wakes up plans
        built.plan(approve=False)
    assert len(built.rows(Cycle)) == 1
    assert len(built.deliveries("plan")) == 1
    assert min(row.ask_on for row in built.rows(Request)) >= date(2026, 11, 5)
    assert built.deliveries("plan")[0].not_before == tokyo("2026-11-05", 9)


def test_a_plan_approved_a_month_late_asks_from_that_day_on(new_record: Any) -> None:
    built = house(new_record(), planned=False)
    built.plan(approve=False)
    before = {(row.system_id, row.kind_id) for row in built.rows(Request)}
    built.now = tokyo("2026-11-16", 10)
    with built.record.write() as session:
        assert plan.open_cycle(session, built.cycle(session), now=built.now, actor="lead")
        assert not plan.open_cycle(session, built.cycle(session), now=built.now, actor="lead")
    rows = built.rows(Request)
    assert {(row.system_id, row.kind_id) for row in rows} == before
    assert len(rows) == len(before)
    assert all(row.ask_on >= date(2026, 11, 16) and row.due > row.ask_on for row in rows)
    built.turn(tick)
    assert len(built.deliveries("plan")) == 1
    assert len(built.deliveries("digest")) <= 2  # one digest each for the owner and the lead, no storm
    assert [action for _, action, _ in built.journal()].count("cycle.opened") == 1


def test_evidence_of_29_february_holds_to_28_february_of_the_next_year(new_record: Any) -> None:
    built = House(record=new_record(), programme=programme([system("scoring")], kinds=KINDS, policy=AUTOMATIC))
    built.now, built.key = tokyo("2028-01-04", 9), "FY2027-Q4"
    built.sync()
    built.plan()
    [cycle] = built.rows(Cycle)
    assert cycle.starts <= date(2028, 2, 29) <= cycle.ends
    built.on("2028-02-29", 10).turn(tick)
    with built.record.write() as session:
        offer = Offered(form="link", locator="https://wiki.aozora.example/it", effective=date(2028, 2, 29))
        submit(built.act_as(session, "owner"), built.request().id, offer)
    [given] = built.rows(Evidence)
    assert given.valid_until == date(2029, 2, 28)
    built.on("2028-03-01", 2).turn(check)
    assert built.rows(Standing, *built.pair(Standing, "scoring", "risk"))[0].status == "valid"
    built.change(Cycle, 1, state="closed")
    built.now, built.key = tokyo("2029-01-04", 9), "FY2028-Q4"
    built.plan()
    [again] = [row for row in built.rows(Request, *built.pair(Request, "scoring", "risk")) if row.cycle_id == 2]
    assert again.state == "pending"
    for day, open_lapses in (("2029-02-28", 0), ("2029-03-01", 1)):
        built.on(day, 2).turn(check)
        expired = built.rows(Lapse, *built.pair(Lapse, "scoring", "risk"), col(Lapse.reason) == "expired")
        assert len(expired) == open_lapses, day
    assert expired[0].happened_on == date(2029, 3, 1)


def test_a_policy_changed_under_way_is_said_to_apply_from_the_next_cycle(new_record: Any) -> None:
    built = house(new_record())
    before = built.rows(Cycle)[0].policy
    for days, said in ((7, "policy changed; applies from the next cycle, FY2026-Q3 keeps its own."), (7, None)):
        built.programme = programme(built.programme.systems, policy={"asking": {"due_workdays": days}})
        with built.record.write() as session:
            changes = sync(session, built.programme, now=built.now, actor="test")
            assert kept(session, changes) == said
        built.now += timedelta(hours=1)
    assert built.rows(Cycle)[0].policy == before
    built.change(Cycle, 1, state="closed")
    built.programme = programme(built.programme.systems, policy={"asking": {"due_workdays": 8}})
    with built.record.write() as session:
        assert kept(session, sync(session, built.programme, now=built.now, actor="test")) is None
