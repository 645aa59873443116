"""Evidence, the documents behind it, and the people who judge it."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Column, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from cycles.models.types import Json, UTCDateTime

# What a look can tell of a document itself; any other status says only that the place could not be reached.
SEEN = ("ok", "missing")


class Evidence(SQLModel, table=True):
    """An immutable submitted record (ISO 9000 objective evidence). A correction is a new row."""

    __table_args__ = (Index("evidence_pair", "system_id", "kind_id"),)
    id: int = Field(default=None, primary_key=True)
    system_id: int = Field(foreign_key="system.id")
    kind_id: int = Field(foreign_key="evidence_kind.id")
    request_id: int | None = Field(default=None, foreign_key="request.id", index=True)
    form: str
    locator: str
    sha256: str | None = None
    media_type: str | None = None
    size: int | None = None
    note: str = ""
    effective: date
    collected_at: datetime = Field(sa_type=UTCDateTime)
    received_at: datetime = Field(sa_type=UTCDateTime)
    # When a link got its digest from the first look at its document; None where it came with one.
    sealed_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    valid_until: date
    model_version: str | None = None
    source: str
    submitter_id: int = Field(foreign_key="person.id")
    supersedes_id: int | None = Field(default=None, foreign_key="evidence.id")
    confirmations: int = 0


class Verdict(SQLModel, table=True):
    """What became of a piece of evidence: accepted or returned, once and for all."""

    evidence_id: int = Field(primary_key=True, foreign_key="evidence.id")
    outcome: str
    at: datetime = Field(sa_type=UTCDateTime, index=True)
    by_id: int | None = Field(default=None, foreign_key="person.id")
    reason: str = ""


class Review(SQLModel, table=True):
    """A reviewer asked about one evidence digest; `vote` is accept, return, abstain or recuse, None while undecided."""

    __table_args__ = (UniqueConstraint("evidence_id", "reviewer_id"),)
    id: int = Field(default=None, primary_key=True)
    evidence_id: int = Field(foreign_key="evidence.id")
    reviewer_id: int = Field(foreign_key="person.id")
    sha256: str | None = None
    asked_at: datetime = Field(sa_type=UTCDateTime)
    vote: str | None = None
    reason: str = ""
    voted_at: datetime | None = Field(default=None, sa_type=UTCDateTime)


class Panel(SQLModel, table=True):
    """A quorum attestation on one evidence digest: who may vote (frozen when it was called), how many must agree, until when.

    `terms` holds q, n, the least number of groups and of humans, and the digest; `roster` the members. The ballots are
    the reviews of the evidence. `decider_id` is who decides when no quorum is reached.
    """

    evidence_id: int = Field(primary_key=True, foreign_key="evidence.id")
    terms: dict[str, Any] = Field(sa_column=Column(Json, nullable=False))
    roster: list[dict[str, Any]] = Field(sa_column=Column(Json, nullable=False))
    called_at: datetime = Field(sa_type=UTCDateTime)
    deadline: datetime = Field(sa_type=UTCDateTime, index=True)
    decider_id: int = Field(foreign_key="person.id")
    outcome: str | None = None
    closed_at: datetime | None = Field(default=None, sa_type=UTCDateTime)


class Document(SQLModel, table=True):
    """A document the programme watches; `status`, `sha256` and `changed_at` repeat its newest observation."""

    __table_args__ = (UniqueConstraint("system_id", "kind_id", "locator"),)
    id: int = Field(default=None, primary_key=True)
    system_id: int = Field(foreign_key="system.id")
    kind_id: int = Field(foreign_key="evidence_kind.id")
    locator: str
    watched: bool = True
    status: str | None = None
    sha256: str | None = None
    changed_at: datetime | None = Field(default=None, sa_type=UTCDateTime)


class DocumentFact(SQLModel, table=True):
    """Whether a document was watched, from `at` on; written at each sync that changes it, never rewritten."""

    __tablename__ = "document_fact"
    __table_args__ = (Index("document_fact_at", "document_id", "at"),)
    id: int = Field(default=None, primary_key=True)
    document_id: int = Field(foreign_key="document.id")
    at: datetime = Field(sa_type=UTCDateTime)
    watched: bool


class Observation(SQLModel, table=True):
    """One look at a document, kept only when it differs from the look before (`seen_at` moves on when it does not)."""

    id: int = Field(default=None, primary_key=True)
    document_id: int = Field(foreign_key="document.id", index=True)
    at: datetime = Field(sa_type=UTCDateTime)
    seen_at: datetime = Field(sa_type=UTCDateTime)
    status: str
    sha256: str | None = None
    size: int | None = None
    modified: datetime | None = Field(default=None, sa_type=UTCDateTime)
    effective: date | None = None
    etag: str | None = None
    revision: str | None = None
    error: str | None = None
