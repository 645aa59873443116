"""People act, the app answers over Socket Mode: envelopes, acks, payload shapes, response actions."""

from typing import Any

import pytest
from localslack_parts import AppUnderTest, Hand, actions, button, client, field, modal, section
from slack_sdk import WebClient
from slack_sdk.socket_mode.request import SocketModeRequest
from waiting import until

from localslack import messages
from localslack.client import RefusedError
from localslack.server import LocalSlack

Json = dict[str, Any]
TEXT = {"type": "plain_text_input"}


def prompt(web: WebClient, *elements: Json, user: str = "U00000002") -> Json:
    rows = [section("Please", block_id="s"), actions(*(elements or (button("go", value="r1"),)), block_id="a")]
    return dict(web.chat_postMessage(channel=user, text="Please", blocks=rows).data)  # type: ignore[arg-type]


def test_press_has_the_documented_shape(slack: LocalSlack, web: WebClient, app: AppUnderTest) -> None:
    posted = prompt(web)
    result = slack.human.press("maria@aozora.example", "go", message=slack.human.messages("maria")[0])
    assert (result["acked"], result["view"]) == (True, None)
    payload = app.requests[0].payload
    action = {key: value for key, value in payload["actions"][0].items() if key != "action_ts"}
    assert action == {
        "type": "button",
        "action_id": "go",
        "block_id": "a",
        "value": "r1",
        "text": {"type": "plain_text", "text": "Go"},
    }
    assert payload["user"] == {
        "id": "U00000002",
        "username": "maria",
        "name": "maria",
        "team_id": "T00000001",
    }
    assert payload["team"] == {"id": "T00000001", "domain": "aozora"}
    assert payload["container"] == {
        "type": "message",
        "message_ts": posted["ts"],
        "channel_id": posted["channel"],
        "is_ephemeral": False,
    }
    assert payload["channel"] == {"id": posted["channel"], "name": "directmessage"}
    assert payload["message"]["blocks"][0]["text"]["text"] == "Please"
    assert payload["api_app_id"] == "A00000001"
    assert {"trigger_id", "response_url", "state"} <= set(payload)


def test_a_double_click_has_two_action_ts(slack: LocalSlack, web: WebClient, app: AppUnderTest) -> None:
    prompt(web)
    message = slack.human.messages("maria")[0]
    for _ in range(2):
        slack.human.press("maria", "go", message=message)
    assert len({row.payload["actions"][0]["action_ts"] for row in app.requests}) == 2


def test_selects_in_messages_reach_the_state(slack: LocalSlack, web: WebClient, app: AppUnderTest) -> None:
    options = [{"text": {"type": "plain_text", "text": name}, "value": name} for name in ("1", "7")]
    prompt(
        web,
        {"type": "static_select", "action_id": "snooze", "options": options},
        {"type": "datepicker", "action_id": "d"},
    )
    message = slack.human.messages("maria")[0]
    slack.human.press("maria", "snooze", message=message, value="7")
    slack.human.press("maria", "d", message=message, value="2026-10-09")
    state = app.requests[-1].payload["state"]["values"]["a"]
    assert state["snooze"]["selected_option"]["value"] == "7"
    assert state["d"] == {"type": "datepicker", "selected_date": "2026-10-09"}
    with pytest.raises(RefusedError, match="offers no option '9'"):
        slack.human.press("maria", "snooze", message=message, value="9")


def test_unacked_is_said_and_witnessed(slack: LocalSlack, web: WebClient, app: AppUnderTest) -> None:
    app.mute = True
    prompt(web)
    result = slack.human.press("maria", "go", message=slack.human.messages("maria")[0])
    assert (result["acked"], result["reason"]) == (False, "timeout")
    assert [row["event"] for row in slack.transcript()] == ["post", "press", "answer"]
    assert slack.transcript()[-1]["acked"] is False


def test_without_an_app_nobody_answers(slack: LocalSlack, web: WebClient) -> None:
    prompt(web)
    result = slack.human.press("maria", "go", message=slack.human.messages("maria")[0])
    assert (result["acked"], result["reason"]) == (False, "no_connection")


class Answers:
    """Opens a modal on a press, and answers a submission with what ``answer`` holds."""

    def __init__(self, view: Json) -> None:
        self.view = view
        self.answer: Json | None = None

    def __call__(self, web: WebClient, request: SocketModeRequest) -> Json | None:
        if request.payload.get("type") == "block_actions":
            web.views_open(trigger_id=request.payload["trigger_id"], view=self.view)
            return None
        return self.answer if request.payload.get("type") == "view_submission" else None


