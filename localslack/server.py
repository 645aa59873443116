"""Runs the local Slack: in a thread of a program (``LocalSlack``) or in the foreground (``serve``)."""

import asyncio
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import uvicorn

from localslack.app import Parts
from localslack.client import HumanClient
from localslack.delivery import ACK_SECONDS
from localslack.drop import DroppableProtocol
from localslack.workspace import Workspace
from localslack.world import World

HOST = "127.0.0.1"
TICK_S = 0.1  # uvicorn's own
# How often open connections are looked at while the server ends, and how long it waits for them unless told.
LOOK_S, CLOSING_S = 0.005, 20


class ServerError(RuntimeError):
    """The server could not start."""


class LocalSlack:
    """A running local Slack as a context manager.

    ``port`` 0 picks a free one. ``clock`` returns epoch seconds. ``ack_seconds`` is how long a person waits
    for the app (Slack: 3 s). With ``request_url`` and ``signing_secret`` payloads go by signed HTTP,
    otherwise by Socket Mode. Raises ServerError, WorkspaceError or StateError.
    """

    def __init__(
        self,
        workspace: Workspace | str | Path,
        *,
        port: int = 0,
        clock: Callable[[], float] | None = None,
        transcript: str | Path | None = None,
        state: str | Path | None = None,
        request_url: str | None = None,
        signing_secret: str | None = None,
        dedupe: bool = True,
        ack_seconds: float = ACK_SECONDS,
    ) -> None:
        self.workspace = workspace if isinstance(workspace, Workspace) else Workspace.load(workspace)
        if request_url and not signing_secret:
            raise ServerError("A request URL needs a signing secret; give both or neither.")
        self.world = World(
            self.workspace,
            clock=clock,
            transcript=Path(transcript) if transcript else None,
            state=Path(state) if state else None,
            dedupe=dedupe,
        )
        self._parts = Parts(self.world, request_url=request_url, signing_secret=signing_secret, ack_seconds=ack_seconds)
        self._socket = _bound(port)
        self.url = f"http://{HOST}:{self._socket.getsockname()[1]}"
        self.world.url = self.url
        self.human = HumanClient(self.url)
        self._server: PromptServer | None = None
        self._thread: threading.Thread | None = None

    @property
    def api_url(self) -> str:
        """What slack-sdk wants as ``base_url``."""
        return f"{self.url}/api/"

    @property
    def bot_token(self) -> str:
        """A bot token this server accepts."""
        return f"xoxb-local-{self.workspace.team_id}"

    @property
    def app_token(self) -> str:
        """An app-level token this server accepts."""
        return f"xapp-local-{self.workspace.team_id}"

    def transcript(self) -> list[dict[str, Any]]:
        """Everything witnessed so far, in order."""
        return self.human.transcript()

    def control(self, name: str, body: Any = None, *, verb: str = "POST") -> dict[str, Any]:
        """Call ``/_control/<name>``: clock, faults, reset, settings, disconnect."""
        return self.human.call(verb, f"/_control/{name}", body)

    def start(self) -> Self:
        """Start serving in a thread; returns once requests are answered."""
        ready = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(ready,), name="localslack", daemon=True)
        self._thread.start()
        if not ready.wait(20):
            raise ServerError(f"The local Slack did not start on {self.url} within 20 s.")
        return self

    def _run(self, ready: threading.Event) -> None:
        asyncio.run(self.serve(ready.set))

    async def serve(self, started: Callable[[], object]) -> None:
        """Serve until stop(); calls ``started`` once."""
        self._server = PromptServer(_config(self._parts), self._parts.stop)
        task = asyncio.create_task(self._server.serve(sockets=[self._socket]))
        while not self._server.started and not task.done():
            await asyncio.sleep(0.005)
        started()
        await task

    def stop(self) -> None:
        """Stop serving and wait for the end state to be written."""
        self.human.close()  # first: the server waits for connections that are open
        if self._server:
            self._server.end()
        if self._thread:
            self._thread.join(20)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.stop()


class PromptServer(uvicorn.Server):
    """uvicorn, but open streams end first, and who stops it waits for what is under way instead of for its clock.

    uvicorn looks ten times a second whether it shall end, and once it does lies still for another tenth.
    ``before_stop`` ends what would keep connections open.
    """

    def __init__(self, config: uvicorn.Config, before_stop: Callable[[], Any] | None = None) -> None:
        super().__init__(config)
        self._before_stop = before_stop
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ending = asyncio.Event()

    def end(self) -> None:
        """Stop from any thread; returns at once."""
        self.should_exit = True
        if self._loop is not None:
            with suppress(RuntimeError):  # the loop has ended by itself
                self._loop.call_soon_threadsafe(self._ending.set)

    async def main_loop(self) -> None:
        """Tick as uvicorn does until the end, which is noticed at once."""
        self._loop = asyncio.get_running_loop()
        ticks = count()
        while not await self.on_tick(next(ticks)):
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ending.wait(), TICK_S)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take no more connections, end those that are open, and wait for what is being answered."""
        if self._before_stop:
            await self._before_stop()
        for listening in (*self.servers, *(sockets or ())):
            listening.close()
        state = self.server_state
        for connection in list(state.connections):
            connection.shutdown()
        ends = time.monotonic() + (self.config.timeout_graceful_shutdown or CLOSING_S)
        while (state.connections or state.tasks) and time.monotonic() < ends:
            await asyncio.sleep(LOOK_S)
        for task in state.tasks:
            task.cancel()
        await self.lifespan.shutdown()


def _config(parts: Parts) -> uvicorn.Config:
    return uvicorn.Config(
        parts.asgi(),
        http=DroppableProtocol,
        ws="websockets-sansio",
        lifespan="off",
        log_level="error",
        access_log=False,
        ws_ping_interval=None,
        timeout_graceful_shutdown=1,
    )


def _bound(port: int) -> socket.socket:
    """A listening loopback socket. Bound before the address is told, so nobody else can take it."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((HOST, port))
    except (OSError, OverflowError) as error:
        sock.close()
        raise ServerError(f"Port {port} on {HOST} cannot be used ({error}); choose another with --port.") from error
    # asyncio does this only for sockets made with a protocol number. Left out, each answer waits 40 ms for the peer's ack.
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.listen(128)
    return sock
