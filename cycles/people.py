"""Who everybody is at a moment: their hours, leave, line and part in the programme, read once per decision round."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from cycles.accounts import unreachable
from cycles.errors import BadInput
from cycles.models import Leave, Membership, Person, Setting
from cycles.policy import Policy
from cycles.workdays import Calendar, Closure, Hours

Leaves = list[tuple[date, date]]


@dataclass
class Directory:
    """Everybody in the record, with what is needed to decide who may be told what, and when."""

    people: Mapping[int, Person]
    leave: Mapping[int, Leaves]
    roles: dict[str, list[int]]
    closures: tuple[Closure, ...]
    patience: int
    unreachable: frozenset[int] = frozenset()
    _hours: dict[int, Hours] = field(default_factory=dict)

    @classmethod
    def load(cls, session: Session, policy: Policy) -> "Directory":
        """Everybody at once, for rounds that go through many; it outlives the session."""
        leave: dict[int, Leaves] = {}
        # Plain columns: years of leave are thousands of rows.
        days_off = select(col(Leave.person_id), col(Leave.starts), col(Leave.ends)).order_by(col(Leave.starts))
        for person_id, starts, ends in session.exec(days_off).all():
            leave.setdefault(person_id, []).append((starts, ends))
        people = {person.id: person for person in session.exec(select(Person)).all()}
        return cls._of(session, policy, people, {person_id: leave.get(person_id, []) for person_id in people})

    @classmethod
    def few(cls, session: Session, policy: Policy) -> "Directory":
        """The same, for one answer or one message: whoever is asked about is read then, while the session lives."""
        return cls._of(session, policy, _PeopleAsNeeded(session), _LeaveAsNeeded(session))

    @classmethod
    def _of(
        cls, session: Session, policy: Policy, people: Mapping[int, Person], leave: Mapping[int, Leaves]
    ) -> "Directory":
        roles: dict[str, list[int]] = {}
        for member in session.exec(select(Membership).order_by(col(Membership.id))).all():
            if not member.automated:  # a program has a seat on panels, and decides nothing by itself
                roles.setdefault(member.role, []).append(member.person_id)
        return cls(
            people=people,
            leave=leave,
            roles=roles,
            closures=policy.closed_days(),
            patience=policy.asking.deputy_when_away_workdays,
            unreachable=unreachable(session),
        )

    def calendar(self, person_id: int) -> Calendar:
        return self.hours(person_id).calendar

    def hours(self, person_id: int) -> Hours:
        """When this person may be messaged."""
        if person_id not in self._hours:
            person = self.people[person_id]
            self._hours[person_id] = Hours(
                zone=person.zone,
                calendar=Calendar(country=person.country, closures=self.closures),
                starts=time.fromisoformat(person.work_starts),
                ends=time.fromisoformat(person.work_ends),
                leave=tuple(self.leave[person_id]),
            )
        return self._hours[person_id]

    def today(self, person_id: int, now: datetime) -> date:
        """The date where the person is."""
        return self.hours(person_id).local_day(now)

    def has_left(self, person_id: int, now: datetime) -> bool:
        return has_left(self.people[person_id], now)

    def is_gone(self, person_id: int, now: datetime) -> bool:
        """Departed, or without an account by which they could be asked: what is theirs is the lead's to hand on."""
        return person_id in self.unreachable or self.has_left(person_id, now)

    def away_workdays(self, person_id: int, now: datetime) -> int:
        """How many workdays until the person is back from leave; 0 when not on leave today."""
        hours, day = self.hours(person_id), self.today(person_id, now)
        if not hours.on_leave(day):
            return 0
        back = hours.local_day(hours.next_decent(now))
        return hours.calendar.between(day, back)

    def is_here(self, person_id: int, now: datetime) -> bool:
        """Neither gone nor on a leave longer than policy would wait for."""
        return not self.is_gone(person_id, now) and self.away_workdays(person_id, now) <= self.patience

    def stand_in(self, person_id: int, now: datetime) -> int:
        """The person, or who answers in their place while they are away for long: deputy, manager, lead."""
        return person_id if self.is_here(person_id, now) else self.on_rung("deputy", person_id, now)

    def lead(self, now: datetime) -> int:
        """The first lead who is here; else the first who has not left.

        Raises:
            BadInput: when every lead has left; the programme must name another.
        """
        leads = self.roles.get("lead", [])
        for found in (*(lead for lead in leads if self.is_here(lead, now)), *leads):
            if not self.has_left(found, now):
                return found
        raise BadInput(
            "No lead is left in the programme. Name one under 'leads' in programme.yaml and run `hoshin sync`."
        )

    def line(self, person_id: int) -> set[int | None]:
        """Somebody with those who stand in for them and above them: deputy and manager."""
        person = self.people[person_id]
        return {person.id, person.deputy_id, person.manager_id}

    def is_lead(self, person_id: int) -> bool:
        return person_id in self.roles.get("lead", [])

    def on_rung(self, rung: str, owner_id: int, now: datetime) -> int:
        """Who stands on a rung of the ladder above an owner; where nobody does, or is away for long, the next one up."""
        owner = self.people[owner_id]
        climb = {"owner": owner_id, "deputy": owner.deputy_id, "manager": owner.manager_id}
        order = ["owner", "deputy", "manager"]
        for name in order[order.index(rung) :] if rung in order else []:
            person_id = climb[name]
            if person_id is not None and self.is_here(person_id, now):
                return person_id
        return self.lead(now)

    def reviewers_for(self, *excluded: int, now: datetime) -> list[int]:
        """Reviewers who are none of these people, those at work first; owner ≠ submitter ≠ reviewer (ISO 19011, 4)."""
        named = [person_id for person_id in self.roles.get("reviewer", []) if not self.has_left(person_id, now)]
        free = [person_id for person_id in named if person_id not in excluded]
        return [person_id for person_id in free if self.is_here(person_id, now)] or free


