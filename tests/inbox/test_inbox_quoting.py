"""The message shortcut *Use as evidence*: what a message holds, the form it opens, and the answer it becomes."""

import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inbox_town import Town, encoded, send
from sqlmodel import col, select

from cycles.models import Evidence, Person
from inbox.letters import Envelope, Malformed, read
from inbox.refusals import REFUSALS
from inbox.sayings import NOTICES
from tasks.slack.quoting import ROOM, Found, Unreadable, found_in, unpacked

Json = dict[str, Any]
SHORTCUT = "hoshin.v1.use_as_evidence"
CHANNEL = "ai-governance"
NOBODY: dict[str, str] = {}


def found(text: str, **more: Any) -> Found:
    return found_in(
        {"ts": "1.2", "text": text, **more}, channel="C1", named=lambda user: NOBODY.get(user, ""), files=True
    )


# What a message holds ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "links", "quote"),
    [
        ("See <https://a.example/x?y=1&amp;z=2|the doc>.", ("https://a.example/x?y=1&z=2",), None),
        ("typed https://a.example/x, and (http://b.example).", ("https://a.example/x", "http://b.example"), None),
        ("<https://a.example> <https://a.example|again>", ("https://a.example",), None),
        ("<javascript:alert(1)|x> <mailto:a@b.c|mail> file:///etc", (), None),
        ("<https://user:pass@a.example|x>", (), None),
        ("a &lt;b&gt; &amp; <@U1> in <#C1|general>, <!here>", (), "a <b> & @U1 in #general, @here"),
        ("<!subteam^S1|@team> <!date^1^{date}|today>", (), "@team today"),
        ("", (), ""),
    ],
)
def test_what_is_taken_from_the_words(text: str, links: tuple[str, ...], quote: str | None) -> None:
    kept = found(text)
    assert kept.links == links
    if quote is not None:
        assert kept.quote == quote


def test_files_that_lie_elsewhere_are_links_and_those_that_are_gone_are_nothing() -> None:
    rows = [
        {"id": "F1", "name": "a.pdf", "mode": "hosted"},
        {"id": "F2", "name": "b", "mode": "tombstone"},
        {"id": "F3", "name": "c", "mode": "external", "url_private": "https://drive.example/c"},
        {"name": "without an id", "mode": "hosted"},
        "not a file",
    ]
    kept = found("", files=rows)
    assert (kept.files, kept.links) == ((("F1", "a.pdf"),), ("https://drive.example/c",))
    assert kept.forms == {"file", "link"}
    without = found_in({"ts": "1", "files": rows}, channel="C1", named=lambda user: "", files=False)
    assert without.files == ()


@given(
    quote=st.text(max_size=4000),
    author=st.text(max_size=300),
    links=st.lists(st.text(max_size=3000), max_size=4),
    ids=st.lists(st.from_regex(r"F[A-Z0-9]{8,12}", fullmatch=True), max_size=5),
)
def test_whatever_a_message_holds_fits_a_view_and_comes_back(
    quote: str, author: str, links: list[str], ids: list[str]
) -> None:
    whole = Found(
        channel="C1", ts="1.2", quote=quote, author=author, links=tuple(links), files=tuple((i, "n") for i in ids)
    )
    packed = whole.packed()
    assert len(packed) <= ROOM
    back = unpacked(packed)
    assert [number for number, _ in back.files] == ids
    assert back.links == whole.links[: len(back.links)]
    assert back.quote[:-1] == whole.quote[: len(back.quote)][:-1]


@pytest.mark.parametrize("text", ["", "7", "[]", "{}", '{"files":1,"links":[]}', '{"files":[],"links":[],"other":1}'])
def test_anything_else_is_unreadable(text: str) -> None:
    with pytest.raises(Unreadable):
        unpacked(text)


# From the message to the answer ------------------------------------------------------------------------


def said(town: Town, text: str, *, by: str = "ito", channel: str | None = CHANNEL, **more: Any) -> Json:
    town.human.say(by, text, **({"channel": channel} if channel else {}), **more)
    return town.human.messages(by, channel)[-1]


def met(town: Town, key: str) -> None:
    """Have the record know somebody's Slack id, as the daily look at Slack's people does."""
    with town.record.write() as session:
        session.exec(select(Person).where(Person.key == key)).one().slack_id = town.user(key)


def used(town: Town, message: Json, *, by: str = "bennett") -> Json:
    where = {"channel": message["channel"], "ts": message["ts"]}
    view = town.human.act(by, "shortcut", callback_id=SHORTCUT, expect="view", **where)["view"]
    assert view, "no form was opened"
    return view


def blocks_of(view: Json) -> dict[str, Json]:
    return {block["block_id"]: block for block in view["blocks"]}


def offered(view: Json, block: str) -> list[str]:
    return [option["value"] for option in blocks_of(view)[block]["element"]["options"]]


def newest(town: Town) -> Evidence:
    with town.record.read() as session:
        return session.exec(select(Evidence).order_by(col(Evidence.id).desc())).first()  # type: ignore[return-value]


