"""A quick start is kept by importing little: what each command loads is looked at in a process of its own.

How long it takes is measured by `bench/startup.py`.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hoshin.processes import Prefect

HEAVY = ("prefect", "fastapi", "starlette", "slack_sdk", "alembic", "dulwich", "pypdf", "docx", "localslack")
# `--help` needs no database and no programme either.
FOR_HELP = (*HEAVY, "sqlmodel", "sqlalchemy", "yaml", "holidays", "cycles.models")

TRACED = """
import sys
sys.argv = ["hoshin", *sys.argv[1:]]
from hoshin.cli import main
code = 0
try:
    main()
except SystemExit as ended:
    code = ended.code
print("LOADED", " ".join(sorted(sys.modules)), file=sys.stderr)
sys.exit(code)
"""


def loaded(home: Path, *arguments: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", TRACED, *arguments],
        env={**os.environ, "HOSHIN_HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return set(done.stderr.rpartition("LOADED ")[2].split())


@pytest.mark.parametrize("arguments", [("--help",), ("plan", "--help"), ("demo", "--help")])
def test_help_loads_next_to_nothing(arguments: tuple[str, ...], tmp_path: Path) -> None:
    assert sorted(loaded(tmp_path, *arguments) & set(FOR_HELP)) == []


@pytest.mark.parametrize("arguments", [("status", "--json"), ("verify",)])
def test_status_and_verify_load_no_engine_and_no_slack(arguments: tuple[str, ...], asked_home: Path) -> None:
    found = loaded(asked_home, *arguments)
    assert sorted(found & set(HEAVY)) == []
    assert "sqlmodel" in found


@pytest.mark.parametrize(
    "arguments", [("plan", "--preview"), ("check", "--dry-run"), ("act", "--dry-run"), ("review", "--dry-run")]
)
def test_no_stage_needs_prefect(arguments: tuple[str, ...], asked_home: Path) -> None:
    assert "prefect" not in loaded(asked_home, *arguments)


@pytest.mark.parametrize("whose", ["hoshin", "prefect"])
def test_nothing_is_looked_through_at_the_end(whose: str, tmp_path: Path) -> None:
    """Of commands and of the demo's processes; what the tests themselves put on the path is taken away."""
    own = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    if whose == "prefect":
        own |= {"PYTHONPATH": Prefect(home=tmp_path, environment={}).variables()["PYTHONPATH"].split(os.pathsep)[0]}
    module = "hoshin.cli" if whose == "hoshin" else "json"
    code = f"import atexit, gc, {module}; atexit._run_exitfuncs(); print(gc.get_freeze_count() > 0)"
    for environment, frozen in ((own, "True"), ({**own, "PYTHONPATH": ""}, str(whose == "hoshin"))):
        done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
        assert done.stdout.strip() == frozen
