"""Slack over HTTP: signed requests in, acknowledgements out, and two addresses for whoever watches this process."""

import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from inbox.dispatch import dispatch
from inbox.house import Inbox, log
from inbox.letters import Envelope
from inbox.signature import signed
from inbox.visit import Reply
from inbox.watch import Watch

Json = dict[str, Any]
BODY_LIMIT = 1_000_000
# A body beyond the limit is read and thrown away up to here, so that its sender hears why instead of a broken pipe.
PATIENCE = 20 * BODY_LIMIT
PATHS = ("/slack/interactions", "/slack/events", "/slack/commands")
NO_RETRY = {"X-Slack-No-Retry": "1"}


class _TooLarge(Exception):
    """The body is beyond the limit."""


def create_app(inbox: Inbox, *, signing_secret: str | None = None, wall: Callable[[], float] = time.time) -> Starlette:
    """The ASGI application. `wall` gives epoch seconds for signatures: Slack stamps real time, whatever the record's.

    Raises:
        BadInput: without a signing secret.
    """
    door = _Door(inbox, signing_secret or inbox.settings.secret("slack_signing_secret"), wall)
    watch = Watch(inbox)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        # Who we are is learned before the first press, so that none waits for it; trouble shows under /ready.
        await run_in_threadpool(watch.look)
        yield

    return Starlette(
        lifespan=lifespan,
        routes=[
            *(Route(path, door.receive, methods=["POST"]) for path in PATHS),
            *watch.routes,
        ],
    )


@dataclass(frozen=True)
class _Door:
    inbox: Inbox
    secret: str
    wall: Callable[[], float]

    async def receive(self, request: Request) -> Response:
        """One request of Slack's. What it is, its body says; the three addresses exist because Slack's manifest asks."""
        try:
            body = await _body(request)
        except _TooLarge:
            return _refused(413, f"a body of more than {BODY_LIMIT} bytes")
        except ClientDisconnect:
            return _refused(400, "a body that ended early")
        stamp = request.headers.get("x-slack-request-timestamp", "")
        signature = request.headers.get("x-slack-signature", "")
        if not signed(self.secret, body, stamp, signature, now=self.wall()):
            return _refused(401, "no valid signature")
        envelope = read_body(body, request.headers.get("content-type", ""))
        if envelope is None:
            return _refused(400, "a body that is no payload of Slack's")
        if envelope.payload.get("type") == "url_verification":
            return JSONResponse({"challenge": str(envelope.payload.get("challenge", ""))})
        return _answer(await run_in_threadpool(dispatch, self.inbox, envelope))


async def _body(request: Request) -> bytes:
    kept, size = bytearray(), 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > PATIENCE:
            break
        if size <= BODY_LIMIT:
            kept += chunk
    if size > BODY_LIMIT:
        raise _TooLarge
    return bytes(kept)


def read_body(body: bytes, content_type: str) -> Envelope | None:
    """Events are JSON, interactions a form with `payload`, commands a form; None for anything else."""
    try:
        if content_type.split(";")[0].strip().lower() == "application/json":
            return _envelope("events_api", json.loads(body))
        fields = {name: values[0] for name, values in _form(body).items()}
        if "payload" in fields:
            return _envelope("interactive", json.loads(fields["payload"]))
        return _envelope("slash_commands", fields) if "command" in fields else None
    except (ValueError, RecursionError):
        return None


def _form(body: bytes) -> dict[str, list[str]]:
    return parse_qs(body.decode("utf-8"), keep_blank_values=True, errors="strict", max_num_fields=100)


def _envelope(kind: str, payload: Any) -> Envelope | None:
    return Envelope(kind=kind, payload=payload) if isinstance(payload, dict) else None


def _answer(reply: Reply) -> Response:
    after = BackgroundTask(reply.after) if reply.then else None
    if reply.status != 200:
        # Sending the same thing again cannot mend a 4xx; a 5xx can pass.
        return PlainTextResponse("", reply.status, headers=NO_RETRY if reply.status < 500 else None, background=after)
    if reply.body is None:
        return Response(status_code=200, background=after)
    return JSONResponse(reply.body, background=after)


def _refused(status: int, why: str) -> Response:
    log.warning("refused: an HTTP request with %s", why)
    return PlainTextResponse("", status, headers=NO_RETRY)
