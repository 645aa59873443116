"""`hoshin serve`: Slack's answers into the record, over Socket Mode or signed HTTP, until stopped."""

import logging
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from flows.house import House, open_house
from hoshin.bell import Bell
from inbox.house import Inbox, posting_client


@contextmanager
def inbox_of(house: House) -> Iterator[Inbox]:
    """The inbox of a house, with a bell that has the outbox delivered after each answer."""
    with Bell(house) as bell:
        yield Inbox(
            record=house.record,
            settings=house.settings,
            client=posting_client(house.settings),
            clock=house.now,
            nudge=bell.ring,
        )


def serve(*, http: bool, host: str, port: int) -> None:
    """Serve until SIGINT or SIGTERM; what is being handled is finished first.

    Raises:
        BadInput: when a token or secret is missing, or the token belongs to another workspace.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    with open_house(actor="inbox") as house, inbox_of(house) as inbox:
        if http:
            _over_http(inbox, host, port)
        else:
            _over_socket(inbox)


def _over_http(inbox: Inbox, host: str, port: int) -> None:
    import uvicorn

    from inbox.app import create_app

    secret = inbox.settings.secret("slack_signing_secret")
    print(f"Slack's requests: http://{host}:{port}/slack/interactions, /slack/events, /slack/commands", flush=True)
    uvicorn.run(create_app(inbox, signing_secret=secret), host=host, port=port, log_level="warning")


def _over_socket(inbox: Inbox) -> None:
    from inbox.socket import SocketDoor

    over = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: over.set())
    with SocketDoor(inbox):
        print("Connected to Slack over Socket Mode. Ctrl-C ends it.", flush=True)
        over.wait()
