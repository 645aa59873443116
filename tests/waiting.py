"""Waiting for a server: ask again until it has something, and name what did not come."""

import threading
import time
from collections.abc import Callable
from typing import Any

# Short at first, because most of what is waited for is nearly there; long later, because asking costs, too.
FIRST_S, LONGEST_S = 0.005, 0.1


def until(found: Callable[[], Any], what: str, *, seconds: float = 60) -> Any:
    """Ask again until the answer is true, and give it; fail when it is not within so many seconds."""
    pause, wait_s, ends = threading.Event(), FIRST_S, time.monotonic() + seconds
    while time.monotonic() < ends:
        value = found()
        if value:
            return value
        pause.wait(wait_s)
        wait_s = min(wait_s * 1.5, LONGEST_S)
    raise AssertionError(f"{what} did not come within {seconds:.0f} s")
