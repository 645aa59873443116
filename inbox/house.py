"""What every handler is given: the record, the settings, Slack's client, the clock and the bell of the outbox."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.client import HTTPException

from slack_sdk import WebClient
from slack_sdk.errors import SlackClientError
from sqlmodel import Session

from cycles.models import Setting
from cycles.settings import Settings
from cycles.store import Record
from tasks.slack.client import WORKSPACE, connect, learn_workspace

# Everything a call of the SDK raises when Slack refuses, is away, or breaks off in the middle of an answer.
SLACK_TROUBLE = (SlackClientError, OSError, HTTPException)
log = logging.getLogger("hoshin.inbox")


def no_delivery() -> None:
    """The bell of an inbox that nobody listens to; messages then wait for the next scheduled pass."""


@dataclass(frozen=True, kw_only=True)
class Workspace:
    """The one workspace and app whose payloads are taken."""

    team_id: str
    app_id: str
    bot_user_id: str


@dataclass(frozen=True, kw_only=True)
class Inbox:
    """Handed to everything here; nothing opens settings, database or clients by itself.

    `clock` gives the record's present (UTC, aware). `nudge` asks for the outbox to be delivered soon and must return
    at once.
    """

    record: Record
    settings: Settings
    client: WebClient
    clock: Callable[[], datetime]
    nudge: Callable[[], None] = no_delivery
    # Presses queue here in order; left to SQLite they would poll for its lock, the unlucky ones for seconds.
    gate: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def write(self) -> Iterator[Session]:
        """One transaction of the record."""
        with self.gate, self.record.write() as session:
            yield session

    def ring(self) -> None:
        """Have the outbox delivered soon. A bell that fails must not undo an answer that is in the record already."""
        try:
            self.nudge()
        except Exception:
            log.exception("the delivery pass could not be asked for; the next scheduled one will deliver")


def posting_client(settings: Settings) -> WebClient:
    """The client that messages are sent with; see `tasks.slack.client.connect`. Raises BadInput."""
    return connect(settings)


def known_workspace(session: Session) -> Workspace | None:
    """The workspace that the record was introduced to."""
    row = session.get(Setting, WORKSPACE)
    if row is None:
        return None
    return Workspace(**{name: str(row.value[name]) for name in ("team_id", "app_id", "bot_user_id")})


def introduce(inbox: Inbox) -> Workspace:
    """Ask Slack who we are (auth.test); a record keeps the first workspace it meets.

    Raises:
        BadInput: when Slack cannot be asked, or the token belongs to another workspace or app than the record.
    """
    learn_workspace(inbox.record, inbox.client)
    with inbox.record.read() as session:
        known = known_workspace(session)
    assert known is not None
    return known
