"""What people, and whoever imitates Slack, send wrongly, over both doors: they see what to do, and the record is right."""

import threading

import pytest
from inbox_town import Town, encoded, pressed, send
from sqlmodel import col, select
from test_inbox_refusals import in_the_channel, whispered
from waiting import until

from cycles.models import Evidence, Person, System
from inbox.dispatch import dispatch
from inbox.letters import Envelope
from inbox.refusals import REFUSALS
from inbox.sayings import NOTICES

HUGE = "長" * 3_500_000  # more than 10 MB
ODD_NAMES = "\u202eノ名前\u202c مرحبا 🧑‍🚀 <!channel> *N*"


def evidence_form(town: Town) -> dict[str, object]:
    return town.press("bennett", "submit", town.request().id, form=True)["view"]


def last_evidence(town: Town) -> Evidence:
    with town.record.read() as session:
        return session.exec(select(Evidence).order_by(col(Evidence.id).desc())).first()  # type: ignore[return-value]


def test_of_two_people_at_once_one_answers_and_the_other_is_told(town: Town) -> None:
    request = town.request()
    message, before = in_the_channel(town, request.id), town.journal()
    start = threading.Barrier(2)

    def press(who: str) -> None:
        start.wait()
        assert town.human.press(who, "hoshin.v1.confirm", message=message, value=str(request.id))["acked"]

    both = [threading.Thread(target=press, args=(who,)) for who in ("bennett", "kimura")]
    for one in both:
        one.start()
    for one in both:
        one.join(20)
    assert len(town.journal()) == len(before) + 1
    winner = town.journal()[-1][0]
    late, language = ("kimura", "ja") if winner == "bennett" else ("bennett", "en")
    whispered(town, late, "answered", language)


def test_a_form_after_the_request_was_given_to_somebody_else(town: Town) -> None:
    view = evidence_form(town)
    with town.record.write() as session:
        session.get_one(type(town.request()), town.request().id).assignee_id = town.person("ito").id
        session.get_one(type(town.request()), town.request().id).owner_id = town.person("ito").id
    before = town.journal()
    done = town.fill("bennett", view, link="https://docs.example/mine")
    assert REFUSALS["not_yours"]["en"] in str(done["view"]["blocks"])
    assert town.journal() == before


@pytest.mark.parametrize("place", ["message", "home"])
def test_a_form_that_cannot_be_opened_in_time_says_press_again(town: Town, place: str) -> None:
    request = town.request()
    town.show_alone("bennett", request.id)
    if place == "home":
        town.home_opened("bennett")
        home = town.wait_home("bennett", "Scoring")
    town.slack.control("faults", {"method": "views.open", "kind": "error", "error": "expired_trigger_id"})
    if place == "message":
        assert town.press_alone("bennett", "submit", request.id)["acked"]
        until(lambda: NOTICES["unopened"]["en"] in town.whispers("bennett"), "being told to press again")
    else:
        button = {"action_id": "hoshin.v1.submit", "value": str(request.id), "view_id": home["id"]}
        assert town.human.act("bennett", "press", **button)["acked"]
        until(lambda: NOTICES["unopened"]["en"] in str(town.human.messages("bennett")[-1]), "being told to press again")
    assert town.press_alone("bennett", "submit", request.id)["acked"]
    until(lambda: town.human.views("bennett")["stack"] != [], "the form at the second press")


@pytest.mark.parametrize("link", ["javascript:alert(1)", "file:///etc/passwd", "https://", "docs.example/x"])
def test_a_link_that_is_none_is_refused_beside_its_field(town: Town, link: str) -> None:
    view, before = evidence_form(town), town.journal()
    payload = pressed(town, "bennett", "x", "1") | {"type": "view_submission", "view": answered(view, link)}
    reply = dispatch(town.inbox, Envelope(kind="interactive", payload=payload))
    assert set((reply.body or {})["errors"]) == {"link"}
    assert town.journal() == before


def test_a_link_to_the_intranet_is_recorded_and_not_visited(town: Town) -> None:
    """Documents often lie there. Whether a check may look at one is HOSHIN_ALLOW_PRIVATE's to say."""
    trap = "http://127.0.0.1:9/risk.md"
    assert town.fill("bennett", evidence_form(town), link=trap)["acked"]
    until(lambda: town.request().state == "submitted", "the submission")
    assert (last_evidence(town).locator, last_evidence(town).sha256) == (trap, None)


def answered(view: dict[str, object], link: str, note: str = "") -> dict[str, object]:
    values = {
        "link": {"value": {"type": "url_text_input", "value": link}},
        "effective": {"value": {"type": "datepicker", "selected_date": "2026-09-30"}},
        "note": {"value": {"type": "plain_text_input", "value": note}},
    }
    return {**view, "state": {"values": values}}


def test_ten_megabytes_of_text_are_refused(town: Town) -> None:
    view, before = evidence_form(town), town.journal()
    payload = pressed(town, "bennett", "x", "1") | {
        "type": "view_submission",
        "view": answered(view, "https://docs.example/x", HUGE),
    }
    if town.transport == "http":
        assert send(town, encoded(payload)).status_code == 413
    reply = dispatch(town.inbox, Envelope(kind="interactive", payload=payload))
    assert reply.status == 400 or set((reply.body or {}).get("errors", ())) == {"note"}
    assert town.journal() == before


def formatted(part: object) -> list[str]:
    """Every text that Slack would format."""
    if isinstance(part, list):
        return [text for each in part for text in formatted(each)]
    if not isinstance(part, dict):
        return []
    own = [part["text"]] if part.get("type") == "mrkdwn" and isinstance(part.get("text"), str) else []
    return own + [text for each in part.values() for text in formatted(each)]


def test_names_and_titles_of_any_kind_and_length(town: Town) -> None:
    with town.record.write() as session:
        session.get_one(Person, town.person("bennett").id).name = ODD_NAMES
        session.exec(select(System).where(System.key == "scoring")).one().name = "題" * 3_000
    request = town.request()
    assert town.fill("bennett", evidence_form(town), link="https://docs.example/x", note=ODD_NAMES)["acked"]
    until(lambda: town.request().state == "submitted", "the submission")
    town.post()
    review = town.human.messages("kobayashi")[-1]
    assert "مرحبا" in str(review["blocks"])
    assert not [text for text in formatted({**review, "type": "mrkdwn"}) if "<!" in text]
    town.press("kobayashi", "review_accept", last_evidence(town).id)
    until(lambda: town.request().state == "accepted", "the review")
    assert request.id == town.request().id
