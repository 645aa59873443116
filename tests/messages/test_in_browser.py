"""Every message and every form on the local Slack's page in a real Chromium: nothing runs out of its place, nothing breaks.

Screenshots of each kind of message and of each form, in English and Japanese, are left in test-artifacts/messages.
"""

from collections.abc import Iterator
from typing import Any

import browsing
import pytest
from message_samples import NOW, briefs
from message_views import views
from playwright.sync_api import Browser, Page, expect
from slack_sdk import WebClient
from slack_sdk.socket_mode import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse

from inbox.socket import end
from localslack.server import LocalSlack
from localslack.workspace import Workspace
from tasks.messages import render

pytestmark = pytest.mark.browser
SHOTS = browsing.ARTIFACTS / "messages"
Json = dict[str, Any]
LOOKS = [
    ("en", "real"),
    ("ja", "real"),
    *(pytest.param(*one, marks=pytest.mark.long) for one in (("en", "longest"), ("ja", "hostile"))),
]
# Messages of which the first sample shows least.
CROWDED = ("review-several-one-left", "panel-several-one-left")
READERS = {"en": ("grace", "en-GB", "Europe/London"), "ja": ("misaki", "ja-JP", "Asia/Tokyo")}
# What is wider than its place, what a person cannot press because something covers it, and what says nothing.
FAULTS = """place => {
  const wide = [...place.querySelectorAll('*')].filter(one => one.scrollWidth > one.clientWidth + 1
      && getComputedStyle(one).display !== 'inline' && getComputedStyle(one).overflowX === 'visible' && one.clientWidth);
  const silent = [...place.querySelectorAll('button, a')].filter(one => !(one.innerText || one.ariaLabel || '').trim());
  return [...wide, ...silent].map(one => one.tagName + '.' + one.className + ': ' + one.textContent.slice(0, 60));
}"""


class App:
    """Opens its first form for whoever types `/hoshin`."""

    def __init__(self, slack: LocalSlack) -> None:
        self.web = WebClient(token=slack.bot_token, base_url=slack.api_url, retry_handlers=[], timeout=5)
        self.first: Json = {}
        self.socket = SocketModeClient(app_token=slack.app_token, web_client=self.web, ping_interval=0.2)
        self.socket.socket_mode_request_listeners.append(self._on)  # type: ignore[arg-type]
        self.socket.connect()

    def _on(self, socket: SocketModeClient, request: SocketModeRequest) -> None:
        socket.send_socket_mode_response(SocketModeResponse(envelope_id=request.envelope_id))
        if request.type == "slash_commands":
            self.web.views_open(trigger_id=request.payload["trigger_id"], view=self.first)


@pytest.fixture(scope="module")
def slack() -> Iterator[LocalSlack]:
    users = [
        {"name": name, "real_name": name.title(), "email": f"{name}@aozora.example", "tz": zone, "locale": locale}
        for name, locale, zone in READERS.values()
    ]
    workspace = Workspace.from_dict({"app": {"name": "Hoshin", "commands": ["/hoshin"]}, "users": users})
    with LocalSlack(workspace, clock=NOW.timestamp) as running:
        yield running


@pytest.fixture(scope="module")
def app(slack: LocalSlack) -> Iterator[App]:
    running = App(slack)
    yield running
    end(running.socket)


@pytest.fixture
def page(browser: Browser, slack: LocalSlack) -> Iterator[Page]:
    slack.control("reset", {})
    with browsing.tab(browser, width=1180, console=True, reduced_motion="reduce") as opened:
        yield opened


def see(page: Page, slack: LocalSlack, locale: str, more: str = "") -> None:
    page.goto(f"{slack.url}/?as={READERS[locale][0]}{more}")
    page.wait_for_selector("body[data-ready]")


@pytest.mark.parametrize(("locale", "style"), LOOKS)
def test_every_message_stays_in_its_place(page: Page, slack: LocalSlack, app: App, locale: str, style: str) -> None:
    reader = slack.workspace.user(READERS[locale][0])
    assert reader
    channel = app.web.conversations_open(users=reader.id)["channel"]["id"]
    told = {name: (brief, render(brief)) for name, brief in briefs(locale, style).items()}
    shown = {name: app.web.chat_postMessage(channel=channel, **words)["ts"] for name, (_, words) in told.items()}
    see(page, slack, locale, f"&channel={channel}")
    expect(page.get_by_test_id("message")).to_have_count(len(shown))
    assert page.locator("#main").evaluate(FAULTS) == []
    if style != "real":
        return
    first = {type(brief): name for name, (brief, _) in reversed(told.items())}
    for name in (*first.values(), *CROWDED):
        ts = shown[name]
        page.locator(f"[data-ts='{ts}']").screenshot(path=SHOTS / f"{name}.{locale}.png")


@pytest.mark.parametrize(("locale", "style"), LOOKS)
def test_every_form_stays_in_its_place(page: Page, slack: LocalSlack, app: App, locale: str, style: str) -> None:
    forms = {name: view for name, view in views(locale, style).items() if view["type"] == "modal"}
    app.first = next(iter(forms.values()))
    see(page, slack, locale)
    opened = slack.human.act(READERS[locale][0], "slash", command="/hoshin", expect="view")["view"]
    for name, view in forms.items():
        # One form becomes the next: each is drawn anew, and none has to be closed.
        fresh = app.web.views_update(view_id=opened["id"], view=view)["view"]
        form = page.locator(f"[data-view-hash='{fresh['hash']}']")
        expect(form.locator("h2")).to_have_text(view["title"]["text"])
        assert form.evaluate(FAULTS) == [], name
        if style == "real":
            form.screenshot(path=SHOTS / f"{name}.{locale}.png")


@pytest.mark.parametrize(("locale", "style"), LOOKS)
def test_every_home_stays_in_its_place(page: Page, slack: LocalSlack, app: App, locale: str, style: str) -> None:
    reader = slack.workspace.user(READERS[locale][0])
    assert reader
    for name, view in views(locale, style).items():
        if view["type"] != "home":
            continue
        app.web.views_publish(user_id=reader.id, view=view)
        see(page, slack, locale, "&tab=home")
        place = page.get_by_test_id("home")
        expect(place).to_be_visible()
        assert place.evaluate(FAULTS) == [], name
        if style == "real":
            page.screenshot(path=SHOTS / f"{name}.{locale}.png")
