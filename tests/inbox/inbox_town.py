"""A small programme in an open cycle, its messages posted, and an inbox behind a real transport on a real local Slack."""

import hashlib
import hmac
import json
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import uvicorn
from pydantic import SecretStr
from sqlmodel import Session, col, select
from waiting import until

from cycles import do, outbox, plan
from cycles.brief_queries import brief_for, item_for, reader_of
from cycles.briefs import DigestBrief
from cycles.models import Cycle, Delivery, EvidenceKind, Inbound, JournalEntry, Panel, Person, Request
from cycles.periods import period
from cycles.programme.load import load_programme
from cycles.programme.sync import sync
from cycles.settings import Settings
from cycles.store import Record, open_record
from hoshin.serving import listening_on
from inbox.app import create_app
from inbox.house import Inbox, posting_client
from inbox.socket import SocketDoor
from localslack.server import LocalSlack, PromptServer
from localslack.workspace import Workspace
from tasks.messages import render

Json = dict[str, Any]
SECRET = "a-signing-secret-for-tests"
DIGEST = "a" * 64
CYCLE = "FY2026-Q3"
# Thursday 1 October 2026, 11:00 in Tokyo.
MORNING = datetime(2026, 10, 1, 2, 0, tzinfo=UTC)

REVIEWED = f'{{"on": 2026-05-01, by: kobayashi, effective: 2026-04-20, sha256: {DIGEST}}}'
PEOPLE = ("sato", "kimura", "bennett", "ito", "kobayashi", "okafor", "hughes")
FILES = {
    "people.yaml": """
people:
  - {key: sato, name: 佐藤 由紀, email: sato@example.com, zone: Asia/Tokyo, country: JP, locale: ja}
  - {key: kimura, name: 木村 健一, email: kimura@example.com, zone: Asia/Tokyo, country: JP, locale: ja}
  - {key: bennett, name: Olivia Bennett, email: bennett@example.com, zone: Asia/Tokyo, country: JP, locale: en,
     manager: kimura, deputy: hughes}
  - {key: ito, name: 伊藤 大輔, email: ito@example.com, zone: Asia/Tokyo, country: JP, locale: ja, manager: kimura}
  - {key: kobayashi, name: 小林 さくら, email: kobayashi@example.com, zone: Asia/Tokyo, country: JP, locale: ja}
  - {key: okafor, name: Grace Okafor, email: okafor@example.com, zone: Asia/Tokyo, country: JP, locale: en}
  - {key: hughes, name: Eleanor Hughes, email: hughes@example.com, zone: Asia/Tokyo, country: JP, locale: en,
     left_on: 2026-09-30}
""",
    "programme.yaml": """
organisation: {name: Aozora, owner: sato}
zone: Asia/Tokyo
country: JP
frameworks: [jp-aigb, jp-art13]
leads: [sato]
reviewers: [kobayashi]
""",
    "policy.yaml": """
approval: APPROVAL
stages: {do: 1, check: 30, act: 45, close: 55}
asking: {first_asks_per_day: 8}
""",
    "systems.yaml": f"""
systems:
  - key: scoring
    name: Scoring & <Lending>
    owner: bennett
    roles: [business-user]
    risk_tier: high
    documents:
      - kind: risk-assessment
        at: documents/risk.md
        reviewed: {REVIEWED}
""",
}


def people_of_slack() -> Workspace:
    users = [
        {"id": f"U{n:08d}", "name": key, "real_name": key.title(), "email": f"{key.upper()}@example.com",
         "tz": "Asia/Tokyo", "locale": "ja-JP" if key in ("sato", "kimura", "ito", "kobayashi") else "en-US"}
        for n, key in enumerate((*PEOPLE, "stranger", "fremder"), 1)
    ]  # fmt: skip
    users[-1]["locale"] = "ja-JP"
    shortcuts = [{"callback_id": "hoshin.v1.use_as_evidence", "name": "Use as evidence"}]
    app = {"name": "Hoshin", "commands": ["/hoshin", "/concern"], "shortcuts": shortcuts}
    return Workspace.from_dict({"app": app, "channels": [{"name": "ai-governance"}], "users": users})


def planned_record(folder: Path, *, approval: str = "automatic", changed: dict[str, str] | None = None) -> Path:
    """A record whose cycle is open and whose first messages are queued; returns its file. `changed` replaces files."""
    programme = folder / "programme"
    programme.mkdir(parents=True)
    for name, text in {**FILES, **(changed or {})}.items():
        (programme / name).write_text(text.replace("APPROVAL", approval), encoding="utf-8")
    record = open_record(f"sqlite:///{folder / 'hoshin.db'}")
    loaded = load_programme(programme)
    with record.write() as session:
        sync(session, loaded, now=MORNING, actor="test")
        plan.plan(session, period(CYCLE, "april"), loaded.policy, now=MORNING, actor="test")
        do.tick(session, now=MORNING, actor="test")
    record.close()
    return folder / "hoshin.db"


