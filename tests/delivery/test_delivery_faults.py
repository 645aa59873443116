"""Whatever goes wrong on the way to Slack, each message is shown once. Slack's own transcript is the witness."""

from datetime import timedelta

import pytest
from delivery_house import House, Opener
from delivery_weather import Odd, weather_before

from cycles import outbox
from cycles.briefs import Brief
from tasks.messages import render
from tasks.slack import Delivered, delivering
from tasks.slack.tour import Tour

HANG_TIMEOUT_S = 0.4
FIRST = 1
# Three digests wait, so the fourth post is the second try of the one that failed.
SECOND = 4
KINDS = {
    "429": {"kind": "429", "retry_after": 7},
    "500": {"kind": "500"},
    "502": {"kind": "502"},
    "503": {"kind": "503"},
    "reset": {"kind": "reset"},
    "close": {"kind": "close"},
    "hang": {"kind": "hang", "seconds": 1.5},
    "fatal_error": {"kind": "error", "error": "fatal_error"},
    "internal_error": {"kind": "error", "error": "internal_error"},
    "request_timeout": {"kind": "error", "error": "request_timeout"},
    "service_unavailable": {"kind": "error", "error": "service_unavailable"},
}
ODD = {
    "429 without Retry-After": (429, {"Content-Type": "application/json"}, b'{"ok":false,"error":"ratelimited"}'),
    "429 of a proxy": (429, {"Content-Type": "text/html", "Retry-After": "soon"}, b"<h1>slow down</h1>"),
    "502 page": (502, {"Content-Type": "text/html"}, b"<html><h1>Bad gateway</h1></html>"),
    "502 page that is not text": (502, {"Content-Type": "text/html; charset=utf-8"}, b"\xff\xfe\x00"),
    "503 of an unknown charset": (503, {"Content-Type": "text/html; charset=nonsense"}, b"hello"),
    "500 with a name": (500, {"Content-Type": "application/json"}, b'{"ok":false,"error":"something_new"}'),
    "200 page": (200, {"Content-Type": "text/html"}, b"<html>log in to the hotel network</html>"),
    "200 list": (200, {"Content-Type": "application/json"}, b"[]"),
    "200 string": (200, {"Content-Type": "application/json"}, b'"ok"'),
    "200 null": (200, {"Content-Type": "application/json"}, b"null"),
    "200 without a timestamp": (200, {"Content-Type": "application/json"}, b'{"ok":true}'),
    "408": (408, {"Content-Type": "text/plain"}, b"timeout"),
}
PHASES = ("before", "after")


def once_each(house: House) -> None:
    """At most one visible message per key, and none lost."""
    assert house.shown() == {row.id: 1 for row in house.rows() if row.state != "withdrawn"}
    assert {row.state for row in house.rows()} == {"sent", "withdrawn"}
    by_ts = {row["ts"]: row for row in house.posts()}
    for row in house.rows("sent"):
        assert by_ts[row.ts]["metadata"]["event_payload"]["delivery"] == row.id


@pytest.mark.parametrize("nth", [FIRST, SECOND], ids=["first", "second"])
@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("name", KINDS)
def test_every_fault_shows_each_message_once(opened: Opener, name: str, phase: str, nth: int) -> None:
    # A limit means that the call was not taken; where a script says otherwise, only client_msg_id can help.
    with opened(dedupe=name == "429" and phase == "after") as house:
        if nth == SECOND:
            house.fault("500")
        house.fault(**KINDS[name], phase=phase, nth=nth)
        house.settle(house.connect(HANG_TIMEOUT_S) if name == "hang" else None)
        once_each(house)


@pytest.mark.parametrize("nth", [FIRST, SECOND], ids=["first", "second"])
@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("name", ODD)
def test_every_odd_answer_shows_each_message_once(opened: Opener, name: str, phase: str, nth: int) -> None:
    status, headers, body = ODD[name]
    with opened(dedupe=status == 429 and phase == "after") as house, weather_before(house.slack.api_url) as weather:
        odd = Odd(status=status, headers=headers, body=body, nth=nth, after=phase == "after")
        weather.script = [odd, *([Odd(status=500)] if nth == SECOND else [])]
        house.settle(house.connect(url=weather.api_url))
        once_each(house)


