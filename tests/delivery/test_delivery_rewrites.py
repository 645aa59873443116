"""Replies in a thread, and messages rewritten to what is true now."""

import pytest
from delivery_house import NEXT_MORNING, NIGHT, House, answer_all, buttons, of, refresh

from cycles import outbox
from cycles.models import Delivery


def test_a_reminder_joins_the_thread_of_the_first_ask(house: House) -> None:
    house.deliver()
    root = of(house, "owner01")
    house.clock.on(days=1)
    number = house.queue("reminder", root, key="reminder:1", root=root)
    house.fault("reset", phase="after")
    house.settle()
    (post,) = [row for row in house.posts() if row["metadata"]["event_payload"]["delivery"] == number]
    assert post["thread_ts"] == root.ts


def test_a_reminder_of_somebody_elses_ask_is_a_message_of_its_own(house: House) -> None:
    house.deliver()
    number = house.queue("reminder", of(house, "owner01"), key="reminder:1", root=of(house, "owner02"))
    house.clock.on(minutes=1)
    house.deliver()
    (post,) = [row for row in house.posts() if row["metadata"]["event_payload"]["delivery"] == number]
    assert "thread_ts" not in post


def test_a_root_that_is_found_later_does_not_hide_its_reply(house: House) -> None:
    """Both are in doubt, and the root is settled first: the reply went beside the thread that was not known yet."""
    root = of(house, "lead")
    house.fault("reset", phase="after", times=2)
    house.deliver(limit=1)
    house.clock.on(seconds=30)
    number = house.queue("reminder", root, key="reminder:1", root=root)
    for row in house.rows("queued"):
        house.change(Delivery, row.id, state="queued" if row.id == number else "withdrawn")
    assert house.deliver().doubtful == 1
    house.clock.on(seconds=31)
    assert house.deliver().sent == 1
    house.settle()
    assert house.shown() == {root.id: 1, number: 1}


def test_a_thread_that_is_gone_does_not_swallow_the_reminder(house: House) -> None:
    house.deliver()
    root = of(house, "owner01")
    house.client.chat_delete(channel=str(root.channel), ts=str(root.ts))
    number = house.queue("reminder", root, key="reminder:1", root=root)
    house.clock.on(minutes=1)
    assert house.deliver().sent == 1
    assert house.shown()[number] == 1


def test_a_rewrite_is_silent_and_happens_at_any_hour(house: House) -> None:
    house.deliver()
    root = of(house, "owner01")
    assert buttons(next(row for row in house.posts() if row["ts"] == root.ts))
    answer_all(house, root)
    house.clock.at = NIGHT
    assert refresh(house, root) == 1
    assert house.deliver().refreshed == 1
    (update,) = house.posts("update")
    assert update["ts"] == root.ts
    assert not buttons(update)
    assert len(house.posts()) == 3
    assert house.row("refresh").ts is None


@pytest.mark.parametrize("phase", ["before", "after"])
@pytest.mark.parametrize("kind", ["429", "500", "reset", "close"])
def test_a_rewrite_survives_faults(house: House, kind: str, phase: str) -> None:
    house.deliver()
    root = of(house, "owner01")
    answer_all(house, root)
    refresh(house, root)
    house.fault(kind, "chat.update", phase=phase)
    house.settle()
    assert not buttons(house.posts("update")[-1])
    assert house.row("refresh").state == "sent"
    assert sorted(house.shown().values()) == [1, 1, 1]


@pytest.mark.parametrize("error", ["edit_window_closed", "cant_update_message"])
@pytest.mark.parametrize("lost", [None, "before", "after"])
def test_what_cannot_be_edited_gets_one_receipt_in_its_thread(house: House, error: str, lost: str | None) -> None:
    house.deliver()
    root = of(house, "owner01")
    answer_all(house, root)
    refresh(house, root)
    house.clock.at = NIGHT
    house.fault("error", "chat.update", error=error, times=2 + (lost is not None))
    if lost:
        house.fault("reset", phase=lost)
    assert house.deliver().postponed == 1  # a receipt is heard, so it waits for the morning
    assert len(house.posts()) == 3
    house.clock.at = NEXT_MORNING
    house.settle()
    (receipt,) = house.posts()[3:]
    assert receipt["thread_ts"] == root.ts
    assert receipt["text"]
    assert not buttons(receipt)

    house.slack.control("faults", verb="DELETE")
    refresh(house, root)
    house.settle()
    assert len(house.posts()) == 4
    assert house.posts("update")[-1]["ts"] == receipt["ts"]


def test_a_message_that_was_deleted_needs_no_receipt(house: House) -> None:
    house.deliver()
    root = of(house, "owner01")
    house.client.chat_delete(channel=str(root.channel), ts=str(root.ts))
    refresh(house, root)
    assert house.deliver().withdrawn == 1
    assert len(house.posts()) == 3


def test_a_rewrite_waits_until_its_root_is_settled(house: House) -> None:
    root = of(house, "lead")
    house.fault("reset", phase="after")
    house.deliver()
    answer_all(house, root)
    assert refresh(house, root) == 1
    assert house.deliver().refreshed == 0
    house.settle()
    assert [row["ts"] for row in house.posts("update")] == [of(house, "lead").ts]
    assert house.row("refresh").state == "sent"


def test_two_rewrites_of_one_message_never_run_at_once(house: House) -> None:
    """Otherwise the older state could be shown last."""
    house.deliver()
    root = of(house, "owner01")
    refresh(house, root)
    with house.record.write() as session:
        first = session.get_one(Delivery, house.row("refresh").id)
        assert outbox.claim(session, first, house.clock())
    refresh(house, root)
    assert house.deliver().refreshed == 0
    house.settle()
    assert {row.state for row in house.rows() if row.kind == "refresh"} == {"sent"}
