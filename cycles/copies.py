"""A copy of the record to try things on: what would happen is found by letting it happen there."""

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import insert, select
from sqlmodel import SQLModel

from cycles.store import Record, open_record

CHUNK = 5_000


@contextmanager
def copied(record: Record) -> Iterator[Record]:
    """The record's content in a SQLite file of its own, gone afterwards; the original is only read."""
    with tempfile.TemporaryDirectory(prefix="hoshin-copy-") as folder:
        target = Path(folder) / "hoshin.db"
        if record.engine.dialect.name == "sqlite" and record.engine.url.database:
            _backup(Path(record.engine.url.database), target)
            copy = open_record(f"sqlite:///{target}")
        else:
            copy = open_record(f"sqlite:///{target}")
            _transfer(record, copy)
        try:
            yield copy
        finally:
            copy.close()


def _backup(source: Path, target: Path) -> None:
    # SQLite's own backup sees what is still in the write-ahead log; copying the file would not.
    with sqlite3.connect(source) as old, sqlite3.connect(target) as new:
        old.backup(new)
    old.close()
    new.close()


def _transfer(record: Record, copy: Record) -> None:
    with record.read() as old, copy.engine.connect().execution_options(hoshin_write=True) as new, new.begin():
        # Self-references (a manager is a person) make an order by table insufficient.
        new.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
        for table in SQLModel.metadata.sorted_tables:
            rows = old.execute(select(table).order_by(*table.primary_key.columns))
            for part in rows.mappings().partitions(CHUNK):
                new.execute(insert(table), [dict(row) for row in part])
