"""What a part of a message or view must have, beyond sizes: complete dialogs, choices that differ, nothing empty.

Sources: Slack's reference pages "Block elements", "Composition objects", "Rich text block" and "Views".
"""

from collections.abc import Iterator
from typing import Any

Node = dict[str, Any]
# How many choices a part may offer.
CHOICES = {"overflow": 5, "static_select": 100, "multi_static_select": 100, "radio_buttons": 10, "checkboxes": 10}
NEEDED = {
    "confirm": ("title", "text", "confirm", "deny"),  # Slack fills in words of its own, in its own language
    "date": ("timestamp", "format", "fallback"),  # without a fallback, old clients and exports show nothing
    "button": ("action_id", "text", "value"),
    "input": ("label", "element"),
}
CONTAINERS = ("rich_text", "rich_text_section", "rich_text_quote", "rich_text_list", "rich_text_preformatted")
VIEW_BYTES = 250_000


def check_part(node: Node, kind: str, place: str) -> Iterator[str]:
    """One sentence for each rule that this part itself breaks; what lies within is looked at on its own."""
    for key in NEEDED.get(kind, ()):
        if not node.get(key):
            yield f"{place}.{key}: a {kind} needs it"
    if kind in CONTAINERS and not node.get("elements"):
        yield f"{place}: has no elements"
    if kind == "section" and not (node.get("text") or node.get("fields")):
        yield f"{place}: a section needs text or fields"
    if len(_text_of(node.get("placeholder"))) > 150:
        yield f"{place}.placeholder: is longer than 150"
    if kind == "file_input" and not 1 <= int(node.get("max_files", 10)) <= 10:
        yield f"{place}.max_files: Slack allows 1 to 10"
    if kind in CHOICES and "option_groups" not in node:
        yield from _choices(node, kind, place)
    if kind == "actions" and [row.get("style") for row in node.get("elements", ())].count("primary") > 1:
        yield f"{place}: only one button may be primary"


def check_surface(payload: Node) -> Iterator[str]:
    """What depends on where the blocks stand."""
    kind = payload.get("type", "message")
    if kind not in ("message", "modal", "home"):
        yield f"type: there is no surface {kind}"
    if kind == "modal" and not payload.get("title"):
        yield "view.title: a modal needs it"
    asking = [n for n, block in enumerate(payload.get("blocks") or ()) if block.get("type") == "input"]
    if asking and kind != "modal":
        yield f"blocks[{asking[0]}]: what people fill in stands in modals only"
    if kind != "message" and len(str(payload).encode("utf-8", "replace")) > VIEW_BYTES:
        yield f"view: is larger than {VIEW_BYTES} bytes"


def _choices(node: Node, kind: str, place: str) -> Iterator[str]:
    options = node.get("options") or []
    if not 1 <= len(options) <= CHOICES[kind]:
        yield f"{place}.options: Slack allows 1 to {CHOICES[kind]}"
    values = [option.get("value") for option in options]
    if len(set(values)) < len(values):
        yield f"{place}.options: two have the same value"
    if "initial_option" in node and node["initial_option"] not in options:
        yield f"{place}.initial_option: is none of the options"


def _text_of(value: Any) -> str:
    return str(value.get("text", "")) if isinstance(value, dict) else ""
