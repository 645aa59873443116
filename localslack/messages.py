"""Messages: posting, changing, deleting, and what a reader of the history is shown."""

import re
from typing import Any

from localslack import limits
from localslack.world import ApiError, World

Json = dict[str, Any]
HIDDEN = ("metadata", "ephemeral_user", "unfurl")
# Up to what ends a word or, at its end, a sentence.
WEB = re.compile(r"https?://(?:(?!&[lg]t;)[^\s|])+(?<![.,;:!?)])")
CONTENT = ("text", "blocks", "attachments")


def checked_content(args: Json) -> Json:
    """The message content of a call after Slack's checks. Raises no_text, invalid_blocks, msg_too_long."""
    text = args.get("text") or args.get("markdown_text") or ""
    blocks = args.get("blocks") or []
    if not isinstance(text, str):
        raise ApiError("invalid_arguments", "[ERROR] text must be a string")
    if not text and not blocks and not args.get("attachments"):
        raise ApiError("no_text")
    if len(text) > limits.MAX_TEXT:
        raise ApiError("msg_too_long")
    content: Json = {"text": text}
    if blocks:
        content["blocks"] = checked_blocks(blocks, "message", set())
    return content


def checked_blocks(blocks: Any, surface: str, taken: set[str]) -> list[Json]:
    """Blocks with block_id and action_id filled in as Slack does. Raises invalid_blocks."""
    found = limits.problems(blocks, surface=surface)
    if found:
        raise ApiError("invalid_blocks", *[f"[ERROR] {line}" for line in found])
    return with_ids(blocks, taken)


def with_ids(blocks: list[Json], taken: set[str]) -> list[Json]:
    """Copies with counted ids where the app gave none."""
    taken = taken | {str(block.get("block_id")) for block in blocks}
    result: list[Json] = []
    for block in blocks:
        number = len(result)
        while (name := block.get("block_id") or f"b{number}") in taken and "block_id" not in block:
            number += 1
        taken.add(name)
        result.append(_with_action_ids({**block, "block_id": name}))
    return result


def _with_action_ids(block: Json) -> Json:
    def named(row: Any, n: int) -> Any:
        interactive = isinstance(row, dict) and block["type"] in ("actions", "section", "input")
        if not interactive or row.get("type") == "image":
            return row
        return {"action_id": f"{block['block_id']}-a{n}", **row}

    copy = dict(block)
    if block["type"] == "actions":
        copy["elements"] = [named(row, n) for n, row in enumerate(block["elements"])]
    for key in ("accessory", "element"):
        if key in block:
            copy[key] = named(block[key], 0)
    return copy


def checked_metadata(value: Any) -> Json:
    """Message metadata. Raises invalid_metadata_format."""
    shape = isinstance(value, dict) and isinstance(value.get("event_type"), str)
    if not shape or not isinstance(value.get("event_payload"), dict):
        raise ApiError("invalid_metadata_format")
    return dict(value)


def typed(text: str) -> str:
    """What a person typed, as Slack keeps it: `& < >` escaped and web addresses marked (its "Formatting message text")."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return WEB.sub(lambda found: f"<{found[0]}>", escaped)


def app_fields(world: World) -> Json:
    """What marks a message as the app's."""
    app = world.workspace.app
    return {
        "user": app.bot_user_id,
        "bot_id": app.bot_id,
        "app_id": app.id,
        "team": world.workspace.team_id,
        "bot_profile": {"id": app.bot_id, "app_id": app.id, "name": app.name, "team_id": world.workspace.team_id},
    }


def post(world: World, channel: str, fields: Json) -> Json:
    """Store a message, link it to its thread, and write the witness line."""
    message: Json = {"type": "message", "ts": world.mint_ts(), **fields}
    root = message.get("thread_ts")
    if root:
        _link_reply(world, channel, root, message)
    world.state.add_message(channel, message)
    _witness(world, "post", channel, message)
    if message.get("user") != world.workspace.app.bot_user_id:
        world.state.read.setdefault(message["user"], {})[channel] = message["ts"]
    world.changed({"type": "message", "channel": channel, "ts": message["ts"]})
    return message


def _link_reply(world: World, channel: str, root_ts: str, reply: Json) -> None:
    root = world.state.find_message(channel, root_ts)
    if root is None or root.get("ephemeral_user"):
        raise ApiError("thread_not_found")
    reply["thread_ts"] = root.get("thread_ts") or root_ts
    reply["parent_user_id"] = root["user"]
    root.setdefault("thread_ts", root_ts)
    root["reply_count"] = root.get("reply_count", 0) + 1
    root["reply_users"] = sorted({*root.get("reply_users", []), reply["user"]})
    root["reply_users_count"] = len(root["reply_users"])
    root["latest_reply"] = reply["ts"]


def update(world: World, channel: str, message: Json, fields: Json) -> None:
    """Replace content. Only the app's own changes carry the edited mark when the text differs."""
    for key in CONTENT:
        message.pop(key, None)
    message.update(fields)
    message["edited"] = {"user": message["user"], "ts": world.mint_ts()}
    _witness(world, "update", channel, message)
    world.changed({"type": "message", "channel": channel, "ts": message["ts"]})


def delete(world: World, channel: str, message: Json) -> None:
    """Remove a message; a thread root loses its place in the history, its replies stay."""
    world.state.messages[channel].remove(message)
    root = world.state.find_message(channel, message.get("thread_ts", ""))
    if root is not None:
        root["reply_count"] = max(0, root.get("reply_count", 1) - 1)
    _witness(world, "delete", channel, message)
    world.changed({"type": "message", "channel": channel, "ts": message["ts"]})


def _witness(world: World, kind: str, channel: str, message: Json) -> None:
    kind = "ephemeral" if message.get("ephemeral_user") and kind == "post" else kind
    names = ("ts", "thread_ts", "user", "client_msg_id", "metadata", "text", "blocks", "files")
    seen = {name: message[name] for name in names if name in message}
    people = [message["ephemeral_user"]] if message.get("ephemeral_user") else None
    to = people or world.members(world.state.conversations[channel])
    world.witness(kind, channel=channel, to=to, **seen)


def public(message: Json, *, metadata: bool = False) -> Json:
    """A message as the Web API returns it: metadata only on request."""
    hidden = HIDDEN if not metadata else HIDDEN[1:]
    return {key: value for key, value in message.items() if key not in hidden}
