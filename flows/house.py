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


@dataclass(frozen=True, kw_only=True)
class House:
    """What a story works with. `slack` is None where no token is set: then messages wait in the outbox."""

    settings: Settings
    record: Record
    now: Callable[[], datetime]
    slack: "WebClient | None" = None
    actor: str = "hoshin"
    notes: list[str] = field(default_factory=list)

    @property
    def programme_dir(self) -> Path:
        return self.settings.programme_dir


@contextmanager
def open_house(
    settings: Settings | None = None, *, now: Callable[[], datetime] | None = None, actor: str = "hoshin"
) -> Iterator[House]:
    """Open the house from the environment, and close it again.

    Raises:
        BadInput: when settings or database cannot be used.
    """
    chosen = settings or Settings()
    record = open_record(chosen.url)
    try:
        yield House(settings=chosen, record=record, now=now or chosen.now, slack=_slack(chosen), actor=actor)
    finally:
        record.close()


def _slack(settings: Settings) -> "WebClient | None":
    if not settings.has_slack:
        return None
    from tasks.slack import connect

    return connect(settings)
