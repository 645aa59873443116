"""auth.test, api.test, apps.connections.open and blocks.validate."""

import re
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


@method("blocks.validate", takes="blocks message view")
def blocks_validate(world: World, args: Json) -> Json:
    """Check one of ``blocks``, ``message`` or ``view`` without showing it; each error points at its place."""
    given = [name for name in ("blocks", "message", "view") if args.get(name) not in (None, "")]
    if len(given) != 1:
        raise ApiError("invalid_arguments", "[ERROR] provide exactly one of blocks, view or message")
    found = _refused(given[0], args[given[0]])
    if found:
        raise ApiError(f"invalid_{given[0]}", errors=[_pointing(given[0], line) for line in found])
    return {}


def _refused(what: str, payload: Any) -> list[str]:
    if what == "view":
        return limits.view_problems(payload)
    if what == "blocks":
        return limits.problems(payload, surface="message")
    if not isinstance(payload, dict):
        return ["message: must be an object"]
    long = len(str(payload.get("text") or "")) > limits.MAX_TEXT
    blocks = limits.problems(payload.get("blocks") or [], surface="message")
    return [f"text: is longer than {limits.MAX_TEXT}", *blocks] if long else blocks


def _pointing(what: str, line: str) -> Json:
    """A sentence as Slack's ``errors`` have it: a JSON pointer (RFC 6901) into what was given, a code, the words."""
    place, _, words = line.partition(": ")
    parts = re.findall(r"[^.\[\]]+", place)
    if parts[:1] == [what]:
        parts = parts[1:]
    return {"pointer": "".join(f"/{part}" for part in parts), "code": "failed_constraint", "message": words}
