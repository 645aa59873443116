from collections.abc import Iterator
from pathlib import Path

import pytest
from inbox_town import Town, planned_record, town_over


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return planned_record(tmp_path_factory.mktemp("planned"))


@pytest.fixture(params=["http", "socket"])
def town(request: pytest.FixtureRequest, template: Path, tmp_path: Path) -> Iterator[Town]:
    with town_over(request.param, template, tmp_path / "home") as running:
        yield running


@pytest.fixture
def http_town(template: Path, tmp_path: Path) -> Iterator[Town]:
    with town_over("http", template, tmp_path / "home") as running:
        yield running
