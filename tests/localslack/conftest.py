"""A local Slack with a clock to set, a client of it, and an app that answers."""

from collections.abc import Iterator

import pytest
from localslack_parts import MONDAY, WORKSPACE, AppUnderTest, Hand, client
from slack_sdk import WebClient

from localslack.server import LocalSlack
from localslack.workspace import Workspace


@pytest.fixture
def clock() -> Hand:
    return Hand(MONDAY)


@pytest.fixture
def workspace() -> Workspace:
    return Workspace.from_dict(WORKSPACE)


@pytest.fixture
def slack(workspace: Workspace, clock: Hand) -> Iterator[LocalSlack]:
    with LocalSlack(workspace, clock=clock, ack_seconds=0.5) as running:
        yield running


@pytest.fixture
def web(slack: LocalSlack) -> WebClient:
    return client(slack)


@pytest.fixture
def app(slack: LocalSlack) -> Iterator[AppUnderTest]:
    running = AppUnderTest(slack)
    yield running
    running.close()
