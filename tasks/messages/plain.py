"""A message or view as plain lines, the way a person reads it: for previews, transcripts and tests."""

from collections.abc import Iterator
from typing import Any

Node = dict[str, Any]


def as_text(message: Node) -> str:
    """The notification first, then one paragraph for each block; `[Button]`, `‹field›`, `| quoted`."""
    found = [f"🔔 {message['text']}"] if message.get("text") else []
    if "title" in message:
        found.append(f"▢ {message['title']['text']}")
    for block in message["blocks"]:
        found += _block(block)
    if "submit" in message:
        found.append(f"[{message['submit']['text']}] [{message['close']['text']}]")
    return "\n".join(found) + "\n"


def _block(block: Node) -> Iterator[str]:
    kind = block["type"]
    if kind == "header":
        yield f"# {block['text']['text']}"
    elif kind == "section":
        cells = [block["text"]] if "text" in block else block["fields"]
        yield "\n".join(cell["text"] for cell in cells)
    elif kind == "context":
        yield from (f"  · {line}" for row in block["elements"] for line in row["text"].split("\n"))
    elif kind == "divider":
        yield "---"
    elif kind == "rich_text":
        yield from (_rich(part) for part in block["elements"])
    elif kind == "actions":
        yield "    " + " ".join(shown for row in block["elements"] for shown in _control(row))
        yield from (_dialog(row["confirm"], row["text"]["text"]) for row in block["elements"] if "confirm" in row)
    elif kind == "input":
        yield from _input(block)


def _rich(part: Node) -> str:
    text = "".join(_inline(row) for row in part["elements"])
    return "\n".join(f"| {line}" for line in text.split("\n")) if part["type"] == "rich_text_quote" else text


def _inline(row: Node) -> str:
    if row["type"] == "link":
        return row["url"] if row["url"] == row["text"] else f"{row['text']} ({row['url']})"
    text = str(row["fallback"] if row["type"] == "date" else row["text"])
    return f"*{text}*" if row.get("style", {}).get("bold") else text


def _control(row: Node) -> Iterator[str]:
    if row["type"] == "overflow":
        yield "[⋯ " + " / ".join(option["text"]["text"] for option in row["options"]) + "]"
    else:
        yield f"[{row['text']['text']}{' ●' if row.get('style') == 'primary' else ''}]"


def _dialog(dialog: Node, label: str) -> str:
    said = dialog["text"]["text"].replace("\n", " ")
    answers = f"[{dialog['confirm']['text']}] [{dialog['deny']['text']}]"
    return f"    ({label} → {dialog['title']['text']} {said} {answers})"


def _input(block: Node) -> Iterator[str]:
    element = block["element"]
    start = element.get("initial_date", "")
    mark = "" if block.get("optional") else " *"
    yield f"{block['label']['text']}{mark} ‹{element['type']}{' ' + start if start else ''}›"
    if "hint" in block:
        yield f"  · {block['hint']['text']}"