def test_a_link_somebody_posted_answers_a_request(town: Town) -> None:
    request, before = town.request("human-oversight"), town.journal()
    met(town, "ito")
    view = used(town, said(town, "The new oversight plan: https://docs.example/oversight?a=1&b=2"))
    assert view["title"]["text"] == "Use as evidence"
    assert "伊藤 大輔" in json.dumps(view["blocks"], ensure_ascii=False)
    assert offered(view, "use") == ["link:0", "message"]
    done = town.fill("bennett", view, request=str(request.id), effective="2026-09-30", note="As agreed")
    assert not done["errors"]
    kept = newest(town)
    assert (kept.form, kept.locator, str(kept.effective)) == (
        "link",
        "https://docs.example/oversight?a=1&b=2",
        "2026-09-30",
    )
    assert kept.note.startswith("As agreed\nhttp")
    assert town.request("human-oversight").state == "submitted"
    assert town.journal()[len(before) :] == [("bennett", "request.submitted")]
    assert NOTICES["used"]["en"] in str(town.human.views("bennett")["stack"])


def test_a_file_somebody_posted_is_fetched_and_kept(http_town: Town) -> None:
    town = http_town
    content = b"%PDF-1.7 the risks"
    file = town.human.upload("ito", "risk.pdf", content=content)["id"]
    view = used(town, said(town, "Here it is", files=[file]))
    done = town.fill("bennett", view, request=str(town.request().id), use="file")
    assert not done["errors"]
    kept, digest = newest(town), hashlib.sha256(content).hexdigest()
    assert (kept.form, kept.locator, kept.sha256, kept.media_type) == ("file", "risk.pdf", digest, "application/pdf")
    assert (town.settings.home / "evidence" / digest[:2] / digest[2:]).read_bytes() == content


def test_a_message_is_a_link_to_itself_or_a_statement_as_the_request_allows(http_town: Town) -> None:
    town = http_town
    met(town, "ito")
    message = said(town, "We use it as agreed, <b>nothing</b> changed.")
    view = used(town, message)
    assert "use" not in blocks_of(view)
    assert not town.fill("bennett", view, request=str(town.request().id))["errors"]
    kept = newest(town)
    assert (kept.form, kept.locator) == (
        "link",
        f"{town.slack.url}/archives/{message['channel']}/p{message['ts'].replace('.', '')}",
    )
    assert kept.note == "“We use it as agreed, <b>nothing</b> changed.” — 伊藤 大輔"
    view = used(town, message)
    assert str(town.request().id) not in offered(view, "request")


@pytest.mark.parametrize("kind", ["error", "hang"])
def test_a_conversation_the_app_may_not_see_gives_no_link(http_town: Town, kind: str) -> None:
    town, use_review = http_town, str(http_town.request("use-review").id)
    met(town, "ito")
    fault = {"method": "chat.getPermalink", "kind": kind, "error": "channel_not_found", "seconds": 4.0}
    town.slack.control("faults", {name: value for name, value in fault.items() if kind == "hang" or name != "seconds"})
    view = used(town, said(town, "We use it as agreed."))
    assert use_review in offered(view, "request")
    assert str(town.request("risk-assessment").id) not in offered(view, "request")
    assert not town.fill("bennett", view, request=use_review)["errors"]
    kept = newest(town)
    assert (kept.form, kept.locator, kept.note) == ("attestation", "“We use it as agreed.” — 伊藤 大輔", "")


def shortcut(town: Town, user: str, message: Json, **changes: Any) -> Json:
    """As Slack documents it: without the app's id."""
    return {
        "type": "message_action",
        "token": "x",
        "callback_id": SHORTCUT,
        "action_ts": "1790000000.000200",
        "trigger_id": "1.2.3",
        "response_url": "https://hooks.slack.com/app/1",
        "team": {"id": town.slack.workspace.team_id, "domain": "local"},
        "user": {"id": town.user(user), "name": user},
        "channel": {"id": message["channel"], "name": CHANNEL},
        "message_ts": message["ts"],
        "message": {name: value for name, value in message.items() if name != "channel"},
        **changes,
    }


def test_what_changed_while_the_form_was_open_is_said_beside_the_request(http_town: Town) -> None:
    town, request = http_town, http_town.request()
    view = used(town, said(town, "https://docs.example/x"))
    town.press("bennett", "confirm", request.id)
    before = town.journal()
    done = town.fill("bennett", view, request=str(request.id), use="link:0")
    assert done["errors"] == {"request": REFUSALS["answered"]["en"]}
    assert town.journal() == before
    # Another request of the same form is taken all the same.
    assert not town.fill("bennett", view, request=str(town.request("human-oversight").id), use="link:0")["errors"]


