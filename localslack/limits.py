"""Slack's documented Block Kit limits as one pure function, ``problems()``, and its sibling for views.

Source: Slack's reference pages "Block Kit blocks", "Block elements", "Composition objects" and "Views".
Each problem is one sentence that begins with the place, e.g. ``blocks[2].text: ...``.
"""

from collections.abc import Callable
from typing import Any

Json = dict[str, Any]
MAX_BLOCKS = {"message": 50, "modal": 100, "home": 100}
MAX_TEXT = 40_000
MAX_VIEW_BYTES = 250_000
ID_LENGTH = 255
ELEMENT_BASE = {"type", "action_id"}
SELECT = {"placeholder", "confirm", "focus_on_load"}
TEXTUAL = {"placeholder", "initial_value", "dispatch_action_config", "focus_on_load"}
OPTIONED = {"options", "option_groups"}
BLOCKS: dict[str, set[str]] = {
    "header": {"text"},
    "section": {"text", "fields", "accessory", "expand"},
    "divider": set(),
    "context": {"elements"},
    "actions": {"elements"},
    "input": {"label", "element", "hint", "optional", "dispatch_action"},
    "image": {"image_url", "alt_text", "title", "slack_file"},
    "rich_text": {"elements"},
}
ELEMENTS: dict[str, set[str]] = {
    "button": {"text", "url", "value", "style", "confirm", "accessibility_label"},
    "overflow": {"options", "confirm"},
    "image": {"image_url", "alt_text", "slack_file"},
    "static_select": SELECT | OPTIONED | {"initial_option"},
    "multi_static_select": SELECT | OPTIONED | {"initial_options", "max_selected_items"},
    "users_select": SELECT | {"initial_user"},
    "multi_users_select": SELECT | {"initial_users", "max_selected_items"},
    "datepicker": SELECT | {"initial_date"},
    "timepicker": SELECT | {"initial_time", "timezone"},
    "checkboxes": {"options", "initial_options", "confirm", "focus_on_load"},
    "radio_buttons": {"options", "initial_option", "confirm", "focus_on_load"},
    "plain_text_input": TEXTUAL | {"multiline", "min_length", "max_length"},
    "url_text_input": TEXTUAL,
    "email_text_input": TEXTUAL,
    "number_input": TEXTUAL | {"is_decimal_allowed", "min_value", "max_value"},
    "file_input": {"filetypes", "max_files"},
}
CHOICES = {
    name for name in ELEMENTS if "select" in name or name in ("datepicker", "timepicker", "checkboxes", "radio_buttons")
}
PLACES: dict[str, set[str]] = {
    "accessory": CHOICES | {"button", "overflow", "image"},
    "actions": (CHOICES - {"multi_static_select", "multi_users_select"}) | {"button", "overflow"},
    "input": set(ELEMENTS) - {"button", "overflow", "image"},
}
OPTION_COUNTS = {"overflow": 5, "checkboxes": 10, "radio_buttons": 10}
VIEW_KEYS = {
    "type", "title", "blocks", "close", "submit", "private_metadata", "callback_id", "clear_on_close",
    "notify_on_close", "external_id", "submit_disabled",
}  # fmt: skip


def problems(blocks: Any, *, surface: str) -> list[str]:
    """Everything Slack would refuse in ``blocks`` on a "message", "modal" or "home". Empty means fine."""
    if not isinstance(blocks, list):
        return ["blocks: must be a list"]
    check = _Check(surface)
    check.count("blocks", blocks, 0, MAX_BLOCKS[surface])
    for n, block in enumerate(blocks):
        check.block(f"blocks[{n}]", block)
    return check.found


def view_problems(view: Any) -> list[str]:
    """Everything Slack would refuse in a view payload of type "modal" or "home"."""
    if not isinstance(view, dict) or view.get("type") not in ("modal", "home"):
        return ["view.type: must be modal or home"]
    kind: str = view["type"]
    check = _Check(kind)
    check.unknown("view", view, VIEW_KEYS)
    check.length("view.private_metadata", view.get("private_metadata", ""), 3000)
    check.length("view.callback_id", view.get("callback_id", ""), ID_LENGTH)
    if kind == "modal":
        check.text("view.title", view.get("title"), 24, plain=True)
        for key in ("submit", "close"):
            if view.get(key) is not None:
                check.text(f"view.{key}", view[key], 24, plain=True)
        if not view.get("submit") and any(_type(row) == "input" for row in view.get("blocks") or []):
            check.say("view.submit", "is required because the modal has input blocks")
    return check.found + problems(view.get("blocks"), surface=kind)


def _type(row: Any) -> Any:
    kind = row.get("type") if isinstance(row, dict) else None
    return kind if isinstance(kind, str) else None


def _whole(value: Any) -> int:
    return value if isinstance(value, int) else -1


