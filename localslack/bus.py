"""Tells open pages and waiting calls that something changed."""

import asyncio
from typing import Any


class Bus:
    """Fan-out inside one event loop. Each subscriber has its own queue; None ends a subscription."""

    def __init__(self) -> None:
        self._queues: set[asyncio.Queue[dict[str, Any] | None]] = set()

    def subscribe(self) -> asyncio.Queue[dict[str, Any] | None]:
        """A fresh queue of changes."""
        queue: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
        self._queues.add(queue)
        return queue

    def unsubscribe(self, queue: asyncio.Queue[dict[str, Any] | None]) -> None:
        """Stop feeding this queue."""
        self._queues.discard(queue)

    def tell(self, change: dict[str, Any]) -> None:
        """Put ``change`` before every subscriber."""
        for queue in self._queues:
            queue.put_nowait(change)

    def close(self) -> None:
        """End every subscription, so that a stopping server has no open streams."""
        for queue in self._queues:
            queue.put_nowait(None)
