"""A small organisation that owes evidence, its record, and the local Slack it talks over."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml
from slack_sdk import WebClient
from sqlmodel import col, select

from cycles import do, outbox, plan
from cycles.models import Delivery, DeliveryItem, Person, Request
from cycles.people import current_policy
from cycles.periods import period
from cycles.programme.load import load_programme
from cycles.programme.sync import sync
from cycles.store import Record, open_record
from localslack.server import LocalSlack
from localslack.workspace import Workspace
from tasks.slack import Delivered, deliver

Json = dict[str, Any]
PLANNED = datetime(2026, 9, 28, 1, 0, tzinfo=UTC)
# 10:00 in Tokyo on a Monday, a week after everybody's first ask has become due to be sent.
MORNING = datetime(2026, 10, 26, 1, 0, tzinfo=UTC)
NIGHT = datetime(2026, 10, 26, 13, 0, tzinfo=UTC)  # 22:00 in Tokyo
NEXT_MORNING = datetime(2026, 10, 27, 0, 0, tzinfo=UTC)
ANSWER = {"verb": "submitted", "by": "Owner01", "at": MORNING.isoformat(), "record": "E-1"}


@dataclass
class Hand:
    """A clock moved by hand, as the house (`datetime`) and as the local Slack (epoch seconds) read it."""

    at: datetime = MORNING

    def __call__(self) -> datetime:
        return self.at

    def epoch(self) -> float:
        return self.at.timestamp()

    def on(self, **by: float) -> None:
        self.at += timedelta(**by)


def programme(owners: int) -> dict[str, Json]:
    """A lead, a reviewer and so many owners, each with one small system."""
    keys = [f"owner{n:02d}" for n in range(1, owners + 1)]
    people = [_person("lead", locale="ja"), _person("reviewer"), *(_person(key, manager="lead") for key in keys)]
    systems = [
        {"key": f"system{key[5:]}", "name": f"System {key[5:]}", "owner": key, "roles": ["business-user"], "risk_tier": "minimal"}
        for key in keys
    ]  # fmt: skip
    head = {
        "organisation": {"name": "Aozora", "owner": "lead"},
        "zone": "Asia/Tokyo",
        "country": "JP",
        "frameworks": ["nist-ai-rmf"],
        "leads": ["lead"],
        "reviewers": ["reviewer"],
    }
    return {"programme.yaml": head, "people.yaml": {"people": people}, "systems.yaml": {"systems": systems}}


def _person(key: str, **more: str) -> Json:
    mine = {"key": key, "name": key.title(), "email": f"{key}@aozora.example", "zone": "Asia/Tokyo", "country": "JP"}
    return mine | more


def workspace(owners: int, **app: Any) -> Workspace:
    """The same people in Slack."""
    people = programme(owners)["people.yaml"]["people"]
    users = [{"name": row["key"], "real_name": row["name"], "email": row["email"], "tz": row["zone"]} for row in people]
    gone = {"name": "gone", "real_name": "Gone", "email": "gone@aozora.example", "deleted": True}
    return Workspace.from_dict({"team": {"id": "T00000001"}, "users": [*users, gone], "app": app})


def build(folder: Path, owners: int) -> None:
    """A record in which every owner's first digest waits in the outbox; nothing has been sent."""
    home = folder / "programme"
    home.mkdir()
    for name, content in programme(owners).items():
        (home / name).write_text(yaml.safe_dump(content), encoding="utf-8")
    record = open_record(database(folder))
    with record.write() as session:
        sync(session, load_programme(home), now=PLANNED, actor="test")
        planned = plan.plan(session, period("FY2026-Q3", "april"), current_policy(session), now=PLANNED, actor="test")
        plan.open_cycle(session, planned.cycle, now=PLANNED, actor="lead")
    do.tick_all(record, now=MORNING, actor="test")
    with record.write() as session:
        for delivery in session.exec(select(Delivery).where(Delivery.kind != "digest")).all():
            outbox.withdraw(session, delivery)
    record.close()


