"""The Web API through the real slack-sdk over real HTTP: shapes, documented errors, time limits."""

from typing import Any

import httpx
import pytest
from localslack_parts import AppUnderTest, Hand, actions, button, field, modal, section
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from localslack.methods import METHODS
from localslack.server import LocalSlack

Json = dict[str, Any]
YUKI, MARIA, GONE, CHANNEL = "U00000001", "U00000002", "U00000004", "C00000001"


def refused(call: Any, *args: Any, **kwargs: Any) -> str:
    with pytest.raises(SlackApiError) as caught:
        call(*args, **kwargs)
    return str(caught.value.response["error"])


def test_who_am_i(web: WebClient) -> None:
    answer = web.auth_test()
    assert (answer["team_id"], answer["user_id"]) == ("T00000001", "U0APP0001")
    assert web.api_test(foo="bar")["args"]["foo"] == "bar"
    assert refused(web.api_test, error="my_error") == "my_error"


def test_people(web: WebClient) -> None:
    first = web.users_list(limit=2)
    assert [row["name"] for row in first["members"]] == ["yuki", "maria"]
    rest = web.users_list(limit=10, cursor=first["response_metadata"]["next_cursor"])
    assert [row["name"] for row in rest["members"]] == ["wolfe", "gone", "hoshin"]
    yuki = web.users_info(user=YUKI, include_locale=True)["user"]
    assert (yuki["locale"], yuki["tz"], yuki["tz_offset"]) == ("ja-JP", "Asia/Tokyo", 32_400)
    assert "locale" not in web.users_info(user=YUKI)["user"]
    assert web.users_info(user=GONE)["user"]["deleted"] is True
    assert web.users_lookupByEmail(email="MARIA@aozora.example")["user"]["id"] == MARIA
    assert refused(web.users_lookupByEmail, email="gone@aozora.example") == "users_not_found"
    assert refused(web.users_info, user="U9") == "user_not_found"


def test_zone_offset_follows_the_workspace_clock(web: WebClient, clock: Hand) -> None:
    summer = web.users_info(user=MARIA)["user"]["tz_offset"]
    clock.at += 60 * 86_400
    assert (summer, web.users_info(user=MARIA)["user"]["tz_offset"]) == (7200, 3600)


def test_conversations(web: WebClient) -> None:
    channel = web.conversations_open(users=MARIA)["channel"]["id"]
    again = web.conversations_open(users=[MARIA], return_im=True)
    assert (again["channel"]["id"], again["channel"]["user"], again["already_open"]) == (channel, MARIA, True)
    assert web.conversations_open(users=f"{YUKI},{MARIA}")["channel"]["id"].startswith("G")
    assert refused(web.conversations_open, users="U9") == "user_not_found"
    assert refused(web.conversations_open, users=GONE) == "user_disabled"
    names = [row["name"] for row in web.conversations_list(exclude_archived=True)["channels"]]
    assert names == ["ai-governance", "elsewhere"]
    assert [row["user"] for row in web.conversations_list(types="im")["channels"]] == [MARIA]
    assert web.conversations_info(channel=channel)["channel"]["is_im"] is True
    assert refused(web.conversations_info, channel="C9") == "channel_not_found"


def test_post_history_and_threads(web: WebClient) -> None:
    stamps = [web.chat_postMessage(channel=CHANNEL, text=f"m{n}")["ts"] for n in range(5)]
    newest = web.conversations_history(channel=CHANNEL, limit=2)
    assert [row["text"] for row in newest["messages"]] == ["m4", "m3"]
    older = web.conversations_history(channel=CHANNEL, limit=2, cursor=newest["response_metadata"]["next_cursor"])
    assert [row["text"] for row in older["messages"]] == ["m2", "m1"]
    between = web.conversations_history(channel=CHANNEL, oldest=stamps[1], latest=stamps[3])["messages"]
    assert [row["text"] for row in between] == ["m2"]
    closed = web.conversations_history(channel=CHANNEL, oldest=stamps[1], latest=stamps[3], inclusive=True)
    assert [row["text"] for row in closed["messages"]] == ["m3", "m2", "m1"]
    web.chat_postMessage(channel=CHANNEL, text="reply", thread_ts=stamps[0])
    thread = web.conversations_replies(channel=CHANNEL, ts=stamps[0])["messages"]
    assert [row["text"] for row in thread] == ["m0", "reply"]
    assert (thread[0]["reply_count"], thread[1]["parent_user_id"]) == (1, "U0APP0001")
    assert "reply" not in [row["text"] for row in web.conversations_history(channel=CHANNEL)["messages"]]
    assert refused(web.chat_postMessage, channel=CHANNEL, text="x", thread_ts="1.000000") == "thread_not_found"


