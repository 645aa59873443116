"""The ASGI application: Web API, Socket Mode, files, response_url, people, control and the page."""

from base64 import b64decode
from pathlib import Path
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles

from localslack import responses
from localslack.api import Api
from localslack.delivery import Carrier, Delivery, SignedHttp
from localslack.human import Human
from localslack.human_api import ControlApi, HumanApi
from localslack.link import SocketMode
from localslack.methods import files
from localslack.world import ApiError, World

# The page may talk to this server only: what an app puts in a block cannot make the browser call out.
POLICY = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
}
PAGE = Path(__file__).parent / "page"


class Pages:
    """Files, response_url posts and the page itself."""

    def __init__(self, world: World) -> None:
        self.world = world

    async def index(self, request: Request) -> Response:
        """The page."""
        return FileResponse(PAGE / "index.html", headers={"Cache-Control": "no-store", **POLICY})

    async def archive(self, request: Request) -> Response:
        """A permalink leads to the page with the conversation open."""
        return RedirectResponse(f"/?channel={quote(request.path_params['channel'])}")

    async def upload(self, request: Request) -> Response:
        """The bytes of an app's upload: raw, or the first file of a multipart form."""
        file_id = request.path_params["file"]
        if file_id not in self.world.state.files:
            return PlainTextResponse("no such upload", status_code=404)
        content = await _content(request)
        files.fill(self.world, file_id, content)
        self.world.keeper.flush()
        return PlainTextResponse(f"OK - {len(content)}")

    async def download(self, request: Request) -> Response:
        """A file's bytes for the app's token, or for the page on this machine (same-origin requests)."""
        row = self.world.state.files.get(request.path_params["file"].split("-")[-1])
        bearer = request.headers.get("authorization", "").startswith("Bearer xoxb-local-")
        page = request.headers.get("sec-fetch-site") in ("same-origin", "none")
        if not bearer and not page:
            return RedirectResponse("/?redir=files", status_code=302)
        if row is None or "content" not in row:
            return PlainTextResponse("not found", status_code=404)
        names = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(row['name'])}"}
        return Response(b64decode(row["content"]), media_type="application/octet-stream", headers=names)

    async def response(self, request: Request) -> Response:
        """A POST to a response_url."""
        try:
            body = await request.json()
            responses.use_response_url(self.world, request.path_params["key"], body)
        except ValueError:
            return JSONResponse({"ok": False, "error": "invalid_payload"}, status_code=400)
        except ApiError as error:
            status = 404 if error.error in ("used_url", "expired_url") else 400
            return JSONResponse({"ok": False, "error": error.error}, status_code=status)
        self.world.keeper.flush()
        return PlainTextResponse("ok")


async def _content(request: Request) -> bytes:
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        return await request.body()
    form = await request.form()
    for value in form.values():
        if not isinstance(value, str):
            return await value.read()
    return b""


class Parts:
    """The wired-up application and the parts a server must stop."""

    def __init__(
        self, world: World, *, request_url: str | None, signing_secret: str | None, ack_seconds: float
    ) -> None:
        self.world = world
        self.link = SocketMode(world, ack_seconds)
        carrier: Carrier = self.link
        if request_url:
            carrier = SignedHttp(world, request_url, signing_secret or "", ack_seconds)
        self.delivery = Delivery(world, carrier)
        self.human = Human(world, self.delivery)

    def asgi(self) -> Starlette:
        """The ASGI application. Only loopback host names are answered, so no other site can reach in."""
        api, pages = Api(self.world), Pages(self.world)
        routes = [
            Route("/", pages.index),
            Route("/api/{method}", api.endpoint, methods=["GET", "POST"]),
            WebSocketRoute("/link/", self.link.endpoint),
            Route("/upload/v1/{file}", pages.upload, methods=["POST"]),
            Route("/files-pri/{file}/{rest:path}", pages.download),
            Route("/response/{key}", pages.response, methods=["POST"]),
            Route("/archives/{channel}/{message}", pages.archive),
            *HumanApi(self.world, self.human).routes(),
            *ControlApi(self.world, self.link).routes(),
            Mount("/static", StaticFiles(directory=PAGE)),
        ]
        guard = Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"])
        return Starlette(routes=routes, middleware=[guard])

    async def stop(self) -> None:
        """End streams, connections and redeliveries, and write the end state."""
        self.world.bus.close()
        await self.delivery.close()
        await self.link.disconnect("link_disabled")
        self.world.keeper.touch()
        self.world.keeper.flush(force=True)
        self.world.transcript.close()
