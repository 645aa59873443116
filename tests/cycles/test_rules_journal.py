"""The journal: whatever is done to it behind its back, `verify` names the first entry that is not what was written."""

import hashlib
import json
import sqlite3
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from cycles import journal
from cycles.journal import GENESIS, canonical, digest
from cycles.store import Record, open_record

NOW = datetime(2026, 10, 1, 0, 0, tzinfo=UTC)
ENTRIES = 12


def fill(record: Record) -> None:
    for number in range(1, ENTRIES + 1):
        with record.write() as session:
            journal.append(
                session,
                at=NOW + timedelta(minutes=number),
                actor="佐藤",
                action="request.submitted",
                subject=f"request:s{number}",
                before={"state": "asked"},
                after={"state": "submitted", "when": NOW.date(), "note": "確認しました"},
            )


def verified(record: Record) -> journal.Verification:
    with record.read() as session:
        return journal.verify(session)


def test_an_untouched_journal_is_whole(new_record: Callable[[], Record]) -> None:
    record = new_record()
    assert verified(record) == journal.Verification(entries=0, head=GENESIS, fault=None)
    fill(record)
    found = verified(record)
    assert (found.entries, found.fault) == (ENTRIES, None)
    with record.read() as session:
        assert journal.head(session) == (ENTRIES, found.head)


def test_long_journals_are_read_in_parts(record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(record)
    for size in (1, 5, ENTRIES, ENTRIES + 1):
        monkeypatch.setattr(journal, "CHUNK", size)
        assert verified(record).fault is None


@pytest.mark.parametrize(
    "statement", ["UPDATE journal SET actor = 'x'", "DELETE FROM journal", "UPDATE journal SET seq = 99 WHERE seq = 3"]
)
def test_the_database_itself_refuses_to_rewrite(statement: str, new_record: Callable[[], Record]) -> None:
    record = new_record()
    fill(record)
    with pytest.raises(DBAPIError, match="append-only"), record.write() as session:
        session.execute(text(statement))
    assert verified(record).fault is None


def test_postgresql_refuses_to_empty_it_at_once(new_postgres: Callable[[], Record]) -> None:
    record = new_postgres()
    fill(record)
    with pytest.raises(DBAPIError, match="append-only"), record.write() as session:
        session.execute(text("TRUNCATE journal"))


def tampered(record: Record, *statements: tuple[str, tuple[Any, ...]]) -> journal.Verification:
    """Run statements with a plain SQLite tool, the triggers dropped."""
    path = record.engine.url.database
    assert path
    with sqlite3.connect(path) as connection:
        connection.execute("DROP TRIGGER IF EXISTS journal_refuses_update")
        connection.execute("DROP TRIGGER IF EXISTS journal_refuses_delete")
        for statement, values in statements:
            connection.execute(statement, values)
    connection.close()
    return verified(record)


COLUMNS = {
    "seq": 99,
    "at": "2026-10-02 00:00:00.000000",
    "actor": "somebody",
    "action": "request.accepted",
    "subject": "request:other",
    "body": "{}",
    "prev": "f" * 64,
    "hash": "f" * 64,
}


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("seq", [1, 7, ENTRIES])
def test_an_edited_column_is_named(column: str, seq: int, record: Record) -> None:
    fill(record)
    found = tampered(record, (f"UPDATE journal SET {column} = ? WHERE seq = ?", (COLUMNS[column], seq)))
    assert found.fault
    assert found.fault.seq == seq


@pytest.mark.parametrize("column", [name for name in COLUMNS if name != "seq"])
@pytest.mark.parametrize("rubbish", ["", None, "2026-99-99 00:00:00", b"\xff\xfe", "[]", "null", 12.5])
def test_rubbish_in_a_column_is_a_fault_and_no_crash(column: str, rubbish: Any, record: Record) -> None:
    fill(record)
    try:
        found = tampered(record, (f"UPDATE journal SET {column} = ? WHERE seq = 5", (rubbish,)))
    except sqlite3.IntegrityError:
        return  # the table itself refuses NULL
    assert found.fault
    assert found.fault.seq == 5


@pytest.mark.parametrize("body", ["[]", "null", "3", '"text"', "{}", "not JSON", ""])
def test_a_body_with_a_fitting_hash_is_still_a_fault(body: str, record: Record) -> None:
    fill(record)
    fitting = hashlib.sha256(b"\x00" + body.encode()).hexdigest()
    found = tampered(record, ("UPDATE journal SET body = ?, hash = ? WHERE seq = 5", (body, fitting)))
    assert found.fault
    assert found.fault.seq == 5


def test_an_entry_forged_whole_breaks_the_chain_behind_it(record: Record) -> None:
    fill(record)
    with record.read() as session:
        body = json.loads(session.execute(text("SELECT body FROM journal WHERE seq = 5")).scalar_one())
    forged = canonical({**body, "actor": "somebody"})
    fitting = hashlib.sha256(b"\x00" + forged.encode()).hexdigest()
    statement = "UPDATE journal SET body = ?, hash = ?, actor = 'somebody' WHERE seq = 5"
    found = tampered(record, (statement, (forged, fitting)))
    assert found.fault
    assert found.fault.seq == 6


@pytest.mark.parametrize("seq", [1, 6, ENTRIES - 1])
def test_a_deleted_entry_is_named(seq: int, record: Record) -> None:
    fill(record)
    found = tampered(record, ("DELETE FROM journal WHERE seq = ?", (seq,)))
    assert found.fault
    assert found.fault.seq == seq
    assert "is missing" in found.fault.problem


@pytest.mark.parametrize("seq", [1, 6])
def test_entries_moved_together_over_a_gap_are_named(seq: int, record: Record) -> None:
    fill(record)
    found = tampered(
        record,
        ("DELETE FROM journal WHERE seq = ?", (seq,)),
        ("UPDATE journal SET seq = -(seq - 1) WHERE seq > ?", (seq,)),
        ("UPDATE journal SET seq = -seq WHERE seq < 0", ()),
    )
    assert found.fault
    assert found.fault.seq == seq


def test_swapped_entries_are_named(record: Record) -> None:
    fill(record)
    moves = [("UPDATE journal SET seq = ? WHERE seq = ?", pair) for pair in ((100, 4), (4, 5), (5, 100))]
    found = tampered(record, *moves)
    assert found.fault
    assert found.fault.seq == 4


@pytest.mark.parametrize(("seq", "named"), [(0, 0), (-3, 0), (ENTRIES + 1, ENTRIES + 1), (ENTRIES + 5, ENTRIES + 1)])
def test_an_inserted_entry_is_named(seq: int, named: int, record: Record) -> None:
    fill(record)
    body = canonical(
        {
            "seq": seq,
            "actor": "x",
            "action": "y",
            "subject": "z",
            "before": None,
            "after": None,
            "prev": GENESIS,
            "at": NOW,
        }
    )
    fitting = hashlib.sha256(b"\x00" + body.encode()).hexdigest()
    values = (seq, "2026-10-01 00:00:00.000000", "x", "y", "z", body, GENESIS, fitting)
    found = tampered(record, ("INSERT INTO journal VALUES (?, ?, ?, ?, ?, ?, ?, ?)", values))
    assert found.fault
    assert found.fault.seq == named


def test_a_time_whose_odd_end_the_driver_ignores_is_named(record: Record) -> None:
    """Found by the test below: "00:00:00,000000" is read like "00:00:00.000000"."""
    fill(record)
    found = tampered(record, ("UPDATE journal SET at = replace(at, '.', ',') WHERE seq = 3", ()))
    assert found.fault
    assert found.fault.seq == 3


@given(data=st.data())
@settings(max_examples=80)
def test_one_flipped_bit_anywhere_is_named(data: st.DataObject, new_sqlite: Any, tmp_path: Path) -> None:
    record = new_sqlite()
    fill(record)
    path = record.engine.url.database
    record.close()
    seq = data.draw(st.integers(1, ENTRIES))
    column = data.draw(st.sampled_from(["at", "actor", "action", "subject", "body", "prev", "hash"]))
    with sqlite3.connect(path) as connection:
        connection.execute("DROP TRIGGER journal_refuses_update")
        [[old]] = connection.execute(f"SELECT CAST({column} AS BLOB) FROM journal WHERE seq = ?", (seq,)).fetchall()
        at, bit = data.draw(st.integers(0, len(old) - 1)), data.draw(st.integers(0, 7))
        new = old[:at] + bytes([old[at] ^ (1 << bit)]) + old[at + 1 :]
        connection.execute(f"UPDATE journal SET {column} = CAST(? AS TEXT) WHERE seq = ?", (new, seq))
    connection.close()
    again = open_record(f"sqlite:///{path}")
    found = verified(again)
    again.close()
    assert found.fault
    assert found.fault.seq == seq


# Canonical JSON --------------------------------------------------------------------------------------------

plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.text(max_size=4), plain, max_size=6), st.randoms())
def test_canonical_json_does_not_depend_on_the_order_of_keys(value: dict[str, Any], random: Any) -> None:
    items = list(value.items())
    random.shuffle(items)
    assert canonical(dict(items)) == canonical(value)
    assert json.loads(canonical(value)) == value


