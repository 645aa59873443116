"""The ladder: what was announced is what happens, whoever is away, and who was told counts once."""

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st
from rules_house import START, House, one_request, people, tokyo
from sqlalchemy import text
from sqlmodel import Session, col, select

from cycles import objections
from cycles.answers import Offered, accept_offer, decline_offer, delegate, snooze, submit
from cycles.decisions import reassign
from cycles.do import tick
from cycles.errors import Refused
from cycles.ladder import Ladder
from cycles.models import Delivery, DeliveryItem, Person, Slot
from cycles.people import Directory
from cycles.permits import Act
from cycles.policy import Policy
from cycles.preview import preview
from cycles.store import Record

CHASING = ("digest", "reminder", "escalation")
Said = list[tuple[datetime, str, int]]

hours = st.sampled_from(["06:30-12:00", "09:00-18:00", "13:00-22:15"])
leave = st.lists(
    st.tuples(st.dates(START.date(), START.date() + timedelta(days=80)), st.integers(0, 40)).map(
        lambda drawn: {"from": drawn[0], "to": drawn[0] + timedelta(days=drawn[1])}
    ),
    max_size=2,
)
lives = st.fixed_dictionaries(
    {
        key: st.fixed_dictionaries({"hours": hours, "leave": leave})
        for key in ("owner", "second", "boss", "lead", "other")
    }
)


def announced(session: Session, built: House) -> Said:
    """What the preview says: (when, to whom, rung)."""
    (entry,) = preview(session, built.cycle(session))
    return [(datetime.fromisoformat(row["at"]), row["person"], row["rung"]) for row in entry["messages"]]


def happened(built: House) -> Said:
    """What is said when nobody ever answers: (when, to whom, rung)."""
    while (then := built.request().next_at) is not None:
        built.now = then
        with built.record.write() as session:
            tick(session, now=then, actor="do")
    with built.record.read() as session:
        rows = session.exec(
            select(Delivery.created_at, Person.key, DeliveryItem.rung)
            .join(DeliveryItem, col(DeliveryItem.delivery_id) == col(Delivery.id))
            .join(Person, col(Person.id) == col(Delivery.person_id))
            .where(col(Delivery.kind).in_(CHASING))
            .order_by(col(Delivery.id))
        ).all()
    return [(at, key, rung) for at, key, rung in rows]


EARLY: dict[str, Any] = {key: {"hours": "06:30-12:00", "leave": []} for key in ("owner", "second", "lead", "other")}
# The manager was told in the deputy's place and is on leave when it would be their own turn: nobody waits for their return.
PASSED_OVER = EARLY | {
    "boss": {"hours": "06:30-12:00", "leave": [{"from": date(2026, 11, 10), "to": date(2026, 11, 12)}]}
}


@given(owner=st.sampled_from(["owner", "other"]), lives=lives)
@example(owner="other", lives=PASSED_OVER)
@settings(max_examples=40)
def test_what_happens_is_what_was_announced(owner: str, lives: dict[str, Any], new_sqlite: Any) -> None:
    built = one_request(new_sqlite(), owner, who=people(**lives))
    with built.record.read() as session:
        before = announced(session, built)
    assert happened(built) == before
    built.record.close()


def test_who_stands_in_late_hears_the_latest_rung_as_it_was_announced(record: Record) -> None:
    # The owner is away, later the manager too: the lead is asked in their place when the second reminder is due already.
    early: dict[str, Any] = {key: {"hours": "06:30-12:00"} for key in ("owner", "second", "boss", "lead", "other")}
    early["other"]["leave"] = [{"from": date(2026, 10, 9), "to": date(2026, 10, 24)}]
    early["boss"]["leave"] = [{"from": date(2026, 10, 17), "to": date(2026, 11, 16)}]
    early["lead"]["leave"] = [{"from": date(2026, 10, 17), "to": date(2026, 11, 3)}]
    built = one_request(record, "other", who=people(**early))
    with built.record.read() as session:
        before = announced(session, built)
    assert (datetime(2026, 11, 3, 21, 30, tzinfo=UTC), "lead", 2) in before
    assert happened(built) == before


