"""Bad luck: a full disk and a database that others hold are said in a sentence, and leave nothing half-written."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from rules_house import House, house, system
from sqlalchemy import event, text

from cycles import journal, store
from cycles.act import act
from cycles.check import check
from cycles.do import tick
from cycles.errors import NotKept
from cycles.models import Evidence, Request
from cycles.store import Record, open_record

HOLDER = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.read()
"""


def everything(record: Record) -> str:
    """The whole content of a SQLite record, as text."""
    with record.engine.connect() as connection:
        return "\n".join(connection.connection.driver_connection.iterdump())  # type: ignore[union-attr]


def limited(record: Record, spare: int) -> Record:
    """The same file, which may grow by so many pages and no more: SQLite then says SQLITE_FULL, as on a full disk."""
    again = open_record(str(record.engine.url))

    def limit(connection: Any, _: Any) -> None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count={pages + spare}")

    event.listen(again.engine, "connect", limit)
    again.engine.dispose()
    return again


def give_much(built: House, record: Record) -> None:
    with record.write() as session:
        for number in range(200):
            now = built.now + timedelta(seconds=number)
            values: Any = {"form": "link", "locator": "x" * 4000, "source": "test", "submitter_id": 1, "kind_id": 1}
            values |= {"effective": now.date(), "collected_at": now, "received_at": now, "valid_until": now.date()}
            session.add(Evidence(system_id=1, **values))
            journal.append(session, at=now, actor="x", action="y", subject="z")
    raise AssertionError("the disk was not full")


@pytest.mark.parametrize("spare", [0, 1, 7, 40])
def test_a_full_disk_leaves_nothing_half_written(spare: int, record: Record) -> None:
    built = house(record, system("scoring", risk_tier="high"))
    before = everything(record)
    full = limited(record, spare)
    with pytest.raises(NotKept, match=r"disk .* full; nothing was written"):
        give_much(built, full)
    full.close()
    assert everything(record) == before
    with record.read() as session:
        assert journal.verify(session).fault is None


def test_the_stages_go_on_once_there_is_room_again(record: Record) -> None:
    built = house(record, *(system(f"s{number}", risk_tier="high") for number in range(40)))
    built.on("2026-12-10")
    full = limited(record, 0)
    with pytest.raises(NotKept), full.write() as session:
        check(session, built.cycle(session), now=built.now, actor="check")
    full.close()
    built.turn(check, act, tick)
    assert len(built.lapses()) == len(built.actions()) == len(built.rows(Request))
    with record.read() as session:
        assert journal.verify(session).fault is None


@contextmanager
def held(path: str) -> Iterator[None]:
    """Another process that holds the write lock."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == b"held\n"
        try:
            yield
        finally:
            assert holder.stdin
            holder.stdin.close()
            holder.wait(30)


def test_a_database_that_another_process_holds_is_an_error_that_names_the_remedy(
    record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    built = house(record, system("scoring"))
    path = record.engine.url.database
    assert path
    before = everything(record)
    monkeypatch.setattr(store, "LOCK_WAIT_S", 0.2)
    impatient = open_record(str(record.engine.url))
    with held(path):
        with pytest.raises(NotKept, match=r"held by another writer for more than 0\.2 s; nothing was written.*end it"):
            _append(built, impatient)
        with impatient.read() as session:
            assert journal.verify(session).fault is None
    impatient.close()
    assert everything(record) == before
    _append(built, record)


def test_postgresql_does_not_wait_for_ever_either(new_postgres: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    record = new_postgres()
    built = house(record, system("scoring"))
    monkeypatch.setattr(store, "LOCK_WAIT_S", 0.2)
    with record.engine.connect() as other:
        other.execute(text("SELECT pg_advisory_lock(:key)"), {"key": store.WRITE_LOCK})
        with pytest.raises(NotKept, match="held by another writer"):
            _append(built, record)
        other.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": store.WRITE_LOCK})
    _append(built, record)


def _append(built: House, record: Record) -> None:
    with record.write() as session:
        journal.append(session, at=built.now, actor="x", action="y", subject="z")
