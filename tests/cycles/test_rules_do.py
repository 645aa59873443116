"""Do: who is told what on which day, in which order, and that nobody is told twice, too often or at an indecent hour."""

from collections import Counter
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rules_house import CYCLE, House, house, one_request, people, person, programme, system, tokyo
from rules_oracle import is_decent, workdays_later
from sqlalchemy import event, text
from sqlmodel import col, select

from cycles.answers import Offered, accept_offer, delegate, snooze, submit
from cycles.brief_queries import brief_for
from cycles.briefs import DigestBrief
from cycles.check import check
from cycles.decisions import reassign
from cycles.do import Ticked, tick, tick_all
from cycles.models import Cycle, Delivery, DeliveryItem, Leave, Person, Request
from cycles.objections import not_mine
from cycles.policy import Policy
from cycles.store import Record

QUARTER = timedelta(minutes=15)
CHASING = ("digest", "reminder", "escalation", "dispute")


def run_tick(built: House) -> Ticked:
    with built.record.write() as session:
        return tick(session, now=built.now, actor="do")


def run_until(built: House, day: str, *, step: timedelta = timedelta(hours=1)) -> None:
    """Tick by tick, marking what is written as shown, so that threads and rewrites have something to join.

    Ticks at which nothing is due are left out; that those say nothing has a test of its own.
    """
    end = tokyo(day, 0)
    while built.now < end:
        if run_tick(built) != Ticked():
            _show(built)
        due = min((at for at in _due_at(built) if at), default=end)
        built.now += step
        while built.now < min(due, end):
            built.now += step


def _due_at(built: House) -> list[datetime | None]:
    with built.record.read() as session:
        return list(session.exec(select(Request.next_at)).all())


def _show(built: House) -> None:
    with built.record.write() as session:
        session.execute(text("UPDATE delivery SET state = 'sent', channel = 'C', ts = id WHERE state = 'queued'"))


def said(built: House) -> list[tuple[str, str, str | None, date]]:
    """(kind, person, role, day where the person is), in order."""
    who = {row.id: row for row in built.rows(Person)}
    return [
        (row.kind, who[row.person_id].key, row.role, _day(row.created_at, who[row.person_id].zone))
        for row in built.deliveries(*CHASING)
    ]


def _day(at: datetime, zone: str) -> date:
    from zoneinfo import ZoneInfo

    return at.astimezone(ZoneInfo(zone)).date()


def test_the_ladder_speaks_in_order_on_its_days(record: Record) -> None:
    built = one_request(record)
    ask, due = built.request().ask_on, built.request().due
    run_until(built, "2026-12-28")
    assert said(built) == [
        ("digest", "owner", None, ask),
        ("reminder", "owner", None, workdays_later(due, -3, "JP")),
        ("reminder", "owner", None, due),
        ("reminder", "owner", "last", workdays_later(due, 2, "JP")),
        ("escalation", "second", "deputy", workdays_later(due, 4, "JP")),
        ("escalation", "boss", "manager", workdays_later(due, 6, "JP")),
        ("escalation", "lead", "lead", workdays_later(due, 8, "JP")),
    ]
    first, *_, third = built.deliveries("digest", "reminder")[:3]
    assert third.root_id == first.id
    assert {row.root_id for row in built.deliveries("reminder") if row.role is None} == {first.id}
    assert (built.request().state, built.request().next_at) == ("asked", None)


def test_what_a_first_ask_says_is_gathered_from_both_databases(new_record: Any) -> None:
    systems = [system("scoring", roles=["developer"], risk_tier="high"), system("chat")]
    built = house(new_record(), *systems, planned=False)
    built.give("2026-05-01", valid_until="2026-11-01")
    built.plan()
    built.on("2026-10-30")
    run_tick(built)
    with built.record.read() as session:
        digests = session.exec(select(Delivery).where(Delivery.kind == "digest").order_by(col(Delivery.id))).all()
        briefs = [brief_for(session, delivery, built.now) for delivery in digests]
    shown = {
        (item.system, item.kind): ([ref.label for ref in item.controls], item.can_confirm)
        for brief in briefs
        if isinstance(brief, DigestBrief)
        for item in brief.items
    }
    assert shown == {
        ("organisation", "rules"): (["A4"], False),
        ("scoring", "risk"): (["A1", "A2"], True),
        ("scoring", "log"): (["A2"], False),
        ("scoring", "test"): (["A3"], False),
        ("chat", "risk"): (["A1", "A2"], False),
    }


