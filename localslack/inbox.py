"""What one person sees: conversations with unread counts, messages, open modals and the App Home."""

from typing import Any

from localslack import messages
from localslack.methods import views
from localslack.workspace import User
from localslack.world import World

Json = dict[str, Any]


def workspace(world: World) -> Json:
    """What the page needs once: team, app and people."""
    app = world.workspace.app
    people = [world.user_object(user) for user in world.workspace.users]
    shown = {"id": app.id, "name": app.name, "bot_user_id": app.bot_user_id, "commands": list(app.commands)}
    shortcuts = [{"callback_id": key, "name": name} for key, name in app.shortcuts]
    team = {"id": world.workspace.team_id, "name": world.workspace.team_name, "domain": world.workspace.team_domain}
    return {
        "ok": True,
        "team": team,
        "app": {**shown, "shortcuts": shortcuts},
        "users": people,
        "unread": unread_by_person(world),
        "clock": {"now": world.clock.now(), "frozen": world.clock.frozen_at is not None},
    }


def unread_by_person(world: World) -> dict[str, int]:
    """How many unread messages wait for each person, so that whoever acts sees where to look."""
    counts: dict[str, int] = {}
    for channel, rows in world.state.messages.items():
        for user in world.members(world.state.conversations[channel]):
            mark = float(world.state.read.get(user, {}).get(channel, 0))
            seen = [m for m in rows if m.get("ephemeral_user") in (None, user) and m["user"] != user]
            counts[user] = counts.get(user, 0) + sum(1 for m in seen if float(m["ts"]) > mark)
    return counts


def inbox(world: World, user: User) -> Json:
    """Every conversation of this person, the direct one with the app first."""
    world.direct([user.id])
    archived = {channel.id for channel in world.workspace.channels if channel.is_archived}
    shown = [row for row in world.state.conversations.values() if row["id"] not in archived]
    mine = [row for row in shown if user.id in world.members(row)]
    order = {"D": 0, "G": 1}
    mine.sort(key=lambda row: order.get(row["id"][0], 2))
    return {"ok": True, "user": user.id, "conversations": [conversation(world, user, row) for row in mine]}


def conversation(world: World, user: User, row: Json) -> Json:
    """One conversation as this person sees it."""
    seen = [m for m in world.state.messages.get(row["id"], []) if m.get("ephemeral_user") in (None, user.id)]
    mark = float(world.state.read.get(user.id, {}).get(row["id"], 0))
    unread = sum(1 for m in seen if float(m["ts"]) > mark and m["user"] != user.id)
    kinds = {"D": "im", "G": "mpim"}
    return {
        "id": row["id"],
        "type": kinds.get(row["id"][0], "channel"),
        "name": row.get("name") or world.workspace.app.name,
        "users": row.get("users", []),
        "unread": unread,
        "messages": [message(world, user, row["id"], m) for m in seen],
    }


def message(world: World, user: User, channel: str, row: Json) -> Json:
    """A message with what this person has chosen in it."""
    key = f"{user.id}:{channel}:{row['ts']}"
    values = world.state.message_states.get(key, {})
    return {**messages.public(row), "ephemeral": bool(row.get("ephemeral_user")), "state": {"values": values}}


def open_views(world: World, user: User) -> Json:
    """The person's modal stack (bottom first) and App Home."""
    stack = [views.public(world, world.state.views[key]) for key in world.state.stacks.get(user.id, [])]
    home = world.state.homes.get(user.id)
    return {"ok": True, "stack": stack, "home": views.public(world, world.state.views[home]) if home else None}
