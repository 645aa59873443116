"""What a person asked can answer, over both transports: the record changes once, Slack is told, nobody else hears."""

import hashlib
from datetime import date

from inbox_town import CYCLE, DIGEST, MORNING, Town
from sqlmodel import col, select

from cycles import journal
from cycles.models import Evidence, Review


def newest_evidence(town: Town) -> Evidence:
    with town.record.read() as session:
        return session.exec(select(Evidence).order_by(col(Evidence.id).desc())).first()  # type: ignore[return-value]


def verified(town: Town) -> bool:
    with town.record.read() as session:
        return journal.verify(session).fault is None


def test_still_true_accepts_at_once_and_the_message_becomes_a_receipt(town: Town) -> None:
    request, before = town.request(), town.journal()
    assert town.press("bennett", "confirm", request.id)["acked"]
    assert town.journal()[len(before) :] == [("bennett", "request.confirmed")]
    assert (town.request().state, newest_evidence(town).sha256) == ("accepted", DIGEST)
    assert town.human.views("bennett")["stack"] == []
    assert town.bells.acquire(timeout=5)
    assert town.queued("refresh") == 1
    town.post()
    town.human.messages("bennett")
    assert not [
        row
        for row in town.human.messages("bennett")
        if "hoshin.v1.confirm" in str(row) and f"'{request.id}'" in str(row)
    ]
    assert verified(town)


def test_the_button_of_a_single_request_confirms_with_one_press(town: Town) -> None:
    request = town.request()
    town.show_alone("bennett", request.id)
    assert town.press_alone("bennett", "confirm", request.id)["acked"]
    assert town.request().state == "accepted"


def test_a_link_waits_for_a_reviewer(town: Town) -> None:
    request, before = town.request("human-oversight"), town.journal()
    view = town.press("bennett", "submit", request.id, form=True)["view"]
    assert view["title"]["text"] == "Submit evidence"
    done = town.fill("bennett", view, link="https://docs.example/oversight?a=1&b=2", note="See <part 2>")
    assert done["acked"]
    assert not done["errors"]
    kept = newest_evidence(town)
    assert (kept.form, kept.locator) == ("link", "https://docs.example/oversight?a=1&b=2")
    assert (kept.note, kept.effective) == ("See <part 2>", date(2026, 10, 1))
    assert town.request("human-oversight").state == "submitted"
    assert town.journal()[len(before) :] == [("bennett", "request.submitted")]
    assert town.queued("review") == 1


def test_a_statement_is_taken_where_the_kind_takes_one(town: Town) -> None:
    request = town.request("use-review")
    view = town.press("bennett", "submit", request.id, form=True)["view"]
    done = town.fill("bennett", view, attestation="We use it as agreed.", effective="2026-09-28")
    assert not done["errors"]
    kept = newest_evidence(town)
    assert (kept.form, kept.locator, kept.effective) == ("attestation", "We use it as agreed.", date(2026, 9, 28))


def test_files_are_kept_by_their_digest_and_the_others_are_named(town: Town) -> None:
    first, second = b"%PDF-1.7 first", b"second"
    ids = [town.human.upload("bennett", name, content=data)["id"] for name, data in
           (("risk <1>.pdf", first), ("annex.csv", second))]  # fmt: skip
    view = town.press("bennett", "submit", town.request().id, form=True)["view"]
    done = town.fill("bennett", view, file=ids, note="Two files")
    assert done["acked"]
    assert not done["errors"]
    kept, digests = newest_evidence(town), [hashlib.sha256(data).hexdigest() for data in (first, second)]
    assert (kept.form, kept.locator, kept.size) == ("file", "risk <1>.pdf", len(first))
    assert (kept.sha256, kept.media_type) == (digests[0], "application/pdf")
    assert kept.note == f"Two files\nannex.csv sha256:{digests[1]}"
    folder = town.settings.home / "evidence"
    assert {(folder / d[:2] / d[2:]).read_bytes() for d in digests} == {first, second}
    assert sorted(path.name for path in folder.rglob("*") if path.is_file()) == sorted(d[2:] for d in digests)


