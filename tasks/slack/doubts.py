"""Messages in doubt: claimed a minute ago or longer, and nobody knows whether Slack has them. Slack is asked.

Every message carries its number as metadata, so one look at the reader's conversation since shortly before the claim
decides: there, it is adopted with its timestamp; not there, it is sent again; not to be decided, it is parked.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from slack_sdk.web import SlackResponse

from cycles import outbox
from tasks.slack.answers import Answer
from tasks.slack.posting import EVENT
from tasks.slack.tour import Letter, Tour

# Further back than Slack's and our clocks differ, and than the first of two tries may lie apart.
LOOK_BACK = timedelta(minutes=5)
# Slack gives some apps no more than 15 rows a page, whatever they ask for.
PAGE_ROWS = 15
PAGES = 10
# Slack's user ids start with one of these letters, conversations' never do.
USERS = ("U", "W")
# How long an unreadable history may stay unreadable before somebody is told.
PATIENCE = timedelta(hours=1)
# Before the second, third, … try; the first doubt is followed by a new try at once.
BACKOFF = (timedelta(0), timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2))


@dataclass(frozen=True, kw_only=True)
class Search:
    """Where the message is (`ts`), or that it certainly is not (`absent`), or why that cannot be said (`error`)."""

    ts: str | None = None
    absent: bool = False
    error: str = ""
    passing: bool = False


ABSENT = Search(absent=True)


def reconcile(tour: Tour) -> None:
    """Settle every message in doubt, oldest first.

    Raises:
        Halted: when the installation is wrong.
    """
    with tour.record.read() as session:
        letters = [tour.letter(session, delivery) for delivery in outbox.in_doubt(session, tour.now())]
    for letter in letters:
        if tour.given_up:
            return
        _settle(tour, letter)


def _settle(tour: Tour, letter: Letter) -> None:
    channel = _channel(tour, letter)
    found = _search(tour, letter, channel) if isinstance(channel, str) else channel
    claimed_at = letter.delivery.claimed_at or tour.now()
    if found.ts:
        tour.sent(letter, str(channel), found.ts, "refreshed" if letter.is_refresh else "sent")
    elif found.absent:
        _send_again(tour, letter)
    elif found.passing and tour.now() - claimed_at < PATIENCE:
        tour.doubt(letter, f"{found.error} while looking for it")
    else:
        tour.park(letter, _unknown(letter, found.error))


def _send_again(tour: Tour, letter: Letter) -> None:
    """Back into the queue, where hours, pace and what is true by then apply as to every other message."""
    delivery = letter.delivery
    if delivery.attempts >= outbox.MAX_ATTEMPTS:
        tour.fail(
            letter,
            f"Slack did not take message {delivery.key} to {letter.person.name} in {delivery.attempts} tries "
            f"({delivery.error or 'no answer'}).",
        )
        return
    pause = BACKOFF[min(max(delivery.attempts, 1), len(BACKOFF)) - 1]
    tour.again(letter, tour.now() + pause if pause else delivery.not_before)


def _channel(tour: Tour, letter: Letter) -> str | Search:
    """The conversation a message was claimed for; where only a user is known, the one with them."""
    claimed_for = letter.delivery.channel
    if claimed_for and not claimed_for.startswith(USERS):
        return claimed_for
    slack_id = claimed_for or letter.person.slack_id
    if slack_id is None:
        return ABSENT
    answer = tour.ask("conversations.open", lambda: tour.client.conversations_open(users=[slack_id]))
    return str(answer.data["channel"]["id"]) if answer.taken else _undecided(answer)


def _search(tour: Tour, letter: Letter, channel: str) -> Search:
    """Look into the thread and beside it: whether its root was known when it was posted is not known any more."""
    since = (letter.delivery.claimed_at or tour.now()) - LOOK_BACK
    common = {"oldest": f"{since.timestamp():.6f}", "limit": PAGE_ROWS, "include_all_metadata": True}
    root = letter.root
    thread = root.ts if root and root.ts and root.channel == channel else None
    if thread:
        found = _pages(tour, letter, "conversations.replies", {"channel": channel, "ts": thread, **common})
        if letter.is_refresh:
            # Only a receipt could be there; without its thread there is none, and an update may be repeated.
            return found if found.ts or found.passing else ABSENT
        if not found.absent:
            return found
    if letter.is_refresh:
        return ABSENT
    return _pages(tour, letter, "conversations.history", {"channel": channel, **common})


def _pages(tour: Tour, letter: Letter, method: str, args: dict[str, Any]) -> Search:
    for answer in _read(tour, method, args):
        if not answer.taken:
            return _undecided(answer)
        for row in answer.data.get("messages") or ():
            if _is(row, letter.delivery.id):
                return Search(ts=str(row["ts"]))
        if not answer.data.get("has_more"):
            return ABSENT
    return Search(error=f"more than {PAGES * PAGE_ROWS} newer messages")


def _read(tour: Tour, method: str, args: dict[str, Any]) -> Iterator[Answer]:
    """Pages of a conversation, up to PAGES; ends early where Slack names no next one."""
    cursor: str | None = None
    for _ in range(PAGES):
        answer = tour.ask(method, _call(tour, method, {**args, "cursor": cursor}))
        yield answer
        cursor = (answer.data.get("response_metadata") or {}).get("next_cursor")
        if not cursor:
            return


def _call(tour: Tour, method: str, args: dict[str, Any]) -> Callable[[], SlackResponse]:
    threads = method == "conversations.replies"
    return lambda: (tour.client.conversations_replies if threads else tour.client.conversations_history)(**args)


def _is(row: dict[str, Any], delivery_id: int) -> bool:
    metadata = row.get("metadata") or {}
    payload = metadata.get("event_payload") or {}
    return metadata.get("event_type") == EVENT and str(payload.get("delivery")) == str(delivery_id)


def _undecided(answer: Answer) -> Search:
    return Search(error=answer.error, passing=answer.kind != "refused")


def _unknown(letter: Letter, why: str) -> str:
    return (
        f"Whether {letter.person.name} has message {letter.delivery.key} could not be found out ({why}). "
        "Look into their conversation with the app, or ask them."
    )
