"""A town to prove things in: people in seven zones, their systems, a record in memory, and a clock moved by hand."""

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from rules_house import Json, person, programme, system
from sqlmodel import Session, col, select

from cycles import act, answers, check, close, decisions, do, outbox, overdue, plan
from cycles.models import Cycle, Delivery, Person, Request, Review
from cycles.people import Directory, current_policy
from cycles.periods import period_of
from cycles.permits import Act
from cycles.programme.load import Programme
from cycles.programme.sync import sync
from cycles.programme_cycles import last_closed, open_cycles, planned_cycles
from cycles.quorum import Vote
from cycles.store import Record, open_record

START = datetime(2026, 10, 1, 0, 0, tzinfo=UTC)
DAY = timedelta(days=1)
# Lives begun in the middle: when much is late, when actions are chased, and when the second cycle is just planned.
LIVED = (36, 80, 102)
# Lord Howe moves its clock by half an hour, Apia lies beyond the date line, Kathmandu counts quarters of an hour.
PEOPLE: dict[str, Json] = {
    "lead": {},
    "boss": {"zone": "Europe/London", "country": "GB"},
    "owner": {"manager": "boss", "deputy": "second"},
    "second": {"manager": "boss"},
    "other": {"zone": "America/New_York", "country": "US-NY", "manager": "boss"},
    "isle": {"zone": "Pacific/Apia", "country": "WS", "manager": "boss", "deputy": "other"},
    "howe": {"zone": "Australia/Lord_Howe", "country": "AU-NSW", "manager": "lead"},
    "peak": {"zone": "Asia/Kathmandu", "country": "IN", "manager": "howe", "deputy": "isle"},
    "judge": {},
    "jury": {"zone": "Europe/London", "country": "GB"},
}
OWNERS = ("owner", "other", "isle", "howe", "peak")


def programme_of(systems: int, people: dict[str, Json] | None = None, **changes: Json) -> Programme:
    """So many systems, their owners in turn; `s0={...}` changes one of them."""
    who = {key: {**own, **(people or {}).get(key, {})} for key, own in PEOPLE.items()}
    entries = []
    for n in range(systems):
        plain: Json = {"owner": OWNERS[n % len(OWNERS)], "model_version": "1"}
        plain |= {"risk_tier": ("high", "limited", "minimal")[n % 3], "roles": [("provider", "developer")[n % 2]]}
        plain |= changes.get(f"s{n}", {})
        entries.append(system(f"s{n}", plain.pop("owner"), **plain))
    # Few days suffice for few requests; asked one a day, what piles up has to be spread.
    policy: Json = {"asking": {"first_asks_per_day": 1}} if systems > 2 else {}
    return programme(entries, [person(key, **own) for key, own in who.items()], executives=["boss"], policy=policy)