def test_a_future_date_is_refused_beside_its_field(town: Town) -> None:
    before = town.journal()
    view = town.press("bennett", "submit", town.request().id, form=True)["view"]
    done = town.fill("bennett", view, link="https://docs.example/x", effective="2026-10-02")
    assert set(done["errors"]) == {"effective"}
    assert town.journal() == before
    # The same form, mended, is not a repetition.
    assert not town.fill("bennett", view, link="https://docs.example/x", effective="2026-10-01")["errors"]
    assert town.request().state == "submitted"


def test_snoozing_moves_the_next_ask(town: Town) -> None:
    request, before = town.request(), town.journal()
    view = town.press("bennett", "snooze", request.id, form=True)["view"]
    assert "until" in town.fill("bennett", view, until="2026-12-24", reason="Audit")["errors"]
    assert town.journal() == before
    assert not town.fill("bennett", view, until="2026-10-06", reason="Audit this week")["errors"]
    after = town.request()
    assert (after.snoozed_until, after.snoozes) == (date(2026, 10, 6), 1)
    assert after.next_at is not None
    assert after.next_at > MORNING
    assert town.journal()[len(before) :] == [("bennett", "request.snoozed")]


def test_delegating_asks_first_and_the_clock_moves_on_acceptance(town: Town) -> None:
    request = town.request()
    view = town.press("bennett", "delegate", request.id, form=True)["view"]
    assert not town.fill("bennett", view, user=town.user("ito"), note="You know it best")["errors"]
    assert town.request().assignee_id == town.person("bennett").id
    town.post()
    assert town.press("ito", "accept_offer", request.id)["acked"]
    assert town.request().assignee_id == town.person("ito").id
    assert town.journal()[-2:] == [("bennett", "request.delegated"), ("ito", "request.took_over")]


def test_a_declined_offer_stays_where_it_was(town: Town) -> None:
    request = town.request()
    view = town.press("bennett", "delegate", request.id, form=True)["view"]
    town.fill("bennett", view, user=town.user("ito"))
    town.post()
    town.press("ito", "decline_offer", request.id)
    after = town.request()
    assert (after.assignee_id, after.offered_to_id) == (town.person("bennett").id, None)


def test_delegating_to_oneself_or_to_a_stranger_is_refused_beside_the_field(town: Town) -> None:
    before = town.journal()
    view = town.press("bennett", "delegate", town.request().id, form=True)["view"]
    for other in ("bennett", "stranger", "hughes"):
        assert set(town.fill("bennett", view, user=town.user(other))["errors"]) == {"user"}, other
    assert town.journal() == before


def test_not_mine_goes_to_the_lead_who_reassigns(town: Town) -> None:
    request = town.request()
    view = town.press("bennett", "not_mine", request.id, form=True)["view"]
    assert not town.fill("bennett", view, note="Moved to risk", user=town.user("ito"))["errors"]
    assert town.request().disputed
    assert "伊藤 大輔" in str(town.request().answer)
    town.post()
    view = town.press("sato", "reassign", request.id, form=True)["view"]
    assert "担当者" in view["title"]["text"]
    assert not town.fill("sato", view, user=town.user("ito"))["errors"]
    after = town.request()
    assert (after.assignee_id, after.disputed) == (town.person("ito").id, False)
    assert [row[1] for row in town.journal()[-2:]] == ["request.disputed", "request.reassigned"]


def test_what_does_not_apply_is_the_leads_to_excuse_or_to_keep(town: Town) -> None:
    request = town.request()
    view = town.press("bennett", "not_mine", request.id, form=True)["view"]
    assert not town.fill("bennett", view, objection="not_applicable", note="Only a pilot")["errors"]
    town.post()
    view = town.press("sato", "keep_asking", request.id, form=True)["view"]
    assert not town.fill("sato", view, note="試行も対象です")["errors"]
    assert (town.request().disputed, (town.request().answer or {})["verb"]) == (False, "kept")
    town.post()
    view = town.press("bennett", "not_mine", request.id, form=True)["view"]
    assert not town.fill("bennett", view, objection="not_applicable", note="It ended")["errors"]
    town.post()
    view = town.press("sato", "excuse", request.id, form=True)["view"]
    assert not town.fill("sato", view, reason="終了済み")["errors"]
    assert town.request().state == "excused"
    verbs = ["request.not_applicable", "request.kept", "request.not_applicable", "request.excused"]
    assert [row[1] for row in town.journal()[-4:]] == verbs


