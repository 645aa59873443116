"""Several requests answered in one form, over both doors: each recorded by itself, what cannot be taken is named."""

from pathlib import Path
from typing import Any

import pytest
from inbox_town import FILES, Town, encoded, planned_record, pressed, send, town_over
from sqlmodel import col, select
from test_inbox_refusals import in_the_channel
from waiting import until

from cycles.models import EvidenceKind, JournalEntry, Request, System
from inbox.refusals import REFUSALS
from inbox.sayings import NOTICES

Json = dict[str, Any]
DONE = {"en": "Recorded: {}", "ja": "{}件を記録しました"}


def mine(town: Town, who: str = "bennett") -> list[Request]:
    with town.record.read() as session:
        found = select(Request).where(Request.assignee_id == town.person(who).id, Request.state == "asked")
        return list(session.exec(found.order_by(col(Request.id))).all())


def form(town: Town) -> Json:
    return town.press("bennett", "several", "0", form=True)["view"]


def options(view: Json, block: str = "chosen.0") -> dict[str, str]:
    """What can be ticked: the request's number, and its words."""
    found = next(row for row in view["blocks"] if row["block_id"] == block)
    return {row["value"]: row["description"]["text"] for row in found["element"]["options"]}


def states(town: Town) -> dict[int, str]:
    with town.record.read() as session:
        return {row.id: row.state for row in session.exec(select(Request)).all()}


def acts(town: Town) -> list[str]:
    with town.record.read() as session:
        return [row for row in session.exec(select(JournalEntry.action)).all() if row.startswith("request.")]


def takes_links(town: Town) -> list[int]:
    with town.record.read() as session:
        kinds = {kind.id for kind in session.exec(select(EvidenceKind)).all() if "link" in kind.forms}
    return [request.id for request in mine(town) if request.kind_id in kinds]


def test_one_link_answers_several(town: Town) -> None:
    view, wanted = form(town), takes_links(town)[:3]
    before = len(acts(town))
    done = town.fill(
        "bennett", view, **{"chosen.0": [str(one) for one in wanted], "how": "same_evidence", "link": "https://docs.example/all"}
    )  # fmt: skip
    assert DONE["en"].format(3) in str(done["view"]["blocks"])
    assert {states(town)[one] for one in wanted} == {"submitted"}
    assert len(acts(town)) == before + 3
    town.bells.acquire(timeout=10)
    town.post()
    assert str(town.human.messages("bennett")).count("https://docs.example/all") == 0  # receipts do not repeat it
    assert str(town.human.messages("kobayashi")).count("https://docs.example/all") >= 3  # each has its own review


def test_still_true_for_those_it_is_enough_for(town: Town) -> None:
    view = form(town)
    boxes = options(view)
    fits = [number for number, below in boxes.items() if "Still true" in below]
    others = [number for number in boxes if number not in fits]
    assert fits == list(boxes)[: len(fits)], "what can be confirmed comes first"
    done = town.fill("bennett", view, **{"chosen.0": [*fits, others[0]], "how": "still_true"})
    said = str(done["view"]["blocks"])
    assert DONE["en"].format(len(fits)) in said
    assert REFUSALS["confirm"]["en"] in said
    assert {states(town)[int(one)] for one in fits} == {"accepted"}
    assert states(town)[int(others[0])] == "asked"


@pytest.mark.parametrize(
    ("answers", "beside"),
    [
        ({"how": "still_true"}, {"chosen.0"}),
        ({"how": "same_evidence", "chosen.0": True}, {"link"}),
        ({"how": "still_true", "chosen.0": True, "link": "https://docs.example/x"}, {"link"}),
        ({"how": "same_evidence", "chosen.0": True, "link": "javascript:x"}, {"link"}),
    ],
)
def test_what_is_missing_is_said_beside_its_field(town: Town, answers: Json, beside: set[str]) -> None:
    view, before = form(town), town.journal()
    if answers.get("chosen.0"):
        answers = answers | {"chosen.0": [next(iter(options(view)))]}
    assert set(town.fill("bennett", view, **answers)["errors"]) == beside
    assert town.journal() == before


def test_what_was_settled_meanwhile_is_named_and_nothing_else_is_lost(town: Town) -> None:
    settled = town.request().id
    other = next(number for number in takes_links(town) if number != settled)
    message, view = in_the_channel(town, settled), form(town)
    assert town.human.press("kimura", "hoshin.v1.confirm", message=message, value=str(settled))["acked"]
    both = {"chosen.0": [str(settled), str(other)], "how": "same_evidence", "link": "https://docs.example/all"}
    said = str(town.fill("bennett", view, **both)["view"]["blocks"])
    assert DONE["en"].format(1) in said
    assert REFUSALS["answered"]["en"] in said
    assert states(town)[other] == "submitted"


def test_the_same_form_twice_has_one_effect(town: Town) -> None:
    view, wanted = form(town), takes_links(town)[:2]
    chosen = [{"value": str(one), "text": {"type": "plain_text", "text": "x"}} for one in wanted]
    values = {
        "chosen.0": {"value": {"type": "checkboxes", "selected_options": chosen}},
        "how": {"value": {"type": "radio_buttons", "selected_option": {"value": "same_evidence"}}},
        "link": {"value": {"type": "url_text_input", "value": "https://docs.example/all"}},
        "effective": {"value": {"type": "datepicker", "selected_date": "2026-09-30"}},
    }
    payload = pressed(town, "bennett", "x", "1") | {
        "type": "view_submission",
        "view": {**view, "state": {"values": values}},
    }
    before = len(acts(town))
    for _ in range(2):
        assert send(town, encoded(payload)).status_code == 200
    assert len(acts(town)) == before + 2


