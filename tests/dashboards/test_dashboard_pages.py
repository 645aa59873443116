"""The page and the tables: nothing a person typed becomes markup, everything is small, and the worst comes first."""

import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from html import unescape

import pytest
from dashboard_cards import CARDS, action, calm, crowd, empty, typical
from dashboard_strategies import HOSTILE, cards, languages
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from cycles.held import Held
from cycles.scorecard import Scorecard, Tally
from tasks.charts.escaping import escaped, link, sentence
from tasks.charts.words import table
from tasks.dashboards import (
    DASHBOARDS,
    actions_rows,
    cycle_progress,
    scorecard_markdown,
    systems_rows,
)
from tasks.slack.answers import HALTING

KEYS = ("hoshin-scorecard", "hoshin-systems", "hoshin-actions", "hoshin-cycle")
LINKS = {key: f"/v2/artifacts/key/{key}" for key in KEYS[1:]}
# Whole scorecards take minutes to shrink, and the texts that break things are short and known: fail at once.
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)
LIMIT = 200 * 1024
patient = settings(
    max_examples=50,
    phases=PHASES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def page(card: Scorecard, language: str = "en") -> str:
    return scorecard_markdown(card, language=language, links=LINKS)


def below_picture(text: str) -> str:
    return text.split("\n", 2)[2]


def tokens(text: str) -> Iterator[Token]:
    for each in MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).parse(text):
        yield each
        yield from each.children or ()


def assert_inert(text: str) -> None:
    for each in tokens(text):
        if each.type == "link_open":
            assert each.attrs["href"] in LINKS.values()
        elif each.type == "image":
            assert str(each.attrs["src"]).startswith("data:image/svg+xml;base64,")
        elif each.type in ("html_block", "html_inline"):
            assert re.sub(r"<summary>[^<]*</summary>", "", each.content).strip() in ("", "<details>", "</details>")
        else:
            assert each.type not in (
                "code_inline",
                "fence",
                "code_block",
                "em_open",
                "strong_open",
                "s_open",
                "hr",
                "blockquote_open",
            )
        if each.type == "text":
            # What GFM turns into a link without any markup.
            assert not re.search(r"(?i)https?://|www\.|[\w.+-]@[\w-]", each.content)


@patient
@given(cards, languages)
def test_any_card_makes_a_small_page_in_which_no_text_acts(card: Scorecard, language: str) -> None:
    text = page(card, language)
    assert len(text.encode("utf-8")) < LIMIT
    assert_inert(text)


@patient
@given(cards, languages)
def test_any_card_keeps_the_shape_of_its_tables(card: Scorecard, language: str) -> None:
    """A pipe in a name neither opens a cell nor spills into one, and no line break ends a table."""
    text = page(card, language)
    headings = [each for each in tokens(text) if each.type == "heading_open"]
    assert len(headings) == 4
    rows = [line for line in below_picture(text).splitlines() if line.startswith("|")]
    assert {line.count("|") - 1 for line in rows} <= {6, 7}
    parsed = sum(1 for each in tokens(text) if each.type == "tr_open")
    assert parsed == len(rows) - sum(1 for line in rows if set(line) <= {"|", "-"})


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_name_is_read_as_it_was_typed(text: str) -> None:
    shown = "".join(each.content for each in tokens(f"| a |\n|---|\n| x {escaped(text)} |\n") if each.type == "text")
    seen = shown.removeprefix("ax ").replace("\u2060", "")
    assert_inert(f"| a |\n|---|\n| {escaped(text)} |\n")
    assert_inert(f"- {escaped(text)}\n")
    typed = " ".join(unescape(escaped(text)).replace("\u2060", "").split())
    assert seen == typed


@pytest.mark.parametrize("start", ["- a", "+ a", "1. a", "12) a", "# a", "> a", "    a", "---", "==="])
def test_a_name_opens_no_block(start: str) -> None:
    kinds = {each.type for each in tokens(f"- {escaped(start)}\n")}
    assert kinds <= {"bullet_list_open", "list_item_open", "paragraph_open", "inline", "text", "paragraph_close"} | {
        "list_item_close",
        "bullet_list_close",
    }


@pytest.mark.parametrize("address", ["javascript:alert(1)", "//evil.example/x", "data:text/html,x", "x", ""])
def test_a_link_leads_to_this_site_or_over_http(address: str) -> None:
    with pytest.raises(ValueError, match="neither http"):
        link("label", address)


def test_a_link_survives_brackets_in_its_address() -> None:
    assert link("a]b", "/x (1)") == "[a&#93;b](/x%20%281%29)"
    assert sentence("so | so") == "so &#124; so"


