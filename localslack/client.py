"""A small Python client for the human API, for tests and simulated owners."""

import ssl
from pathlib import Path
from typing import Any, cast

import httpx

Json = dict[str, Any]


class RefusedError(RuntimeError):
    """The person could not do that; the message says why."""


class HumanClient:
    """Acts as any person. ``user`` is an id, e-mail address or name everywhere."""

    def __init__(self, url: str) -> None:
        # Plain HTTP on this machine: a context that trusts nobody spares reading the certificates of the world.
        nobody = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._http = httpx.Client(base_url=url, trust_env=False, verify=nobody, timeout=30)

    def call(self, verb: str, path: str, body: Any = None) -> Json:
        """One call. Raises RefusedError with the server's sentence."""
        answer = self._http.request(verb, path, json=body) if body is not None else self._http.request(verb, path)
        data = cast(Json, answer.json())
        if not data["ok"]:
            raise RefusedError(str(data["error"]))
        return data

    def act(self, user: str, kind: str, **order: Any) -> Json:
        """Any act; returns ``{ok, acked, reason, errors, view}``."""
        return self.call("POST", "/_human/act", {"user": user, "kind": kind, **order})

    def press(
        self, user: str, action_id: str, *, message: Json | None = None, expect_view: bool = False, **order: Any
    ) -> Json:
        """Press an element. ``message`` is a row of messages(); otherwise give channel and ts, or view_id.

        ``expect_view`` waits up to 5 s for the modal that follows.
        """
        if message:
            order |= {"channel": message["channel"], "ts": message["ts"]}
        if expect_view:
            order["expect"] = "view"
        return self.act(user, "press", action_id=action_id, **order)

    def submit(self, user: str, view_id: str, values: Json | None = None, **order: Any) -> Json:
        """Submit a modal with ``{block_id: {action_id: answer}}``."""
        return self.act(user, "submit", view_id=view_id, values=values or {}, **order)

    def say(self, user: str, text: str, **order: Any) -> Json:
        """Write a message, to the app unless ``channel`` is given."""
        return self.act(user, "message", text=text, **order)

    def inbox(self, user: str) -> list[Json]:
        """The person's conversations with their messages, oldest message first."""
        rows = self._http.get("/_human/inbox", params={"user": user}).json()
        if not rows["ok"]:
            raise RefusedError(rows["error"])
        return cast(list[Json], rows["conversations"])

    def messages(self, user: str, channel: str | None = None) -> list[Json]:
        """Messages of one conversation, or of all, each with its ``channel``, oldest first."""
        rows = [
            {**message, "channel": row["id"]}
            for row in self.inbox(user)
            for message in row["messages"]
            if channel in (None, row["id"], row["name"])
        ]
        return sorted(rows, key=lambda row: float(row["ts"]))

    def views(self, user: str) -> Json:
        """``{stack, home}``: open modals, bottom first, and the App Home."""
        return cast(Json, self._http.get("/_human/views", params={"user": user}).json())

    def upload(self, user: str, path: str | Path, *, content: bytes | None = None) -> Json:
        """Upload a file as this person; use its ``id`` as the answer of a file_input."""
        name, data = Path(path).name, content if content is not None else Path(path).read_bytes()
        answer = self._http.post("/_human/upload", params={"user": user, "name": name}, content=data).json()
        if not answer["ok"]:
            raise RefusedError(answer["error"])
        return cast(Json, answer["file"])

    def transcript(self) -> list[Json]:
        """Everything witnessed so far."""
        return cast(list[Json], self.call("GET", "/_control/transcript")["events"])

    def close(self) -> None:
        """Close the connection."""
        self._http.close()
