"""Every message, modal and home × language × filling: within the limits, and never a mention, foreign link or format."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from message_everything import shown as every
from message_samples import HOSTILE, STYLES, Kit, briefs, one_review

from cycles.briefs import ActionsBrief, DigestBrief, ReviewBrief, ReviewsBrief
from tasks.blocks import problems
from tasks.messages import MESSAGES, as_text, render
from tasks.words import clean

Node = dict[str, Any]
KINDS = [
    "digest", "reminder", "escalation", "returned", "offer", "dispute", "review", "panel", "plan", "action",
    "weekly", "executive", "effectiveness", "acceptance", "cadence", "finding",
]  # fmt: skip
CASES = [(locale, style) for locale in ("en", "ja") for style in STYLES]


def _walk(node: Any) -> Iterator[Node]:
    if isinstance(node, dict):
        yield node
        for value in node.values():
            yield from _walk(value)
    elif isinstance(node, list):
        for value in node:
            yield from _walk(value)


def test_the_registry_holds_exactly_the_agreed_kinds() -> None:
    assert list(MESSAGES) == KINDS
    assert {type(brief) for brief in briefs("en").values()} == {message.brief for message in MESSAGES.values()}


@pytest.mark.parametrize("locale", ["en", "ja"])
def test_hostile_words_are_never_interpreted(locale: str) -> None:
    for name, shown in every(locale, "hostile").items():
        # The notification is the only text in which Slack reads control sequences.
        assert "<" not in shown.get("text", ""), name
        assert ">" not in shown.get("text", ""), name
        for node in _walk(shown.get("blocks")):
            assert node.get("type") not in ("mrkdwn", "user", "usergroup", "channel", "broadcast", "emoji"), name
            assert node.get("type") != "link" or node["url"].startswith(("https://", "http://")), name
            assert node.get("type") != "plain_text" or node["emoji"] is False, name
        assert clean(json.dumps(shown, ensure_ascii=False)) == json.dumps(shown, ensure_ascii=False), name


@pytest.mark.parametrize("words", HOSTILE)
def test_only_our_own_words_are_bold(words: str) -> None:
    """A name in a bold title is bold as a whole, its stars shown; the same name elsewhere is not."""
    brief = briefs("en")["digest-one"]
    assert isinstance(brief, DigestBrief)
    item = replace(brief.items[0], system_name=words, assignee=words, kind_title={"en": "Kind"})
    texts = [node for node in _walk(render(replace(brief, items=(item,)))["blocks"]) if node.get("type") == "text"]
    bold = [node["text"] for node in texts if node.get("style")]
    name = " ".join(clean(words).split())
    assert bold[0] == (f"{name} · Kind" if len(name) <= 80 else f"{name[:79]}… · Kind")
    assert bold[1:] == ["Fri 16 Oct"]


def test_a_quoted_person_cannot_pretend_to_be_the_message() -> None:
    brief = briefs("en")["returned"]
    quoted = replace(brief, reason="fine\n✓ Accepted by the auditor")  # type: ignore[call-arg]
    quotes = [node for node in _walk(render(quoted)["blocks"]) if node.get("type") == "rich_text_quote"]
    assert quotes[0]["elements"] == [{"type": "text", "text": "fine\n✓ Accepted by the auditor"}]
    lines = as_text(render(briefs("en", "hostile")["escalation-lead"])).splitlines()
    assert not [line for line in lines if line.startswith("✓ Accepted by the auditor")]


@pytest.mark.parametrize("locale", ["en", "ja"])
def test_buttons_say_what_they_do_and_to_what(locale: str) -> None:
    for name, shown in every(locale, "real").items():
        for node in _walk(shown["blocks"]):
            if node.get("type") == "button":
                assert node["action_id"].startswith("hoshin.v1."), name
                assert node["value"], name
            if node.get("type") == "overflow":
                verbs = [option["value"].split(":") for option in node["options"]]
                assert node["action_id"] == "hoshin.v1.more"
                assert all(subject.isdecimal() and verb.isidentifier() for verb, subject in verbs), name


def _verbs(brief_name: str) -> list[str]:
    shown = render(briefs("en")[brief_name])
    return [node["action_id"].rpartition(".")[2] for node in _walk(shown["blocks"]) if node.get("type") == "button"]


@pytest.mark.parametrize(
    ("name", "verbs"),
    [
        ("digest-one", ["confirm", "submit", "snooze", "delegate", "not_mine"]),
        ("digest-one-late", ["submit", "snooze", "delegate", "not_mine"]),
        ("digest-one-answered", []),
        ("digest-several", ["submit", "submit", "several"]),
        ("digest-all-answered", []),
        ("escalation-deputy", ["submit"]),
        ("escalation-manager", ["submit", "nudge", "reassign"]),
        ("escalation-lead", ["submit", "nudge", "reassign", "accept_risk", "submit", "nudge", "reassign"]),
        ("returned", ["submit"]),
        ("offer", ["accept_offer", "decline_offer"]),
        ("offer-accepted", []),
        ("dispute", ["reassign", "excuse", "keep_asking"]),
        ("dispute-orphaned", ["reassign"]),
        ("dispute-not-applicable", ["excuse", "keep_asking"]),
        ("dispute-cannot-provide", ["excuse"]),
        ("dispute-excused", []),
        ("dispute-settled", []),
        ("review", ["review_accept", "review_return", "review_recuse"]),
        ("review-accepted", []),
        ("plan", ["approve_plan"]),
        ("plan-open", []),
        ("action", ["submit", "implemented", "plan", "need_help"]),
        ("action-lead", ["implemented"]),
        ("action-implemented", []),
        ("effectiveness", ["effective", "ineffective"]),
        ("effectiveness-done", []),
    ],
)
def test_who_can_do_what(name: str, verbs: list[str]) -> None:
    assert _verbs(name) == verbs


def test_still_true_names_what_it_confirms() -> None:
    shown = render(briefs("en")["digest-one"])
    said = [node["confirm"]["text"]["text"] for node in shown["blocks"][-1]["elements"] if "confirm" in node]
    assert len(said) == 1
    assert "Risk assessment of Claims Triage as of 14 Oct 2025" in said[0]
    assert "risk-assessment_v3" in said[0]


def test_more_waiting_counts_what_is_put_off_but_not_what_is_answered() -> None:
    kit = Kit("en")
    items = (
        kit.item(1, answered=kit.answered("submitted")),
        kit.item(2, answered=kit.answered("snoozed")),
        kit.item(3),
    )
    brief = DigestBrief(reader=kit.reader(), cycle="C", items=items, total=5)
    shown = as_text(render(brief))
    assert "3 more are waiting" in shown  # five open: items 2 and 3, and three that are not shown
    assert "# C: 4 requests for you" in shown
    assert "more" not in as_text(render(replace(brief, total=2)))


def test_a_digest_shows_at_most_eight() -> None:
    shown = render(briefs("en")["digest-eight"])
    assert _verbs("digest-eight").count("submit") == 8
    assert "1,226 more are waiting" in as_text(shown)


@pytest.mark.parametrize(
    ("left", "en", "ja"),
    [
        (3, "in 3 workdays", "あと3営業日"),
        (1, "in 1 workday", "あと1営業日"),
        (0, "today is the last workday", "本日が最後の営業日"),
        (-1, "1 workday overdue", "1営業日超過"),
        (-2, "2 workdays overdue", "2営業日超過"),
    ],
)
def test_the_notification_alone_says_what_and_by_when(left: int, en: str, ja: str) -> None:
    for locale, words, day in (("en", en, "Fri 16 Oct"), ("ja", ja, "10月16日（金）")):
        kit = Kit(locale)
        brief = DigestBrief(reader=kit.reader(), cycle="C", items=(kit.item(workdays_left=left),), total=1)
        text = render(brief)["text"]
        assert words in text
        assert day in text
        assert kit.item().kind_title[locale] in text
        assert kit.item().system_name in text
        # "1 workdays" would be wrong
        assert not text.endswith(f"{abs(left)} workdays") or abs(left) != 1


def test_an_instant_is_shown_in_the_readers_own_clock() -> None:
    shown = render(briefs("ja")["digest-one-answered"])
    dates = [node for node in _walk(shown["blocks"]) if node.get("type") == "date"]
    assert dates == [
        {
            "type": "date",
            "timestamp": 1791849900,
            "format": "{date_short_pretty} {time}",
            "fallback": "2026年10月13日 09:05",
        }
    ]


def test_the_same_brief_gives_the_same_message() -> None:
    for brief in briefs("ja").values():
        assert render(brief) == render(brief)


@pytest.mark.parametrize("locale", ["en", "ja"])
def test_every_state_of_an_action_has_words(locale: str) -> None:
    told = briefs(locale)["action"]
    assert isinstance(told, ActionsBrief)
    [action] = told.actions

    def shown(**change: Any) -> Node:
        return render(replace(told, actions=(replace(action, **change),)))

    changes: list[Node] = [
        {"reason": reason}
        for reason in (
            "missing",
            "gone",
            "expired",
            "returned",
            "changed",
            "version-changed",
            "incident",
            "recorded finding",
            "cannot_provide",
            "new",
        )
    ]
    changes += [{"severity": severity} for severity in ("high", "medium", "low", "new")]
    changes += [{"role": role} for role in ("owner", "deputy", "manager", "lead")]
    changes += [{"state": state} for state in ("open", "implemented", "effective", "ineffective", "reopened", "new")]
    pages = [as_text(shown(**change)) for change in changes]
    # Four of the changes are the sample as it is; a state without words of its own reads like an open one.
    assert len(set(pages)) == len(pages) - 4
    assert problems(shown(state="new")) == []


@pytest.mark.parametrize(
    ("verb", "en", "ja"),
    [
        ("submitted", "✓ Submitted by", "提出しました"),
        ("confirmed", "✓ Confirmed unchanged by", "変更のないことを確認しました"),
        ("accept", "✓ Accepted by", "承認しました"),
        ("return", "Sent back by", "差し戻しました"),
        ("recuse", "stepped back from this review", "辞退しました"),
        ("excused", "✓ Taken off the list by", "対象外としました"),
        ("snoozed", "Snoozed by", "「あとで回答」を選びました"),
        ("delegated", "Handed over by", "引き継ぎを依頼しました"),
        ("not_applicable", "Marked “does not apply” by", "該当しないとの連絡"),
        ("cannot_provide", "Cannot be provided, says", "提出できないとの連絡"),
        ("kept", "Asked again at the word of", "改めて依頼しました"),
        ("disputed", "Marked “not mine” by", "担当ではないとの連絡"),
        ("took_over", "✓ Taken over by", "引き受けました"),
        ("declined", "could not take it over", "引き継ぎを辞退しました"),
        ("reassigned", "✓ Reassigned by", "担当者を変更しました"),
        ("something_new", "✓ Done by", "対応しました"),
    ],
)
def test_every_receipt_says_who_when_and_the_record(verb: str, en: str, ja: str) -> None:
    for locale, words in (("en", en), ("ja", ja)):
        kit = Kit(locale)
        brief = DigestBrief(reader=kit.reader(), cycle="C", items=(kit.item(answered=kit.answered(verb)),), total=0)
        line = as_text(render(brief)).splitlines()[-1]
        assert words in line
        assert kit.person(0) in line
        assert "13" in line
        assert "E-1042" in line


@pytest.mark.parametrize(
    ("form", "sha", "place", "said"),
    [
        ("link", "a" * 64, "https://example.com/x", "the content is the same"),
        ("link", "b" * 64, "https://example.com/x", "the content changed"),
        ("link", None, "https://example.com/x", "the same place"),
        ("link", None, "https://example.com/y", "another place"),
        ("attestation", None, "https://example.com/x", "another form"),
    ],
)
def test_a_reviewer_is_told_what_changed(form: str, sha: str | None, place: str, said: str) -> None:
    before = replace(Kit("en").last(), sha256="a" * 64, locator="https://example.com/x")
    review = replace(one_review(Kit("en")), form=form, sha256=sha, locator=place, previous=before)
    assert said in as_text(render(_alone(review)))


def test_a_statement_is_compared_by_its_words() -> None:
    before = replace(Kit("en").last("attestation"), locator="We do.", sha256=None)
    review = replace(one_review(Kit("en")), form="attestation", sha256=None, previous=before)
    assert "content is the same" in as_text(render(_alone(replace(review, locator="We do."))))
    assert "content changed" in as_text(render(_alone(replace(review, locator="We will."))))


def _alone(review: ReviewBrief) -> ReviewsBrief:
    return ReviewsBrief(reader=review.reader, reviews=(review,), waiting=1)


def test_many_reviews_are_one_message_that_says_how_many_wait() -> None:
    told = briefs("en")
    many = render(told["review-many"])
    assert many["text"].startswith("40 pieces of evidence to review. First: ")
    assert "35 more are waiting; the Home tab shows all of them." in as_text(many)
    assert len(_verbs("review-many")) == 3 * 5
    assert "more" not in as_text(render(told["panel-closing"]))
    assert "35 more are waiting" in as_text(render(told["panel-several"]))
    last = as_text(render(told["review-many-last"]))
    assert "37 more are decided." in last
    assert "waiting" not in last
    assert render(told["review-several-done"])["text"] == "2 reviews are done. Nothing is left to do in this message."


def test_without_a_last_answer_the_dialog_still_names_system_and_kind() -> None:
    kit = Kit("en")
    item = kit.item(last=None)
    shown = as_text(render(DigestBrief(reader=kit.reader(), cycle="C", items=(item,), total=1)))
    assert "You confirm that the Risk assessment of Claims Triage is unchanged" in shown
    filed = kit.item(last=kit.last("file"))
    assert "the file risk-assessment_2025.pdf" in as_text(
        render(DigestBrief(reader=kit.reader(), cycle="C", items=(filed,), total=1))
    )
