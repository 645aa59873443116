"""`make demo` from the first line to Ctrl-C, with owners and a reviewer at the page and an executive at the scorecard.

The tests of this file tell one story and run in their order on one demo.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browsing import tab
from playwright.sync_api import Browser, Page, expect
from waiting import until
from whole_demo import ROOT, Demo, counts, hoshin, left_behind
from whole_page import Desk, shot

from cycles.settings import Settings
from flows import work
from flows.house import open_house
from tasks.charts import alt_text

pytestmark = [pytest.mark.server, pytest.mark.browser, pytest.mark.timeout(300)]

FIRST_PROMPT_S = 60
ENDED_S = 30
LINK = "https://docs.kumonagi.example/shelf-camera/security-test-2026"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo") / "home"


@pytest.fixture(scope="module")
def demo(home: Path) -> Iterator[Demo]:
    """A demo that was interrupted in the middle of its start, and started again."""
    interrupted = Demo(home)
    running = None
    try:
        interrupted.says("Reading the programme", within=60)
        assert interrupted.interrupt() < ENDED_S
        assert left_behind(home) == []
        running = Demo(home)
        running.says("Ready", within=150)
        running.says("Act as an owner", within=151)
        yield running
    finally:
        for each in (interrupted, running):
            if each is not None:
                each.end()


@pytest.fixture(scope="module")
def slack(demo: Demo) -> str:
    return str(demo.mark()["slack"])


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with tab(browser) as opened:
        yield opened


def test_make_demo_is_this_command() -> None:
    rules = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert re.search(r"^demo: install\n\t@\$\(BIN\)/hoshin demo$", rules, re.M)
    assert re.search(r"^demo-reset: install\n\t@\$\(BIN\)/hoshin demo --reset$", rules, re.M)


def test_the_first_prompt_is_there_within_a_minute(demo: Demo, slack: str) -> None:
    at, said = demo.says(r"First prompts are there: (http://127\.0\.0\.1:\d+)", within=FIRST_PROMPT_S)
    assert at <= FIRST_PROMPT_S
    assert said[1] == slack
    assert f"{slack}/?as=U01BENNETT" in demo.text
    assert re.search(r"/v2/artifacts/artifact/[0-9a-f-]{36}", demo.text), "the scorecard's own page"
    assert "hoshin demo --next" in demo.text


def test_an_english_owner_answers(page: Page, slack: str, home: Path, tmp_path: Path) -> None:
    before = counts(home)["requests"]
    desk = Desk(page, slack, "U01BENNETT")
    shot(page, "owner-en-before")
    (unchanged,) = desk.offered("confirm")
    linked, filed = [number for number in desk.offered("submit") if number != unchanged][:2]
    desk.still_true(unchanged)
    assert "Confirmed unchanged by Olivia Bennett" in desk.becomes_receipt(unchanged)
    desk.submit(linked, link=LINK, effective="2026-10-14")
    assert "Submitted by Olivia Bennett" in desk.becomes_receipt(linked)
    report = tmp_path / "risk assessment.pdf"
    report.write_bytes(b"%PDF-1.7\nA risk assessment.\n")
    desk.submit(filed, file=report, effective="2026-10-15")
    assert "Submitted by Olivia Bennett" in desk.becomes_receipt(filed)
    shot(page, "owner-en-after")
    after = counts(home)["requests"]
    assert after["accepted"] == before.get("accepted", 0) + 1
    assert after["submitted"] == before.get("submitted", 0) + 2
    assert after["asked"] == before["asked"] - 3
    assert [path.read_bytes() for path in (home / "evidence").rglob("*") if path.is_file()] == [report.read_bytes()]


def test_a_japanese_owner_answers(page: Page, slack: str, home: Path) -> None:
    before = counts(home)["requests"]
    desk = Desk(page, slack, "U01YAMAMOTO")
    expect(page.locator("html")).to_have_attribute("lang", "ja-JP")
    shot(page, "owner-ja-before")
    unchanged = desk.offered("confirm")[0]
    linked = next(number for number in desk.offered("submit") if number not in desk.offered("confirm"))
    expect(desk.button("confirm", unchanged)).to_have_text("変更ありません")
    desk.still_true(unchanged)
    assert "変更" in desk.becomes_receipt(unchanged)
    desk.submit(linked, link="https://docs.kumonagi.example/商品おすすめ/バイアス検証", effective="2026-10-13")
    assert "提出" in desk.becomes_receipt(linked)
    shot(page, "owner-ja-after")
    after = counts(home)["requests"]
    assert after["accepted"] == before["accepted"] + 1
    assert after["submitted"] == before["submitted"] + 1


def test_the_reviewer_accepts(page: Page, slack: str, home: Path) -> None:
    before = counts(home)["requests"]
    desk = Desk(page, slack, "U01KOBAYASHI")
    evidence = until(lambda: desk.offered("review_accept"), "evidence before the reviewer")[0]
    accept = desk.button("review_accept", evidence)
    shot(page, "reviewer-before")
    accept.click()
    expect(accept).to_have_count(0, timeout=20_000)
    shot(page, "reviewer-after")
    after = counts(home)["requests"]
    assert after["accepted"] == before["accepted"] + 1
    assert after["submitted"] == before["submitted"] - 1


def alt_of(home: Path, language: str) -> str:
    """What the record says now, as the words of the scorecard's picture."""
    with open_house(Settings(home=home)) as house:
        card = work.figures(house)
        assert card
        return alt_text(card, language=language)


