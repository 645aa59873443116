"""Waiting for a server: ask again until it has something, and name what did not come."""

import threading
from collections.abc import Callable
from typing import Any

PAUSE_S = 0.1


def until(found: Callable[[], Any], what: str, *, seconds: float = 60) -> Any:
    """Ask again until the answer is true, and give it; fail when it is not within so many seconds."""
    pause = threading.Event()
    for _ in range(int(seconds / PAUSE_S)):
        value = found()
        if value:
            return value
        pause.wait(PAUSE_S)
    raise AssertionError(f"{what} did not come within {seconds:.0f} s")
