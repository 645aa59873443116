"""What the app answers with: response_url posts, slash command replies, and response_action on a submission."""

from typing import Any

from localslack import messages
from localslack.methods import views
from localslack.world import RESPONSE_URL_SECONDS, RESPONSE_URL_USES, ApiError, World

Json = dict[str, Any]


def use_response_url(world: World, key: str, body: Json) -> None:
    """Act on a POST to a response_url. Raises ApiError used_url or expired_url."""
    row = world.state.response_urls.get(key)
    if row is None or world.clock.now() - row["at"] > RESPONSE_URL_SECONDS:
        raise ApiError("expired_url")
    if row["uses"] >= RESPONSE_URL_USES:
        raise ApiError("used_url")
    respond(world, row, body)
    row["uses"] += 1
    world.keeper.touch()


def respond(world: World, where: Json, body: Json) -> None:
    """Post, replace or delete as ``body`` asks; ``where`` holds channel, user and the original's ts."""
    channel = where["channel"]
    original = world.state.find_message(channel, where["ts"]) if where["ts"] else None
    if body.get("delete_original"):
        if original is not None:
            messages.delete(world, channel, original)
        return
    fields = messages.checked_content(body)
    if body.get("replace_original") and original is not None:
        messages.update(world, channel, original, fields)
        return
    fields = {**messages.app_fields(world), **fields}
    if body.get("thread_ts"):
        fields["thread_ts"] = str(body["thread_ts"])
    if body.get("response_type", "ephemeral") != "in_channel":
        fields["ephemeral_user"] = where["user"]
    messages.post(world, channel, fields)


def after_submission(world: World, user: str, view: Json, answer: Json | None) -> dict[str, str]:
    """Apply a response_action to the person's stack; returns inline errors by block_id.

    Raises ApiError when the answer is not one Slack understands; the person then sees a general failure.
    """
    stack = world.state.stacks.get(user, [])
    kind = (answer or {}).get("response_action")
    if kind is None:
        _close(world, user, view["id"])
        return {}
    if kind == "errors":
        return _inline_errors(view, answer or {})
    if kind == "clear":
        stack.clear()
        world.changed({"type": "view", "user": user})
        return {}
    if kind not in ("update", "push"):
        raise ApiError("invalid_response_action", f"[ERROR] response_action {kind!r} is not known")
    fresh = views.checked_view((answer or {}).get("view"), home=False)
    if kind == "push":
        views.push_on(world, user, fresh)
    else:
        views.store(world, user, fresh, view_id=view["id"])
    return {}


def _inline_errors(view: Json, answer: Json) -> dict[str, str]:
    errors = answer.get("errors")
    inputs = {block["block_id"] for block in view["blocks"] if block["type"] == "input"}
    if not isinstance(errors, dict) or not errors or not set(errors) <= inputs:
        raise ApiError("invalid_errors", "[ERROR] errors must map block_ids of input blocks to messages")
    return {str(key): str(value) for key, value in errors.items()}


def _close(world: World, user: str, view_id: str) -> None:
    stack = world.state.stacks.get(user, [])
    if view_id in stack:
        stack.remove(view_id)
    world.changed({"type": "view", "user": user})