def test_a_form_that_comes_twice_answers_once(http_town: Town) -> None:
    town, request = http_town, http_town.request()
    view = used(town, said(town, "https://docs.example/x"))
    values = {
        "request": {"value": {"type": "static_select", "selected_option": {"value": str(request.id)}}},
        "use": {"value": {"type": "radio_buttons", "selected_option": {"value": "link:0"}}},
        "effective": {"value": {"type": "datepicker", "selected_date": "2026-10-01"}},
        "note": {"value": {"type": "plain_text_input", "value": None}},
    }
    payload = {
        "type": "view_submission",
        "team": {"id": town.slack.workspace.team_id},
        "user": {"id": town.user("bennett")},
        "api_app_id": town.slack.workspace.app.id,
        "view": {**view, "state": {"values": values}},
    }
    before = town.journal()
    answers = [send(town, encoded(payload)) for _ in range(2)]
    assert NOTICES["used"]["en"] in answers[0].text
    assert [answer.status_code for answer in answers] == [200, 200]
    assert town.journal()[len(before) :] == [("bennett", "request.submitted")]


def test_a_request_that_went_to_somebody_else_is_not_answered_by_whom_it_left(http_town: Town) -> None:
    town, request = http_town, http_town.request()
    view = used(town, said(town, "https://docs.example/x"))
    with town.record.write() as session:
        row = session.get_one(type(request), request.id)
        row.owner_id = row.assignee_id = town.person("okafor").id
    done = town.fill("bennett", view, request=str(request.id), use="link:0")
    assert done["errors"] == {"request": REFUSALS["not_yours"]["en"]}
    town.close_cycle()
    done = town.fill("bennett", view, request=str(town.request("human-oversight").id), use="link:0")
    assert done["errors"] == {"request": REFUSALS["closed"]["en"]}


def test_a_form_the_request_does_not_take_is_said_beside_the_choice(http_town: Town) -> None:
    town, request = http_town, str(http_town.request().id)
    file = town.human.upload("ito", "x.pdf", content=b"%PDF-1.7")["id"]
    town.slack.control("faults", {"method": "chat.getPermalink", "kind": "error", "error": "channel_not_found"})
    view = used(town, said(town, "Here", files=[file]))
    assert town.fill("bennett", view, request=request, use="message")["errors"] == {"use": REFUSALS["form"]["en"]}
    late = town.fill("bennett", view, request=request, use="file", effective="2026-10-02")
    assert set(late["errors"]) == {"effective"}
    assert not town.fill("bennett", view, request=request, use="file", effective="2026-10-01")["errors"]


def test_a_file_that_is_gone_by_then_is_said_beside_the_choice(http_town: Town) -> None:
    town = http_town
    file = town.human.upload("ito", "x.pdf", content=b"%PDF-1.7")["id"]
    view = used(town, said(town, "Here", files=[file]))
    town.slack.control("faults", {"method": "files.info", "kind": "error", "error": "file_deleted"})
    done = town.fill("bennett", view, request=str(town.request().id), use="file")
    assert done["errors"] == {"use": REFUSALS["file_lost"]["en"]}
    assert town.request().state == "asked"


@pytest.mark.parametrize("who", ["ito", "stranger"])
def test_who_has_nothing_to_answer_is_told_so_in_a_modal(http_town: Town, who: str) -> None:
    told = NOTICES["nothing"]["ja"] if who == "ito" else REFUSALS["stranger"]["en"]
    view = used(http_town, said(http_town, "https://docs.example/x", by=who), by=who)
    assert told in str(view["blocks"])
    assert not view.get("submit")


def test_the_same_payload_opens_one_form_and_another_apps_shortcut_none(http_town: Town) -> None:
    town, message = http_town, said(http_town, "https://docs.example/x")
    letters = town.letters()
    for _ in range(2):
        assert send(town, encoded(shortcut(town, "bennett", message))).status_code == 200
    assert town.letters() == letters + 1
    other = shortcut(town, "bennett", message, callback_id="theirs", action_ts="1790000000.000300")
    assert send(town, encoded(other)).status_code == 200
    everywhere = {**shortcut(town, "bennett", message), "type": "shortcut"}
    assert send(town, encoded(everywhere)).status_code == 200
    elsewhere = shortcut(town, "bennett", message, team={"id": "TOTHER"}, action_ts="1790000000.000400")
    assert send(town, encoded(elsewhere)).status_code == 403
    assert town.letters() == letters + 1


@pytest.mark.parametrize("missing", ["callback_id", "action_ts", "message", "channel", "user", "team"])
def test_a_payload_without_what_slack_documents_is_malformed(missing: str) -> None:
    payload = {
        "type": "message_action",
        "callback_id": SHORTCUT,
        "action_ts": "1790000000.000200",
        "team": {"id": "T1"},
        "user": {"id": "U1"},
        "channel": {"id": "C1"},
        "message": {"ts": "1.2", "text": "x"},
    }
    letter = read(Envelope(kind="interactive", payload=payload))
    assert (letter.kind, letter.verb, letter.app, letter.place) == ("shortcut", "use_as_evidence", "", "C1")
    del payload[missing]
    with pytest.raises(Malformed):
        read(Envelope(kind="interactive", payload=payload))
