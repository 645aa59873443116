"""users.list, users.info and users.lookupByEmail."""

from typing import Any

from localslack.methods.registry import flag, method, page
from localslack.world import ApiError, World

Json = dict[str, Any]


def _shown(world: World, row: Json, args: Json) -> Json:
    return row if flag(args, "include_locale") else {k: v for k, v in row.items() if k != "locale"}


@method("users.list", takes="cursor limit include_locale team_id")
def users_list(world: World, args: Json) -> Json:
    """Everyone, deleted people included, the app's bot user last."""
    rows = [world.user_object(user) for user in world.workspace.users] + [world.bot_object()]
    rows, cursor = page(rows, args, 1000, 1000)
    members = [_shown(world, row, args) for row in rows]
    return {"members": members, "cache_ts": int(world.clock.now()), "response_metadata": {"next_cursor": cursor}}


@method("users.info", takes="include_locale", needs="user")
def users_info(world: World, args: Json) -> Json:
    """One person by id."""
    key = str(args["user"])
    if key == world.workspace.app.bot_user_id:
        return {"user": _shown(world, world.bot_object(), args)}
    user = next((row for row in world.workspace.users if row.id == key), None)
    if user is None:
        raise ApiError("user_not_found")
    return {"user": _shown(world, world.user_object(user), args)}


@method("users.lookupByEmail", takes="team_id", needs="email")
def lookup_by_email(world: World, args: Json) -> Json:
    """One active person by e-mail address; deleted people are not found, as in Slack."""
    email = str(args["email"]).lower()
    found = [row for row in world.workspace.users if row.email.lower() == email and not row.deleted]
    if not found:
        raise ApiError("users_not_found")
    return {"user": world.user_object(found[0])}
