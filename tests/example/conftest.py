"""The example, unpacked once for the tests that only read it."""

from pathlib import Path

import pytest

from cycles.programme.load import Programme, load_programme
from hoshin.example import build_example


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_example(tmp_path_factory.mktemp("example") / "kumonagi")


@pytest.fixture(scope="session")
def programme(folder: Path) -> Programme:
    return load_programme(folder)