def test_a_typical_page_reads_like_this() -> None:
    text = page(typical())
    assert text.startswith(
        "![Scorecard FY2026-Q3: 90% in control, open lapses: 4, open actions: 3 (1 overdue), "
        "median answer: 1.6 workdays](data:image/svg+xml;base64,"
    )
    before_definitions = below_picture(text).split("<details>")[0].replace("\u00a0", " ")
    assert (
        before_definitions
        == """## What needs you

- ✕ 1 action is overdue. It was due on 20 Nov 2026: resume-screening, owner Maria Lopez.
- ✕ 1 request for evidence is overdue. It was due on 24 Nov 2026: pricing-engine, owner Maria Lopez.
- ✕ 1 lapse has neither an improvement action nor an accepted risk.
- ✕ 1 delivery is in doubt: Slack did not confirm it, and it is not sent again until someone decides.
- ▲ 2 open items have no active owner. Name one in the programme files.
- ▲ 1 action has relapsed: its root cause deserves a second look.

## Open lapses

| | System | Evidence | Since | Owner | Being done |
|---|---|---|---|---|---|
| ✕ | contract-review | Transparency notice · returned | 7 Nov | Grace Hill | action 14 |
| ✕ | resume-screening | Bias test report · expired | 4 Nov | Maria Lopez | action 11 |
| ✕ | resume-screening | Training record of the operators · missing | 5 Nov | Maria Lopez | nothing yet |
| ✕ | fraud-watch | Transparency notice · changed since review | 6 Nov | Tanaka Yui | action 13 |
| ▲ | visual-inspection | Bias test report · expired | 8 Nov | Maria Lopez | risk accepted until 15 Jan 2027 |

## Open actions

| | System | Evidence | Severity | State | Owner | Due |
|---|---|---|---|---|---|---|
| ✕ | resume-screening | Bias test report | high | implementing | Maria Lopez | 20 Nov |
| ▲ | fraud-watch | Transparency notice | high | implementing | Tanaka Yui | 4 Dec |
| ● | contract-review | Transparency notice | medium | open | Grace Hill | 5 Dec |

## Look closer

- [System by system](/v2/artifacts/key/hoshin-systems)
- [Every open action](/v2/artifacts/key/hoshin-actions)
- [Progress of the cycle](/v2/artifacts/key/hoshin-cycle)

As of 27 Nov 2026, 09:30 (Asia/Tokyo)

"""
    )


def test_a_calm_page_asks_for_nothing_and_has_no_tables() -> None:
    text = below_picture(page(calm()))
    assert "- ● Nothing needs you today." in text
    assert "|" not in text
    assert "● No open lapses" in text


def test_deliveries_in_doubt_are_named_only_when_there_are_any() -> None:
    assert "in doubt" not in page(calm())
    text = page(replace(calm(), deliveries_unknown=3, deliveries_failed=1))
    assert "✕ 3 deliveries are in doubt" in text
    assert "✕ 1 delivery failed for good" in text


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        (
            "The bot token was revoked. (Slack: token_revoked)",
            {"en": "revoked the bot token", "ja": "ボットトークンが失効"},
        ),
        ("It lacks a scope. (Slack: missing_scope, needs chat:write)", {"en": "lacks a scope", "ja": "スコープが不足"}),
        ("Something new. (Slack: not_seen_before)", {"en": "hoshin doctor", "ja": "hoshin doctor"}),
    ],
)
def test_what_holds_every_message_back_comes_first(reason: str, said: dict[str, str]) -> None:
    held = Held(reason=reason, waiting=12, last=None)
    for language, words in said.items():
        text = below_picture(
            scorecard_markdown(replace(calm(), held=held, deliveries_failed=1), language=language, links={})
        )
        first = next(line for line in text.splitlines() if line.startswith("- "))
        assert first.startswith("- ✕ ")
        assert words in first
        assert "12" in first


def test_every_trouble_that_halts_delivery_has_words_or_points_to_the_doctor() -> None:
    named = {key.removeprefix("held-") for key in table() if key.startswith("held-")} - {"other"}
    assert named <= set(HALTING)
    assert {"token_revoked", "account_inactive", "invalid_auth"} <= named


def test_long_tables_are_cut_and_say_so() -> None:
    text = below_picture(page(crowd()))
    assert text.count("and 105 more") == 2
    assert len(page(crowd()).encode()) < LIMIT


