"""The client, and the one workspace a record belongs to."""

from typing import Any
from urllib.parse import urlsplit

from slack_sdk import WebClient

from cycles.errors import BadInput
from cycles.models import Setting
from cycles.settings import Settings
from cycles.store import Record
from tasks.slack.answers import Answer, Halted, answer_of

# Seconds for each step of a call. A post must have ended, one way or the other, well before it counts as in doubt.
TIMEOUT_S = 15
LOOPBACK = ("127.0.0.1", "localhost", "::1")
WORKSPACE = "slack"


def connect(settings: Settings) -> WebClient:
    """A client that never repeats a call by itself: the SDK's default retries a post that Slack may have taken.

    Raises:
        BadInput: without a bot token, or when the token would travel unencrypted.
    """
    token, local = settings.secret("slack_bot_token"), is_local(settings.slack_base_url)
    if urlsplit(settings.slack_base_url).scheme != "https" and not local:
        raise BadInput(
            f"HOSHIN_SLACK_BASE_URL is {settings.slack_base_url}, over which the bot token would travel unencrypted. "
            "Write https://."
        )
    client = WebClient(token=token, base_url=settings.slack_base_url, retry_handlers=[], timeout=TIMEOUT_S)
    if local:
        client.proxy = None  # the SDK takes the company's proxy from the environment, which cannot reach this machine
    return client


def is_local(address: str) -> bool:
    """Whether the API at an address is on this machine, as the local Slack's is."""
    return urlsplit(address).hostname in LOOPBACK


def learn_workspace(record: Record, client: WebClient) -> dict[str, Any]:
    """Ask Slack whose token this is and keep it: `team_id`, `app_id`, `bot_user_id`, `url`.

    A record keeps the first workspace it meets: its user ids, channels and timestamps mean nothing in another one.

    Raises:
        BadInput: when the token belongs elsewhere, is refused, or Slack cannot be reached.
    """
    found = _ask(client)
    with record.write() as session:
        row = session.get(Setting, WORKSPACE)
        known = dict(row.value) if row else found
        if any(known[name] != found[name] for name in ("team_id", "app_id")):
            raise BadInput(
                f"The bot token belongs to app {found['app_id']} in workspace {found['team_id']}, but this record to "
                f"app {known['app_id']} in {known['team_id']}. Use that app's token, or another HOSHIN_HOME."
            )
        session.merge(Setting(name=WORKSPACE, value={**known, **found}))
    return found


def _ask(client: WebClient) -> dict[str, Any]:
    try:
        me = _must(answer_of(client.auth_test))
        app_id = me.data.get("app_id") or _app_of(client, str(me.data.get("bot_id") or ""))
    except Halted as halted:
        raise BadInput(str(halted)) from halted
    if me.data.get("is_enterprise_install"):
        raise BadInput(
            f"The bot token belongs to an installation for the whole organisation {me.data.get('enterprise_id')}, whose user "
            "ids span workspaces. Install the app in one workspace and use that installation's token."
        )
    names = {"team_id": "team_id", "bot_user_id": "user_id", "url": "url"}
    return {"app_id": app_id, **{ours: str(me.data.get(theirs) or "") for ours, theirs in names.items()}}


def _app_of(client: WebClient, bot_id: str) -> str:
    """auth.test need not name the app of a bot token; bots.info does (scope users:read)."""
    bot = _must(answer_of(lambda: client.bots_info(bot=bot_id))).data.get("bot") or {}
    if not bot.get("app_id"):
        raise BadInput("Slack does not say which app the bot token belongs to. Give the app the scope users:read.")
    return str(bot["app_id"])


def _must(answer: Answer) -> Answer:
    if not answer.taken:
        raise BadInput(
            f"Slack could not be asked whose bot token this is ({answer.error}). "
            "Check HOSHIN_SLACK_BASE_URL and the network, then try again."
        )
    return answer
