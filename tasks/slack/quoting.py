"""A Slack message as evidence: what in it can be used, and its words without Slack's markup.

Slack's documents: "Formatting message text" (mentions, links, escaping), "File object" (modes).
"""

import json
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

from tasks.words import clean, cut, is_web_link

Json = dict[str, Any]
MOST_FILES, MOST_LINKS, LONGEST_LINK = 5, 3, 500
LONGEST_QUOTE, LONGEST_NAME = 1200, 80
# What a view may carry along (Slack's reference, "Views": private_metadata).
ROOM = 3000
CONTROL = re.compile(r"<([^<>]*)>")
BARE = re.compile(r"https?://[^\s<>|\"]+")
ENTITIES = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))
# A file that was deleted, or hidden by the plan's limit, cannot be fetched; an external one lies elsewhere.
GONE = ("tombstone", "hidden_by_limit")
Named = Callable[[str], str]


class Unreadable(ValueError):
    """What came back in a view is not what was put into it."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """What a message holds. `files` are Slack's ids with names; `links` are web addresses; `quote` is plain text."""

    channel: str
    ts: str
    author: str = ""
    files: tuple[tuple[str, str], ...] = ()
    links: tuple[str, ...] = ()
    permalink: str = ""
    quote: str = ""

    @property
    def forms(self) -> frozenset[str]:
        """The forms of evidence it can become."""
        found = {"file": bool(self.files), "link": bool(self.links or self.permalink), "attestation": bool(self.quote)}
        return frozenset(form for form, there in found.items() if there)

    @property
    def cited(self) -> str:
        """The words, and whose they are."""
        return f"“{self.quote}” — {self.author}" if self.author else f"“{self.quote}”"

    def packed(self) -> str:
        """As a view carries it, files by their ids alone; the quote is cut, and links left out, until it fits."""
        ids = tuple((number, "") for number, _ in self.files)
        bare = replace(self, files=ids, author=cut(self.author, LONGEST_NAME))
        sizes = ((links, size) for size in (LONGEST_QUOTE, 600, 200) for links in (self.links, self.links[:1], ()))
        for links, size in sizes:
            text = _written(replace(bare, links=links, quote=cut(self.quote, size)))
            # Counted in bytes, which are never fewer than whatever Slack counts.
            if len(text.encode()) <= ROOM:
                return text
        return _written(Found(channel=self.channel, ts=self.ts, files=ids))


def _written(found: Found) -> str:
    return json.dumps(asdict(found), ensure_ascii=False, separators=(",", ":"))


def unpacked(text: str) -> Found:
    """What `packed` made.

    Raises:
        Unreadable: when it is anything else.
    """
    try:
        row = json.loads(text)
        files = tuple((str(number), str(name)) for number, name in row.pop("files"))
        links = tuple(str(link) for link in row.pop("links"))
        return Found(files=files, links=links, **{name: str(value) for name, value in row.items()})
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise Unreadable(f"a view carries no message ({error})") from error


def found_in(message: Json, *, channel: str, named: Named, files: bool) -> Found:
    """What a message of a `message_action` payload holds. `named` gives the name behind a user id, or nothing.

    `files`: whether evidence files are taken at all.
    """
    kept = [row for row in _rows(message, "files") if row.get("mode") not in GONE]
    outside = [
        str(row.get("url_private") or "") for row in kept if row.get("is_external") or row.get("mode") == "external"
    ]
    inside = [row for row in kept if row.get("id") and not (row.get("is_external") or row.get("mode") == "external")]
    text = str(message.get("text") or "")
    author = named(str(message.get("user") or "")) or str(message.get("username") or "")
    return Found(
        channel=channel,
        ts=str(message.get("ts") or ""),
        author=cut(clean(author), LONGEST_NAME),
        files=tuple((str(row["id"]), cut(clean(str(row.get("name") or "file")), LONGEST_NAME)) for row in inside)[
            :MOST_FILES
        ]
        if files
        else (),
        links=tuple(dict.fromkeys(filter(_usable, [*links_in(text), *outside])))[:MOST_LINKS],
        quote=cut(words_of(text, named), LONGEST_QUOTE),
    )


def links_in(text: str) -> list[str]:
    """The web addresses of a message, as Slack marks them up or as they were typed."""
    marked = [decoded(target.partition("|")[0]) for target in CONTROL.findall(text)]
    typed = [decoded(found).rstrip(".,;:!?)]}'") for found in BARE.findall(CONTROL.sub(" ", text))]
    return [link for link in (*marked, *typed) if link.startswith(("http://", "https://"))]


def words_of(text: str, named: Named) -> str:
    """A message's words as people read them."""
    return clean(decoded(CONTROL.sub(lambda found: _shown(found[1], named), text))).strip()


def _shown(control: str, named: Named) -> str:
    target, _, label = control.partition("|")
    if target.startswith("@"):
        return f"@{label or named(target[1:]) or target[1:]}"
    if target.startswith("#"):
        return f"#{label or target[1:]}"
    if target.startswith("!"):
        return label or f"@{target[1:].partition('^')[0]}"
    return f"{label} ({target})" if label and label not in target else target


def decoded(text: str) -> str:
    """Without the three entities that Slack writes."""
    for entity, char in ENTITIES:
        text = text.replace(entity, char)
    return text


def _usable(link: str) -> bool:
    return len(link) <= LONGEST_LINK and is_web_link(link)


def _rows(message: Json, name: str) -> list[Json]:
    found = message.get(name)
    return [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []
