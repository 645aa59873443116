"""The words of every message, in the reader's language and zone, safe to show in Slack.

A template file under `templates/slack/` holds named fragments (Jinja blocks); `Words.say("digest.title", …)` renders one.
The result is `Raw`: escaped mrkdwn. Slack's mrkdwn has no way to write a literal `*`, `_`, `~` or backtick, so those
characters are *held* as control characters (which nobody can type into Slack) wherever they come from a value, and
released only into text that Slack does not format (`tasks.blocks`). Only the template's own `*bold*` formats.
"""

import gettext
import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote, urlsplit
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime
from babel.lists import format_list
from babel.numbers import format_decimal
from jinja2 import BaseLoader, StrictUndefined, Template, TemplateNotFound
from jinja2.sandbox import ImmutableSandboxedEnvironment

from cycles.briefs import Text
from cycles.errors import BadInput
from tasks.own_words import FAILS, compiled, is_strict, left_aside, line_of, with_own

LANGUAGES = ("en", "ja")
PACKAGE = "templates"
# English and Japanese readers sit in several countries: the month is written so that nobody mistakes it for a day.
DAY = {"en": "EEE d MMM", "ja": "M月d日（EEE）"}
FULL = {"en": "d MMM y", "ja": "y年M月d日"}
INSTANT = {"en": "d MMM y, HH:mm", "ja": "y年M月d日 HH:mm"}
INSTANT_SLACK = {"en": "{date_short_pretty} at {time}", "ja": "{date_short_pretty} {time}"}
MAX_VALUE = 600
MAX_LINK = 2000
HOLD = {ord(char): chr(0x11 + n) for n, char in enumerate("*_~`")}
RELEASE = {ord(held): chr(char) for char, held in HOLD.items()}
# Control characters would imitate held ones; bidirectional overrides would turn the words after a name around.
UNSHOWABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
UNSAFE_IN_LINK = re.compile(r"[\s|<>\"\\^`{}]")


class Raw(str):
    """Text that is already escaped for Slack; everything else is escaped before it is shown."""

    __slots__ = ()


def language_of(locale: str) -> str:
    """`ja` for every Japanese locale, else `en`."""
    return "ja" if locale.lower().startswith("ja") else "en"


def clean(text: str) -> str:
    """The text without characters that cannot be shown or that disturb what stands beside them."""
    return UNSHOWABLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def cut(text: str, limit: int) -> str:
    """At most `limit` UTF-16 units (Slack's clients count those), ending in an ellipsis where something was cut."""
    if 2 * len(text) <= limit or len(text) + sum(char > "\uffff" for char in text) <= limit:
        return text
    kept, used = [], 1
    for char in text:
        used += 2 if char > "\uffff" else 1
        if used > limit:
            break
        kept.append(char)
    # A joiner or variation selector left at the end would change how the ellipsis looks.
    return "".join(kept).rstrip("\u200d\ufe0f \n") + "…"


def one_line(text: str, limit: int = MAX_VALUE) -> str:
    """The text on one line, so that a name cannot pretend to be a line of the message."""
    return cut(" ".join(clean(text).split()), limit)