@pytest.fixture
def opened(slack: LocalSlack, web: WebClient, app: AppUnderTest) -> tuple[Answers, str]:
    answers = Answers(modal(field("b", TEXT), field("u", {"type": "url_text_input"}, optional=True)))
    app.handler = answers
    prompt(web)
    result = slack.human.press("maria", "go", message=slack.human.messages("maria")[0], expect_view=True)
    return answers, result["view"]["id"]


def test_inline_errors_keep_the_modal(slack: LocalSlack, opened: tuple[Answers, str]) -> None:
    answers, view = opened
    answers.answer = {"response_action": "errors", "errors": {"b": "Too short"}}
    assert slack.human.submit("maria", view, {"b": {"a": "x"}})["errors"] == {"b": "Too short"}
    assert slack.human.views("maria")["stack"][0]["state"]["values"]["b"]["a"]["value"] == "x"
    answers.answer = None
    assert slack.human.submit("maria", view)["view"] is None


def test_slack_checks_before_the_app_is_asked(
    slack: LocalSlack, app: AppUnderTest, opened: tuple[Answers, str]
) -> None:
    _, view = opened
    refused = slack.human.submit("maria", view, {"u": {"a": "javascript:alert(1)"}})
    assert refused["errors"] == {
        "b": "Please complete this required field.",
        "u": "Enter a full URL with http(s).",
    }
    assert [row.payload["type"] for row in app.requests] == ["block_actions"]


def test_response_actions(slack: LocalSlack, opened: tuple[Answers, str]) -> None:
    answers, view = opened
    answers.answer = {"response_action": "push", "view": modal(section("2"), title="Second")}
    second = slack.human.submit("maria", view, {"b": {"a": "x"}})["view"]
    assert (second["title"]["text"], second["previous_view_id"]) == ("Second", view)
    answers.answer = {"response_action": "update", "view": modal(section("3"), title="Third")}
    third = slack.human.submit("maria", second["id"])["view"]
    assert (third["title"]["text"], third["id"]) == ("Third", second["id"])
    answers.answer = {"response_action": "clear"}
    assert slack.human.submit("maria", third["id"])["view"] is None
    with pytest.raises(RefusedError, match="is not open"):
        slack.human.submit("maria", third["id"])


@pytest.mark.parametrize("answer", [{"response_action": "dance"}, {"response_action": "errors", "errors": {"zz": "x"}}])
def test_an_answer_slack_does_not_understand(slack: LocalSlack, opened: tuple[Answers, str], answer: Json) -> None:
    answers, view = opened
    answers.answer = answer
    assert slack.human.submit("maria", view, {"b": {"a": "x"}})["acked"] is False


def test_closing_tells_the_app_on_request(slack: LocalSlack, web: WebClient, app: AppUnderTest) -> None:
    app.handler = Answers(modal(section("x"), notify_on_close=True))
    prompt(web)
    result = slack.human.press("maria", "go", message=slack.human.messages("maria")[0], expect_view=True)
    slack.human.act("maria", "close", view_id=result["view"]["id"])
    assert app.requests[-1].payload["type"] == "view_closed"


def test_slash_command_and_its_immediate_answer(slack: LocalSlack, app: AppUnderTest) -> None:
    app.handler = lambda web, request: {"text": "2 open", "response_type": "ephemeral"}
    slack.human.act("yuki", "slash", command="/hoshin", text="status", channel="ai-governance")
    payload = app.requests[0].payload
    assert (app.requests[0].type, payload["command"], payload["text"]) == ("slash_commands", "/hoshin", "status")
    assert (payload["channel_name"], payload["user_id"]) == ("ai-governance", "U00000001")
    assert slack.human.messages("yuki")[-1]["ephemeral"] is True
    assert slack.human.messages("maria") == []


def test_shortcuts_home_and_messages(slack: LocalSlack, web: WebClient, app: AppUnderTest) -> None:
    posted = prompt(web)
    slack.human.act("maria", "shortcut", callback_id="use_as_evidence", channel=posted["channel"], ts=posted["ts"])
    slack.human.act("maria", "shortcut", callback_id="anywhere")
    slack.human.act("maria", "home_opened")
    slack.human.say("maria", "done")
    kinds = [row.payload["type"] for row in app.requests]
    assert kinds == ["message_action", "shortcut", "event_callback", "event_callback"]
    # Of what people do, shortcuts alone do not name the app (Slack: "Shortcuts interaction payload").
    assert ["api_app_id" in request.payload for request in app.requests[-4:]] == [False, False, True, True]
    assert app.requests[0].payload["message"]["ts"] == posted["ts"]
    events = [row.payload["event"] for row in app.requests[2:]]
    assert (events[0]["type"], events[0]["tab"]) == ("app_home_opened", "home")
    assert (events[1]["channel_type"], events[1]["text"]) == ("im", "done")
    assert app.requests[2].payload["event_id"] != app.requests[3].payload["event_id"]


