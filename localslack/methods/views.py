"""views.open, push, update and publish."""

import json
from typing import Any

from localslack import forms, limits, messages
from localslack.methods.registry import method
from localslack.world import STACK_HEIGHT, ApiError, World

Json = dict[str, Any]


def checked_view(view: Any, *, home: bool) -> Json:
    """A view payload after Slack's checks. Raises view_too_large or invalid_arguments."""
    if isinstance(view, str):
        view = _parsed(view)
    if len(json.dumps(view)) > limits.MAX_VIEW_BYTES:
        raise ApiError("view_too_large")
    found = limits.view_problems(view)
    if not found and (view["type"] == "home") != home:
        found = ["view.type: modal views are opened, home views are published"]
    if found:
        raise ApiError("invalid_arguments", *[f"[ERROR] {line}" for line in found])
    copy: Json = dict(view)
    return copy


def _parsed(view: str) -> Any:
    try:
        return json.loads(view)
    except ValueError:
        raise ApiError("invalid_arguments", "[ERROR] view must be JSON") from None


def store(world: World, user: str, view: Json, *, view_id: str | None = None) -> Json:
    """Keep a checked view as Slack does: with ids, state and a hash that changes on every write."""
    number = world.state.count("hash")
    kept = world.state.views.get(view_id or "", {})
    view_id = view_id or f"V{world.state.count('view'):08d}"
    row: Json = {
        "private_metadata": "",
        "callback_id": "",
        "external_id": "",
        "clear_on_close": False,
        "notify_on_close": False,
        "close": None,
        "submit": None,
        "title": {"type": "plain_text", "text": world.workspace.app.name, "emoji": True},
        **view,
        "id": view_id,
        "blocks": messages.with_ids(view["blocks"], set()),
        "team_id": world.workspace.team_id,
        "app_id": world.workspace.app.id,
        "app_installed_team_id": world.workspace.team_id,
        "bot_id": world.workspace.app.bot_id,
        "hash": f"{int(world.clock.now())}.local{number}",
        "root_view_id": kept.get("root_view_id", view_id),
        "previous_view_id": kept.get("previous_view_id"),
        "user": user,
    }
    world.state.views[view_id] = row
    world.state.view_states[view_id] = forms.carried(row["blocks"], world.state.view_states.get(view_id, {}))
    world.witness(
        "view", user=user, view_id=view_id, type=row["type"], title=row["title"]["text"], blocks=row["blocks"]
    )
    world.changed({"type": "view", "user": user, "view_id": view_id})
    return row


def public(world: World, row: Json) -> Json:
    """A view as the API and payloads show it, with the current input state."""
    shown = {key: value for key, value in row.items() if key != "user"}
    return {**shown, "state": {"values": world.state.view_states.get(row["id"], {})}}


def push_on(world: World, user: str, view: Json) -> Json:
    """Put a view on the person's stack. Raises push_limit_reached above three views."""
    stack = world.state.stacks.setdefault(user, [])
    if len(stack) >= STACK_HEIGHT:
        raise ApiError("push_limit_reached")
    row = store(world, user, view)
    if stack:
        row["previous_view_id"] = stack[-1]
        row["root_view_id"] = stack[0]
    stack.append(row["id"])
    return row


@method("views.open", takes="interactivity_pointer", needs="trigger_id view")
def views_open(world: World, args: Json) -> Json:
    """Open a modal in exchange for a trigger_id; it replaces whatever stack the person had open."""
    view = checked_view(args["view"], home=False)
    user = world.use_trigger(str(args["trigger_id"]))
    world.state.stacks[user] = []
    return {"view": public(world, push_on(world, user, view))}


@method("views.push", takes="interactivity_pointer", needs="trigger_id view")
def views_push(world: World, args: Json) -> Json:
    """Put a modal on top of the open one."""
    view = checked_view(args["view"], home=False)
    user = world.use_trigger(str(args["trigger_id"]))
    return {"view": public(world, push_on(world, user, view))}


@method("views.update", takes="view_id external_id hash", needs="view")
def views_update(world: World, args: Json) -> Json:
    """Replace an open view; a stale ``hash`` is refused."""
    view = checked_view(args["view"], home=False)
    row = _open_view(world, args)
    if args.get("hash") and args["hash"] != row["hash"]:
        raise ApiError("hash_conflict")
    return {"view": public(world, store(world, row["user"], view, view_id=row["id"]))}


def _open_view(world: World, args: Json) -> Json:
    key, name = args.get("view_id"), args.get("external_id")
    if not key and not name:
        raise ApiError("invalid_arguments", "[ERROR] missing required field: view_id or external_id")
    opened = [world.state.views[view_id] for stack in world.state.stacks.values() for view_id in stack]
    for row in opened:
        if row["id"] == key or (name and row["external_id"] == name):
            return row
    raise ApiError("not_found")


@method("views.publish", takes="hash", needs="user_id view")
def views_publish(world: World, args: Json) -> Json:
    """Set a person's App Home."""
    view = checked_view(args["view"], home=True)
    user = world.person(str(args["user_id"])).id
    view_id = world.state.homes.get(user)
    if args.get("hash") and view_id and args["hash"] != world.state.views[view_id]["hash"]:
        raise ApiError("hash_conflict")
    row = store(world, user, view, view_id=view_id)
    world.state.homes[user] = row["id"]
    return {"view": public(world, row)}
