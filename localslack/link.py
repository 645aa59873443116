"""Socket Mode: the WebSocket end of apps.connections.open, with envelopes, acks and disconnect."""

import asyncio
import json
from contextlib import suppress
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from localslack.delivery import ACK_SECONDS, Ack
from localslack.world import World

Json = dict[str, Any]


class SocketMode:
    """All open connections. Each envelope goes to one of them, in turn."""

    def __init__(self, world: World, seconds: float = ACK_SECONDS) -> None:
        self.world = world
        self.seconds = seconds
        self.connections: list[WebSocket] = []
        self._waiting: dict[str, asyncio.Future[Json | None]] = {}
        self._turn = 0

    async def endpoint(self, socket: WebSocket) -> None:
        """Serve one connection: check the ticket (once only), say hello, collect acks."""
        ticket = socket.query_params.get("ticket", "")
        if ticket not in self.world.tickets:
            await socket.close(4001, "bad ticket")
            return
        self.world.tickets.discard(ticket)
        await socket.accept()
        self.connections.append(socket)
        try:
            await socket.send_json(self._hello())
            while True:
                self._receive(await socket.receive_text())
        except (WebSocketDisconnect, RuntimeError):
            pass
        finally:
            if socket in self.connections:
                self.connections.remove(socket)

    def _hello(self) -> Json:
        number = self.world.state.count("connection")
        return {
            "type": "hello",
            "num_connections": len(self.connections),
            "debug_info": {"host": "localslack", "connection": number, "approximate_connection_time": 18060},
            "connection_info": {"app_id": self.world.workspace.app.id},
        }

    def _receive(self, text: str) -> None:
        try:
            data = json.loads(text)
        except ValueError:
            return
        if not isinstance(data, dict):
            return
        future = self._waiting.get(str(data.get("envelope_id")))
        if future and not future.done():
            future.set_result(data.get("payload"))

    async def send(self, kind: str, payload: Json, *, retry: int, reason: str) -> Ack:
        """One envelope to one connection; acked when its envelope_id comes back in time."""
        if not self.connections:
            return Ack(acked=False, reason="no_connection")
        envelope_id = f"00000000-0000-4000-8000-{self.world.state.count('envelope'):012d}"
        envelope: Json = {
            "envelope_id": envelope_id,
            "type": kind,
            "accepts_response_payload": kind != "events_api",
            "payload": payload,
        }
        if kind == "events_api":
            envelope |= {"retry_attempt": retry, "retry_reason": reason}
        self._turn += 1
        socket = self.connections[self._turn % len(self.connections)]
        self._waiting[envelope_id] = asyncio.get_running_loop().create_future()
        try:
            await socket.send_text(json.dumps(envelope))
            answer = await asyncio.wait_for(self._waiting[envelope_id], self.seconds)
        except (TimeoutError, RuntimeError, WebSocketDisconnect):
            return Ack(acked=False, reason="timeout")
        finally:
            del self._waiting[envelope_id]
        return Ack(acked=True, payload=answer if isinstance(answer, dict) and answer else None)

    async def disconnect(self, reason: str = "refresh_requested") -> int:
        """Ask every connection to reconnect, as Slack does before it recycles one; returns how many."""
        open_now = list(self.connections)
        for socket in open_now:
            self.connections.remove(socket)
            with suppress(WebSocketDisconnect, RuntimeError):  # it may just have left by itself
                await socket.send_json({"type": "disconnect", "reason": reason, "debug_info": {"host": "localslack"}})
                await socket.close()
        return len(open_now)
