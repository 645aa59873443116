"""Opening the house for a command: at the time it names, on the record itself or on a copy."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

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
        with copied(house.record) as record:
            yield replace(house, record=record, slack=None)
