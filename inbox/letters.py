"""What Slack sends, read strictly: an envelope becomes a letter, or is malformed.

De-duplication keys (Slack: "Events API", "Handling user interaction"): events by event_id, presses by team, user,
action, place and action_ts, submissions by the view's id, commands by their trigger_id, shortcuts by their action_ts.
"""

from dataclasses import dataclass, field
from typing import Any

from tasks.blocks import PREFIX

Json = dict[str, Any]
MAX_ID = 255
NAMELESS = (("command", "/concern"), ("submission", "concern"))


class Malformed(ValueError):
    """A payload lacks what Slack documents; the message names the field."""


@dataclass(frozen=True, kw_only=True)
class Envelope:
    """A payload as a transport received it. `kind` is Socket Mode's: interactive, events_api or slash_commands."""

    kind: str
    payload: Json


@dataclass(frozen=True, kw_only=True)
class Letter:
    """One thing a person or Slack did. `kind` is press, submission, shortcut, command, event or other (not for us).

    `verb` and `subject` say what is meant: a button's verb and opaque id, a command and its text, an event's type.
    A shortcut was used on `message` in the conversation `place`, where the app need not be able to answer.
    """

    kind: str
    key: str
    team: str
    app: str
    user: str = ""
    verb: str = ""
    subject: str = ""
    trigger: str = ""
    channel: str = ""
    thread: str = ""
    view: Json = field(default_factory=dict)
    event: Json = field(default_factory=dict)
    message: Json = field(default_factory=dict)
    place: str = ""

    @property
    def nameless(self) -> bool:
        """Whether this is about a concern: then neither the door book nor the log may say who sent it."""
        return (self.kind, self.verb) in NAMELESS


def read(envelope: Envelope) -> Letter:
    """Read one envelope. Raises Malformed."""
    payload = envelope.payload
    if envelope.kind == "events_api":
        return _event(payload)
    if envelope.kind == "slash_commands":
        return _command(payload)
    if envelope.kind != "interactive":
        raise Malformed(f"no payload is of the kind {envelope.kind!r}")
    kind = _text(payload, "type")
    if kind == "block_actions":
        return _press(payload)
    if kind == "view_submission":
        return _submission(payload)
    if kind == "message_action":
        return _shortcut(payload)
    return Letter(kind="other", key="", verb=kind, **_sender(payload, with_app=False))


def _sender(payload: Json, *, with_app: bool = True) -> Json:
    """Who acts; shortcuts do not name the app (Slack: "Shortcuts interaction payload")."""
    return {
        "team": _text(payload, "team", "id"),
        "app": _text(payload, "api_app_id", needed=with_app),
        "user": _text(payload, "user", "id"),
        "trigger": _text(payload, "trigger_id", needed=False),
    }


def _press(payload: Json) -> Letter:
    sender = _sender(payload)
    pressed = payload.get("actions")
    if not isinstance(pressed, list) or not pressed or not isinstance(pressed[0], dict):
        raise Malformed("actions is missing or empty")
    action: Json = pressed[0]
    action_id, action_ts = _text(action, "action_id"), _text(action, "action_ts")
    in_view = bool(_text(payload, "container", "view_id", needed=False))
    place = _text(payload, "container", "view_id" if in_view else "message_ts")
    key = ":".join(("press", sender["team"], sender["user"], action_id, place, action_ts))
    verb, subject = _meant(action_id, action)
    if not verb:
        return Letter(kind="other", key=key, verb=action_id, **sender)
    return Letter(
        kind="press",
        key=key,
        verb=verb,
        subject=subject,
        channel=_text(payload, "container", "channel_id", needed=False),
        thread=_text(payload, "container", "thread_ts", needed=False),
        view=_table(payload, "view"),
        **sender,
    )


