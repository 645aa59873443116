"""The ladder of a request: who is told on which day, from the due date and everybody's own calendar."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from cycles.people import Directory
from cycles.policy import Policy, Rung


@dataclass(frozen=True, kw_only=True)
class Line:
    """One dated message to come. `rung` 0 is the first ask."""

    at: datetime
    message: str
    rung: int
    person_id: int


def rung_time(rung: Rung, *, due: date, owner_id: int, told_id: int, directory: Directory, after: datetime) -> datetime:
    """When a rung speaks: on its workday by the owner's calendar, when its reader starts work, and not before `after`."""
    day = directory.calendar(owner_id).add(due, rung.workdays)
    hours = directory.hours(told_id)
    return hours.next_decent(max(hours.opens(day), after))


def next_time(
    step: int, *, due: date, owner_id: int, assignee_id: int, directory: Directory, policy: Policy, now: datetime
) -> datetime | None:
    """When the rung after `step` speaks, at the earliest on the next workday of its reader; None above the last rung."""
    if step >= len(policy.asking.ladder):
        return None
    rung = policy.asking.ladder[step]
    then = max(now, directory.hours(owner_id).opens(directory.calendar(owner_id).add(due, rung.workdays)))
    told = told_on(rung, owner_id=owner_id, assignee_id=assignee_id, directory=directory, now=then)
    tomorrow = directory.hours(told).opens(directory.today(told, now) + timedelta(days=1))
    return rung_time(rung, due=due, owner_id=owner_id, told_id=told, directory=directory, after=tomorrow)


def told_on(rung: Rung, *, owner_id: int, assignee_id: int, directory: Directory, now: datetime) -> int:
    """Who a rung speaks to: `owner` is whoever answers at present or stands in; the others are the owner's own line."""
    if rung.to == "owner":
        return directory.stand_in(assignee_id, now)
    return directory.on_rung(rung.to, owner_id, now)


def preview(
    *, ask_at: datetime, due: date, owner_id: int, assignee_id: int, directory: Directory, policy: Policy
) -> list[Line]:
    """Every message a request brings if nobody answers, in order."""
    assignee_id = directory.stand_in(assignee_id, ask_at)
    first = directory.hours(assignee_id).next_decent(ask_at)
    lines = [Line(at=first, message="digest", rung=0, person_id=assignee_id)]
    for number, rung in enumerate(policy.asking.ladder, start=1):
        at = next_time(
            number - 1,
            due=due,
            owner_id=owner_id,
            assignee_id=assignee_id,
            directory=directory,
            policy=policy,
            now=lines[-1].at,
        )
        assert at is not None
        told = told_on(rung, owner_id=owner_id, assignee_id=assignee_id, directory=directory, now=at)
        if told != assignee_id or rung.to == "owner":
            lines.append(Line(at=at, message=rung.message, rung=number, person_id=told))
    return lines
