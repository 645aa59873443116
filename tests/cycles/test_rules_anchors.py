"""Anchors: whatever is done to the journal on either database is named; what is cut off its end, too."""

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from cycles import journal
from cycles.anchors import Anchor, broken_anchor, head_now, read_anchors, record_anchor
from cycles.errors import BadInput
from cycles.store import Record

NOW = datetime(2026, 10, 1, tzinfo=UTC)
ENTRIES = 12


def fill(record: Record, entries: int = ENTRIES, who: str = "sato") -> list[Anchor]:
    """Entries, one an hour, and the anchor after each."""
    anchors = []
    for number in range(entries):
        at = NOW + timedelta(hours=number)
        with record.write() as session:
            journal.append(session, at=at, actor=who, action="test", subject=f"s{number}")
            anchors.append(head_now(session, at))
    return anchors


def unguard(record: Record) -> None:
    """What somebody with the database's own tools does first."""
    names = ["journal_append_only ON journal"]
    if record.engine.dialect.name == "sqlite":
        names = ["journal_refuses_update", "journal_refuses_delete"]
    with record.engine.begin() as connection:
        for name in names:
            connection.execute(text(f"DROP TRIGGER IF EXISTS {name}"))


def run(record: Record, *statements: str) -> None:
    with record.engine.connect().execution_options(hoshin_write=True) as connection, connection.begin():
        for statement in statements:
            connection.execute(text(statement))


FAULTS = ("delete", "swap", "truncate", "edit")


def spoil(record: Record, fault: str, seq: int, end: int) -> int:
    """Do it; returns the number of the entry that has to be named."""
    if fault == "delete":
        run(record, f"DELETE FROM journal WHERE seq = {seq}")
        return seq
    if fault == "truncate":
        run(record, f"DELETE FROM journal WHERE seq >= {seq}")
        return seq
    if fault == "edit":
        column = random.Random(seq).choice(["actor", "action", "subject", "body", "prev", "hash"])
        run(record, f"UPDATE journal SET {column} = {column} || 'x' WHERE seq = {seq}")
        return seq
    other = seq + 1 if seq < end else seq - 1
    run(record, *(f"UPDATE journal SET seq = {a} WHERE seq = {b}" for a, b in ((999, seq), (seq, other), (other, 999))))
    return min(seq, other)


@given(fault=st.sampled_from(FAULTS), seq=st.integers(1, ENTRIES))
@settings(max_examples=15)
def test_whatever_is_done_is_named_on_sqlite(fault: str, seq: int, new_sqlite: Any) -> None:
    _named(new_sqlite(), fault, seq)


@pytest.mark.own_database
@given(fault=st.sampled_from(FAULTS), seq=st.integers(1, ENTRIES))
@settings(max_examples=6)
def test_whatever_is_done_is_named_on_postgresql(fault: str, seq: int, new_postgres: Any) -> None:
    _named(new_postgres(), fault, seq)


def _named(record: Record, fault: str, seq: int) -> None:
    anchors = fill(record)
    unguard(record)
    with record.read() as session:
        assert journal.verify(session).fault is None
        assert broken_anchor(session, anchors) is None
    named = spoil(record, fault, seq, ENTRIES)
    with record.read() as session:
        found = journal.verify(session).fault
        cut = broken_anchor(session, [anchors[-1]])
    gone_from_the_end = fault == "truncate" or (fault == "delete" and seq == ENTRIES)
    if gone_from_the_end:
        assert found is None, "a chain cut short is still a chain"
        assert cut
        what = f"entry {seq} is" if seq == ENTRIES else f"entries {seq}–{ENTRIES} are"
        assert cut.problem.startswith(f"{what} missing: the anchor of 2026-10-01 says {ENTRIES} (")
    else:
        assert found
        assert found.seq == named
    record.close()


@pytest.mark.own_database
def test_a_history_rewritten_whole_is_told_by_its_anchor(new_record: Any) -> None:
    anchors = fill(new_record())
    forged = new_record()
    fill(forged, who="somebody else")
    with forged.read() as session:
        assert journal.verify(session).fault is None
        found = broken_anchor(session, anchors[4:])
    assert found
    assert found.seq == 5
    assert "history was rewritten" in found.problem


def test_one_line_a_day_is_added_and_nothing_is_rewritten(record: Record, tmp_path: Path) -> None:
    path = tmp_path / "deep" / "anchors.txt"
    with record.read() as session:
        assert not record_anchor(path, head_now(session, NOW)), "an empty journal has no head"
    anchors = fill(record)
    assert record_anchor(path, anchors[0])
    first = path.read_text()
    assert not record_anchor(path, anchors[3]), "the same day"
    assert record_anchor(path, anchors[3], daily=False)
    later = Anchor(at=NOW + timedelta(days=1), seq=anchors[-1].seq, hash=anchors[-1].hash)
    assert record_anchor(path, later)
    assert not record_anchor(path, Anchor(at=NOW + timedelta(days=2), seq=later.seq, hash=later.hash))
    assert path.read_text().startswith(first)
    assert [one.seq for one in read_anchors(path)] == [1, 4, ENTRIES]


@pytest.mark.parametrize(
    "line", ["hello", "2026-10-01T00:00:00+00:00 0 " + "a" * 64, "2026-10-01T00:00:00 3 " + "a" * 64, "x 3 abc", "é"]
)
def test_a_line_that_is_no_anchor_is_named(line: str, tmp_path: Path) -> None:
    path = tmp_path / "anchors.txt"
    path.write_text(f"{NOW.isoformat()} 1 {'a' * 64}\n{line}\n", encoding="utf-8")
    with pytest.raises(BadInput, match=r"anchors\.txt"):
        read_anchors(path)
