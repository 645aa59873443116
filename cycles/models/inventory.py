"""Who there is and which systems they answer for."""

from datetime import date
from typing import Any

from sqlalchemy import Column, UniqueConstraint
from sqlmodel import Field, SQLModel

from cycles.models.types import Json


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