def _meant(action_id: str, action: Json) -> tuple[str, str]:
    """Verb and subject; in a "⋯" menu the chosen option says both. Another app's action has no verb."""
    prefix, _, verb = action_id.rpartition(".")
    if prefix != PREFIX:
        return "", ""
    if verb != "more":
        return verb, _text(action, "value")
    verb, _, subject = _text(action, "selected_option", "value").partition(":")
    return verb, subject


def _submission(payload: Json) -> Letter:
    sender, view = _sender(payload), _table(payload, "view")
    key = f"submission:{sender['team']}:{_text(view, 'id')}"
    prefix, _, verb = _text(view, "callback_id").rpartition(".")
    if prefix != PREFIX:
        return Letter(kind="other", key=key, verb=verb, **sender)
    _well_formed(view)
    return Letter(
        kind="submission",
        key=key,
        verb=verb,
        subject=_text(view, "private_metadata", needed=False),
        view=view,
        **sender,
    )


def _well_formed(view: Json) -> None:
    """Whatever reads the answers may rely on this much. Raises Malformed."""
    blocks, values = view.get("blocks"), _table(view, "state").get("values")
    if not isinstance(blocks, list) or not all(isinstance(block, dict) and "type" in block for block in blocks):
        raise Malformed("view.blocks is missing")
    if any(block["type"] == "input" and not isinstance(block.get("block_id"), str) for block in blocks):
        raise Malformed("view.blocks holds an input without block_id")
    if not isinstance(values, dict) or not all(isinstance(row, dict) for row in values.values()):
        raise Malformed("view.state.values is missing")
    if not all(isinstance(answer, dict) for row in values.values() for answer in row.values()):
        raise Malformed("view.state.values holds an answer that is no object")


def _shortcut(payload: Json) -> Letter:
    """Used on a message: `message` and `channel` say on which, `action_ts` when."""
    sender, message = _sender(payload, with_app=False), _table(payload, "message")
    action_ts, ts = _text(payload, "action_ts"), _text(message, "ts")
    key = ":".join(("shortcut", sender["team"], sender["user"], ts, action_ts))
    prefix, _, verb = _text(payload, "callback_id").rpartition(".")
    if prefix != PREFIX:
        return Letter(kind="other", key=key, verb=verb, **sender)
    place = _text(payload, "channel", "id")
    return Letter(kind="shortcut", key=key, verb=verb, message=message, place=place, **sender)


def _command(payload: Json) -> Letter:
    team, trigger = _text(payload, "team_id"), _text(payload, "trigger_id")
    return Letter(
        kind="command",
        key=f"command:{team}:{trigger}",
        team=team,
        app=_text(payload, "api_app_id"),
        user=_text(payload, "user_id"),
        verb=_text(payload, "command"),
        subject=_text(payload, "text", needed=False),
        trigger=trigger,
        channel=_text(payload, "channel_id"),
    )


def _event(payload: Json) -> Letter:
    event = _table(payload, "event")
    team, verb = _text(payload, "team_id"), _text(event, "type")
    user = event.get("user")
    return Letter(
        kind="event",
        key=f"event:{_text(payload, 'event_id')}",
        team=team,
        app=_text(payload, "api_app_id"),
        user=_text(event, "user", "id") if isinstance(user, dict) else _text(event, "user", needed=False),
        verb=verb,
        event=event,
    )


def _table(payload: Json, name: str) -> Json:
    found = payload.get(name)
    return found if isinstance(found, dict) else {}


def _text(payload: Json, *path: str, needed: bool = True) -> str:
    """The words at a path. Raises Malformed when they are missing (unless not `needed`) or no plain text."""
    found: Any = payload
    for name in path:
        found = found.get(name) if isinstance(found, dict) else None
    if found is None and not needed:
        return ""
    if not isinstance(found, str) or (needed and not found):
        raise Malformed(f"{'.'.join(path)} is missing")
    if needed and (len(found) > MAX_ID or not found.isprintable()):
        raise Malformed(f"{'.'.join(path)} is no identifier")
    return found
