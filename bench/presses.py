"""Presses on the buttons of a hundred requests (ten at the small size), ten for each: how long until each can be acknowledged.

Slack gives an app three seconds ("Acknowledge requests") and people press again sooner. The first press of each has an effect, the
others find it answered. The floor enters each letter and writes, for the first, the rows an answer needs.
"""

import random
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from slack_sdk import WebClient
from sqlalchemy import insert, select, update
from sqlmodel import col

from bench import town
from bench.lines import Measure
from bench.places import Place, count
from bench.steps import opened, planned
from cycles.models import Evidence, Inbound, Person, Request, Setting
from cycles.settings import Settings
from cycles.store import Record
from inbox.dispatch import dispatch
from inbox.house import Inbox
from inbox.letters import Envelope
from tasks.slack.client import WORKSPACE

PRESSES_EACH, PRESSERS = 10, 10
# A Tuesday morning in all the zones that owners are in is not needed: answers are taken at any hour.
NOW = datetime(2026, 11, 10, 3, 0, tzinfo=UTC)
ENDS = date(2026, 11, 30)
OURS = {"team_id": "T00000001", "app_id": "A00000001", "bot_user_id": "U0BOT", "url": ""}
BOUND_S = 1.0

Press = tuple[int, int, str]  # which one, the request, the presser's Slack id


def presses(where: Place, settled: str, requests: int) -> list[Measure]:
    """p99 against the bound of one second, and the median against the floor's. `settled` is a closed record, not planned."""
    ready = _asked(where, settled)
    rules, answered = _timed(where, ready, requests, _by_rules)
    floor, entered = _timed(where, ready, requests, _by_hand)
    assert answered == entered == requests, "not each request was answered once"
    p50, p99 = statistics.median(rules), statistics.quantiles(rules, n=100)[98]
    return [
        Measure(
            name="press, 99th of 100 until its ack",
            database=where.name,
            median_s=round(p50, 4),
            ratio=round(p99, 3),
            bound=BOUND_S,
            note=f"s; {len(rules):,} presses on {requests} requests, {PRESSERS} at once",
        ),
        Measure(
            name="press against its writes",
            database=where.name,
            median_s=round(p50, 4),
            floor_s=round(statistics.median(floor), 4),
            ratio=round(p50 / statistics.median(floor), 2),
            note="medians",
        ),
    ]


def _asked(where: Place, settled: str) -> str:
    """A copy in whose open cycle evidence ends, so that confirming it is asked for."""
    name, record = where.copy(settled)
    with record.write() as session:
        session.execute(update(Evidence).values(valid_until=ENDS))
        session.merge(Setting(name=WORKSPACE, value=OURS))
        for person in session.execute(select(Person)).scalars():
            person.slack_id = f"U{person.id:08d}"
    planned(record)
    opened(record)
    with record.write() as session:
        session.execute(update(Request).values(state="asked", asked_at=NOW))
    record.close()
    return name


def _timed(
    where: Place, ready: str, requests: int, presser: Callable[[Record], Callable[[Press], None]]
) -> tuple[list[float], int]:
    """Seconds for each press, and how many requests were answered in the end."""
    name, record = where.copy(ready)
    press, before = presser(record), count(record, "evidence")

    def timed(one: Press) -> float:
        begun = time.perf_counter()
        press(one)
        return time.perf_counter() - begun

    with ThreadPoolExecutor(PRESSERS) as pool:
        taken = list(pool.map(timed, _to_press(record, requests)))
    answered = count(record, "evidence") - before
    where.drop(name, record)
    return taken, answered


def _to_press(record: Record, requests: int) -> list[Press]:
    """In an order that mixes first presses with later ones; the same in every run."""
    confirmable = (
        select(col(Request.id), Person.slack_id)
        .join(Person, col(Person.id) == col(Request.assignee_id))
        .join(
            Evidence,
            (col(Evidence.system_id) == col(Request.system_id)) & (col(Evidence.kind_id) == col(Request.kind_id)),
        )
        .order_by(col(Request.id))
        .limit(requests)
    )
    with record.read() as session:
        found = session.execute(confirmable).all()
    assert len(found) == requests, f"only {len(found)} requests could be confirmed"
    each = [(request_id, str(slack_id)) for request_id, slack_id in found for _ in range(PRESSES_EACH)]
    random.Random(1).shuffle(each)  # noqa: S311  # an order, not a secret
    return [(number, *one) for number, one in enumerate(each)]


def _by_rules(record: Record) -> Callable[[Press], None]:
    # No call is made: what follows an ack is not part of it.
    client = WebClient(token="xoxb-bench", base_url="http://127.0.0.1:9/api/", retry_handlers=[])  # noqa: S106
    inbox = Inbox(record=record, settings=Settings(home=Path()), client=client, clock=lambda: NOW)

    def press(one: Press) -> None:
        reply = dispatch(inbox, Envelope(kind="interactive", payload=_payload(*one)))
        assert reply.status == 200

    return press


def _payload(number: int, request_id: int, user: str) -> dict[str, Any]:
    action = {"type": "button", "action_id": "hoshin.v1.confirm", "block_id": "b", "value": str(request_id)}
    return {
        "type": "block_actions",
        "team": {"id": OURS["team_id"]},
        "api_app_id": OURS["app_id"],
        "user": {"id": user},
        "container": {"type": "message", "message_ts": "1790000000.000001", "channel_id": f"D{user[1:]}"},
        "trigger_id": f"1.2.{number}",
        "actions": [{**action, "action_ts": f"1790000001.{number:06d}"}],
    }


def _by_hand(record: Record) -> Callable[[Press], None]:
    """What an answer writes, without asking whether it may be given."""
    inbox = Inbox(record=record, settings=Settings(home=Path()), client=WebClient(), clock=lambda: NOW)

    def press(one: Press) -> None:
        number, request_id, user = one
        with inbox.write() as session:
            session.execute(
                insert(Inbound).values(key=f"{number}", at=NOW, kind="press", person=user, outcome="confirm")
            )
            taken = session.execute(
                update(Request)
                .where(col(Request.id) == request_id, col(Request.state) == "asked")
                .values(state="submitted", answered_at=NOW)
                .returning(col(Request.system_id), col(Request.kind_id))
            ).first()
            if taken:
                row = {**town.evidence_row(0, *taken, NOW), "id": None}
                session.execute(insert(Evidence).values(**{key: value for key, value in row.items() if key != "id"}))

    return press
