"""What Slack will not take, what cannot be found out, and what every message carries."""

import pytest
from delivery_house import House, of, refresh
from delivery_weather import Odd, weather_before
from slack_sdk import WebClient

from cycles import outbox
from cycles.held import Held, held
from cycles.models import Delivery, Person
from tasks.slack.doubts import PAGE_ROWS, PAGES, PATIENCE

# Refusals ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "error",
    ["account_inactive", "token_revoked", "invalid_auth", "missing_scope", "messages_tab_disabled", "not_authed"],
)
@pytest.mark.parametrize("method", ["chat.postMessage", "conversations.open", "users.lookupByEmail"])
def test_a_wrong_installation_stops_the_pass_and_loses_nothing(house: House, error: str, method: str) -> None:
    house.fault("error", method, error=error)
    done = house.deliver()
    assert done.sent == 0
    assert error in str(done.halted)
    assert [(row.state, row.attempts) for row in house.rows("queued")] == [("queued", 0)] * 3
    if method == "chat.postMessage":
        assert told(house) == Held(reason=done.halted, waiting=3, last=None)
    house.settle()
    assert sorted(house.shown().values()) == [1, 1, 1]
    assert (told(house).reason, told(house).waiting, told(house).last is None) == (None, 0, False)


def told(house: House) -> Held:
    with house.record.read() as session:
        return held(session)


def test_a_revoked_token_leaves_doubts_for_later(house: House) -> None:
    house.fault("reset", phase="after")
    house.deliver()
    house.fault("error", "conversations.history", error="token_revoked")
    house.clock.on(seconds=61)
    assert "token_revoked" in str(house.deliver().halted)
    assert len(house.rows("sending")) == 1
    assert house.deliver().sent == 1
    assert sorted(house.shown().values()) == [1, 1, 1]


@pytest.mark.parametrize(
    "error", ["user_disabled", "channel_not_found", "restricted_action", "invalid_blocks", "is_archived"]
)
def test_what_slack_will_never_take_is_for_the_lead(house: House, error: str) -> None:
    house.fault("error", error=error)
    done = house.deliver()
    assert (done.sent, done.failed) == (2, 1)
    (row,) = house.rows("failed")
    assert error in str(row.error)
    assert str(row.error).endswith(".")
    house.settle()
    assert len(house.shown()) == 2


def test_an_account_that_is_gone_is_looked_up_anew_next_time(house: House) -> None:
    house.deliver()
    person = house.person("owner01")
    house.change(Person, person.id, slack_id="U0GONE")
    house.queue("reminder", of(house, "owner01"), key="more:1", role="last")
    house.clock.on(minutes=1)
    assert "user_not_found" in house.deliver().errors[0]
    house.queue("reminder", of(house, "owner01"), key="more:2", role="last")
    assert house.deliver().sent == 1
    assert house.person("owner01").slack_id == person.slack_id


def test_a_message_that_cannot_be_written_does_not_keep_the_others(house: House) -> None:
    def broken(brief: object) -> dict[str, object]:
        if brief.reader.name == "Owner01":  # type: ignore[attr-defined]
            raise KeyError("title")
        return {"text": "hello", "blocks": []}

    done = house.deliver(render=broken)
    assert (done.sent, done.postponed) == (2, 1)
    assert "could not be written (KeyError" in done.errors[0]
    house.settle()
    assert sorted(house.shown().values()) == [1, 1, 1]


# Undecidable doubts -----------------------------------------------------------------------------------------------------


def crowd(client: WebClient, channel: str, count: int) -> None:
    for n in range(count):
        client.chat_postMessage(
            channel=channel, text=f"other {n}", metadata={"event_type": "other", "event_payload": {}}
        )


def lost(house: House) -> Delivery:
    """The lead's digest was taken by Slack, and the answer lost."""
    house.fault("reset", phase="after")
    house.deliver()
    (row,) = house.rows("sending")
    return row