@dataclass
class Town:
    """The rules, each in a transaction of its own, as the flows run them."""

    record: Record
    now: datetime = START
    programme: Programme = field(default_factory=lambda: programme_of(2))

    def write(self, work: Callable[..., Any], *given: Any) -> Any:
        with self.record.write() as session:
            return work(session, *given)

    def sync(self, changed: Programme) -> None:
        self.programme = changed
        self.write(lambda session: sync(session, changed, now=self.now, actor="test"))

    def plan(self) -> None:
        """Plan the quarter of today, and open what waits for approval."""

        def work(session: Session) -> None:
            today = period_of((self.now + timedelta(hours=9)).date(), "april")
            if session.exec(select(Cycle.id).where(Cycle.key == today.key, Cycle.state != "planned")).first():
                return  # a plan of what is open already only counts what there is, which takes its time
            planned = plan.plan(session, today, current_policy(session), now=self.now, actor="flow:plan")
            if planned.cycle.state == "planned":
                plan.open_cycle(session, planned.cycle, now=self.now, actor="lead")

        self.write(work)

    def tick(self) -> do.Ticked:
        found: do.Ticked = self.write(lambda session: do.tick(session, now=self.now, actor="flow:do"))
        return found

    def check(self) -> None:
        def work(session: Session) -> None:
            under_way, last = open_cycles(session), last_closed(session)
            if not under_way and last is not None:
                check.watch(session, last, now=self.now, actor="flow:check")
            for cycle in under_way:
                check.check(session, cycle, now=self.now, actor="flow:check")

        self.write(work)

    def act(self) -> None:
        def work(session: Session) -> None:
            under_way, last = open_cycles(session), last_closed(session)
            for cycle in (*planned_cycles(session), *under_way):
                overdue.remind_deciders(session, cycle, now=self.now, actor="flow:act")
            for cycle in under_way or ([last] if last else []):
                act.act(session, cycle, now=self.now, actor="flow:act")

        self.write(work)

    def review(self) -> None:
        def work(session: Session) -> None:
            for cycle in open_cycles(session):
                if check.local_day(cycle, self.now) >= cycle.close_on:
                    check.check(session, cycle, now=self.now, actor="flow:review")
                    close.close(session, cycle, now=self.now, actor="flow:review")

        self.write(work)

    def deliver(self, unknown: Iterable[int] = ()) -> None:
        """Send what may be sent now, as the delivering pass does; those in `unknown` get no answer and are parked."""
        lost = set(unknown)

        def work(session: Session) -> None:
            directory = Directory.load(session, current_policy(session))
            for number, message in enumerate(outbox.due(session, self.now, 50)):
                hours = directory.hours(message.person_id)
                if message.kind not in outbox.SILENT and not hours.is_decent(self.now):
                    outbox.postpone(session, message, until=hours.next_decent(self.now))
                elif outbox.claim(session, message, self.now, channel="D1"):
                    session.refresh(message)
                    if number in lost:
                        outbox.park(session, message, "no answer")
                    else:
                        outbox.sent(session, message, channel="D1", ts=str(message.id), now=self.now)

        self.write(work)

    def act_as(self, session: Session, person_id: int) -> Act:
        return Act(session, session.get_one(Person, person_id), self.now)

    def answer(self, *, accept: bool, age: timedelta = DAY) -> None:
        """Whoever was asked last answers at once, and so does the reviewer."""

        def work(session: Session) -> None:
            asked = session.exec(
                select(Request).where(Request.state == "asked").order_by(col(Request.id).desc())
            ).first()
            if asked is None:
                return
            offered = answers.Offered(form="link", locator="https://wiki.example/it", effective=self.now.date() - age)
            evidence = answers.submit(self.act_as(session, asked.assignee_id), asked.id, offered)
            ballot = session.exec(select(Review).where(Review.evidence_id == evidence.id)).one()
            vote: Vote = "accept" if accept else "return"
            decisions.review(self.act_as(session, ballot.reviewer_id), evidence.id, vote, "because")

        self.write(work)

    def day(self, *, night: bool = True) -> None:
        """A whole day: a tick in everybody's hours, and the night's stages."""
        midnight = self.now.replace(hour=0, minute=0, second=0, microsecond=0)
        for minutes in (15, 555, 915):
            self.now = midnight + timedelta(minutes=minutes)
            self.tick()
            if minutes == 915 and night:
                self.check()
                self.act()
        self.now = midnight + timedelta(days=1)

    def messages(self, *kinds: str) -> list[Delivery]:
        with self.record.read() as session:
            wanted = select(Delivery).where(col(Delivery.kind).in_(kinds))
            return list(session.exec(wanted.order_by(col(Delivery.id))).all())


def raw(record: Record) -> sqlite3.Connection:
    """The driver's own connection: in memory there is one, and reading through it costs little."""
    found = record.engine.raw_connection().driver_connection
    assert isinstance(found, sqlite3.Connection)
    return found


@cache
def memory() -> Record:
    """One engine for all towns in memory, so that each statement is compiled once; whoever closes it gets a new
    connection, and with that an empty database, at the next use."""
    return open_record("sqlite://", migrate=False)


@cache
def snapshot(systems: int) -> bytes:
    """A record in memory whose first cycle is planned and open."""
    record = open_record("sqlite://")
    made = raw(record).serialize()
    record.close()
    raw(memory()).deserialize(made)
    town = Town(memory(), programme=programme_of(systems))
    town.sync(town.programme)
    town.plan()
    planned = raw(town.record).serialize()
    town.record.close()
    return planned


@cache
def lived(systems: int, days: int) -> bytes:
    """The same so many days later: some have answered, some were returned, most are late; then the next cycle."""
    before = max((found for found in LIVED if found < days), default=0)
    with planned_town(systems, before) as town:
        for number in range(before, days):
            town.day(night=number % 5 == 0)
            town.deliver()
            if number % 9 == 0:
                town.answer(accept=number % 2 == 0)
            if number > days - 5:
                town.review()
                town.plan()
        return raw(town.record).serialize()


@contextmanager
def planned_town(systems: int = 2, days: int = 0) -> Iterator[Town]:
    """A town so many days after the first morning of its first cycle, one at a time, in a connection of its own."""
    begun = lived(systems, days) if days else snapshot(systems)
    raw(memory()).deserialize(begun)
    try:
        yield Town(memory(), programme=programme_of(systems), now=START + timedelta(days=days))
    finally:
        memory().close()


def file_town(path: Path, systems: int) -> Town:
    """The same in a file of its own."""
    with closing(sqlite3.connect(path)) as new:
        new.deserialize(snapshot(systems))
        with closing(sqlite3.connect(f"{path}.new")) as file:
            new.backup(file)
    Path(f"{path}.new").rename(path)
    return Town(open_record(f"sqlite:///{path}", migrate=False), programme=programme_of(systems))
