"""The anchor: the journal's head, written once a day where the database's keeper cannot reach, so that a cut end shows.

A hash chain proves that nothing within it was edited; that its end is missing can only be told from outside (RFC 6962
calls what is kept outside a signed tree head). One line is `2026-10-03T18:00:00+00:00 329 <hash>`.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlmodel import Session, col, select

from cycles import journal
from cycles.errors import BadInput
from cycles.models import JournalEntry

HASH = 64


@dataclass(frozen=True, kw_only=True)
class Anchor:
    """The head of the journal at an instant (UTC): its last entry's number and hash."""

    at: datetime
    seq: int
    hash: str

    def line(self) -> str:
        return f"{self.at.astimezone(UTC).isoformat(timespec='seconds')} {self.seq} {self.hash}\n"


def head_now(session: Session, now: datetime) -> Anchor:
    """The anchor of this moment."""
    seq, hashed = journal.head(session)
    return Anchor(at=now, seq=seq, hash=hashed)


def record_anchor(path: Path, head: Anchor, *, daily: bool = True) -> bool:
    """Append the head to the file; False when this day (UTC) has its line already, or the journal is still empty.

    Raises:
        BadInput: when the file holds something else, or cannot be written.
    """
    known = read_anchors(path) if path.exists() else []
    if head.seq == 0 or (known and known[-1].seq == head.seq):
        return False
    if daily and known and known[-1].at.date() == head.at.astimezone(UTC).date():
        return False
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="ascii") as file:
            file.write(head.line())
    except OSError as error:
        raise BadInput(f"{path}: the anchor cannot be written ({error.strerror}). Set HOSHIN_ANCHOR_FILE.") from error
    return True


def read_anchors(path: Path) -> list[Anchor]:
    """Every anchor of a file, oldest first.

    Raises:
        BadInput: naming file and line, when it cannot be read or a line is no anchor.
    """
    try:
        lines = path.read_text(encoding="ascii").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path}: the anchor file cannot be read ({error}).") from error
    return [_parse(path, number, line) for number, line in enumerate(lines, 1) if line.strip()]


def _parse(path: Path, number: int, line: str) -> Anchor:
    try:
        at, seq, hashed = line.split()
        moment = datetime.fromisoformat(at)
        if moment.tzinfo is None or int(seq) < 1 or len(hashed) != HASH or set(hashed) - set("0123456789abcdef"):
            raise ValueError
    except ValueError as error:
        raise BadInput(
            f"{path}:{number}: this is no anchor ('{line[:60]}'). A line is a UTC time, an entry's number and its hash; "
            "take the file from your backup or its git history."
        ) from error
    return Anchor(at=moment, seq=int(seq), hash=hashed)


def broken_anchor(session: Session, anchors: list[Anchor]) -> journal.Fault | None:
    """The first anchor the journal no longer agrees with: entries cut off its end, or another history in their place."""
    last = journal.head(session)[0]
    hashes = dict(
        session.exec(
            select(JournalEntry.seq, JournalEntry.hash).where(col(JournalEntry.seq).in_({one.seq for one in anchors}))
        ).all()
    )
    for anchor in anchors:
        day = anchor.at.astimezone(UTC).date().isoformat()
        if anchor.seq > last:
            newest = max(anchors, key=lambda one: one.seq)
            return journal.Fault(seq=last + 1, problem=_missing(last + 1, newest))
        if anchor.seq in hashes and hashes[anchor.seq] != anchor.hash:
            return journal.Fault(
                seq=anchor.seq,
                problem=f"is not the one anchored on {day} ({anchor.hash[:12]}…): history was rewritten at or before it",
            )
    return None


def _missing(first: int, newest: Anchor) -> str:
    day = newest.at.astimezone(UTC).date().isoformat()
    what = f"entry {first} is" if first == newest.seq else f"entries {first}–{newest.seq} are"
    return f"{what} missing: the anchor of {day} says {newest.seq} ({newest.hash[:12]}…)"
