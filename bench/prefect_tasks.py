"""What one Prefect task per result takes: a flow of so many tasks on a real server, measured from the first to the last.

    python -m bench.prefect_tasks COUNT PID      with PREFECT_API_URL set and the server's PID: prints what one task takes

Each task does as little as can be, comparing two dates, and the quicker of two ways counts: one task after the other, and all
handed to Prefect's own pool at once. What the promise counts ends when the flow goes on; the server records the tasks after
that, and how long that takes is told beside (its other services run meanwhile).
"""

import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from time import perf_counter, process_time

WARM_UP = 20
RECORDED_S = 60


@dataclass(frozen=True, kw_only=True)
class TaskTime:
    """Seconds of one task: until the flow goes on, by the wall (`flow`) and of processors, the flow's and the server's
    together (`busy`); then until the server has recorded it, likewise (`wall`, `processor`)."""

    flow: float
    busy: float
    wall: float
    processor: float


def task_time(tasks: int) -> TaskTime:
    """Measured on a server of our own that is gone afterwards."""
    from hoshin.processes import Prefect

    with tempfile.TemporaryDirectory(prefix="hoshin-bench-") as folder, Prefect(Path(folder), {}) as server:
        server.start_server()
        server.wait_ready()
        command = [sys.executable, "-m", "bench.prefect_tasks", str(tasks), str(server.pid)]
        quiet = {**server.variables(), "PREFECT_LOGGING_LEVEL": "ERROR"}
        told = subprocess.run(command, env=quiet, stdout=subprocess.PIPE, check=True)
    found = json.loads(told.stdout.splitlines()[-1])
    return TaskTime(**{name: min(each[name] for each in found) for name in ("flow", "busy", "wall", "processor")})


def measured(tasks: int, server: int) -> list[dict[str, float]]:
    """What one task takes, one after the other and all at once."""
    from prefect import flow, task

    @task
    def judge(valid_until: date, day: date) -> str:
        return "satisfied" if valid_until >= day else "not-satisfied"

    until, day = date(2027, 9, 30), date(2026, 10, 3)
    found = []

    @flow
    def one_each() -> None:
        for _ in range(WARM_UP):
            judge(until, day)
        _await(WARM_UP)
        found.append(_each(tasks, server, lambda: [judge(until, day) for _ in range(tasks)]))
        found.append(_each(tasks, server, lambda: judge.map([until] * tasks, day).result()))

    one_each()
    return found


def _each(tasks: int, server: int, work: Callable[[], object]) -> dict[str, float]:
    before = recorded()
    wall, processor = perf_counter(), process_time() + used(server)
    work()
    taken = {"flow": perf_counter() - wall, "busy": process_time() + used(server) - processor}
    _await(before + tasks)
    taken |= {"wall": perf_counter() - wall, "processor": process_time() + used(server) - processor}
    return {name: seconds / tasks for name, seconds in taken.items()}


def _await(tasks: int) -> None:
    for _ in range(RECORDED_S):
        if recorded() >= tasks:
            return
        # Asking more often would cost the server more than the tasks do.
        time.sleep(1)
    raise SystemExit(f"The Prefect server did not record {tasks} tasks within {RECORDED_S} s.")


def recorded() -> int:
    """How many task runs the server has as completed."""
    wanted = {"task_runs": {"state": {"type": {"any_": ["COMPLETED"]}}}}
    asked = urllib.request.Request(  # noqa: S310 - our own server
        os.environ["PREFECT_API_URL"] + "/task_runs/count",
        data=json.dumps(wanted).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(asked, timeout=30) as answer:  # noqa: S310
        return int(answer.read())


def used(pid: int) -> float:
    """Processor seconds of a process and all it started that still run; 0 where the system does not tell."""
    told: dict[int, tuple[int, float]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:  # ended meanwhile
            continue
        ticks = int(fields[11]) + int(fields[12])
        told[int(path.parent.name)] = (int(fields[1]), ticks / os.sysconf("SC_CLK_TCK"))
    family = {pid}
    while more := {number for number, (parent, _) in told.items() if parent in family} - family:
        family |= more
    return sum(told[number][1] for number in family & told.keys())


if __name__ == "__main__":
    print(json.dumps(measured(int(sys.argv[1]), int(sys.argv[2]))))
