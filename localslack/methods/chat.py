"""chat.postMessage, update, delete, postEphemeral and getPermalink."""

from typing import Any

from localslack import messages
from localslack.methods.registry import method
from localslack.world import ApiError, World

Json = dict[str, Any]
LOOKS = "as_user attachments blocks icon_emoji icon_url link_names markdown_text mrkdwn parse text username"


def _target(world: World, args: Json) -> Json:
    """The conversation the app may write to. Raises the documented reasons why not."""
    row = world.conversation(str(args["channel"]))
    if "users" in row:
        if not world.messages_tab_enabled:
            raise ApiError("messages_tab_disabled")
        if all(world.person(key).deleted for key in row["users"]):
            raise ApiError("user_disabled")
        return row
    listed = {channel.id: channel for channel in world.workspace.channels}[row["id"]]
    if listed.is_archived:
        raise ApiError("is_archived")
    if not listed.bot_member:
        raise ApiError("not_in_channel")
    return row


@method(
    "chat.postMessage",
    takes=f"{LOOKS} client_msg_id container_id metadata reply_broadcast thread_ts unfurl_links unfurl_media",
    needs="channel",
)
def post_message(world: World, args: Json) -> Json:
    """Post. A client_msg_id seen before in the channel answers with the first message (can be switched off)."""
    row = _target(world, args)
    fields = {**messages.app_fields(world), **messages.checked_content(args)}
    if args.get("metadata"):
        fields["metadata"] = messages.checked_metadata(args["metadata"])
    if args.get("thread_ts"):
        fields["thread_ts"] = str(args["thread_ts"])
    if args.get("client_msg_id"):
        fields["client_msg_id"] = str(args["client_msg_id"])
    first = _seen(world, row["id"], fields) if world.dedupe else None
    message = first or messages.post(world, row["id"], fields)
    return {"channel": row["id"], "ts": message["ts"], "message": messages.public(message)}


def _seen(world: World, channel: str, fields: Json) -> Json | None:
    key = fields.get("client_msg_id")
    rows = reversed(world.state.messages.get(channel, []) if key else [])
    return next((row for row in rows if row.get("client_msg_id") == key), None)


def _own(world: World, args: Json, refusal: str) -> tuple[str, Json]:
    row = world.state.conversations.get(str(args["channel"]))
    if row is None:
        raise ApiError("channel_not_found")
    message = world.state.find_message(row["id"], str(args["ts"]))
    if message is None or message.get("ephemeral_user"):
        raise ApiError("message_not_found")
    if message["user"] != world.workspace.app.bot_user_id:
        raise ApiError(refusal)
    return row["id"], message


@method("chat.update", takes=f"{LOOKS} file_ids metadata reply_broadcast unfurl_links unfurl_media", needs="channel ts")
def update(world: World, args: Json) -> Json:
    """Replace the content of one of the app's own messages; metadata stays unless given anew."""
    channel, message = _own(world, args, "cant_update_message")
    fields = messages.checked_content(args)
    if args.get("metadata"):
        fields["metadata"] = messages.checked_metadata(args["metadata"])
    messages.update(world, channel, message, fields)
    shown = messages.public(message)
    return {"channel": channel, "ts": message["ts"], "text": message["text"], "message": shown}


@method("chat.delete", takes="as_user", needs="channel ts")
def delete(world: World, args: Json) -> Json:
    """Delete one of the app's own messages."""
    channel, message = _own(world, args, "cant_delete_message")
    messages.delete(world, channel, message)
    return {"channel": channel, "ts": message["ts"]}


@method("chat.postEphemeral", takes=f"{LOOKS} thread_ts", needs="channel user")
def post_ephemeral(world: World, args: Json) -> Json:
    """Post for one person's eyes."""
    row = _target(world, args)
    user = next((u for u in world.workspace.users if u.id == args["user"]), None)
    if user is None or user.id not in world.members(row):
        raise ApiError("user_not_in_channel")
    fields = {**messages.app_fields(world), **messages.checked_content(args), "ephemeral_user": user.id}
    if args.get("thread_ts"):
        fields["ephemeral_thread"] = str(args["thread_ts"])
    message = messages.post(world, row["id"], fields)
    return {"message_ts": message["ts"]}


@method("chat.getPermalink", needs="channel message_ts")
def get_permalink(world: World, args: Json) -> Json:
    """The address of a message on the local page."""
    row = world.state.conversations.get(str(args["channel"]))
    if row is None:
        raise ApiError("channel_not_found")
    ts = str(args["message_ts"])
    if world.state.find_message(row["id"], ts) is None:
        raise ApiError("message_not_found")
    return {"channel": row["id"], "permalink": f"{world.url}/archives/{row['id']}/p{ts.replace('.', '')}"}
