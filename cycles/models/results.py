"""What Check found and what Act does about it."""

from datetime import date, datetime

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from cycles.models.types import UTCDateTime


class Standing(SQLModel, table=True):
    """Where one evidence kind of one system stands in a cycle; Check rewrites only the rows that changed."""

    cycle_id: int = Field(primary_key=True, foreign_key="cycle.id")
    system_id: int = Field(primary_key=True, foreign_key="system.id")
    kind_id: int = Field(primary_key=True, foreign_key="evidence_kind.id")
    status: str
    evidence_id: int | None = None
    valid_until: date | None = None
    changed_at: datetime = Field(sa_type=UTCDateTime)


class Assessment(SQLModel, table=True):
    """The result for one control on one system. Its reasons are the standings of the kinds the control requires."""

    cycle_id: int = Field(primary_key=True, foreign_key="cycle.id")
    system_id: int = Field(primary_key=True, foreign_key="system.id")
    control_id: int = Field(primary_key=True, foreign_key="control.id")
    result: str
    reason: str
    valid_until: date | None = None
    changed_at: datetime = Field(sa_type=UTCDateTime)


class Lapse(SQLModel, table=True):
    """Evidence of one kind that one system should have and has not; at most one open per system and kind."""

    __table_args__ = (
        Index(
            "lapse_open",
            "system_id",
            "kind_id",
            unique=True,
            sqlite_where=text("recovered_at IS NULL"),
            postgresql_where=text("recovered_at IS NULL"),
        ),
    )
    id: int = Field(default=None, primary_key=True)
    cycle_id: int = Field(foreign_key="cycle.id", index=True)
    system_id: int = Field(foreign_key="system.id")
    kind_id: int = Field(foreign_key="evidence_kind.id")
    reason: str
    happened_on: date
    noticed_at: datetime = Field(sa_type=UTCDateTime)
    recovered_at: datetime | None = Field(default=None, sa_type=UTCDateTime)


class Action(SQLModel, table=True):
    """An improvement action (ISO/IEC 42001:2023, 10.2). A relapse reopens it and counts; `closed_at` ends its hold.

    It answers a lapse, or a finding that people reported (then it may have neither lapse nor evidence kind).
    """

    __table_args__ = (
        Index(
            "action_open",
            "system_id",
            "kind_id",
            unique=True,
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
        Index("action_finding", "finding_id", unique=True),
        Index(
            "action_due",
            "next_at",
            sqlite_where=text("next_at IS NOT NULL"),
            postgresql_where=text("next_at IS NOT NULL"),
        ),
    )
    id: int = Field(default=None, primary_key=True)
    lapse_id: int | None = Field(default=None, foreign_key="lapse.id", index=True)
    finding_id: int | None = Field(default=None, foreign_key="finding.id")
    system_id: int = Field(foreign_key="system.id")
    kind_id: int | None = Field(default=None, foreign_key="evidence_kind.id")
    owner_id: int = Field(foreign_key="person.id")
    severity: str
    state: str
    opened_at: datetime = Field(sa_type=UTCDateTime)
    due: date
    step: int = 0
    next_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    correction: str = ""
    root_cause: str = ""
    corrective_action: str = ""
    implemented_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    review_on: date | None = None
    reviewer_id: int | None = Field(default=None, foreign_key="person.id")
    closed_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    relapses: int = 0


class Acceptance(SQLModel, table=True):
    """A risk acceptance (OSCAL deviation): always by somebody other than its requester, always with an end."""

    id: int = Field(default=None, primary_key=True)
    system_id: int = Field(foreign_key="system.id")
    kind_id: int = Field(foreign_key="evidence_kind.id")
    requester_id: int = Field(foreign_key="person.id")
    approver_id: int | None = Field(default=None, foreign_key="person.id")
    reason: str
    state: str
    requested_at: datetime = Field(sa_type=UTCDateTime)
    decided_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    decision_reason: str = ""
    revoked_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    expires: date


class Milestone(SQLModel, table=True):
    """A dated step on the way to an action's end (OSCAL POA&M milestone)."""

    id: int = Field(default=None, primary_key=True)
    action_id: int = Field(foreign_key="action.id", index=True)
    title: str
    due: date
    done_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    done_by_id: int | None = Field(default=None, foreign_key="person.id")


class Finding(SQLModel, table=True):
    """What a person reported (ISO/IEC 42001:2023, A.3.3, reporting of concerns).

    `reporter_id` is None for an anonymous report: then nobody can ever know. `state` is new, accepted (an action
    answers it), dismissed or closed.
    """

    id: int = Field(default=None, primary_key=True)
    system_id: int = Field(foreign_key="system.id")
    kind_id: int | None = Field(default=None, foreign_key="evidence_kind.id")
    source: str
    confidential: bool = False
    title: str
    detail: str = ""
    severity: str | None = None
    reporter_id: int | None = Field(default=None, foreign_key="person.id")
    reported_at: datetime = Field(sa_type=UTCDateTime)
    state: str = "new"
    triaged_by_id: int | None = Field(default=None, foreign_key="person.id")
    triaged_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    reason: str = ""


class Cadence(SQLModel, table=True):
    """A shorter validity for one kind of one system, proposed after relapses; `outcome` is accepted or declined."""

    id: int = Field(default=None, primary_key=True)
    system_id: int = Field(foreign_key="system.id")
    kind_id: int = Field(foreign_key="evidence_kind.id")
    months: int
    because: str
    proposed_at: datetime = Field(sa_type=UTCDateTime)
    outcome: str | None = None
    decided_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    decided_by_id: int | None = Field(default=None, foreign_key="person.id")
