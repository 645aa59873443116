"""The workspace file: who is there, which channels exist, and which app is installed."""

from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml

LOCALES = ("en-US", "en-GB", "ja-JP")


class WorkspaceError(ValueError):
    """The workspace file cannot be used; the message names the file, the field and the remedy."""


@dataclass(frozen=True, kw_only=True)
class User:
    """A person in the workspace. ``tz`` is an IANA zone, ``locale`` one of LOCALES."""

    id: str
    name: str
    real_name: str
    email: str
    tz: str = "UTC"
    locale: str = "en-US"
    deleted: bool = False
    title: str = ""


@dataclass(frozen=True, kw_only=True)
class Channel:
    """A public channel. ``bot_member`` False makes the app see ``not_in_channel`` there."""

    id: str
    name: str
    bot_member: bool = True
    is_archived: bool = False


@dataclass(frozen=True, kw_only=True)
class App:
    """The one installed app, with the slash commands, message shortcuts and scopes its manifest would declare.

    ``scopes`` None grants all that the local Slack knows. With ``rate_limits`` calls beyond Slack's tiers are refused.
    """

    id: str = "A00000001"
    name: str = "App"
    bot_id: str = "B00000001"
    bot_user_id: str = "U0APP0001"
    messages_tab_enabled: bool = True
    commands: tuple[str, ...] = ()
    shortcuts: tuple[tuple[str, str], ...] = ()
    scopes: tuple[str, ...] | None = None
    rate_limits: bool = False


@dataclass(frozen=True, kw_only=True)
class Workspace:
    """A team, its app, its channels and its people. Ids left out of the file are counted in file order."""

    team_id: str = "T00000001"
    team_name: str = "Local"
    team_domain: str = "local"
    app: App = field(default_factory=App)
    channels: tuple[Channel, ...] = ()
    users: tuple[User, ...] = ()

    def user(self, key: str) -> User | None:
        """The user with this id, e-mail address or name (in that order of meaning), or None."""
        matches = (u for u in self.users if key in (u.id, u.name) or key.lower() == u.email.lower())
        return next(matches, None)

    def changed(self, user: User, profile: dict[str, Any]) -> "Workspace":
        """The same workspace, where this person's profile says otherwise. Raises WorkspaceError."""
        if "id" in profile:
            raise WorkspaceError("profile: id cannot change; leave it out.")
        fresh = _Reader(Path("profile")).user({**asdict(user), **profile}, 0)
        return replace(self, users=tuple(fresh if row.id == user.id else row for row in self.users))

    @classmethod
    def load(cls, path: str | Path) -> "Workspace":
        """Read a YAML workspace file. Raises WorkspaceError."""
        return _Reader(Path(path)).workspace()

    @classmethod
    def from_dict(cls, data: dict[str, Any], *, where: str = "workspace") -> "Workspace":
        """Build from the same structure as the YAML file. Raises WorkspaceError."""
        return _Reader(Path(where)).build(data)