def others(house: House) -> dict[int, int]:
    found: dict[int, int] = {}
    for post in house.posts():
        if number := post["metadata"]["event_payload"].get("delivery"):
            found[number] = found.get(number, 0) + 1
    return found


def test_a_message_under_many_newer_ones_is_found(house: House) -> None:
    row = lost(house)
    crowd(house.client, str(row.channel), PAGE_ROWS * 2 + 3)
    house.clock.on(seconds=61)
    assert house.deliver().sent == 1
    assert set(others(house).values()) == {1}


def test_what_lies_too_deep_is_parked_and_never_repeated(house: House) -> None:
    row = lost(house)
    crowd(house.client, str(row.channel), PAGE_ROWS * PAGES + 1)
    house.clock.on(seconds=61)
    done = house.deliver()
    assert (done.unknown, done.sent) == (1, 0)
    (parked,) = house.rows("unknown")
    assert "could not be found out" in str(parked.error)
    house.clock.on(hours=2)
    house.deliver()
    assert others(house)[row.id] == 1


def test_a_history_that_is_refused_parks_the_message(house: House) -> None:
    lost(house)
    house.fault("error", "conversations.history", error="channel_not_found")
    house.clock.on(seconds=61)
    assert house.deliver().unknown == 1


def test_a_history_out_of_order_is_asked_again_for_an_hour(house: House) -> None:
    row = lost(house)
    house.fault("500", "conversations.history", times=10)
    house.clock.on(seconds=61)
    assert house.deliver().doubtful == 1
    house.clock.at = row.claimed_at + PATIENCE  # type: ignore[operator]
    assert house.deliver().unknown == 1
    house.clock.on(days=1)
    house.deliver()
    assert house.shown()[row.id] == 1


def test_a_sender_that_was_thought_dead_is_believed_when_it_has_the_timestamp(house: House) -> None:
    row = lost(house)
    crowd(house.client, str(row.channel), PAGE_ROWS * PAGES + 1)
    house.clock.on(seconds=61)
    house.deliver()
    with house.record.write() as session:
        assert outbox.sent(session, row, channel="D1", ts="1.0", now=house.clock())
    assert of(house, "lead").state == "sent"


def test_a_sender_that_was_thought_dead_overrules_nobody(house: House) -> None:
    row = lost(house)
    house.clock.on(seconds=61)
    house.deliver()
    with house.record.write() as session:
        assert not outbox.fail(session, row, "too late")
        assert not outbox.postpone(session, row, until=house.clock())
        assert not outbox.sent(session, row, channel="D1", ts="1.0", now=house.clock())
    assert of(house, "lead").ts != "1.0"


def test_no_transaction_is_open_while_slack_is_called(house: House) -> None:
    """Every call finds the record unlocked and no connection in use."""

    class Witness(WebClient):
        def api_call(self, *args: object, **more: object) -> object:  # type: ignore[override]
            in_use.append(house.record.engine.pool.checkedout())  # type: ignore[attr-defined]
            return super().api_call(*args, **more)  # type: ignore[arg-type]

    in_use: list[int] = []
    lost(house)
    house.clock.on(seconds=61)
    root = of(house, "owner01")
    refresh(house, root)
    house.queue("reminder", root, key="reminder:1", root=root)
    house.deliver(Witness(token=house.slack.bot_token, base_url=house.slack.api_url, retry_handlers=[]))
    assert len(in_use) == 4  # history, open, reminder, update
    assert set(in_use) == {0}


def test_metadata_tells_nothing(house: House) -> None:
    house.deliver()
    for post in house.posts():
        assert set(post["metadata"]) == {"event_type", "event_payload"}
        assert set(post["metadata"]["event_payload"]) == {"delivery"}


def test_the_same_message_carries_the_same_client_msg_id(house: House) -> None:
    with weather_before(house.slack.api_url) as weather:
        weather.script = [Odd(status=500, after=True), Odd(status=429, nth=2)]
        house.settle(house.connect(url=weather.api_url))
    ids = [post["client_msg_id"] for post in house.posts()]
    assert len(set(ids)) == len(ids) == 3
