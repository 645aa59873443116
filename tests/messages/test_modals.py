"""What people fill in: typed values, or a sentence beside the field."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from message_samples import NOW, Kit
from message_views import found, takers, views

from tasks import modals
from tasks.blocks import problems
from tasks.modals import WrongAnswers, read_values
from tasks.slack.quoting import unpacked
from tasks.words import words_for

TODAY = date(2026, 10, 13)
Node = dict[str, Any]


def _filled(view: Node, **answers: Node) -> Node:
    """The view as Slack submits it: untouched inputs are there with null."""
    start = {}
    for block in view["blocks"]:
        if block["type"] == "input":
            element = block["element"]
            start[block["block_id"]] = {"value": {"type": element["type"], "value": None}}
            if element["type"] == "radio_buttons":
                start[block["block_id"]]["value"]["selected_option"] = element.get("initial_option")
            if element["type"] == "datepicker":
                start[block["block_id"]]["value"]["selected_date"] = element.get("initial_date")
    for name, answer in answers.items():
        start[name] = {"value": answer}
    return {**view, "state": {"values": start}}


def _read(view: Node, *, locale: str = "en", latest: date | None = None) -> Node:
    return read_values(view, words_for(locale), today=TODAY, latest=latest)


def _errors(view: Node, *, locale: str = "en", latest: date | None = None) -> dict[str, str]:
    with pytest.raises(WrongAnswers) as caught:
        _read(view, locale=locale, latest=latest)
    return caught.value.errors


def test_evidence_by_link() -> None:
    values = _read(_filled(views("en")["modal-evidence"], link={"value": " https://example.com/a_b "}))
    assert values == {
        "link": "https://example.com/a_b",
        "file": [],
        "attestation": None,
        "effective": TODAY,
        "note": None,
    }


def test_evidence_by_file_and_statement() -> None:
    view = _filled(
        views("en")["modal-evidence"],
        file={"files": [{"id": "F1", "name": "a.pdf"}, {"id": "F2"}]},
        attestation={"value": "We do.\nReally."},
        effective={"selected_date": "2026-01-31"},
    )
    values = _read(view)
    assert values["file"] == ["F1", "F2"]
    assert values["attestation"] == "We do.\nReally."
    assert values["effective"] == date(2026, 1, 31)


def test_nothing_at_all_is_said_at_the_first_field() -> None:
    view = _filled(views("ja")["modal-evidence"], link={"value": "   "})
    assert _errors(view, locale="ja") == {"link": "リンク、ファイル、表明のうち、少なくともひとつをご入力ください。"}
    single = _filled(views("en")["modal-evidence-link"])
    assert _errors(single) == {"link": "Please fill this in."}


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)", "file:///etc/passwd", "ftp://example.com/x", "example.com", "https://", "http:///x",
        "https://good.example@evil.example/", "https://exa mple.com", "https://[bad", "//example.com",
    ],
)  # fmt: skip
def test_only_web_links_are_taken(url: str) -> None:
    assert list(_errors(_filled(views("en")["modal-evidence"], link={"value": url}))) == ["link"]


def test_each_wrong_field_gets_its_own_sentence() -> None:
    view = _filled(
        views("en")["modal-evidence"],
        link={"value": "https://example.com/" + "x" * 2000},
        file={"files": [{"id": f"F{n}"} for n in range(6)]},
        attestation={"value": "x" * 1501},
        note={"value": "x" * 2001},
        effective={"selected_date": "2026-10-14"},
    )
    assert _errors(view) == {
        "link": "This address is too long; please use a shorter link.",
        "file": "At most 5 files, please.",
        "attestation": "Please use at most 1,500 characters.",
        "note": "Please use at most 2,000 characters.",
        "effective": "This date lies in the future; please give a date up to 13 Oct 2026.",
    }


@pytest.mark.parametrize("bad", ["not a date", "2026-02-30", "2026-13-01", 20261013])
def test_a_broken_date_is_a_sentence_not_a_crash(bad: Any) -> None:
    view = _filled(
        views("en")["modal-evidence"], link={"value": "https://example.com"}, effective={"selected_date": bad}
    )
    assert _errors(view) == {"effective": "Please choose a date."}


@pytest.mark.parametrize(
    ("chosen", "fine"), [("2026-10-13", False), ("2026-10-14", True), ("2026-10-23", True), ("2026-10-24", False)]
)
def test_a_snooze_ends_within_its_bounds(chosen: str, fine: bool) -> None:
    latest = date(2026, 10, 23)
    view = _filled(views("en")["modal-snooze"], until={"selected_date": chosen}, reason={"value": "away"})
    if fine:
        assert _read(view, latest=latest) == {"until": date.fromisoformat(chosen), "reason": "away"}
    else:
        assert _errors(view, latest=latest) == {"until": "Please choose a day from Wed 14 Oct to Fri 23 Oct."}


def test_an_empty_reason_is_asked_for_in_the_readers_language() -> None:
    view = _filled(views("ja")["modal-snooze"], reason={"value": " \n"})
    assert _errors(view, locale="ja", latest=date(2026, 10, 23)) == {"reason": "この項目をご入力ください。"}


def test_people_are_read_as_user_ids() -> None:
    view = _filled(views("en")["modal-delegate"], user={"selected_user": "U42"}, note={"value": "please"})
    assert _read(view) == {"user": "U42", "note": "please"}
    assert _errors(_filled(views("en")["modal-reassign"])) == {"user": "Please fill this in."}
    unsure = _filled(views("en")["modal-not-mine"], note={"value": "It moved to another team."})
    assert _read(unsure) == {"objection": "not_mine", "note": "It moved to another team.", "user": None}
    other = _filled(view_of_it := views("en")["modal-not-mine"], note={"value": "No tests yet."})
    chosen = next(row for row in view_of_it["blocks"][1]["element"]["options"] if row["value"] == "cannot_provide")
    other["state"]["values"]["objection"]["value"]["selected_option"] = chosen
    assert _read(other)["objection"] == "cannot_provide"
    other["state"]["values"]["objection"]["value"]["selected_option"] = {"value": "whatever"}
    assert list(_errors(other)) == ["objection"]


def test_the_three_parts_of_an_improvement_are_all_needed() -> None:
    view = _filled(views("en")["modal-implemented"], correction={"value": "done"})
    assert set(_errors(view)) == {"root_cause", "corrective_action"}


def test_control_characters_do_not_reach_the_record() -> None:
    view = _filled(views("en")["modal-review-return"], reason={"value": "a\x00b\x11\u202ec\r\nd"})
    assert _read(view) == {"reason": "abc\nd"}


def test_a_view_without_state_is_an_empty_form() -> None:
    assert set(_errors(views("en")["modal-snooze"])) == {"until", "reason"}


def test_only_the_forms_asked_for_are_offered() -> None:
    blocks = [block["block_id"] for block in views("en")["modal-evidence-link"]["blocks"]]
    assert blocks == ["about", "link", "effective", "note"]


def test_today_is_the_readers_today() -> None:
    """At 00:05 UTC it is the 13th in Tokyo and still the 12th in New York."""
    kit = Kit("en")
    reader = kit.reader()
    zones = {"Asia/Tokyo": "2026-10-13", "America/New_York": "2026-10-12"}
    for zone, day in zones.items():
        local = type(reader)(person_id=1, name="x", locale="en", zone=zone, slack_id=None)
        view = modals.evidence(local, kit.item(), now=NOW)
        picked = [b["element"]["initial_date"] for b in view["blocks"] if b.get("block_id") == "effective"]
        assert picked == [day]


def test_names_and_ids_are_stable() -> None:
    made = {name: view for name, view in views("en").items() if name.startswith("modal-")}
    for name, view in made.items():
        expected = (
            name.removeprefix("modal-")
            .removesuffix("-link")
            .removesuffix("-secret")
            .removesuffix("-others")
            .removesuffix("-many")
            .removesuffix("-few")
            .removesuffix("-steps")
            .replace("-", "_")
        )
        assert view["callback_id"] == f"hoshin.v1.{expected}"
        # A concern is about nothing that exists yet, and carries nobody.
        assert view["private_metadata"].isdecimal() or name.startswith(("modal-concern", "modal-use-as-evidence"))
        assert all(b["element"]["action_id"] == "value" for b in view["blocks"] if b["type"] == "input")


def test_a_concern_says_whether_anybody_may_know() -> None:
    view = views("en")["modal-concern"]
    option = {"selected_option": {"value": "anonymous"}}
    filled = _filled(view, system={"selected_option": {"value": "3"}}, title={"value": " It lies "}, anonymous=option)
    assert _read(filled) == {"system": "3", "title": "It lies", "detail": None, "anonymous": "anonymous"}
    assert set(_errors(_filled(view, title={"value": "x" * 201}))) == {"system", "title"}


def test_a_risk_is_accepted_within_policy_and_for_a_reason() -> None:
    view, latest = views("en")["modal-accept-risk"], date(2027, 4, 11)
    late = _filled(view, until={"selected_date": "2027-04-12"}, reason={"value": "because"})
    assert _errors(late, latest=latest) == {"until": "Please choose a day from Wed 14 Oct to Sun 11 Apr."}
    assert set(_errors(_filled(view), latest=latest)) == {"until", "reason"}


@pytest.mark.parametrize(
    ("many", "listed", "says"), [(1, 1, False), (100, 100, False), (101, 100, True), (300, 100, True)]
)
def test_a_message_answers_one_of_so_many_requests_as_a_menu_holds(many: int, listed: int, says: bool) -> None:
    kit = Kit("en")
    view = modals.use_as_evidence(kit.reader(), found(kit), takers(kit, many), now=NOW)
    blocks = {block["block_id"]: block for block in view["blocks"]}
    menu = blocks["request"]["element"]
    assert [row["value"] for row in menu["options"]] == [str(101 + n) for n in range(listed)]
    assert ("initial_option" in menu) is (many == 1)
    assert (f"You have {many} requests" in str(blocks.get("many"))) is says
    assert problems(view) == []


def test_what_a_view_cannot_carry_is_not_offered() -> None:
    kit = Kit("en")
    long = tuple(f"https://docs.example/{n}/{'長' * 400}" for n in range(3))
    view = modals.use_as_evidence(kit.reader(), replace(found(kit), links=long), takers(kit, 1), now=NOW)
    carried = unpacked(view["private_metadata"])
    uses = next(block for block in view["blocks"] if block["block_id"] == "use")["element"]["options"]
    assert [row["value"] for row in uses] == ["file", *(f"link:{n}" for n, _ in enumerate(carried.links)), "message"]
    assert len(carried.links) < len(long)
    assert len(view["private_metadata"]) <= 3000
