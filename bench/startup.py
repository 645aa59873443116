"""How quickly the command line starts, as ratios of medians measured side by side on this machine.

    python bench/startup.py            prints the figures
    python bench/startup.py --check    exits 1 when a limit is missed

Limits: `hoshin --help` within 0.5 s; `hoshin status` within twice the time of `import sqlmodel`.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HELP_S = 0.5
STATUS_RATIO = 2.0
CLI = [sys.executable, "-c", "from hoshin.cli import main; main()"]
COMMANDS = {
    "python": [sys.executable, "-c", "pass"],
    "import sqlmodel": [sys.executable, "-c", "import sqlmodel"],
    "hoshin --help": [*CLI, "--help"],
    "hoshin status": [*CLI, "status"],
}


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--runs", type=int, default=11, help="runs of each command; the median counts")
    options.add_argument("--check", action="store_true", help="exit 1 when a limit is missed, after three tries")
    chosen = options.parse_args()
    for _ in range(3 if chosen.check else 1):
        found = measure(chosen.runs)
        print(json.dumps(found, indent=1))
        if found["help_within_limit"] and found["status_within_limit"]:
            return 0
    return 1 if chosen.check else 0


def measure(runs: int) -> dict[str, object]:
    """Medians in seconds, and the ratios that the limits are about."""
    with tempfile.TemporaryDirectory(prefix="hoshin-bench-") as home:
        environment = {**os.environ, "HOSHIN_HOME": str(Path(home) / "home"), "DO_NOT_TRACK": "1"}
        for step in (
            ["init"],
            ["plan", "--cycle", "FY2026-Q3", "--as-of", "2026-10-01", "--approve", "sato"],
            ["check"],
        ):
            seconds([*CLI, *step], environment)
        times: dict[str, list[float]] = {name: [] for name in COMMANDS}
        # In turns, so that whatever else the machine does falls on all of them alike.
        for _ in range(runs):
            for name, command in COMMANDS.items():
                times[name].append(seconds(command, environment))
    medians = {name: statistics.median(each) for name, each in times.items()}
    ratio = medians["hoshin status"] / medians["import sqlmodel"]
    return {
        "medians_s": {name: round(median, 3) for name, median in medians.items()},
        "status_over_import_sqlmodel": round(ratio, 2),
        "help_within_limit": medians["hoshin --help"] <= HELP_S,
        "status_within_limit": ratio <= STATUS_RATIO,
    }


def seconds(command: list[str], environment: dict[str, str]) -> float:
    """How long a command takes; it must succeed."""
    began = time.perf_counter()
    subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began


if __name__ == "__main__":
    sys.exit(main())