def scorecard(browser: Browser, demo: Demo, name: str) -> str:
    """The words of the picture on the scorecard's page in the Prefect UI."""
    with tab(browser, height=1500, ours=False) as page:
        page.goto(demo.prefect().page("hoshin-scorecard"))
        picture = page.locator("img[src^='data:image/svg']").first
        expect(picture).to_be_visible(timeout=60_000)
        assert picture.evaluate("image => image.complete && image.naturalWidth") == 720
        shot(page, name)
        return str(picture.get_attribute("alt"))


def test_the_next_check_brings_it_to_the_scorecard(browser: Browser, demo: Demo, home: Path) -> None:
    prefect = demo.prefect()
    old, before = prefect.artifact("hoshin-scorecard"), counts(home)
    assert prefect.wait(prefect.run("check/check")) == "COMPLETED"
    new, after = prefect.artifact("hoshin-scorecard"), counts(home)
    assert old
    assert new
    assert new["id"] != old["id"]
    assert after["results"]["satisfied"] > before["results"]["satisfied"], "accepted evidence counts"
    shown = scorecard(browser, demo, "scorecard-en")
    assert shown == alt_of(home, "en")
    assert shown in new["data"]
    assert shown not in old["data"]


def test_the_scorecard_speaks_the_programmes_language(browser: Browser, demo: Demo, home: Path) -> None:
    head = home / "programme" / "programme.yaml"
    head.write_text(re.sub(r"^language: en", "language: ja", head.read_text("utf-8"), flags=re.M), encoding="utf-8")
    assert "programme" in hoshin(home, "sync")
    prefect = demo.prefect()
    assert prefect.wait(prefect.run("check/check")) == "COMPLETED"
    shown = scorecard(browser, demo, "scorecard-ja")
    assert shown.startswith("スコアカード")
    assert shown == alt_of(home, "ja")


def test_next_moves_the_clock_to_whoever_is_due(demo: Demo, home: Path) -> None:
    before = Settings(home=home).now()
    said = hoshin(home, "demo", "--next")
    assert re.search(r"It is now \w+ \d+ Oct 2026 \d\d:\d\d UTC; .+ ran\.", said)
    assert Settings(home=home).now() > before


def test_verify_holds_after_all_this(demo: Demo, home: Path) -> None:
    assert "unbroken" in hoshin(home, "verify")


def journal(home: Path) -> tuple[int, str]:
    found: Any = json.loads(hoshin(home, "verify", "--json"))
    assert found["fault"] is None
    return found["entries"], found["head"]


def test_interrupted_it_leaves_no_process_goes_on_from_its_record_and_can_be_reset(demo: Demo, home: Path) -> None:
    assert len(left_behind(home)) > 1
    moment, before = Settings(home=home).now(), journal(home)
    assert demo.interrupt() < ENDED_S
    assert left_behind(home) == []
    assert journal(home) == before
    again = Demo(home)
    try:
        again.says("First prompts are there", within=FIRST_PROMPT_S)
        assert Settings(home=home).now() >= moment
        entries, _ = journal(home)
        # Starting again asks whoever is due at that moment, and no more: nothing that was there is undone.
        assert entries >= before[0]
        with open_house(Settings(home=home)) as house, house.record.read() as session:
            from cycles.models import JournalEntry

            assert session.get_one(JournalEntry, before[0]).hash == before[1]
        assert again.interrupt() < ENDED_S
        assert left_behind(home) == []
    finally:
        again.end()
    assert "start over" in hoshin(home, "demo", "--reset")
    assert not home.exists()
