"""Who there is and which systems they answer for."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Column, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from cycles.models.types import Json, UTCDateTime


class Person(SQLModel, table=True):
    """Somebody who may be asked. `work_starts` and `work_ends` are local times (`HH:MM`) in `zone`."""

    id: int = Field(default=None, primary_key=True)
    key: str = Field(unique=True)
    name: str
    email: str = Field(unique=True)
    zone: str
    locale: str
    country: str
    work_starts: str
    work_ends: str
    manager_id: int | None = Field(default=None, foreign_key="person.id")
    deputy_id: int | None = Field(default=None, foreign_key="person.id")
    left_on: date | None = None
    slack_id: str | None = Field(default=None, unique=True)


class Leave(SQLModel, table=True):
    """Days off, both ends included, as dates in the person's own zone."""

    id: int = Field(default=None, primary_key=True)
    person_id: int = Field(foreign_key="person.id", index=True)
    starts: date
    ends: date


class Membership(SQLModel, table=True):
    """A person's part in the programme: lead, reviewer or executive."""

    __table_args__ = (UniqueConstraint("person_id", "role"),)
    id: int = Field(default=None, primary_key=True)
    person_id: int = Field(foreign_key="person.id")
    role: str
    # For panels: reviewers of one group count as one voice, and a machine is no human (facts of quorum attestation).
    group: str = ""
    automated: bool = False


class System(SQLModel, table=True):
    """An AI system. The organisation itself is kept as one system, so that what concerns all is asked once.

    `profile` is the canonical text of the facets that decide which requirements apply; `retired` systems stay in the
    record but are planned no more.
    """

    id: int = Field(default=None, primary_key=True)
    key: str = Field(unique=True)
    name: str
    purpose: str
    owner_id: int = Field(foreign_key="person.id", index=True)
    roles: list[str] = Field(sa_column=Column(Json, nullable=False))
    risk_tier: str
    jurisdictions: list[str] = Field(sa_column=Column(Json, nullable=False))
    generative: bool
    model_version: str | None = None
    lifecycle: str
    is_organisation: bool = False
    retired: bool = False
    profile: str = Field(index=True)

    def facets(self) -> dict[str, Any]:
        """What applicability rules look at."""
        return {
            "roles": self.roles,
            "risk_tiers": [self.risk_tier],
            "jurisdictions": self.jurisdictions,
            "generative": self.generative,
            "lifecycles": [self.lifecycle],
        }


class SystemFact(SQLModel, table=True):
    """What decides about a system's evidence, from `at` on; written at each sync that changes it, never rewritten.

    So a past day can be judged by what the system was then: its model version, its tier, whether it was in use.
    """

    __tablename__ = "system_fact"
    __table_args__ = (Index("system_fact_at", "system_id", "at"),)
    id: int = Field(default=None, primary_key=True)
    system_id: int = Field(foreign_key="system.id")
    at: datetime = Field(sa_type=UTCDateTime)
    model_version: str | None = None
    risk_tier: str
    retired: bool


class Incident(SQLModel, table=True):
    """Something that went wrong with a system: evidence of an earlier effective date holds no longer (all kinds, or one)."""

    id: int = Field(default=None, primary_key=True)
    system_id: int = Field(foreign_key="system.id", index=True)
    kind_id: int | None = Field(default=None, foreign_key="evidence_kind.id")
    happened_on: date
    recorded_at: datetime = Field(sa_type=UTCDateTime)
    recorded_by_id: int | None = Field(default=None, foreign_key="person.id")
    what: str
