"""Two times of one question: the moment it is about, and the moment up to which is known what is answered from."""

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, kw_only=True)
class Moment:
    """What was true at `at` (UTC; `day` is its date in the programme's zone), as far as it was known at `known_at`.

    The present (`live`) is answered from what the record holds as current, which is quicker and gives the same.
    """

    day: date
    at: datetime
    known_at: datetime
    live: bool = False

    @property
    def decided_by(self) -> datetime:
        """By when a decision must have been taken to be in force then and known: an acceptance signed later changes nothing."""
        return min(self.at, self.known_at)


def present(day: date, now: datetime) -> Moment:
    """The present, judged by a day: today, or for planning a day to come."""
    return Moment(day=day, at=now, known_at=now, live=True)
