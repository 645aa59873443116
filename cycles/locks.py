"""A stage never runs twice at once: a row per stage, taken by a conditional update and freed when its holder dies."""

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import count

from sqlalchemy import or_, update
from sqlmodel import col

from cycles.errors import Busy
from cycles.models import StageLock
from cycles.store import Record

# Longer than any stage takes; a holder that died frees its lock after this long.
HOLD = timedelta(minutes=15)
_numbers = count(1)


@contextmanager
def stage_lock(record: Record, name: str, clock: Callable[[], datetime]) -> Iterator[None]:
    """Hold a stage's lock for the length of a block.

    Raises:
        Busy: when another process or thread holds it.
    """
    holder = f"{socket.gethostname()}:{os.getpid()}:{next(_numbers)}"
    if not _take(record, name, holder, clock()):
        raise Busy(f"Stage '{name}' is running already. Wait until it has ended, at most {HOLD.seconds // 60} minutes.")
    try:
        yield
    finally:
        with record.write() as session:
            session.execute(
                update(StageLock)
                .where(col(StageLock.name) == name, col(StageLock.holder) == holder)
                .values(holder=None, until=None)
            )


def _take(record: Record, name: str, holder: str, now: datetime) -> bool:
    with record.write() as session:
        if session.get(StageLock, name) is None:
            session.add(StageLock(name=name))
            session.flush()
        free = or_(col(StageLock.holder).is_(None), col(StageLock.until) < now)
        taken = session.execute(
            update(StageLock).where(col(StageLock.name) == name, free).values(holder=holder, until=now + HOLD)
        )
        return bool(taken.rowcount)  # type: ignore[attr-defined]
