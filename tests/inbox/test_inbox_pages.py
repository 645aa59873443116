"""What people see of the home, the shortcut and the commands in a real Chromium; the pictures are kept."""

from collections.abc import Iterator
from functools import partial

import browsing
import pytest
from inbox_crowd import crowd
from inbox_town import Town
from playwright.sync_api import Browser, Page, expect

pytestmark = pytest.mark.browser
shot = partial(browsing.shot, "inbox")
CHANNEL = "ai-governance"


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with browsing.tab(browser, height=1000) as opened:
        yield opened


def see(page: Page, town: Town, who: str) -> None:
    page.goto(f"{town.slack.url}/?as={who}")
    page.wait_for_selector("body[data-ready]")


def home(page: Page, town: Town, who: str) -> None:
    see(page, town, who)
    with page.expect_response(lambda response: response.url.endswith("/_human/act")):
        page.get_by_test_id("tab-home").click()


def test_homes_full_and_empty_in_both_languages(page: Page, http_town: Town) -> None:
    town = http_town
    view = town.press("bennett", "snooze", town.request().id, form=True)["view"]
    town.fill("bennett", view, until="2026-10-06", reason="Audit")
    view = town.press("bennett", "submit", town.request("human-oversight").id, form=True)["view"]
    town.fill("bennett", view, link="https://docs.example/oversight")
    crowd(town, requests=2, actions=2, reviews=2)
    for who, text, name in (
        ("bennett", "Open", "home-en"),
        ("kobayashi", "レビュー", "home-ja-reviewer"),
        ("sato", "FY2026-Q3", "home-ja-lead"),
        ("okafor", "Nothing is waiting for you", "home-en-empty"),
        ("ito", "お願い", "home-ja"),
    ):
        home(page, town, who)
        expect(page.get_by_test_id("home")).to_contain_text(text)
        shot(page, name)
    home(page, town, "bennett")
    page.set_viewport_size({"width": 1280, "height": 2600})
    shot(page, "home-en-whole")


def test_pages_are_turned_with_their_buttons(page: Page, http_town: Town) -> None:
    crowd(http_town, requests=40)
    home(page, http_town, "bennett")
    for number in (2, 3):
        page.get_by_test_id("home").get_by_role("button", name="See more").click()
        expect(page.get_by_test_id("home")).to_contain_text(f"Page {number} of ")
    page.get_by_test_id("home").get_by_text("Page 3 of ").scroll_into_view_if_needed()
    shot(page, "home-en-page")


@pytest.mark.parametrize(("who", "name", "send"), [("bennett", "en", "Send"), ("ito", "ja", "送信")])
def test_a_message_becomes_an_answer_from_its_menu(page: Page, http_town: Town, who: str, name: str, send: str) -> None:
    town = http_town
    if who == "ito":
        crowd(town, requests=1, owner="ito")
    file = town.human.upload("okafor", "risk-assessment.pdf", content=b"%PDF-1.7")["id"]
    town.human.say(
        "okafor", "The risks, reviewed today: https://docs.example/risk?v=4 & the file", channel=CHANNEL, files=[file]
    )
    see(page, town, who)
    page.get_by_text(CHANNEL).first.click()
    message = page.get_by_text("The risks, reviewed today").last
    message.hover()
    page.get_by_test_id("more").last.click()
    page.get_by_role("menuitem").filter(has_text="Use as evidence").click()
    expect(page.get_by_role("button", name=send)).to_be_visible()
    shot(page, f"use-as-evidence-{name}")


def test_commands_answer_for_ones_own_eyes(page: Page, http_town: Town) -> None:
    town = http_town
    town.settings.prefect_ui = "https://prefect.example.com"
    for who, text in (
        ("sato", "状況"),
        ("bennett", f"report {town.request().id}"),
        ("bennett", "report scoring"),
        ("bennett", "stauts"),
    ):
        town.human.act(who, "slash", command="/hoshin", text=text)
    for who in ("sato", "bennett"):
        see(page, town, who)
        page.get_by_text("Hoshin").first.click()
        page.wait_for_timeout(200)
        shot(page, f"commands-{who}")
