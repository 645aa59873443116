"""The words and number formats of the dashboards, in the reader's language.

Words live in `templates/dashboards/words.yaml`, one key with every language, so that a translation is a change of
that file alone. Dates and compact numbers follow the Unicode locale data (CLDR) that Babel carries.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo

import yaml
from babel.dates import format_date, format_datetime
from babel.numbers import format_compact_decimal

from cycles.scorecard_figures import whole_percent

LANGUAGES = ("en", "ja")


@cache
def table() -> Mapping[str, Mapping[str, str]]:
    """Every key with its words per language, as written in words.yaml."""
    text = (files("templates") / "dashboards" / "words.yaml").read_text(encoding="utf-8")
    loaded: dict[str, dict[str, str]] = yaml.safe_load(text)
    return loaded


@dataclass(frozen=True)
class Words:
    """The words of one language: `words("overdue-count", n=3)`."""

    language: str

    def __call__(self, key: str, /, **values: object) -> str:
        """The words of `key` with its braces filled. Raises KeyError naming a key that words.yaml does not hold."""
        entry = table().get(key)
        if entry is None:
            raise KeyError(f"templates/dashboards/words.yaml has no key {key!r}; add it in {' and '.join(LANGUAGES)}.")
        singular = entry.get(f"{self.language}_one") if values.get("n") in (1, "1") else None
        return (singular or entry[self.language]).format_map(values)

    def maybe(self, prefix: str, value: str) -> str:
        """A coded value (`reason`, `state`) in words, or the value itself when words.yaml does not know it."""
        key = f"{prefix}-{value.replace(' ', '-')}"
        return self(key) if key in table() else value

    def either(self, key: str, other: str) -> str:
        """The words of `key` where words.yaml knows it, else those of `other`."""
        return self(key if key in table() else other)

    def title(self, text: Mapping[str, str]) -> str:
        """A text in this language, else in English, else in whatever language it has."""
        return text.get(self.language) or text.get("en") or next(iter(text.values()), "")

    def day(self, day: date) -> str:
        return str(format_date(day, self("date"), locale=self.language))

    def near(self, day: date, today: date) -> str:
        """A date for a narrow column: without its year when that is today's, and never broken over two lines."""
        shown = (
            self.day(day) if day.year != today.year else str(format_date(day, self("date-near"), locale=self.language))
        )
        return shown.replace(" ", "\u00a0") if " " in shown else "\u2060".join(shown)

    def moment(self, instant: datetime, zone: str) -> str:
        """An aware instant as wall-clock time in an IANA zone."""
        return str(format_datetime(instant.astimezone(ZoneInfo(zone)), self("moment"), locale=self.language))

    def count(self, number: int) -> str:
        """A whole number; from ten thousand on in short form (`12.3K`, `1.2万`), so that it fits its place."""
        if abs(number) < 10_000:
            return f"{number:,}"
        return str(format_compact_decimal(number, locale=self.language, fraction_digits=1))


def words_for(language: str) -> Words:
    """Words for a locale such as `ja` or `ja-JP`; a language we do not write in reads English."""
    base = language.replace("_", "-").split("-")[0].lower()
    return Words(base if base in LANGUAGES else "en")


def percent(share: float) -> str:
    return f"{whole_percent(share)}%"
