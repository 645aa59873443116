"""How often Slack takes each method (its page "Rate limits"): calls in any sixty seconds, and messages per conversation.

Slack allows bursts beyond its tiers without promising them; this one never does, so what keeps below it keeps below Slack.
"""

import math
from collections import defaultdict, deque

TIERS = {1: 1, 2: 20, 3: 50, 4: 100}
# Not in the table: tier 3.
METHODS = {
    "api.test": TIERS[4],
    "apps.connections.open": TIERS[2],
    "auth.test": 600,  # "hundreds of requests per minute"
    "blocks.validate": TIERS[4],  # "special rate limits", without a figure
    "chat.postEphemeral": TIERS[4],
    "chat.postMessage": 300,  # "several hundred messages per minute" in a workspace
    "files.info": TIERS[4],
    "users.info": TIERS[4],
    "users.list": TIERS[2],
    "views.open": TIERS[4],
    "views.publish": TIERS[4],
    "views.push": TIERS[4],
    "views.update": TIERS[4],
}
MINUTE_S = 60.0
# "1 message per second per channel; short bursts" are as many as this.
BURST = 5


class Tiers:
    """Remembers when each method was called and each conversation written to. Times are the workspace clock's (epoch seconds)."""

    def __init__(self) -> None:
        self._calls: defaultdict[str, deque[float]] = defaultdict(deque)
        self._full: dict[str, float] = {}

    def refuse(self, method: str, channel: str, now: float) -> int:
        """Whole seconds to wait until a call would be taken; 0 takes it, and only then it counts."""
        calls, most = self._calls[method], METHODS.get(method, TIERS[3])
        while calls and calls[0] <= now - MINUTE_S:
            calls.popleft()
        if len(calls) >= most:
            return max(1, math.ceil(calls[0] + MINUTE_S - now))
        if method == "chat.postMessage" and (wait := self._full.get(channel, now) - now - (BURST - 1)) > 0:
            return max(1, math.ceil(wait))
        if method == "chat.postMessage":
            self._full[channel] = max(self._full.get(channel, now), now) + 1
        calls.append(now)
        return 0