class _Check:
    def __init__(self, surface: str) -> None:
        self.surface = surface
        self.found: list[str] = []
        self.block_ids: set[str] = set()
        self.focus = 0

    def say(self, place: str, message: str) -> None:
        self.found.append(f"{place}: {message}")

    def unknown(self, place: str, row: Json, allowed: set[str]) -> None:
        for key in sorted(str(name) for name in set(row) - allowed):
            self.say(place, f"unknown property {key!r}")

    def count(self, place: str, rows: Any, low: int, high: int) -> list[Any]:
        if not isinstance(rows, list):
            self.say(place, "must be a list")
            return []
        if not low <= len(rows) <= high:
            self.say(place, f"has {len(rows)} items; Slack allows {low} to {high}")
        return rows

    def length(self, place: str, value: Any, high: int, *, low: int = 0) -> None:
        if not isinstance(value, str):
            self.say(place, "must be a string")
        elif not low <= len(value) <= high:
            self.say(place, f"has {len(value)} characters; Slack allows {low} to {high}")

    def text(self, place: str, value: Any, high: int, *, plain: bool = False) -> None:
        if not isinstance(value, dict):
            return self.say(place, "must be a text object")
        kind = value.get("type")
        if kind not in (("plain_text",) if plain else ("plain_text", "mrkdwn")):
            self.say(place, f"type must be {'plain_text' if plain else 'plain_text or mrkdwn'}")
        self.unknown(place, value, {"type", "text", "emoji" if kind == "plain_text" else "verbatim"})
        self.length(place, value.get("text"), high, low=1)
        return None

    def block(self, place: str, block: Any) -> None:
        kind = _type(block)
        if kind not in BLOCKS:
            return self.say(place, f"unsupported type {kind!r}")
        self.unknown(place, block, BLOCKS[kind] | {"type", "block_id"})
        if kind == "input" and self.surface == "message" and _type(block.get("element")) == "file_input":
            self.say(place, "file_input works in modals only")
        if "block_id" in block:
            self.block_id(place, block["block_id"])
        check: Callable[[str, Json], None] | None = getattr(self, f"block_{kind}", None)
        if check:
            check(place, block)
        return None

    def block_id(self, place: str, value: Any) -> None:
        self.length(f"{place}.block_id", value, ID_LENGTH, low=1)
        if isinstance(value, str) and value in self.block_ids:
            self.say(f"{place}.block_id", f"{value!r} is used twice")
        self.block_ids.add(str(value))

    def block_header(self, place: str, block: Json) -> None:
        self.text(f"{place}.text", block.get("text"), 150, plain=True)

    def block_section(self, place: str, block: Json) -> None:
        if block.get("text") is None and not block.get("fields"):
            self.say(place, "needs text or fields")
        if block.get("text") is not None:
            self.text(f"{place}.text", block["text"], 3000)
        if "fields" in block:
            for n, row in enumerate(self.count(f"{place}.fields", block["fields"], 1, 10)):
                self.text(f"{place}.fields[{n}]", row, 2000)
        if "accessory" in block:
            self.elements(f"{place}.accessory", [block["accessory"]], PLACES["accessory"])

    def block_context(self, place: str, block: Json) -> None:
        for n, row in enumerate(self.count(f"{place}.elements", block.get("elements"), 1, 10)):
            if _type(row) == "image":
                self.element(f"{place}.elements[{n}]", row)
            else:
                self.text(f"{place}.elements[{n}]", row, 2000)

    def block_actions(self, place: str, block: Json) -> None:
        rows = self.count(f"{place}.elements", block.get("elements"), 1, 25)
        self.elements(f"{place}.elements", rows, PLACES["actions"])

    def block_input(self, place: str, block: Json) -> None:
        self.text(f"{place}.label", block.get("label"), 2000, plain=True)
        if block.get("hint") is not None:
            self.text(f"{place}.hint", block["hint"], 2000, plain=True)
        self.elements(f"{place}.element", [block.get("element")], PLACES["input"])

    def block_image(self, place: str, block: Json) -> None:
        self.image(place, block)
        if block.get("title") is not None:
            self.text(f"{place}.title", block["title"], 2000, plain=True)

    def block_rich_text(self, place: str, block: Json) -> None:
        kinds = ("rich_text_section", "rich_text_list", "rich_text_quote", "rich_text_preformatted")
        for n, row in enumerate(self.count(f"{place}.elements", block.get("elements"), 1, 1000)):
            if _type(row) not in kinds:
                self.say(f"{place}.elements[{n}]", f"unsupported type {_type(row)!r}")
            elif not isinstance(row.get("elements"), list):
                self.say(f"{place}.elements[{n}].elements", "must be a list")

    def elements(self, place: str, rows: list[Any], allowed: set[str]) -> None:
        ids: set[str] = set()
        for n, row in enumerate(rows):
            spot = f"{place}[{n}]" if place.endswith("elements") else place
            if _type(row) not in allowed:
                self.say(spot, f"unsupported element {_type(row)!r} here")
                continue
            self.element(spot, row)
            name = str(row.get("action_id", f"#{n}"))
            if name in ids:
                self.say(f"{spot}.action_id", f"{name!r} is used twice in one block")
            ids.add(name)

    def element(self, place: str, row: Json) -> None:
        kind: str = row["type"]
        self.unknown(place, row, ELEMENTS[kind] | ELEMENT_BASE)
        if "action_id" in row:
            self.length(f"{place}.action_id", row["action_id"], ID_LENGTH, low=1)
        if kind == "image":
            return self.image(place, row)
        if kind == "button":
            self.button(place, row)
        if row.get("placeholder") is not None:
            self.text(f"{place}.placeholder", row["placeholder"], 150, plain=True)
        if "confirm" in row:
            self.confirm(f"{place}.confirm", row["confirm"])
        if OPTIONED & ELEMENTS[kind]:
            self.option_lists(place, row, kind)
        if row.get("focus_on_load"):
            self.focus += 1
            if self.focus > 1:
                self.say(f"{place}.focus_on_load", "is set on more than one element")
        if kind == "file_input" and not 1 <= _whole(row.get("max_files", 10)) <= 10:
            self.say(f"{place}.max_files", "must be 1 to 10")
        if kind == "number_input" and "is_decimal_allowed" not in row:
            self.say(f"{place}.is_decimal_allowed", "is required")
        if kind == "plain_text_input":
            self.lengths(place, row)
        return None

    def lengths(self, place: str, row: Json) -> None:
        low, high = _whole(row.get("min_length", 0)), _whole(row.get("max_length", 3000))
        if not (0 <= low <= 3000 and 1 <= high <= 3000 and low <= high):
            self.say(place, "min_length and max_length must be in order and at most 3000")
        if "initial_value" in row:
            self.length(f"{place}.initial_value", row["initial_value"], 3000)

    def button(self, place: str, row: Json) -> None:
        self.text(f"{place}.text", row.get("text"), 75, plain=True)
        self.length(f"{place}.value", row.get("value", ""), 2000)
        self.length(f"{place}.url", row.get("url", ""), 3000)
        self.length(f"{place}.accessibility_label", row.get("accessibility_label", ""), 75)
        if row.get("style") not in (None, "primary", "danger"):
            self.say(f"{place}.style", "must be primary or danger, or left out")

    def option_lists(self, place: str, row: Json, kind: str) -> None:
        if ("options" in row) == ("option_groups" in row):
            return self.say(place, "needs either options or option_groups")
        if "options" in row:
            return self.options(f"{place}.options", row["options"], kind)
        for n, group in enumerate(self.count(f"{place}.option_groups", row["option_groups"], 1, 100)):
            row = group if isinstance(group, dict) else {}
            self.text(f"{place}.option_groups[{n}].label", row.get("label"), 75, plain=True)
            self.options(f"{place}.option_groups[{n}].options", row.get("options"), kind)
        return None

    def options(self, place: str, rows: Any, kind: str) -> None:
        for n, row in enumerate(self.count(place, rows, 1, OPTION_COUNTS.get(kind, 100))):
            if not isinstance(row, dict):
                self.say(f"{place}[{n}]", "must be an option object")
                continue
            extra = {"url"} if kind == "overflow" else set()
            self.unknown(f"{place}[{n}]", row, {"text", "value", "description"} | extra)
            plain = kind not in ("checkboxes", "radio_buttons")
            self.text(f"{place}[{n}].text", row.get("text"), 75, plain=plain)
            self.length(f"{place}[{n}].value", row.get("value"), 150)
            if row.get("description") is not None:
                self.text(f"{place}[{n}].description", row["description"], 75, plain=plain)

    def confirm(self, place: str, row: Any) -> None:
        if not isinstance(row, dict):
            return self.say(place, "must be a confirm object")
        self.unknown(place, row, {"title", "text", "confirm", "deny", "style"})
        self.text(f"{place}.title", row.get("title"), 100, plain=True)
        self.text(f"{place}.text", row.get("text"), 300)
        for key in ("confirm", "deny"):
            self.text(f"{place}.{key}", row.get(key), 30, plain=True)
        return None

    def image(self, place: str, row: Json) -> None:
        if not row.get("image_url") and not row.get("slack_file"):
            self.say(place, "needs image_url or slack_file")
        self.length(f"{place}.image_url", row.get("image_url", ""), 3000)
        self.length(f"{place}.alt_text", row.get("alt_text"), 2000, low=1)
