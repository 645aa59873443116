"""Opening everything a stage needs, once, and handing it down: settings, record, clock, Slack."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from cycles.settings import Settings
from cycles.store import Record, open_record

if TYPE_CHECKING:
    from slack_sdk import WebClient

    from tasks.slack.pacing import Pacer


@dataclass(frozen=True, kw_only=True)
class House:
    """What a story works with. `slack` is None where no token is set: then messages wait in the outbox.

    `pacer` keeps all calls of this process below Slack's limits; without one they are neither counted nor held back.
    `progress` hears every few seconds how many messages a delivery pass is done with, and how many are still to go.
    """

    settings: Settings
    record: Record
    now: Callable[[], datetime]
    slack: "WebClient | None" = None
    pacer: "Pacer | None" = None
    actor: str = "hoshin"
    progress: Callable[[int, int], None] | None = None
    notes: list[str] = field(default_factory=list)

    @property
    def programme_dir(self) -> Path:
        return self.settings.programme_dir


@contextmanager
def open_house(
    settings: Settings | None = None,
    *,
    now: Callable[[], datetime] | None = None,
    actor: str = "hoshin",
    progress: Callable[[int, int], None] | None = None,
) -> Iterator[House]:
    """Open the house from the environment, and close it again.

    Raises:
        BadInput: when settings or database cannot be used.
    """
    chosen = settings or Settings()
    record = open_record(chosen.url)
    try:
        slack, pacer = _slack(chosen)
        yield House(
            settings=chosen,
            record=record,
            now=now or chosen.now,
            slack=slack,
            pacer=pacer,
            actor=actor,
            progress=progress,
        )
    finally:
        record.close()


def _slack(settings: Settings) -> "tuple[WebClient, Pacer] | tuple[None, None]":
    if not settings.has_slack:
        return None, None
    from tasks.slack import connect, pacer_for

    return connect(settings), pacer_for(settings.slack_base_url)
