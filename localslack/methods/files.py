"""files.getUploadURLExternal, completeUploadExternal and info. Contents stay in memory (base64 in the state)."""

import base64
import json
import mimetypes
from typing import Any

from localslack import messages
from localslack.methods.registry import method
from localslack.world import ApiError, World

Json = dict[str, Any]
MAX_FILE_BYTES = 50_000_000


def new_file(world: World, name: str, size: int, user: str) -> Json:
    """Reserve a file id. ``size`` is bytes."""
    number = world.state.count("file")
    file_id = f"F{number:08d}"
    row = {"id": file_id, "name": name, "size": size, "user": user, "created": int(world.clock.now()), "done": False}
    world.state.files[file_id] = row
    world.keeper.touch()
    return row


def fill(world: World, file_id: str, content: bytes) -> None:
    """Store the uploaded bytes."""
    row = world.state.files[file_id]
    row["content"] = base64.b64encode(content).decode("ascii")
    row["size"] = len(content)
    world.changed({"type": "file", "file": file_id})


def file_object(world: World, row: Json) -> Json:
    """A file as the API shows it."""
    kind = row["name"].rsplit(".", 1)[-1].lower() if "." in row["name"] else "text"
    address = f"{world.url}/files-pri/{world.workspace.team_id}-{row['id']}"
    return {
        "id": row["id"],
        "created": row["created"],
        "timestamp": row["created"],
        "name": row["name"],
        "title": row.get("title") or row["name"],
        "mimetype": mimetypes.guess_type(row["name"])[0] or "application/octet-stream",
        "filetype": kind,
        "pretty_type": kind.upper(),
        "user": row["user"],
        "user_team": world.workspace.team_id,
        "size": row["size"],
        "mode": "hosted",
        "is_external": False,
        "is_public": False,
        "url_private": f"{address}/{row['name']}",
        "url_private_download": f"{address}/download/{row['name']}",
        "permalink": f"{world.url}/files/{row['user']}/{row['id']}/{row['name']}",
        "file_access": "visible",
    }


@method("files.getUploadURLExternal", takes="alt_txt alt_text snippet_type", needs="filename length")
def get_upload_url(world: World, args: Json) -> Json:
    """An address to send the bytes to. ``length`` is bytes."""
    try:
        size = int(args["length"])
    except (TypeError, ValueError):
        raise ApiError("invalid_arguments", "[ERROR] length must be a number") from None
    if not 0 < size <= MAX_FILE_BYTES:
        raise ApiError("file_upload_size_restricted" if size > 0 else "invalid_arguments")
    row = new_file(world, str(args["filename"]), size, world.workspace.app.bot_user_id)
    return {"upload_url": f"{world.url}/upload/v1/{row['id']}", "file_id": row["id"]}


@method(
    "files.completeUploadExternal",
    takes="channel_id channels initial_comment thread_ts blocks highlight_type",
    needs="files",
)
def complete_upload(world: World, args: Json) -> Json:
    """Finish uploads and, given a channel, share them there."""
    listed = json.loads(args["files"]) if isinstance(args["files"], str) else args["files"]
    rows = [_finished(world, entry) for entry in listed]
    shown = [file_object(world, row) for row in rows]
    channels = [args["channel_id"]] if args.get("channel_id") else str(args.get("channels") or "").split(",")
    for channel in filter(None, channels):
        target = world.conversation(str(channel))
        fields = {**messages.app_fields(world), "text": args.get("initial_comment") or "", "files": shown}
        if args.get("thread_ts"):
            fields["thread_ts"] = str(args["thread_ts"])
        messages.post(world, target["id"], fields)
    return {"files": shown}


def _finished(world: World, entry: Json) -> Json:
    row = world.state.files.get(str(entry.get("id")))
    if row is None or "content" not in row:
        raise ApiError("file_not_found")
    row["done"], row["title"] = True, entry.get("title") or row["name"]
    return row


@method("files.info", takes="count cursor limit page", needs="file")
def files_info(world: World, args: Json) -> Json:
    """One file."""
    row = world.state.files.get(str(args["file"]))
    if row is None or not row["done"]:
        raise ApiError("file_not_found")
    return {"file": file_object(world, row), "comments": [], "response_metadata": {"next_cursor": ""}}
