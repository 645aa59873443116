"""The page in a real Chromium: what a person sees, presses, fills and is told."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import browsing
import localslack_scenes
import pytest
from localslack_parts import AppUnderTest, Hand
from playwright.sync_api import Browser, Page, Response, expect
from slack_sdk import WebClient

from localslack.server import LocalSlack

pytestmark = pytest.mark.browser
shot = partial(browsing.shot, "localslack")


@pytest.fixture
def page(browser: Browser, slack: LocalSlack) -> Iterator[Page]:
    with browsing.tab(browser, height=860, console=True, accept_downloads=True) as opened:
        yield opened


def see(page: Page, slack: LocalSlack, who: str, more: str = "") -> None:
    page.goto(f"{slack.url}/?as={who}{more}")
    page.wait_for_selector("body[data-ready]")


def opens_evidence(web: WebClient, request):  # type: ignore[no-untyped-def]
    kind = request.payload.get("type")
    if kind == "block_actions":
        web.views_open(trigger_id=request.payload["trigger_id"], view=localslack_scenes.EVIDENCE)
    if kind == "view_submission":
        values = request.payload["view"]["state"]["values"]
        if "secret" in values["link"]["a"]["value"]:
            return {"response_action": "errors", "errors": {"link": "The reviewers cannot open this link."}}
    return None


def _act(response: Response) -> bool:
    """An act of the person; the page itself says now and then that something was read."""
    return response.url.endswith("/_human/act") and response.request.post_data_json["kind"] != "read"


def test_english_messages_thread_and_home(page: Page, slack: LocalSlack, web: WebClient, app: AppUnderTest) -> None:
    prompt = localslack_scenes.fill(web)
    see(page, slack, "maria@aozora.example")
    message = page.locator(f"[data-ts='{prompt}']")
    expect(message.locator("strong").first).to_have_text("AI-042")
    expect(message.locator("blockquote s")).to_have_text("12 March")
    expect(message.locator(".mention.self")).to_have_text("@Maria Keller")
    expect(message.get_by_role("link", name="the document")).to_have_attribute("href", "https://docs.example/ra")
    expect(page.locator("blockquote", has_text="<script>alert(1)</script>")).to_be_visible()
    shot(page, "english")
    page.get_by_test_id("replies").click()
    expect(page.locator("#thread [data-testid=message]")).to_have_count(3)
    page.get_by_test_id("thread-composer").fill("On it :rocket:")
    page.keyboard.press("Enter")
    expect(page.locator("#thread [data-testid=message]")).to_have_count(4)
    shot(page, "thread")
    page.keyboard.press("Escape")
    expect(page.locator("#thread")).to_be_hidden()
    with page.expect_response(_act):
        page.get_by_test_id("tab-home").click()
    expect(page.get_by_test_id("home")).to_contain_text("Your open requests")
    assert app.requests[-1].payload["event"]["type"] == "app_home_opened"
    shot(page, "home")


def test_japanese_chrome_for_a_japanese_person(page: Page, slack: LocalSlack, web: WebClient) -> None:
    localslack_scenes.fill(web)
    see(page, slack, "yuki@aozora.example")
    expect(page.locator("html")).to_have_attribute("lang", "ja-JP")
    expect(page.locator("#banner")).to_contain_text("このコンピューターの外に出ません")
    expect(page.get_by_test_id("tab-messages")).to_have_text("メッセージ")
    expect(page.get_by_test_id("message").first).to_contain_text("2026年10月6日")
    expect(page.get_by_test_id("local-time")).to_contain_text("9:30")
    shot(page, "japanese")


def test_modal_errors_upload_and_submit(
    page: Page, slack: LocalSlack, web: WebClient, app: AppUnderTest, tmp_path: Path
) -> None:
    app.handler = opens_evidence
    prompt = localslack_scenes.fill(web)
    see(page, slack, "maria")
    page.locator(f"[data-ts='{prompt}'] [data-action-id=submit_evidence]").click()
    form = page.get_by_test_id("modal")
    expect(form).to_be_visible()
    expect(form.locator("[data-block-id=link] input")).to_be_focused()
    shot(page, "modal")
    page.get_by_test_id("modal-submit").click()
    expect(form.locator("[data-block-id=link] [data-testid=field-error]")).to_have_text(
        "Please complete this required field."
    )
    form.locator("[data-block-id=link] input").fill("https://secret.example/x")
    form.get_by_label("A new assessment").check()
    form.locator("[data-block-id=watchers] select").select_option(label="佐藤 由紀")
    evidence = tmp_path / "assessment.pdf"
    evidence.write_bytes(b"%PDF-1.4 evidence")
    form.locator("input[type=file]").set_input_files(evidence)
    expect(form.locator(".file-chip")).to_contain_text("assessment.pdf")
    page.get_by_test_id("modal-submit").click()
    expect(form.locator("[data-block-id=link] [data-testid=field-error]")).to_have_text(
        "The reviewers cannot open this link."
    )
    shot(page, "modal-errors")
    form.locator("[data-block-id=link] input").fill("https://docs.example/ra")
    page.keyboard.press("Enter")
    expect(form).to_be_hidden()
    values = app.requests[-1].payload["view"]["state"]["values"]
    assert values["watchers"]["a"]["selected_users"] == ["U00000001"]
    assert values["effective"]["a"]["selected_date"] == "2026-10-01"
    assert values["files"]["a"]["files"][0]["name"] == "assessment.pdf"


def test_typed_text_survives_a_view_update(page: Page, slack: LocalSlack, web: WebClient, app: AppUnderTest) -> None:
    app.handler = opens_evidence
    prompt = localslack_scenes.fill(web)
    see(page, slack, "maria")
    page.locator(f"[data-ts='{prompt}'] [data-action-id=submit_evidence]").click()
    page.locator("[data-block-id=note] textarea").fill("half a sen")
    view = slack.human.views("maria")["stack"][0]
    fresh = {**localslack_scenes.EVIDENCE, "title": {"type": "plain_text", "text": "Changed"}}
    web.views_update(view_id=view["id"], view=fresh)
    expect(page.get_by_role("dialog", name="Changed")).to_be_visible()
    expect(page.locator("[data-block-id=note] textarea")).to_have_value("half a sen")
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("modal")).to_be_hidden()
    assert slack.human.views("maria")["stack"] == []


def test_confirm_dialog_asks_first(page: Page, slack: LocalSlack, web: WebClient, app: AppUnderTest) -> None:
    prompt = localslack_scenes.fill(web)
    see(page, slack, "maria")
    still_true = page.locator(f"[data-ts='{prompt}'] [data-action-id=still_true]")
    still_true.click()
    shot(page, "confirm")
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("confirm")).to_have_count(0)
    assert app.requests == []
    still_true.click()
    page.get_by_test_id("confirm-yes").click()
    expect(page.get_by_test_id("confirm")).to_have_count(0)
    assert [row["event"] for row in slack.transcript()].count("press") == 1


def test_overflow_and_selects_send_what_was_chosen(
    page: Page, slack: LocalSlack, web: WebClient, app: AppUnderTest
) -> None:
    prompt = localslack_scenes.fill(web)
    see(page, slack, "maria")
    message = page.locator(f"[data-ts='{prompt}']")
    message.locator("[data-action-id=more]").click()
    page.keyboard.press("ArrowDown")
    with page.expect_response(_act):
        page.keyboard.press("Enter")
    with page.expect_response(_act):
        message.locator("[data-action-id=snooze]").select_option("7")
    chosen = [row.payload["actions"][0]["selected_option"]["value"] for row in app.requests]
    assert chosen == ["not_mine", "7"]


def test_toast_when_the_app_does_not_answer(page: Page, slack: LocalSlack, web: WebClient, app: AppUnderTest) -> None:
    app.mute = True
    prompt = localslack_scenes.fill(web)
    see(page, slack, "maria")
    page.locator(f"[data-ts='{prompt}'] [data-action-id=reject]").click()
    expect(page.get_by_test_id("toast")).to_have_text("The app did not respond. Try again.")
    shot(page, "no-answer")


def test_switcher_by_keyboard_and_long_names(page: Page, slack: LocalSlack, web: WebClient) -> None:
    localslack_scenes.fill(web)
    web.chat_postMessage(channel="U00000003", text="長い" * 60 + " " + "x" * 400)
    see(page, slack, "maria")
    page.get_by_test_id("switcher").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("switcher-search")).to_be_focused()
    shot(page, "switcher")
    page.keyboard.type("wolfe")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("switcher")).to_contain_text("Bartholomew")
    expect(page.get_by_test_id("message")).to_have_count(1)
    assert "as=U00000003" in page.url
    wide = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    assert wide is False
    shot(page, "long-names")


def test_empty_channel_live_updates_and_unread(page: Page, slack: LocalSlack, web: WebClient, clock: Hand) -> None:
    see(page, slack, "maria")
    expect(page.get_by_test_id("empty")).to_be_visible()
    shot(page, "empty")
    web.chat_postMessage(channel="C00000001", text="Weekly digest")
    expect(page.get_by_test_id("unread")).to_have_text("1")
    page.locator("[data-channel=C00000001]").click()
    expect(page.get_by_test_id("message")).to_have_count(1)
    clock.at += 86_400
    web.chat_postMessage(channel="C00000001", text="A day later")
    expect(page.locator(".day")).to_have_text(["Yesterday", "Today"])
    expect(page.get_by_test_id("unread")).to_have_count(0)


def test_files_download_with_their_content(page: Page, slack: LocalSlack, web: WebClient) -> None:
    channel = web.conversations_open(users="U00000002")["channel"]["id"]
    web.files_upload_v2(channel=channel, filename="pack.csv", content="a,b\n1,2\n", initial_comment="The pack")
    see(page, slack, "maria")
    with page.expect_download() as download:
        page.locator(".attachment").click()
    assert Path(download.value.path()).read_text() == "a,b\n1,2\n"


def test_dark(browser: Browser, slack: LocalSlack, web: WebClient, app: AppUnderTest) -> None:
    app.handler = opens_evidence
    prompt = localslack_scenes.fill(web)
    page = browser.new_page(viewport={"width": 1280, "height": 860}, color_scheme="dark")
    see(page, slack, "maria")
    background = page.evaluate("getComputedStyle(document.getElementById('main')).backgroundColor")
    assert background == "rgb(26, 29, 33)"
    shot(page, "dark")
    page.locator(f"[data-ts='{prompt}'] [data-action-id=submit_evidence]").click()
    expect(page.get_by_test_id("modal")).to_be_visible()
    shot(page, "dark-modal")
    page.close()


def test_narrow(browser: Browser, slack: LocalSlack, web: WebClient) -> None:
    localslack_scenes.fill(web)
    page = browser.new_page(viewport={"width": 420, "height": 800})
    see(page, slack, "maria")
    assert page.evaluate("document.documentElement.scrollWidth") <= 420
    shot(page, "narrow")
    page.close()
