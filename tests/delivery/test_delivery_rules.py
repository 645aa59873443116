"""Who is written to, when, and how fast."""

from datetime import UTC, date, datetime, timedelta

from delivery_house import MORNING, NEXT_MORNING, NIGHT, House, answer_all, of
from sqlmodel import select

from cycles.do import tick
from cycles.models import Delivery, Leave, Membership, Person, Request
from tasks.slack import Pace

# Hours and people -------------------------------------------------------------------------------------------------------


def test_nobody_is_messaged_outside_their_hours(house: House) -> None:
    house.clock.at = NIGHT
    done = house.deliver()
    assert (done.sent, done.postponed) == (0, 3)
    assert {row.not_before for row in house.rows("queued")} == {NEXT_MORNING}
    house.clock.at = NEXT_MORNING - timedelta(seconds=1)
    assert house.deliver().sent == 0
    house.clock.at = NEXT_MORNING
    assert house.deliver().sent == 3
    assert all(row["at"] == NEXT_MORNING.timestamp() for row in house.posts())


def test_leave_that_began_after_the_message_was_written_is_kept(house: House) -> None:
    row = of(house, "owner01")
    with house.record.write() as session:
        session.add(Leave(person_id=row.person_id, starts=date(2026, 10, 26), ends=date(2026, 10, 30)))
    done = house.deliver()
    assert (done.sent, done.postponed) == (2, 1)
    assert house.rows("queued")[0].not_before == datetime(2026, 11, 2, 0, 0, tzinfo=UTC)


def test_a_resend_waits_for_the_morning_too(house: House) -> None:
    house.clock.at = datetime(2026, 10, 26, 8, 59, 30, tzinfo=UTC)  # half a minute before 18:00
    house.fault("reset")
    assert house.deliver().doubtful == 1
    house.clock.on(seconds=61)
    assert house.deliver().postponed == 1
    house.clock.at = NEXT_MORNING
    assert house.deliver().sent == 1
    assert sorted(house.shown().values()) == [1, 1, 1]


def test_somebody_who_has_left_is_not_written_to(house: House) -> None:
    row = of(house, "owner01")
    house.change(Person, row.person_id, left_on=date(2026, 10, 20))
    before = len(house.rows())
    done = house.deliver()
    assert (done.sent, done.withdrawn, done.failed) == (2, 1, 0)
    assert len(house.rows()) == before
    with house.record.read() as session:
        asked = session.exec(select(Request).where(Request.assignee_id == row.person_id)).all()
    assert {request.next_at for request in asked if request.state == "asked"} == {house.clock.at}


def test_what_somebody_who_left_was_to_decide_is_named_to_the_lead(house: House) -> None:
    row = of(house, "owner01")
    house.change(Person, row.person_id, left_on=date(2026, 10, 20))
    house.change(Delivery, row.id, kind="review")
    done = house.deliver()
    assert (done.sent, done.failed) == (2, 1)
    assert "Owner01 left on 2026-10-20" in str(house.rows("failed")[0].error)
    assert done.errors == (house.rows("failed")[0].error,)


def test_a_prompt_in_flight_to_somebody_who_is_removed_is_never_sent_again_and_goes_to_the_lead(house: House) -> None:
    house.fault("reset")
    assert house.deliver().doubtful == 1
    doubtful = house.rows("sending")[0]
    house.change(Person, doubtful.person_id, left_on=date(2026, 10, 20))
    house.clock.on(seconds=61)
    assert house.deliver().withdrawn == 1
    with house.record.write() as session:
        session.add(Membership(person_id=of(house, "owner02").person_id, role="lead"))
        ticked = tick(session, now=house.clock.at, actor="test")
    assert ticked.orphaned > 0
    assert [message.kind for message in house.rows("queued")] == ["dispute"]


def test_what_was_answered_meanwhile_is_not_said(house: House) -> None:
    row = of(house, "owner01")
    answer_all(house, row)
    done = house.deliver()
    assert (done.sent, done.withdrawn) == (2, 1)
    assert row.id not in house.shown()


def test_words_are_gathered_after_the_claim(house: House) -> None:
    """What is answered between two tries is not asked again, and what Slack took before is still found."""
    row = of(house, "lead")
    house.fault("reset", phase="before")
    house.deliver()
    answer_all(house, row)
    house.clock.on(seconds=61)
    assert house.deliver().withdrawn == 1
    assert row.id not in house.shown()


def test_adopting_needs_no_brief(house: House) -> None:
    row = of(house, "lead")
    house.fault("reset", phase="after")
    house.deliver()
    answer_all(house, row)
    house.clock.on(seconds=61)
    assert house.deliver().sent == 1
    assert house.shown()[row.id] == 1


# Pace -------------------------------------------------------------------------------------------------------------------


def test_one_person_gets_a_short_burst_then_one_a_second(house: House) -> None:
    house.deliver()
    house.clock.on(minutes=1)
    for n in range(6):
        house.queue("reminder", of(house, "owner01"), key=f"more:{n}", role="last")
    done = house.deliver()
    assert (done.sent, done.postponed) == (3, 3)
    waits = [(row.not_before - house.clock()).total_seconds() for row in house.rows("queued")]
    assert waits == [1, 2, 3]
    for _ in range(3):
        house.clock.on(seconds=1)
        assert house.deliver().sent == 1
    assert list(house.shown().values()) == [1] * 9


def test_the_next_pass_knows_what_the_last_one_sent(house: House) -> None:
    house.deliver()
    house.clock.on(minutes=1)
    for n in range(4):
        house.queue("reminder", of(house, "owner01"), key=f"more:{n}", role="last")
        house.deliver()
    assert len(house.rows("queued")) == 1
    assert house.rows("queued")[0].not_before == house.clock() + timedelta(seconds=1)


def test_pace_is_policy(house: House) -> None:
    house.deliver()
    house.clock.on(minutes=1)
    for n in range(3):
        house.queue("reminder", of(house, "owner01"), key=f"more:{n}", role="last")
    assert house.deliver(pace=Pace(interval=timedelta(seconds=10), burst=1)).sent == 1
    assert [(row.not_before - house.clock()).seconds for row in house.rows("queued")] == [10, 20]


def test_a_pass_takes_the_oldest_up_to_its_limit(house: House) -> None:
    house.change(Delivery, of(house, "owner02").id, not_before=MORNING - timedelta(hours=1))
    assert house.deliver(limit=1).sent == 1
    assert [row.id for row in house.rows("sent")] == [of(house, "owner02").id]