def test_metadata_is_shown_on_request_only(web: WebClient) -> None:
    metadata = {"event_type": "prompt", "event_payload": {"delivery": "d1"}}
    posted = web.chat_postMessage(channel=CHANNEL, text="x", metadata=metadata)
    assert "metadata" not in web.conversations_history(channel=CHANNEL)["messages"][0]
    assert web.conversations_history(channel=CHANNEL, include_all_metadata=True)["messages"][0]["metadata"] == metadata
    web.chat_update(channel=CHANNEL, ts=posted["ts"], text="y")
    shown = web.conversations_history(channel=CHANNEL, include_all_metadata=True)["messages"][0]
    assert (shown["metadata"], shown["text"]) == (metadata, "y")
    assert refused(web.chat_postMessage, channel=CHANNEL, text="x", metadata={"a": 1}) == "invalid_metadata_format"


def test_client_msg_id_answers_with_the_first(web: WebClient, slack: LocalSlack) -> None:
    first = web.chat_postMessage(channel=CHANNEL, text="once", client_msg_id="k")
    again = web.chat_postMessage(channel=CHANNEL, text="once", client_msg_id="k")
    other = web.chat_postMessage(channel=MARIA, text="once", client_msg_id="k")
    assert first["ts"] == again["ts"] != other["ts"]
    slack.control("settings", {"dedupe": False})
    assert web.chat_postMessage(channel=CHANNEL, text="once", client_msg_id="k")["ts"] != first["ts"]


def test_update_delete_ephemeral_permalink(web: WebClient, slack: LocalSlack) -> None:
    ts = web.chat_postMessage(channel=CHANNEL, text="x")["ts"]
    assert web.chat_update(channel=CHANNEL, ts=ts, text="y")["text"] == "y"
    assert web.conversations_history(channel=CHANNEL)["messages"][0]["edited"]
    link = web.chat_getPermalink(channel=CHANNEL, message_ts=ts)["permalink"]
    assert httpx.get(link, trust_env=False).headers["location"] == f"/?channel={CHANNEL}"
    theirs = slack.human.say("maria", "mine", channel=CHANNEL)["ts"]
    assert refused(web.chat_update, channel=CHANNEL, ts=theirs, text="z") == "cant_update_message"
    assert refused(web.chat_delete, channel=CHANNEL, ts=theirs) == "cant_delete_message"
    web.chat_delete(channel=CHANNEL, ts=ts)
    assert refused(web.chat_update, channel=CHANNEL, ts=ts, text="z") == "message_not_found"
    web.chat_postEphemeral(channel=CHANNEL, user=MARIA, text="psst")
    assert [row["text"] for row in slack.human.messages("maria", CHANNEL)] == ["mine", "psst"]
    assert [row["text"] for row in slack.human.messages("yuki", CHANNEL)] == ["mine"]
    assert len(web.conversations_history(channel=CHANNEL)["messages"]) == 1


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"channel": "C9", "text": "x"}, "channel_not_found"),
        ({"channel": "C00000002", "text": "x"}, "is_archived"),
        ({"channel": "C00000003", "text": "x"}, "not_in_channel"),
        ({"channel": GONE, "text": "x"}, "user_disabled"),
        ({"channel": CHANNEL}, "no_text"),
        ({"channel": CHANNEL, "text": "x" * 40_001}, "msg_too_long"),
        ({"channel": CHANNEL, "text": "x", "blocks": [{"type": "marquee"}]}, "invalid_blocks"),
        ({"channel": CHANNEL, "text": "x", "blocks": [section("")]}, "invalid_blocks"),
        ({"text": "x"}, "invalid_arguments"),
        ({"channel": CHANNEL, "text": "x", "colour": "red"}, "invalid_arguments"),
    ],
)
def test_refused_posts(web: WebClient, arguments: Json, error: str) -> None:
    assert refused(web.api_call, "chat.postMessage", json=arguments) == error


