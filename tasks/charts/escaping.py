"""Text of people made harmless in markdown: it can only ever be read, never be a link, a picture, HTML or a table edge.

Prefect's pages render GitHub Flavored Markdown (GFM 0.29). Punctuation that GFM gives a meaning becomes a numeric
entity, which section 6.2 of that text keeps from acting as markup; addresses that GFM turns into links without any
markup (its section 6.9) are broken by an invisible word joiner.
"""

import re
from urllib.parse import quote, urlsplit

from tasks.charts.svg import ELLIPSIS, plain

_MARKUP = re.compile(r"[\\`*_{}\[\]<>#!|~&$^=]")
_STARTS_A_LIST = re.compile(r"^(?:[-+]|\d{1,9}[.)])")
_SELF_LINKING = re.compile(r"(?i)(?<=[a-z]):(?=//)|(?<=www)\.|(?<=mailto):|(?<=xmpp):|@")
_JOINER = "\u2060"
_LONGEST = 80


class Markdown(str):
    """Text that already is markdown, made by us from escaped parts."""

    __slots__ = ()


def escaped(value: object) -> Markdown:
    """Any value as inert text of at most 80 characters on one line; `Markdown` passes as it is."""
    if isinstance(value, Markdown):
        return value
    return Markdown(_inert(shortened(str(value))))


def shortened(text: str, longest: int = _LONGEST) -> str:
    """One line without control characters, cut with an ellipsis beyond `longest` characters."""
    line = plain(text)
    return line if len(line) <= longest else line[: longest - 1].rstrip() + ELLIPSIS


def _inert(text: str) -> str:
    broken = _SELF_LINKING.sub(lambda found: _JOINER + found.group() + _JOINER, text)
    safe = _MARKUP.sub(lambda found: f"&#{ord(found.group())};", broken)
    return _STARTS_A_LIST.sub(lambda found: found.group()[:-1] + f"&#{ord(found.group()[-1])};", safe)


def sentence(text: str) -> Markdown:
    """A sentence of ours in which people's words may stand: escaped whole, never cut."""
    return Markdown(_inert(plain(text)))


def link(label: str, address: str) -> Markdown:
    """A link we make ourselves. Raises ValueError unless the address is http(s) or a path of this site."""
    parts = urlsplit(address)
    of_this_site = not parts.scheme and not parts.netloc and address.startswith("/")
    if parts.scheme not in ("http", "https") and not of_this_site:
        raise ValueError(
            f"dashboard link {label!r}: {address!r} is neither http(s) nor a path starting with '/'; mend it."
        )
    return Markdown(f"[{escaped(label)}]({quote(address, safe='/:?#@&=%+,;~._-')})")


def image(alt: str, uri: str) -> Markdown:
    return Markdown(f"![{sentence(alt)}]({uri})")
