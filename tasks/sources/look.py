"""The values every document source shares: what to look at, within which limits, and what was seen.

Collecting is separate from judging: nothing here knows how long a document counts.
"""

from __future__ import annotations

import hashlib
import re
import tempfile
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from types import TracebackType
from typing import IO, Literal, Self

Status = Literal["ok", "missing", "refused", "error", "timeout", "unchanged"]

CHUNK = 64 * 1024  # bytes read at a time, between two looks at the clock
HEAD = 64 * 1024  # bytes of a text in which a date is looked for


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How much one look may take, and which private places policy opens.

    ``seconds`` is a total per document, redirects and reading of dates included. ``allow_private`` holds
    ``host:port`` pairs as written in the locator (IPv6 in brackets), e.g. ``wiki.corp.example:443``.
    ``ca_file`` is a PEM file with the authorities of an intranet, used beside the public ones.
    """

    seconds: float = 30.0
    max_bytes: int = 50_000_000
    max_redirects: int = 5
    per_host: int = 2
    allow_private: frozenset[str] = frozenset()
    ca_file: Path | None = None


@dataclass(frozen=True, kw_only=True)
class Look:
    """One observation of one document.

    ``locator`` is the one given, except that a name and password in a URL are replaced by ``***``: an
    observation is kept for ever. ``at``, ``modified`` are UTC. ``modified`` is what the place says: the file's
    mtime, the author date of the last commit that touched the path, or Last-Modified. ``effective`` is the
    date the document says it is of. ``error`` is one sentence with what happened and the remedy; beside
    ``ok`` it is a remark (an empty file, a modification time in the future).
    """

    locator: str
    at: datetime
    status: Status
    sha256: str | None = None
    size: int | None = None
    modified: datetime | None = None
    effective: date | None = None
    etag: str | None = None
    revision: str | None = None
    error: str | None = None


@dataclass(frozen=True, kw_only=True)
class Watched:
    """A document to look at, and the last look at it that found something."""

    locator: str
    previous: Look | None = None


class Stopped(Exception):
    """A look ended early: ``status`` says how, ``sentence`` what happened and the remedy."""

    def __init__(self, status: Status, sentence: str) -> None:
        super().__init__(sentence)
        self.status: Status = status
        self.sentence = sentence


class Deadline:
    """The total time of one look, in seconds of the machine's monotonic clock.

    This is the one place that reads a clock: the record's time is an argument, a hanging server is not.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds left, at least 0."""
        return max(0.0, self._end - time.monotonic())

    def check(self) -> None:
        """Raise ``Stopped`` when the time is used up."""
        if self.left() <= 0:
            raise self.passed()

    def passed(self) -> Stopped:
        """The end of a look that took too long."""
        return Stopped(
            "timeout",
            f"the document did not arrive within {self.seconds:g} s; "
            "see whether its place answers, or raise the limit on seconds.",
        )


class Body:
    """The bytes of one document: hashed and counted while they arrive, kept in memory only up to 1 MiB."""

    def __init__(self, limits: Limits, deadline: Deadline) -> None:
        self.size = 0
        self.deadline = deadline
        self._max = limits.max_bytes
        self._hash = hashlib.sha256()
        self._file: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=1 << 20)  # noqa: SIM115

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def write(self, chunk: bytes) -> None:
        """Add decoded bytes; raises ``Stopped`` past the size limit or the deadline."""
        self.deadline.check()
        self.expect(self.size + len(chunk))
        self.size += len(chunk)
        self._hash.update(chunk)
        self._file.write(chunk)

    def expect(self, size: int) -> None:
        """Refuse a document announced, or already known, to be larger than the limit."""
        if size > self._max:
            raise Stopped(
                "error",
                f"the document is larger than {self._max} bytes; watch a smaller file or raise max_bytes.",
            )

    def restart(self) -> None:
        """Forget what was written, to read once more from the start."""
        self.size = 0
        self._hash = hashlib.sha256()
        self._file.seek(0)
        self._file.truncate()

    def sha256(self) -> str:
        """Lower-case hexadecimal digest of all bytes written."""
        return self._hash.hexdigest()

    def head(self, size: int = HEAD) -> bytes:
        """The first ``size`` bytes."""
        self._file.seek(0)
        return self._file.read(size)

    def rewound(self) -> IO[bytes]:
        """The bytes as a file, at its start."""
        self._file.seek(0)
        return self._file


@dataclass(frozen=True, kw_only=True)
class Found:
    """What a source found; the bytes went to the body it was given. ``unchanged`` means: see the last look."""

    modified: datetime | None = None
    etag: str | None = None
    revision: str | None = None
    charset: str | None = None
    unchanged: bool = False
    remark: str | None = None


@dataclass(frozen=True, kw_only=True)
class Ask:
    """What a source is asked: read ``locator`` into ``body``. ``base`` is a real path, without links."""

    locator: str
    base: Path
    limits: Limits
    body: Body
    previous: Look | None = None

    @property
    def deadline(self) -> Deadline:
        """The total time left for this look."""
        return self.body.deadline


@dataclass(frozen=True, kw_only=True)
class Source:
    """One kind of place: its locator schemes (``""`` is a plain path) and how to read from it.

    ``read`` fills ``ask.body``, returns what else it found and raises ``Stopped`` with a sentence. It may
    block up to the deadline. ``host`` names the server that a locator loads, if there is one.
    """

    name: str
    schemes: Collection[str]
    read: Callable[[Ask], Found]
    host: Callable[[str], str | None] = field(default=lambda _locator: None)


_SCHEME = re.compile(r"[\s\x00-\x1f]*([A-Za-z][A-Za-z0-9+.\-]*):")
# The second form is a password with a bare slash in it: no URL at all, but no less secret.
_USERINFO = re.compile(r"^([^:]*:/*)(?:[^/?#]*@|[^/?#@\[]*:(?!\d*(?:[/?#]|$))[^?#]*@)", re.DOTALL)


def scheme_of(locator: str) -> str:
    """The scheme in lower case, or ``""`` for a plain path (RFC 3986 §3.1)."""
    match = _SCHEME.match(locator)
    return match[1].lower() if match else ""


def without_userinfo(locator: str) -> str:
    """The locator with a name and password in its authority replaced by ``***`` (RFC 3986 §3.2.1)."""
    if scheme_of(locator) in ("", "file", "git+file"):
        return locator
    return _USERINFO.sub(r"\1***@", locator)


def shown(text: str) -> str:
    """Text that is safe in a sentence: printable, encodable as UTF-8, at most 200 characters."""
    safe = text.encode("utf-8", "backslashreplace").decode("utf-8")
    safe = "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in safe)
    return safe if len(safe) <= 200 else safe[:199] + "…"


def reason(error: OSError) -> str:
    """The system's words for an error, without file names."""
    return (error.strerror or type(error).__name__).lower()
