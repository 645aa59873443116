"""One workspace at work: its people, memory, clock, witness and the rules all calls share."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from localslack.bus import Bus
from localslack.clock import Clock
from localslack.faults import Faults
from localslack.state import Keeper, State, dump_state, load_state
from localslack.tiers import Tiers
from localslack.transcript import Transcript
from localslack.workspace import User, Workspace

Json = dict[str, Any]
TRIGGER_SECONDS = 3.0
RESPONSE_URL_SECONDS = 1800.0
RESPONSE_URL_USES = 5
STACK_HEIGHT = 3


class ApiError(Exception):
    """A documented Slack error name, with optional detail in ``response_metadata.messages``."""

    def __init__(self, error: str, *messages: str, **extra: Any) -> None:
        super().__init__(error)
        self.error = error
        self.messages = list(messages)
        self.extra = extra


class World:
    """The workspace's single owner of state. All methods run in one event loop, so nothing locks."""

    def __init__(
        self,
        workspace: Workspace,
        *,
        clock: Callable[[], float] | None = None,
        transcript: Path | None = None,
        state: Path | None = None,
        dedupe: bool = True,
    ) -> None:
        self.workspace = workspace
        self.clock = Clock(clock)
        self.state = load_state(state) if state and state.exists() else State()
        if self.state.clock:
            self.clock.load(self.state.clock)
        self.transcript = Transcript(self.state.transcript, transcript)
        self.keeper = Keeper(state, self._dump)
        self.bus = Bus()
        self.faults = Faults()
        self.tiers = Tiers() if workspace.app.rate_limits else None
        self.dedupe = dedupe
        self.messages_tab_enabled = workspace.app.messages_tab_enabled
        self.tickets: set[str] = set()
        self.url = "http://127.0.0.1"
        self._channels()

    def _dump(self) -> Json:
        self.state.clock = self.clock.dump()
        return dump_state(self.state)

    def _channels(self) -> None:
        for channel in self.workspace.channels:
            self.state.conversations.setdefault(
                channel.id, {"id": channel.id, "name": channel.name, "created": int(self.clock.now())}
            )

    def reset(self) -> None:
        """Forget everything people did; workspace, clock and transcript file stay."""
        self.state.__dict__.update(State().__dict__)
        self.transcript.rows = self.state.transcript
        self.faults.clear()
        self._channels()
        self.changed({"type": "reset"})

    def changed(self, change: Json) -> None:
        """Mark the state for writing and tell open pages."""
        self.keeper.touch()
        self.bus.tell(change)

    def witness(self, kind: str, **entry: Any) -> None:
        """Write one transcript line, stamped with the workspace clock (epoch seconds)."""
        self.transcript.write({"event": kind, "at": round(self.clock.now(), 6), **entry})

    def mint_ts(self) -> str:
        """A fresh unique timestamp string."""
        return self.state.mint_ts(self.clock.now())

    def person(self, key: str) -> User:
        """The user by id, e-mail or name. Raises ApiError user_not_found."""
        user = self.workspace.user(key)
        if user is None:
            raise ApiError("user_not_found")
        return user

    # Conversations ---------------------------------------------------------------------------------

    def direct(self, users: list[str]) -> Json:
        """The app's direct (or group) conversation with these user ids, made on first use."""
        key = "-".join(users)
        for row in self.state.conversations.values():
            if row.get("members_key") == key:
                return row
        # One person's conversation is named after the person, so its id does not depend on who came first.
        channel = f"D{users[0][1:]}" if len(users) == 1 else f"G{self.state.count('group'):08d}"
        row = {"id": channel, "users": users, "members_key": key, "created": int(self.clock.now())}
        self.state.conversations[channel] = row
        self.changed({"type": "conversation", "channel": channel})
        return row

    def conversation(self, key: str) -> Json:
        """A conversation by its id, or the direct one when ``key`` is a user id. Raises channel_not_found."""
        name = key.removeprefix("#")
        for row in self.state.conversations.values():
            if row["id"] == key or row.get("name") == name:
                return row
        user = next((u for u in self.workspace.users if u.id == key), None)
        if user is None:
            raise ApiError("channel_not_found")
        return self.direct([user.id])

    def members(self, row: Json) -> list[str]:
        """User ids that see this conversation (people only)."""
        if "users" in row:
            return list(row["users"])
        return [user.id for user in self.workspace.users if not user.deleted]

    # Short-lived handles -----------------------------------------------------------------------------

    def new_trigger(self, user: str) -> str:
        """A trigger_id: usable once, within 3 s of the workspace clock."""
        number = self.state.count("trigger")
        trigger = f"{number}.{self.workspace.team_id}.local"
        self.state.triggers[trigger] = {"user": user, "at": self.clock.now(), "used": False}
        return trigger

    def use_trigger(self, trigger: str) -> str:
        """Exchange a trigger_id for its user id. Raises the documented errors."""
        row = self.state.triggers.get(trigger)
        if row is None:
            raise ApiError("invalid_trigger_id")
        if row["used"]:
            raise ApiError("exchanged_trigger_id")
        if self.clock.now() - row["at"] > TRIGGER_SECONDS:
            raise ApiError("expired_trigger_id")
        row["used"] = True
        user: str = row["user"]
        return user

    def new_response_url(self, channel: str, user: str, ts: str | None) -> str:
        """A response_url: 5 uses within 30 minutes."""
        number = self.state.count("response")
        key = f"{self.workspace.team_id}-{number}"
        row = {"channel": channel, "user": user, "ts": ts, "uses": 0, "at": self.clock.now()}
        self.state.response_urls[key] = row
        return f"{self.url}/response/{key}"

    # Shapes ------------------------------------------------------------------------------------------

    def team(self) -> Json:
        """The team as interaction payloads show it."""
        return {"id": self.workspace.team_id, "domain": self.workspace.team_domain}

    def user_object(self, user: User) -> Json:
        """A user as users.info shows it; the zone offset is the one in force at the workspace clock."""
        zone = ZoneInfo(user.tz)
        moment = datetime.fromtimestamp(self.clock.now(), zone)
        offset = moment.utcoffset()
        return {
            "id": user.id,
            "team_id": self.workspace.team_id,
            "name": user.name,
            "deleted": user.deleted,
            "real_name": user.real_name,
            "tz": user.tz,
            "tz_label": moment.tzname(),
            "tz_offset": int(offset.total_seconds()) if offset else 0,
            "profile": {
                "real_name": user.real_name,
                "display_name": user.name,
                "email": user.email,
                "title": user.title,
                "team": self.workspace.team_id,
            },
            "is_admin": False,
            "is_owner": False,
            "is_bot": False,
            "is_app_user": False,
            "is_restricted": False,
            "is_ultra_restricted": False,
            "updated": 0,
            "locale": user.locale,
        }

    def bot_object(self) -> Json:
        """The app's own bot user."""
        app = self.workspace.app
        name = app.name.lower().replace(" ", "_")
        return {
            "id": app.bot_user_id,
            "team_id": self.workspace.team_id,
            "name": name,
            "deleted": False,
            "real_name": app.name,
            "tz": "UTC",
            "tz_label": "UTC",
            "tz_offset": 0,
            "profile": {"real_name": app.name, "display_name": name, "bot_id": app.bot_id, "api_app_id": app.id},
            "is_bot": True,
            "is_app_user": False,
            "updated": 0,
            "locale": "en-US",
        }
