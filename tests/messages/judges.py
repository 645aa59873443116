"""Two judges beside our own rules, who know Slack from elsewhere: a schema made from its published types, and slackblocks' limits.

The schema (`slack_types/`, from npm's @slack/types) knows which keys and kinds there are, slackblocks how long and how many.
Both judge block by block, each different block once: most are the same in many messages.
"""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft7Validator, ValidationError
from jsonschema.validators import extend
from slackblocks import _limits
from slackblocks._surfaces import _BLOCK_TYPES_BY_SURFACE as SURFACES

from localslack import limits
from tasks.blocks import problems

Node = dict[str, Any]
SCHEMA = json.loads((Path(__file__).parent / "slack_types" / "schema.json").read_text("utf-8"))
# What slackblocks calls a part: by its key, or by its type.
PARTS = {"confirm": "confirmation", "options": "option", "option_groups": "option_group", "initial_option": "option"}
KINDS = {
    "datepicker": "date_picker",
    "static_select": "select",
    "timepicker": "time_picker",
    "url_text_input": "url_input",
    "users_select": "select",
}
ROOTS = {None: "Message", "modal": "Modal", "home": "Home"}


# What Hoshin never writes, though Slack would take it: texts that Slack formats, and whatever calls or names somebody.
FORBIDDEN = (
    "mrkdwn",
    "markdown",
    "user",
    "usergroup",
    "channel",
    "team",
    "broadcast",
    "emoji",
    "color",
    "image",
    "video",
)


def judge(payload: Node) -> list[str]:
    """What anybody has against a message or a view: the two, the local Slack, Hoshin's own rules."""
    if "type" in payload:
        local = limits.view_problems(payload)
    else:
        local = limits.problems(payload["blocks"], surface="message")
    return [*verdict(payload), *local, *problems(payload), *house_problems(payload)]


def house_problems(payload: Node) -> Iterator[str]:
    """No part that Slack formats, calls somebody by or fetches something for; and no emoji made of a name's colons."""
    for node in walk(payload.get("blocks")):
        if node.get("type") in FORBIDDEN:
            yield f"a part of type {node['type']} is never ours: {str(node)[:80]}"
        if node.get("type") == "plain_text" and node.get("emoji") is not False:
            yield f"emoji must be off: {str(node)[:80]}"


def walk(node: Any) -> Iterator[Node]:
    """Every object within."""
    if isinstance(node, dict):
        yield node
    for value in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from walk(value)


def verdict(payload: Node) -> list[str]:
    """What the two have against a message (`text`, `blocks`) or a view (`type`, `blocks`, …)."""
    blocks = payload.get("blocks", [])
    root = ROOTS[payload.get("type")]
    found = [_said(error) for error in _validator(root).iter_errors({**payload, "blocks": []})]
    found += _sizes({**payload, "blocks": [0] * len(blocks)}, "view" if "type" in payload else "message", "")
    taken = SURFACES[payload.get("type", "message")]  # by slackblocks: which blocks a surface takes
    for n, block in enumerate(blocks):
        if block.get("type") not in taken:
            found.append(f"blocks[{n}]: {block.get('type')} is no block of this surface")
        found += [f"blocks[{n}]{problem}" for problem in _of_block(json.dumps(block, sort_keys=True))]
    return found


@cache
def _of_block(written: str) -> tuple[str, ...]:
    block = json.loads(written)
    name = _definitions().get(block.get("type"))
    if name is None:
        return (f": {block.get('type')} is no block of Slack's",)
    schema = [_said(error) for error in _validator(name).iter_errors(block)]
    return (*schema, *_sizes(block, str(block["type"]), ""))


def _sizes(node: Node, kind: str, place: str) -> list[str]:
    """By slackblocks' registry of limits, whose names are made of the kind of a part, the property and the limit."""
    found = []
    for key, value in node.items():
        words = value.get("text") if isinstance(value, dict) and isinstance(value.get("text"), str) else value
        size = len(words) if isinstance(words, str | list) else None
        for end, broken in (("MAX", lambda size, most: size > most), ("MIN", lambda size, least: size < least)):
            unit = "ITEMS" if isinstance(words, list) else "LENGTH"
            limit = getattr(_limits, f"{KINDS.get(kind, kind)}_{key}_{end}_{unit}".upper(), None) or getattr(
                _limits, f"{key}_{end}_{unit}".upper(), None
            )
            if size is not None and limit is not None and broken(size, limit):
                found.append(f"{place}.{key}: {size} where slackblocks allows {end.lower()} {limit}")
        for n, part in enumerate(value if isinstance(value, list) else [value]):
            if isinstance(part, dict):
                found += _sizes(part, PARTS.get(key) or str(part.get("type", key)), f"{place}.{key}[{n}]")
    return found


@cache
def _definitions() -> dict[str, str]:
    """The definition of each block, by its `type`."""
    names = [one["$ref"].rsplit("/", 1)[1] for one in SCHEMA["definitions"]["KnownBlock"]["anyOf"]]
    return {_kind(SCHEMA["definitions"][name]): name for name in names}


def _kind(definition: Node) -> str:
    """Some blocks have several shapes, all of one `type`."""
    shape = definition if "properties" in definition else definition["anyOf"][0]
    return str(shape["properties"]["type"]["const"])


@cache
def _validator(name: str) -> Draft7Validator:
    return extend(Draft7Validator, {"anyOf": _of_its_type, "$ref": _by_name})({"$ref": f"#/definitions/{name}"})


def _by_name(validator: Any, target: str, instance: Any, schema: Node) -> Iterator[Any]:
    """All references are names in this one file: looked up at once instead of resolved as addresses."""
    yield from validator.descend(instance, _definition(target))


def _definition(target: str) -> Node:
    found: Node = SCHEMA["definitions"][target.removeprefix("#/definitions/")]
    return found


def _of_its_type(validator: Any, choices: list[Node], instance: Any, schema: Node) -> Iterator[Any]:
    """Of a union only the shapes whose `type` is the instance's are tried; the others fail by that constant anyway."""
    kind = instance.get("type") if isinstance(instance, dict) else None
    shapes = [shape for choice in choices for shape in _shapes(choice)]
    tries = [list(validator.descend(instance, shape)) for shape in shapes if _const(shape) in (None, kind)]
    if not tries:
        yield ValidationError(f"{kind} is none of {sorted({str(_const(shape)) for shape in shapes})}")
    elif all(tries):
        yield from min(tries, key=len)


def _shapes(choice: Node) -> list[Node]:
    found = _definition(choice["$ref"]) if set(choice) == {"$ref"} else choice
    return [shape for one in found["anyOf"] for shape in _shapes(one)] if set(found) == {"anyOf"} else [found]


def _const(shape: Node) -> str | None:
    kind: str | None = shape.get("properties", {}).get("type", {}).get("const")
    return kind


def _said(error: Any) -> str:
    return f"{error.json_path.removeprefix('$')}: {error.message[:200]}"
