"""Delivering processes that die at any point, and several at once: nothing lost, nothing shown twice.

Slack's de-duplication by client_msg_id is off throughout; nobody documents it, so nothing may rest on it.
"""

import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import pytest
from delivery_house import House, Opener, database

from hoshin import quickly

OWNERS = 59  # and the lead: sixty messages
ROOT = Path(__file__).parents[2]
RUNNER = Path(__file__).with_name("delivery_runner.py")


@dataclass
class Child:
    """One delivering process, by its number and its two pipes."""

    number: int
    stdin: IO[bytes]
    stdout: IO[bytes]

    def kill(self) -> None:
        """`kill -9`, and wait until it is gone: only then does its stdout end."""
        with suppress(ProcessLookupError):
            os.kill(self.number, signal.SIGKILL)
        self.stdout.read()
        self.stdin.close()
        self.stdout.close()


class Nursery:
    """Starts delivering processes; see delivery_runner.py."""

    def __init__(self) -> None:
        self.orders, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, str(RUNNER), str(theirs.fileno())],
                cwd=ROOT,
                env={"PYTHONPATH": quickly.path(str(ROOT)), "PATH": "/usr/bin:/bin"},
                pass_fds=[theirs.fileno()],
            )

    def start(self, order: dict[str, Any]) -> Child:
        (stdin, my_end), (my_start, stdout) = os.pipe(), os.pipe()
        socket.send_fds(self.orders, [json.dumps(order).encode()], [stdin, stdout])
        os.close(stdin)
        os.close(stdout)
        number = int(self.orders.recv(32))
        return Child(number, os.fdopen(my_end, "wb", buffering=0), os.fdopen(my_start, "rb", buffering=0))

    def close(self) -> None:
        self.orders.close()
        assert self.process.wait(20) == 0


running: list[Nursery] = []


@pytest.fixture(scope="module", autouse=True)
def _nursery() -> Iterator[None]:
    running.append(Nursery())
    yield
    running.pop().close()


def start(house: House, *, lockstep: bool = False, blindly: bool = False) -> Child:
    return running[0].start(
        {
            "database": database(house.folder),
            "api_url": house.slack.api_url,
            "token": house.slack.bot_token,
            "now": house.clock().isoformat(),
            "lockstep": lockstep,
            "blindly": blindly,
        }
    )


def live(house: House, steps: int, *, lockstep: bool = False, blindly: bool = False) -> bytes:
    """One life: let it take so many steps, then `kill -9`. Returns the steps it took."""
    begun = time.monotonic()
    child = start(house, lockstep=lockstep, blindly=blindly)
    taken = b""
    try:
        while len(taken) < steps and not taken.endswith(b"E"):
            letter = child.stdout.read(1)
            assert letter, f"the sender ended by itself after {taken!r}"
            taken += letter
            if lockstep and len(taken) < steps:
                child.stdin.write(b".")
    finally:
        child.kill()
    # The child's clock runs while it lives, and on a busy machine that may be long.
    house.clock.on(seconds=61 + time.monotonic() - begun)
    return taken


def complete(house: House, count: int) -> None:
    assert not house.rows("queued", "sending", "unknown", "failed")
    shown = house.shown()
    lost = [row.key for row in house.rows("sent") if row.id not in shown]
    twice = [number for number, times in shown.items() if times > 1]
    assert (lost, twice, len(shown)) == ([], [], count)


def kill_often(house: House, kills: int, seed: int) -> int:
    """Kill so many lives at random steps; returns how many messages were in doubt."""
    chance, doubts = random.Random(seed), 0
    for _ in range(kills):
        live(house, chance.randint(2, 45))
        doubts += len(house.rows("sending"))
    house.settle()
    return doubts


@pytest.mark.parametrize("seed", [20261026, 20261027])
def test_twenty_kills_at_random_steps(opened: Opener, seed: int) -> None:
    """Twice ten: sixty messages are not enough for more lives."""
    with opened(owners=OWNERS) as house:
        kill_often(house, 10, seed)
        complete(house, OWNERS + 1)


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", range(20))
def test_two_hundred_kills(opened: Opener, seed: int) -> None:
    with opened(owners=OWNERS) as house:
        kill_often(house, 10, seed)
        complete(house, OWNERS + 1)


# b is the start; u/U, o/O, p/P surround looking up, opening and posting.
@pytest.mark.parametrize("last", range(2, 9), ids=["u", "U", "o", "O", "p", "P", "next"])
def test_a_kill_at_each_step_of_one_message(opened: Opener, last: int) -> None:
    with opened() as house:
        assert len(live(house, last, lockstep=True)) == last
        doubtful = {b"p": 1, b"P": 1}.get(b"buUoOpPu"[last - 1 : last], 0)
        assert len(house.rows("sending")) == doubtful
        house.settle()
        complete(house, 3)


def test_a_kill_while_looking_up_what_an_earlier_kill_left(opened: Opener) -> None:
    with opened() as house:
        assert live(house, 7, lockstep=True).endswith(b"P")
        assert live(house, 2, lockstep=True) == b"bh"
        assert live(house, 3, lockstep=True) == b"bhH"
        house.settle()
        complete(house, 3)


def test_without_looking_first_kills_make_duplicates(opened: Opener) -> None:
    """The tests above can fail: the same kill, survived blindly, shows a message twice."""
    with opened() as house:
        assert live(house, 7, lockstep=True, blindly=True).endswith(b"P")
        live(house, 1000, blindly=True)
        assert sorted(house.shown().values()) == [1, 1, 2]


@pytest.mark.parametrize("crew", [2, 4])
def test_several_deliverers_at_once(opened: Opener, crew: int) -> None:
    with opened(owners=OWNERS) as house:
        together(house, crew)
        house.settle()
        complete(house, OWNERS + 1)


def test_several_deliverers_find_the_same_doubt(opened: Opener) -> None:
    """Half of what is in doubt was taken by Slack, half was not; three processes come to look at once."""
    with opened(owners=OWNERS) as house:
        house.fault("reset", phase="after", times=2)
        assert house.deliver(limit=2).doubtful == 2
        house.fault("reset", phase="before", times=2)
        assert house.deliver(limit=2).doubtful == 2
        house.clock.on(seconds=61)
        together(house, 3)
        house.settle()
        complete(house, OWNERS + 1)


def together(house: House, crew: int) -> None:
    children = [start(house) for _ in range(crew)]
    try:
        told = [child.stdout.readall() for child in children]  # type: ignore[attr-defined]
        assert all(steps.endswith(b"E") for steps in told)
    finally:
        for child in children:
            child.kill()
    assert sum(steps.count(b"P") for steps in told) >= OWNERS - 3
    house.clock.on(seconds=61)
