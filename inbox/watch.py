"""Two addresses for whoever watches this process: `/health`, whether it lives, and `/ready`, whether it can do its work."""

import time
from collections.abc import Callable
from typing import Any

from sqlalchemy import text
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from inbox.house import Inbox, introduce, log

Json = dict[str, Any]
ASK_SLACK_EVERY_S = 60.0


class Watch:
    """Is this process alive, and can it do its work? `connected` tells of the socket, where there is one."""

    def __init__(self, inbox: Inbox, *, connected: Callable[[], bool] | None = None) -> None:
        self.inbox = inbox
        self.connected = connected
        self.asked_at = float("-inf")
        self.slack = "not asked yet"

    @property
    def routes(self) -> list[Route]:
        return [Route("/health", self.health), Route("/ready", self.ready)]

    async def health(self, request: Request) -> Response:
        """The process answers."""
        return JSONResponse({"alive": True})

    async def ready(self, request: Request) -> Response:
        """Everything that `look` looks at is well, else 503."""
        found = await run_in_threadpool(self.look)
        return JSONResponse(found, status_code=200 if found["ready"] else 503)

    def look(self) -> Json:
        """The record can be read, Slack knows our token (asked at most once a minute), the socket is connected."""
        if time.monotonic() - self.asked_at > ASK_SLACK_EVERY_S:
            self.slack, self.asked_at = self._ask_slack(), time.monotonic()
        found = {"database": self._ask_database(), "slack": self.slack, **self._socket()}
        return {"ready": set(found.values()) == {"ok"}, **found}

    def _socket(self) -> dict[str, str]:
        if self.connected is None:
            return {}
        return {"socket": "ok" if self.connected() else "not connected"}

    def _ask_slack(self) -> str:
        try:
            introduce(self.inbox)
        except Exception as error:
            log.error("Slack does not know us: %s", error)
            return type(error).__name__
        return "ok"

    def _ask_database(self) -> str:
        try:
            with self.inbox.record.read() as session:
                session.connection().execute(text("SELECT 1"))
        except Exception as error:
            log.warning("the record cannot be read: %s", error)
            return type(error).__name__
        return "ok"


def watch_app(watch: Watch) -> Starlette:
    """The two addresses alone: beside a socket there is nothing else to answer."""
    return Starlette(routes=watch.routes)