def test_a_file_is_fetched_once_for_all_of_them(town: Town) -> None:
    wanted = [number for number in takes_links(town) if number][:2]
    file = town.human.upload("bennett", "all.pdf", content=b"the same for all")
    done = town.fill(
        "bennett", form(town), **{"chosen.0": [str(one) for one in wanted], "how": "same_evidence", "file": [file["id"]]}
    )  # fmt: skip
    assert DONE["en"].format(2) in str(done["view"]["blocks"])
    kept = [path for path in (town.settings.home / "evidence").rglob("*") if path.is_file()]
    assert [path.read_bytes() for path in kept] == [b"the same for all"]


def test_nobody_answers_for_others(town: Town) -> None:
    view, wanted = form(town), takes_links(town)[:2]
    before = town.journal()
    values = {
        "chosen.0": {"value": {"selected_options": [{"value": str(one)} for one in wanted]}},
        "how": {"value": {"selected_option": {"value": "same_evidence"}}},
        "link": {"value": {"value": "https://docs.example/all"}},
        "effective": {"value": {"selected_date": "2026-09-30"}},
    }
    payload = pressed(town, "ito", "x", "1") | {
        "type": "view_submission",
        "view": {**view, "state": {"values": values}},
    }
    assert REFUSALS["not_yours"]["ja"] in str(send(town, encoded(payload)).json())
    assert town.journal() == before


def test_many_are_recorded_after_the_acknowledgement(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inbox.several.AT_ONCE", 1)
    view, wanted = form(town), takes_links(town)[:3]
    with town.record.write() as session:
        session.get_one(System, session.get_one(Request, wanted[0]).system_id).name = "<!channel> *Scoring*"
        session.get_one(Request, wanted[0]).state = "accepted"
    answers = {"chosen.0": [str(one) for one in wanted], "how": "same_evidence", "link": "https://docs.example/all"}
    done = town.fill("bennett", view, **answers)
    assert NOTICES["recording"]["en"] in str(done["view"]["blocks"])
    until(lambda: DONE["en"].format(2) in str(town.human.views("bennett")["stack"]), "the end of it in the form")
    assert REFUSALS["answered"]["en"] in str(town.human.views("bennett")["stack"])
    assert [states(town)[one] for one in wanted] == ["accepted", "submitted", "submitted"]


def test_a_store_that_fails_leaves_none_of_many_recorded(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """Evidence that names a file which is nowhere would be worse than no evidence."""

    def away(*_: object) -> None:
        raise OSError("the disk is gone")

    monkeypatch.setattr("inbox.several.AT_ONCE", 1)
    monkeypatch.setattr("inbox.several.keep", away)
    view, wanted = form(town), takes_links(town)[:3]
    file = town.human.upload("bennett", "all.pdf", content=b"the same for all")
    before = town.journal()
    town.fill(
        "bennett", view, **{"chosen.0": [str(one) for one in wanted], "how": "same_evidence", "file": [file["id"]]}
    )
    until(lambda: REFUSALS["trouble"]["en"] in str(town.human.views("bennett")["stack"]), "being told of the trouble")
    assert {states(town)[one] for one in wanted} == {"asked"}
    assert town.journal() == before


TWO_SYSTEMS = (
    FILES["systems.yaml"]
    + """
  - {key: chat, name: Chat, owner: bennett, roles: [business-user], risk_tier: high}
  - {key: ocr, name: Reading, owner: ito, roles: [business-user], risk_tier: high}
"""
)


@pytest.fixture(scope="module")
def two_systems(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("two")
    return planned_record(folder, changed={"systems.yaml": TWO_SYSTEMS})


@pytest.mark.parametrize("transport", ["http", "socket"])
def test_when_none_can_be_taken_the_form_says_why(transport: str, two_systems: Path, tmp_path: Path) -> None:
    with town_over(transport, two_systems, tmp_path / "home") as town:
        view, wanted, before = form(town), takes_links(town)[:2], town.journal()
        with town.record.write() as session:
            for one in wanted:
                session.get_one(Request, one).state = "accepted"
        chosen = [str(one) for one in wanted]
        done = town.fill(
            "bennett", view, **{"chosen.0": chosen, "how": "same_evidence", "link": "https://docs.example/all"}
        )
        said = str(done["view"]["blocks"])
        assert REFUSALS["answered"]["en"] in said
        assert "Recorded:" not in said
        assert town.journal() == before


@pytest.mark.parametrize("transport", ["http", "socket"])
def test_one_evidence_for_several_systems(transport: str, two_systems: Path, tmp_path: Path) -> None:
    with town_over(transport, two_systems, tmp_path / "home") as town:
        by_system = {row.system_id: row.id for row in mine(town) if row.kind_id == kind_of(town, "human-oversight")}
        first, second = by_system.values()
        view = town.press("bennett", "submit", first, form=True)["view"]
        assert list(options(view, "also")) == [str(second)]
        done = town.fill("bennett", view, link="https://docs.example/oversight", also=[str(second)])
        assert DONE["en"].format(2) in str(done["view"]["blocks"])
        assert {states(town)[one] for one in (first, second)} == {"submitted"}


def kind_of(town: Town, key: str) -> int:
    with town.record.read() as session:
        return session.exec(select(EvidenceKind.id).where(EvidenceKind.key == key)).one()