def test_what_cannot_be_provided_opens_an_action_and_shows_its_receipt(town: Town) -> None:
    request = town.request()
    view = town.press("bennett", "not_mine", request.id, form=True)["view"]
    assert not town.fill("bennett", view, objection="cannot_provide", note="Nobody kept one")["errors"]
    assert town.request().state == "lapsed"
    assert [row[1] for row in town.journal()[-3:]] == ["request.cannot_provide", "lapse.opened", "action.opened"]
    town.post()
    assert any("cannot be provided" in str(row).lower() for row in town.human.messages("bennett"))


def submitted(town: Town, link: str) -> int:
    request = town.request()
    button = town.press("bennett", "submit", request.id, form=True)
    assert not town.fill("bennett", button["view"], link=link)["errors"]
    town.post()
    return newest_evidence(town).id


def test_the_reviewer_returns_with_a_reason_and_accepts_what_comes_next(town: Town) -> None:
    first = submitted(town, "https://docs.example/draft")
    view = town.press("kobayashi", "review_return", first, form=True)["view"]
    assert not town.fill("kobayashi", view, reason="承認者がありません")["errors"]
    assert town.request().state == "returned"
    town.post()
    assert "承認者がありません" in str(town.human.messages("bennett")[-1]["blocks"])
    second = submitted(town, "https://docs.example/approved")
    assert second != first
    assert town.press("kobayashi", "review_accept", second)["acked"]
    assert town.request().state == "accepted"
    actions = [row[1] for row in town.journal()[-4:]]
    assert actions == ["request.submitted", "request.returned", "request.submitted", "request.accepted"]
    assert verified(town)


def test_a_reviewer_who_recuses_is_replaced_by_the_lead(town: Town) -> None:
    evidence = submitted(town, "https://docs.example/x")
    assert town.press("kobayashi", "review_recuse", evidence)["acked"]
    with town.record.read() as session:
        asked = session.exec(select(Review.reviewer_id).where(Review.evidence_id == evidence)).all()
    assert set(asked) == {town.person("kobayashi").id, town.person("sato").id}


def test_the_home_shows_what_is_true_after_each_answer(town: Town) -> None:
    town.home_opened("bennett")
    home = town.wait_home("bennett", "Scoring & <Lending>")
    assert home["type"] == "home"
    view = town.press("bennett", "snooze", town.request().id, form=True)["view"]
    town.fill("bennett", view, until="2026-10-06", reason="Audit")
    town.wait_home("bennett", "Snoozed until")


def test_the_command_lists_the_requests_with_their_buttons(town: Town) -> None:
    assert town.human.act("bennett", "slash", command="/hoshin")["acked"]
    row = town.human.messages("bennett")[-1]
    assert row["ephemeral"]
    assert "hoshin.v1.submit" in str(row["blocks"])
    assert CYCLE in str(row["blocks"])
    town.human.act("ito", "slash", command="/hoshin")
    assert "お待ちしている依頼はありません" in town.whispers("ito")[-1]
    town.human.act("ito", "slash", command="/hoshin", text="help")
    assert "/hoshin ヘルプ" in town.whispers("ito")[-1]


def test_a_changed_profile_is_heard_over_either_door(town: Town) -> None:
    town.show_alone("bennett", town.request().id)
    town.press_alone("bennett", "confirm", town.request().id)
    before = town.journal()
    assert town.human.act("bennett", "profile", profile={"deleted": True, "tz": "Europe/Paris"})["acked"]
    assert town.journal() == [*before, ("slack", "person.heard")]
    assert (town.person("bennett").slack_id, town.person("bennett").zone) == (None, "Asia/Tokyo")