@pytest.mark.parametrize("name", ["500", "reset", "close", "hang", "internal_error"])
def test_without_looking_first_there_are_duplicates(opened: Opener, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """The tests above can fail: sending again blindly shows a message twice."""
    monkeypatch.setattr(delivering, "reconcile", blindly)
    with opened() as house:
        house.fault(**KINDS[name], phase="after")
        house.settle(house.connect(HANG_TIMEOUT_S) if name == "hang" else None)
        assert sorted(house.shown().values()) == [1, 1, 2]


def blindly(tour: Tour) -> None:
    with tour.record.write() as session:
        for delivery in outbox.in_doubt(session, tour.now()):
            outbox.again(session, delivery, until=delivery.not_before)


@pytest.mark.parametrize("method", ["conversations.open", "conversations.history", "users.lookupByEmail"])
@pytest.mark.parametrize("name", KINDS)
def test_faults_of_the_calls_around_a_post(opened: Opener, name: str, method: str) -> None:
    with opened() as house:
        house.fault("reset", phase="after")
        house.fault(**KINDS[name], method=method)
        house.settle(house.connect(HANG_TIMEOUT_S) if name == "hang" else None)
        once_each(house)


def test_a_limit_is_waited_out_as_long_as_slack_says(house: House) -> None:
    house.fault("429", retry_after=7)
    done = house.deliver()
    assert (done.sent, done.postponed, done.doubtful) == (2, 1, 0)
    (row,) = house.rows("queued")
    assert row.not_before == house.clock() + timedelta(seconds=7)
    assert row.attempts == 0


@pytest.mark.parametrize("name", ["429 without Retry-After", "429 of a proxy"])
def test_a_limit_without_a_time_is_half_a_minute(house: House, name: str) -> None:
    status, headers, body = ODD[name]
    with weather_before(house.slack.api_url) as weather:
        weather.script = [Odd(status=status, headers=headers, body=body)]
        house.deliver(house.connect(url=weather.api_url))
    (row,) = house.rows("queued")
    assert row.not_before == house.clock() + timedelta(seconds=30)


def test_a_limited_method_is_left_alone(house: House) -> None:
    with weather_before(house.slack.api_url) as weather:
        weather.script = [Odd(status=429, method="users.lookupByEmail", headers={"Retry-After": "20"})]
        done = house.deliver(house.connect(url=weather.api_url))
        assert done.postponed == 3
        assert weather.calls == ["users.lookupByEmail"]
        house.clock.on(seconds=20)
        assert house.deliver(house.connect(url=weather.api_url)).sent == 3


@pytest.mark.parametrize("phase", [None, *PHASES])
def test_opening_conversations_does_not_limit_sending(house: House, phase: str | None) -> None:
    if phase:
        house.fault("reset", phase=phase)
    with weather_before(house.slack.api_url) as weather:
        weather.script = [Odd(status=429, method="conversations.open", headers={"Retry-After": "60"})]
        done = house.deliver(house.connect(url=weather.api_url))
        assert (done.sent, done.doubtful) == ((2, 1) if phase else (3, 0))
        assert weather.calls.count("conversations.open") == 1
    house.settle()
    once_each(house)
    assert all(str(row.channel).startswith("D") for row in house.rows("sent"))


def test_a_claim_that_grew_old_is_not_posted(house: House) -> None:
    """The machine sleeps between claim and call; on waking another process has already sent the message."""
    slept: list[Delivered] = []

    def sleepy(brief: Brief) -> dict[str, object]:
        if not slept:
            house.clock.on(seconds=61)
            slept.append(house.deliver())
        return dict(render(brief))

    house.deliver(render=sleepy)
    assert slept[0].sent == 3
    house.settle()
    once_each(house)


def test_doubt_is_not_resolved_before_a_minute_has_passed(house: House) -> None:
    house.fault("reset", phase="after")
    assert house.deliver().doubtful == 1
    house.clock.on(seconds=59)
    done = house.deliver()
    assert (done.sent, done.doubtful) == (0, 0)
    (row,) = house.rows("sending")
    assert row.error
    house.clock.on(seconds=1)
    assert house.deliver().sent == 1
    once_each(house)


@pytest.mark.parametrize("status", [301, 403, 404, 413])
def test_a_proxy_that_turns_the_call_away_leaves_no_doubt(house: House, status: int) -> None:
    with weather_before(house.slack.api_url) as weather:
        weather.script = [Odd(status=status, body=b"no", nth=nth) for nth in range(1, 3)]
        client = house.connect(url=weather.api_url)
        done = house.deliver(client)
        assert (done.sent, done.postponed, done.doubtful) == (1, 2, 0)
        house.settle(client)
        assert "conversations.history" not in weather.calls
    once_each(house)


def test_slack_out_of_reach_costs_three_calls_and_loses_nothing(house: House) -> None:
    nowhere = house.connect(url="http://127.0.0.1:9/api/")
    done = house.deliver(nowhere)
    assert (done.sent, done.postponed) == (0, 3)
    assert any("no answer" in error for error in done.errors)
    house.settle()
    once_each(house)


def test_a_long_outage_neither_loses_nor_repeats(opened: Opener) -> None:
    with opened() as house:
        house.fault("503", times=8, phase="after")
        house.fault("503", method="conversations.history", times=5)
        house.settle(passes=400)
        once_each(house)


def test_a_message_slack_never_takes_is_told_after_six_tries(house: House) -> None:
    first = house.row()
    house.change(type(first), house.row(number=1).id, state="withdrawn")
    house.change(type(first), house.row(number=1).id, state="withdrawn")
    house.fault("error", error="internal_error", times=100)
    done = house.settle(passes=400)
    row = house.rows("failed")[0]
    assert (row.id, row.attempts) == (first.id, outbox.MAX_ATTEMPTS)
    assert "6 tries" in str(row.error)
    assert done[-1].failed == 1
    assert house.shown() == {}
