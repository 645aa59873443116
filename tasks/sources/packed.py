"""How large a git object says it is, read before it is unpacked: a few megabytes can hold gigabytes of zeros.

Formats: gitformat-pack (object entries, deltas) and the header of loose objects, as git documents them.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

_OFFSET_DELTA, _REFERENCE_DELTA = 6, 7
_CHAIN = 4096  # the longest chain of deltas git writes


def declared(store: Any, sha: bytes) -> int:
    """The most bytes that unpacking the object takes at once; 0 when the store does not have it."""
    return next(_sizes(store, sha), 0)


def _sizes(store: Any, sha: bytes) -> Iterator[int]:
    name = sha.decode("ascii")
    raw = bytes.fromhex(name)
    for pack in store.packs:
        try:
            offset = pack.index.object_offset(raw)
        except KeyError:
            continue
        with open(pack.data.path, "rb") as file:
            yield max(_chain(file, pack.index, offset, len(raw)))
    loose = Path(os.fsdecode(store.path)) / name[:2] / name[2:]
    if loose.is_file():
        with loose.open("rb") as file:
            yield int(_inflated(file).partition(b"\0")[0].split()[1])
    for other in store.alternates:
        yield from _sizes(other, sha)


def _inflated(file: IO[bytes]) -> bytes:
    return zlib.decompressobj().decompress(file.read(256), 32)


def _chain(file: IO[bytes], index: Any, offset: int, digest: int) -> Iterator[int]:
    """The sizes of a packed object, and of every base that its deltas are applied to."""
    for _ in range(_CHAIN):
        file.seek(offset)
        kind, size = _entry(file)
        yield size
        if kind == _OFFSET_DELTA:
            offset -= _distance(file)
        elif kind == _REFERENCE_DELTA:
            offset = index.object_offset(file.read(digest))
        else:
            return
        head = iter(_inflated(file))
        yield _number(head)
        yield _number(head)


def _entry(file: IO[bytes]) -> tuple[int, int]:
    """Kind and size of an entry: three bits of kind, then the size, lowest bits first."""
    first = file.read(1)[0]
    size = first & 0x0F
    if first & 0x80:
        size |= _number(_bytes(file)) << 4
    return first >> 4 & 7, size


def _bytes(file: IO[bytes]) -> Iterator[int]:
    while byte := file.read(1):
        yield byte[0]


def _number(data: Iterator[int]) -> int:
    """Seven bits a byte, lowest first, until a byte without its top bit."""
    value = shift = 0
    for byte in data:
        value |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80 or shift > 63:
            break
    return value


def _distance(file: IO[bytes]) -> int:
    """How far back a base lies: highest bits first, one added at each further byte."""
    value = -1
    for byte in _bytes(file):
        value = ((value + 1) << 7) | (byte & 0x7F)
        if not byte & 0x80:
            break
    return value