def test_a_tick_says_nothing_while_nothing_is_due(record: Record) -> None:
    built = one_request(record)
    while built.now < built.request().next_at:
        assert run_tick(built) == Ticked()
        built.now += timedelta(hours=5)
    built.now = built.request().next_at
    assert run_tick(built).asked == 1
    while built.now < built.request().next_at:
        assert run_tick(built) == Ticked()
        built.now += timedelta(hours=5)
    assert [row.kind for row in built.deliveries(*CHASING)] == ["digest"]


def test_a_ladder_that_ended_without_an_answer_lapses_the_request(record: Record) -> None:
    built = one_request(record)
    run_until(built, "2026-12-01")
    with built.record.write() as session:
        check(session, built.cycle(session), now=built.now, actor="check")
    assert built.request().state == "lapsed"


def test_one_digest_a_day_however_many_systems(record: Record) -> None:
    built = house(record, *(system(f"s{n}") for n in range(10)))
    run_until(built, "2026-10-24", step=QUARTER)
    digests = [(who, day) for kind, who, _, day in said(built) if kind == "digest" and who == "owner"]
    assert len(digests) == len(set(digests)) == 3
    items = Counter(row.delivery_id for row in built.rows(DeliveryItem, DeliveryItem.subject == "request"))
    shown = [items[row.id] for row in built.deliveries("digest") if row.person_id == built.ids(Person)["owner"]]
    assert shown == [4, 4, 2]


def test_what_does_not_fit_into_a_message_waits_for_the_next_workday(record: Record) -> None:
    many = [system(f"s{n}") for n in range(20)]
    built = house(record, *many, policy={"asking": {"first_asks_per_day": 8}})
    with built.record.write() as session:
        session.execute(text("UPDATE request SET next_at = (SELECT MIN(next_at) FROM request)"))
    run_until(built, "2026-10-24")
    items = Counter(row.delivery_id for row in built.rows(DeliveryItem, DeliveryItem.subject == "request"))
    owner = built.ids(Person)["owner"]
    assert [items[row.id] for row in built.deliveries("digest") if row.person_id == owner] == [8, 8, 4]


def test_a_first_ask_goes_to_the_deputy_when_the_owner_is_long_away(record: Record) -> None:
    away = {"leave": [{"from": "2026-10-12", "to": "2026-10-30"}]}
    built = one_request(record, who=people(owner=away))
    run_until(built, "2026-10-20")
    assert [(kind, who) for kind, who, _, _ in said(built)] == [("digest", "second")]
    assert built.request().assignee_id == built.ids(Person)["second"]
    assert built.request().owner_id == built.ids(Person)["owner"]


@pytest.mark.parametrize("leave", [("2026-10-12", "2026-10-16"), ("2026-10-15", "2026-10-16")])
def test_a_short_leave_or_an_absent_deputy_is_waited_for(leave: tuple[str, str], record: Record) -> None:
    away = {"leave": [{"from": leave[0], "to": leave[1]}]}
    built = one_request(record, who=people(owner=away, second={"leave": [{"from": "2026-10-12", "to": "2026-10-30"}]}))
    run_until(built, "2026-10-20")
    assert [(kind, who) for kind, who, _, _ in said(built)] == [("digest", "owner")]


def test_what_a_departed_owner_leaves_goes_to_the_lead_exactly_once(record: Record) -> None:
    built = house(record, *(system(f"s{n}") for n in range(3)), who=people(owner={"left_on": "2026-10-09"}))
    run_until(built, "2026-11-20")
    disputes = [(who, day) for kind, who, _, day in said(built) if kind == "dispute"]
    assert [who for who, _ in disputes] == ["lead"]
    owner = built.ids(Person)["owner"]
    left = built.rows(Request, Request.owner_id == owner)
    assert all(row.disputed and row.next_at is None and row.state == "pending" for row in left)
    assert not [who for kind, who, _, _ in said(built) if who == "owner"]


