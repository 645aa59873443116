"""Which OAuth scope a Web API method wants (Slack's page of each method), and refusing a call without it."""

from typing import Any

from localslack.world import ApiError

Json = dict[str, Any]
SCOPES = {
    "bots.info": "users:read",
    "chat.delete": "chat:write",
    "chat.postEphemeral": "chat:write",
    "chat.postMessage": "chat:write",
    "chat.update": "chat:write",
    "conversations.history": "im:history",
    "conversations.info": "im:read",
    "conversations.list": "im:read",
    "conversations.open": "im:write",
    "conversations.replies": "im:history",
    "files.completeUploadExternal": "files:write",
    "files.getUploadURLExternal": "files:write",
    "files.info": "files:read",
    "users.info": "users:read",
    "users.list": "users:read",
    "users.lookupByEmail": "users:read.email",
}
# Reading and listing public channels wants the scope of their kind.
OF_CHANNELS = {"im:history": "channels:history", "im:read": "channels:read"}
# What an app gets that does not say which scopes it was granted.
ALL = tuple(sorted({*SCOPES.values(), *OF_CHANNELS.values(), "commands"}))


def must_be_granted(name: str, args: Json, granted: tuple[str, ...]) -> None:
    """Raises ApiError missing_scope, with `needed` and `provided` as Slack has them."""
    wanted = SCOPES.get(name)
    if wanted in OF_CHANNELS and not str(args.get("channel") or "D").startswith("D"):
        wanted = OF_CHANNELS[wanted]
    if wanted and wanted not in granted:
        raise ApiError("missing_scope", needed=wanted, provided=",".join(granted))
