"""Every word in both languages, every word used, and numbers said honestly."""

import re
from datetime import date
from pathlib import Path
from string import Formatter

import pytest

from tasks.charts.words import LANGUAGES, percent, table, words_for

ROOT = Path(__file__).parents[2]
SOURCES = "\n".join(
    path.read_text(encoding="utf-8")
    for path in (
        *ROOT.glob("tasks/charts/*.py"),
        ROOT / "tasks/dashboards.py",
        *ROOT.glob("templates/dashboards/*.j2"),
    )
)
# Keys that are put together from a prefix and a code of the record.
COMPOSED = ("stage", "reason", "severity", "tier", "role", "state", "title", "about", "held")


@pytest.mark.parametrize("key", table())
def test_every_key_speaks_every_language_with_the_same_braces(key: str) -> None:
    entry = table()[key]
    assert set(LANGUAGES) <= set(entry) <= {*LANGUAGES, "en_one"}
    fields = {
        language: {name for _, name, _, _ in Formatter().parse(entry[language]) if name} for language in LANGUAGES
    }
    assert fields["en"] == fields["ja"]
    singular = {name for _, name, _, _ in Formatter().parse(entry.get("en_one", "")) if name}
    assert singular <= fields["en"]


@pytest.mark.parametrize("key", table())
def test_every_key_is_used(key: str) -> None:
    prefix, _, rest = key.partition("-")
    spelt = (key, rest) if prefix in ("col", "define", "status") else (key,)
    assert prefix in COMPOSED or any(f'"{each}"' in SOURCES for each in spelt)


def test_japanese_is_japanese() -> None:
    mostly_figures = {
        "points-up",
        "points-down",
        "faster",
        "slower",
        "date",
        "moment",
        "list-separator",
        "about-hoshin-cycle",
    }
    for key, entry in table().items():
        assert key in mostly_figures or re.search(r"[ぁ-んァ-ヶ一-龠]", entry["ja"]), key


def test_a_missing_key_names_the_file_and_the_remedy() -> None:
    with pytest.raises(KeyError, match=r"words\.yaml has no key 'nonsense'; add it in en and ja"):
        words_for("en")("nonsense")


@pytest.mark.parametrize(
    ("locale", "language"), [("ja", "ja"), ("ja-JP", "ja"), ("ja_JP", "ja"), ("en-GB", "en"), ("fr", "en")]
)
def test_a_locale_finds_its_language(locale: str, language: str) -> None:
    assert words_for(locale).language == language


@pytest.mark.parametrize(
    ("share", "shown"), [(0, "0%"), (0.29, "29%"), (0.57, "57%"), (0.999, "99%"), (0.99999, "99%"), (1.0, "100%")]
)
def test_a_share_is_rounded_down(share: float, shown: str) -> None:
    assert percent(share) == shown


def test_numbers_and_dates_follow_the_language() -> None:
    english, japanese = words_for("en"), words_for("ja")
    assert (english.count(9_999), english.count(12_345)) == ("9,999", "12.3K")
    assert japanese.count(12_345) == "1.2万"
    assert (english.day(date(2026, 12, 5)), japanese.day(date(2026, 12, 5))) == ("5 Dec 2026", "2026年12月5日")
    assert english.near(date(2026, 12, 5), date(2026, 1, 1)) == "5\u00a0Dec"
    assert english.near(date(2025, 12, 5), date(2026, 1, 1)) == "5\u00a0Dec\u00a02025"


def test_one_is_singular_in_english() -> None:
    assert words_for("en")("tile-lapses", n="1") == "open lapse"
    assert words_for("en")("tile-lapses", n="2") == "open lapses"
