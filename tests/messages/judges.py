"""Two judges beside our own rules, who know Slack from elsewhere: a schema made from its published types, and slackblocks' limits.

The schema (`slack_types/`, from npm's @slack/types) knows which keys and kinds there are, slackblocks how long and how many.
Both judge block by block, each different block once: most are the same in many messages.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft7Validator
from slackblocks import _limits

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


def verdict(payload: Node) -> list[str]:
    """What the two have against a message (`text`, `blocks`) or a view (`type`, `blocks`, …)."""
    blocks = payload.get("blocks", [])
    root = ROOTS[payload.get("type")]
    found = [_said(error) for error in _validator(root).iter_errors({**payload, "blocks": []})]
    found += _sizes({**payload, "blocks": [0] * len(blocks)}, "view" if "type" in payload else "message", "")
    for n, block in enumerate(blocks):
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
    return Draft7Validator({"$ref": f"#/definitions/{name}", "definitions": SCHEMA["definitions"]})


def _said(error: Any) -> str:
    return f"{error.json_path.removeprefix('$')}: {error.message[:200]}"
