"""Rate limits as Slack documents them, by the workspace's own clock; off unless the workspace file turns them on."""

from collections.abc import Iterator

import pytest
from localslack_parts import WORKSPACE, Hand, client
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from localslack.server import LocalSlack
from localslack.workspace import Workspace

CHANNEL = "C00000001"


@pytest.fixture
def limited(clock: Hand) -> Iterator[WebClient]:
    workspace = Workspace.from_dict({**WORKSPACE, "app": {**WORKSPACE["app"], "rate_limits": True}})
    with LocalSlack(workspace, clock=clock) as slack:
        yield client(slack)


def wait_of(call: object) -> int:
    with pytest.raises(SlackApiError) as caught:
        call()  # type: ignore[operator]
    assert caught.value.response.status_code == 429
    assert caught.value.response["error"] == "ratelimited"
    return int(caught.value.response.headers["Retry-After"])


def test_a_method_is_taken_so_often_in_any_minute(limited: WebClient, clock: Hand) -> None:
    for _ in range(20):
        limited.users_list()
        clock.at += 1
    assert wait_of(limited.users_list) == 40
    limited.users_info(user="U00000001")  # another method has limits of its own
    clock.at += 40
    limited.users_list()
    assert wait_of(limited.users_list) == 1


def test_a_conversation_takes_a_burst_and_then_one_a_second(limited: WebClient, clock: Hand) -> None:
    def post(channel: str = CHANNEL) -> None:
        limited.chat_postMessage(channel=channel, text="x")

    for _ in range(5):
        post()
    assert wait_of(post) == 1
    post("U00000001")
    for _ in range(5):
        clock.at += 1
        post()
    assert wait_of(post) == 1


def test_a_call_that_is_refused_does_not_count(limited: WebClient, clock: Hand) -> None:
    for _ in range(20):
        limited.users_list()
    for _ in range(100):
        assert wait_of(limited.users_list) == 60
    clock.at += 60
    limited.users_list()


def test_without_the_word_nothing_is_limited(web: WebClient) -> None:
    for _ in range(60):
        web.chat_postMessage(channel=CHANNEL, text="x")
