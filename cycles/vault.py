"""Evidence files, kept by their SHA-256: the same bytes are one file, and a file's name proves its content."""

import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cycles.errors import BadInput

CHUNK = 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A stored file: its locator (`sha256:…/name`), digest and size in bytes."""

    locator: str
    sha256: str
    size: int


def keep(file: Path, folder: Path) -> Kept:
    """Copy a file into the vault.

    Raises:
        BadInput: when it cannot be read or is empty.
    """
    try:
        with file.open("rb") as source:
            return keep_chunks(iter(lambda: source.read(CHUNK), b""), name=file.name, folder=folder)
    except OSError as error:
        raise BadInput(f"{file}: cannot be read ({error.strerror}).") from error


def keep_chunks(chunks: Iterable[bytes], *, name: str, folder: Path, limit: int | None = None) -> Kept:
    """Write a stream into the vault; it appears under its digest only when it is whole.

    Raises:
        BadInput: when it is empty or larger than `limit` bytes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    hashed, size = hashlib.sha256(), 0
    temporary = folder / f".incoming-{os.getpid()}-{id(hashed)}"
    try:
        with temporary.open("wb") as target:
            for chunk in chunks:
                size += len(chunk)
                if limit is not None and size > limit:
                    raise BadInput(f"{name}: is larger than {limit // 1024 // 1024} MB. Share a link to it instead.")
                hashed.update(chunk)
                target.write(chunk)
            target.flush()
            os.fsync(target.fileno())
        if not size:
            raise BadInput(f"{name}: is empty. Attach the file that holds the evidence.")
        digest = hashed.hexdigest()
        place = folder / digest[:2] / digest[2:]
        place.parent.mkdir(exist_ok=True)
        temporary.replace(place)
    finally:
        temporary.unlink(missing_ok=True)
    return Kept(locator=f"sha256:{digest}/{Path(name).name}", sha256=digest, size=size)
