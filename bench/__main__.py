"""`python -m bench`: how the rules stand against their floors, on SQLite and PostgreSQL, as ratios of one run.

    python -m bench [--json] [--database sqlite|postgresql] [--size small|full] [--check]

Counted are pairs of system × evidence kind: 40,000 systems × 30 kinds, with a control per kind, so that a plan writes a
million requests and a check 1.2 million standings and as many results. Each line gives the rules' median, the floor's,
their ratio and the bound it must keep; `--check` exits 1 when one is missed. Copies lie in a temporary folder (about 3 GB
at full size), gone afterwards.
"""

import argparse
import json
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from multiprocessing import get_context

from bench.lines import Measure
from bench.measures import SIZES, measured
from bench.prefect_tasks import TaskTime, task_time

PREFECT_TASKS = 500
# What a task takes at the least by experience; the small size does not start a server to measure it.
LEAST = TaskTime(flow=0.005, busy=0.005, wall=0.005, processor=0.005)


def main(arguments: list[str] | None = None) -> int:
    options = argparse.ArgumentParser(prog="python -m bench", description=__doc__.split("\n\n")[0])
    options.add_argument("--json", action="store_true", help="print JSON instead of a table")
    options.add_argument("--database", choices=["sqlite", "postgresql"], help="only this one")
    options.add_argument("--size", choices=sorted(SIZES), default="full")
    options.add_argument("--check", action="store_true", help="exit 1 when a bound is missed")
    chosen = options.parse_args(arguments)
    task = task_time(PREFECT_TASKS) if chosen.size == "full" else LEAST
    lines: list[Measure] = []
    for database in [chosen.database] if chosen.database else ["sqlite", "postgresql"]:
        # A process each, or the second would inherit the first one's peak of memory.
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as apart:
            lines += apart.submit(measured, database, chosen.size, task).result()
    if chosen.json:
        print(json.dumps([{**asdict(line), "within": line.within} for line in lines], indent=1))
    else:
        _table(lines)
    return int(chosen.check and not all(line.within for line in lines))


def _table(lines: list[Measure]) -> None:
    head = ("measure", "database", "median", "floor", "ratio", "bound", "")
    rows = [head, *(_cells(line) for line in lines)]
    widths = [max(len(row[n]) for row in rows) for n in range(len(head))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _cells(line: Measure) -> tuple[str, ...]:
    floor = f"{line.floor_s:.3f} s" if line.floor_s is not None else ""
    median = f"{line.median_s:.3f} s" if line.median_s else ""
    ratio = f"{line.ratio:g}" if line.ratio is not None else ""
    bound = f"{'≥' if line.at_least else '≤'} {line.bound:g}" if line.bound is not None else ""
    mark = "" if line.within else "MISSED "
    return (line.name, line.database, median, floor, ratio, bound, mark + line.note)


if __name__ == "__main__":
    sys.exit(main())
