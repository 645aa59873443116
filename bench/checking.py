"""Check against its floor: the first one, one that finds nothing new, and one where a pair in a thousand changed."""

import statistics
from collections import defaultdict
from dataclasses import replace
from datetime import timedelta

from bench import town
from bench.floors import changed_floor, check_floor
from bench.lines import Measure, ratio_of
from bench.places import Place, count, seconds
from bench.prefect_tasks import TaskTime
from bench.steps import CHECK_AT, change, checked, opened

# What is promised against a Prefect task for each result.
TIMES_FASTER = 1_000
Times = dict[str, list[float]]


def checking(where: Place, base: str, size: town.Size, rounds: int, task: TaskTime) -> list[Measure]:
    """Rounds of floor and rules in turn on fresh copies of a planned record."""
    times: Times = defaultdict(list)
    for _ in range(rounds):
        written = _floor_round(where, base, times)
        assert _rules_round(where, base, size, times) == written, "the floor writes other rows than the rules"
    note = f"{size.pairs:,} results"
    full = ratio_of("check", where.name, times, bound=2.0, note=note)
    alone = {"rules": times["rules"], "floor": times["writes"]}
    return [
        full,
        ratio_of("check, against its writes alone", where.name, alone, bound=None, note="no digest"),
        _later("check, nothing changed", where, times["again"], times, full.median_s),
        _later("check, 0.1 % changed", where, times["changed"], times, full.median_s),
        *_against_tasks(where, times, size, task),
    ]


def _floor_round(where: Place, base: str, times: Times) -> tuple[int, int]:
    name, record = where.copy(base)
    hashing: list[float] = []
    now = CHECK_AT.strftime("%Y-%m-%d %H:%M:%S.%f")
    taken = seconds(lambda: hashing.append(check_floor(record, 1, CHECK_AT.date(), now)), record)
    times["floor"].append(taken)
    times["writes"].append(taken - hashing[0])
    written = count(record, "assessment"), count(record, "standing")
    where.drop(name, record)
    return written


def _rules_round(where: Place, base: str, size: town.Size, times: Times) -> tuple[int, int]:
    name, record = where.copy(base)
    opened(record)
    times["rules"].append(seconds(lambda: checked(record, CHECK_AT), record))
    written = count(record, "assessment"), count(record, "standing")
    times["again"].append(seconds(lambda: checked(record, CHECK_AT + timedelta(hours=1)), record))
    new = change(record, size)
    found: list[int] = []
    times["finding"].append(seconds(lambda: found.append(changed_floor(record, 1, CHECK_AT.date())), record))
    assert found == [new], "the floor finds other changes than were made"
    times["changed"].append(seconds(lambda: checked(record, CHECK_AT + timedelta(days=1)), record))
    where.drop(name, record)
    return written


def _later(name: str, where: Place, taken: list[float], times: Times, whole: float) -> Measure:
    """A check that has little to write, against hand-written SQL that only looks for what changed."""
    finding = {"rules": taken, "floor": times["finding"]}
    note = f"against finding what changed; {statistics.median(taken) / whole:.2f} of a full check"
    return ratio_of(name, where.name, finding, bound=None, note=note)


def _against_tasks(where: Place, times: Times, size: town.Size, task: TaskTime) -> list[Measure]:
    """Processor time against processor time, or on PostgreSQL, whose own is not seen, the wall against the wall."""
    # The small size has no promise to keep: what a check takes at the least outweighs its few results.
    bound = TIMES_FASTER if size == town.FULL else None
    check_s = statistics.median(times["rules"])
    flow_s, whole_s = (task.flow, task.wall) if where.server else (task.busy, task.processor)
    kept = _times_faster("one Prefect task per result", where, size, flow_s, check_s)
    told = _times_faster("the same, recorded by the server", where, size, whole_s, check_s)
    return [
        replace(kept, bound=bound, at_least=True, note=f"{flow_s * 1000:.1f} ms a task, until the flow goes on"),
        replace(told, note=f"{whole_s * 1000:.1f} ms a task"),
    ]


def _times_faster(name: str, where: Place, size: town.Size, task_s: float, check_s: float) -> Measure:
    return Measure(
        name=name,
        database=where.name,
        median_s=round(task_s * size.pairs, 1),
        floor_s=round(check_s, 3),
        ratio=round(task_s * size.pairs / check_s, 0),
    )