def test_messages_tab_disabled(web: WebClient, slack: LocalSlack) -> None:
    slack.control("settings", {"messages_tab_enabled": False})
    assert refused(web.chat_postMessage, channel=MARIA, text="x") == "messages_tab_disabled"
    assert web.chat_postMessage(channel=CHANNEL, text="x")["ok"]


def test_tokens(slack: LocalSlack) -> None:
    def error(token: str, method: str = "users.list") -> tuple[str, str]:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        body = httpx.post(slack.api_url + method, headers=headers, trust_env=False).json()
        return body["error"], str(body.get("response_metadata"))

    assert error("")[0] == "not_authed"
    assert error("nonsense")[0] == "invalid_auth"
    assert error(slack.app_token)[0] == "not_allowed_token_type"
    assert error(slack.bot_token, "apps.connections.open")[0] == "not_allowed_token_type"
    assert error(slack.bot_token, "chat.fly")[0] == "unknown_method"
    name, message = error("xoxb-" + "1" * 12 + "-abc")
    assert name == "invalid_auth"
    assert "looks like a real one" in message


@pytest.mark.parametrize(
    ("given", "name", "pointer"),
    [
        ({"blocks": [section("fine")]}, "", ""),
        ({"message": {"text": "x", "blocks": [section("fine")]}}, "", ""),
        ({"view": {"type": "home", "blocks": [section("fine")]}}, "", ""),
        ({"blocks": [section("x"), actions()]}, "invalid_blocks", "/1/elements"),
        ({"message": {"blocks": [section("x"), actions()]}}, "invalid_message", "/blocks/1/elements"),
        ({"message": {"text": "x" * 40_001}}, "invalid_message", "/text"),
        ({"view": {"type": "home", "blocks": [actions()]}}, "invalid_view", "/blocks/0/elements"),
        ({"view": {"type": "popup", "blocks": []}}, "invalid_view", "/type"),
        ({}, "invalid_arguments", None),
        ({"blocks": [section("x")], "message": {"text": "x"}}, "invalid_arguments", None),
    ],
)
def test_blocks_validate_points_at_the_place(
    given: dict[str, Any], name: str, pointer: str | None, web: WebClient
) -> None:
    if not name:
        assert web.api_call("blocks.validate", json=given)["ok"]
        return
    with pytest.raises(SlackApiError) as caught:
        web.api_call("blocks.validate", json=given)
    assert caught.value.response["error"] == name
    if pointer is not None:
        assert caught.value.response["errors"][0]["pointer"] == pointer


def test_other_sites_and_hosts_are_refused(slack: LocalSlack) -> None:
    act = {"user": "maria", "kind": "message", "text": "x"}
    away = httpx.post(f"{slack.url}/_human/act", json=act, headers={"Origin": "https://evil.example"}, trust_env=False)
    assert away.status_code == 403
    assert httpx.get(slack.url, headers={"Host": "evil.example"}, trust_env=False).status_code == 400


def trigger(slack: LocalSlack, web: WebClient, app: AppUnderTest) -> str:
    web.chat_postMessage(channel=MARIA, text="x", blocks=[actions(button("go"))])
    slack.human.press("maria", "go", message=slack.human.messages("maria")[-1])
    return str(app.requests[-1].payload["trigger_id"])


def test_trigger_lives_three_seconds_and_once(
    slack: LocalSlack, web: WebClient, app: AppUnderTest, clock: Hand
) -> None:
    handle = trigger(slack, web, app)
    clock.at += 3.0
    assert web.views_open(trigger_id=handle, view=modal(section("x")))["view"]["id"] == "V00000001"
    assert refused(web.views_open, trigger_id=handle, view=modal(section("x"))) == "exchanged_trigger_id"
    late = trigger(slack, web, app)
    clock.at += 3.1
    assert refused(web.views_open, trigger_id=late, view=modal(section("x"))) == "expired_trigger_id"
    assert refused(web.views_open, trigger_id="1.2", view=modal(section("x"))) == "invalid_trigger_id"


