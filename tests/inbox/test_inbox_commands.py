"""`/hoshin` and its words in two languages: who is told what, and who is not."""

from typing import Any

from inbox_town import CYCLE, Town

from inbox.commands import ANSWERS, MEANT, WORDS
from inbox.refusals import REFUSALS
from inbox.sayings import NOTICES

Json = dict[str, Any]


def asked(town: Town, who: str, text: str = "") -> Json:
    """The answer, which only the person sees."""
    before = len(town.human.messages(who))
    assert town.human.act(who, "slash", command="/hoshin", text=text)["acked"]
    row = town.human.messages(who)[-1]
    assert row["ephemeral"]
    assert len(town.human.messages(who)) == before + 1
    return row


def words_in(row: Json) -> str:
    return f"{row['text']} {row.get('blocks', '')}"


def test_the_lead_is_told_how_the_cycle_stands(http_town: Town) -> None:
    town = http_town
    town.settings.prefect_ui = "https://prefect.example.com/"
    told = words_in(asked(town, "sato", "状況"))
    assert CYCLE in told
    assert "Olivia Bennett" in told
    assert "https://prefect.example.com/artifacts/key/hoshin-scorecard" in told
    town.settings.prefect_ui = ""
    assert "artifacts" not in words_in(asked(town, "sato", "status"))


def test_everybody_else_is_kindly_told_whom_it_is_for(http_town: Town) -> None:
    for who, language in (("bennett", "en"), ("kimura", "ja"), ("kobayashi", "ja")):
        assert asked(http_town, who, "status")["text"] == REFUSALS["leads_only"][language]


def test_an_unknown_word_gets_the_help_with_what_was_meant(http_town: Town) -> None:
    meant = NOTICES["did_you_mean"]
    for who, text, told in (
        ("bennett", "stauts", meant["en"].replace("{word}", "status")),
        ("sato", "reprot 5", meant["ja"].replace("{word}", "詳細")),
        ("bennett", "12", meant["en"].replace("{word}", "report 12")),
        ("bennett", "A-5", meant["en"].replace("{word}", "report a-5")),
        ("bennett", "<!channel> `x`", REFUSALS["no_such_word"]["en"]),
    ):
        language = "en" if who == "bennett" else "ja"
        assert asked(http_town, who, text)["text"] == f"{told}\n{NOTICES['help'][language]}", text


def test_a_request_is_reported_to_those_it_concerns(town: Town) -> None:
    request = town.request()
    view = town.press("bennett", "submit", request.id, form=True)["view"]
    town.fill("bennett", view, link="https://docs.example/risk")
    town.post()
    for who, text in (
        ("bennett", f"report {request.id}"),
        ("sato", f"詳細　{request.id}"),
        ("kobayashi", f"report #{request.id}"),
    ):
        told = words_in(asked(town, who, text))
        assert "https://docs.example/risk" in told, who
        assert "Scoring & <Lending>" in told, who
    # In full width, as a Japanese keyboard writes it.
    assert "https://docs.example/risk" in words_in(asked(town, "sato", f"ＲＥＰＯＲＴ {request.id}"))


def test_what_one_may_not_see_is_told_as_what_is_not_there(http_town: Town) -> None:
    town, number = http_town, http_town.request().id
    for key in (str(number), "999999", "scoring", "A-1", "no-such-system"):
        assert asked(town, "okafor", f"report {key}")["text"] == REFUSALS["no_report"]["en"], key
    assert asked(town, "kobayashi", f"詳細 {number}")["text"] == REFUSALS["no_report"]["ja"]
    assert "Lending" in words_in(asked(town, "kimura", f"詳細 {number}")), "the owner's manager"
    assert asked(town, "bennett", "report")["text"] == NOTICES["which_report"]["en"]


def test_a_system_lists_its_requests_and_an_action_tells_its_story(http_town: Town) -> None:
    town = http_town
    request = town.request()
    listed = words_in(asked(town, "bennett", "report SCORING"))
    assert f"{request.id} · " in listed
    assert listed == words_in(asked(town, "bennett", "report Scoring &amp; &lt;Lending&gt;"))
    view = town.press("bennett", "not_mine", request.id, form=True)["view"]
    town.fill("bennett", view, objection="cannot_provide", note="Nobody kept one")
    assert "A-1" in words_in(asked(town, "bennett", f"report {request.id}"))
    told = words_in(asked(town, "bennett", "report a-1"))
    assert f"request {request.id}." in told
    assert "cannot be provided" in told


def test_every_answer_has_words_in_both_languages() -> None:
    assert set(ANSWERS) == set(WORDS) == set(MEANT.values())
    assert len(MEANT) == sum(len(words) for words in WORDS.values())
    assert all(any(word.isascii() for word in words) for words in WORDS.values())
    assert all(any(not word.isascii() for word in words) for words in WORDS.values())
