"""Words: escaping, links, languages, catalogues, and a programme's own templates."""

import gettext
import io
import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from message_samples import briefs

from cycles.errors import BadInput
from tasks.blocks import fit, literal, notification, plain, problems, rich, shown
from tasks.messages import MESSAGES, as_text, render
from tasks.own_words import strict
from tasks.wordbooks import compiled, folder, po_path, read_catalogue, template_sentences
from tasks.words import LANGUAGES, Raw, Words, clean, cut, escape, is_web_link, language_of, link, one_line, words_for

HOLE = re.compile(r"%\((\w+)\)s")
ANY_TEXT = st.text(max_size=200)


@given(ANY_TEXT)
def test_escaped_text_holds_nothing_that_slack_reads(text: str) -> None:
    raw = escape(clean(text))
    assert not set("<>*_~`") & set(raw)
    assert literal(raw) == clean(text)


@given(st.text("&<>*a長🙂", max_size=80), st.integers(min_value=1, max_value=60))
def test_cutting_keeps_within_the_limit_and_cuts_no_entity(text: str, limit: int) -> None:
    raw = escape(clean(text))
    short = fit(raw, limit)
    assert len(short) <= limit
    assert literal(short) == literal(raw) or literal(raw).startswith(literal(short).removesuffix("…"))
    rest = short.replace("&amp;", "").replace("&lt;", "").replace("&gt;", "")
    assert "&" not in rest


@given(ANY_TEXT, st.integers(min_value=1, max_value=60))
def test_plain_text_is_cut_by_what_slacks_clients_count(text: str, limit: int) -> None:
    assert len(cut(clean(text), limit).encode("utf-16-le")) // 2 <= limit


@given(ANY_TEXT)
def test_a_value_comes_out_as_it_went_in(text: str) -> None:
    raw = words_for("en").say("common.text", text=text)
    assert shown(raw).strip() == one_line(text)
    elements = rich("b", Raw(f"*x* {raw}"))["elements"][0]["elements"]
    assert all(part["type"] == "text" for part in elements)
    assert [part for part in elements if part.get("style")] == elements[:1]


@given(ANY_TEXT)
def test_the_notification_holds_no_control_sequence(text: str) -> None:
    said = notification(Raw(f"*Ask* {link(text)} {escape(clean(text))}"))
    assert "<" not in said
    assert ">" not in said


@given(st.text(max_size=80))
def test_a_link_is_web_or_words(text: str) -> None:
    for candidate in (text, f"https://{text}", f"javascript:{text}"):
        parts = rich("b", link(candidate, text))["elements"][0]["elements"]
        links = [part for part in parts if part["type"] == "link"]
        assert all(is_web_link(part["url"]) for part in links)
        assert problems({"text": "x", "blocks": [rich("b", link(candidate, text))]}) == []


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://example.com/a_b*c|d", "https://example.com/a_b*c%7Cd"),
        ("https://example.com/?q=1&r=<x>", "https://example.com/?q=1&r=%3Cx%3E"),
        ("HTTPS://Example.com", "HTTPS://Example.com"),
        ("https://例え.jp/資料", "https://例え.jp/資料"),
    ],
)
def test_a_link_keeps_its_target(url: str, target: str) -> None:
    parts = rich("b", link(url))["elements"][0]["elements"]
    assert [part["url"] for part in parts] == [target]


@pytest.mark.parametrize("url", ["javascript:alert(1)", "https://bank.example@evil.example", "data:text/html,x", ""])
def test_other_addresses_are_words(url: str) -> None:
    assert "<" not in link(url, "press")


def test_a_name_shows_its_ampersand_and_stars() -> None:
    assert plain(words_for("en").say("common.text", text="R&D *core* <x> 'q'"), 75)["text"] == "R&D *core* <x> 'q'"


@pytest.mark.parametrize(
    ("locale", "language"), [("ja", "ja"), ("ja-JP", "ja"), ("JA_jp", "ja"), ("en-GB", "en"), ("fr", "en"), ("", "en")]
)
def test_language_of_a_locale(locale: str, language: str) -> None:
    assert language_of(locale) == language