def test_views_update_push_and_hash(slack: LocalSlack, web: WebClient, app: AppUnderTest) -> None:
    view = modal(field("b", {"type": "plain_text_input"}), private_metadata="secret")
    opened = web.views_open(trigger_id=trigger(slack, web, app), view=view)["view"]
    assert (opened["private_metadata"], opened["callback_id"]) == ("secret", "evidence")
    fresh = web.views_update(view_id=opened["id"], hash=opened["hash"], view=modal(section("y")))["view"]
    assert fresh["hash"] != opened["hash"]
    assert (
        refused(web.views_update, view_id=opened["id"], hash=opened["hash"], view=modal(section("z")))
        == "hash_conflict"
    )
    assert refused(web.views_update, view_id="V9", view=view) == "not_found"
    second = web.views_push(trigger_id=trigger(slack, web, app), view=view)["view"]
    assert (second["previous_view_id"], second["root_view_id"]) == (opened["id"], opened["id"])
    web.views_push(trigger_id=trigger(slack, web, app), view=view)
    assert refused(web.views_push, trigger_id=trigger(slack, web, app), view=view) == "push_limit_reached"


def test_home(slack: LocalSlack, web: WebClient) -> None:
    view = {"type": "home", "blocks": [section("Hello")]}
    first = web.views_publish(user_id=MARIA, view=view)["view"]
    web.views_publish(user_id=MARIA, view=view, hash=first["hash"])
    assert refused(web.views_publish, user_id=MARIA, view=view, hash=first["hash"]) == "hash_conflict"
    assert slack.human.views("maria")["home"]["blocks"][0]["text"]["text"] == "Hello"
    assert refused(web.views_publish, user_id=MARIA, view=modal(section("x"))) == "invalid_arguments"
    huge = {"type": "home", "blocks": [section("字" * 2900) for _ in range(100)]}
    assert refused(web.views_publish, user_id=MARIA, view=huge) == "view_too_large"


def test_files(slack: LocalSlack, web: WebClient) -> None:
    channel = web.conversations_open(users=MARIA)["channel"]["id"]
    made = web.files_upload_v2(channel=channel, filename="pack.txt", content="hello", title="Pack")["file"]
    info = web.files_info(file=made["id"])["file"]
    assert (info["title"], info["size"], info["mimetype"]) == ("Pack", 5, "text/plain")
    bearer = {"Authorization": f"Bearer {slack.bot_token}"}
    assert httpx.get(info["url_private_download"], headers=bearer, trust_env=False).content == b"hello"
    assert httpx.get(info["url_private_download"], trust_env=False).status_code == 302
    assert slack.human.messages("maria")[0]["files"][0]["name"] == "pack.txt"
    assert refused(web.files_info, file="F9") == "file_not_found"


def test_response_url(slack: LocalSlack, web: WebClient, app: AppUnderTest, clock: Hand) -> None:
    trigger(slack, web, app)
    url = app.requests[-1].payload["response_url"]

    def post(**body: Any) -> int:
        return httpx.post(url, json=body, trust_env=False).status_code

    assert post(text="just you") == 200
    assert post(text="all", response_type="in_channel") == 200
    assert post(text="instead", replace_original=True) == 200
    assert [row["text"] for row in slack.human.messages("maria")] == ["instead", "just you", "all"]
    assert post() == 400
    assert [post(text="x"), post(text="x"), post(text="x")] == [200, 200, 404]


def test_every_method_is_reached_by_form_json_and_get(slack: LocalSlack) -> None:
    assert len(METHODS) == 24
    headers = {"Authorization": f"Bearer {slack.bot_token}"}
    url = slack.api_url + "users.info"
    answers = [
        httpx.post(url, json={"user": MARIA}, headers=headers, trust_env=False),
        httpx.post(url, data={"user": MARIA}, headers=headers, trust_env=False),
        httpx.post(url, files={"user": (None, MARIA)}, headers=headers, trust_env=False),
        httpx.get(url, params={"user": MARIA}, headers=headers, trust_env=False),
    ]
    assert [row.json()["user"]["name"] for row in answers] == ["maria"] * 4
    broken = httpx.post(url, content=b"{", headers={**headers, "Content-Type": "application/json"}, trust_env=False)
    assert broken.json()["error"] == "invalid_json"
