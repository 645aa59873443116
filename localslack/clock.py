"""The workspace clock: message timestamps come from here, so a test or a demo decides what time it is."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any


class ClockError(ValueError):
    """The requested time cannot be understood."""


class Clock:
    """A settable clock over ``base`` (epoch seconds). Setting it shifts it; ``frozen`` stops it."""

    def __init__(self, base: Callable[[], float] | None = None) -> None:
        self._base = base or time.time
        self.offset = 0.0
        self.frozen_at: float | None = None

    def now(self) -> float:
        """Epoch seconds as the workspace sees them."""
        return self.frozen_at if self.frozen_at is not None else self._base() + self.offset

    def set(self, order: dict[str, Any]) -> None:
        """Apply ``{"at": ISO or epoch, "frozen"?: bool}`` or ``{"offset": seconds}``. Raises ClockError."""
        if "at" in order:
            at = parse_time(order["at"])
            self.offset = at - self._base()
            self.frozen_at = at if order.get("frozen") else None
        elif isinstance(order.get("offset"), int | float):
            self.offset, self.frozen_at = float(order["offset"]), None
        else:
            raise ClockError('Clock: give {"at": ISO time or epoch seconds} or {"offset": seconds}.')

    def dump(self) -> dict[str, Any]:
        """What the state file keeps."""
        return {"offset": self.offset, "frozen_at": self.frozen_at}

    def load(self, data: dict[str, Any]) -> None:
        """The reverse of dump()."""
        self.offset, self.frozen_at = data["offset"], data["frozen_at"]


def parse_time(value: Any) -> float:
    """Epoch seconds from an epoch number or an ISO 8601 string (without a zone it is read as UTC)."""
    if isinstance(value, int | float):
        return float(value)
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError as error:
        raise ClockError(f"Clock: {value!r} is neither epoch seconds nor ISO 8601.") from error
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
