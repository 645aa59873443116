"""Answering several on the local page, as a person does: press, tick, send, and read what came of it."""

from collections.abc import Iterator
from functools import partial

import browsing
import pytest
from inbox_crowd import crowd
from inbox_town import Town
from playwright.sync_api import Browser, Page, expect

pytestmark = pytest.mark.browser
shot = partial(browsing.shot, "inbox")
WORDS = {
    "en": ("Answer several…", "Send", "Recorded:"),
    "ja": ("まとめて回答…", "送信", "件を記録しました"),
}


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with browsing.tab(browser, height=1000) as opened:
        yield opened


def opened(page: Page, town: Town, who: str, button: str) -> None:
    page.goto(f"{town.slack.url}/?as={who}")
    page.wait_for_selector("body[data-ready]")
    page.get_by_test_id("tab-home").click()
    page.get_by_test_id("home").get_by_role("button", name=button).first.click()


@pytest.mark.parametrize(("who", "name"), [("bennett", "en"), ("ito", "ja")])
def test_one_link_for_several_then_the_result(page: Page, http_town: Town, who: str, name: str) -> None:
    button, send, done = WORDS[name]
    crowd(http_town, requests=3, owner=who)
    opened(page, http_town, who, button)
    form = page.get_by_role("dialog")
    for place in (0, 1):
        form.get_by_role("checkbox").nth(place).check()
    form.locator("input[type=url]").first.fill("https://docs.example/all")
    shot(page, f"several-{name}-form")
    form.get_by_role("button", name=send).click()
    expect(page.get_by_role("dialog")).to_contain_text(done)
    shot(page, f"several-{name}-done")
