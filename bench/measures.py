"""What is measured, each as a ratio within one run on one machine."""

import statistics
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, insert, select, text, update
from sqlmodel import Session, col

from bench import town
from bench.floors import check_floor, plan_floor
from bench.places import Place, peak_mib, place, seconds
from cycles import journal, plan
from cycles.check import check
from cycles.do import tick
from cycles.models import Cycle, CycleSystem, Evidence, JournalEntry, Request, Verdict
from cycles.store import Record

PLAN_AT = town.START
CHECK_AT = town.START + timedelta(days=2)
DUE = 100
DUE_OWNERS = 10
# Facts of Prefect: what one task run costs at the least, in seconds.
PREFECT_TASK_S = 0.005
MEMORY_BOUND_MIB = 300.0


SIZES = {"full": (town.FULL, town.FEW, 300_000, 3), "small": (town.SMALL, town.SMALL, 2_000, 1)}


@dataclass(frozen=True, kw_only=True)
class Measure:
    """One line of the report. `ratio` is against `floor_s`; a bound of None is only told."""

    name: str
    database: str
    median_s: float
    floor_s: float | None = None
    ratio: float | None = None
    bound: float | None = None
    note: str = ""

    @property
    def within(self) -> bool:
        return self.bound is None or self.ratio is None or self.ratio <= self.bound


def measured(database: str, size: str) -> list[Measure]:
    """Every measure on one database, in a place that is gone afterwards."""
    with place(database) as where:
        return all_of(where, *SIZES[size])


def all_of(where: Place, size: town.Size, few: town.Size, entries: int, rounds: int) -> list[Measure]:
    """Every measure on one database; memory counts from before the first."""
    before = peak_mib()
    _settled(where, "town", size)
    planned, plan_line = _plan(where, size, rounds)
    check_lines = _check(where, planned, size, rounds)
    many = _ticking(where, planned)
    memory = Measure(
        name="memory above import",
        database=where.name,
        median_s=0.0,
        ratio=round(peak_mib() - before, 1),
        bound=MEMORY_BOUND_MIB,
        note="MiB",
    )
    _settled(where, "village", few)
    little, _ = _plan(where, few, 1, "village")
    return [plan_line, *check_lines, _tick_line(where, many, _ticking(where, little)), _verify(where, entries), memory]


def _settled(where: Place, name: str, size: town.Size) -> None:
    record = where.make(name)
    town.settle(record, size)
    record.close()


def _plan(where: Place, size: town.Size, rounds: int, base: str = "town") -> tuple[str, Measure]:
    """Plan on fresh copies, floor and rules in turn; the last copy the rules planned is kept."""
    ready = _with_slots(where, base)
    times: dict[str, list[float]] = {"floor": [], "rules": []}
    kept = ""
    for number in range(rounds):
        name, record = where.copy(ready)
        times["floor"].append(seconds(lambda record=record: plan_floor(record, 1, town.the_period().ends)))  # type: ignore[misc]
        floor = _count(record, "request")
        where.drop(name, record)
        name, record = where.copy(base)
        times["rules"].append(seconds(lambda record=record: _planned(record)))  # type: ignore[misc]
        assert _count(record, "request") == floor, "the floor writes other requests than the rules"
        if number + 1 < rounds:
            where.drop(name, record)
        else:
            record.close()
            kept = name
    note = f"{size.pairs:,} pairs, {floor:,} requests"
    return kept, _ratio("plan", where, times, bound=2.0, note=note)


def _planned(record: Record) -> None:
    with record.write() as session:
        plan.plan(session, town.the_period(), town.policy(), now=PLAN_AT, actor="bench")


def _with_slots(where: Place, base: str) -> str:
    """A copy that has the cycle and its slots but neither scope nor requests: where the floor begins."""
    name, record = where.copy(base)
    _planned(record)
    with record.write() as session:
        session.execute(delete(Request))
        session.execute(delete(CycleSystem))
    record.close()
    return name


