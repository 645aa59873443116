"""How often Slack is called: below each method's limit in every minute, whoever in this process calls it.

Slack counts per method, workspace and minute, and does not say where its minutes begin ("Rate limits"). So no sixty
seconds ever see more calls than the share of the limit that we take; the rest is for other processes of this app.
"""

import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Mapping
from threading import Lock

from tasks.slack.client import is_local
from tasks.slack.manifest import METHODS, Method

MINUTE_S = 60.0
SHARE = 0.9
# A pass that waits lasts so long at most, so that it has ended well before the next one begins.
BUDGET_S = 480.0


class Pacer:
    """Counts the calls of the last minute by method. `clock` and `sleep` are in seconds; without `methods` nothing is limited."""

    def __init__(
        self,
        *,
        methods: Mapping[str, Method] = METHODS,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.clock = clock
        self.sleep = sleep
        self._most = {name: int(row.per_minute * SHARE) for name, row in methods.items() if row.per_minute}
        self._calls: defaultdict[str, deque[float]] = defaultdict(deque)
        self._lock = Lock()

    @property
    def is_pacing(self) -> bool:
        """Whether anything is limited at all."""
        return bool(self._most)

    @property
    def is_fresh(self) -> bool:
        """Whether it has seen no call yet, though others may have called."""
        return self.is_pacing and not any(self._calls.values())

    def pause(self, method: str) -> float:
        """Seconds until a method may be called again."""
        most = self._most.get(method)
        if most is None:
            return 0.0
        with self._lock:
            calls, now = self._calls[method], self.clock()
            while calls and calls[0] <= now - MINUTE_S:
                calls.popleft()
            return calls[len(calls) - most] + MINUTE_S - now if len(calls) >= most else 0.0

    def called(self, method: str) -> None:
        """Count a call that is being made."""
        self.learn(method, [0.0])

    def learn(self, method: str, ago: Iterable[float]) -> None:
        """Count calls that were made so many seconds ago, for instance by another process."""
        if method in self._most:
            with self._lock:
                now = self.clock()
                self._calls[method] = deque(sorted([*self._calls[method], *(now - seconds for seconds in ago)]))


def pacer_for(address: str) -> Pacer:
    """A pacer for the API at this address. A Slack on this machine is a rehearsal, which nobody's patience has to pay for."""
    return Pacer(methods={}) if is_local(address) else Pacer()
