"""A house that is built once and copied for each test."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from delivery_house import House, Opener, build, open_house

OWNERS = 2


@pytest.fixture(scope="session")
def originals(tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], Path]:
    built: dict[int, Path] = {}

    def original(owners: int) -> Path:
        if owners not in built:
            built[owners] = tmp_path_factory.mktemp(f"house{owners}-")
            build(built[owners], owners)
        return built[owners] / "hoshin.db"

    return original


@pytest.fixture
def opened(tmp_path: Path, originals: Callable[[int], Path]) -> Opener:
    """Open a house with so many owners: `with opened(owners=60, dedupe=False) as house`."""

    def open_copy(*, owners: int = OWNERS, dedupe: bool = False, **app: Any) -> AbstractContextManager[House]:
        shutil.copy(originals(owners), tmp_path / "hoshin.db")
        return open_house(tmp_path, owners=owners, dedupe=dedupe, **app)

    return open_copy


@pytest.fixture
def house(opened: Opener) -> Iterator[House]:
    """Three digests wait: the lead's and two owners'."""
    with opened() as house:
        yield house
