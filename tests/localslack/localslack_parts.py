"""What the tests of the local Slack are made of: a clock to set, an app that answers, and short block builders."""

from collections.abc import Callable
from typing import Any

from slack_sdk import WebClient
from slack_sdk.socket_mode import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse

from inbox.socket import end
from localslack.server import LocalSlack

Json = dict[str, Any]


MONDAY = 1_791_160_200.0


class Hand:
    """A clock moved by hand."""

    def __init__(self, at: float) -> None:
        self.at = at

    def __call__(self) -> float:
        return self.at


WORKSPACE: Json = {
    "team": {"id": "T00000001", "name": "Aozora Holdings", "domain": "aozora"},
    "app": {
        "id": "A00000001",
        "name": "Hoshin",
        "commands": ["/hoshin"],
        "shortcuts": [{"callback_id": "use_as_evidence", "name": "Use as evidence"}],
    },
    "channels": [
        {"name": "ai-governance"},
        {"name": "closed", "is_archived": True},
        {"name": "elsewhere", "bot_member": False},
    ],
    "users": [
        {"name": "yuki", "real_name": "佐藤 由紀", "email": "yuki@aozora.example", "tz": "Asia/Tokyo", "locale": "ja-JP",
         "title": "信用審査部"},
        {"name": "maria", "real_name": "Maria Keller", "email": "maria@aozora.example", "tz": "Europe/Berlin",
         "locale": "en-GB", "title": "Head of Claims"},
        {"name": "wolfe", "real_name": "Bartholomew Featherstonehaugh-Cholmondeley of Wolfeschlegelstein",
         "email": "wolfe@aozora.example", "tz": "America/Los_Angeles", "title": "Vice President, Responsible Innovation and Model Risk"},
        {"name": "gone", "real_name": "Gone Person", "email": "gone@aozora.example", "deleted": True},
    ],
}  # fmt: skip


def client(slack: LocalSlack) -> WebClient:
    return WebClient(token=slack.bot_token, base_url=slack.api_url, retry_handlers=[], timeout=5)


Handler = Callable[[WebClient, SocketModeRequest], Json | None]


class AppUnderTest:
    """A Socket Mode app: keeps every request and answers with what ``handler`` returns; ``mute`` never acks."""

    def __init__(self, slack: LocalSlack) -> None:
        self.web = client(slack)
        self.requests: list[SocketModeRequest] = []
        self.mute = False
        self.handler: Handler = lambda web, request: None
        self.socket = SocketModeClient(app_token=slack.app_token, web_client=self.web, ping_interval=0.2)
        self.socket.socket_mode_request_listeners.append(self._on)
        self.socket.connect()

    def close(self) -> None:
        """End the connection."""
        end(self.socket)

    def _on(self, socket: Any, request: SocketModeRequest) -> None:
        self.requests.append(request)
        if self.mute:
            return
        payload = self.handler(self.web, request)
        socket.send_socket_mode_response(SocketModeResponse(envelope_id=request.envelope_id, payload=payload))


def button(action_id: str, text: str = "Go", **more: Any) -> Json:
    return {"type": "button", "action_id": action_id, "text": {"type": "plain_text", "text": text}, **more}


def section(text: str, **more: Any) -> Json:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}, **more}


def actions(*elements: Json, **more: Any) -> Json:
    return {"type": "actions", "elements": list(elements), **more}


def field(block_id: str, element: Json, label: str = "Label", **more: Any) -> Json:
    return {
        "type": "input",
        "block_id": block_id,
        "label": {"type": "plain_text", "text": label},
        "element": {"action_id": "a", **element},
        **more,
    }


def modal(*blocks: Json, title: str = "Evidence", **more: Any) -> Json:
    return {
        "type": "modal",
        "callback_id": "evidence",
        "title": {"type": "plain_text", "text": title},
        "submit": {"type": "plain_text", "text": "Submit"},
        "blocks": list(blocks),
        **more,
    }
