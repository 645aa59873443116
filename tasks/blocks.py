"""Small typed builders for Slack's Block Kit, and `problems()`, our own rules for what they make.

Nothing built here lets Slack interpret a person's words: sentences become `rich_text` (Slack formats nothing inside a
text element; reference "Rich text block") or `plain_text` without emoji; mrkdwn objects are not used at all. Japanese
gains too: mrkdwn's `*bold*` needs spaces around it, a rich text style does not.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from tasks.words import RELEASE, Raw, clean, cut, is_web_link

Block = dict[str, Any]
Element = dict[str, Any]

PREFIX = "hoshin.v1"
HEADER, SECTION, FIELD, CONTEXT, BUTTON, OPTION = 150, 3000, 2000, 2000, 75, 75
NOTIFICATION = 1000
QUOTE = 1500
# Our own markup, in the order it is looked for: control sequences, then *bold*, then _italic_.
TOKEN = re.compile(r"<(?P<control>[^<>]+)>|\*(?P<bold>[^*\n]+)\*|(?<!\w)_(?P<italic>[^_\n]+)_(?!\w)")
ENTITY = re.compile("&(amp|lt|gt);")
ENTITIES = {"amp": "&", "lt": "<", "gt": ">"}
MARKUP = re.compile(r"<[^<>]*>|&(?:amp|lt|gt);|.", re.DOTALL)


def literal(raw: str) -> str:
    """Escaped text without markup as the reader sees it: entities decoded, held characters released."""
    return ENTITY.sub(lambda found: ENTITIES[found[1]], raw).translate(RELEASE)


def shown(raw: Raw) -> str:
    """A fragment as plain words: a link is its label, a date its fallback, bold is dropped."""
    return "".join(str(part.get("text") or part.get("fallback") or "") for part in _parts(raw))


def fit(raw: Raw, limit: int) -> Raw:
    """At most `limit` characters of escaped text, never ending inside an entity or a control sequence."""
    if len(raw) <= limit:
        return raw
    kept, used = [], 0
    for piece in MARKUP.findall(raw):
        if used + len(piece) > limit - 1:
            break
        kept.append(piece)
        used += len(piece)
    return Raw("".join(kept).rstrip() + "…")


def notification(raw: Raw) -> str:
    """The top-level `text`: still escaped, because Slack reads control sequences there; bold and links become words."""
    text = " ".join(shown(raw).split())
    return str(fit(Raw(text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")), NOTIFICATION))


def lines(*raws: Raw | None) -> Raw:
    """Fragments below each other; empty ones leave no gap."""
    return Raw("\n".join(raw for raw in raws if raw))


def plain(raw: Raw, limit: int) -> Element:
    """A plain_text object; emoji off, so that `:smile:` in a name stays as typed."""
    return {"type": "plain_text", "text": cut(shown(raw), limit), "emoji": False}


def header(block_id: str, raw: Raw) -> Block:
    return {"type": "header", "block_id": _id(block_id), "text": plain(raw, HEADER)}


def section(block_id: str, raw: Raw) -> Block:
    return {"type": "section", "block_id": _id(block_id), "text": plain(raw, SECTION)}


def fields(block_id: str, cells: Iterable[Raw]) -> Block:
    """Up to ten short cells in two columns."""
    return {"type": "section", "block_id": _id(block_id), "fields": [plain(cell, FIELD) for cell in cells][:10]}


def context(block_id: str, *raws: Raw | None) -> Block:
    """Small grey lines."""
    return {"type": "context", "block_id": _id(block_id), "elements": [plain(lines(*raws), CONTEXT)]}


def rich(block_id: str, raw: Raw, *, quote: str = "") -> Block:
    """A paragraph, with a person's own words quoted below it exactly as they wrote them."""
    elements: list[Element] = [{"type": "rich_text_section", "elements": _parts(raw)}]
    words = cut(clean(quote).strip(), QUOTE)
    if words:
        elements.append({"type": "rich_text_quote", "elements": [{"type": "text", "text": words}]})
    return {"type": "rich_text", "block_id": _id(block_id), "elements": elements}


def divider(block_id: str) -> Block:
    return {"type": "divider", "block_id": _id(block_id)}


