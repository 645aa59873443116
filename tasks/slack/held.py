"""What the outbox knows of an installation that is wrong: a pass that Slack halted leaves its reason on the message it tried."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, func, select

from cycles.models import Delivery
from tasks.slack.answers import HALTED


@dataclass(frozen=True, kw_only=True)
class Held:
    """`reason` is why nothing goes out, None where it does; `waiting` counts messages, `last` is when one arrived (UTC)."""

    reason: str | None
    waiting: int
    last: datetime | None


def held(session: Session) -> Held:
    """As of the last delivery pass; the next one that gets through takes the reason away."""
    queued = Delivery.state == "queued"
    halted = (
        select(Delivery.error).where(queued, col(Delivery.error).contains(HALTED)).order_by(col(Delivery.id).desc())
    )
    arrived = col(Delivery.kind) != "refresh"
    return Held(
        reason=session.exec(halted).first(),
        waiting=session.exec(select(func.count(col(Delivery.id))).where(queued)).one(),
        last=session.exec(select(func.max(col(Delivery.sent_at))).where(arrived)).one(),
    )
