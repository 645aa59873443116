"""Documents in a folder. A path stays below the base folder, whatever ``..`` or links say, and never blocks."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import unquote_to_bytes

from tasks.sources.look import CHUNK, Ask, Body, Found, Source, Stopped, reason, scheme_of, shown

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_READS = 3  # tries at a file that changes while it is read

_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
}


def path_in(locator: str) -> str:
    """The path a plain or ``file:`` locator names (RFC 8089); bytes that are not UTF-8 survive the way os does it."""
    if scheme_of(locator) != "file":
        return locator
    rest = locator[len("file:") :]
    if rest.startswith("//"):
        host, slash, path = rest[2:].partition("/")
        if host not in ("", "localhost"):
            raise Stopped("refused", f"file://{shown(host)}/ is on another machine; mount it and give its path.")
        rest = slash + path
    return os.fsdecode(unquote_to_bytes(rest))


def inside(base: Path, path: str) -> Path:
    """The real path below ``base``, links followed; ``Stopped`` when it leads outside or means nothing.

    ``base`` is a real path itself.
    """
    try:
        real = Path(os.path.realpath(base / path))
    except (ValueError, OSError):  # a zero byte, a lone surrogate, a path too long
        raise Stopped("refused", f"{shown(path)} is not a path this system can name; correct it.") from None
    if not path or "\0" in path:
        raise Stopped("refused", "the locator names no file; give a path below the documents folder.")
    if not real.is_relative_to(base):
        raise Stopped(
            "refused",
            f"{shown(path)} leads outside the documents folder; move the document in, or give its URL.",
        )
    return real


@contextmanager
def opened(base: Path, real: Path) -> Iterator[int]:
    """A descriptor of a regular file below ``base``, a real path itself.

    Every part is opened relative to the one before and without following links, so that a link put in place
    after ``inside`` has looked cannot lead elsewhere.
    """
    parts = real.relative_to(base).parts
    here = os.open(base, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for part in parts[:-1]:
            flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
            below = os.open(part, flags, dir_fd=here)
            os.close(here)
            here = below
        yield from _regular(parts[-1] if parts else ".", here)
    finally:
        os.close(here)


def _regular(name: str, folder: int) -> Iterator[int]:
    # Looked at before it is opened: opening a device can already do something.
    _demand_regular(os.stat(name, dir_fd=folder, follow_symlinks=False))
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_NOFOLLOW | os.O_CLOEXEC
    fd = os.open(name, flags, dir_fd=folder)
    try:
        _demand_regular(os.fstat(fd))
        yield fd
    finally:
        os.close(fd)


def _demand_regular(found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        kind = _KINDS.get(stat.S_IFMT(found.st_mode), "no ordinary file")
        raise Stopped("error", f"the path is {kind}, not a document; give the path of a file.")


def _state(fd: int) -> tuple[int, int, int]:
    found = os.fstat(fd)
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns


def copy(fd: int, body: Body) -> tuple[int, int, int]:
    """Read a file into ``body`` and return its size, mtime and ctime (ns), the same before and after."""
    for _ in range(_READS):
        before = _state(fd)
        body.restart()
        body.expect(before[0])
        os.lseek(fd, 0, os.SEEK_SET)
        # Not past the size it had: a file that is being appended to would be chased without end.
        while body.size <= before[0] and (chunk := os.read(fd, CHUNK)):
            body.write(chunk)
        if before == _state(fd) and body.size == before[0]:
            return before
    raise Stopped("error", "the file kept changing while it was read; look again when its writer is done.")


def moment(nanoseconds: int) -> datetime | None:
    """A time in UTC from nanoseconds since 1970, or None when no calendar date stands for it."""
    try:
        return _EPOCH + timedelta(microseconds=nanoseconds // 1000)
    except OverflowError:
        return None


def read(ask: Ask) -> Found:
    """Read a file below the base folder."""
    path = path_in(ask.locator)
    real = inside(ask.base, path)
    try:
        with opened(ask.base, real) as fd:
            _, modified, _ = copy(fd, ask.body)
    except (FileNotFoundError, NotADirectoryError):
        raise Stopped("missing", f"{shown(path)} is not there; put it back or correct the locator.") from None
    except PermissionError:
        raise Stopped("refused", f"{shown(path)} may not be read by this account; give it read permission.") from None
    except OSError as error:
        raise Stopped(
            "error", f"{shown(path)} could not be read ({reason(error)}); see to the file or its disk."
        ) from None
    return Found(modified=moment(modified))


SOURCE = Source(name="files", schemes=("", "file"), read=read)
