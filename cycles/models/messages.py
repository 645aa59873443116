"""The outbox: every message Hoshin means to show, before and after it is shown."""

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from cycles.models.types import UTCDateTime


class Delivery(SQLModel, table=True):
    """One message. `key` is deterministic, so writing it twice is one row.

    States: queued → sending → sent · unknown · failed; `withdrawn` when nothing was left to say. `root_id` names the
    delivery whose thread this one joins (or, for kind `refresh`, the message it rewrites). `not_before` and `next_try`
    are UTC.
    """

    __table_args__ = (
        Index("delivery_due", "state", "not_before"),
        Index(
            "delivery_root",
            "root_id",
            sqlite_where=text("root_id IS NOT NULL"),
            postgresql_where=text("root_id IS NOT NULL"),
        ),
    )
    id: int = Field(default=None, primary_key=True)
    key: str = Field(unique=True)
    kind: str
    person_id: int = Field(foreign_key="person.id", index=True)
    root_id: int | None = Field(default=None, foreign_key="delivery.id")
    role: str | None = None
    state: str = "queued"
    created_at: datetime = Field(sa_type=UTCDateTime)
    not_before: datetime = Field(sa_type=UTCDateTime)
    claimed_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    sent_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    attempts: int = 0
    channel: str | None = None
    ts: str | None = None
    error: str | None = None


class DeliveryItem(SQLModel, table=True):
    """What a message is about: a request, evidence, action or cycle; `rung` is its ladder step."""

    __tablename__ = "delivery_item"
    __table_args__ = (
        UniqueConstraint("delivery_id", "subject", "subject_id"),
        Index("delivery_item_subject", "subject", "subject_id"),
    )
    id: int = Field(default=None, primary_key=True)
    delivery_id: int = Field(foreign_key="delivery.id")
    subject: str
    subject_id: int
    rung: int = 0
