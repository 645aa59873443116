"""The App Home: groups, order and pages."""

import json
from datetime import date
from typing import Any

from message_samples import Kit

from tasks.blocks import problems
from tasks.home import PER_PAGE, Counts, home
from tasks.messages import as_text


def _ids(view: dict[str, Any]) -> list[str]:
    return [block["block_id"] for block in view["blocks"] if ".item." in block["block_id"]]


def test_open_requests_come_first_by_due_date() -> None:
    kit = Kit("en")
    items = [
        kit.item(1, answered=kit.answered("accepted"), state="accepted"),
        kit.item(2, due=date(2026, 10, 20)),
        kit.item(3, due=date(2026, 10, 14)),
        kit.item(4, answered=kit.answered("confirmed"), state="submitted"),
        kit.item(5, answered=kit.answered("snoozed", until=date(2026, 10, 15))),
    ]
    assert [name[-1] for name in _ids(home(kit.reader(), items))] == ["3", "2", "5", "4", "1"]


def test_every_request_is_on_exactly_one_page() -> None:
    kit = Kit("ja", "longest")
    items = [kit.item(n) for n in range(1, 151)]
    pages = -(-len(items) // PER_PAGE)
    seen: list[str] = []
    for page in range(pages):
        view = home(kit.reader(), items, page=page)
        assert problems(view) == []
        assert len(json.dumps(view)) < 250_000
        seen += _ids(view)
    assert len(seen) == len(set(seen)) == 150


def test_the_last_page_stands_in_for_one_that_is_gone() -> None:
    kit = Kit("en")
    items = [kit.item(n) for n in range(1, 30)]
    assert home(kit.reader(), items, page=9) == home(kit.reader(), items, page=1)
    assert home(kit.reader(), items, page=-1) == home(kit.reader(), items, page=0)


def test_pages_turn_both_ways() -> None:
    kit = Kit("en")
    items = [kit.item(n) for n in range(1, 60)]
    middle = [b for b in home(kit.reader(), items, page=1)["blocks"] if ".page." in b["block_id"]]
    assert [b["elements"][0]["value"] for b in middle] == ["0", "2"]
    assert {b["elements"][0]["action_id"] for b in middle} == {"hoshin.v1.page"}


def test_counts_may_say_more_than_the_items_at_hand() -> None:
    kit = Kit("en")
    view = home(kit.reader(), [kit.item()], counts=Counts(open=1234, snoozed=2, waiting=3, answered=4))
    assert "Open: 1,234" in as_text(view)