class Town:
    """Everything a scenario needs. `now` is the record's present and is moved by hand."""

    def __init__(self, home: Path, slack: LocalSlack, record: Record, settings: Settings) -> None:
        self.home, self.slack, self.record, self.settings = home, slack, record, settings
        self.human = slack.human
        self.now = MORNING
        self.bells = threading.Semaphore(0)
        self.inbox = Inbox(
            record=record,
            settings=settings,
            client=posting_client(settings),
            clock=lambda: self.now,
            nudge=self.bells.release,
        )
        self.url, self.transport = "", ""
        self.alone: Json = {}
        self.door: SocketDoor | None = None

    # The record ------------------------------------------------------------------------------------------

    def journal(self) -> list[tuple[str, str]]:
        with self.record.read() as session:
            rows = session.exec(select(JournalEntry).order_by(col(JournalEntry.seq))).all()
            return [(row.actor, row.action) for row in rows]

    def letters(self) -> int:
        with self.record.read() as session:
            return len(session.exec(select(Inbound.key)).all())

    def request(self, kind: str = "risk-assessment") -> Request:
        with self.record.read() as session:
            return session.exec(
                select(Request)
                .join(EvidenceKind, col(EvidenceKind.id) == col(Request.kind_id))
                .where(EvidenceKind.key == kind, Request.owner_id == self.person("bennett").id)
            ).one()

    def await_state(self, state: str) -> None:
        """Wait for what is decided after a press was acknowledged."""
        until(lambda: self.request().state == state, f"the state {state}")

    def await_outcome(self, outcome: str) -> None:
        def closed() -> bool:
            with self.record.read() as session:
                return session.exec(select(Panel.outcome)).one() == outcome

        until(closed, f"the outcome {outcome}")

    def person(self, key: str) -> Person:
        with self.record.read() as session:
            return session.exec(select(Person).where(Person.key == key)).one()

    def queued(self, kind: str) -> int:
        with self.record.read() as session:
            rows = select(Delivery.id).where(Delivery.kind == kind, Delivery.state == "queued")
            return len(session.exec(rows).all())

    def close_cycle(self) -> None:
        with self.record.write() as session:
            session.exec(select(Cycle)).one().state = "closed"

    # Slack -----------------------------------------------------------------------------------------------

    def user(self, key: str) -> str:
        found = self.slack.workspace.user(key)
        assert found
        return found.id

    def post(self) -> None:
        """Deliver what is queued, whatever the hour, through the real client."""
        with self.record.write() as session:
            for delivery in session.exec(select(Delivery).where(Delivery.state == "queued")).all():
                self._deliver(session, delivery)

    def _deliver(self, session: Session, delivery: Delivery) -> None:
        root = session.get_one(Delivery, delivery.root_id) if delivery.kind == "refresh" else delivery
        brief = brief_for(session, root, self.now)
        if brief is None:
            outbox.withdraw(session, delivery)
            return
        message = render(brief)
        if delivery.kind == "refresh":
            self.inbox.client.chat_update(channel=str(root.channel), ts=str(root.ts), **message)
            outbox.sent(session, delivery, channel=str(root.channel), ts=str(root.ts), now=self.now)
            return
        channel = self.user(session.get_one(Person, delivery.person_id).key)
        answer = self.inbox.client.chat_postMessage(channel=channel, **message)
        outbox.sent(session, delivery, channel=answer["channel"], ts=answer["ts"], now=self.now)

    def press(self, user: str, verb: str, value: int | str, *, by: str | None = None, form: bool = False) -> Json:
        """Press a button, or choose it in the menu where it is there. `by` is who presses, when not its reader."""
        value, action, choice = str(value), f"hoshin.v1.{verb}", f"{verb}:{value}"
        for message in reversed(self.human.messages(user)):
            for block in message.get("blocks", []):
                for element in block.get("elements", []):
                    if element.get("action_id") == action and element.get("value") == value:
                        where = {"action_id": action, "value": value}
                    elif any(option["value"] == choice for option in element.get("options", [])):
                        where = {"action_id": "hoshin.v1.more", "value": choice}
                    else:
                        continue
                    where["block_id"] = block["block_id"]
                    return self.human.press(by or user, message=message, expect_view=form, **where)
        raise AssertionError(f"{user} sees no {verb} for {value}")

    def show_alone(self, user: str, request_id: int) -> None:
        """Post a digest that holds one request only, so that it has a button for every answer."""
        with self.record.read() as session:
            person = session.exec(select(Person).where(Person.key == user)).one()
            item = item_for(session, request_id, person, self.now)
            brief = DigestBrief(reader=reader_of(person), cycle=item.cycle, items=(item,), total=1)
        self.inbox.client.chat_postMessage(channel=self.user(user), **render(brief))
        self.alone = self.human.messages(user)[-1]

    def press_alone(self, user: str, verb: str, value: int) -> Json:
        """Press in the digest posted by `show_alone`."""
        return self.human.press(user, f"hoshin.v1.{verb}", message=self.alone, value=str(value))

    def home_opened(self, user: str) -> None:
        assert self.human.act(user, "home_opened")["acked"]

    def wait_home(self, user: str, text: str) -> Json:
        """The home once it says something; it is published after the ack."""
        look: Json = {}

        def shows() -> bool:
            look.update(self.human.views(user)["home"] or {})
            return text in str(look.get("blocks"))

        until(shows, f"{text!r} in the home of {user}")
        return look

    def fill(self, who: str, view: Json, /, **answers: Any) -> Json:
        return self.human.submit(who, view["id"], {name: {"value": value} for name, value in answers.items()})

    def whispers(self, user: str) -> list[str]:
        """What only this person sees, newest last."""
        return [row["text"] for row in self.human.messages(user) if row["ephemeral"]]


