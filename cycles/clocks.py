"""A clock that steps back: within the journal time never runs backwards.

Machines correct their clocks by seconds, and two schedulers may differ by some minutes: what is written then carries the
time of the entry before it. A clock that is further behind is wrong, or the one that wrote before it was; either way
everything reckoned from it would be, so nothing is written and a person is told which clock to look at.
"""

from datetime import UTC, datetime, timedelta

from sqlmodel import Session

from cycles.errors import HoshinError
from cycles.models import Setting

TOLERANCE = timedelta(minutes=15)
ACCEPTED = "clock"


class ClockBehind(HoshinError):
    """This machine's clock is behind what was last written. Nothing was changed."""


def steady(session: Session, at: datetime, last: datetime | None) -> datetime:
    """The time an entry carries that is written at `at` after one of `last`: never an earlier one.

    Raises:
        ClockBehind: when `at` is more than TOLERANCE earlier, unless a lead has accepted that the record runs ahead.
    """
    if last is None or at >= last:
        return at
    if last - at > TOLERANCE and not _accepted(session, last):
        raise ClockBehind(
            f"This machine's clock says {_text(at)}, but the record was last written at {_text(last)}. Set the clock "
            "right. If instead the clock was wrong that wrote then, run `hoshin doctor --accept-clock`."
        )
    return last


def accept(session: Session, now: datetime, last: datetime) -> bool:
    """Let the record be written although its last entry lies in the future; False when it does not.

    Until that time has come, entries carry the time of the last one.
    """
    if now >= last:
        return False
    kept = session.get(Setting, ACCEPTED) or Setting(name=ACCEPTED, value={})
    kept.value = {"ahead_until": last.isoformat(), "accepted_at": now.isoformat()}
    session.add(kept)
    session.flush()
    return True


def _accepted(session: Session, last: datetime) -> bool:
    kept = session.get(Setting, ACCEPTED)
    return kept is not None and last <= datetime.fromisoformat(kept.value["ahead_until"])


def _text(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