def test_canonical_json_is_what_it_was() -> None:
    """The text is hashed: a change of its form would break every journal written before."""
    tokyo = datetime(2026, 10, 1, 9, 0, tzinfo=timezone(timedelta(hours=9)))
    value = {"b": (1, "あ"), "a": {"day": date(2026, 2, 28), "at": tokyo}, "z": None, "f": 1.5, "s": {"y", "x"}}
    assert canonical(value) == (
        '{"a":{"at":"2026-10-01T00:00:00.000000+00:00","day":"2026-02-28"},"b":[1,"あ"],"f":1.5,"s":["x","y"],"z":null}'
    )
    assert digest([value, 1]) == hashlib.sha256((canonical(value) + "\n1\n").encode()).hexdigest()
    with pytest.raises(TypeError, match="object"):
        canonical(object())


def test_the_first_entry_is_hashed_as_documented(record: Record) -> None:
    fill(record)
    with record.read() as session:
        body, hashed, prev = session.execute(text("SELECT body, hash, prev FROM journal WHERE seq = 1")).one()
    assert prev == GENESIS
    assert hashed == hashlib.sha256(b"\x00" + body.encode()).hexdigest()
    assert sorted(json.loads(body)) == ["action", "actor", "after", "at", "before", "prev", "seq", "subject"]


def test_a_change_that_fails_leaves_no_entry(record: Record) -> None:
    fill(record)

    def failing() -> None:
        with record.write() as session:
            journal.append(session, at=NOW, actor="x", action="y", subject="z")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        failing()
    assert verified(record).entries == ENTRIES
    fill(record)
    assert verified(record) == journal.Verification(entries=2 * ENTRIES, head=verified(record).head, fault=None)


def test_a_sound_journal_is_read_the_quick_way(
    new_record: Callable[[], Record], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The slow one would come to the same verdict, minutes later."""

    def slow(*_: object) -> None:
        raise AssertionError("a sound page was read entry by entry")

    record = new_record()
    fill(record)
    monkeypatch.setattr(journal, "CHUNK", 5)
    monkeypatch.setattr(journal, "_patient_page", slow)
    assert verified(record).fault is None