def settings_for(home: Path, slack: LocalSlack) -> Settings:
    return Settings(
        home=home,
        slack_base_url=slack.api_url,
        slack_bot_token=SecretStr(slack.bot_token),
        slack_app_token=SecretStr(slack.app_token),
        slack_signing_secret=SecretStr(SECRET),
        max_upload_mb=1,
    )


@contextmanager
def town_over(transport: str, template: Path, home: Path) -> Iterator[Town]:
    """A town whose Slack talks to it over `http` or `socket`."""
    home.mkdir(parents=True, exist_ok=True)
    shutil.copy(template, home / "hoshin.db")
    listening = listening_on("127.0.0.1", 0, "the test's port")
    port = listening.getsockname()[1]
    http: Json = {}
    if transport == "http":
        http = {"request_url": f"http://127.0.0.1:{port}/slack/interactions", "signing_secret": SECRET}
    with LocalSlack(people_of_slack(), **http) as slack:
        settings = settings_for(home, slack)
        record = open_record(settings.url)
        town = Town(home, slack, record, settings)
        town.url, town.transport = f"http://127.0.0.1:{port}", transport
        try:
            town.post()
            with served(town, listening), connected(town, transport):
                yield town
        finally:
            record.close()


@contextmanager
def served(town: Town, listening: socket.socket) -> Iterator[None]:
    config = uvicorn.Config(create_app(town.inbox), log_level="error", access_log=False, lifespan="on")
    server = PromptServer(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    until(lambda: server.started, "the start of the inbox's server")
    try:
        yield
    finally:
        server.end()
        thread.join(20)


@contextmanager
def connected(town: Town, transport: str) -> Iterator[None]:
    if transport == "http":
        yield
        return
    with SocketDoor(town.inbox, ping_s=0.2) as door:
        town.door = door
        yield


# What Slack would send, made by hand --------------------------------------------------------------------


def pressed(town: Town, user: str, verb: str, value: str, *, ts: str = "1790000000.000100", **changes: Any) -> Json:
    """A block_actions payload from a message in the person's conversation with the app."""
    action = {"type": "button", "action_id": f"hoshin.v1.{verb}", "block_id": "b", "value": value, "action_ts": ts}
    user_id = town.user(user)
    return {
        "type": "block_actions",
        "team": {"id": town.slack.workspace.team_id, "domain": "local"},
        "user": {"id": user_id, "name": user, "team_id": town.slack.workspace.team_id},
        "api_app_id": town.slack.workspace.app.id,
        "container": {"type": "message", "message_ts": "1790000000.000001", "channel_id": f"D{user_id[1:]}"},
        "trigger_id": "1.2.3",
        "actions": [action],
        **changes,
    }


def event(town: Town, event_id: str, **fields: Any) -> Json:
    return {
        "type": "event_callback",
        "team_id": town.slack.workspace.team_id,
        "api_app_id": town.slack.workspace.app.id,
        "event_id": event_id,
        "event": fields,
    }


def encoded(payload: Json) -> bytes:
    """An interaction as Slack's HTTP carries it."""
    return urlencode({"payload": json.dumps(payload)}).encode()


def signature(body: bytes, stamp: str, secret: str = SECRET) -> str:
    return "v0=" + hmac.new(secret.encode(), b"v0:" + stamp.encode() + b":" + body, hashlib.sha256).hexdigest()


def send(
    town: Town, body: bytes, path: str = "interactions", *, client: httpx.Client | None = None, **headers: str
) -> httpx.Response:
    """POST a body as Slack does, signed now unless headers say otherwise."""
    kind = "application/json" if body[:1] in (b"{", b"[") else "application/x-www-form-urlencoded"
    stamp = str(int(time.time()))
    signed = {"x-slack-request-timestamp": stamp, "x-slack-signature": signature(body, stamp), "content-type": kind}
    address = f"{town.url}/slack/{path}"
    if client is not None:
        return client.post(address, content=body, headers=signed | headers)
    with httpx.Client(trust_env=False, timeout=20) as own:
        return own.post(address, content=body, headers=signed | headers)
