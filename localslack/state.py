"""Everything the workspace remembers, as plain JSON values, and the file that carries it over a restart."""

import json
import time
from bisect import insort
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

Json = dict[str, Any]
LONG = 1_000_000


class StateError(ValueError):
    """The state file cannot be read back."""


@dataclass(kw_only=True)
class State:
    """Mutable memory of one workspace. Keys are Slack ids; times are epoch seconds."""

    counters: dict[str, int] = field(default_factory=dict)
    last_base: int = 0
    last_ts: int = 0
    used_ts: dict[str, int] = field(default_factory=dict)
    conversations: dict[str, Json] = field(default_factory=dict)
    messages: dict[str, list[Json]] = field(default_factory=dict)
    views: dict[str, Json] = field(default_factory=dict)
    stacks: dict[str, list[str]] = field(default_factory=dict)
    homes: dict[str, str] = field(default_factory=dict)
    view_states: dict[str, Json] = field(default_factory=dict)
    message_states: dict[str, Json] = field(default_factory=dict)
    triggers: dict[str, Json] = field(default_factory=dict)
    response_urls: dict[str, Json] = field(default_factory=dict)
    files: dict[str, Json] = field(default_factory=dict)
    read: dict[str, dict[str, str]] = field(default_factory=dict)
    transcript: list[Json] = field(default_factory=list)
    clock: Json | None = None

    def count(self, name: str) -> int:
        """The next number of a named counter, from 1. Ids are counters, so the same calls give the same ids."""
        self.counters[name] = self.counters.get(name, 0) + 1
        return self.counters[name]

    def mint_ts(self, now: float) -> str:
        """A unique message timestamp: microseconds of ``now``, moved on by one while taken."""
        base = int(now * 1_000_000)
        micro = self.last_ts + 1 if base == self.last_base else base
        while str(micro) in self.used_ts:
            micro += 1
        self.last_base, self.last_ts = base, micro
        self.used_ts[str(micro)] = 1
        return f"{micro // 1_000_000}.{micro % 1_000_000:06d}"

    def add_message(self, channel: str, message: Json) -> None:
        """Insert in timestamp order: a clock set back must still give an ordered history."""
        insort(self.messages.setdefault(channel, []), message, key=lambda row: float(row["ts"]))

    def find_message(self, channel: str, ts: str) -> Json | None:
        """The message with this timestamp, newest first because that is what people touch."""
        rows = reversed(self.messages.get(channel, []))
        return next((row for row in rows if row["ts"] == ts), None)


class Keeper:
    """Writes the state file whole and atomically, before the answer that reports the change goes out.

    A long history makes each write slow: from LONG on, writes are spaced to five times the duration of the last
    one, and close() always writes the end state. It outlives a kill of the server, not a loss of power.
    """

    def __init__(self, path: Path | None, dump: Callable[[], Json]) -> None:
        self.path = path
        self._dump = dump
        self._dirty = False
        self._not_before = 0.0

    def touch(self) -> None:
        """Something changed."""
        self._dirty = True

    def flush(self, *, force: bool = False) -> None:
        """Write if something changed and the spacing allows it."""
        started = time.monotonic()
        if self.path is None or not self._dirty or (started < self._not_before and not force):
            return
        size = write_atomically(self.path, self._dump())
        self._dirty = False
        self._not_before = started + (5 * (time.monotonic() - started) if size > LONG else 0.0)


def write_atomically(path: Path, data: Json) -> int:
    """Replace ``path`` in one step, so a kill leaves either the old or the new file; returns its characters."""
    beside = path.with_name(path.name + ".new")
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    beside.write_text(text, encoding="utf-8")
    beside.replace(path)
    return len(text)


def dump_state(state: State) -> Json:
    """The state as one JSON object with a format version."""
    return {"localslack_state": 1, **asdict(state)}


def load_state(path: Path) -> State:
    """Read a state file. Raises StateError naming the file."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data.pop("localslack_state") != 1:
            raise ValueError("unknown version")
        return State(**data)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise StateError(
            f"{path}: is not a state file of this version ({error}); move it away to start anew."
        ) from error
