"""A Prefect server with the project's deployments and a worker, over an example home whose clock is set by hand."""

import asyncio
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from waiting import until

from cycles.settings import Settings, set_clock
from cycles.status import status
from flows import stories
from flows.house import open_house
from hoshin.example import build_example
from hoshin.processes import Prefect

ROOT = Path(__file__).parents[2]
ZONE = "Asia/Tokyo"
CYCLE = "FY2026-Q3"
PLANNED = datetime(2026, 10, 1, 0, 0, tzinfo=UTC)
NIGHT = datetime(2026, 10, 15, 18, 0, tzinfo=UTC)
MORNING = datetime(2026, 10, 16, 0, 30, tzinfo=UTC)
KEYS = ("hoshin-scorecard", "hoshin-systems", "hoshin-actions", "hoshin-cycle")


@dataclass(frozen=True, kw_only=True)
class Run:
    """A flow run that has ended."""

    id: str
    state: str
    message: str
    name: str
    started: datetime | None
    ended: datetime | None


@dataclass
class Engine:
    """The server, the worker and the home they work on."""

    prefect: Prefect
    home: Path
    newborn: Path  # Prefect's database as it was before anything was deployed

    def at(self, moment: datetime) -> None:
        """Set the clock that the flows read."""
        set_clock(self.home, to=moment)

    def run(self, stage: str, parameters: dict[str, Any] | None = None) -> Run:
        """Run a stage's deployment through the worker and wait for its end."""
        return self.ended(self.prefect.run(f"{stage}/{stage}", parameters))

    def ended(self, run_id: str) -> Run:
        """Wait for the end of a run."""
        self.prefect.wait(run_id, at_most_s=120)
        row = self.prefect.call("GET", f"/flow_runs/{run_id}")
        return Run(
            id=run_id,
            state=row["state_type"],
            message=row["state"]["message"] or "",
            name=row["name"],
            started=_moment(row["start_time"]),
            ended=_moment(row["end_time"]),
        )

    def tasks(self, run_id: str, *, at_least: int) -> tuple[str, ...]:
        """The names of a run's tasks in their order.

        Their rows are made of events and arrive one by one, the last of them after the run's own end; so as many are
        waited for as there must be.
        """
        wanted = {"flow_runs": {"id": {"any_": [run_id]}}, "sort": "EXPECTED_START_TIME_ASC"}

        def all_ended() -> list[dict[str, Any]]:
            rows = self.prefect.call("POST", "/task_runs/filter", wanted)
            return rows if len(rows) >= at_least and all(row["state_type"] == "COMPLETED" for row in rows) else []

        rows = until(all_ended, f"{at_least} completed tasks of the run")
        return tuple(row["name"] for row in sorted(rows, key=lambda row: row["start_time"]))

    def scheduled(self) -> int:
        """How many runs the scheduler has made ahead."""
        return int(
            self.prefect.call("POST", "/flow_runs/count", {"flow_runs": {"state": {"type": {"any_": ["SCHEDULED"]}}}})
        )

    def status(self) -> dict[str, Any]:
        """The status of the cycle at the clock's time."""
        with open_house(Settings(home=self.home)) as house, house.record.read() as session:
            from cycles.programme_cycles import cycle_named

            return status(session, cycle_named(session, CYCLE), MORNING)

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Read the record with plain SQL."""
        with closing(sqlite3.connect(self.home / "hoshin.db")) as record:
            return record.execute(sql).fetchall()


def copy_database(prefect: Prefect, to: Path) -> Path:
    """What Prefect's own migrations make, which takes them seconds each time."""
    to.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(prefect.home / "prefect.db")) as now, closing(sqlite3.connect(to)) as copy:
        now.backup(copy)
    return to


def plan_example(home: Path) -> None:
    """An example home, planned and opened without Prefect."""
    home.mkdir(parents=True)
    build_example(home / "programme")
    set_clock(home, to=PLANNED)
    with open_house(Settings(home=home)) as house:
        asyncio.run(stories.plan(house, CYCLE, approve="sato"))


def run_here(flow: str, prefect: Prefect, home: Path) -> None:
    """Run a flow in a process of its own, without deployment or worker."""
    module, _, name = flow.partition(":")
    code = f"import asyncio; from {module} import {name}; asyncio.run({name}())"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **prefect.variables(), "HOSHIN_HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text.replace("Z", "+00:00")) if text else None
