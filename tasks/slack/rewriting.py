"""Rewriting a message that was sent to what is true now: silent, and harmless when repeated."""

from sqlmodel import col, select

from cycles.models import Delivery
from tasks.slack.answers import Answer, Halted
from tasks.slack.posting import NO_THREAD, decent, keep, post, put_back, written
from tasks.slack.tour import PAUSE, Letter, Payload, Tour

ENDED = frozenset({"edit_window_closed", "cant_update_message", "message_not_found"})


def rewrite(tour: Tour, letter: Letter) -> None:
    """Update the root, or the receipt that stands in for it since it could no longer be updated."""
    root = letter.root
    if root is None or root.state not in ("sent", "sending"):
        tour.withdraw(letter)  # it is not shown; when it is, it says what is true then
    elif root.state == "sending" or root.channel is None or root.ts is None:
        tour.postpone(letter, tour.now() + PAUSE)
    elif tour.claim(letter, root.channel):
        payload = written(tour, letter, root)
        if payload is not None:
            _update(tour, letter, root, payload)
    else:
        tour.postpone(letter, tour.now() + PAUSE)  # another one of the same message is under way


def _update(tour: Tour, letter: Letter, root: Delivery, payload: Payload) -> None:
    receipt = _receipt_of(tour, root)
    channel, ts = str(root.channel), receipt or str(root.ts)
    blocks = [] if receipt else payload.get("blocks")
    try:
        answer = tour.ask(
            "chat.update",
            lambda: tour.client.chat_update(channel=channel, ts=ts, text=payload["text"], blocks=blocks),
        )
    except Halted as halted:
        tour.postpone(letter, letter.delivery.not_before, str(halted))
        raise
    if answer.taken:
        tour.sent(letter, channel, None, "refreshed")
    elif answer.error in ENDED:
        _instead(tour, letter, root, payload, had_receipt=receipt is not None)
    else:
        _later(tour, letter, answer)


def _later(tour: Tour, letter: Letter, answer: Answer) -> None:
    """An update that may have happened may as well happen again: it is never in doubt."""
    if answer.kind == "unclear":
        tour.postpone(letter, tour.now() + PAUSE, answer.error)
    else:
        put_back(tour, letter, answer)


def _instead(tour: Tour, letter: Letter, root: Delivery, payload: Payload, *, had_receipt: bool) -> None:
    """Slack lets the message be edited no more: say it once in its thread, at a decent hour, for this one is heard."""
    if had_receipt:
        tour.withdraw(letter)
    elif decent(tour, letter):
        channel = str(root.channel)
        answer = post(tour, letter, channel, {"text": payload["text"]}, root.ts, elsewhere=False)
        if answer.error in NO_THREAD:
            tour.withdraw(letter)  # the message itself is gone, and with it what there was to correct
        else:
            keep(tour, letter, channel, answer, "refreshed")


def _receipt_of(tour: Tour, root: Delivery) -> str | None:
    """The timestamp of a receipt that an earlier rewrite left in the thread; a mere update leaves none."""
    left = select(Delivery.ts).where(
        Delivery.root_id == root.id, Delivery.kind == "refresh", col(Delivery.ts).is_not(None)
    )
    with tour.record.read() as session:
        return session.exec(left.order_by(col(Delivery.id))).first()
