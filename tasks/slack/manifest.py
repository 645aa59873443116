"""What Slack has to allow: the Web API methods we call with their scopes, and the app manifest made from them.

Slack's documents: each method's page, "App manifest", "Scopes". Nothing is asked for that no method, command or event needs.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Method:
    """A Web API method: the scopes it needs, which floors of the house call it, and how often Slack takes it in a minute.

    `per_minute` None: Slack limits it, and names no figure.
    """

    scopes: tuple[str, ...] = ()
    used_by: tuple[str, ...]
    per_minute: int | None


# chat.postMessage: beside one a second and channel (`tour.Pace`), "several hundred" a minute in the workspace.
METHODS: Mapping[str, Method] = {
    "apps.connections.open": Method(used_by=("hoshin",), per_minute=20),
    "auth.test": Method(used_by=("hoshin", "tasks"), per_minute=600),
    "blocks.validate": Method(used_by=("hoshin",), per_minute=None),
    "bots.info": Method(scopes=("users:read",), used_by=("tasks",), per_minute=50),
    "chat.getPermalink": Method(used_by=("inbox",), per_minute=None),
    "chat.postEphemeral": Method(scopes=("chat:write",), used_by=("inbox",), per_minute=100),
    "chat.postMessage": Method(scopes=("chat:write",), used_by=("inbox", "tasks"), per_minute=200),
    "chat.update": Method(scopes=("chat:write",), used_by=("tasks",), per_minute=50),
    "conversations.history": Method(scopes=("im:history",), used_by=("tasks",), per_minute=50),
    "conversations.open": Method(scopes=("im:write",), used_by=("tasks",), per_minute=50),
    "conversations.replies": Method(scopes=("im:history",), used_by=("tasks",), per_minute=50),
    "files.info": Method(scopes=("files:read",), used_by=("inbox",), per_minute=100),
    "users.info": Method(scopes=("users:read",), used_by=("inbox", "tasks"), per_minute=100),
    "users.lookupByEmail": Method(scopes=("users:read", "users:read.email"), used_by=("tasks",), per_minute=50),
    "views.open": Method(used_by=("inbox",), per_minute=100),
    "views.publish": Method(used_by=("inbox",), per_minute=100),
    "views.update": Method(used_by=("inbox",), per_minute=100),
}
EVENTS = ("app_home_opened", "app_uninstalled", "tokens_revoked", "user_change")
# Delivering an event can need a scope of its own (Slack's page of each event).
EVENT_SCOPES = {"user_change": "users:read"}
COMMANDS = (
    ("/hoshin", "Your requests, with the buttons to answer them", "[requests | status | report KEY | help]"),
    ("/concern", "Raise a concern, confidentially or without your name", ""),
)
# Message shortcuts: name (at most 24 characters), what it is for, and what the payload calls it.
SHORTCUTS = (
    (
        "Use as evidence",
        "Answer one of your requests with this message, its file or its link",
        "hoshin.v1.use_as_evidence",
    ),
)
APP_SCOPE = "connections:write"
# Only for evidence files (HOSHIN_MAX_UPLOAD_MB above 0); a form's field for files wants it too.
FOR_UPLOADS = {"files:read"}
LONGEST_NAME = 35


def bot_scopes(*, uploads: bool = True) -> tuple[str, ...]:
    """The least the bot token has to be granted, in alphabetical order; without `uploads` no file can be read."""
    needed = {scope for method in METHODS.values() for scope in method.scopes}
    return tuple(sorted({*needed, *EVENT_SCOPES.values(), "commands"} - (set() if uploads else FOR_UPLOADS)))


def manifest(*, name: str = "Hoshin", address: str | None = None, uploads: bool = True) -> Json:
    """The app manifest, as Slack's "create an app from a manifest" takes it.

    `address` is where Slack reaches `hoshin serve --http`, such as https://hoshin.example.com; without one the app uses
    Socket Mode.
    """
    return {
        "display_information": {
            "name": name,
            "description": "Asks for evidence, reminds kindly, and keeps the record of your AI governance.",
            "background_color": "#1f3a5f",
        },
        "features": {
            # Without the messages tab no direct message can be opened.
            "app_home": {
                "home_tab_enabled": True,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": False,
            },
            "bot_user": {"display_name": name, "always_online": True},
            "shortcuts": [
                {"name": name, "type": "message", "callback_id": callback_id, "description": description}
                for name, description, callback_id in SHORTCUTS
            ],
            "slash_commands": [_command(*command, address) for command in COMMANDS],
        },
        "oauth_config": {"scopes": {"bot": list(bot_scopes(uploads=uploads))}},
        "settings": {
            "event_subscriptions": {**_at(address, "request_url", "events"), "bot_events": list(EVENTS)},
            "interactivity": {"is_enabled": True, **_at(address, "request_url", "interactions")},
            "org_deploy_enabled": False,
            "socket_mode_enabled": address is None,
            "token_rotation_enabled": False,
        },
    }


def _command(command: str, description: str, hint: str, address: str | None) -> Json:
    row = {"command": command, "description": description, **_at(address, "url", "commands")}
    # Escaped, names of people arrive as what Slack made of them, and free text cannot pose as one.
    return {**row, **({"usage_hint": hint} if hint else {}), "should_escape": True}


def _at(address: str | None, name: str, door: str) -> Json:
    return {name: f"{address.rstrip('/')}/slack/{door}"} if address else {}
