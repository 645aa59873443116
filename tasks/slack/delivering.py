"""One pass over the outbox: first what is in doubt, then what is due, oldest first.

A message is committed as `sending`, with the channel it is for, before it is posted; what a sender that died left behind
is looked up in Slack (`doubts`) and never repeated blindly. Everything that can fail without Slack having shown anything
(finding the account, opening the channel) happens before that commit.
"""

from collections.abc import Callable
from datetime import datetime

from slack_sdk import WebClient

from cycles import departures, outbox
from cycles.people import Directory, current_policy
from cycles.store import Record
from tasks.slack.answers import Halted
from tasks.slack.doubts import reconcile
from tasks.slack.posting import channel_of, decent, keep, post, written
from tasks.slack.rewriting import rewrite
from tasks.slack.tour import Delivered, Letter, Pace, Renderer, Tour


def deliver(
    record: Record,
    client: WebClient,
    *,
    now: Callable[[], datetime],
    render: Renderer | None = None,
    limit: int = 200,
    pace: Pace | None = None,
) -> Delivered:
    """Send what is due, at most `limit` messages, and settle what is in doubt.

    Safe to run in several processes at once and to be killed at any point. `render` turns a brief into `text` and
    `blocks` (the built-in messages unless given). Raises nothing of Slack's: what went wrong is in the result.
    """
    tour = _tour(record, client, now, render, pace or Pace())
    try:
        reconcile(tour)
        _send_due(tour, limit)
    except Halted as halted:
        return tour.tally(str(halted))
    if tour.given_up:
        tour.errors.append("Slack gave no answer several times in a row; the next pass goes on.")
    return tour.tally(None)


def _tour(record: Record, client: WebClient, now: Callable[[], datetime], render: Renderer | None, pace: Pace) -> Tour:
    if render is None:
        from tasks.messages import render as built_in  # the words are loaded only where something is written

        render = built_in
    with record.read() as session:
        directory = Directory.load(session, current_policy(session))
    return Tour(record=record, client=client, now=now, render=render, pace=pace, directory=directory)


def _send_due(tour: Tour, limit: int) -> None:
    with tour.record.read() as session:
        waiting = [delivery.id for delivery in outbox.due(session, tour.now(), limit)]
    for delivery_id in waiting:
        if tour.given_up:
            return
        letter = tour.look(delivery_id)
        if letter and letter.is_refresh:
            rewrite(tour, letter)
        elif letter and _may_go(tour, letter):
            _send(tour, letter)


def _may_go(tour: Tour, letter: Letter) -> bool:
    """1. Somebody who has left is not written to; what they were asked for is the lead's. 2. Nobody is written to outside their hours. 3. One a second."""
    reader, now = letter.delivery.person_id, tour.now()
    if tour.directory.has_left(reader, now) and letter.delivery.kind in departures.ASKING:
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
    if channel is None:
        return
    slot = tour.slot(letter, channel)
    if slot > tour.now():
        tour.postpone(letter, slot)
    elif tour.claim(letter, channel) and (payload := written(tour, letter, letter.delivery)):
        keep(tour, letter, channel, post(tour, letter, channel, payload, letter.thread))
