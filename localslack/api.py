"""HTTP for the Web API: argument decoding, tokens, faults, and documented error answers."""

import json
import re
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from localslack.drop import drop, hang
from localslack.faults import Fault
from localslack.methods import METHODS
from localslack.methods.registry import Method, checked
from localslack.methods.scopes import ALL, must_be_granted
from localslack.world import ApiError, World

Json = dict[str, Any]
REAL_TOKEN = re.compile(r"^(xox[a-z](\.xox[a-z])?-\d|xapp-\d|xoxe)")
JSON_ARGUMENTS = ("blocks", "attachments", "metadata", "view", "files", "message")
REFUSAL = (
    "This is the local Slack and the token looks like a real one. It was not sent anywhere and is not kept; "
    "use xoxb-local-... or xapp-local-... here and revoke the real token if it was shared."
)


class Api:
    """The endpoint ``/api/{method}``."""

    def __init__(self, world: World) -> None:
        self.world = world
        granted = world.workspace.app.scopes
        self.scopes = ALL if granted is None else granted

    async def endpoint(self, request: Request) -> Response:
        """One call, with whatever fault the script has for it."""
        name = request.path_params["method"]
        fault = self.world.faults.next(name)
        if fault and fault.phase == "before":
            return await failed(request, fault)
        try:
            answer = await self.answer(name, request)
        except Limited as limited:
            return _limited(limited.wait)
        self.world.keeper.flush()
        if fault:
            return await failed(request, fault)
        return JSONResponse(answer, headers={"X-OAuth-Scopes": ",".join(self.scopes), "Cache-Control": "no-store"})

    async def answer(self, name: str, request: Request) -> Json:
        """The JSON body of the answer; errors carry documented names."""
        try:
            spec = METHODS.get(name)
            if spec is None:
                raise ApiError("unknown_method", req_method=name)
            args = decoded(await arguments(request))
            check_token(spec, token(request, args))
            self.take(name, args)
            must_be_granted(name, args, self.scopes)
            return {"ok": True, **spec.body(self.world, checked(spec, args))}
        except ApiError as error:
            detail = {"response_metadata": {"messages": error.messages}} if error.messages else {}
            return {"ok": False, "error": error.error, **detail, **error.extra}

    def take(self, name: str, args: Json) -> None:
        """Raises Limited where the app has called too often and the workspace counts."""
        tiers = self.world.tiers
        if tiers and (wait := tiers.refuse(name, str(args.get("channel") or ""), self.world.clock.now())):
            raise Limited(wait)


class Limited(Exception):
    """Called too often; ``wait`` is in whole seconds."""

    def __init__(self, wait: int) -> None:
        super().__init__(wait)
        self.wait = wait


def _limited(wait: int | None) -> Response:
    body = {"ok": False, "error": "ratelimited"}
    return JSONResponse(body, status_code=429, headers={} if wait is None else {"Retry-After": str(wait)})


async def arguments(request: Request) -> Json:
    """Arguments from query, form or JSON body. Raises ApiError invalid_json or invalid_form_data."""
    args: Json = dict(request.query_params)
    mime = request.headers.get("content-type", "").split(";")[0].strip()
    if request.method == "GET":
        return args
    if mime == "multipart/form-data":
        return args | dict(await request.form())
    body = await request.body()
    if mime == "application/json":
        return args | _json_body(body)
    try:
        return args | dict(parse_qsl(body.decode("utf-8"), keep_blank_values=True))
    except UnicodeDecodeError:
        raise ApiError("invalid_form_data") from None


def _json_body(body: bytes) -> Json:
    try:
        data = json.loads(body or b"{}")
    except ValueError:
        raise ApiError("invalid_json") from None
    if not isinstance(data, dict):
        raise ApiError("json_not_object")
    return {key: value for key, value in data.items() if value is not None}


def decoded(args: Json) -> Json:
    """Arguments that forms and some callers carry as JSON text, as values."""
    for name in JSON_ARGUMENTS:
        if isinstance(args.get(name), str):
            try:
                args[name] = json.loads(args[name])
            except ValueError:
                raise ApiError("invalid_blocks_format" if name == "blocks" else "invalid_arguments") from None
    return args


def token(request: Request, args: Json) -> str:
    """The bearer token, or the older ``token`` argument."""
    header = request.headers.get("authorization", "")
    given = args.pop("token", "")
    return header.removeprefix("Bearer ").strip() if header.startswith("Bearer ") else str(given)


def check_token(spec: Method, value: str) -> None:
    """Only local tokens pass, and only of the kind the method wants. Raises ApiError."""
    if REAL_TOKEN.match(value):
        raise ApiError("invalid_auth", f"[ERROR] {REFUSAL}")
    if spec.auth == "none":
        return
    if not value:
        raise ApiError("not_authed")
    kinds = {"bot": ("xoxb-local-",), "app": ("xapp-local-",), "any": ("xoxb-local-", "xapp-local-")}
    if not value.startswith(kinds["any"]):
        raise ApiError("invalid_auth")
    if not value.startswith(kinds[spec.auth]):
        raise ApiError("not_allowed_token_type")


async def failed(request: Request, fault: Fault) -> Response:
    """The scripted failure. Reset and close really end the TCP connection without an answer."""
    # Read the whole request first: dropping a half-sent one would look different to the client each time.
    await request.body()
    if fault.kind in ("reset", "close"):
        return drop(request, reset=fault.kind == "reset")
    if fault.kind == "hang":
        return await hang(request, fault.seconds)
    if fault.kind == "error":
        return JSONResponse({"ok": False, "error": fault.error})
    if fault.kind == "429":
        return _limited(fault.retry_after)
    if fault.kind == "502":
        # What a proxy in front of Slack answers: a page for people, not JSON.
        page = (
            "<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head><body><h1>Bad Gateway</h1></body></html>"
        )
        return Response(page, status_code=502, media_type="text/html")
    return Response("upstream failure", status_code=int(fault.kind), media_type="text/plain")