def test_when_the_one_request_the_lead_was_told_of_is_answered_the_others_are_put_before_them(record: Record) -> None:
    built = house(record, *(system(f"s{n}") for n in range(3)), who=people(owner={"left_on": "2026-10-09"}))
    run_until(built, "2026-10-20")
    owner = built.ids(Person)["owner"]
    told = [row.subject_id for row in built.rows(DeliveryItem) if row.subject == "request"]
    for answered in range(3):
        left = built.rows(Request, Request.owner_id == owner, col(Request.state) == "pending")
        assert [row.id for row in left if row.id in told]
        named = next(row for row in left if row.id in told)
        with built.record.write() as session:
            offered = Offered(form="link", locator="https://docs.example/it.md", effective=date(2026, 10, 1))
            submit(built.act_as(session, "second"), named.id, offered)
        built.now += timedelta(days=1)
        run_tick(built)
        told = [row.subject_id for row in built.rows(DeliveryItem) if row.subject == "request"]
        assert len(built.deliveries("dispute")) == min(answered + 2, 3)


def test_the_cap_bounds_what_one_person_hears_about_one_request(record: Record) -> None:
    built = one_request(record, policy={"asking": {"messages_per_request": 2}})
    run_until(built, "2026-12-28")
    heard = [(kind, who) for kind, who, _, _ in said(built)]
    assert heard[:2] == [("digest", "owner"), ("reminder", "owner")]
    assert [who for _, who in heard] == ["owner", "owner", "second", "boss", "lead"]


def test_after_a_month_of_downtime_everybody_hears_once(record: Record) -> None:
    built = house(record, *(system(f"s{n}", owner) for n, owner in enumerate(["owner", "owner", "other", "second"])))
    built.on("2026-11-20", 11)
    run_tick(built)
    assert sorted((kind, who) for kind, who, _, _ in said(built)) == [
        ("digest", "lead"),
        ("digest", "owner"),
        ("digest", "second"),
    ]
    built.now += timedelta(hours=5)
    run_tick(built)
    for _ in range(50):
        built.now += QUARTER
        run_tick(built)
    told = Counter((who, day) for _, who, _, day in said(built))
    assert max(told.values()) == 1
    assert [(kind, who) for kind, who, _, _ in said(built) if who == "other"] == [("digest", "other")]


def test_after_downtime_between_ask_and_reminders_only_the_last_reminder_is_spoken(record: Record) -> None:
    built = one_request(record)
    built.now = built.request().next_at or built.now
    run_tick(built)
    due = built.request().due
    built.on(workdays_later(due, 3, "JP").isoformat(), 11)
    for _ in range(20):
        run_tick(built)
        built.now += QUARTER
    assert [(kind, role) for kind, _, role, _ in said(built)] == [("digest", None), ("reminder", "last")]


def test_two_schedulers_five_minutes_apart_say_everything_once(new_sqlite: Any) -> None:
    spoken = []
    for clocks in ((timedelta(0),), (timedelta(0), timedelta(minutes=5)), (timedelta(0), -timedelta(minutes=5))):
        built = house(new_sqlite(), system("scoring"), system("chat", "other"))
        start = built.now
        for number in range(24 * 75):
            for off in clocks:
                built.now = start + timedelta(hours=number) + off
                run_tick(built)
        keys = [row.key for row in built.deliveries(*CHASING)]
        assert len(keys) == len(set(keys))
        spoken.append(sorted((kind, who, str(role)) for kind, who, role, _ in said(built)))
    assert spoken[0] == spoken[1] == spoken[2]


def test_a_second_tick_at_the_same_moment_says_nothing(record: Record) -> None:
    built = house(record, system("scoring"), system("chat", "other"))
    run_until(built, "2026-10-16")
    before = built.journal(), [row.key for row in built.deliveries()]
    built.on("2026-10-15", 23)
    run_tick(built)
    assert (built.journal(), [row.key for row in built.deliveries()]) == before


def test_a_snooze_puts_the_ladder_off_and_no_longer(record: Record) -> None:
    built = one_request(record)
    ask = built.request().ask_on
    run_until(built, (ask + timedelta(days=1)).isoformat())
    until = workdays_later(ask, 5, "JP")
    built.now = tokyo(ask.isoformat(), 17)
    with built.record.write() as session:
        snooze(built.act_as(session, "owner"), built.request().id, until, "away")
    run_until(built, (until + timedelta(days=1)).isoformat())
    assert [day for kind, _, _, day in said(built) if kind == "reminder"] == [until]


