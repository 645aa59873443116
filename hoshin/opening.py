"""Opening the house for a command: at the time it names, on the record itself or on a copy."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from cycles.copies import copied
from flows.house import House, open_house
from hoshin.console import parse_time


@contextmanager
def opened(*, as_of: str | None = None, copy: bool = False, programme: Path | None = None) -> Iterator[House]:
    """The house as a command wants it. A copy never speaks to Slack and is gone afterwards.

    Raises:
        BadInput: when time, settings or database cannot be used.
    """
    at = parse_time(as_of)
    with open_house(now=(lambda: at) if at else None, actor="cli") as house:
        if programme is not None:
            house = replace(house, settings=house.settings.model_copy(update={"programme": programme}))
        if not copy:
            yield house
            return
        with copy_of(house) as aside:
            yield aside


@contextmanager
def copy_of(house: House) -> Iterator[House]:
    """The same house to try things in: its record copied, Slack away, and a home of its own that is gone afterwards."""
    with copied(house.record) as record, TemporaryDirectory(prefix="hoshin-copy-") as home:
        # Stages write beside the record too (packs, evidence files); none of that may reach the real home.
        settings = house.settings.model_copy(update={"home": Path(home), "programme": house.programme_dir})
        yield replace(house, settings=settings, record=record, slack=None)
