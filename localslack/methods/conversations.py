"""conversations.open, list, info, history and replies."""

from typing import Any

from localslack import messages
from localslack.methods.registry import flag, method, page
from localslack.world import ApiError, World

Json = dict[str, Any]
HISTORY = "oldest latest inclusive limit cursor include_all_metadata"


def conversation_object(world: World, row: Json) -> Json:
    """A conversation as the API shows it."""
    direct, group = row["id"][0] == "D", row["id"][0] == "G"
    shape: Json = {
        "id": row["id"],
        "created": row["created"],
        "is_im": direct,
        "is_mpim": group,
        "is_channel": not direct and not group,
        "is_group": False,
        "is_private": direct or group,
        "context_team_id": world.workspace.team_id,
    }
    if direct:
        return {**shape, "user": row["users"][0], "is_user_deleted": False, "is_open": True}
    if group:
        return {**shape, "name": "mpdm-" + "--".join(row["users"]).lower() + "-1", "is_open": True}
    listed = {channel.id: channel for channel in world.workspace.channels}[row["id"]]
    named = {"name": row["name"], "name_normalized": row["name"], "is_archived": listed.is_archived}
    return {**shape, **named, "is_general": False, "is_member": listed.bot_member}


@method("conversations.open", takes="channel users return_im prevent_creation")
def conversations_open(world: World, args: Json) -> Json:
    """Open the direct conversation with one to eight people."""
    if args.get("channel"):
        row = world.conversation(str(args["channel"]))
        return {"channel": {"id": row["id"]}, "no_op": True, "already_open": True}
    listed = args.get("users") or ""
    users = listed if isinstance(listed, list) else [part for part in str(listed).split(",") if part]
    if not users:
        raise ApiError("users_list_not_supplied")
    if len(users) > 8:
        raise ApiError("too_many_users")
    for key in users:
        _open_user(world, key)
    known = set(world.state.conversations)
    row = world.direct(users)
    shown = conversation_object(world, row) if flag(args, "return_im") else {"id": row["id"]}
    already = {"no_op": True, "already_open": True} if row["id"] in known else {}
    return {"channel": shown, **already}


def _open_user(world: World, key: str) -> None:
    user = next((row for row in world.workspace.users if row.id == key), None)
    if user is None:
        raise ApiError("user_not_found")
    if user.deleted:
        raise ApiError("user_disabled")


@method("conversations.list", takes="cursor exclude_archived limit team_id types")
def conversations_list(world: World, args: Json) -> Json:
    """Conversations of the asked types (public_channel by default)."""
    types = str(args.get("types") or "public_channel").split(",")
    known = {"public_channel", "private_channel", "mpim", "im"}
    if not set(types) <= known:
        raise ApiError("invalid_types")
    kinds = {"C": "public_channel", "D": "im", "G": "mpim"}
    rows = [row for row in world.state.conversations.values() if kinds.get(row["id"][0], "public_channel") in types]
    shown = [conversation_object(world, row) for row in rows]
    if flag(args, "exclude_archived"):
        shown = [row for row in shown if not row.get("is_archived")]
    found, cursor = page(shown, args, 100, 1000)
    return {"channels": found, "response_metadata": {"next_cursor": cursor}}


@method("conversations.info", takes="include_locale include_num_members", needs="channel")
def conversations_info(world: World, args: Json) -> Json:
    """One conversation."""
    row = _by_id(world, args)
    shown = conversation_object(world, row)
    if flag(args, "include_num_members"):
        shown["num_members"] = len(world.members(row)) + 1
    return {"channel": shown}


@method("conversations.history", takes=HISTORY, needs="channel")
def history(world: World, args: Json) -> Json:
    """Messages, newest first, thread replies left out."""
    row = _by_id(world, args)
    rows = [m for m in _visible(world, row["id"], args) if m.get("thread_ts", m["ts"]) == m["ts"]]
    return _answer(rows[::-1], args, row)


@method("conversations.replies", takes=HISTORY, needs="channel ts")
def replies(world: World, args: Json) -> Json:
    """A thread: its root, then its replies, oldest first."""
    row = _by_id(world, args)
    root = world.state.find_message(row["id"], str(args["ts"]))
    if root is None:
        raise ApiError("thread_not_found")
    head = root.get("thread_ts") or root["ts"]
    rows = [m for m in _visible(world, row["id"], args) if m.get("thread_ts") == head and m["ts"] != head]
    top = world.state.find_message(row["id"], head)
    return _answer(([top] if top else []) + rows, args, row)


def _by_id(world: World, args: Json) -> Json:
    """History reads take conversation ids only, never user ids."""
    row = world.state.conversations.get(str(args["channel"]))
    if row is None:
        raise ApiError("channel_not_found")
    return row


def _visible(world: World, channel: str, args: Json) -> list[Json]:
    oldest = _edge(args, "oldest", 0.0, "invalid_ts_oldest")
    latest = _edge(args, "latest", float("inf"), "invalid_ts_latest")
    closed = flag(args, "inclusive")
    rows = [m for m in world.state.messages.get(channel, []) if not m.get("ephemeral_user")]
    if closed:
        return [m for m in rows if oldest <= float(m["ts"]) <= latest]
    return [m for m in rows if oldest < float(m["ts"]) < latest]


def _edge(args: Json, key: str, default: float, error: str) -> float:
    try:
        return float(args[key]) if args.get(key) not in (None, "") else default
    except (TypeError, ValueError):
        raise ApiError(error) from None


def _answer(rows: list[Json], args: Json, row: Json) -> Json:
    listed, cursor = page(rows, args, 100, 999)
    metadata = flag(args, "include_all_metadata")
    shown = [messages.public(message, metadata=metadata) for message in listed]
    answer: Json = {"messages": shown, "has_more": bool(cursor), "pin_count": 0}
    return {**answer, "response_metadata": {"next_cursor": cursor}} if cursor else answer
