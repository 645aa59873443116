"""In which order what is due goes out: each message waits in the lane of the method it needs, so that none holds up another.

Two thousand silent rewrites (50 a minute) must not keep a prompt waiting, nor somebody's first look-up a receipt.
"""

from collections import deque
from collections.abc import Iterable, Mapping

from cycles import outbox
from cycles.models import Delivery, Person
from tasks.slack.pacing import Pacer


class Lanes:
    """What is due, oldest first in each lane. `until` is when the pass ends, by the pacer's clock (seconds)."""

    def __init__(self, due: Iterable[Delivery], people: Mapping[int, Person], pacer: Pacer, until: float) -> None:
        self.pacer, self.until = pacer, until
        self._lanes: dict[str, deque[tuple[int, int]]] = {}
        for place, delivery in enumerate(due):
            lane = self._lanes.setdefault(_method(delivery, people), deque())
            lane.append((place, delivery.id))

    def __len__(self) -> int:
        return sum(map(len, self._lanes.values()))

    def next(self) -> int | None:
        """The number of the message that may go next, after waiting for its turn; None when all went or time is up."""
        turns = [(self._pause(method), lane[0][0], method) for method, lane in self._lanes.items() if lane]
        if not turns:
            return None
        pause, _, method = min(turns)
        if self.pacer.clock() + pause > self.until:
            return None
        if pause:
            self.pacer.sleep(pause)
        return self._lanes[method].popleft()[1]

    def _pause(self, method: str) -> float:
        # Whoever is looked up is written to next, which counts too.
        pauses = [self.pacer.pause(method)]
        if method == "users.lookupByEmail":
            pauses.append(self.pacer.pause("chat.postMessage"))
        return max(pauses)


def _method(delivery: Delivery, people: Mapping[int, Person]) -> str:
    if delivery.kind in outbox.SILENT:
        return "chat.update"
    return "chat.postMessage" if people[delivery.person_id].slack_id else "users.lookupByEmail"
