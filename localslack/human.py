"""What a person does: press, choose, submit, close, write, open the home tab, use commands and shortcuts."""

import asyncio
from typing import Any

from localslack import forms, messages, payloads, responses
from localslack.delivery import Ack, Delivery
from localslack.methods import files, views
from localslack.workspace import User, WorkspaceError
from localslack.world import ApiError, World

Json = dict[str, Any]
VIEW_WAIT_SECONDS = 5.0


class ActError(ValueError):
    """The person cannot do that here; the message says why."""


class Human:
    """Acts of people. Every act returns ``{ok, acked, reason, errors, view}``."""

    def __init__(self, world: World, delivery: Delivery) -> None:
        self.world = world
        self.delivery = delivery

    async def act(self, order: Json) -> Json:
        """Carry out one act given as JSON. Raises ActError, ApiError or ChoiceError."""
        user = self.user(order)
        kind = str(order.get("kind"))
        does = getattr(self, f"do_{kind}", None)
        if does is None:
            known = sorted(name[3:] for name in dir(self) if name.startswith("do_"))
            raise ActError(f"kind {kind!r} is not one of {', '.join(known)}")
        waiter = self.world.bus.subscribe() if order.get("expect") == "view" else None
        before = self.top_hash(user)
        result: Json = await does(user, order)
        if waiter is not None:
            await self._view_change(user, before, waiter)
        return {"ok": True, "acked": True, "reason": "", "errors": {}, **result, "view": self.top(user)}

    def user(self, order: Json) -> User:
        """The acting person. Raises ActError."""
        user = self.world.workspace.user(str(order.get("user", "")))
        if user is None:
            raise ActError(f"no user {order.get('user')!r} in this workspace")
        if user.deleted and order.get("kind") != "profile":
            raise ActError(f"{user.real_name} is deactivated and can do nothing")
        return user

    def top(self, user: User) -> Json | None:
        """The person's topmost modal."""
        stack = self.world.state.stacks.get(user.id)
        return views.public(self.world, self.world.state.views[stack[-1]]) if stack else None

    def top_hash(self, user: User) -> str | None:
        """Changes whenever the topmost modal changes."""
        top = self.top(user)
        return top["hash"] if top else None

    async def _view_change(self, user: User, before: str | None, waiter: asyncio.Queue[Json | None]) -> None:
        try:
            async with asyncio.timeout(VIEW_WAIT_SECONDS):
                while self.top_hash(user) == before and await waiter.get() is not None:
                    pass
        except TimeoutError:
            pass
        finally:
            self.world.bus.unsubscribe(waiter)

    # Where the act happens ---------------------------------------------------------------------------

    def channel(self, user: User, order: Json) -> Json:
        """The conversation of the act; the direct one with the app when none is named."""
        key = order.get("channel")
        row = self.world.conversation(str(key)) if key else self.world.direct([user.id])
        if user.id not in self.world.members(row):
            raise ActError(f"{user.real_name} is not in {row['id']}")
        return row

    def message(self, user: User, channel: Json, order: Json) -> Json:
        """The message of the act, which the person must be able to see."""
        found = self.world.state.find_message(channel["id"], str(order.get("ts")))
        if found is None or found.get("ephemeral_user") not in (None, user.id):
            raise ActError(f"no message {order.get('ts')!r} in {channel['id']}")
        return found

    def view(self, user: User, order: Json) -> Json:
        """The view of the act: the home, or a modal on the person's stack."""
        view_id = str(order.get("view_id"))
        if view_id not in [*self.world.state.stacks.get(user.id, []), self.world.state.homes.get(user.id)]:
            raise ActError(f"view {view_id!r} is not open for {user.real_name}")
        return self.world.state.views[view_id]

    # Acts ----------------------------------------------------------------------------------------------

    async def do_press(self, user: User, order: Json) -> Json:
        """Press a button or choose in an element, in a message or a view."""
        in_view = bool(order.get("view_id"))
        channel = {} if in_view else self.channel(user, order)
        holder = self.view(user, order) if in_view else self.message(user, channel, order)
        block, element = _target(holder.get("blocks", []), order)
        state = self._state(user, channel, holder, in_view)
        action = self._action(block, element, order, state)
        if block["type"] == "input" and not block.get("dispatch_action"):
            self.world.changed({"type": "state", "user": user.id})
            return {}
        place = {"view_id": holder["id"]} if in_view else {"channel": channel["id"], "ts": holder["ts"]}
        self.world.witness("press", user=user.id, action=action, **place)
        if in_view:
            payload = payloads.view_actions(self.world, user, holder, action)
        else:
            payload = payloads.message_actions(self.world, user, channel, holder, action, state)
        return self._told(user, await self.delivery.interact("interactive", payload))

    do_select = do_press

    def _state(self, user: User, channel: Json, holder: Json, in_view: bool) -> Json:
        if in_view:
            state: Json = self.world.state.view_states.setdefault(holder["id"], {})
            return state
        key = f"{user.id}:{channel['id']}:{holder['ts']}"
        kept = forms.carried(holder.get("blocks", []), self.world.state.message_states.get(key, {}))
        self.world.state.message_states[key] = kept
        return kept

    def _action(self, block: Json, element: Json, order: Json, state: Json) -> Json:
        action = {"type": element["type"], "action_id": element["action_id"], "block_id": block["block_id"]}
        action["action_ts"] = self.world.mint_ts()
        for key in ("text", "value", "style", "placeholder"):
            if key in element and element["type"] != "overflow":
                action[key] = element[key]
        if element["type"] == "overflow":
            return {**action, "selected_option": forms.option(element, str(order.get("value")))}
        if element["type"] in forms.FIELDS:
            answer = forms.answer(element, order.get("value"), self._files())
            state.setdefault(block["block_id"], {})[element["action_id"]] = answer
            action |= answer
        return action

    def _files(self) -> dict[str, Json]:
        return {name: files.file_object(self.world, row) for name, row in self.world.state.files.items()}

    async def do_submit(self, user: User, order: Json) -> Json:
        """Submit a modal with raw values; required fields and formats are checked first, as Slack does."""
        view = self.view(user, order)
        if view["type"] != "modal" or not view.get("submit"):
            raise ActError(f"view {view['id']} cannot be submitted")
        state = self.world.state.view_states.setdefault(view["id"], {})
        for block_id, row in (order.get("values") or {}).items():
            for action_id, raw in row.items():
                block, element = forms.find(view["blocks"], action_id, block_id)
                answer = forms.answer(element, raw, self._files())
                state.setdefault(block["block_id"], {})[action_id] = answer
        refused = forms.errors(view["blocks"], state, user.locale[:2])
        if refused:
            return {"errors": refused}
        values = views.public(self.world, view)["state"]["values"]
        self.world.witness("submit", user=user.id, view_id=view["id"], callback_id=view["callback_id"], values=values)
        ack = await self.delivery.interact("interactive", payloads.submission(self.world, user, view))
        result = self._told(user, ack)
        if ack.acked:
            result |= self._after(user, view, ack.payload)
        return result

    def _after(self, user: User, view: Json, answer: Json | None) -> Json:
        try:
            return {"errors": responses.after_submission(self.world, user.id, view, answer)}
        except ApiError as error:
            return {"acked": False, "reason": error.error, "detail": error.messages}

    async def do_close(self, user: User, order: Json) -> Json:
        """Close the topmost modal; ``clear`` closes the whole stack."""
        view = self.view(user, order)
        stack = self.world.state.stacks.get(user.id, [])
        clear = bool(order.get("clear") or view.get("clear_on_close"))
        del stack[0 if clear else stack.index(view["id"]) :]
        self.world.witness("close", user=user.id, view_id=view["id"])
        self.world.changed({"type": "view", "user": user.id})
        if not view.get("notify_on_close"):
            return {}
        payload = payloads.closed(self.world, user, view, cleared=clear)
        return self._told(user, await self.delivery.interact("interactive", payload))

    async def do_home_opened(self, user: User, order: Json) -> Json:
        """Open the app's home (``tab`` "home", default) or messages tab."""
        event = {"type": "app_home_opened", "user": user.id, "channel": self.world.direct([user.id])["id"]}
        event |= {"tab": str(order.get("tab", "home")), "event_ts": self.world.mint_ts()}
        home = self.world.state.homes.get(user.id)
        if home and event["tab"] == "home":
            event["view"] = views.public(self.world, self.world.state.views[home])
        self.world.witness("home_opened", user=user.id)
        return self._told(user, await self.delivery.event(event))

    async def do_profile(self, user: User, order: Json) -> Json:
        """Change the profile: any of name, real_name, email, tz, locale, title, deleted; the app hears user_change."""
        profile = order.get("profile")
        if not isinstance(profile, dict) or not profile:
            raise ActError("profile: give an object with any of name, real_name, email, tz, locale, title, deleted")
        try:
            self.world.workspace = self.world.workspace.changed(user, profile)
        except WorkspaceError as error:
            raise ActError(str(error)) from error
        shown = self.world.user_object(self.world.person(user.id))
        self.world.witness("profile", user=user.id, profile=profile)
        self.world.changed({"type": "user", "user": user.id})
        event = {"type": "user_change", "user": shown, "cache_ts": int(self.world.clock.now())}
        return self._told(user, await self.delivery.event({**event, "event_ts": self.world.mint_ts()}))

    async def do_slash(self, user: User, order: Json) -> Json:
        """Use a slash command; the app's immediate answer is shown."""
        channel = self.channel(user, order)
        command, text = str(order.get("command")), str(order.get("text") or "")
        command = command if command.startswith("/") else f"/{command}"
        self.world.witness("slash", user=user.id, channel=channel["id"], command=command, text=text)
        payload = payloads.slash(self.world, user, channel, command, text)
        ack = await self.delivery.interact("slash_commands", payload)
        if ack.payload and (ack.payload.get("text") or ack.payload.get("blocks")):
            responses.respond(self.world, {"channel": channel["id"], "user": user.id, "ts": None}, ack.payload)
        return self._told(user, ack)

    async def do_shortcut(self, user: User, order: Json) -> Json:
        """Use a message shortcut (with channel and ts) or a global one."""
        callback_id = str(order.get("callback_id"))
        if not order.get("ts"):
            payload = payloads.shortcut(self.world, user, callback_id)
        else:
            channel = self.channel(user, order)
            message = self.message(user, channel, order)
            payload = payloads.message_shortcut(self.world, user, callback_id, channel, message)
        self.world.witness("shortcut", user=user.id, callback_id=callback_id, ts=order.get("ts"))
        return self._told(user, await self.delivery.interact("interactive", payload))

    async def do_message(self, user: User, order: Json) -> Json:
        """Write a message; the app gets a message event for its direct conversations."""
        channel = self.channel(user, order)
        text = messages.typed(str(order.get("text") or "").strip())
        if not text and not order.get("files"):
            raise ActError("a message needs text or files")
        fields: Json = {"user": user.id, "team": self.world.workspace.team_id, "text": text}
        if order.get("files"):
            fields["files"] = [self._files()[name] for name in order["files"]]
        if order.get("thread_ts"):
            fields["thread_ts"] = str(order["thread_ts"])
        row = messages.post(self.world, channel["id"], fields)
        if "users" not in channel:
            return {"ts": row["ts"]}
        kind = "im" if channel["id"].startswith("D") else "mpim"
        event = {**messages.public(row), "channel": channel["id"], "event_ts": row["ts"], "channel_type": kind}
        return {"ts": row["ts"], **self._told(user, await self.delivery.event(event))}

    async def do_read(self, user: User, order: Json) -> Json:
        """Mark a conversation read."""
        channel = self.channel(user, order)["id"]
        rows = self.world.state.messages.get(channel, [])
        marks = self.world.state.read.setdefault(user.id, {})
        if rows and marks.get(channel) != rows[-1]["ts"]:
            marks[channel] = rows[-1]["ts"]
            self.world.changed({"type": "read", "user": user.id, "channel": channel})
        return {}

    def _told(self, user: User, ack: Ack) -> Json:
        self.world.witness("answer", user=user.id, acked=ack.acked, reason=ack.reason, payload=ack.payload)
        return {"acked": ack.acked, "reason": ack.reason}


def _target(blocks: list[Json], order: Json) -> tuple[Json, Json]:
    """The element meant; a button's ``value`` tells buttons with one action_id apart."""
    action_id, value = str(order.get("action_id")), order.get("value")
    for block, row in forms.elements(blocks):
        same = row["action_id"] == action_id and order.get("block_id") in (None, "", block["block_id"])
        if same and (row["type"] != "button" or value in (None, row.get("value"))):
            return block, row
    return forms.find(blocks, action_id, order.get("block_id") or "")
