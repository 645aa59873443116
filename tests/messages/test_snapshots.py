"""What people read, kept as plain text. `WRITE_SNAPSHOTS=1 pytest tests/messages` writes them anew: read the diff."""

import os
from pathlib import Path

import pytest
from message_answers import answers
from message_samples import briefs
from message_views import views

from tasks.messages import as_text, render

FOLDER = Path(__file__).parent / "snapshots"
SEPARATOR = "\n" + "=" * 100 + "\n"


def _page(shown: dict[str, str]) -> str:
    return "".join(
        f"{SEPARATOR.lstrip() if n == 0 else SEPARATOR}{name}\n\n{text}" for n, (name, text) in enumerate(shown.items())
    )


@pytest.mark.parametrize("locale", ["en", "ja"])
@pytest.mark.parametrize("what", ["messages", "views"])
def test_people_read_what_was_agreed(locale: str, what: str) -> None:
    if what == "messages":
        told = {name: render(brief) for name, brief in briefs(locale).items() if name != "digest-eight"} | answers(
            locale
        )
        page = _page({name: as_text(payload) for name, payload in told.items()})
    else:
        page = _page({name: as_text(view) for name, view in views(locale).items() if name != "home-second-page"})
    path = FOLDER / f"{what}.{locale}.txt"
    if os.environ.get("WRITE_SNAPSHOTS"):
        path.write_text(page, encoding="utf-8")
    assert page == path.read_text(encoding="utf-8")