def actions(block_id: str, elements: Sequence[Element]) -> Block:
    return {"type": "actions", "block_id": _id(block_id), "elements": list(elements)}


def button(verb: str, label: Raw, value: str, *, style: str | None = None, confirm: Element | None = None) -> Element:
    """A button; `value` is an opaque id. Only one button of a block should be `primary`."""
    made: Element = {
        "type": "button",
        "action_id": f"{PREFIX}.{verb}",
        "text": plain(label, BUTTON),
        "value": clean(value),
    }
    if style:
        made["style"] = style
    if confirm:
        made["confirm"] = confirm
    return made


def confirmation(title: Raw, text: Raw, yes: Raw, no: Raw) -> Element:
    """The dialog between a press and its effect."""
    return {"title": plain(title, 100), "text": plain(text, 300), "confirm": plain(yes, 30), "deny": plain(no, 30)}


def overflow(choices: Iterable[tuple[str, Raw]], subject: str) -> Element:
    """The "⋯" menu; each value is `verb:id`. Slack shows at most five."""
    options = [{"text": plain(label, OPTION), "value": f"{verb}:{subject}"} for verb, label in choices]
    return {"type": "overflow", "action_id": f"{PREFIX}.more", "options": options[:5]}


def asked(block_id: str, label: Raw, element: Element, *, hint: Raw | None = None, optional: bool = False) -> Block:
    """An input block of a modal."""
    made: Block = {"type": "input", "block_id": _id(block_id), "label": plain(label, 150), "element": element}
    if hint:
        made["hint"] = plain(hint, 300)
    return made | {"optional": optional}


def text_input(*, multiline: bool = True, limit: int = 3000) -> Element:
    return {"type": "plain_text_input", "action_id": "value", "multiline": multiline, "max_length": limit}


def radio(choices: Sequence[tuple[str, Raw, Raw]]) -> Element:
    """One of several, each with a line below it that says what follows; the first is chosen already."""
    options = [
        {"text": plain(label, OPTION), "description": plain(then, OPTION), "value": value}
        for value, label, then in choices
    ]
    return {"type": "radio_buttons", "action_id": "value", "options": options, "initial_option": options[0]}


def checkboxes(choices: Sequence[tuple[str, Raw, Raw]]) -> Element:
    """Any of several, each with a line below it; Slack shows at most ten."""
    options = [
        {"text": plain(label, OPTION), "description": plain(below, OPTION), "value": value}
        for value, label, below in choices
    ]
    return {"type": "checkboxes", "action_id": "value", "options": options[:10]}


def date_input(initial: str | None) -> Element:
    """A date picker; `initial` is YYYY-MM-DD."""
    made: Element = {"type": "datepicker", "action_id": "value"}
    return made | ({"initial_date": initial} if initial else {})


def _id(block_id: str) -> str:
    return cut(block_id, 255)


def _parts(raw: Raw) -> list[Element]:
    """A fragment as rich text elements; Slack refuses empty ones."""
    found: list[Element] = []
    at = 0
    for token in TOKEN.finditer(raw):
        found += _text(raw[at : token.start()])
        found += _token(token)
        at = token.end()
    return (found + _text(raw[at:])) or [{"type": "text", "text": " "}]


def _text(raw: str, style: str = "") -> list[Element]:
    if not raw:
        return []
    made: Element = {"type": "text", "text": literal(raw)}
    return [made | ({"style": {style: True}} if style else {})]


def _token(token: re.Match[str]) -> list[Element]:
    for style in ("bold", "italic"):
        if token[style]:
            # A link or date inside bold words keeps its function and loses the weight.
            inner = _parts(Raw(token[style]))
            return [part | {"style": {style: True}} for part in inner]
    target, _, label = token["control"].partition("|")
    if target.startswith("!date^"):
        _, seconds, pattern = target.split("^")[:3]
        date = {"type": "date", "timestamp": int(seconds), "format": literal(pattern), "fallback": literal(label)}
        return [date]
    url = literal(target)
    if is_web_link(url):
        return [{"type": "link", "url": url, "text": literal(label or target)}]
    return _text(label or target)


def problems(message: dict[str, Any]) -> list[str]:
    """What breaks our rules or Slack's sizes in a message or view, one sentence each. Empty means fine."""
    from tasks.block_rules import check

    return check(message)
