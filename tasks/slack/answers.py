"""What Slack's answer to a call means: taken, later, nobody knows, not reached, or never.

The distinction that matters is whether Slack may have acted: an unclear call is looked into before it is repeated, the
others are known not to have taken effect. Error names are those of each method's page on docs.slack.dev.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from http.client import HTTPException
from socket import gaierror
from ssl import SSLCertVerificationError
from typing import Any, Literal
from urllib.error import URLError

from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web import SlackResponse

from cycles.held import MARK

Kind = Literal["taken", "limited", "unclear", "unreached", "refused"]
# Slack always names a Retry-After; a proxy in between that limits by itself may not.
RETRY_AFTER = timedelta(seconds=30)
LONGEST_RETRY_AFTER = timedelta(hours=1)
# `duplicate_message_not_found`: Slack knows our client_msg_id already, so an earlier try may be there.
UNCLEAR = frozenset(
    {"fatal_error", "internal_error", "request_timeout", "service_unavailable", "duplicate_message_not_found"}
)
LIMITED = frozenset({"ratelimited", "rate_limited", "message_limit_exceeded"})
PASSING = frozenset({"org_login_required", "team_added_to_org"})
# The installation itself is wrong: every further message would fail the same way, so none is tried.
HALTING = {
    "account_inactive": "The bot user was removed or the app uninstalled. Install the app again and set the new bot token.",
    "token_revoked": "The bot token was revoked. Install the app again and set the new bot token.",
    "token_expired": "The bot token has expired. Switch token rotation off in the manifest and set a new bot token.",
    "invalid_auth": "Slack does not accept the bot token. Set HOSHIN_SLACK_BOT_TOKEN to the app's bot token.",
    "not_authed": "No bot token was sent. Set HOSHIN_SLACK_BOT_TOKEN.",
    "not_allowed_token_type": "This is not a bot token. Set HOSHIN_SLACK_BOT_TOKEN to the one that starts with xoxb-.",
    "missing_scope": "The app lacks a scope. Update it from the manifest and install it again.",
    "messages_tab_disabled": "The app's messages tab is off. Set messages_tab_enabled: true in the app's manifest.",
    "accesslimited": "Slack refuses calls from this network. Allow this machine's address in the app's settings.",
    "access_denied": "The workspace does not let this app in. Ask its administrators to approve it.",
}
_NAME = re.compile(r"[a-z][a-z0-9_]*")
# What a call raises besides SlackApiError: sockets, half answers, pages that are not text, JSON that is not an object.
_RAISED = (OSError, HTTPException, SlackClientError, ValueError, LookupError, AttributeError, TypeError)


class Halted(Exception):
    """Nothing can be sent until somebody mends the installation; the message says what."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One call's outcome. `error` is Slack's name for it or our words; `wait` is how long a limited call must wait."""

    kind: Kind
    data: Mapping[str, Any] = field(default_factory=dict)
    error: str = ""
    wait: timedelta = timedelta(0)

    @property
    def taken(self) -> bool:
        return self.kind == "taken"


def answer_of(call: Callable[[], SlackResponse]) -> Answer:
    """Make a call and say what came of it.

    Raises:
        Halted: when the installation is wrong.
    """
    try:
        response = call()
    except SlackApiError as error:
        return _refusal(error.response)
    except _RAISED as error:
        return Answer(kind="unreached" if _never_left(error) else "unclear", error=_words(error))
    if not isinstance(response.data, Mapping):
        return Answer(kind="unclear", error="Slack's answer was not an object")
    return Answer(kind="taken", data=response.data)


def _refusal(response: SlackResponse) -> Answer:
    status = response.status_code
    data = response.data if isinstance(response.data, Mapping) else {}
    name = str(data.get("error") or "")
    if status == 429 or name in LIMITED:
        return Answer(kind="limited", error="ratelimited", wait=_retry_after(response.headers))
    if not _NAME.fullmatch(name):
        return _unreadable(status)
    if name in HALTING:
        raise Halted(f"{HALTING[name]} {MARK}{_detailed(name, data)})")
    if status >= 500 or name in UNCLEAR:
        return Answer(kind="unclear", error=name)
    if name in PASSING:
        return Answer(kind="unreached", error=name)
    return Answer(kind="refused", data=data, error=name)


def _unreadable(status: int) -> Answer:
    """No words of Slack's: below 500 a proxy turned the call away; otherwise nobody knows how far it came."""
    away = 300 <= status < 500 and status != 408
    return Answer(kind="unreached" if away else "unclear", error=f"HTTP {status} without an answer of Slack's")


def _retry_after(headers: Mapping[str, Any]) -> timedelta:
    # Header names come in whatever case the server or a proxy wrote them.
    text = next((str(value) for name, value in headers.items() if name.lower() == "retry-after"), "")
    if not text.strip().isdecimal():
        return RETRY_AFTER
    return min(timedelta(seconds=max(1, int(text))), LONGEST_RETRY_AFTER)


def _never_left(error: BaseException) -> bool:
    """Whether no connection came about, so that Slack cannot have seen the call."""
    reason = error.reason if isinstance(error, URLError) else error
    return isinstance(reason, (ConnectionRefusedError, gaierror, SSLCertVerificationError))


def _words(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}".rstrip(": ")[:300]


def _detailed(name: str, data: Mapping[str, Any]) -> str:
    needed = data.get("needed")
    return f"{name}, needs {needed}" if needed else name
