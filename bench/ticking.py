"""The chase tick among many open requests and among few, and the journal read from its first entry to its last."""

import statistics
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlmodel import Session, col

from bench import town
from bench.lines import Measure
from bench.places import Place, count, seconds
from bench.steps import opened
from cycles import journal
from cycles.do import tick
from cycles.models import JournalEntry, Request
from cycles.store import Record

DUE = 100
DUE_OWNERS = 10


def ticking(where: Place, planned: str) -> tuple[float, int]:
    """The median of ticks with DUE requests of DUE_OWNERS owners due among all that are open; each is rolled back."""
    name, record = where.copy(planned)
    opened(record)
    now = datetime(2026, 11, 4, 1, 0, tzinfo=UTC)
    with record.write() as session:
        session.execute(update(Request).values(next_at=now + timedelta(days=30)))
        session.execute(update(Request).where(col(Request.id).in_(_due(session))).values(next_at=now))
    if where.server:
        with record.engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql("VACUUM ANALYZE request")
    taken = [seconds(lambda: _tick(record, now), record) for _ in range(7)]
    total = count(record, "request")
    where.drop(name, record)
    return statistics.median(taken[1:]), total


def _due(session: Session) -> list[int]:
    """The first requests of the same number of owners, whatever is open: messages are made per owner."""
    place = func.row_number().over(partition_by=col(Request.owner_id), order_by=col(Request.id)).label("place")
    numbered = select(col(Request.id), col(Request.owner_id), place).subquery()
    each = (
        select(numbered.c.id).where(numbered.c.place <= DUE // DUE_OWNERS).order_by(numbered.c.owner_id, numbered.c.id)
    )
    return list(session.execute(each.limit(DUE)).scalars())


class _Undone(Exception):
    """Ends a transaction without keeping it."""


def _tick(record: Record, now: datetime) -> None:
    try:
        with record.write() as session:
            tick(session, now=now, actor="bench")
            raise _Undone
    except _Undone:
        pass


def tick_line(where: Place, many: tuple[float, int], few: tuple[float, int]) -> Measure:
    return Measure(
        name="chase tick",
        database=where.name,
        median_s=round(many[0], 4),
        floor_s=round(few[0], 4),
        ratio=round(many[0] / few[0], 2),
        bound=1.5,
        note=f"{DUE} due among {many[1]:,} open, against {DUE} among {few[1]:,}",
    )


def verify(where: Place, entries: int) -> Measure:
    record = where.make("ledger")
    with record.write() as session:
        seq, prev = 0, journal.GENESIS
        while seq < entries:
            rows = []
            for seq in range(seq + 1, min(seq + journal.CHUNK, entries) + 1):  # noqa: B020
                rows.append(_entry(seq, prev))
                prev = rows[-1]["hash"]
            session.execute(insert(JournalEntry), rows)
    found: list[journal.Verification] = []
    with record.read() as session:
        taken = seconds(lambda: found.append(journal.verify(session)), record)
    assert found[0].fault is None
    assert found[0].entries == entries
    where.drop("ledger", record)
    return Measure(
        name="journal verify, per million entries",
        database=where.name,
        median_s=round(taken * 1_000_000 / entries, 2),
        note=f"measured on {entries:,}",
    )


def _entry(seq: int, prev: str) -> dict[str, Any]:
    at = town.START + timedelta(seconds=seq)
    shown = {"actor": "bench", "action": "request.accepted", "subject": f"request:system-{seq}/kind-1"}
    told = {"before": {"state": "submitted"}, "after": {"state": "accepted", "evidence": seq}}
    body = journal.canonical({**shown, **told, "seq": seq, "at": at, "prev": prev})
    return {"seq": seq, "at": at, **shown, "body": body, "prev": prev, "hash": journal.hash_of(body)}
