"""Turning the wheel under a virtual clock: from one moment at which something is due straight to the next."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from sqlmodel import Session, col, func, select

from cycles.models import UNANSWERED, Cycle, Delivery, Request
from cycles.people import programme_zone
from cycles.programme_cycles import OPEN, period_for
from flows import stories
from flows.house import House
from hoshin.player import Player

NIGHTLY = time(3)
# Where nothing at all is due, the night is; a step is never longer than this.
LONGEST = timedelta(days=1)


@dataclass
class VirtualClock:
    """A clock that stands still until it is set. It only goes forward."""

    at: datetime

    def __call__(self) -> datetime:
        return self.at

    def epoch(self) -> float:
        return self.at.timestamp()

    def move_to(self, at: datetime) -> None:
        self.at = max(self.at, at)


@dataclass
class Wheel:
    """A house on a virtual clock with the people who live in it (`player` None: nobody ever answers)."""

    house: House
    clock: VirtualClock
    player: Player | None = None
    after_step: Callable[[], None] = lambda: None
    night: datetime | None = None
    plans: bool = False

    def turn_until(self, end: datetime, stop: Callable[[], bool] = lambda: False) -> None:
        """Go from event to event until `end`, or until `stop` says so after a night."""
        self.night = self.night or self._next_night()
        while self.clock() < end and not stop():
            self._step()
            self.clock.move_to(min(self._next(), end))

    def upcoming(self) -> tuple[datetime, bool]:
        """The next moment at which anything is due, and whether that is the night's."""
        self.night = self._next_night()
        moment = self._next()
        return moment, moment >= self.night

    def _step(self) -> None:
        now = self.clock()
        if self.player is not None:
            self.player.play(now)
        if self.night is not None and now >= self.night:
            self._by_night()
            self.night = self._next_night()
        else:
            asyncio.run(stories.do(self.house))
        self.after_step()

    def _by_night(self) -> None:
        if self.plans and self._unplanned():
            asyncio.run(stories.plan(self.house))
        asyncio.run(stories.check(self.house))
        asyncio.run(stories.act(self.house))
        asyncio.run(stories.review(self.house))

    def _unplanned(self) -> bool:
        with self.house.record.read() as session:
            today = self.clock().astimezone(programme_zone(session)).date()
            period = period_for(session, None, today)
            return session.exec(select(Cycle.id).where(Cycle.key == period.key)).first() is None

    def _next_night(self) -> datetime:
        with self.house.record.read() as session:
            zone = programme_zone(session)
        day = self.clock().astimezone(zone).date()
        for ahead in (0, 1, 2):
            at = datetime.combine(day + timedelta(days=ahead), NIGHTLY, tzinfo=zone).astimezone(UTC)
            if at > self.clock():
                return at
        raise AssertionError("a night follows every day")

    def _next(self) -> datetime:
        """The next moment at which anything is due: a rung, a message, an act of somebody, or the night."""
        now = self.clock()
        with self.house.record.read() as session:
            times = [self.night, self._rung(session), self._message(session)]
        if self.player is not None:
            self.player.look(now)
            times.append(self.player.next_at())
        ahead = [at for at in times if at is not None and at > now]
        overdue = any(at is not None and at <= now for at in times)
        soon = now + timedelta(minutes=1)
        return min([*ahead, now + LONGEST, *([soon] if overdue else [])])

    def _rung(self, session: Session) -> datetime | None:
        waiting = select(func.min(Request.next_at)).join(Cycle, col(Cycle.id) == col(Request.cycle_id))
        return session.exec(waiting.where(col(Cycle.state).in_(OPEN), col(Request.state).in_(UNANSWERED))).one()

    def _message(self, session: Session) -> datetime | None:
        return session.exec(select(func.min(Delivery.not_before)).where(Delivery.state == "queued")).one()