def test_who_stands_in_is_asked_and_not_reminded_when_their_hours_open(record: Record) -> None:
    """They are not answerable before the word: until their day begins the request stays where it was."""
    built = one_request(record, "owner", who=people(owner={}, second={"hours": "13:00-22:15"}))
    _tick_on(built, built.request().next_at or built.now)
    reminder = built.request().next_at
    assert reminder is not None
    # The owner's leave is only heard of now: the morning that was theirs is the deputy's quiet time.
    away = [{"from": built.now.date() + timedelta(days=1), "to": built.now.date() + timedelta(days=60)}]
    changed = people(owner={"leave": away}, second={"hours": "13:00-22:15"})
    built.sync(replace(built.programme, people=tuple(changed)))
    built.now = reminder
    built.turn(tick)
    assert built.request().assignee_id == built.request().owner_id
    _tick_on(built, built.request().next_at or built.now)
    assert built.request().assignee_id != built.request().owner_id
    assert happened_last(built) == ("digest", "second")


def test_a_snooze_high_on_the_ladder_brings_it_back_to_who_snoozed(record: Record) -> None:
    built = one_request(record, "owner", policy={"asking": {"max_snoozes": 1, "messages_per_request": 9}})
    while built.request().step < 6:
        built.now = built.request().next_at or built.now
        _tick_on(built, built.now)
    _does(built, "snooze", "owner")
    assert built.request().snoozed_until is not None
    _tick_on(built, built.request().next_at or built.now)
    assert happened_last(built) == ("reminder", "owner")


def happened_last(built: House) -> tuple[str, str]:
    with built.record.read() as session:
        last = session.exec(
            select(Delivery.kind, Person.key)
            .join(Person, col(Person.id) == col(Delivery.person_id))
            .where(col(Delivery.kind).in_(CHASING))
            .order_by(col(Delivery.id).desc())
        ).first()
    assert last is not None
    return last[0], last[1]


def test_who_is_told_can_change_while_their_morning_is_waited_for(record: Record) -> None:
    # The lead is back a day before the manager: that day the rung of both is the lead's, a day later the manager's.
    away = {
        "boss": {"hours": "06:30-12:00", "leave": [{"from": date(2026, 11, 1), "to": date(2026, 11, 10)}]},
        "lead": {"hours": "06:30-12:00", "leave": [{"from": date(2026, 11, 1), "to": date(2026, 11, 9)}]},
        "other": {"hours": "06:30-12:00"},
    }
    built = one_request(record, "other", who=people(**away))
    with built.record.read() as session:
        before = announced(session, built)
    assert happened(built) == before


DEEDS = (
    "snooze",
    "delegate",
    "accept",
    "decline",
    "not_mine",
    "not_applicable",
    "keep",
    "reassign",
    "leaves",
    "answer",
)
deeds = st.lists(
    st.tuples(st.integers(0, 12), st.sampled_from(DEEDS), st.sampled_from(["owner", "second", "boss", "other"])),
    max_size=8,
)


@given(lives=lives, acts=deeds)
@settings(max_examples=40)
def test_whatever_people_answer_the_ladder_keeps_its_promises(
    lives: dict[str, Any], acts: list[tuple[int, str, str]], new_sqlite: Any
) -> None:
    """Never in quiet time, never above the cap, one digest a day each, no rung before its day, nothing after an answer."""
    built = one_request(new_sqlite(), who=people(**lives), policy={"asking": {"messages_per_request": 2}})
    answered: datetime | None = None
    for days, verb, who in acts:
        _tick_on(built, built.now + timedelta(days=days, hours=days))
        with suppress(Refused):
            _does(built, verb, who)
            answered = answered or (built.now if verb == "answer" else None)
    _tick_on(built, built.now + timedelta(days=60))
    _holds(built, answered)
    built.record.close()


def _tick_on(built: House, until: datetime) -> None:
    while (then := built.request().next_at) is not None and then <= until:
        built.now = max(built.now, then)
        built.turn(tick)
        with built.record.write() as session:
            session.execute(text("UPDATE delivery SET state = 'sent', sent_at = created_at WHERE state = 'queued'"))
    built.now = max(built.now, until)