def test_a_snooze_holds_where_the_ladder_never_comes_back_to_the_owner(record: Record) -> None:
    above = {"asking": {"ladder": [{"workdays": 2, "to": "manager", "message": "escalation"}]}}
    built = one_request(record, policy=above)
    run_until(built, (built.request().ask_on + timedelta(days=1)).isoformat())
    until = workdays_later(built.request().ask_on, 5, "JP")
    with built.record.write() as session:
        snooze(built.act_as(session, "owner"), built.request().id, until, "away")
    run_until(built, "2026-12-01")
    assert [(kind, who) for kind, who, _, _ in said(built)] == [("digest", "owner"), ("escalation", "boss")]


def test_what_is_due_longest_is_asked_first(record: Record) -> None:
    built = house(record, system("first"), system("second"), policy={"asking": {"first_asks_per_day": 1}})
    early, late = built.request("second"), built.request("first")
    assert late.id < early.id
    built.change(Request, early.id, next_at=tokyo("2026-10-19", 9), ask_on=date(2026, 10, 19))
    built.change(Request, late.id, next_at=tokyo("2026-10-20", 9), ask_on=date(2026, 10, 20))
    run_tick(built.on("2026-10-21"))
    assert [built.request(name).state for name in ("first", "second")] == ["pending", "asked"]


def test_not_mine_stops_the_chase(record: Record) -> None:
    built = one_request(record)
    ask = built.request().ask_on
    run_until(built, (ask + timedelta(days=1)).isoformat())
    with built.record.write() as session:
        not_mine(built.act_as(session, "owner"), built.request().id, "it is finance's")
    run_until(built, "2026-12-28")
    assert [(kind, who) for kind, who, _, _ in said(built)] == [("digest", "owner"), ("dispute", "lead")]


def test_who_takes_over_a_disputed_request_is_asked_for_it(record: Record) -> None:
    built = one_request(record)
    run_until(built, (built.request().ask_on + timedelta(days=1)).isoformat())
    with built.record.write() as session:
        act = built.act_as(session, "owner")
        not_mine(act, built.request().id, "it is other's")
        delegate(act, built.request().id, built.act_as(session, "other").person)
        accept_offer(built.act_as(session, "other"), built.request().id)
    run_until(built, "2026-11-05")
    assert ("digest", "other") in [(kind, who) for kind, who, _, _ in said(built)]
    assert not built.request().disputed


def test_a_tick_costs_what_is_due_and_not_what_is_open(new_sqlite: Any) -> None:
    counts = []
    for systems in (30, 600):
        built = house(new_sqlite(), *(system(f"s{n}") for n in range(systems)))
        with built.record.write() as session:
            session.execute(text("UPDATE request SET next_at = '2026-12-25 00:00:00.000000' WHERE id > 20"))
            session.execute(text("UPDATE request SET next_at = '2026-10-05 00:00:00.000000' WHERE id <= 20"))
        built.on("2026-10-05", 9)
        statements: list[str] = []
        event.listen(built.record.engine, "before_cursor_execute", lambda *call, kept=statements: kept.append(call[2]))
        run_tick(built)
        counts.append(len(statements))
        del statements[:]
        run_tick(built)
        counts.append(len(statements))
    assert counts[:2] == counts[2:]
    assert counts[1] < 15


def test_a_round_of_reminders_asks_the_outbox_a_fixed_number_of_times(new_sqlite: Any) -> None:
    """Of what was said about 40 or 400 requests: the look-ups are the same, only rows written differ."""
    counts = []
    for systems in (10, 100):
        built = house(new_sqlite(), *(system(f"s{n}", f"p{n}") for n in range(systems)), who=crowd(systems))
        built.on("2026-10-15", 11)
        run_tick(built)
        _show(built)
        with built.record.write() as session:
            session.execute(text("UPDATE request SET next_at = '2026-10-16 00:00:00.000000', step = 1"))
        built.on("2026-10-30", 11)
        selects: list[str] = []
        event.listen(built.record.engine, "before_cursor_execute", lambda *call, kept=selects: kept.append(call[2]))
        assert run_tick(built).reminded == systems + 1
        counts.append(len([statement for statement in selects if statement.lstrip().startswith("SELECT")]))
    assert counts[0] == counts[1]
    assert counts[1] < 15


