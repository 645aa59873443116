"""Opening the house for a command: at the time it names, on the record itself or on a copy."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlmodel import func, select

from cycles.clocks import accept
from cycles.copies import copied
from cycles.errors import BadInput
from cycles.journal import last_entry
from cycles.models import JournalEntry
from flows.house import House, open_house
from hoshin.console import parse_time, print_progress


@contextmanager
def opened(*, as_of: str | None = None, copy: bool = False, programme: Path | None = None) -> Iterator[House]:
    """The house as a command wants it. A copy never speaks to Slack and is gone afterwards.

    Raises:
        BadInput: when time, settings or database cannot be used.
    """
    at = parse_time(as_of)
    with open_house(now=(lambda: at) if at else None, actor="cli", progress=print_progress) as house:
        if programme is not None:
            house = replace(house, settings=house.settings.model_copy(update={"programme": programme}))
        if not copy:
            if at is not None:
                _refuse_the_past(house, at)
            yield house
            return
        with copy_of(house) as aside:
            yield aside


def _refuse_the_past(house: House, at: datetime) -> None:
    """The record only goes forward: acting as if it were earlier than its last entry would judge by what came later."""
    with house.record.read() as session:
        last = session.exec(select(func.max(JournalEntry.at))).one()
    if last is not None and at < last:
        raise BadInput(
            f"--as-of {at.isoformat()} lies before the last journal entry ({last.isoformat()}). Add --dry-run to try it."
        )


@contextmanager
def copy_of(house: House) -> Iterator[House]:
    """The same house to try things in: its record copied, Slack away, and a home of its own that is gone afterwards."""
    with copied(house.record) as record, TemporaryDirectory(prefix="hoshin-copy-") as home:
        # Stages write beside the record too (packs, evidence files); none of that may reach the real home.
        settings = house.settings.model_copy(
            update={"home": Path(home), "programme": house.programme_dir, "anchor_file": None}
        )
        with record.write() as session:
            # What is tried here may be earlier than what the record holds; nothing of it is kept.
            _, _, last = last_entry(session)
            if last is not None:
                accept(session, house.now(), last)
        yield replace(house, settings=settings, record=record, slack=None)
