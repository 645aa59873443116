"""The ladder of a request or an action: who is told on which day, from the due date and everybody's own calendar."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import partial
from typing import Self

from cycles.models import Request
from cycles.people import Directory
from cycles.policy import Policy, Rung

# However late a request goes out, it leaves its reader this many workdays.
FAIR_WORKDAYS = 3
# People who are away in turn can hand a message round; each turn is later than the one before.
MOST_TURNS = 100


@dataclass(frozen=True, kw_only=True)
class Line:
    """One dated message to come. `rung` 0 is the first ask."""

    at: datetime
    message: str
    rung: int
    person_id: int


@dataclass(frozen=True, kw_only=True)
class Ladder:
    """The rungs above one due date. Steps count from 0, the first ask; rung n is spoken as step n."""

    due: date
    owner_id: int
    assignee_id: int
    directory: Directory
    policy: Policy

    @classmethod
    def of(cls, request: Request, directory: Directory, policy: Policy) -> Self:
        """The ladder of a request as it stands now."""
        owner, assignee = request.owner_id, request.assignee_id
        return cls(due=request.due, owner_id=owner, assignee_id=assignee, directory=directory, policy=policy)

    @property
    def rungs(self) -> tuple[Rung, ...]:
        return self.policy.asking.ladder

    def told(self, to: str, now: datetime) -> int:
        """Who a rung speaks to: `owner` is whoever answers at present or stands in; the others are the owner's own line."""
        if to == "owner":
            return self.directory.stand_in(self.assignee_id, now)
        return self.directory.on_rung(to, self.owner_id, now)

    def next_time(self, step: int, now: datetime) -> datetime | None:
        """When the rung after `step` speaks: on its workday by the owner's calendar, when its reader starts work, at the
        earliest on the reader's next workday. None above the last rung."""
        if step >= len(self.rungs):
            return None
        rung = self.rungs[step]
        day = self.directory.calendar(self.owner_id).add(self.due, rung.workdays)
        told = self.told(rung.to, max(now, self.directory.hours(self.owner_id).opens(day)))
        hours = self.directory.hours(told)
        tomorrow = hours.opens(self.directory.today(told, now) + timedelta(days=1))
        return hours.next_decent(max(hours.opens(day), tomorrow))

    def fair_due(self, at: datetime) -> date:
        """The due date of what is first asked at an instant: however late that is, it leaves FAIR_WORKDAYS."""
        today = self.directory.today(self.assignee_id, at)
        return max(self.due, self.directory.calendar(self.assignee_id).add(today, FAIR_WORKDAYS))

    def latest_due(self, step: int, now: datetime) -> int:
        """The rung to speak in place of rung `step`, which is due: of several missed reminders to the owner the last."""
        rungs = self.rungs
        while step < len(rungs) and rungs[step - 1].to == "owner" == rungs[step].to:
            following = self.directory.calendar(self.owner_id).add(self.due, rungs[step].workdays)
            if following > self.directory.today(self.assignee_id, now):
                break
            step += 1
        return step

    def preview(self, ask_at: datetime) -> list[Line]:
        """Every message a request brings if nobody answers, in order."""
        at, asked = self._met("owner", ask_at, lambda _: False)
        ladder = replace(self, assignee_id=asked)
        ladder = replace(ladder, due=ladder.fair_due(at))
        lines, step, now = [Line(at=at, message="digest", rung=0, person_id=asked)], 0, at
        while (then := ladder.next_time(step, now)) is not None:
            rung = ladder.rungs[step]
            at, told = ladder._met(rung.to, then, partial(ladder._is_idle, rung, lines))
            step = ladder.latest_due(step + 1, at)
            rung = ladder.rungs[step - 1]
            if rung.to == "owner" and told != ladder.assignee_id:
                # Whoever stands in has not seen it yet, and is asked as the owner was.
                ladder = replace(ladder, assignee_id=told)
                lines.append(Line(at=at, message="digest", rung=step, person_id=told))
            elif ladder._is_new(rung, told, lines):
                lines.append(Line(at=at, message=rung.message, rung=step, person_id=told))
            now = at
        return lines

    def _is_new(self, rung: Rung, told: int, lines: Sequence[Line]) -> bool:
        """Whoever answers is told so often and no more; whoever stands on two rungs above is told once."""
        before = [line for line in lines if line.person_id == told]
        if rung.to == "owner":
            return len(before) < self.policy.asking.messages_per_request
        return told != self.assignee_id and all(line.message != "escalation" for line in before)

    def _is_idle(self, rung: Rung, lines: Sequence[Line], told: int) -> bool:
        """Whether there is nothing to say to this person on this rung: it is passed over at once, at whatever hour."""
        stands_in = rung.to == "owner" and told != self.assignee_id
        return not stands_in and not self._is_new(rung, told, lines)

    def _met(self, to: str, at: datetime, is_idle: Callable[[int], bool]) -> tuple[datetime, int]:
        """The first moment from `at` on that is decent for whoever is told at that moment, and who that is.

        Who it is can change while it is waited for: somebody leaves or comes back meanwhile. Nobody is waited for who
        would not be told anything.
        """
        for _ in range(MOST_TURNS):
            told = self.told(to, at)
            hours = self.directory.hours(told)
            if is_idle(told) or hours.is_decent(at):
                break
            at = hours.next_decent(at)
        return at, told
