"""Dates that people write: ISO, English and Japanese (era years, full-width and kanji digits included).

A date that could be read two ways (04/05/2026) is left alone, and so is one no calendar has.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Callable, Iterable
from datetime import date

import yaml

LINES = 50  # how far into a document a dated line is looked for
_FRONT_MATTER = 16_384  # characters
_YEARS = range(1900, 2200)

_MONTH_NAMES = (
    ("january", "jan"),
    ("february", "feb"),
    ("march", "mar"),
    ("april", "apr"),
    ("may",),
    ("june", "jun"),
    ("july", "jul"),
    ("august", "aug"),
    ("september", "sept", "sep"),
    ("october", "oct"),
    ("november", "nov"),
    ("december", "dec"),
)
_MONTHS = {name: number for number, names in enumerate(_MONTH_NAMES, start=1) for name in names}
_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))

# First and last day of each era; an era year outside them is impossible (元号法, 1979, and its cabinet orders).
_ERAS = {
    "昭和": (date(1926, 12, 25), date(1989, 1, 7)),
    "平成": (date(1989, 1, 8), date(2019, 4, 30)),
    "令和": (date(2019, 5, 1), date(2199, 12, 31)),
}
_KANJI = {digit: value for value, digit in enumerate("〇一二三四五六七八九")} | {"零": 0, "元": 1}

_ISO = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})(?!\d)")
_KANJI_DATE = re.compile(r"(\d{4})\s*年\s*(\d{1,2})\s*月\s*(\d{1,2})\s*日")
_ERA = re.compile(r"(昭和|平成|令和)\s*(\d{1,2})\s*年\s*(\d{1,2})\s*月\s*(\d{1,2})\s*日")
_ERA_SHORT = re.compile(r"([SHR])\s?(\d{1,2})[./](\d{1,2})[./](\d{1,2})(?!\d)")
_DAY_FIRST = re.compile(rf"(\d{{1,2}})(?:st|nd|rd|th)?\s+({_MONTH})\.?,?\s+(\d{{4}})(?!\d)", re.IGNORECASE)
_MONTH_FIRST = re.compile(rf"({_MONTH})\.?\s+(\d{{1,2}})(?:st|nd|rd|th)?,?\s+(\d{{4}})(?!\d)", re.IGNORECASE)
_KANJI_NUMBER = re.compile(r"[〇零一二三四五六七八九十元]+(?=\s*[年月日])")

# In the order in which they are believed.
KEYS = ("effective", "effective_date", "発効日", "施行日", "改定日", "last_reviewed", "date")
_LABELS = (
    "effective date|date effective|effective from|effective|last reviewed|date of last review|"
    "発効日|施行日|改定日|改訂日|適用開始日"
)
_LABELLED = re.compile(
    rf"^[\W_]*(?:{_LABELS})[\W_]*?[:|]\W*(?=\w)(.*)$|^\W*(?:発効日|施行日|改定日|改訂日)\s+(.*)$", re.IGNORECASE
)
_TAG = re.compile(r"<[^<>]{0,200}>")


def _kanji_number(match: re.Match[str]) -> str:
    """二〇二六 → 2026, 二十一 → 21, 元 → 1."""
    text = match[0]
    if "十" not in text:
        return "".join(str(_KANJI[c]) for c in text)
    tens, _, ones = text.partition("十")
    if len(tens) > 1 or len(ones) > 1 or ones == "十":
        return text
    return str(10 * (_KANJI[tens] if tens else 1) + (_KANJI[ones] if ones else 0))


def plain(text: str) -> str:
    """Full-width letters, digits and punctuation as ASCII (Unicode NFKC), kanji numbers in dates as digits."""
    return _KANJI_NUMBER.sub(_kanji_number, unicodedata.normalize("NFKC", text))


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day) if year in _YEARS else None
    except ValueError:
        return None


def _era_day(era: str, year: str, month: str, day: str) -> date | None:
    first, last = _ERAS[era]
    found = _day(first.year + int(year) - 1, int(month), int(day))
    return found if found and first <= found <= last else None


_SHORT = {"S": "昭和", "H": "平成", "R": "令和"}
_READERS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], date | None]], ...] = (
    (_ISO, lambda m: _day(int(m[1]), int(m[3]), int(m[4]))),
    (_KANJI_DATE, lambda m: _day(int(m[1]), int(m[2]), int(m[3]))),
    (_ERA, lambda m: _era_day(m[1], m[2], m[3], m[4])),
    (_ERA_SHORT, lambda m: _era_day(_SHORT[m[1]], m[2], m[3], m[4])),
    (_DAY_FIRST, lambda m: _day(int(m[3]), _MONTHS[m[2].lower()], int(m[1]))),
    (_MONTH_FIRST, lambda m: _day(int(m[3]), _MONTHS[m[1].lower()], int(m[2]))),
)


def read_date(text: str) -> date | None:
    """The date at the start of a text, or None. Whatever follows it is ignored."""
    words = plain(text[:200]).strip().strip("*_`'\"()[]")
    for pattern, day in _READERS:
        if match := pattern.match(words):
            return day(match)
    return None


def dated_line(lines: Iterable[str]) -> date | None:
    """The date of the first line such as ``Effective date: 2026-04-01`` or ``発効日:2026年4月1日``."""
    for number, line in enumerate(lines):
        if number >= LINES:
            break
        match = _LABELLED.match(_TAG.sub(" ", plain(line[:500])))
        found = read_date(match[1] or match[2] or "") if match else None
        if found:
            return found
    return None


def front_matter(text: str) -> date | None:
    """The date in a YAML block between ``---`` lines at the start of a text.

    Only the top level is read, as written: building the values would expand merged aliases without bound
    and stop at dates that do not exist.
    """
    match = re.match(r"---[ \t]*\r?\n(.*?)^(?:---|\.\.\.)[ \t]*\r?$", text[:_FRONT_MATTER], re.DOTALL | re.MULTILINE)
    if match is None:
        return None
    try:
        node = yaml.compose(match[1], Loader=yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError, ValueError):
        return None
    if not isinstance(node, yaml.MappingNode):
        return None
    said = {
        _key(key.value): value.value
        for key, value in node.value
        if isinstance(key, yaml.ScalarNode) and isinstance(value, yaml.ScalarNode)
    }
    return next((found for key in KEYS if (found := read_date(said.get(key, "")))), None)


def _key(text: str) -> str:
    return re.sub(r"[\s\-]+", "_", unicodedata.normalize("NFKC", text).strip().lower())


def in_text(text: str) -> date | None:
    """The date a plain or marked-up text says it is of: front matter first, then its first dated line."""
    text = text.removeprefix("\ufeff")
    return front_matter(text) or dated_line(text.splitlines())


_ENCODINGS = ("utf-8", "cp932", "euc-jp")
# A server may name any codec as its charset, and Python's include zlib and other things that are no charset.
_CHARSET = re.compile(r"utf-(8|16|32)|ascii|iso|cp\d|euc_|shift_jis|gb|big5|koi8|mac")
_MARKS = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"\xef\xbb\xbf", "utf-8-sig"))


def decoded(head: bytes, charset: str | None = None) -> str | None:
    """The start of a document as text, or None when it is no text. The last character may be cut."""
    marked = next((name for mark, name in _MARKS if head.startswith(mark)), None)
    if marked is None and b"\0" in head:
        return None
    for encoding in (marked, charset, *_ENCODINGS):
        if encoding and (text := _decode(head, encoding)) is not None:
            return text
    return head.decode("latin-1")


def _decode(head: bytes, encoding: str) -> str | None:
    try:
        name = codecs.lookup(encoding).name
        if not _CHARSET.match(name):
            return None
        return codecs.getincrementaldecoder(name)("strict").decode(head, final=False)
    except (LookupError, UnicodeError, ValueError):
        return None