def test_events_are_redelivered_three_times(slack: LocalSlack, app: AppUnderTest) -> None:
    app.mute = True
    slack._parts.delivery.delays = (0.0, 0.0, 0.0)
    assert slack.human.act("maria", "home_opened")["acked"] is False
    until(lambda: len(app.requests) == 4, "three redeliveries")
    assert [row.retry_attempt for row in app.requests] == [0, 1, 2, 3]
    assert len({row.payload["event_id"] for row in app.requests}) == 1


def test_only_what_one_sees_can_be_pressed(slack: LocalSlack, web: WebClient, app: AppUnderTest) -> None:
    posted = prompt(web)
    with pytest.raises(RefusedError, match="is not in"):
        slack.human.press("yuki", "go", channel=posted["channel"], ts=posted["ts"])
    with pytest.raises(RefusedError, match="deactivated"):
        slack.human.act("gone", "home_opened")
    with pytest.raises(RefusedError, match="no user"):
        slack.human.inbox("nobody")
    with pytest.raises(RefusedError, match="no element"):
        slack.human.press("maria", "stop", channel=posted["channel"], ts=posted["ts"])
    with pytest.raises(RefusedError, match="is not one of"):
        slack.human.act("maria", "fly")


def test_several_connections_get_each_envelope_once(slack: LocalSlack, web: WebClient, app: AppUnderTest) -> None:
    second = AppUnderTest(slack)
    prompt(web)
    message = slack.human.messages("maria")[0]
    for _ in range(4):
        assert slack.human.press("maria", "go", message=message)["acked"]
    assert (len(app.requests), len(second.requests)) == (2, 2)
    second.close()


def test_the_sdk_reconnects_after_disconnect(slack: LocalSlack, web: WebClient, app: AppUnderTest) -> None:
    first = app.socket.session_id()
    assert slack.control("disconnect")["connections"] == 1
    prompt(web)
    message = slack.human.messages("maria")[0]
    until(lambda: slack.human.press("maria", "go", message=message)["acked"], "an ack over the new connection")
    assert app.socket.session_id() != first


def test_unread_counts_and_reading(slack: LocalSlack, web: WebClient, clock: Hand) -> None:
    prompt(web)
    clock.at += 60
    prompt(web)
    assert slack.human.inbox("maria")[0]["unread"] == 2
    slack.human.act("maria", "read")
    assert slack.human.inbox("maria")[0]["unread"] == 0


def test_uploads_go_into_a_submission(slack: LocalSlack, web: WebClient, app: AppUnderTest) -> None:
    app.handler = Answers(modal(field("f", {"type": "file_input"})))
    prompt(web)
    view = slack.human.press("maria", "go", message=slack.human.messages("maria")[0], expect_view=True)["view"]
    file = slack.human.upload("maria", "proof.pdf", content=b"%PDF")
    slack.human.submit("maria", view["id"], {"f": {"a": [file["id"]]}})
    sent = app.requests[-1].payload["view"]["state"]["values"]["f"]["a"]["files"][0]
    assert client(slack).files_info(file=sent["id"])["file"]["name"] == "proof.pdf"


def test_a_profile_changes_and_the_app_hears(slack: LocalSlack, web: WebClient, app: AppUnderTest) -> None:
    user = slack.workspace.users[0]
    assert slack.human.act(user.id, "profile", profile={"tz": "Europe/Paris", "locale": "en-GB", "deleted": True})[
        "acked"
    ]
    shown = web.users_info(user=user.id, include_locale=True)["user"]
    assert (shown["tz"], shown["locale"], shown["deleted"]) == ("Europe/Paris", "en-GB", True)
    with pytest.raises(RefusedError):
        slack.human.say(user.id, "still here")
    assert slack.human.act(user.id, "profile", profile={"deleted": False})["acked"]
    for wrong in ({"tz": "Nowhere"}, {"locale": "xx"}, {"id": "U9"}, {"colour": "red"}, {}):
        with pytest.raises(RefusedError):
            slack.human.act(user.id, "profile", profile=wrong)
    assert web.users_info(user=user.id)["user"]["tz"] == "Europe/Paris"
    heard = [row for row in slack.transcript() if row["event"] == "profile"]
    assert len(heard) == 2


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("a <b> & c", "a &lt;b&gt; &amp; c"),
        ("see https://x.example/a?b=1&c=2, please", "see <https://x.example/a?b=1&amp;c=2>, please"),
        ("(https://x.example)", "(<https://x.example>)"),
        ("<https://x.example>", "&lt;<https://x.example>&gt;"),
        ("<!channel> <@U1>", "&lt;!channel&gt; &lt;@U1&gt;"),
    ],
)
def test_what_people_type_is_kept_as_slack_keeps_it(typed: str, kept: str) -> None:
    """Slack: "Formatting message text"."""
    assert messages.typed(typed) == kept
