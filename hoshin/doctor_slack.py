"""What `hoshin doctor` finds out about Slack: the tokens, what they were granted, whose workspace it is, and how answers come in."""

import socket
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.web import SlackResponse

from cycles.errors import BadInput
from cycles.held import held
from cycles.models import Setting
from cycles.settings import Settings
from cycles.store import open_record
from hoshin.doctor import Finding
from hoshin.doctor_words import taken
from tasks.slack.client import WORKSPACE, connect
from tasks.slack.manifest import APP_SCOPE, bot_scopes

MOST_SKEW_S = 120
INSTALL = "Add them under OAuth & Permissions (or take the manifest of `hoshin slack manifest`) and reinstall the app"


def findings(settings: Settings) -> Iterator[Finding]:
    """One finding after the other; without a token that works there is only the first.

    Raises:
        BadInput: when the settings cannot be used at all.
    """
    if not settings.has_slack:
        yield "Slack", "warn", "HOSHIN_SLACK_BOT_TOKEN is not set; messages wait in the outbox."
        return
    token = settings.secret("slack_bot_token")
    if not token.startswith("xoxb-"):
        yield (
            "Slack",
            "bad",
            "HOSHIN_SLACK_BOT_TOKEN is no bot token (xoxb-…). Copy the Bot User OAuth Token of the app.",
        )
        return
    client = connect(settings)
    try:
        me = client.auth_test()
    except SlackApiError as error:
        refused = error.response["error"]
        yield "Slack", "bad", f"the bot token is refused ({refused}). Reinstall the app and set the new token."
        return
    except OSError as error:
        yield "Slack", "bad", f"{settings.slack_base_url} cannot be reached ({error})."
        return
    yield "Slack", *_clock(me)
    yield "Slack workspace", *_workspace(settings, me)
    yield "Slack scopes", *_scopes(settings, me)
    yield "Slack answers", *_answers(settings)
    yield "Slack messages", *_messages(settings)
    yield "Slack templates", *taken(settings, client)


def _clock(me: SlackResponse) -> tuple[str, str]:
    skew = _skew(me.headers)
    if skew is not None and abs(skew) > MOST_SKEW_S:
        return "bad", f"this machine's clock is {skew:.0f} s off Slack's; signatures would be refused. Set it by NTP."
    return "ok", f"{me['team']} as {me['user']}"


def _skew(headers: Mapping[str, Any]) -> float | None:
    date = _header(headers, "date")
    if date is None:
        return None
    return (datetime.now(UTC) - parsedate_to_datetime(date)).total_seconds()


def _header(headers: Mapping[str, Any], name: str) -> str | None:
    found = next((value for key, value in headers.items() if key.lower() == name), None)
    return None if found is None else str(found).strip("[]'")


def _workspace(settings: Settings, me: SlackResponse) -> tuple[str, str]:
    """A record keeps to the workspace it met first: its user ids and timestamps mean nothing in another."""
    record = open_record(settings.url)
    try:
        with record.read() as session:
            row = session.get(Setting, WORKSPACE)
    finally:
        record.close()
    if row is not None and row.value["team_id"] != me["team_id"]:
        return "bad", (
            f"the token is of {me['team']} ({me['team_id']}), the record of {row.value['team_id']}. "
            "Use that workspace's token, or another HOSHIN_HOME."
        )
    if me.get("is_enterprise_install"):
        return (
            "bad",
            "the app is installed for a whole organisation. Install it in one workspace: each has its own record.",
        )
    return "ok", f"{me['team_id']}, {'the first to be met' if row is None else 'as in the record'}"


def _scopes(settings: Settings, me: SlackResponse) -> tuple[str, str]:
    header = _header(me.headers, "x-oauth-scopes")
    if header is None:
        return "warn", "Slack does not say what the token was granted; a proxy may have left it out."
    granted = {scope.strip() for scope in header.split(",") if scope.strip()}
    needed = set(bot_scopes(uploads=settings.takes_files))
    if missing := sorted(needed - granted):
        return "bad", f"{', '.join(missing)} is missing. {INSTALL}."
    if needless := sorted(granted - needed):
        return "warn", f"{', '.join(needless)} is granted and not needed. Remove it and reinstall the app."
    return "ok", f"{len(needed)} granted, none too many"


def _answers(settings: Settings) -> tuple[str, str]:
    """How presses and forms reach us: over a socket of ours, or over signed HTTP."""
    try:
        token = settings.secret("slack_app_token")
    except BadInput:
        return _over_http(settings)
    if not token.startswith("xapp-"):
        return "bad", f"HOSHIN_SLACK_APP_TOKEN is no app-level token (xapp-…). Make one with {APP_SCOPE}."
    client = WebClient(base_url=settings.slack_base_url, timeout=10)
    client.proxy = connect(settings).proxy
    try:
        address = str(client.apps_connections_open(app_token=token)["url"])
        if client.proxy is None:
            _reach(address)
    except SlackApiError as error:
        refused = error.response["error"]
        return "bad", f"no socket can be opened ({refused}). Turn Socket Mode on, and make a token with {APP_SCOPE}."
    except OSError as error:
        return "bad", f"no socket can be opened ({error})."
    return "ok", "over Socket Mode: `hoshin serve`"


def _reach(address: str) -> None:
    """Whether the socket's host lets us in; no further, for a second socket would be handed answers meant for the first.

    Raises:
        OSError: when it does not.
    """
    place = urlsplit(address)
    port = place.port or (443 if place.scheme == "wss" else 80)
    socket.create_connection((place.hostname or "", port), timeout=10).close()


def _messages(settings: Settings) -> tuple[str, str]:
    """Whether messages arrive, as the outbox knows: nothing but a message to a person tells whether the tab is on."""
    record = open_record(settings.url)
    try:
        with record.read() as session:
            found = held(session)
    finally:
        record.close()
    if found.reason:
        return "bad", (
            f"{found.reason} So it was at the last try; {found.waiting} messages wait for the next `hoshin do` after that."
        )
    if found.last is None:
        return (
            "warn",
            "none was sent yet: whether the app's messages tab is on shows with the first, after `hoshin do`.",
        )
    return "ok", f"the last one arrived {found.last:%Y-%m-%d %H:%M} UTC"


def _over_http(settings: Settings) -> tuple[str, str]:
    try:
        settings.secret("slack_signing_secret")
    except BadInput:
        return "bad", (
            "nobody can answer: set HOSHIN_SLACK_APP_TOKEN for Socket Mode, or HOSHIN_SLACK_SIGNING_SECRET for "
            "`hoshin serve --http`."
        )
    return "ok", "over signed HTTP: `hoshin serve --http`"