class _Reader:
    def __init__(self, path: Path) -> None:
        self.path = path

    def workspace(self) -> Workspace:
        try:
            data = yaml.safe_load(self.path.read_text(encoding="utf-8"))
        except OSError as error:
            raise self.bad("", f"cannot be read ({error.strerror}); give the path of a YAML file") from error
        except yaml.YAMLError as error:
            raise self.bad("", f"is not YAML: {' '.join(str(error).split())}") from error
        return self.build(data)

    def bad(self, place: str, message: str) -> WorkspaceError:
        return WorkspaceError(f"{self.path}: {place + ': ' if place else ''}{message}.")

    def build(self, data: Any) -> Workspace:
        top = self.table(data, "", {"team", "app", "channels", "users"})
        team = self.table(top.get("team", {}), "team", {"id", "name", "domain"})
        users = [self.user(row, n) for n, row in enumerate(self.rows(top, "users"), 1)]
        if not users:
            raise self.bad("users", "is empty; list at least one person")
        channels = [self.channel(row, n) for n, row in enumerate(self.rows(top, "channels"), 1)]
        app = self.app(top.get("app", {}))
        self.unique("users", "id", [app.bot_user_id, *(u.id for u in users)])
        self.unique("users", "email", [u.email.lower() for u in users])
        self.unique("users", "name", [u.name for u in users])
        self.unique("channels", "id", [c.id for c in channels])
        self.unique("channels", "name", [c.name for c in channels])
        return Workspace(
            team_id=self.text(team, "id", "team", "T00000001"),
            team_name=self.text(team, "name", "team", "Local"),
            team_domain=self.text(team, "domain", "team", "local"),
            app=app,
            channels=tuple(channels),
            users=tuple(users),
        )

    def app(self, data: Any) -> App:
        row = self.table(data, "app", set(App.__dataclass_fields__))
        shortcuts = [
            self.table(entry, f"app.shortcuts[{n}]", {"name", "callback_id"})
            for n, entry in enumerate(self.rows(row, "shortcuts"), 1)
        ]
        return App(
            id=self.text(row, "id", "app", App.id),
            name=self.text(row, "name", "app", App.name),
            bot_id=self.text(row, "bot_id", "app", App.bot_id),
            bot_user_id=self.text(row, "bot_user_id", "app", App.bot_user_id),
            messages_tab_enabled=self.flag(row, "messages_tab_enabled", "app", default=True),
            commands=tuple(str(command) for command in self.rows(row, "commands")),
            scopes=tuple(str(scope) for scope in self.rows(row, "scopes")) if "scopes" in row else None,
            rate_limits=self.flag(row, "rate_limits", "app", default=False),
            shortcuts=tuple(
                (self.text(s, "callback_id", "app.shortcuts"), self.text(s, "name", "app.shortcuts")) for s in shortcuts
            ),
        )

    def user(self, data: Any, n: int) -> User:
        place = f"users[{n}]"
        keys = {"id", "name", "real_name", "email", "tz", "locale", "deleted", "title"}
        row = self.table(data, place, keys)
        return User(
            id=self.text(row, "id", place, f"U{n:08d}"),
            name=self.text(row, "name", place),
            real_name=self.text(row, "real_name", place),
            email=self.email(row, place),
            tz=self.zone(row, place),
            locale=self.locale(row, place),
            deleted=self.flag(row, "deleted", place, default=False),
            title=self.text(row, "title", place, ""),
        )

    def channel(self, data: Any, n: int) -> Channel:
        place = f"channels[{n}]"
        row = self.table(data, place, {"id", "name", "bot_member", "is_archived"})
        return Channel(
            id=self.text(row, "id", place, f"C{n:08d}"),
            name=self.text(row, "name", place).lstrip("#"),
            bot_member=self.flag(row, "bot_member", place, default=True),
            is_archived=self.flag(row, "is_archived", place, default=False),
        )

    def table(self, data: Any, place: str, keys: set[str]) -> dict[str, Any]:
        if not isinstance(data, dict):
            raise self.bad(place, "must be a mapping")
        unknown = sorted(str(key) for key in set(data) - keys)
        if unknown:
            raise self.bad(f"{place}.{unknown[0]}".lstrip("."), f"is unknown; use {', '.join(sorted(keys))}")
        return data

    def rows(self, data: dict[str, Any], key: str) -> list[Any]:
        value = data.get(key) or []
        if not isinstance(value, list):
            raise self.bad(key, "must be a list")
        return value

    def text(self, row: dict[str, Any], key: str, place: str, default: str | None = None) -> str:
        value = row.get(key, default)
        if not isinstance(value, str) or (not value and default is None):
            raise self.bad(f"{place}.{key}", "must be a non-empty string")
        return value

    def flag(self, row: dict[str, Any], key: str, place: str, *, default: bool) -> bool:
        value = row.get(key, default)
        if not isinstance(value, bool):
            raise self.bad(f"{place}.{key}", "must be true or false")
        return value

    def email(self, row: dict[str, Any], place: str) -> str:
        value = self.text(row, "email", place)
        if value.count("@") != 1:
            raise self.bad(f"{place}.email", f"{value!r} is not an e-mail address")
        return value

    def zone(self, row: dict[str, Any], place: str) -> str:
        value = self.text(row, "tz", place, "UTC")
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise self.bad(f"{place}.tz", f"{value!r} is not an IANA zone such as Asia/Tokyo") from error
        return value

    def locale(self, row: dict[str, Any], place: str) -> str:
        value = self.text(row, "locale", place, "en-US")
        if value not in LOCALES:
            raise self.bad(f"{place}.locale", f"{value!r} is not one of {', '.join(LOCALES)}")
        return value

    def unique(self, place: str, key: str, values: list[str]) -> None:
        twice = sorted({value for value in values if values.count(value) > 1})
        if twice:
            raise self.bad(f"{place}.{key}", f"{twice[0]!r} appears twice; make it unique")
