"""The documented shapes an app receives: block_actions, view_submission, shortcuts, slash commands."""

from typing import Any

from localslack import messages
from localslack.methods import views
from localslack.workspace import User
from localslack.world import World

Json = dict[str, Any]


def common(world: World, user: User, kind: str) -> Json:
    """What most interactions carry."""
    shown = {"id": user.id, "username": user.name, "name": user.name, "team_id": world.workspace.team_id}
    return {
        "type": kind,
        "team": world.team(),
        "user": shown,
        "api_app_id": world.workspace.app.id,
        "token": "local-verification-token",
        "enterprise": None,
        "is_enterprise_install": False,
    }


def channel_name(row: Json) -> str:
    """The channel name as payloads carry it."""
    return str(row.get("name") or "directmessage")


def message_actions(world: World, user: User, channel: Json, message: Json, action: Json, values: Json) -> Json:
    """block_actions from a message."""
    ephemeral = bool(message.get("ephemeral_user"))
    container = {"type": "message", "message_ts": message["ts"], "channel_id": channel["id"], "is_ephemeral": ephemeral}
    if message.get("thread_ts"):
        container["thread_ts"] = message["thread_ts"]
    return {
        **common(world, user, "block_actions"),
        "container": container,
        "trigger_id": world.new_trigger(user.id),
        "channel": {"id": channel["id"], "name": channel_name(channel)},
        "message": messages.public(message),
        "state": {"values": values},
        "response_url": world.new_response_url(channel["id"], user.id, message["ts"]),
        "actions": [action],
    }


def view_actions(world: World, user: User, view: Json, action: Json) -> Json:
    """block_actions from a modal or the App Home."""
    return {
        **common(world, user, "block_actions"),
        "container": {"type": "view", "view_id": view["id"]},
        "trigger_id": world.new_trigger(user.id),
        "view": views.public(world, view),
        "actions": [action],
    }


def submission(world: World, user: User, view: Json) -> Json:
    """view_submission."""
    return {
        **common(world, user, "view_submission"),
        "trigger_id": world.new_trigger(user.id),
        "view": views.public(world, view),
        "response_urls": [],
    }


def closed(world: World, user: User, view: Json, *, cleared: bool) -> Json:
    """view_closed."""
    return {**common(world, user, "view_closed"), "view": views.public(world, view), "is_cleared": cleared}


def nameless(world: World, user: User, kind: str) -> Json:
    """What a shortcut carries: all of that but the app's id (Slack: "Shortcuts interaction payload")."""
    return {name: value for name, value in common(world, user, kind).items() if name != "api_app_id"}


def message_shortcut(world: World, user: User, callback_id: str, channel: Json, message: Json) -> Json:
    """message_action."""
    return {
        **nameless(world, user, "message_action"),
        "callback_id": callback_id,
        "action_ts": world.mint_ts(),
        "trigger_id": world.new_trigger(user.id),
        "channel": {"id": channel["id"], "name": channel_name(channel)},
        "message_ts": message["ts"],
        "message": messages.public(message),
        "response_url": world.new_response_url(channel["id"], user.id, message["ts"]),
    }


def shortcut(world: World, user: User, callback_id: str) -> Json:
    """A global shortcut."""
    shape = nameless(world, user, "shortcut")
    trigger = world.new_trigger(user.id)
    return {**shape, "callback_id": callback_id, "action_ts": world.mint_ts(), "trigger_id": trigger}


def slash(world: World, user: User, channel: Json, command: str, text: str) -> Json:
    """A slash command; all values are strings because HTTP carries it as a form."""
    return {
        "token": "local-verification-token",
        "team_id": world.workspace.team_id,
        "team_domain": world.workspace.team_domain,
        "channel_id": channel["id"],
        "channel_name": channel_name(channel),
        "user_id": user.id,
        "user_name": user.name,
        "command": command,
        "text": text,
        "api_app_id": world.workspace.app.id,
        "is_enterprise_install": "false",
        "response_url": world.new_response_url(channel["id"], user.id, None),
        "trigger_id": world.new_trigger(user.id),
    }
