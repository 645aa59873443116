"""Settings from the environment. Secrets may also be given as a file: `HOSHIN_SLACK_BOT_TOKEN_FILE=/run/secrets/…`."""

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import unquote, urlsplit

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from cycles.errors import BadInput

SECRETS = ("slack_bot_token", "slack_app_token", "slack_signing_secret")
# The scorecard's artifact, as Prefect's pages address it.
SCORECARD = "artifacts/key/hoshin-scorecard"
CLOCK_FILE = "clock.json"


class Settings(BaseSettings):
    """Everything Hoshin reads from the environment (prefix `HOSHIN_`)."""

    model_config = SettingsConfigDict(env_prefix="HOSHIN_", extra="ignore")

    home: Path = Field(default=Path(".hoshin"), description="Database, evidence files and, for the demo, its clock.")
    programme: Path | None = Field(default=None, description="Folder of programme files; default: HOME/programme.")
    database_url: str | None = Field(default=None, description="SQLAlchemy URL; default: SQLite in HOME.")
    slack_base_url: str = Field(default="https://slack.com/api/")
    slack_bot_token: SecretStr | None = None
    slack_app_token: SecretStr | None = None
    slack_signing_secret: SecretStr | None = None
    templates: Path | None = Field(default=None, description="A folder whose templates override the built-in ones.")
    evidence_url: str | None = Field(default=None, description="Where evidence files are kept; default: in HOME.")
    anchor_file: Path | None = Field(default=None, description="Where the journal's head is kept; default: in HOME.")
    anchor_git: bool = Field(default=False, description="Commit the anchor file in the git work tree it lies in.")
    prefect_ui: str = Field(default="", description="Where people open the Prefect UI, for links in messages.")
    allow_private: str = Field(default="", description="host:port,… of the intranet that document checks may reach.")
    max_upload_mb: int = Field(default=50, ge=0, description="Largest evidence file taken, in megabytes; 0: none is.")

    @model_validator(mode="before")
    @classmethod
    def _secrets_from_files(cls, values: dict[str, object]) -> dict[str, object]:
        for name in SECRETS:
            path = os.environ.get(f"HOSHIN_{name.upper()}_FILE")
            if path and not values.get(name):
                values[name] = _read_secret(name, Path(path))
        return values

    @property
    def programme_dir(self) -> Path:
        return self.programme or self.home / "programme"

    @property
    def evidence_folder(self) -> Path | None:
        """The folder of evidence files; None when they are kept in a store that is no folder of this machine."""
        if not self.evidence_url:
            return self.home / "evidence"
        parts = urlsplit(self.evidence_url)
        if parts.scheme not in ("", "file"):
            return None
        if parts.scheme and (parts.netloc not in ("", "localhost") or not parts.path.startswith("/")):
            raise BadInput(f"HOSHIN_EVIDENCE_URL is {self.evidence_url}. Write file:///the/whole/path (three slashes).")
        return Path(unquote(parts.path) if parts.scheme else self.evidence_url)

    @property
    def scorecard_url(self) -> str:
        """Where the scorecard is shown in the Prefect UI; empty where no address is known."""
        return f"{self.prefect_ui.rstrip('/')}/{SCORECARD}" if self.prefect_ui else ""

    @property
    def anchors(self) -> Path:
        return self.anchor_file or self.home / "anchors.txt"

    @property
    def url(self) -> str:
        return self.database_url or f"sqlite:///{(self.home / 'hoshin.db').absolute()}"

    def secret(self, name: str) -> str:
        """The secret's text.

        Raises:
            BadInput: when it is not set, naming the variable.
        """
        value: SecretStr | None = getattr(self, name)
        if value is None or not value.get_secret_value():
            variable = f"HOSHIN_{name.upper()}"
            raise BadInput(f"{variable} is not set. Export it, or point {variable}_FILE at a file that holds it.")
        return value.get_secret_value()

    @property
    def has_slack(self) -> bool:
        return bool(self.slack_bot_token and self.slack_bot_token.get_secret_value())

    @property
    def takes_files(self) -> bool:
        """Whether owners may upload files; without, Slack need not let the app read any."""
        return self.max_upload_mb > 0

    def now(self) -> datetime:
        """The present instant (UTC): the machine's clock, shifted by HOME/clock.json where the demo put one."""
        return datetime.now(UTC) + clock_offset(self.home)


def _read_secret(name: str, path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise BadInput(
            f"HOSHIN_{name.upper()}_FILE names {path}, which cannot be read ({error.strerror}). "
            "Point it at a readable file or unset it."
        ) from error


def clock_offset(home: Path) -> timedelta:
    """How far the demo's clock is from the machine's; zero where there is no demo."""
    path = home / CLOCK_FILE
    try:
        return timedelta(seconds=float(json.loads(path.read_text(encoding="utf-8"))["offset_seconds"]))
    except FileNotFoundError:
        return timedelta(0)
    except (ValueError, KeyError, TypeError) as error:
        raise BadInput(f"{path} does not hold a clock ({error}). Delete it to use the machine's clock.") from error


def set_clock(home: Path, *, to: datetime) -> None:
    """Make `to` the present instant of this home. Only the demo does this; `hoshin doctor` says so."""
    offset = (to - datetime.now(UTC)).total_seconds()
    temporary = home / f"{CLOCK_FILE}.{os.getpid()}"
    temporary.write_text(json.dumps({"offset_seconds": offset}), encoding="utf-8")
    temporary.replace(home / CLOCK_FILE)