def crowd(number: int) -> list[Any]:
    return [*people(), *(person(f"p{n}", manager="boss") for n in range(number))]


def test_a_backlog_longer_than_a_batch_still_makes_one_digest_each(
    new_record: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cycles.do.BATCH", 3)
    built = house(new_record(), *(system(f"s{n}", ["owner", "second"][n % 2]) for n in range(8)))
    with built.record.write() as session:
        session.execute(text("UPDATE request SET next_at = (SELECT MIN(next_at) FROM request)"))
    built.on("2026-10-16", 11)
    done = tick_all(built.record, now=built.now, actor="do")
    items = Counter(row.delivery_id for row in built.rows(DeliveryItem, DeliveryItem.subject == "request"))
    who = {row.id: row.key for row in built.rows(Person)}
    assert {who[row.person_id]: items[row.id] for row in built.deliveries("digest")} == {
        "owner": 4,
        "second": 4,
        "lead": 1,
    }
    assert done.asked == 9
    assert tick_all(built.record, now=built.now, actor="do") == Ticked()


def test_what_comes_up_later_joins_a_digest_that_is_not_sent_yet(record: Record) -> None:
    built = house(record, system("one"), system("two"))
    with built.record.write() as session:
        session.execute(text("UPDATE request SET next_at = '2026-10-15 01:00:00.000000' WHERE id <= 2"))
        session.execute(text("UPDATE request SET next_at = '2026-10-15 03:00:00.000000' WHERE id > 2"))
    for hour in (10, 12):
        built.on("2026-10-15", hour)
        run_tick(built)
    items = Counter(row.delivery_id for row in built.rows(DeliveryItem, DeliveryItem.subject == "request"))
    assert len(built.deliveries("digest")) == len(items)
    assert sum(items.values()) == len(built.rows(Request))


def test_what_todays_digest_tells_already_is_not_counted_twice_when_it_is_handed_away_and_back(record: Record) -> None:
    """It is said once, in a message that waits; the clock that was set anew asks on the next workday."""
    built = one_request(record)
    built.on(built.request().ask_on.isoformat(), 10)
    assert run_tick(built).asked == 1
    for to, minutes in (("judge", 1), ("owner", 2)):
        built.now += timedelta(minutes=minutes)
        with built.record.write() as session:
            reassign(built.act_as(session, "lead"), built.request().id, built.act_as(session, to).person)
    built.now += timedelta(minutes=5)
    assert run_tick(built) == Ticked(deferred=1)
    assert [action for _, action, _ in built.journal()].count("requests.chased") == 1
    run_until(built, (built.request().ask_on + timedelta(days=5)).isoformat())
    assert [kind for kind, *_ in said(built)] == ["digest", "digest"]


def test_handed_over_requests_do_not_come_all_at_once(record: Record) -> None:
    built = house(record, *(system(f"s{n}") for n in range(12)))
    built.on("2026-10-30", 9)
    with built.record.write() as session:
        other = built.act_as(session, "judge").person
        for request in built.rows(Request, Request.owner_id == built.ids(Person)["owner"]):
            reassign(built.act_as(session, "lead"), request.id, other)
    run_until(built, "2026-11-10")
    items = Counter(row.delivery_id for row in built.rows(DeliveryItem, DeliveryItem.subject == "request"))
    shown = [items[row.id] for row in built.deliveries("digest") if row.person_id == built.ids(Person)["judge"]]
    assert shown == [4, 4, 4]


def test_a_policy_changed_in_mid_cycle_is_for_the_next_one(record: Record) -> None:
    built = one_request(record)
    ask, due = built.request().ask_on, built.request().due
    run_until(built, (ask + timedelta(days=1)).isoformat())
    short = {"asking": {"ladder": [{"workdays": 1, "to": "lead", "message": "escalation"}], "due_workdays": 2}}
    built.sync(replace(built.programme, policy=Policy.model_validate(short)))
    run_until(built, "2026-12-28")
    assert [day for kind, _, _, day in said(built) if kind == "reminder"] == [
        workdays_later(due, -3, "JP"),
        due,
        workdays_later(due, 2, "JP"),
    ]
    assert [who for kind, who, _, _ in said(built) if kind == "escalation"] == ["second", "boss", "lead"]


def test_finding_what_is_due_reads_the_index(record: Record) -> None:
    house(record, system("scoring"))
    with record.read() as session:
        plan = session.execute(
            text("EXPLAIN QUERY PLAN SELECT * FROM request WHERE next_at <= '2026-10-10' ORDER BY next_at LIMIT 10")
        ).all()
    assert "request_due" in str(plan)


def test_nothing_is_asked_before_the_lead_has_approved(record: Record) -> None:
    built = house(record, system("scoring"), planned=False)
    built.plan(approve=False)
    built.on("2026-11-10")
    assert run_tick(built) == Ticked()
    assert [row.kind for row in built.deliveries()] == ["plan"]


def test_a_second_cycle_does_not_double_the_digests(record: Record) -> None:
    built = house(record, system("scoring"))
    built.key = "FY2026-Q4"
    built.plan()
    built.on("2027-02-10", 11)
    run_tick(built)
    told = Counter((who, day) for kind, who, _, day in said(built) if kind == "digest")
    assert max(told.values()) == 1
    assert {row.key for row in built.rows(Cycle)} == {CYCLE, "FY2026-Q4"}


hours = st.sampled_from(["05:00-09:30", "09:00-18:00", "12:15-20:00", "09:00-17:45"])
zones = st.sampled_from(
    [
        ("Asia/Tokyo", "JP"),
        ("Europe/London", "GB"),
        ("America/New_York", "US-NY"),
        ("Australia/Lord_Howe", "AU-NSW"),
        ("America/Sao_Paulo", "BR"),
    ]
)
leaves = st.lists(st.tuples(st.dates(date(2026, 10, 1), date(2026, 12, 20)), st.integers(0, 12)), max_size=2)


@given(data=st.data())
@settings(max_examples=12)
def test_nothing_is_ever_said_at_an_indecent_hour(data: st.DataObject, new_sqlite: Any) -> None:
    changes: dict[str, dict[str, Any]] = {}
    for key in ("owner", "second", "boss", "other", "lead"):
        zone, country = data.draw(zones)
        leave = [{"from": day, "to": day + timedelta(days=n)} for day, n in data.draw(leaves)]
        changes[key] = {"zone": zone, "country": country, "hours": data.draw(hours), "leave": leave}
    if data.draw(st.booleans()):
        changes["owner"]["left_on"] = data.draw(st.dates(date(2026, 10, 1), date(2026, 11, 30)))
    systems = [
        system(f"s{n}", data.draw(st.sampled_from(["owner", "other", "second"])), risk_tier="high") for n in range(4)
    ]
    record = new_sqlite()
    built = House(record=record, programme=programme(systems, people(**changes)))
    built.sync()
    built.plan()
    step = data.draw(st.sampled_from([timedelta(minutes=105), timedelta(hours=7), timedelta(days=3, hours=5)]))
    run_until(built, "2026-12-28", step=step)
    with record.read() as session:
        who = {row.id: row for row in session.exec(select(Person)).all()}
        away: dict[int, list[tuple[date, date]]] = {}
        for row in session.exec(select(Leave)).all():
            away.setdefault(row.person_id, []).append((row.starts, row.ends))
        chasing = session.exec(select(Delivery).where(col(Delivery.kind).in_((*CHASING, "plan")))).all()
        assert chasing
        for message in chasing:
            person = who[message.person_id]
            assert is_decent(person, away.get(person.id, []), message.not_before), (message.kind, person.key)
        a_day = Counter(
            (row.kind, row.role, row.person_id, _day(row.created_at, who[row.person_id].zone))
            for row in chasing
            if row.kind in ("digest", "reminder", "escalation")
        )
        assert max(a_day.values()) == 1
        per_request = Counter(
            (item.subject_id, row.person_id)
            for row in chasing
            for item in session.exec(select(DeliveryItem).where(DeliveryItem.delivery_id == row.id)).all()
            if row.kind in ("digest", "reminder")
        )
        assert max(per_request.values()) <= built.programme.policy.asking.messages_per_request
    record.close()
