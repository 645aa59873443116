"""The journal: append-only, hash-chained, and checked from the first entry to the last.

Each entry's hash is SHA-256 over `0x00 ‖ canonical JSON` (RFC 6962 marks leaves with 0x00; the JSON has sorted keys and
no spaces) of its sequence number, time, actor, action, subject, the state before and after, and the previous hash.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import islice
from typing import Any

from sqlalchemy import Select, Text, cast, text
from sqlalchemy import select as core_select
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, col, func, select

from cycles import clocks
from cycles.models import JournalEntry

GENESIS = "0" * 64
Head = tuple[int, str, datetime]
_HEAD = "journal_head"
CHUNK = 10_000
# What the driver raises for text that is not UTF-8 and for a time that is none.
UNREADABLE = (ValueError, TypeError, SQLAlchemyError)


@dataclass(frozen=True, kw_only=True)
class Fault:
    """The first entry that is not what was written, and how it shows."""

    seq: int
    problem: str


@dataclass(frozen=True, kw_only=True)
class Verification:
    """What `hoshin verify` found: how many entries were read, the last hash, and the first fault, if any."""

    entries: int
    head: str
    fault: Fault | None


def canonical(value: Any) -> str:
    """JSON with sorted keys and no spaces; dates as ISO 8601, instants in UTC."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_plain)


def digest(rows: Iterable[Any]) -> str:
    """SHA-256 (hex) over the canonical JSON of each row, one per line; stands for a bulk step in the journal."""
    waiting = iter(rows)
    return digest_of_parts(iter(lambda: [canonical(row) for row in islice(waiting, CHUNK)], []))


def digest_of_parts(parts: Iterable[Sequence[str]]) -> str:
    """The same over rows that are canonical JSON already, in parts of any length but none."""
    hashed = hashlib.sha256()
    for part in parts:
        hashed.update(("\n".join(part) + "\n").encode())
    return hashed.hexdigest()


def append(
    session: Session,
    *,
    at: datetime,
    actor: str,
    action: str,
    subject: str,
    before: Any = None,
    after: Any = None,
) -> JournalEntry:
    """Add one entry in the caller's transaction, so a change and its entry are committed together or not at all.

    Raises:
        ClockBehind: when `at` is well before the last entry (`cycles.clocks`); a little before, it takes that one's time.
    """
    seq, prev, last = _head(session)
    at = clocks.steady(session, at, last)
    content = {"actor": actor, "action": action, "subject": subject, "before": before, "after": after}
    body = canonical({**content, "seq": seq + 1, "at": at, "prev": prev})
    entry = JournalEntry(
        seq=seq + 1, at=at, actor=actor, action=action, subject=subject, body=body, prev=prev, hash=hash_of(body)
    )
    session.add(entry)
    session.flush()
    session.info[_HEAD] = (entry.seq, entry.hash, at)
    return entry


def head(session: Session) -> tuple[int, str]:
    """Sequence number and hash of the last entry; `(0, GENESIS)` for an empty journal."""
    return last_entry(session)[:2]


def last_entry(session: Session) -> tuple[int, str, datetime | None]:
    """Sequence number, hash and time of the last entry; `(0, GENESIS, None)` for an empty journal."""
    row = session.exec(
        select(JournalEntry.seq, JournalEntry.hash, JournalEntry.at).order_by(col(JournalEntry.seq).desc()).limit(1)
    ).first()
    return (row[0], row[1], row[2]) if row else (0, GENESIS, None)


def verify(session: Session) -> Verification:
    """Read the whole journal, newest last, and name the first entry that was edited, moved, inserted or removed."""
    expected, prev = 1, GENESIS
    total = session.exec(select(func.count()).select_from(JournalEntry)).one()
    read = CHUNK
    while read == CHUNK:
        read, prev, problem = _sound_page(session, expected, prev) or _patient_page(session, expected, prev)
        expected += read
        if problem:
            return Verification(entries=total, head=prev, fault=Fault(seq=expected, problem=problem))
    if total != expected - 1:
        fault = Fault(seq=0, problem=f"{total - expected + 1} entries carry a number below 1")
        return Verification(entries=total, head=prev, fault=fault)
    return Verification(entries=total, head=prev, fault=None)


def _sound_page(session: Session, first: int, prev: str) -> tuple[int, str, None] | None:
    """How many entries the next page has and the last one's hash, if each is what was written; None where one is not.

    What is wrong, if anything, `_patient_page` then says.
    """
    try:
        rows = session.execute(_as_text(session, first)).tuples().all()
        for expected, row in enumerate(rows, start=first):
            if not _is_sound(row, expected, prev):
                return None
            prev = row[-1]
    except (*UNREADABLE, LookupError, AttributeError) as error:
        if getattr(error, "connection_invalidated", False):
            raise
        return None
    return len(rows), prev, None


