"""Delivering processes to be killed: each passes over the outbox until nothing waits, one byte on stdout per step.

Started once, it forks a process of its own for each order it is sent: importing everything takes longer than delivering.

With `lockstep` each step waits for a byte on stdin, so that the parent decides exactly where this life ends; with
`blindly` what is in doubt is sent again without asking Slack, which is the mistake the tests must notice.
"""

import json
import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from slack_sdk import WebClient
from sqlmodel import select

from cycles import outbox
from cycles.models import Delivery
from cycles.store import Record, open_record
from tasks.slack import deliver, delivering
from tasks.slack.tour import Tour

STEPS = {
    "conversations.open": b"o",
    "chat.postMessage": b"p",
    "conversations.history": b"h",
    "users.lookupByEmail": b"u",
}


class Stepping(WebClient):
    """The real client; a small letter before each call and a capital after it."""

    def __init__(self, step: Callable[[bytes], None], **more: Any) -> None:
        super().__init__(**more)
        self.step = step

    def api_call(self, api_method: str, **more: Any) -> Any:  # type: ignore[override]
        letter = STEPS.get(api_method, b"x")
        self.step(letter)
        answer = super().api_call(api_method, **more)
        self.step(letter.upper())
        return answer


def blindly(tour: Tour) -> None:
    with tour.record.write() as session:
        for delivery in outbox.in_doubt(session, tour.now()):
            outbox.again(session, delivery, until=delivery.not_before)


def waits(record: Record) -> bool:
    with record.read() as session:
        return session.exec(select(Delivery.id).where(Delivery.state == "queued")).first() is not None


def main(order: dict[str, Any]) -> None:
    started, begun = datetime.fromisoformat(order["now"]), time.monotonic()

    def now() -> datetime:
        return started + timedelta(seconds=time.monotonic() - begun)

    def step(letter: bytes) -> None:
        os.write(1, letter)
        if order["lockstep"]:
            os.read(0, 1)

    if order["blindly"]:
        delivering.reconcile = blindly
    record = open_record(order["database"], migrate=False)
    client = Stepping(step, token=order["token"], base_url=order["api_url"], retry_handlers=[], timeout=10)
    step(b"b")
    deliver(record, client, now=now, limit=7)
    while waits(record):
        deliver(record, client, now=now, limit=7)
    record.close()
    os.write(1, b"E")


def nursery(orders: socket.socket) -> None:
    """Fork a process for each order that comes with its stdin and stdout; answers with its number."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them; the end of their stdout tells
    while True:
        order, pipes, *_ = socket.recv_fds(orders, 1 << 16, 2)
        if not order:
            return  # the tests have ended
        stdin, stdout = pipes
        number = os.fork()
        if number == 0:
            os.dup2(stdin, 0)
            os.dup2(stdout, 1)
            os.closerange(3, 256)
            main(json.loads(order))
            sys.exit()
        os.close(stdin)
        os.close(stdout)
        orders.send(str(number).encode())


if __name__ == "__main__":
    nursery(socket.socket(fileno=int(sys.argv[1])))
