"""Slack: who is there, and getting each message of the outbox shown once.

`deliver` is one pass over the outbox, safe to run in several processes at once and to be killed at any point. `connect`
opens the client, `pacer_for` keeps it below Slack's limits, `learn_workspace` keeps the record to one workspace, `identify` finds people's Slack accounts, `refresh`
looks at them once a day.
"""

from tasks.slack.client import connect, learn_workspace
from tasks.slack.delivering import deliver
from tasks.slack.pacing import Pacer, pacer_for
from tasks.slack.people import Identified, identify
from tasks.slack.profiles import Refreshed, refresh
from tasks.slack.tour import Delivered, Pace

__all__ = [
    "Delivered",
    "Identified",
    "Pace",
    "Pacer",
    "Refreshed",
    "connect",
    "deliver",
    "identify",
    "learn_workspace",
    "pacer_for",
    "refresh",
]
