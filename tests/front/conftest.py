"""Homes to give commands in: built once a session, copied for each test."""

import shutil
import sys
from pathlib import Path

import pytest
from front_cli import CYCLE, MORNING, NIGHT, PLANNED, good

# Programmes written by hand are the same here as in the rules' own tests.
sys.path.append(str(Path(__file__).parents[1] / "cycles"))


@pytest.fixture(scope="session")
def fresh_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`hoshin init` and no more. Only read it."""
    home = tmp_path_factory.mktemp("fresh") / "home"
    good(home, "init")
    return home


@pytest.fixture(scope="session")
def asked_home(fresh_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example on the morning of the first asks: planned, opened, checked, acted on. Only read it."""
    home = tmp_path_factory.mktemp("asked") / "home"
    shutil.copytree(fresh_home, home)
    good(home, "plan", "--cycle", CYCLE, "--approve", "sato", "--as-of", PLANNED)
    good(home, "check", "--as-of", NIGHT)
    good(home, "act", "--as-of", NIGHT)
    good(home, "do", "--as-of", MORNING)
    return home


@pytest.fixture
def fresh(fresh_home: Path, tmp_path: Path) -> Path:
    """A fresh home of the test's own."""
    shutil.copytree(fresh_home, tmp_path / "home")
    return tmp_path / "home"


@pytest.fixture
def asked(asked_home: Path, tmp_path: Path) -> Path:
    """A home in the middle of Do, of the test's own."""
    shutil.copytree(asked_home, tmp_path / "home")
    return tmp_path / "home"
