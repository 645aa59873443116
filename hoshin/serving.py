"""`hoshin serve`: Slack's answers into the record, over Socket Mode or signed HTTP, until stopped."""

import logging
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

from cycles.errors import BadInput, HoshinError
from flows.house import House, open_house
from hoshin.bell import Bell
from inbox.house import Inbox, posting_client

if TYPE_CHECKING:
    from starlette.applications import Starlette

GRACE_S = 20
# What is cancelled at the end of the grace still has to be wound up.
WINDING_UP_S = 5
STOPS = (signal.SIGINT, signal.SIGTERM)


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


def serve(*, http: bool, host: str, port: int, health_port: int | None = None, grace_s: int = GRACE_S) -> None:
    """Serve until SIGINT or SIGTERM; what is being handled is finished first.

    Over HTTP that takes `grace_s` seconds at most; what is left then was not acknowledged, so Slack or the person comes
    again. A second signal ends the process at once, which costs nothing that is in the record.

    Raises:
        BadInput: when a token or secret is missing, the token belongs to another workspace, or an address is taken.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    over = threading.Event()
    with open_house(actor="inbox") as house, inbox_of(house) as inbox, _until_told(over):
        if http:
            _over_http(inbox, over, listening_on(host, port, "--port"), grace_s)
        else:
            _over_socket(inbox, over, None if health_port is None else listening_on(host, health_port, "--health-port"))


def _over_http(inbox: Inbox, over: threading.Event, listening: socket.socket, grace_s: int) -> None:
    from inbox.app import create_app

    secret = inbox.settings.secret("slack_signing_secret")
    with _answering(create_app(inbox, signing_secret=secret), listening, over, grace_s):
        print(f"Slack's requests: {_address(listening)}/slack/interactions, /slack/events, /slack/commands", flush=True)
        over.wait()


def _over_socket(inbox: Inbox, over: threading.Event, listening: socket.socket | None) -> None:
    from inbox.socket import SocketDoor

    door = SocketDoor(inbox)
    with _watched(door.inbox, lambda: door.is_connected, listening, over), door:
        print("Connected to Slack over Socket Mode. Ctrl-C ends it.", flush=True)
        over.wait()


@contextmanager
def _watched(
    inbox: Inbox, connected: Callable[[], bool], listening: socket.socket | None, over: threading.Event
) -> Iterator[None]:
    """Whoever watches is answered from before the socket is open until after it is closed."""
    if listening is None:
        yield
        return
    from inbox.watch import Watch, watch_app

    with _answering(watch_app(Watch(inbox, connected=connected)), listening, over, 1):
        print(f"Health: {_address(listening)}/health, /ready", flush=True)
        yield


@contextmanager
def _answering(app: "Starlette", listening: socket.socket, over: threading.Event, grace_s: int) -> Iterator[None]:
    """Answer HTTP on a thread of its own, so that this one is left to hear signals and can go when the grace is over."""
    import uvicorn

    config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=grace_s)
    server, ended = uvicorn.Server(config), threading.Event()

    def run() -> None:
        try:
            server.run(sockets=[listening])
        finally:
            ended.set()
            over.set()

    thread = threading.Thread(target=run, name="hoshin-http", daemon=True)
    thread.start()
    try:
        yield
        if ended.is_set():
            raise HoshinError("The HTTP server ended by itself; what it logged says why.")
    finally:
        server.should_exit = True
        thread.join(grace_s + WINDING_UP_S)


@contextmanager
def _until_told(over: threading.Event) -> Iterator[None]:
    """SIGINT and SIGTERM end the serving; a second one the process."""

    def tell(number: int, frame: FrameType | None) -> None:
        for each in STOPS:
            signal.signal(each, signal.SIG_DFL)
        over.set()

    before = {number: signal.signal(number, tell) for number in STOPS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def listening_on(host: str, port: int, option: str) -> socket.socket:
    """A listening socket on whose connections what is written goes out at once.

    Raises:
        BadInput: when nobody can listen there; names the option.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listening = socket.create_server((host, port), family=family)
    except OSError as error:
        raise BadInput(f"{option}: {host}:{port} cannot be listened on ({error.strerror}). Name another.") from error
    # Connections inherit it. asyncio would set it on sockets of its own making only, and without it each answer on a kept
    # connection waits some 40 ms for the acknowledgement of its head.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening


def _address(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
