"""Slack over Socket Mode: the connection is ours, so nothing has to be reachable from outside.

What people press while no connection is open is lost to us (Slack keeps no interactions); reminders and the App Home
are the recovery.
"""

from contextlib import suppress
from socket import SHUT_RDWR

from slack_sdk import WebClient
from slack_sdk.socket_mode import SocketModeClient
from slack_sdk.socket_mode.client import BaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse

from inbox.dispatch import dispatch
from inbox.house import SLACK_TROUBLE, Inbox, introduce, log
from inbox.letters import Envelope

PING_S = 5.0
WORKERS = 10
CLOSING_STEPS, CLOSING_STEP_S = 100, 0.05


class SocketDoor:
    """One Socket Mode connection, which comes back by itself when it breaks. Use it as a context manager.

    `ping_s` is how often, in seconds, the connection is checked.
    """

    def __init__(self, inbox: Inbox, *, ping_s: float = PING_S) -> None:
        self.inbox = inbox
        # Its own client, with the SDK's retries: opening a connection twice does no harm.
        web = WebClient(base_url=inbox.settings.slack_base_url)
        token = inbox.settings.secret("slack_app_token")
        self._client = SocketModeClient(app_token=token, web_client=web, ping_interval=ping_s, concurrency=WORKERS)
        # Left to themselves both take the environment's proxy, through which this machine cannot be reached.
        web.proxy = self._client.proxy = inbox.client.proxy
        self._client.socket_mode_request_listeners.append(self._receive)

    def connect(self) -> "SocketDoor":
        """Learn who we are and open the connection.

        Raises:
            BadInput: when Slack cannot be asked, or the record belongs to another workspace.
        """
        introduce(self.inbox)
        self._client.connect()
        return self

    @property
    def is_connected(self) -> bool:
        return self._client.is_connected()

    def close(self) -> None:
        """End the connection within a second or so; what is being handled is finished and acknowledged first."""
        end(self._client)

    def __enter__(self) -> "SocketDoor":
        return self.connect()

    def __exit__(self, *_: object) -> None:
        self.close()

    def _receive(self, client: BaseSocketModeClient, request: SocketModeRequest) -> None:
        reply = dispatch(self.inbox, Envelope(kind=request.type, payload=request.payload))
        if reply.status < 500:
            # Without the ack Slack sends an event again, which is what we want after trouble of our own.
            try:
                client.send_socket_mode_response(
                    SocketModeResponse(envelope_id=request.envelope_id, payload=reply.body)
                )
            except SLACK_TROUBLE as error:
                log.warning("an acknowledgement was lost with the connection: %r", error)
        reply.after()


def end(client: SocketModeClient) -> None:
    """Close a Socket Mode client for good.

    The SDK's own `close` waits out a 3 s read, drops acks that are under way, and now and then never returns,
    because its reader puts `terminated` back to False when it is just about to look at the socket again.
    """
    client.closed = True
    client.auto_reconnect_enabled = client.default_auto_reconnect_enabled = False
    client.message_queue.put(None)
    runners = [client.message_processor, client.current_app_monitor, client.current_session_runner]
    for runner in runners:
        runner.event.set()
    client.message_workers.shutdown(wait=True)
    for _ in range(CLOSING_STEPS):
        client.current_session_state.terminated = True
        _wake_reader(client)
        alive = [runner for runner in runners if runner.is_alive()]
        if not alive:
            break
        alive[0].thread.join(CLOSING_STEP_S)
    client.disconnect()


def _wake_reader(client: SocketModeClient) -> None:
    """A read that waits for Slack returns at once when its socket is shut down."""
    session = client.current_session
    if session is not None and session.sock is not None:
        with suppress(OSError):
            session.sock.shutdown(SHUT_RDWR)
