"""The App Home over both doors: what everybody finds there, the pages of a crowd, and presses on what has changed."""

from datetime import date
from typing import Any

from inbox_crowd import crowd, thin_out
from inbox_town import Town
from sqlmodel import select
from waiting import until

from cycles.models import Action, Person, Request
from inbox.refusals import REFUSALS
from tasks.home import PER_PAGE

Json = dict[str, Any]


def shown(town: Town, who: str, text: str) -> Json:
    town.home_opened(who)
    return town.wait_home(who, text)


def press(town: Town, who: str, view: Json, verb: str, value: object = None, **more: Any) -> Json:
    """Press in the home; without a value, whatever is the first button of that name."""
    found: Json = next(
        element
        for block in view["blocks"]
        for element in block.get("elements", [])
        if element.get("action_id") == f"hoshin.v1.{verb}" and str(value or element["value"]) == element["value"]
    )
    return town.human.press(who, found["action_id"], view_id=view["id"], value=found["value"], **more)


def turned(town: Town, who: str, page: int) -> Json:
    look: Json = {}

    def there() -> bool:
        look.update(town.human.views(who)["home"])
        return bool(look["private_metadata"] == str(page))

    until(there, f"page {page}")
    return look


def count_of(view: Json) -> str:
    block = next(block for block in view["blocks"] if block["block_id"] == "hoshin.v1.counts")
    return ", ".join(field["text"] for field in block["fields"])


def test_a_crowd_is_turned_page_by_page_and_back(http_town: Town) -> None:
    town = http_town
    crowd(town, requests=120, actions=60)
    first = shown(town, "bennett", "Page 1 of ")
    open_ones = town_open(count_of(first))
    assert "To improve: 60" in count_of(first)
    pages = -(-(open_ones + 60) // PER_PAGE)
    assert f"Page 1 of {pages}" in str(first["blocks"])
    assert len(first["blocks"]) <= 100
    press(town, "bennett", first, "page", "1")
    second = turned(town, "bennett", 1)
    assert {"0", "2"} == {
        e["value"] for b in second["blocks"] for e in b.get("elements", []) if e.get("action_id") == "hoshin.v1.page"
    }
    # Meanwhile nearly everything was answered: the page asked for is no more, and the last one there is comes instead.
    thin_out(town, 5)
    press(town, "bennett", second, "page", "2")
    turned(town, "bennett", 2)
    assert town_open(count_of(turned(town, "bennett", 2))) == 5
    with town.record.write() as session:
        for row in session.exec(select(Action)).all():
            row.closed_at, row.state = town.now, "effective"
    press(town, "bennett", turned(town, "bennett", 2), "page", "3")
    last = turned(town, "bennett", 0)
    assert town_open(count_of(last)) == 5


def town_open(counts: str) -> int:
    return int(counts.partition("Open: ")[2].partition(",")[0])


def test_a_reviewer_decides_at_home_and_stays_on_the_page(http_town: Town) -> None:
    town = http_town
    crowd(town, reviews=45)
    view = shown(town, "kobayashi", "3ページ中1ページ目")
    assert "レビュー：45" in count_of(view)
    press(town, "kobayashi", view, "page", "1")
    view = turned(town, "kobayashi", 1)
    assert press(town, "kobayashi", view, "review_accept")["acked"]
    after = town.wait_home("kobayashi", "レビュー：44")
    assert after["private_metadata"] == "1"


def test_a_form_that_was_opened_on_a_page_leaves_its_reader_there(http_town: Town) -> None:
    town = http_town
    crowd(town, reviews=45)
    press(town, "kobayashi", shown(town, "kobayashi", "3ページ中1ページ目"), "page", "1")
    view = turned(town, "kobayashi", 1)
    form = press(town, "kobayashi", view, "review_return", expect_view=True)["view"]
    assert not town.fill("kobayashi", form, reason="No approver.")["errors"]
    assert town.wait_home("kobayashi", "レビュー：44")["private_metadata"] == "1"
    assert shown(town, "kobayashi", "3ページ中1ページ目")["private_metadata"] == "0", "opened again, it begins anew"


def test_the_lead_finds_how_the_cycle_stands_and_nobody_else_does(http_town: Town) -> None:
    assert "回答済み" in str(shown(http_town, "sato", "FY2026-Q3・Do")["blocks"])
    assert "FY2026-Q3" not in str(shown(http_town, "bennett", "Scoring & <Lending>")["blocks"])
    shown(http_town, "okafor", "Nothing is waiting for you")


def test_who_has_left_finds_nothing_at_home_any_more(http_town: Town) -> None:
    town = http_town
    for who, text in (("sato", "FY2026-Q3・Do"), ("bennett", "Scoring & <Lending>")):
        shown(town, who, text)
        with town.record.write() as session:
            session.get_one(Person, town.person(who).id).left_on = date(2026, 9, 30)
        home = str(
            shown(town, who, "現在お願いしていることはありません" if who == "sato" else "Nothing is waiting for you")[
                "blocks"
            ]
        )
        assert text not in home


def test_an_offer_is_taken_at_home(http_town: Town) -> None:
    town, request = http_town, http_town.request()
    view = town.press("bennett", "delegate", request.id, form=True)["view"]
    town.fill("bennett", view, user=town.user("ito"))
    press(town, "ito", shown(town, "ito", "引き受ける"), "accept_offer", str(request.id))
    assert town.request().assignee_id == town.person("ito").id
    town.wait_home("ito", "未回答：1")


def test_a_press_on_what_was_settled_meanwhile_says_so_and_mends_the_home(town: Town) -> None:
    request = town.request()
    view = shown(town, "bennett", "Scoring & <Lending>")
    open_ones = town_open(count_of(view))
    with town.record.write() as session:
        session.get_one(Request, request.id).state = "excused"
    before = town.journal()
    told = press(town, "bennett", view, "submit", request.id, expect_view=True)["view"]
    assert REFUSALS["answered"]["en"] in str(told["blocks"])
    assert town.journal() == before
    after = town.wait_home("bennett", f"Open: {open_ones - 1}")
    assert f"'{request.id}'" not in str(after["blocks"])


def test_a_lead_decides_at_home(http_town: Town) -> None:
    town, request = http_town, http_town.request()
    form = town.press("bennett", "not_mine", request.id, form=True)["view"]
    assert not town.fill("bennett", form, note="It moved to the claims team.")["errors"]
    view = shown(town, "sato", "It moved to the claims team.")
    form = press(town, "sato", view, "reassign", request.id, expect_view=True)["view"]
    assert not town.fill("sato", form, user=town.user("ito"))["errors"]
    assert town.request().assignee_id == town.person("ito").id
    until(lambda: "It moved" not in str(town.human.views("sato")["home"]), "the decision off the lead's home")
