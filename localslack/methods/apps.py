"""auth.test, api.test, apps.connections.open and blocks.validate."""

from typing import Any

from localslack import limits
from localslack.methods.registry import method
from localslack.world import ApiError, World

Json = dict[str, Any]


@method("api.test", auth="none")
def api_test(world: World, args: Json) -> Json:
    """Echo the arguments; ``error`` makes it fail on purpose."""
    if args.get("error"):
        raise ApiError(str(args["error"]), args=args)
    return {"args": args}


@method("auth.test", auth="any")
def auth_test(world: World, args: Json) -> Json:
    """Who the token belongs to."""
    app, workspace = world.workspace.app, world.workspace
    return {
        "url": f"{world.url}/",
        "team": workspace.team_name,
        "user": app.name.lower().replace(" ", "_"),
        "team_id": workspace.team_id,
        "user_id": app.bot_user_id,
        "bot_id": app.bot_id,
        "app_id": app.id,
        "app_name": app.name,
        "is_enterprise_install": False,
    }


@method("apps.connections.open", auth="app")
def connections_open(world: World, args: Json) -> Json:
    """A WebSocket address with a single-use ticket."""
    ticket = f"ticket-{world.state.count('ticket')}"
    address = world.url.replace("http://", "ws://", 1)
    world.tickets.add(ticket)
    return {"url": f"{address}/link/?ticket={ticket}&app_id={world.workspace.app.id}"}


@method("blocks.validate", needs="blocks", takes="surface")
def blocks_validate(world: World, args: Json) -> Json:
    """Check blocks without showing them. ``surface`` is message (default), modal or home."""
    surface = str(args.get("surface") or "message")
    if surface not in limits.MAX_BLOCKS:
        raise ApiError("invalid_arguments", "[ERROR] surface must be message, modal or home")
    found = limits.problems(args["blocks"], surface=surface)
    if found:
        raise ApiError("invalid_blocks", *[f"[ERROR] {line}" for line in found])
    return {}
