"""What one Prefect task per result takes: a flow of so many tasks on a real server, timed from the first to the last.

    python -m bench.prefect_tasks COUNT      with PREFECT_API_URL set: prints the seconds of one task

Each task does as little as can be, comparing two dates, and the quicker of two ways counts: one task after the other, and all
handed to Prefect's own pool at once.
"""

import json
import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path

from bench.places import seconds

WARM_UP = 20


def task_seconds(tasks: int) -> float:
    """Seconds per task, on a server of our own that is gone afterwards."""
    from hoshin.processes import Prefect

    with tempfile.TemporaryDirectory(prefix="hoshin-bench-") as folder, Prefect(Path(folder), {}) as server:
        server.start_server(services=False)
        server.wait_ready()
        command = [sys.executable, "-m", "bench.prefect_tasks", str(tasks)]
        quiet = {**server.variables(), "PREFECT_LOGGING_LEVEL": "ERROR"}
        told = subprocess.run(command, env=quiet, stdout=subprocess.PIPE, check=True)
    return float(min(json.loads(told.stdout.splitlines()[-1]).values()))


def timed(tasks: int) -> dict[str, float]:
    """Seconds per task, one after the other and all at once."""
    from prefect import flow, task

    @task
    def judge(valid_until: date, day: date) -> str:
        return "satisfied" if valid_until >= day else "not-satisfied"

    until, day = date(2027, 9, 30), date(2026, 10, 3)
    found: dict[str, float] = {}

    @flow
    def one_each() -> None:
        for _ in range(WARM_UP):
            judge(until, day)
        found["in turn"] = seconds(lambda: [judge(until, day) for _ in range(tasks)]) / tasks
        found["at once"] = seconds(lambda: judge.map([until] * tasks, day).result()) / tasks

    one_each()
    return found


if __name__ == "__main__":
    print(json.dumps(timed(int(sys.argv[1]))))
