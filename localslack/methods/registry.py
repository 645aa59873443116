"""The registry of Web API methods: what each takes, which token it wants, and the function behind it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from localslack.world import ApiError, World

Json = dict[str, Any]
Body = Callable[[World, Json], Json]


@dataclass(frozen=True, kw_only=True)
class Method:
    """``auth`` is the token kind: "bot", "app", "any" or "none"; ``known`` are the documented arguments, others are refused."""

    name: str
    auth: str
    known: frozenset[str]
    needs: tuple[str, ...]
    body: Body


METHODS: dict[str, Method] = {}


def method(name: str, *, takes: str = "", needs: str = "", auth: str = "bot") -> Callable[[Body], Body]:
    """Register a function as a Web API method. ``takes`` and ``needs`` are space-separated argument names."""

    def register(body: Body) -> Body:
        known = frozenset([*takes.split(), *needs.split(), "token"])
        METHODS[name] = Method(name=name, auth=auth, known=known, needs=tuple(needs.split()), body=body)
        return body

    return register


def checked(spec: Method, args: Json) -> Json:
    """Arguments after the checks every method shares. Raises ApiError invalid_arguments."""
    if spec.name == "api.test":
        return args
    unknown = [f"[ERROR] unknown argument: {key}" for key in sorted(set(args) - spec.known)]
    missing = [f"[ERROR] missing required field: {key}" for key in spec.needs if args.get(key) in (None, "")]
    if unknown or missing:
        raise ApiError("invalid_arguments", *unknown, *missing)
    return args


def flag(args: Json, key: str, *, default: bool = False) -> bool:
    """A boolean argument; forms carry it as 1/0 or true/false."""
    value = args.get(key, default)
    return value if isinstance(value, bool) else str(value).lower() in ("1", "true")


def number(args: Json, key: str, default: int, high: int) -> int:
    """A count from 1 to ``high``. Raises invalid_limit."""
    try:
        value = int(args.get(key) or default)
    except (TypeError, ValueError):
        raise ApiError("invalid_limit") from None
    if value < 1:
        raise ApiError("invalid_limit")
    return min(value, high)


def page(rows: list[Json], args: Json, default: int, high: int) -> tuple[list[Json], str]:
    """One page of rows and the cursor of the next page ("" when it was the last). Raises invalid_cursor."""
    cursor = str(args.get("cursor") or "0").removeprefix("next-")
    if not cursor.isdigit():
        raise ApiError("invalid_cursor")
    start, size = int(cursor), number(args, "limit", default, high)
    more = start + size < len(rows)
    return rows[start : start + size], f"next-{start + size}" if more else ""
