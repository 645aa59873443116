"""Somebody at the local Slack's page."""

from functools import partial
from pathlib import Path

import browsing
from playwright.sync_api import Locator, Page, expect

from localslack.client import HumanClient

shot = partial(browsing.shot, "whole")


class Desk:
    """One person of the workspace at the page."""

    def __init__(self, page: Page, url: str, user: str) -> None:
        self.page, self.human, self.user = page, HumanClient(url), user
        page.goto(f"{url}/?as={user}")
        page.wait_for_selector("body[data-ready]")

    def button(self, verb: str, value: int | str) -> Locator:
        """The button of a verb for a request or evidence, where the newest message shows it."""
        for message in reversed(self.human.messages(self.user)):
            for block in message.get("blocks", []):
                for element in block.get("elements", []):
                    if (element.get("action_id"), element.get("value")) == (f"hoshin.v1.{verb}", str(value)):
                        return self.page.locator(
                            f"[data-ts='{message['ts']}'] [data-block-id='{block['block_id']}']"
                            f" [data-action-id='hoshin.v1.{verb}']"
                        )
        raise AssertionError(f"{self.user} sees no {verb} for {value}")

    def offered(self, verb: str) -> list[int]:
        """The requests or evidence for which a button of this verb is shown, in their order."""
        found = [
            int(element["value"])
            for message in self.human.messages(self.user)
            for block in message.get("blocks", [])
            for element in block.get("elements", [])
            if element.get("action_id") == f"hoshin.v1.{verb}"
        ]
        return sorted(set(found))

    def item(self, request_id: int) -> Locator:
        """The block of a request in the first message: what is asked, and after the answer its receipt."""
        return self.page.locator(f"[data-block-id='hoshin.v1.item.{request_id}']").first

    def still_true(self, request_id: int) -> None:
        """Press *Still true* and say yes in the dialog that asks once more."""
        self.button("confirm", request_id).click()
        dialog = self.page.get_by_test_id("confirm")
        expect(dialog).to_be_visible()
        self.page.get_by_test_id("confirm-yes").click()
        expect(dialog).to_have_count(0)

    def submit(self, request_id: int, *, effective: str, link: str = "", file: Path | None = None) -> None:
        """Press *Submit evidence*, fill the form and send it."""
        self.button("submit", request_id).click()
        form = self.page.get_by_test_id("modal")
        expect(form).to_be_visible()
        if link:
            form.locator("[data-block-id$=link] input").fill(link)
        if file:
            form.locator("input[type=file]").set_input_files(file)
            expect(form.locator(".file-chip")).to_contain_text(file.name)
        form.locator("input[type=date]").fill(effective)
        shot(self.page, f"{self.user}-form-{'file' if file else 'link'}")
        self.page.get_by_test_id("modal-submit").click()
        expect(form).to_have_count(0)

    def becomes_receipt(self, request_id: int) -> str:
        """The item loses its buttons and says who answered; gives what it says."""
        message = self.page.locator("[data-testid=message]").filter(has=self.item(request_id)).first
        expect(message.locator(f"[data-block-id$='.{request_id}'] button")).to_have_count(0, timeout=20_000)
        block = self.item(request_id)
        expect(block).to_contain_text("✓")
        return block.inner_text()
