"""What guards the record: the journal, the door book and the locks."""

from datetime import datetime
from typing import Any

from sqlalchemy import Column
from sqlmodel import Field, SQLModel

from cycles.models.types import Json, UTCDateTime


class JournalEntry(SQLModel, table=True):
    """One link of the hash chain; `body` is the very text that was hashed."""

    __tablename__ = "journal"
    seq: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    at: datetime = Field(sa_type=UTCDateTime)
    actor: str
    action: str = Field(index=True)
    subject: str = Field(index=True)
    body: str
    prev: str
    hash: str


class Inbound(SQLModel, table=True):
    """What came in from Slack, by its de-duplication key: stored before it is acknowledged."""

    key: str = Field(primary_key=True)
    at: datetime = Field(sa_type=UTCDateTime)
    kind: str
    person: str
    outcome: str


class StageLock(SQLModel, table=True):
    """One row per stage, so that a stage never runs twice at once; `until` frees it when its holder died."""

    __tablename__ = "stage_lock"
    name: str = Field(primary_key=True)
    holder: str | None = None
    until: datetime | None = Field(default=None, sa_type=UTCDateTime)


class Setting(SQLModel, table=True):
    """Facts about the installation: the programme's own words, policy, Slack's workspace, the last sync's digest."""

    name: str = Field(primary_key=True)
    value: dict[str, Any] = Field(sa_column=Column(Json, nullable=False))
