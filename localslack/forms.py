"""Input state: from what a person typed or chose to the ``state.values`` shape apps receive, with Slack's checks."""

import re
from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]
EMAIL = re.compile(r"^[^@\s]+@[^@\s]+\.[^@\s]+$")
URL = re.compile(r"^https?://[^\s/$.?#][^\s]*$", re.IGNORECASE)
# Which key of the state carries the answer, and which property of the element starts it off.
FIELDS = {
    "plain_text_input": ("value", "initial_value"),
    "url_text_input": ("value", "initial_value"),
    "email_text_input": ("value", "initial_value"),
    "number_input": ("value", "initial_value"),
    "static_select": ("selected_option", "initial_option"),
    "multi_static_select": ("selected_options", "initial_options"),
    "radio_buttons": ("selected_option", "initial_option"),
    "checkboxes": ("selected_options", "initial_options"),
    "users_select": ("selected_user", "initial_user"),
    "multi_users_select": ("selected_users", "initial_users"),
    "datepicker": ("selected_date", "initial_date"),
    "timepicker": ("selected_time", "initial_time"),
    "file_input": ("files", ""),
}
LISTS = ("multi_static_select", "checkboxes", "multi_users_select", "file_input")
REQUIRED = {"en": "Please complete this required field.", "ja": "この必須項目を入力してください。"}


class ChoiceError(ValueError):
    """The person cannot give this answer: no such option, or nothing to answer there."""


def elements(blocks: list[Json]) -> Iterator[tuple[Json, Json]]:
    """Every (block, element) pair a person can act on."""
    for block in blocks:
        rows = [block.get("element"), block.get("accessory")]
        if block["type"] == "actions":
            rows += block["elements"]
        for row in rows:
            if row and row.get("action_id"):
                yield block, row


def find(blocks: list[Json], action_id: str, block_id: str | None = None) -> tuple[Json, Json]:
    """The (block, element) with this action_id. Raises ChoiceError."""
    for block, row in elements(blocks):
        if row["action_id"] == action_id and block_id in (None, "", block["block_id"]):
            return block, row
    raise ChoiceError(f"no element with action_id {action_id!r} is shown there")


def initial(element: Json) -> Json | None:
    """The state an input has before anyone touches it, or None for what carries no state."""
    if element["type"] not in FIELDS:
        return None
    key, start = FIELDS[element["type"]]
    return {"type": element["type"], key: element.get(start, [] if element["type"] in LISTS else None)}


def carried(blocks: list[Json], before: Json) -> Json:
    """State for ``blocks``: entries already answered under the same ids stay, the rest start fresh."""
    values: Json = {}
    for block, row in elements(blocks):
        start = initial(row)
        if start is None:
            continue
        kept = before.get(block["block_id"], {}).get(row["action_id"])
        values.setdefault(block["block_id"], {})[row["action_id"]] = (
            kept if kept and kept["type"] == row["type"] else start
        )
    return values


def options(element: Json) -> list[Json]:
    """All options of an element, groups flattened."""
    groups = element.get("option_groups") or []
    return list(element.get("options") or [row for group in groups for row in group["options"]])


def option(element: Json, value: str) -> Json:
    """The option with this value. Raises ChoiceError."""
    for row in options(element):
        if row["value"] == value:
            return row
    raise ChoiceError(f"{element['action_id']!r} offers no option {value!r}")


def answer(element: Json, raw: Any, files: dict[str, Json]) -> Json:
    """The state entry for a person's raw answer (strings, lists of strings, file ids). Raises ChoiceError."""
    kind = element["type"]
    if kind not in FIELDS:
        raise ChoiceError(f"{kind} takes no answer")
    key = FIELDS[kind][0]
    if isinstance(raw, dict) and raw.get("type") == kind:
        return raw
    if kind == "file_input":
        return {"type": kind, key: [_file(files, name) for name in raw or []]}
    if key == "selected_options":
        return {"type": kind, key: [option(element, value) for value in raw or []]}
    if key == "selected_option":
        return {"type": kind, key: option(element, raw) if raw else None}
    if kind == "multi_users_select":
        return {"type": kind, key: list(raw or [])}
    return {"type": kind, key: str(raw) if raw not in (None, "") else None}


def _file(files: dict[str, Json], name: str) -> Json:
    if name not in files:
        raise ChoiceError(f"no file {name!r} was uploaded")
    return files[name]


def errors(blocks: list[Json], values: Json, language: str) -> dict[str, str]:
    """What Slack's own client refuses before asking the app: block_id to message."""
    found: dict[str, str] = {}
    for block in blocks:
        if block["type"] != "input":
            continue
        row = block["element"]
        state = values.get(block["block_id"], {}).get(row["action_id"], {})
        message = _problem(block, row, state.get(FIELDS[row["type"]][0]), language)
        if message:
            found[block["block_id"]] = message
    return found


def _problem(block: Json, row: Json, value: Any, language: str) -> str | None:
    japanese = language == "ja"
    if value in (None, "", []):
        return None if block.get("optional") else REQUIRED["ja" if japanese else "en"]
    if row["type"] == "email_text_input" and not EMAIL.match(value):
        return "有効なメールアドレスを入力してください。" if japanese else "Enter a valid email address."
    if row["type"] == "url_text_input" and not URL.match(value):
        return "http(s) で始まる URL を入力してください。" if japanese else "Enter a full URL with http(s)."
    if row["type"] == "number_input":
        return _number_problem(row, value, japanese)
    if row["type"] == "plain_text_input":
        return _length_problem(row, value, japanese)
    return None


def _number_problem(row: Json, value: str, japanese: bool) -> str | None:
    try:
        number = float(value)
    except ValueError:
        return "数値を入力してください。" if japanese else "Enter a number."
    whole = row.get("is_decimal_allowed") or number == int(number)
    low, high = float(row.get("min_value", "-inf")), float(row.get("max_value", "inf"))
    if whole and low <= number <= high:
        return None
    return "範囲内の数値を入力してください。" if japanese else "Enter a number within the allowed range."


def _length_problem(row: Json, value: str, japanese: bool) -> str | None:
    low, high = row.get("min_length", 0), row.get("max_length", 3000)
    if low <= len(value) <= high:
        return None
    if japanese:
        return f"{low}〜{high}文字で入力してください。"
    return f"Use {low} to {high} characters."
