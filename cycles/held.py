"""What the outbox knows of an installation that is wrong: a pass that was halted leaves its reason on the message it tried."""

import re
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, func, select

from cycles.models import Delivery

# How the reason of a halted pass ends: with the messenger's own name of the trouble.
MARK = "(Slack: "
_NAME = re.compile(re.escape(MARK) + r"([a-z_]+)")


@dataclass(frozen=True, kw_only=True)
class Held:
    """`reason` is why nothing goes out, None where it does; `waiting` counts messages, `last` is when one arrived (UTC)."""

    reason: str | None
    waiting: int
    last: datetime | None

    @property
    def trouble(self) -> str:
        """Slack's name for the reason, such as `token_revoked`; "" where nothing is held."""
        found = _NAME.search(self.reason or "")
        return found.group(1) if found else ""


def held(session: Session) -> Held:
    """As of the last delivery pass; the next one that gets through takes the reason away."""
    queued = Delivery.state == "queued"
    halted = select(Delivery.error).where(queued, col(Delivery.error).contains(MARK)).order_by(col(Delivery.id).desc())
    arrived = col(Delivery.kind) != "refresh"
    return Held(
        reason=session.exec(halted).first(),
        waiting=session.exec(select(func.count(col(Delivery.id))).where(queued)).one(),
        last=session.exec(select(func.max(col(Delivery.sent_at))).where(arrived)).one(),
    )