@dataclass
class House:
    """The record and Slack, with what tests ask of both."""

    record: Record
    slack: LocalSlack
    clock: Hand
    folder: Path
    client: WebClient = field(init=False)

    def __post_init__(self) -> None:
        self.client = self.connect()

    def connect(self, timeout: float = 5, url: str | None = None) -> WebClient:
        return WebClient(
            token=self.slack.bot_token,
            base_url=url or self.slack.api_url,
            retry_handlers=[],
            timeout=timeout,  # type: ignore[arg-type]
        )

    def deliver(self, client: WebClient | None = None, **more: Any) -> Delivered:
        return deliver(self.record, client or self.client, now=self.clock, **more)

    def fault(self, kind: str, method: str = "chat.postMessage", **more: Any) -> None:
        self.slack.control("faults", {"method": method, "kind": kind, **more})

    def settle(self, client: WebClient | None = None, passes: int = 40) -> list[Delivered]:
        """Deliver once a minute, as the schedule does, until nothing waits any more."""
        done = []
        for _ in range(passes):
            done.append(self.deliver(client))
            self.clock.on(seconds=61)
            if not self.rows("queued", "sending"):
                return done
        raise AssertionError(
            f"still waiting: {[(row.key, row.state, row.error) for row in self.rows('queued', 'sending')]}"
        )

    def rows(self, *states: str) -> list[Delivery]:
        with self.record.read() as session:
            found = session.exec(select(Delivery).order_by(col(Delivery.id))).all()
        return [row for row in found if not states or row.state in states]

    def row(self, kind: str = "digest", number: int = 0) -> Delivery:
        return [row for row in self.rows() if row.kind == kind and row.state != "withdrawn"][number]

    def items(self, delivery: Delivery) -> list[DeliveryItem]:
        with self.record.read() as session:
            return list(session.exec(select(DeliveryItem).where(DeliveryItem.delivery_id == delivery.id)).all())

    def person(self, key: str) -> Person:
        with self.record.read() as session:
            return session.exec(select(Person).where(Person.key == key)).one()

    def queue(
        self, kind: str, like: Delivery, *, key: str, root: Delivery | None = None, role: str | None = None
    ) -> int:
        """Write another message about the same things to the same reader."""
        about = [(item.subject, item.subject_id, 1) for item in self.items(like)]
        with self.record.write() as session:
            row = outbox.queue(
                session, key=key, kind=kind, person_id=like.person_id, now=self.clock(), about=about,
                root_id=root.id if root else None, role=role,
            )  # fmt: skip
            assert row
            return row.id

    def change(self, model: type, number: int, **values: Any) -> None:
        with self.record.write() as session:
            row = session.get_one(model, number)
            for name, value in values.items():
                setattr(row, name, value)

    def posts(self, event: str = "post") -> list[Json]:
        """What people saw, from Slack's own transcript."""
        return [row for row in self.slack.transcript() if row["event"] == event]

    def shown(self) -> dict[int, int]:
        """How often each message was shown, by its number in the record."""
        counts: dict[int, int] = {}
        for row in self.posts():
            number = int(row["metadata"]["event_payload"]["delivery"])
            counts[number] = counts.get(number, 0) + 1
        return counts


@contextmanager
def open_house(folder: Path, *, owners: int, dedupe: bool = False, **app: Any) -> Iterator[House]:
    """A house whose record is in `folder` already. Slack does not de-duplicate by client_msg_id unless told to."""
    clock = Hand()
    record = open_record(database(folder))
    try:
        with LocalSlack(workspace(owners, **app), clock=clock.epoch, dedupe=dedupe) as slack:
            yield House(record=record, slack=slack, clock=clock, folder=folder)
    finally:
        record.close()


def database(folder: Path) -> str:
    return f"sqlite:///{folder / 'hoshin.db'}"


def of(house: House, key: str) -> Delivery:
    """The digest of a person."""
    person = house.person(key)
    return next(row for row in house.rows() if row.person_id == person.id and row.kind == "digest")


def answer_all(house: House, delivery: Delivery) -> None:
    """Everything a message asks for has been submitted."""
    for item in house.items(delivery):
        house.change(Request, item.subject_id, state="submitted", answer=ANSWER)


def refresh(house: House, delivery: Delivery) -> int:
    """Have the messages about a message's first request rewritten; returns how many."""
    with house.record.write() as session:
        return outbox.refresh_about(session, "request", house.items(delivery)[0].subject_id, now=house.clock())


def buttons(post: Json) -> list[Json]:
    """The rows of buttons a post shows."""
    return [block for block in post.get("blocks", []) if block["type"] == "actions"]


# `with opened(owners=60, dedupe=False) as house`
Opener = Callable[..., AbstractContextManager[House]]
