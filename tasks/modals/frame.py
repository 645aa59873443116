"""What every form is made of. `callback_id` is `hoshin.v1.<name>`, every input's action_id is `value`, and `private_metadata`
holds the opaque id of the request, evidence or action the form is about, nothing else."""

from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from cycles.briefs import Reader
from tasks.blocks import PREFIX, Block, Element, asked, plain, text_input
from tasks.words import Words, words_for

View = dict[str, Any]
MOST_FILES = 5
NOTE = 2000
STATEMENT = 1500


def words_of(reader: Reader, templates: Path | None) -> Words:
    """The reader's words."""
    return words_for(reader.locale, zone=reader.zone, templates=templates)


def today_of(reader: Reader, now: datetime) -> date:
    """The date in the reader's zone at an aware instant."""
    return now.astimezone(ZoneInfo(reader.zone)).date()


def form_input(words: Words, form: str, *, optional: bool) -> Block:
    """The field for a link, files or a statement."""
    if form == "link":
        return ask(words, "link", {"type": "url_text_input", "action_id": "value"}, optional=optional)
    if form == "file":
        return ask(
            words, "file", {"type": "file_input", "action_id": "value", "max_files": MOST_FILES}, optional=optional
        )
    return ask(words, "attestation", text_input(limit=STATEMENT), hint="attestation_hint", optional=optional)


def ask(
    words: Words, block: str, element: Element, *, label: str = "", hint: str = "", optional: bool = False
) -> Block:
    """One field; its words are the fragment `modals.<label or block>`."""
    told = words.say(f"modals.{hint}") if hint else None
    return asked(block, words.say(f"modals.{label or block}"), element, hint=told, optional=optional)


def modal(words: Words, name: str, subject: str, blocks: list[Block], *, submit: str = "send") -> View:
    """A whole form."""
    return {
        "type": "modal",
        "callback_id": f"{PREFIX}.{name}",
        "private_metadata": subject,
        "title": plain(words.say(f"modals.title_{name}"), 24),
        "submit": plain(words.say(f"labels.{submit}"), 24),
        "close": plain(words.say("labels.cancel"), 24),
        "blocks": blocks,
    }
