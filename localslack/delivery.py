"""Carries payloads to the app over Socket Mode or signed HTTP, waits for the ack, and redelivers events."""

import asyncio
import hashlib
import hmac
import json
import ssl
import time
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol
from urllib.parse import urlencode

import httpx

from localslack.world import World

Json = dict[str, Any]
ACK_SECONDS = 3.0
RETRIES = 3
RETRY_DELAYS = (0.0, 1.0, 5.0)


@dataclass(frozen=True, kw_only=True)
class Ack:
    """What came back: acked within the time, the payload sent along, and the reason when not acked."""

    acked: bool
    payload: Json | None = None
    reason: str = ""
    final: bool = False


@lru_cache(maxsize=1)
def _trust() -> ssl.SSLContext:
    # Reading the authorities takes tens of milliseconds: once per process, not per payload.
    return httpx.create_ssl_context(trust_env=False)


class Carrier(Protocol):
    """One way to the app."""

    async def send(self, kind: str, payload: Json, *, retry: int, reason: str) -> Ack:
        """One attempt."""


class Delivery:
    """Chooses the carrier and holds the running redeliveries."""

    def __init__(self, world: World, carrier: Carrier, delays: tuple[float, ...] = RETRY_DELAYS) -> None:
        self.world = world
        self.carrier = carrier
        self.delays = delays
        self._tasks: set[asyncio.Task[None]] = set()

    async def interact(self, kind: str, payload: Json) -> Ack:
        """Interactions and slash commands: one attempt, never redelivered."""
        ack = await self.carrier.send(kind, payload, retry=0, reason="")
        self.world.keeper.touch()
        return ack

    async def event(self, event: Json) -> Ack:
        """An Events API event: up to three redeliveries in the background when the first is not acked."""
        number = self.world.state.count("event")
        payload = self._wrapped(event, f"Ev{number:08d}")
        ack = await self.carrier.send("events_api", payload, retry=0, reason="")
        if not ack.acked and not ack.final:
            task = asyncio.create_task(self._again(payload, ack.reason))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return ack

    async def _again(self, payload: Json, reason: str) -> None:
        for retry in range(1, RETRIES + 1):
            await asyncio.sleep(self.delays[retry - 1])
            ack = await self.carrier.send("events_api", payload, retry=retry, reason=reason)
            if ack.acked or ack.final:
                return
            reason = ack.reason

    def _wrapped(self, event: Json, event_id: str) -> Json:
        app, team = self.world.workspace.app, self.world.workspace.team_id
        author = {"enterprise_id": None, "team_id": team, "user_id": app.bot_user_id, "is_bot": True}
        return {
            "token": "local-verification-token",
            "team_id": team,
            "context_team_id": team,
            "context_enterprise_id": None,
            "api_app_id": app.id,
            "event": event,
            "type": "event_callback",
            "event_id": event_id,
            "event_time": int(self.world.clock.now()),
            "authorizations": [{**author, "is_enterprise_install": False}],
            "is_ext_shared_channel": False,
            "event_context": f"local-{event_id}",
        }

    async def close(self) -> None:
        """Give up redeliveries."""
        for task in self._tasks:
            task.cancel()


class SignedHttp:
    """Slack's request signing (v0): HMAC-SHA256 over ``v0:timestamp:body``, and its body encodings."""

    def __init__(self, world: World, url: str, secret: str, seconds: float = ACK_SECONDS) -> None:
        self.world = world
        self.url = url
        self.secret = secret.encode()
        self.seconds = seconds

    async def send(self, kind: str, payload: Json, *, retry: int, reason: str) -> Ack:
        """POST once; only a 200 within the time is an ack."""
        body, mime = _encoded(kind, payload)
        headers = {"Content-Type": mime, **self.signature(body)}
        if retry:
            headers |= {"X-Slack-Retry-Num": str(retry), "X-Slack-Retry-Reason": reason or "http_error"}
        try:
            async with httpx.AsyncClient(trust_env=False, verify=_trust(), timeout=self.seconds) as client:
                answer = await client.post(self.url, content=body, headers=headers)
        except httpx.TimeoutException:
            return Ack(acked=False, reason="http_timeout")
        except httpx.HTTPError:
            return Ack(acked=False, reason="connection_failed")
        final = answer.headers.get("x-slack-no-retry") == "1"
        if answer.status_code != 200:
            return Ack(acked=False, reason="http_error", final=final)
        return Ack(acked=True, payload=_parsed(answer))

    def signature(self, body: bytes) -> dict[str, str]:
        """The two signing headers; the timestamp is real time, which is what verifiers compare with."""
        stamp = str(int(time.time()))
        digest = hmac.new(self.secret, b"v0:" + stamp.encode() + b":" + body, hashlib.sha256).hexdigest()
        return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={digest}"}


def _encoded(kind: str, payload: Json) -> tuple[bytes, str]:
    if kind == "events_api":
        return json.dumps(payload).encode(), "application/json"
    fields = {"payload": json.dumps(payload)} if kind == "interactive" else payload
    return urlencode(fields).encode(), "application/x-www-form-urlencoded"


def _parsed(answer: httpx.Response) -> Json | None:
    if not answer.content.strip():
        return None
    try:
        data = answer.json()
    except ValueError:
        return {"text": answer.text}
    return data if isinstance(data, dict) else None
