"""Evidence files, kept by their SHA-256: the same bytes are one file, and a file's name proves its content.

What arrives is first written whole to this machine's disk (`received`), where it is measured and hashed, and only then
put into the vault: a folder, or any store that fsspec reaches (`HOSHIN_EVIDENCE_URL`). Nothing is run, opened or shown.
"""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from cycles.errors import BadInput
from cycles.settings import Settings

CHUNK = 1 << 16
MEGABYTE = 1_000_000


class TooLarge(BadInput):
    """The file is larger than this installation takes."""


class Empty(BadInput):
    """The file has no content."""


@dataclass(frozen=True, kw_only=True)
class Received:
    """A whole file on its way into the vault: `path` is its temporary place, `size` in bytes, `sha256` in hex."""

    path: Path
    size: int
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A stored file: its locator (`sha256:…/name`), digest and size in bytes."""

    locator: str
    sha256: str
    size: int


class Vault(Protocol):
    """Where evidence files lie. `remote` says that keeping one asks another machine, and so may take its time."""

    @property
    def remote(self) -> bool: ...

    def keep(self, file: Received) -> None:
        """Put a file under its digest (`ab/cdef…`), whole or not at all; one that is there already is left alone."""

    def open(self, sha256: str) -> IO[bytes]:
        """The file with this digest. Raises BadInput when it is not there or cannot be read."""


@dataclass(frozen=True)
class Folder:
    """A vault on this machine's disk."""

    root: Path
    remote: bool = False

    def keep(self, file: Received) -> None:
        """See `Vault`."""
        place = self._place(file.sha256)
        place.parent.mkdir(parents=True, exist_ok=True)
        if place.exists():
            return
        if file.path.stat().st_dev != place.parent.stat().st_dev:
            self._carry(file.path, place)
        else:
            os.replace(file.path, place)
        _to_disk(place.parent)

    def open(self, sha256: str) -> IO[bytes]:
        """See `Vault`."""
        try:
            return self._place(sha256).open("rb")
        except OSError as error:
            raise BadInput(f"Evidence file {sha256} is not in {self.root} ({error.strerror}). Restore it.") from error

    def _place(self, sha256: str) -> Path:
        return self.root / sha256[:2] / sha256[2:]

    def _carry(self, source: Path, place: Path) -> None:
        """Over to another disk, where a rename cannot reach."""
        handle, name = tempfile.mkstemp(prefix=".incoming-", dir=self.root)
        try:
            with os.fdopen(handle, "wb") as target, source.open("rb") as stream:
                shutil.copyfileobj(stream, target, CHUNK)
                target.flush()
                os.fsync(target.fileno())
            os.replace(name, place)
        finally:
            Path(name).unlink(missing_ok=True)


def vault_of(settings: Settings) -> Vault:
    """The vault of an installation: `HOSHIN_EVIDENCE_URL`, or the folder `evidence` in its home.

    Raises:
        BadInput: when the URL names no store we know, or its driver is not installed.
    """
    if folder := settings.evidence_folder:
        return Folder(folder)
    # fsspec takes tenths of a second to import: only those who use it wait for it.
    from tasks.vault_stores import Store

    return Store.at(settings.evidence_url or "")


def incoming_dir(settings: Settings) -> Path:
    """Where files arrive on this machine: beside their place where that is a folder, so that a rename moves them."""
    return settings.evidence_folder or settings.home / "incoming"


@contextmanager
def received(chunks: Iterable[bytes], *, name: str, folder: Path, limit: int) -> Iterator[Received]:
    """Write a stream to disk, whole; its temporary place is gone afterwards.

    Raises:
        Empty: without a single byte.
        TooLarge: when it has more than `limit` bytes, after at most one chunk more.
    """
    folder.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(prefix=".incoming-", dir=folder)
    path = Path(temporary)
    try:
        with os.fdopen(handle, "wb") as target:
            size, sha256 = _written(target, chunks, name, limit)
        if not size:
            raise Empty(f"{name}: is empty. Attach the file that holds the evidence.")
        yield Received(path=path, size=size, sha256=sha256)
    finally:
        path.unlink(missing_ok=True)


def keep_file(file: Path, settings: Settings) -> Kept:
    """Copy a file of this machine into the vault.

    Raises:
        BadInput: when it cannot be read, is empty, too large or of a refused type, or the vault does not take it.
    """
    from tasks.vault_types import check_type

    check_type(file.name)
    limit = settings.max_upload_mb * MEGABYTE
    try:
        source = file.open("rb")
    except OSError as error:
        raise BadInput(f"{file}: cannot be read ({error.strerror}).") from error
    chunks = iter(lambda: source.read(CHUNK), b"")
    with source, received(chunks, name=file.name, folder=incoming_dir(settings), limit=limit) as whole:
        vault_of(settings).keep(whole)
        return Kept(locator=f"sha256:{whole.sha256}/{file.name}", sha256=whole.sha256, size=whole.size)


def _written(target: IO[bytes], chunks: Iterable[bytes], name: str, limit: int) -> tuple[int, str]:
    digest, size = hashlib.sha256(), 0
    for chunk in chunks:
        size += len(chunk)
        if size > limit:
            raise TooLarge(f"{name}: is larger than {limit / MEGABYTE:g} MB. Share a link to it instead.")
        digest.update(chunk)
        target.write(chunk)
    target.flush()
    os.fsync(target.fileno())
    return size, digest.hexdigest()


def _to_disk(folder: Path) -> None:
    """Make a rename last: until the folder itself is written, a power cut can undo it."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