def _check(where: Place, planned: str, size: town.Size, rounds: int) -> list[Measure]:
    times: dict[str, list[float]] = {"floor": [], "rules": []}
    changed: list[float] = []
    again: list[float] = []
    for _ in range(rounds):
        name, record = where.copy(planned)
        times["floor"].append(seconds(lambda record=record: check_floor(record, 1, CHECK_AT.date(), _text(CHECK_AT))))  # type: ignore[misc]
        floor = _count(record, "assessment"), _count(record, "standing")
        where.drop(name, record)
        name, record = where.copy(planned)
        _opened(record)
        times["rules"].append(seconds(lambda record=record: _checked(record, CHECK_AT)))  # type: ignore[misc]
        assert (_count(record, "assessment"), _count(record, "standing")) == floor
        again.append(seconds(lambda record=record: _checked(record, CHECK_AT + timedelta(hours=1))))  # type: ignore[misc]
        _change(record, size)
        changed.append(seconds(lambda record=record: _checked(record, CHECK_AT + timedelta(days=1))))  # type: ignore[misc]
        where.drop(name, record)
    full = _ratio("check", where, times, bound=2.0, note=f"{size.pairs:,} results")
    task = PREFECT_TASK_S * size.pairs
    return [
        full,
        _against("check, nothing changed", where, again, full.median_s, "of a full check"),
        _against("check, 0.1 % changed", where, changed, full.median_s, "of a full check"),
        Measure(
            name="one Prefect task per result",
            database=where.name,
            median_s=task,
            floor_s=full.median_s,
            ratio=round(task / full.median_s, 0),
            note=f"arithmetic: {PREFECT_TASK_S * 1000:.0f} ms a task; ≥ 1,000 is promised",
        ),
    ]


def _opened(record: Record) -> None:
    with record.write() as session:
        plan.open_cycle(session, session.get_one(Cycle, 1), now=PLAN_AT, actor="bench")


def _checked(record: Record, now: datetime) -> None:
    with record.write() as session:
        check(session, session.get_one(Cycle, 1), now=now, actor="bench")


def _change(record: Record, size: town.Size) -> None:
    """Accepted evidence for one pair in a thousand that had none."""
    held, at = set(town.held_pairs(size)), CHECK_AT + timedelta(hours=2)
    every = max(1, size.pairs // max(1, size.pairs // 1_000))
    chosen = [(1 + n // size.kinds, 1 + n % size.kinds) for n in range(1, size.pairs, every)]
    rows = [
        town.evidence_row(1_000_000 + number, *pair, at)
        for number, pair in enumerate(pair for pair in chosen if pair not in held)
    ]
    with record.write() as session:
        session.execute(insert(Evidence), rows)
        session.execute(
            insert(Verdict),
            [{"evidence_id": row["id"], "outcome": "accepted", "at": at, "reason": ""} for row in rows],
        )


def _ticking(where: Place, planned: str) -> tuple[float, int]:
    """The median of ticks with DUE requests of DUE_OWNERS owners due among all that are open; each is rolled back."""
    name, record = where.copy(planned)
    _opened(record)
    now = datetime(2026, 11, 4, 1, 0, tzinfo=UTC)
    with record.write() as session:
        session.execute(update(Request).values(next_at=now + timedelta(days=30)))
        session.execute(update(Request).where(col(Request.id).in_(_due(session))).values(next_at=now))
    if where.server:
        with record.engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql("VACUUM ANALYZE request")
    taken = [seconds(lambda: _tick(record, now)) for _ in range(7)]
    total = _count(record, "request")
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


def _tick_line(where: Place, many: tuple[float, int], few: tuple[float, int]) -> Measure:
    return Measure(
        name="chase tick",
        database=where.name,
        median_s=round(many[0], 4),
        floor_s=round(few[0], 4),
        ratio=round(many[0] / few[0], 2),
        bound=1.5,
        note=f"{DUE} due among {many[1]:,} open, against {DUE} among {few[1]:,}",
    )


def _verify(where: Place, entries: int) -> Measure:
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
        taken = seconds(lambda: found.append(journal.verify(session)))
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


def _ratio(name: str, where: Place, times: dict[str, list[float]], *, bound: float, note: str) -> Measure:
    rules, floor = statistics.median(times["rules"]), statistics.median(times["floor"])
    return Measure(
        name=name,
        database=where.name,
        median_s=round(rules, 3),
        floor_s=round(floor, 3),
        ratio=round(rules / floor, 2),
        bound=bound,
        note=note,
    )


def _against(name: str, where: Place, taken: list[float], whole: float, note: str) -> Measure:
    median = statistics.median(taken)
    return Measure(
        name=name,
        database=where.name,
        median_s=round(median, 3),
        floor_s=whole,
        ratio=round(median / whole, 2),
        note=note,
    )


def _count(record: Record, table: str) -> int:
    with record.read() as session:
        return int(session.execute(select(func.count()).select_from(text(table))).scalar_one())


def _text(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%S.%f")
