"""One pass over the outbox: first what is in doubt, then what is due, oldest first.

A message is committed as `sending`, with the channel it is for, before it is posted; what a sender that died left behind
is looked up in Slack (`doubts`) and never repeated blindly. Everything that can fail without Slack having shown anything
(finding the account, opening the channel) happens before that commit, and so does waiting for Slack's limits.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from slack_sdk import WebClient

from cycles import departures, outbox
from cycles.people import Directory, current_policy
from cycles.store import Record
from tasks.slack.answers import Halted
from tasks.slack.doubts import reconcile
from tasks.slack.lanes import Lanes
from tasks.slack.pacing import BUDGET_S, MINUTE_S, Pacer
from tasks.slack.posting import channel_of, decent, keep, post, written
from tasks.slack.rewriting import rewrite
from tasks.slack.tour import Delivered, Letter, Pace, Renderer, Tour

# What has to wait no longer than this is waited for within the pass: a reader's next second, Slack's Retry-After.
SOON = timedelta(seconds=30)
MOST = 10_000
Progress = Callable[[int, int], None]


def deliver(
    record: Record,
    client: WebClient,
    *,
    now: Callable[[], datetime],
    render: Renderer | None = None,
    limit: int = MOST,
    pace: Pace | None = None,
    pacer: Pacer | None = None,
    budget: float = BUDGET_S,
    progress: Progress | None = None,
) -> Delivered:
    """Send what is due, at most `limit` messages, and settle what is in doubt.

    Safe to run in several processes at once and to be killed at any point. `render` turns a brief into `text` and
    `blocks` (the built-in messages unless given). With a `pacer` the pass keeps below Slack's limits and waits for them,
    `budget` seconds at most; without one it neither counts nor waits. `progress` hears after each message how many are
    done and how many wait. Raises nothing of Slack's: what went wrong is in the result.
    """
    tour = _tour(record, client, now, render, pace or Pace(), pacer, budget)
    waiting = 0
    try:
        reconcile(tour)
        waiting = _send_due(tour, limit, progress or _silent)
    except Halted as halted:
        return tour.tally(str(halted))
    if tour.given_up:
        tour.errors.append("Slack gave no answer several times in a row; the next pass goes on.")
    return tour.tally(None, waiting)


def _silent(done: int, waiting: int) -> None:
    """Nobody wants to know."""


def _tour(
    record: Record,
    client: WebClient,
    now: Callable[[], datetime],
    render: Renderer | None,
    pace: Pace,
    pacer: Pacer | None,
    budget: float,
) -> Tour:
    if render is None:
        from tasks.messages import render as built_in  # the words are loaded only where something is written

        render = built_in
    with record.read() as session:
        directory = Directory.load(session, current_policy(session))
    tour = Tour(
        record=record,
        client=client,
        now=now,
        render=render,
        pace=pace,
        directory=directory,
        pacer=pacer or Pacer(methods={}),
        budget=budget,
    )
    if pacer and pacer.is_fresh:
        _learn(tour)
    return tour


def _learn(tour: Tour) -> None:
    """What other processes have just sent counts towards the same limits."""
    now = tour.now()
    with tour.record.read() as session:
        for silent, method in ((True, "chat.update"), (False, "chat.postMessage")):
            claims = outbox.claimed_since(session, now - timedelta(seconds=MINUTE_S), silent=silent)
            tour.pacer.learn(method, [max(0.0, (now - at).total_seconds()) for at in claims])


def _send_due(tour: Tour, limit: int, progress: Progress) -> int:
    """Send what is due, and what becomes due within the pass; returns how many are due still."""
    done = 0
    while True:
        lanes, before = _due(tour, limit - done), done
        while not tour.given_up and (delivery_id := lanes.next()) is not None:
            done += 1
            _attend(tour, delivery_id)
            progress(done, len(lanes))
        if tour.given_up or len(lanes) or done == before or not _more(tour):
            return len(lanes)


def _due(tour: Tour, limit: int) -> Lanes:
    with tour.record.read() as session:
        due = outbox.due(session, tour.now(), limit)
    return Lanes(due, tour.directory.people, tour.pacer, tour.until)


def _more(tour: Tour) -> bool:
    """Wait for the next message if there is one soon. Who does not pace does not wait either."""
    if not tour.pacer.is_pacing:
        return False
    with tour.record.read() as session:
        following = outbox.next_due(session)
    pause = following - tour.now() if following else SOON
    return pause < SOON and tour.wait(max(0.0, pause.total_seconds()))


def _attend(tour: Tour, delivery_id: int) -> None:
    letter = tour.look(delivery_id)
    if letter and letter.is_refresh:
        rewrite(tour, letter)
    elif letter and _may_go(tour, letter):
        _send(tour, letter)


def _may_go(tour: Tour, letter: Letter) -> bool:
    """1. Who is gone is not written to; what they were asked for is the lead's. 2. Nobody is written to outside their hours. 3. One a second."""
    reader, now = letter.delivery.person_id, tour.now()
    if tour.directory.is_gone(reader, now) and letter.delivery.kind in departures.ASKING:
        with tour.record.write() as session:
            departures.hand_back(session, letter.delivery, now)
        tour.withdraw(letter)
        return False
    if tour.directory.has_left(reader, now):
        left_on = tour.directory.people[reader].left_on
        tour.fail(letter, f"{letter.person.name} left on {left_on}; hand what they were asked for to somebody else.")
        return False
    return decent(tour, letter)


def _send(tour: Tour, letter: Letter) -> None:
    """Find the reader's channel, commit the claim, write what is true now, post it, and keep the outcome."""
    channel = channel_of(tour, letter)
    # The account may have been waited for until after hours.
    if channel is None or not decent(tour, letter):
        return
    slot = tour.slot(letter, channel)
    if slot > tour.now():
        tour.postpone(letter, slot)
    elif tour.claim(letter, channel) and (payload := written(tour, letter, letter.delivery)):
        keep(tour, letter, channel, post(tour, letter, channel, payload, letter.thread))