def _patient_page(session: Session, first: int, prev: str) -> tuple[int, str, str | None]:
    """How many sound entries the next page begins with, the last one's hash, and what is wrong with the one after them."""
    rows, unreadable = _page(session, first)
    stored = _stored_times(session, rows)
    for read, entry in enumerate(rows):
        if problem := _problem(entry, first + read, prev) or _time_problem(entry, stored):
            return read, prev, problem
        prev = entry.hash
    session.expunge_all()
    return len(rows), prev, unreadable


def _as_text(session: Session, first: int) -> Select[Any]:
    """Entries with their time as text, because SQLite's driver ignores an odd end of a time."""
    entry = JournalEntry.__table__.c  # type: ignore[attr-defined]
    in_utc = func.to_char(func.timezone("UTC", entry.at), "YYYY-MM-DD HH24:MI:SS.US")
    at = in_utc if session.get_bind().dialect.name == "postgresql" else cast(entry.at, Text)
    names = (entry.seq, at, entry.actor, entry.action, entry.subject, entry.body, entry.prev, entry.hash)
    return core_select(*names).where(entry.seq >= first).order_by(entry.seq).limit(CHUNK)


def _is_sound(row: tuple[Any, ...], expected: int, prev: str) -> bool:
    """Whether an entry has its number, follows from the one before, and is what its hash stands for."""
    seq, at, actor, action, subject, body, before, found = row
    if (seq, before, found) != (expected, prev, hash_of(body)):
        return False
    day, clock = at.split(" ")
    told = json.loads(body)
    hashed = (told["seq"], told["at"], told["actor"], told["action"], told["subject"], told["prev"])
    return (seq, f"{day}T{clock}+00:00", actor, action, subject, before) == hashed


def _page(session: Session, first: int) -> tuple[list[JournalEntry], str | None]:
    """The next entries; where one was edited into something the driver cannot read back, those before it and that."""
    wanted = select(JournalEntry).where(col(JournalEntry.seq) >= first).order_by(col(JournalEntry.seq))
    try:
        return list(session.exec(wanted.limit(CHUNK)).all()), None
    except UNREADABLE as error:
        if getattr(error, "connection_invalidated", False):
            raise
    session.expunge_all()
    rows: list[JournalEntry] = []
    for seq in session.exec(select(JournalEntry.seq).where(col(JournalEntry.seq) >= first).order_by("seq")).all():
        try:
            rows.append(session.get_one(JournalEntry, seq))
        except UNREADABLE:
            break
    return rows, "was edited: it cannot be read back"


def _stored_times(session: Session, rows: list[JournalEntry]) -> dict[int, str]:
    """How SQLite holds each time: as text, of which its driver ignores an odd end. PostgreSQL keeps a time or refuses."""
    if not rows or session.get_bind().dialect.name != "sqlite":
        return {}
    wanted = text("SELECT seq, CAST(at AS TEXT) FROM journal WHERE seq BETWEEN :first AND :last")
    return {seq: at for seq, at in session.execute(wanted, {"first": rows[0].seq, "last": rows[-1].seq}).tuples()}  # noqa: C416


def _time_problem(entry: JournalEntry, stored: dict[int, str]) -> str | None:
    written = entry.at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
    return "was edited: its time is not as it was written" if stored.get(entry.seq, written) != written else None


def _problem(entry: JournalEntry, expected: int, prev: str) -> str | None:
    if entry.seq != expected:
        return f"is missing; the next one found is {entry.seq}"
    if not isinstance(entry.body, str) or entry.hash != hash_of(entry.body):
        return "was edited: its content does not give its hash"
    try:
        body = json.loads(entry.body)
    except ValueError:
        return "was edited: its content is not JSON"
    if not isinstance(body, dict) or body.get("prev") != prev or entry.prev != prev:
        return "does not follow from the entry before it"
    shown = {"seq": entry.seq, "at": _plain(entry.at), "actor": entry.actor}
    shown |= {"action": entry.action, "subject": entry.subject}
    if any(body.get(name) != value for name, value in shown.items()):
        return "was edited: its columns differ from its hashed content"
    return None


def _head(session: Session) -> tuple[int, str, datetime | None]:
    # Within one transaction nobody else can append, so the head is read once and then known.
    return mark(session) or last_entry(session)


def mark(session: Session) -> Head | None:
    """Where the journal stands within this transaction; None before its first entry."""
    known: Head | None = session.info.get(_HEAD)
    return known


def step_back(session: Session, to: Head | None) -> None:
    """A savepoint was rolled back, and its entries with it: the next one follows what was there before (`mark`)."""
    session.info[_HEAD] = to


def hash_of(body: str) -> str:
    """SHA-256 (hex) of an entry's text, marked as a leaf (RFC 6962, 2.1)."""
    return hashlib.sha256(b"\x00" + body.encode("utf-8", "surrogatepass")).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (set, frozenset, tuple)):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} has no canonical JSON form")
