"""The picture in a real browser: every text inside the picture and its box, and no label on top of another."""

import pytest
from dashboard_cards import CARDS, crowd
from playwright.sync_api import Browser, Page

from tasks.charts import data_uri, scorecard_svg
from tasks.charts.svg import PANEL

pytestmark = pytest.mark.browser

# Letters reach over the box of a font's ascent and descent, which is taller than the letters: a fifth is taken off.
BOXES = """() => {
  const shape = e => { const b = e.getBBox(); return {x: b.x, y: b.y, width: b.width, height: b.height}; };
  const svg = document.querySelector('svg');
  return {
    view: [svg.viewBox.baseVal.width, svg.viewBox.baseVal.height],
    texts: [...svg.querySelectorAll('text')].map(e => ({words: e.textContent, ...shape(e)})),
    rects: [...svg.querySelectorAll(':scope > rect')].map(e => ({fill: e.getAttribute('fill'), ...shape(e)})),
  };
}"""


@pytest.fixture(scope="module")
def page(browser: Browser) -> Page:
    return browser.new_page(viewport={"width": 800, "height": 1300})


def boxes(page: Page, svg: str) -> dict:
    page.set_content(f"<body style='margin:0'>{svg}</body>")
    return page.evaluate(BOXES)


@pytest.mark.parametrize("name", CARDS)
@pytest.mark.parametrize("language", ["en", "ja"])
def test_no_text_leaves_its_place(page: Page, name: str, language: str) -> None:
    found = boxes(page, scorecard_svg(CARDS[name](), language=language))
    width, height = found["view"]
    panels = [each for each in found["rects"] if each["fill"] == PANEL]
    for text in found["texts"]:
        if not text["words"]:
            continue
        assert text["x"] >= 4, text
        assert text["x"] + text["width"] <= width - 4, text
        assert text["y"] >= 4, text
        assert text["y"] + text["height"] <= height - 4, text
        for panel in panels:
            starts_inside = panel["x"] <= text["x"] <= panel["x"] + panel["width"]
            if starts_inside and panel["y"] <= text["y"] + text["height"] / 2 <= panel["y"] + panel["height"]:
                assert text["x"] + text["width"] <= panel["x"] + panel["width"], text


@pytest.mark.parametrize("name", CARDS)
@pytest.mark.parametrize("language", ["en", "ja"])
def test_no_label_covers_another(page: Page, name: str, language: str) -> None:
    texts = [each for each in boxes(page, scorecard_svg(CARDS[name](), language=language))["texts"] if each["words"]]
    for i, one in enumerate(texts):
        for other in texts[i + 1 :]:
            assert not overlap(one, other), f"{one['words']!r} and {other['words']!r}"


def overlap(one: dict, other: dict) -> bool:
    def middle(box: dict) -> tuple[float, float]:
        return box["y"] + box["height"] * 0.2, box["y"] + box["height"] * 0.8

    beside = one["x"] + one["width"] <= other["x"] or other["x"] + other["width"] <= one["x"]
    (top, foot), (other_top, other_foot) = middle(one), middle(other)
    return not beside and top < other_foot and other_top < foot


def test_labels_do_not_run_into_the_bars(page: Page) -> None:
    found = boxes(page, scorecard_svg(CARDS["long"](), language="en"))
    bars = [each for each in found["rects"] if each["height"] == 14]
    for text in found["texts"]:
        for bar in bars:
            assert not overlap(text, bar), text["words"]


def test_the_picture_loads_from_its_data_uri(page: Page) -> None:
    page.set_content(f"<img alt='' src='{data_uri(scorecard_svg(crowd(), language='ja'))}'>")
    page.wait_for_function("document.images[0].complete")
    assert page.evaluate("document.images[0].naturalWidth") == 720
