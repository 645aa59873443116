"""Faults by script: the next or the n-th call of a method fails in a chosen way, before or after it took effect."""

from dataclasses import dataclass
from typing import Any

KINDS = ("429", "500", "502", "503", "reset", "close", "hang", "error")
PHASES = ("before", "after")
KEYS = {"method", "nth", "times", "phase", "kind", "retry_after", "error", "seconds"}


class FaultError(ValueError):
    """The fault order cannot be understood."""


@dataclass(kw_only=True)
class Fault:
    """``nth`` counts calls from when the fault was set, from 1; ``times`` is how many calls from there fail.

    ``phase`` "after" lets the call take effect and then loses the answer. ``retry_after`` and ``seconds``
    (of a hang) are seconds; ``retry_after`` None sends no such header.
    """

    method: str
    kind: str
    phase: str = "before"
    nth: int = 1
    times: int = 1
    retry_after: int | None = 1
    error: str = "internal_error"
    seconds: float = 60.0
    seen: int = 0

    def strikes(self) -> bool:
        """Count one call; True when this one is to fail."""
        self.seen += 1
        return self.nth <= self.seen < self.nth + self.times


class Faults:
    """The script in force. Method ``*`` means any method."""

    def __init__(self) -> None:
        self.rows: list[Fault] = []

    def add(self, orders: Any) -> int:
        """Append faults from JSON (one object or a list); returns how many are in force. Raises FaultError."""
        fresh = [_fault(order) for order in (orders if isinstance(orders, list) else [orders])]
        self.rows.extend(fresh)
        return len(self.rows)

    def clear(self) -> None:
        """Forget the script."""
        self.rows.clear()

    def next(self, method: str) -> Fault | None:
        """The fault that strikes this call, if any. Every matching fault counts the call."""
        struck = [row for row in self.rows if row.method in ("*", method) and row.strikes()]
        self.rows = [row for row in self.rows if row.seen < row.nth + row.times - 1]
        return struck[0] if struck else None


def _fault(order: Any) -> Fault:
    if not isinstance(order, dict) or set(order) - KEYS or "method" not in order:
        raise FaultError(f"Fault: give an object with method, kind and any of {', '.join(sorted(KEYS))}.")
    order = {**order, "kind": str(order.get("kind"))}
    if order["kind"] not in KINDS:
        raise FaultError(f"Fault: kind {order['kind']!r} is not one of {', '.join(KINDS)}.")
    if order.get("phase", "before") not in PHASES:
        raise FaultError(f"Fault: phase {order['phase']!r} is not before or after.")
    return Fault(**order)
