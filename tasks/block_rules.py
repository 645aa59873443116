"""Our own rules for messages and views: duplicate ids, empty parts, sizes, and no text that Slack would interpret.

Sizes: Slack's reference pages "Blocks", "Block elements", "Composition objects" and "Views".
"""

from collections.abc import Iterator
from typing import Any

from tasks.part_rules import check_part, check_surface
from tasks.words import is_web_link

Node = dict[str, Any]
# Where a text object stands decides how long it may be.
TEXT_SIZES = {
    ("header", "text"): 150,
    ("section", "text"): 3000,
    ("section", "fields"): 2000,
    ("context", "elements"): 2000,
    ("button", "text"): 75,
    ("option", "text"): 75,
    ("option", "description"): 75,
    ("input", "label"): 2000,
    ("input", "hint"): 2000,
    ("confirm", "title"): 100,
    ("confirm", "text"): 300,
    ("confirm", "confirm"): 30,
    ("confirm", "deny"): 30,
    ("view", "title"): 24,
    ("view", "submit"): 24,
    ("view", "close"): 24,
}
STRING_SIZES = {"action_id": 255, "block_id": 255, "value": 2000, "url": 3000, "private_metadata": 3000}
COUNTS = {("actions", "elements"): 25, ("context", "elements"): 10, ("section", "fields"): 10}
MOST_TEXT = 40_000


def check(message: Node) -> list[str]:
    """One sentence for each rule that a message (`text`, `blocks`) or view (`type`, `blocks`, …) breaks."""
    blocks = message.get("blocks") or []
    found = [*_frame(message, blocks), *check_surface(message)]
    for n, block in enumerate(blocks):
        found += _node(block, f"blocks[{n}]")
    return found + list(_ids(blocks))


def _frame(message: Node, blocks: list[Node]) -> Iterator[str]:
    view = "type" in message
    if not blocks:
        yield "blocks: there are none"
    if len(blocks) > (100 if view else 50):
        yield f"blocks: {len(blocks)} are too many"
    if not view and not 1 <= len(str(message.get("text", "")).strip()) <= MOST_TEXT:
        yield "text: a message needs words for the notification"
    for key in ("title", "submit", "close"):
        if key in message:
            yield from _text(message[key], ("view", key), f"view.{key}")
    if len(message.get("private_metadata", "")) > STRING_SIZES["private_metadata"]:
        yield "view.private_metadata: is too long"
    inputs = any(block["type"] == "input" for block in blocks)
    if message.get("type") == "modal" and inputs and not message.get("submit"):
        yield "view.submit: a modal with inputs needs it"


def _ids(blocks: list[Node]) -> Iterator[str]:
    seen: set[str] = set()
    for block in blocks:
        name = block.get("block_id", "")
        if not name or name in seen:
            yield f"block_id {name!r}: missing or used twice"
        seen.add(name)
        actions = [row["action_id"] for row in block.get("elements", ()) if "action_id" in row]
        for action in {name for name in actions if actions.count(name) > 1}:
            yield f"block_id {name!r}: action_id {action!r} is used twice"


def _node(node: Node, place: str, kind: str = "") -> list[str]:
    kind = kind or node.get("type", "")
    found: list[str] = []
    if kind in ("actions", "context") and not node.get("elements"):
        found.append(f"{place}: has no elements")
    for key, size in STRING_SIZES.items():
        limit = 150 if kind == "option" and key == "value" else size
        if isinstance(node.get(key), str) and len(node[key]) > limit:
            found.append(f"{place}.{key}: is longer than {limit}")
    if kind == "link" and not is_web_link(node["url"]):
        found.append(f"{place}.url: is not http(s)")
    if kind == "text" and not node.get("text"):
        found.append(f"{place}.text: is empty")
    found += check_part(node, kind, place)
    for key, value in node.items():
        found += _child(kind, key, value, f"{place}.{key}")
    return found


def _child(kind: str, key: str, value: Any, place: str) -> list[str]:
    if isinstance(value, list):
        limit = COUNTS.get((kind, key), 1000)
        found = [f"{place}: {len(value)} are more than {limit}"] if len(value) > limit else []
        role = "option" if key == "options" else ""
        for n, row in enumerate(value):
            found += _part(kind, key, row, f"{place}[{n}]", role)
        return found
    return _part(kind, key, value, place, "confirm" if key == "confirm" else "")


def _part(kind: str, key: str, value: Any, place: str, role: str) -> list[str]:
    if not isinstance(value, dict) or key == "style":
        return []
    if value.get("type") in ("plain_text", "mrkdwn"):
        return list(_text(value, (kind, key), place))
    return _node(value, place, role)


def _text(value: Node, where: tuple[str, str], place: str) -> Iterator[str]:
    limit = TEXT_SIZES.get(where, 3000)
    size = len(value["text"])
    if value["type"] != "plain_text":
        yield f"{place}: only plain_text is safe for people's words"
    if not value["text"].strip():
        yield f"{place}: is empty"
    if size > limit:
        yield f"{place}: has {size} characters; {limit} are allowed"