@pytest.mark.parametrize(
    ("language", "day", "full", "listed"),
    [("en", "Fri 16 Oct", "16 Oct 2026", "a, b, and c"), ("ja", "10月16日（金）", "2026年10月16日", "a、b、c")],
)
def test_dates_and_lists_follow_the_language(language: str, day: str, full: str, listed: str) -> None:
    words = Words(language)
    assert words.say("plan.day", when=date(2026, 10, 16)) == day
    assert words.say("common.text", text=date(2026, 10, 16)) == full
    assert words.say("common.joined", parts=("a", "b", "c")) == listed


def test_an_instant_falls_back_to_the_readers_zone() -> None:
    words = Words("en", zone="America/New_York")
    assert shown(words.say("common.text", text=datetime(2026, 1, 1, 2, 30, tzinfo=UTC))) == "31 Dec 2025, 21:30"


def test_a_text_falls_back_to_english() -> None:
    assert words_for("ja").pick({"en": "E"}) == "E"
    assert words_for("ja").pick({"en": "E", "ja": "J"}) == "J"
    assert words_for("en").pick({}) == ""


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_of_every_template_is_translated(language: str) -> None:
    wanted = {message.id for message in template_sentences() if message.id}
    catalogue = {message.id: message for message in read_catalogue(language) if message.id}
    assert set(catalogue) == wanted, "run: python -m tasks.words extract"
    for message in catalogue.values():
        strings = message.string if isinstance(message.string, tuple) else (message.string,)
        assert all(strings), message.id
        assert not message.fuzzy, message.id
        ids = message.id if isinstance(message.id, tuple) else (message.id,)
        # A singular may leave the number out ("this request"), so Babel's own check is too strict.
        assert {name for said in strings for name in HOLE.findall(said)} <= {
            n for key in ids for n in HOLE.findall(key)
        }
        assert all(HOLE.sub("", said).count("%") == 0 for said in strings), message.id


def test_japanese_is_japanese() -> None:
    ours = {message.id: message.string for message in read_catalogue("ja") if message.id}
    same = [
        key
        for key, said in ours.items()
        if said in (key, (key,)) and any(c.isascii() and c.isalpha() for c in str(key))
    ]
    assert same == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_compiled_catalogues_are_up_to_date(language: str) -> None:
    shipped = gettext.GNUTranslations(io.BytesIO(po_path(language).with_suffix(".mo").read_bytes()))
    fresh = gettext.GNUTranslations(io.BytesIO(compiled(language)))
    # The header names the Babel that wrote it; only the sentences count.
    pairs = [{key: said for key, said in book._catalog.items() if key} for book in (shipped, fresh)]  # type: ignore[attr-defined]
    assert pairs[0] == pairs[1], "run: python -m tasks.words compile"


def test_every_message_has_its_template() -> None:
    present = {path.name for path in (folder() / "slack").glob("*.j2")}
    assert {message.template for message in MESSAGES.values()} <= present


def test_a_programme_may_say_it_its_own_way(tmp_path: Path) -> None:
    (tmp_path / "digest.j2").write_text(
        "{% block title %}{% if language == 'ja' %}やあ{% else %}Ahoy, {{ cycle }}{% endif %}{% endblock %}", "utf-8"
    )
    own = render(briefs("en")["digest-one"], templates=tmp_path)
    shipped = render(briefs("en")["digest-one"])
    assert own["blocks"][0]["text"]["text"] == "Ahoy, FY2026-Q3"
    assert own["blocks"][1:] == shipped["blocks"][1:]
    assert "# やあ" in as_text(render(briefs("ja")["digest-one"], templates=tmp_path))


@pytest.mark.parametrize(
    "template",
    [
        "{% block title %}{{ nobody }}{% endblock %}",
        "{% block title %}{{ cycle",
        "{% block title %}{{ ''.__class__.__mro__ }}{% endblock %}",
        "{% block title %}{{ none }}{% endblock %}",
        "{% block title %}{{ 1 / 0 }}{% endblock %}",
        "{% block title %}{% for n in range(10 ** 9) %}x{% endfor %}{% endblock %}",
    ],
)
def test_a_wrong_template_of_a_programme_is_named(tmp_path: Path, template: str) -> None:
    (tmp_path / "digest.j2").write_text(template, "utf-8")
    with strict(), pytest.raises(BadInput, match=r"digest\.j2:1: fragment title: .+"):
        render(briefs("en")["digest-one"], templates=tmp_path)
