"""The cycle and what it asks."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Column, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from cycles.models.types import Json, UTCDateTime

# A request in one of these has not been answered: it is still being asked, and past its due date it has lapsed.
UNANSWERED = ("pending", "asked", "returned")


class Cycle(SQLModel, table=True):
    """One dated PDCA run, with the catalogues and policy pinned when it was planned.

    `reckoned_by` is a digest of what the last check reckoned results by; while it is the same, only results of standings
    that changed can have changed.
    """

    id: int = Field(default=None, primary_key=True)
    key: str = Field(unique=True)
    state: str
    starts: date
    ends: date
    do_on: date
    check_on: date
    act_on: date
    close_on: date
    zone: str
    policy: dict[str, Any] = Field(sa_column=Column(Json, nullable=False))
    catalogues: dict[str, str] = Field(sa_column=Column(Json, nullable=False))
    planned_at: datetime = Field(sa_type=UTCDateTime)
    approved_by: str | None = None
    opened_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    closed_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    checked_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    summary: dict[str, Any] | None = Field(default=None, sa_column=Column(Json))
    result_digest: str | None = None
    cancelled_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    reckoned_by: str | None = None


class CycleFramework(SQLModel, table=True):
    """The catalogue versions a cycle is assessed against."""

    __tablename__ = "cycle_framework"
    cycle_id: int = Field(primary_key=True, foreign_key="cycle.id")
    framework_id: int = Field(primary_key=True, foreign_key="framework.id")


class CycleSystem(SQLModel, table=True):
    """The frozen scope: each system with the profile it had when the cycle was planned."""

    __tablename__ = "cycle_system"
    cycle_id: int = Field(primary_key=True, foreign_key="cycle.id")
    system_id: int = Field(primary_key=True, foreign_key="system.id")
    profile: str = Field(index=True)


class Slot(SQLModel, table=True):
    """The n-th first ask of a calendar (`country|zone|hours`) in a cycle: when it goes out and when it is due.

    Calendar arithmetic is done once here, in Python; planning then joins slots to requests as one set.
    """

    cycle_id: int = Field(primary_key=True, foreign_key="cycle.id")
    calendar: str = Field(primary_key=True)
    number: int = Field(primary_key=True)
    ask_on: date
    ask_at: datetime = Field(sa_type=UTCDateTime)
    due: date


class Request(SQLModel, table=True):
    """What one person is asked for: one system × one evidence kind, however many controls it serves.

    `next_at` is when the ladder acts next (None: nothing left to say); `step` is the rung that comes next.
    `renews` is the last day of the evidence it was opened again for (None: a first ask), at `renewed_at`.
    """

    __table_args__ = (
        UniqueConstraint("cycle_id", "system_id", "kind_id"),
        # The chase tick must cost what is due, not what is open, and "none due" must cost nothing.
        Index(
            "request_due",
            "next_at",
            sqlite_where=text("next_at IS NOT NULL"),
            postgresql_where=text("next_at IS NOT NULL"),
        ),
        Index("request_assignee", "assignee_id", "state"),
        # What is overdue is found among the unanswered of that due date, not among all.
        Index("request_state", "cycle_id", "state", "due"),
        Index(
            "request_excused",
            "cycle_id",
            "system_id",
            "kind_id",
            sqlite_where=text("state = 'excused'"),
            postgresql_where=text("state = 'excused'"),
        ),
    )
    id: int = Field(default=None, primary_key=True)
    cycle_id: int = Field(foreign_key="cycle.id")
    system_id: int = Field(foreign_key="system.id")
    kind_id: int = Field(foreign_key="evidence_kind.id")
    owner_id: int = Field(foreign_key="person.id")
    assignee_id: int = Field(foreign_key="person.id")
    state: str
    ask_on: date
    due: date
    step: int = 0
    next_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    asked_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    answered_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    snoozes: int = 0
    snoozed_until: date | None = None
    offered_to_id: int | None = Field(default=None, foreign_key="person.id")
    disputed: bool = False
    excused_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    renews: date | None = None
    renewed_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    evidence_id: int | None = None
    answer: dict[str, Any] | None = Field(default=None, sa_column=Column(Json))
