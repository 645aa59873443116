"""Delivering processes that die at any point, and several at once: nothing lost, nothing shown twice.

Slack's de-duplication by client_msg_id is off throughout; nobody documents it, so nothing may rest on it.
"""

import json
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
from delivery_house import House, Opener, database

OWNERS = 59  # and the lead: sixty messages
ROOT = Path(__file__).parents[2]
RUNNER = Path(__file__).with_name("delivery_runner.py")


def start(house: House, *, lockstep: bool = False, blindly: bool = False) -> subprocess.Popen[bytes]:
    order = {
        "database": database(house.folder),
        "api_url": house.slack.api_url,
        "token": house.slack.bot_token,
        "now": house.clock().isoformat(),
        "lockstep": lockstep,
        "blindly": blindly,
    }
    return subprocess.Popen(
        [sys.executable, str(RUNNER), json.dumps(order)],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        bufsize=0,
    )


def live(house: House, steps: int, *, lockstep: bool = False, blindly: bool = False) -> bytes:
    """One life: let it take so many steps, then `kill -9`. Returns the steps it took."""
    begun = time.monotonic()
    child = start(house, lockstep=lockstep, blindly=blindly)
    assert child.stdin is not None
    assert child.stdout is not None
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
        child.wait(10)
        child.stdin.close()
        child.stdout.close()
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


def test_ten_kills_at_random_steps(opened: Opener) -> None:
    with opened(owners=OWNERS) as house:
        kill_often(house, 10, seed=20261026)
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
        worked = [child.communicate(timeout=120)[0].count(b"P") for child in children]
        assert [child.returncode for child in children] == [0] * crew
    finally:
        for child in children:
            child.kill()
            child.wait(10)
    assert sum(worked) >= OWNERS - 3
    house.clock.on(seconds=61)