@pytest.mark.parametrize("name", CARDS)
@pytest.mark.parametrize("language", ["en", "ja"])
def test_every_card_makes_every_dashboard(name: str, language: str) -> None:
    for board in DASHBOARDS.values():
        built, about = board.build(CARDS[name](), language, LINKS), board.describe(CARDS[name](), language)
        assert about
        assert isinstance(built, {"markdown": str, "table": list, "progress": float}[board.kind])


def test_the_registry_holds_these_four() -> None:
    assert tuple(DASHBOARDS) == KEYS
    for key, board in DASHBOARDS.items():
        assert board.key == key
        assert re.fullmatch(r"[a-z0-9-]+", key)
        assert board.title["en"] != board.title["ja"]
    assert [board.kind for board in DASHBOARDS.values()] == ["markdown", "table", "table", "progress"]


def test_descriptions_say_the_figures() -> None:
    said = {key: board.describe(typical(), "en") for key, board in DASHBOARDS.items()}
    assert said == {
        "hoshin-scorecard": "FY2026-Q3: 90% in control · open lapses: 4 · open actions: 3, 1 overdue",
        "hoshin-systems": "FY2026-Q3: 12 systems, worst first",
        "hoshin-actions": "FY2026-Q3: 3 open actions, 1 overdue",
        "hoshin-cycle": "FY2026-Q3: Check · workday 41 of 62 · closes 25 Dec 2026 "
        "(Plan 96/96, Do 81/96, Check 55/81, Act 2/14)",
    }


def test_system_rows_put_the_worst_first_with_a_sign() -> None:
    rows = systems_rows(typical(), "en")
    assert [(row["Status"], row["System"]) for row in rows][:5] == [
        ("✕ lapsed", "resume-screening"),
        ("✕ lapsed", "fraud-watch"),
        ("✕ lapsed", "contract-review"),
        ("○ waiting", "pricing-engine"),
        ("▲ expiring soon", "support-assistant"),
    ]
    assert (rows[0]["In control"], rows[0]["Lapsed"], rows[0]["Roles"]) == ("64%", 6, "developer, provider")
    assert len({tuple(row) for row in rows}) == 1


def test_action_rows_put_the_overdue_first() -> None:
    rows = actions_rows(typical(), "ja")
    assert [row["状況"] for row in rows] == ["✕ 期限超過", "▲ 再発", "● 予定どおり"]
    assert rows[0]["期限"] == "2026-11-20"


def test_an_effective_action_is_no_longer_open() -> None:
    done = action(9, "x", {"en": "Bias test"}, "high", state="effective", due=date(2020, 1, 1), overdue=True)
    assert len(actions_rows(replace(typical(), actions=(*typical().actions, done)), "en")) == 3


@pytest.mark.parametrize(
    ("language", "nothing"), [("en", "No system is in scope yet."), ("ja", "対象のシステムはまだありません。")]
)
def test_an_empty_table_explains_itself(language: str, nothing: str) -> None:
    assert nothing in systems_rows(empty(), language)[0].values()
    assert len(actions_rows(empty(), language)) == 1


@patient
@given(cards, languages)
def test_cells_are_one_line_of_plain_text(card: Scorecard, language: str) -> None:
    for row in systems_rows(card, language) + actions_rows(card, language):
        for cell in row.values():
            assert isinstance(cell, int) or (len(cell) <= 80 and not re.search(r"[\x00-\x1f\u2028\u202a-\u202e]", cell))


def test_thousands_of_systems_are_cut() -> None:
    rows = systems_rows(crowd(1_200), "en")
    assert len(rows) == 1_001
    assert rows[-1]["System"] == "and 200 more"


@given(cards)
@settings(
    max_examples=50,
    phases=PHASES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
def test_progress_is_a_percentage(card: Scorecard) -> None:
    assert 0 <= cycle_progress(card) <= 100


def test_progress_is_the_mean_of_the_stages() -> None:
    assert cycle_progress(empty()) == 0
    assert cycle_progress(typical()) == round(100 * (1 + 1 + 55 / 81 + 2 / 14) / 4, 1)
    assert cycle_progress(calm()) == 100


@given(st.integers(0, 50), st.integers(1, 50))
def test_the_description_says_what_the_picture_says(satisfied: int, lapsed: int) -> None:
    card = replace(typical(), tally=Tally(satisfied=satisfied, lapsed=lapsed))
    said = DASHBOARDS["hoshin-scorecard"].describe(card, "en")
    assert f": {100 * satisfied // (satisfied + lapsed)}% in control" in said


def test_importing_the_dashboards_does_not_import_prefect() -> None:
    code = "import sys, tasks.dashboards; sys.exit('prefect' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
