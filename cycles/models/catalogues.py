"""Frameworks, their controls, and the evidence that shows a control is met."""

from datetime import date, datetime

from sqlalchemy import Column, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from cycles.models.types import Json, UTCDateTime


class Framework(SQLModel, table=True):
    """One version of a catalogue, known by the digest of its file; a changed file is a new row (`current` moves on)."""

    __table_args__ = (UniqueConstraint("key", "digest"),)
    id: int = Field(default=None, primary_key=True)
    key: str = Field(index=True)
    version: str
    digest: str
    title: dict[str, str] = Field(sa_column=Column(Json, nullable=False))
    publisher: str
    source: str
    applies_from: date
    superseded_by: str | None = None
    current: bool = True


class Control(SQLModel, table=True):
    """One entry of a catalogue. `weight` is 1 (low) to 3 (grave); `position` is its place in the file."""

    __table_args__ = (UniqueConstraint("framework_id", "key"),)
    id: int = Field(default=None, primary_key=True)
    framework_id: int = Field(foreign_key="framework.id", index=True)
    key: str
    label: str
    title: dict[str, str] = Field(sa_column=Column(Json, nullable=False))
    text: dict[str, str] = Field(sa_column=Column(Json, nullable=False))
    confidence: str
    weight: int
    position: int


class EvidenceKind(SQLModel, table=True):
    """A type of record. Validity is in months from the effective date; `validity_by_tier` wins."""

    __tablename__ = "evidence_kind"
    id: int = Field(default=None, primary_key=True)
    key: str = Field(unique=True)
    title: dict[str, str] = Field(sa_column=Column(Json, nullable=False))
    ask: dict[str, str] = Field(sa_column=Column(Json, nullable=False))
    guidance: dict[str, str] = Field(sa_column=Column(Json, nullable=False))
    scope: str
    validity_months: int
    validity_by_tier: dict[str, int] = Field(sa_column=Column(Json, nullable=False))
    model_version_bound: bool
    confirmable: bool
    max_confirmations: int
    forms: list[str] = Field(sa_column=Column(Json, nullable=False))
    weight: int
    source: str


class KindFact(SQLModel, table=True):
    """What decides which evidence of a kind counts, from `at` on; written at each sync that changes it, never rewritten."""

    __tablename__ = "kind_fact"
    __table_args__ = (Index("kind_fact_at", "kind_id", "at"),)
    id: int = Field(default=None, primary_key=True)
    kind_id: int = Field(foreign_key="evidence_kind.id")
    at: datetime = Field(sa_type=UTCDateTime)
    scope: str
    model_version_bound: bool


class Requirement(SQLModel, table=True):
    """Control × evidence kind × applicability (SP 800-53A's objective). `rule` is the canonical text of the facets."""

    __table_args__ = (UniqueConstraint("control_id", "kind_id", "rule"),)
    id: int = Field(default=None, primary_key=True)
    control_id: int = Field(foreign_key="control.id")
    kind_id: int = Field(foreign_key="evidence_kind.id", index=True)
    rule: str = Field(index=True)


class Applicability(SQLModel, table=True):
    """Which rule holds for which profile: few distinct texts on either side, so planning is a join, not a loop."""

    profile: str = Field(primary_key=True)
    rule: str = Field(primary_key=True)