def escape(text: str) -> Raw:
    """Escape `& < >` and hold mrkdwn's own characters (Slack: "Formatting message text", escaping)."""
    return Raw(text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").translate(HOLD))


def is_web_link(url: str) -> bool:
    """Whether a link may be followed: http or https, with a host, and no name in front of it that fakes another."""
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:
        return False


def link(url: str, label: str = "") -> Raw:
    """A link, or only its words where the address is not http(s)."""
    url = clean(url).strip()
    shown = escape(one_line(label or url, 120))
    target = UNSAFE_IN_LINK.sub(lambda found: quote(found[0]), url)
    if len(target) > MAX_LINK or not is_web_link(target):
        return shown
    return Raw(f"<{escape(target)}|{shown.replace('|', '¦')}>")


@dataclass(frozen=True)
class _Formats:
    """How values look in one language."""

    language: str

    def finalize(self, value: Any) -> str:
        """What Jinja writes for a value. Raises TypeError for values that have no agreed form."""
        if isinstance(value, Raw):
            return value
        if isinstance(value, str):
            return escape(one_line(value))
        if isinstance(value, int) and not isinstance(value, bool):
            return str(format_decimal(value, locale=self.language))
        if isinstance(value, date) and not isinstance(value, datetime):
            return self.full(value)
        raise TypeError(f"a {type(value).__name__} has no agreed form in a message; hand the template words or a date")

    def day(self, value: date) -> str:
        return str(format_date(value, DAY[self.language], locale=self.language))

    def full(self, value: date) -> str:
        return str(format_date(value, FULL[self.language], locale=self.language))

    def listed(self, values: Iterable[Any], style: Literal["standard", "or"] = "standard") -> Raw:
        shown = [self.finalize(value) for value in values]
        return Raw(format_list(shown, style=style, locale=self.language) if shown else "")

    def instant(self, at: datetime, zone: str) -> Raw:
        local = at.astimezone(ZoneInfo(zone))
        fallback = format_datetime(local, INSTANT[self.language], locale=self.language)
        held = escape(INSTANT_SLACK[self.language])
        return Raw(f"<!date^{int(at.timestamp())}^{held}|{escape(fallback)}>")


class _Loader(BaseLoader):
    """A programme's own templates first (`own/…`), then the shipped ones (`shipped/…`)."""

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder

    def get_source(self, environment: Any, template: str) -> tuple[str, str | None, Any]:
        where, _, name = template.partition("/")
        root = self.folder if where == "own" else files(PACKAGE) / "slack"
        found = root / name if root is not None else None
        if found is None or not found.is_file():
            raise TemplateNotFound(template)
        return found.read_text(encoding="utf-8"), str(found), lambda: True


class _Environment(ImmutableSandboxedEnvironment):
    """The one Jinja environment, for a language and an optional folder of a programme's own templates."""

    def __init__(self, language: str, folder: Path | None) -> None:
        self.formats = _Formats(language)
        super().__init__(
            autoescape=False,  # autoescape also writes &#39;, which Slack shows as it is
            finalize=self.formats.finalize,
            undefined=StrictUndefined,
            loader=_Loader(folder),
            bytecode_cache=compiled(language),
            extensions=["jinja2.ext.i18n"],
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._loaded: dict[str, Template | None] = {}
        self.catalogue = with_own(_catalogue(language), language, folder)
        self.policies["ext.i18n.trimmed"] = True
        self.filters |= {"link": link, "day": self.formats.day, "full": self.formats.full}
        self.filters["listed"] = self.formats.listed
        self.globals |= {"gettext": self._gettext, "ngettext": self._ngettext, "language": language}
        # Jinja's own wrapper would put values into the sentence unescaped; ours escapes them one by one.
        self.newstyle_gettext = True

    def loaded(self, name: str) -> Template | None:
        """The template, kept once it is there (Jinja would ask the loader again each time); None when there is none."""
        if name not in self._loaded:
            try:
                self._loaded[name] = self.get_template(name)
            except TemplateNotFound:
                self._loaded[name] = None
        return self._loaded[name]

    def _gettext(self, message: str, /, **values: Any) -> Raw:
        return self._filled(self.catalogue.gettext(message), values)

    def _ngettext(self, singular: str, plural: str, number: int, /, **values: Any) -> Raw:
        return self._filled(self.catalogue.ngettext(singular, plural, number), values)

    def _filled(self, sentence: str, values: dict[str, Any]) -> Raw:
        return Raw(sentence % {name: self.formats.finalize(value) for name, value in values.items()})


@lru_cache(maxsize=8)
def _catalogue(language: str) -> gettext.NullTranslations:
    path = files(PACKAGE) / "locales" / language / "LC_MESSAGES" / "hoshin.mo"
    with path.open("rb") as handle:
        return gettext.GNUTranslations(handle)


@lru_cache(maxsize=16)
def _environment(language: str, folder: Path | None) -> _Environment:
    return _Environment(language, folder)


def parser() -> ImmutableSandboxedEnvironment:
    """What reads templates without saying anything."""
    return _environment(LANGUAGES[0], None)


class Words:
    """Says things in one language and zone.

    `templates` is a programme's own folder (white label): a file there may redefine any fragments of the shipped file
    of the same name, and only those, and `<language>.po` may translate sentences anew. What of it fails is logged, and the
    shipped words are said; within `own_words.strict()` it raises.
    """

    def __init__(self, language: str, *, zone: str = "UTC", templates: Path | None = None) -> None:
        self.language = language
        self.zone = zone
        self.folder = templates
        self._environment = _environment(language, templates)

    def say(self, name: str, /, **values: Any) -> Raw:
        """The fragment `file.fragment`. Values: words, `Raw`, whole numbers, dates, aware datetimes, tuples of words.

        Raises BadInput when a template is wrong, naming the file and the line.
        """
        file, _, fragment = name.partition(".")
        shown = {key: self._ready(value) for key, value in values.items()}
        try:
            text = self._said(file, fragment, shown, self.folder is not None)
        except BadInput as error:
            if self.folder is None or is_strict():
                raise
            left_aside(str(error))
            text = self._said(file, fragment, shown, False)
        return Raw("\n".join(line.strip() for line in text.strip().splitlines()))

    def pick(self, text: Text) -> str:
        """The words in this language, else in English, else whatever there is."""
        return text.get(self.language) or text.get("en") or next(iter(text.values()), "")

    def has(self, name: str) -> bool:
        """Whether a fragment exists."""
        file, _, fragment = name.partition(".")
        return fragment in self._environment.get_template(f"shipped/{file}.j2").blocks

    def _said(self, file: str, fragment: str, values: dict[str, Any], own: bool) -> str:
        template = None
        try:
            template = self._template(file, fragment, own)
            return "".join(template.blocks[fragment](template.new_context(values)))
        except FAILS as error:
            name = template.filename if template else f"{self.folder / file if own and self.folder else file}.j2"
            place = f"{name}:{line_of(error, template) or 1}"
            told = str(error).rstrip(".")
            raise BadInput(
                f"{place}: fragment {fragment}: {told}; compare it with the fragment Hoshin ships."
            ) from error

    def _template(self, file: str, fragment: str, own: bool) -> Template:
        found = self._environment.loaded(f"own/{file}.j2") if own else None
        if found is None or fragment not in found.blocks:
            found = self._environment.loaded(f"shipped/{file}.j2")
        if found is None:
            raise TemplateNotFound(f"{file}.j2")
        return found

    def _ready(self, value: Any) -> Any:
        if isinstance(value, datetime):
            return self._environment.formats.instant(value, self.zone)
        return value


def words_for(locale: str, *, zone: str = "UTC", templates: Path | None = None) -> Words:
    """Words for a person's locale (`ja`, `ja-JP`, `en-GB`, …) and IANA zone."""
    return Words(language_of(locale), zone=zone, templates=templates)


if __name__ == "__main__":
    from tasks.wordbooks import main

    sys.exit(main(sys.argv[1:]))
