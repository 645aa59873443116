"""HTTP for people (``/_human``) and for test scripts (``/_control``)."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from localslack import inbox
from localslack.clock import ClockError
from localslack.faults import FaultError
from localslack.forms import ChoiceError
from localslack.human import ActError, Human
from localslack.link import SocketMode
from localslack.methods import files
from localslack.workspace import User
from localslack.world import ApiError, World

Json = dict[str, Any]
Endpoint = Callable[[Request], Awaitable[Response]]


def refusals(endpoint: Endpoint) -> Endpoint:
    """Turn what a person cannot do into a 400 with one sentence."""

    async def guarded(request: Request) -> Response:
        origin = request.headers.get("origin")
        if origin and origin.split("//")[-1] != request.headers.get("host"):
            return JSONResponse({"ok": False, "error": "another site may not act here"}, status_code=403)
        try:
            return await endpoint(request)
        except (ActError, ChoiceError, ClockError, FaultError) as error:
            return JSONResponse({"ok": False, "error": str(error)}, status_code=400)
        except ApiError as error:
            return JSONResponse({"ok": False, "error": error.error, "detail": error.messages}, status_code=400)

    return guarded


async def _body(request: Request) -> Any:
    try:
        return json.loads(await request.body() or b"{}")
    except ValueError:
        raise ActError("the body must be JSON") from None


class HumanApi:
    """Endpoints under ``/_human``."""

    def __init__(self, world: World, human: Human) -> None:
        self.world = world
        self.human = human

    def routes(self) -> list[Route]:
        """The routes."""
        return [
            Route("/_human/act", refusals(self.act), methods=["POST"]),
            Route("/_human/upload", refusals(self.upload), methods=["POST"]),
            Route("/_human/inbox", refusals(self.inbox)),
            Route("/_human/views", refusals(self.views)),
            Route("/_human/workspace", refusals(self.workspace)),
            Route("/_human/live", refusals(self.live)),
        ]

    def user(self, request: Request) -> User:
        """The person named by ``user`` in the query."""
        return self.human.user({"user": request.query_params.get("user", "")})

    async def act(self, request: Request) -> Response:
        """One act."""
        order = await _body(request)
        if not isinstance(order, dict):
            raise ActError("the body must be an object")
        result = await self.human.act(order)
        self.world.keeper.flush()
        return JSONResponse(result)

    async def upload(self, request: Request) -> Response:
        """A person's file: raw body, ``name`` in the query; answers with the file object."""
        user, content = self.user(request), await request.body()
        if not 0 < len(content) <= files.MAX_FILE_BYTES:
            raise ActError("the file is empty or larger than 50 MB")
        row = files.new_file(self.world, request.query_params.get("name") or "file", len(content), user.id)
        row["done"] = True
        files.fill(self.world, row["id"], content)
        self.world.keeper.flush()
        return JSONResponse({"ok": True, "file": files.file_object(self.world, row)})

    async def inbox(self, request: Request) -> Response:
        """The person's conversations and messages."""
        return JSONResponse(inbox.inbox(self.world, self.user(request)))

    async def views(self, request: Request) -> Response:
        """The person's modal stack and home."""
        return JSONResponse(inbox.open_views(self.world, self.user(request)))

    async def workspace(self, request: Request) -> Response:
        """Team, app, people and clock."""
        return JSONResponse(inbox.workspace(self.world))

    async def live(self, request: Request) -> Response:
        """Changes as server-sent events."""
        headers = {"Cache-Control": "no-store"}
        return StreamingResponse(self._changes(), media_type="text/event-stream", headers=headers)

    async def _changes(self) -> AsyncIterator[str]:
        queue = self.world.bus.subscribe()
        try:
            yield "retry: 500\n\n"
            while True:
                try:
                    change = await asyncio.wait_for(queue.get(), 15)
                except TimeoutError:
                    yield ": still here\n\n"
                    continue
                if change is None:
                    return
                yield f"data: {json.dumps(change)}\n\n"
        finally:
            self.world.bus.unsubscribe(queue)


class ControlApi:
    """Endpoints under ``/_control``: clock, faults, reset, transcript, settings, disconnect."""

    def __init__(self, world: World, link: SocketMode) -> None:
        self.world = world
        self.link = link

    def routes(self) -> list[Route]:
        """The routes."""
        return [
            Route("/_control/clock", refusals(self.clock), methods=["GET", "POST"]),
            Route("/_control/faults", refusals(self.faults), methods=["GET", "POST", "DELETE"]),
            Route("/_control/reset", refusals(self.reset), methods=["POST"]),
            Route("/_control/transcript", refusals(self.transcript)),
            Route("/_control/settings", refusals(self.settings), methods=["GET", "POST"]),
            Route("/_control/disconnect", refusals(self.disconnect), methods=["POST"]),
        ]

    async def clock(self, request: Request) -> Response:
        """Read or set the clock."""
        if request.method == "POST":
            self.world.clock.set(await _body(request))
            self.world.changed({"type": "clock"})
            self.world.keeper.flush()
        return JSONResponse({"ok": True, "now": self.world.clock.now()})

    async def faults(self, request: Request) -> Response:
        """List, add or clear faults."""
        if request.method == "POST":
            self.world.faults.add(await _body(request))
        if request.method == "DELETE":
            self.world.faults.clear()
        return JSONResponse({"ok": True, "faults": [vars(row) for row in self.world.faults.rows]})

    async def reset(self, request: Request) -> Response:
        """Forget everything people and the app did."""
        self.world.reset()
        self.world.keeper.flush(force=True)
        return JSONResponse({"ok": True})

    async def transcript(self, request: Request) -> Response:
        """Everything witnessed, in order."""
        return JSONResponse({"ok": True, "events": self.world.transcript.rows})

    async def settings(self, request: Request) -> Response:
        """``dedupe`` (client_msg_id) and ``messages_tab_enabled``, both booleans."""
        names = ("dedupe", "messages_tab_enabled")
        if request.method == "POST":
            for key, value in (await _body(request)).items():
                if key not in names or not isinstance(value, bool):
                    raise ActError(f"setting {key!r}: give true or false for {' or '.join(names)}")
                setattr(self.world, key, value)
        return JSONResponse({"ok": True, **{name: getattr(self.world, name) for name in names}})

    async def disconnect(self, request: Request) -> Response:
        """Ask every Socket Mode connection to reconnect."""
        return JSONResponse({"ok": True, "connections": await self.link.disconnect()})
