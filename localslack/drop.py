"""Ends a TCP connection without an answer, which ASGI alone cannot do."""

import asyncio
import socket
import struct
from contextlib import suppress
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

Address = tuple[str, int]
_open: dict[tuple[Address, Address], asyncio.BaseTransport] = {}


class DroppableProtocol(H11Protocol):
    """uvicorn's HTTP/1.1 protocol that also remembers its transport by the pair of addresses."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Remember the transport."""
        super().connection_made(transport)
        if self.server and self.client and self.server[1] is not None:
            _open[(self.server[0], self.server[1]), self.client] = transport

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        if self.server and self.client and self.server[1] is not None:
            _open.pop(((self.server[0], self.server[1]), self.client), None)
        super().connection_lost(exc)


class _Silence(Response):
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send nothing, and wait until the server has noticed that the connection is gone."""
        await _gone(receive)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def hang(request: Request, seconds: float) -> Response:
    """Say nothing for so many seconds, or until the client has given up, and close the connection."""
    with suppress(TimeoutError):
        await asyncio.wait_for(_gone(request.receive), seconds)
        return _Silence()
    return drop(request, reset=False)


def drop(request: Request, *, reset: bool) -> Response:
    """Close the request's connection now: with RST when ``reset``, otherwise with FIN."""
    server: Any = tuple(request.scope["server"])
    client: Any = tuple(request.scope["client"])
    transport: Any = _open[server, client]
    if reset:
        # Linger 0 makes the kernel send RST and throw away what is unsent.
        linger = struct.pack("ii", 1, 0)
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        transport.abort()
    else:
        transport.close()
    return _Silence()