class _PeopleAsNeeded(Mapping[int, Person]):
    def __init__(self, session: Session) -> None:
        self._session = session
        self._known: dict[int, Person] = {}

    def __getitem__(self, person_id: int) -> Person:
        if person_id not in self._known:
            found = self._session.get(Person, person_id)
            if found is None:
                raise KeyError(person_id)
            self._known[person_id] = found
        return self._known[person_id]

    def __iter__(self) -> Iterator[int]:
        return iter(self._session.exec(select(Person.id)).all())

    def __len__(self) -> int:
        return sum(1 for _ in self)


class _LeaveAsNeeded(Mapping[int, Leaves]):
    def __init__(self, session: Session) -> None:
        self._session = session

    def __getitem__(self, person_id: int) -> Leaves:
        days_off = select(col(Leave.starts), col(Leave.ends)).where(Leave.person_id == person_id)
        return [(starts, ends) for starts, ends in self._session.exec(days_off.order_by(col(Leave.starts)))]

    def __iter__(self) -> Iterator[int]:
        return iter(_PeopleAsNeeded(self._session))

    def __len__(self) -> int:
        return sum(1 for _ in self)


def has_left(person: Person, now: datetime) -> bool:
    """Whether the programme says that somebody is gone, by the date where they are."""
    return person.left_on is not None and person.left_on < now.astimezone(ZoneInfo(person.zone)).date()


def programme_head(session: Session) -> dict[str, Any]:
    """What programme.yaml said at the last sync.

    Raises:
        BadInput: when nothing was synced yet.
    """
    row = session.get(Setting, "programme")
    if row is None:
        raise BadInput("The record holds no programme yet. Run `hoshin sync` first.")
    return row.value


def programme_calendar(session: Session, policy: Policy) -> Calendar:
    """The workdays the programme itself reckons with: its country's, less the policy's closures."""
    return Calendar(country=str(programme_head(session)["country"]), closures=policy.closed_days())


def programme_zone(session: Session) -> ZoneInfo:
    """The zone the programme itself lives in."""
    return ZoneInfo(str(programme_head(session)["zone"]))


def current_policy(session: Session) -> Policy:
    """The policy of the last sync; a cycle uses its own snapshot instead."""
    row = session.get(Setting, "policy")
    return Policy.model_validate(row.value) if row else Policy()
