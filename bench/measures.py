"""What is measured, each as a ratio within one run on one machine."""

from sqlalchemy import delete

from bench import town
from bench.checking import checking
from bench.floors import plan_floor
from bench.lines import Measure, ratio_of
from bench.places import Place, count, peak_mib, place, seconds
from bench.prefect_tasks import TaskTime
from bench.presses import presses
from bench.steps import planned
from bench.ticking import tick_line, ticking, verify
from cycles.models import CycleSystem, Request

MEMORY_BOUND_MIB = 300.0
SIZES = {"full": (town.FULL, town.FEW, 300_000, 3), "small": (town.SMALL, town.SMALL, 2_000, 1)}


def measured(database: str, size: str, task: TaskTime) -> list[Measure]:
    """Every measure on one database, in a place that is gone afterwards. `task` is what one Prefect task takes."""
    with place(database) as where:
        return all_of(where, *SIZES[size], task)


def all_of(where: Place, size: town.Size, few: town.Size, entries: int, rounds: int, task: TaskTime) -> list[Measure]:
    """Every measure on one database; memory counts from before the first."""
    before = peak_mib()
    _settled(where, "town", size)
    name, plan_lines = _plan(where, size, rounds)
    check_lines = checking(where, name, size, rounds, task)
    many = ticking(where, name)
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
    ticks = tick_line(where, many, ticking(where, little))
    return [*plan_lines, *check_lines, ticks, verify(where, entries), *presses(where, "village", few.pressed), memory]


def _settled(where: Place, name: str, size: town.Size) -> None:
    record = where.make(name)
    town.settle(record, size)
    record.close()


def _plan(where: Place, size: town.Size, rounds: int, base: str = "town") -> tuple[str, list[Measure]]:
    """Plan on fresh copies, floor and rules in turn; the last copy the rules planned is kept."""
    ready = _with_slots(where, base)
    times: dict[str, list[float]] = {"floor": [], "rules": [], "writes": []}
    kept = ""
    for number in range(rounds):
        name, record = where.copy(ready)
        hashing: list[float] = []
        taken = seconds(lambda: hashing.append(plan_floor(record, 1, town.the_period().ends)), record)  # noqa: B023
        times["floor"].append(taken)
        times["writes"].append(taken - hashing[0])
        floor = count(record, "request")
        where.drop(name, record)
        name, record = where.copy(base)
        times["rules"].append(seconds(lambda: planned(record), record))  # noqa: B023
        assert count(record, "request") == floor, "the floor writes other requests than the rules"
        if number + 1 < rounds:
            where.drop(name, record)
        else:
            record.close()
            kept = name
    line = ratio_of("plan", where.name, times, bound=2.0, note=f"{size.pairs:,} pairs, {floor:,} requests")
    alone = {**times, "floor": times["writes"]}
    return kept, [line, ratio_of("plan, against its writes alone", where.name, alone, bound=None, note="no digest")]


def _with_slots(where: Place, base: str) -> str:
    """A copy that has the cycle and its slots but neither scope nor requests: where the floor begins."""
    name, record = where.copy(base)
    planned(record)
    with record.write() as session:
        session.execute(delete(Request))
        session.execute(delete(CycleSystem))
    record.close()
    return name