def _does(built: House, verb: str, who: str) -> None:
    request = built.request()
    if verb == "leaves":
        built.sync(
            replace(
                built.programme,
                people=tuple(
                    row.model_copy(update={"left_on": built.now.date()}) if row.key == who and who != "boss" else row
                    for row in built.programme.people
                ),
            )
        )
        return
    with built.record.write() as session:
        people_by_key = {row.key: row for row in session.exec(select(Person)).all()}
        by_id = {row.id: row for row in people_by_key.values()}
        mine = Act(session, by_id[request.assignee_id], built.now)
        lead, offered = built.act_as(session, "lead"), Act(session, by_id[request.offered_to_id or 1], built.now)
        other = people_by_key[who]
        offer = Offered(form="link", locator="https://a.b", effective=(built.now - timedelta(days=1)).date())
        done: dict[str, Callable[[], Any]] = {
            "snooze": lambda: snooze(mine, request.id, (built.now + timedelta(days=4)).date(), "busy"),
            "delegate": lambda: delegate(mine, request.id, other),
            "accept": lambda: accept_offer(offered, request.id),
            "decline": lambda: decline_offer(offered, request.id),
            "not_mine": lambda: objections.not_mine(mine, request.id, "no"),
            "not_applicable": lambda: objections.not_applicable(mine, request.id, "no"),
            "keep": lambda: objections.keep_asking(lead, request.id, "yes"),
            "reassign": lambda: reassign(lead, request.id, other),
            "answer": lambda: submit(mine, request.id, offer),
        }
        done[verb]()


def _holds(built: House, answered: datetime | None) -> None:
    with built.record.read() as session:
        cycle = built.cycle(session)
        policy = Policy.model_validate(cycle.policy)
        directory = Directory.load(session, policy)
        rows = session.exec(
            select(Delivery, DeliveryItem.rung)
            .join(DeliveryItem, col(DeliveryItem.delivery_id) == col(Delivery.id))
            .where(DeliveryItem.subject == "request", col(Delivery.kind).in_(CHASING))
            .order_by(col(Delivery.id))
        ).all()
    days = [(row.kind, row.person_id, row.role, directory.today(row.person_id, row.created_at)) for row, _ in rows]
    assert len(days) == len(set(days)), "one message of a kind per person and day"
    for row, _ in rows:
        hours = directory.hours(row.person_id)
        assert hours.is_decent(row.created_at), "in quiet time"
        assert answered is None or row.created_at <= answered, "said after the answer"
    told = Counter(row.person_id for row, _ in rows if row.kind == "reminder")
    assert max(told.values(), default=0) <= policy.asking.messages_per_request
    ladder, last = policy.asking.ladder, None
    for row, rung in rows:
        if row.kind == "escalation":
            earliest = directory.calendar(built.request().owner_id).add(_first_due(built), ladder[rung - 1].workdays)
            assert directory.today(row.person_id, row.created_at) >= earliest, "above before its day"
            assert last is None or row.created_at - last >= timedelta(hours=1), "two rungs at once"
            last = row.created_at


def _first_due(built: House) -> date:
    """The due date it was planned with; a fresh clock only moves it on."""
    with built.record.read() as session:
        request = built.request()
        found = session.exec(select(Slot.due).where(Slot.ask_on == request.ask_on)).all()
        return min(found)


def test_a_preview_says_what_every_message_is(record: Record) -> None:
    # Asked the day before it is due: a fair time is left. The owner goes away before the reminder after that.
    away = [{"from": date(2026, 11, 5), "to": date(2026, 11, 30)}]
    built = one_request(record, who=people(owner={"leave": away}), policy={"asking": {"messages_per_request": 2}})
    lines = ladder_of(built).preview(tokyo("2026-10-29"))
    keys = {number: key for key, number in built.ids(Person).items()}
    found = [(line.at.date().isoformat(), line.message, line.rung, keys[line.person_id]) for line in lines]
    assert found == [
        ("2026-10-29", "digest", 0, "owner"),
        ("2026-10-30", "reminder", 1, "owner"),
        ("2026-11-06", "digest", 3, "second"),  # the owner has heard enough by rung 2, and whoever stands in is asked
        ("2026-11-12", "escalation", 5, "boss"),
        ("2026-11-16", "escalation", 6, "lead"),
    ]


def test_of_missed_reminders_the_last_is_spoken_from_its_very_day_on(record: Record) -> None:
    twice = [{"workdays": days, "to": "owner", "message": "reminder"} for days in (-3, 0)]
    built = one_request(record, policy={"asking": {"ladder": twice}})
    ladder, due = ladder_of(built), built.request().due
    on = {ahead: tokyo((due + timedelta(days=ahead)).isoformat()) for ahead in (-1, 0, 5)}
    assert [ladder.latest_due(1, on[ahead]) for ahead in (-1, 0, 5)] == [1, 2, 2]
    assert ladder.latest_due(2, on[5]) == 2, "there is none above"


def ladder_of(built: House) -> Ladder:
    with built.record.read() as session:
        policy = Policy.model_validate(built.cycle(session).policy)
        return Ladder.of(built.request(), Directory.load(session, policy), policy)
