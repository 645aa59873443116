"""The picture: well-formed whatever the record holds, small, the same every time, and readable."""

import re
from base64 import b64decode
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from dashboard_cards import CARDS, calm, crowd, empty, lapse, typical
from dashboard_strategies import cards, languages
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from cycles.scorecard import Scorecard, Tally
from tasks.charts import alt_text, data_uri, scorecard_svg
from tasks.charts.bars import segment_widths
from tasks.charts.svg import ellipsis, measure, plain

SVG = "{http://www.w3.org/2000/svg}"
ALLOWED = {"svg", "defs", "pattern", "rect", "circle", "path", "line", "text"}
# Whole scorecards take minutes to shrink, and the texts that break things are short and known: fail at once.
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)
LIMIT = 60 * 1024
every_card = pytest.mark.parametrize("name", CARDS)
both_languages = pytest.mark.parametrize("language", ["en", "ja"])


def words_of(svg: str) -> list[str]:
    return ["".join(each.itertext()) for each in ElementTree.fromstring(svg).iter(f"{SVG}text")]


@settings(
    max_examples=60,
    phases=PHASES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(cards, languages)
def test_any_card_draws_small_wellformed_inert_xml(card: Scorecard, language: str) -> None:
    svg = scorecard_svg(card, language=language)
    assert len(svg.encode("utf-8")) < LIMIT
    root = ElementTree.fromstring(svg)
    for each in root.iter():
        assert each.tag.removeprefix(SVG) in ALLOWED
        assert not [name for name in each.attrib if name.startswith("on") or "href" in name or name == "style"]
    assert root.attrib["role"] == "img"
    assert root.attrib["aria-label"] == plain(alt_text(card, language=language))


@every_card
@both_languages
def test_the_same_card_gives_the_same_bytes_with_short_coordinates(name: str, language: str) -> None:
    svg = scorecard_svg(CARDS[name](), language=language)
    assert svg == scorecard_svg(CARDS[name](), language=language)
    assert not re.search(r"\d\.\d\d", re.sub(r">[^<]*<|aria-label=\"[^\"]*\"|opacity=\"[^\"]*\"", "", svg))


@every_card
@both_languages
def test_every_text_stands_out_from_its_ground(name: str, language: str) -> None:
    for text, ground, fill in texts_on_grounds(scorecard_svg(CARDS[name](), language=language)):
        assert contrast(fill, ground) >= 4.5, f"{text!r}: {fill} on {ground}"


def texts_on_grounds(svg: str) -> list[tuple[str, str, str]]:
    """Each text with the fill of the last rectangle drawn under its anchor."""
    drawn, found = [], []
    for each in ElementTree.fromstring(svg):
        at = (
            {key: float(each.get(key, 0)) for key in ("x", "y", "width", "height")}
            if each.tag[len(SVG) :] in ("rect", "text")
            else {}
        )
        if each.tag == f"{SVG}rect":
            drawn.append((at, each.attrib["fill"]))
        elif each.tag == f"{SVG}text":
            under = [fill for box, fill in drawn if _inside(at, box)]
            found.append(("".join(each.itertext()), under[-1], each.attrib["fill"]))
    return found


def _inside(at: dict[str, float], box: dict[str, float]) -> bool:
    return box["x"] <= at["x"] <= box["x"] + box["width"] and box["y"] <= at["y"] <= box["y"] + box["height"]


def contrast(one: str, other: str) -> float:
    """The contrast ratio of WCAG 2.2."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_the_contrast_measure_itself() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)


def test_a_typical_card_reads_like_this() -> None:
    assert words_of(scorecard_svg(typical(), language="en"))[:27] == [
        "Aozora Works", "FY2026-Q3", "Check · workday 41 of 62 · closes 25 Dec 2026",
        "Plan", "96 / 96", "Do", "81 / 96", "67%", "Check", "55 / 81", "Act", "2 / 14",
        "90%", "controls in control", "▲ 8 points",
        "4", "open lapses", "3 new · 5 recovered",
        "3", "open actions", "1 overdue",
        "1.6", "median answer", "▼ 0.4 faster", "workdays",
        "Lapses that matter most", "and 1 more",
    ]  # fmt: skip


def test_a_typical_card_reads_like_this_in_japanese() -> None:
    words = words_of(scorecard_svg(typical(), language="ja"))
    for said in (
        "評価 · 62営業日中41日目 · 2026年12月25日終了",
        "管理下の管理策",
        "期限超過1件",
        "重要な失効",
        "システム別（要対応順）",
    ):
        assert said in words
    assert words[-1] == "2026年11月27日 09:30（Asia/Tokyo）時点"


def test_no_lapses_is_calm_and_nothing_in_it_is_red() -> None:
    svg = scorecard_svg(calm(), language="en")
    assert "No open lapses" in words_of(svg)
    assert "Every control that applies has valid evidence or an accepted risk." in words_of(svg)
    assert svg.count("url(#lapsed)") == 1  # the legend's own


def test_an_empty_programme_is_not_in_control() -> None:
    words = words_of(scorecard_svg(empty(), language="en"))
    assert "100%" not in words
    for said in (
        "not assessed yet",
        "No system is in scope yet.",
        "No control has been assessed yet.",
        "no answers yet",
    ):
        assert said in words


def test_a_first_cycle_compares_with_nothing() -> None:
    card = replace(
        typical(), previous_in_control=None, previous_median_answer_workdays=None, trend=typical().trend[-1:]
    )
    words = words_of(scorecard_svg(card, language="en"))
    assert words.count("first cycle") == 2
    assert "The first cycle. The line begins here." in words


def test_a_lapsed_control_without_a_recorded_lapse_still_alarms() -> None:
    card = replace(typical(), lapses=())
    words = words_of(scorecard_svg(card, language="en"))
    assert "lapsed controls" in words
    assert "No open lapses" not in words


def test_an_expired_acceptance_no_longer_covers() -> None:
    for last_day, shown in (("2026-11-26", True), ("2026-11-27", False)):
        covered = lapse(1, "x", {"en": "Bias test"}, "expired", accepted_until=typical().closes.fromisoformat(last_day))
        svg = scorecard_svg(replace(typical(), lapses=(covered,)), language="en")
        assert ("Lapses that matter most" in words_of(svg)) is shown, last_day


def test_many_systems_show_the_worst_and_count_the_rest() -> None:
    words = words_of(scorecard_svg(crowd(200), language="en"))
    shown = [each for each in words if each.startswith("system-")]
    lapsed = sum(1 for each in crowd(200).systems if each.tally.lapsed)
    assert f"and 186 more systems, {lapsed - 14} of them with lapsed controls" in words
    assert len(shown) == 14 + 3  # the bars and the lapses that matter most


@pytest.mark.parametrize("count", [1, 13, 14, 15, 200])
def test_any_number_of_systems_stays_small(count: int) -> None:
    words = words_of(scorecard_svg(crowd(count), language="en"))
    assert any("more system" in each for each in words) is (count > 14)


@given(st.lists(st.integers(1, 5_000_000), min_size=1, max_size=5))
def test_segments_fill_the_bar_and_none_vanishes(counts: list[int]) -> None:
    widths = segment_widths(counts, 364)
    assert sum(widths) == pytest.approx(364)
    assert min(widths) >= 3.99


@given(st.text(max_size=200), st.floats(30, 300), st.booleans())
def test_an_ellipsis_keeps_to_its_room(text: str, room: float, bold: bool) -> None:
    shown = ellipsis(plain(text), 12, room, bold=bold)
    assert measure(shown, 12, bold=bold) <= room + 0.001


def test_full_width_counts_about_double() -> None:
    assert 1.5 <= measure("書", 12) / measure("a", 12) <= 2
    assert ellipsis("契約書レビュー支援システム", 10, 65) == "契約書レビ…"


def test_the_share_of_a_big_programme_is_not_rounded_up() -> None:
    tally = Tally(satisfied=999_999, lapsed=1)
    words = words_of(scorecard_svg(replace(typical(), tally=tally), language="en"))
    assert "99%" in words


def test_the_data_uri_holds_the_picture() -> None:
    svg = scorecard_svg(typical(), language="ja")
    kind, _, body = data_uri(svg).partition(",")
    assert kind == "data:image/svg+xml;base64"
    assert b64decode(body).decode("utf-8") == svg
