"""Evidence files: fetched from Slack with the bot token, measured, hashed, and kept under their digest. Never run."""

import hashlib
import os
import ssl
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from cycles.errors import Refused
from inbox.house import SLACK_TROUBLE, Inbox
from tasks.words import one_line

Json = dict[str, Any]
CHUNK = 1 << 16
# Slack waits 3 s for an answer; what takes longer than this is finished after the answer.
PATIENCE_S = 1.5
NO_HURRY_S = 300.0
MEGABYTE = 1_000_000


class Slow(Exception):
    """The files did not arrive within the time; they can be fetched again without haste."""


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A file on its way into the record: `size` in bytes, `sha256` in hex, `path` a temporary place until `keep`."""

    name: str
    media_type: str
    size: int
    sha256: str
    path: Path


@contextmanager
def fetched(inbox: Inbox, rows: Sequence[Json], *, seconds: float) -> Iterator[list[Kept]]:
    """The files of a submission, in temporary places that are gone afterwards unless kept.

    Raises:
        Refused: `file_empty`, `file_large` or `file_lost`.
        Slow: when the time is over.
    """
    deadline = time.monotonic() + seconds
    found: list[Kept] = []
    try:
        for row in rows:
            found.append(_fetch(inbox, row, deadline))
        yield found
    finally:
        for file in found:
            file.path.unlink(missing_ok=True)


def keep(folder: Path, file: Kept) -> Path:
    """Move a file to its digest's place (`ab/cdef…`), whole or not at all; the same bytes are kept once."""
    place = folder / file.sha256[:2] / file.sha256[2:]
    place.parent.mkdir(parents=True, exist_ok=True)
    if not place.exists():
        os.replace(file.path, place)
        _to_disk(place.parent)
    return place


def _fetch(inbox: Inbox, row: Json, deadline: float) -> Kept:
    if not row.get("url_private_download"):
        row = _described(inbox, row)
    name = one_line(str(row.get("name") or "file"), 255)
    url = str(row.get("url_private_download") or "")
    if not allowed(url, inbox.settings.slack_base_url):
        raise Refused("file_lost", f"File {row.get('id')} lies at {urlsplit(url).netloc!r}, which is not Slack.")
    path, size, sha256 = _download(inbox, url, deadline)
    if not size or (isinstance(row.get("size"), int) and row["size"] != size):
        path.unlink()
        # Without the scope files:read, Slack serves its sign-in page in place of the file.
        raise Refused(
            "file_lost" if size else "file_empty", f"File {row.get('id')} has {size} of {row.get('size')} bytes."
        )
    media = one_line(str(row.get("mimetype") or "application/octet-stream"), 255)
    return Kept(name=name, media_type=media, size=size, sha256=sha256, path=path)


def _described(inbox: Inbox, row: Json) -> Json:
    """Files in shared channels come without their address; files.info has it."""
    try:
        found: Json = inbox.client.files_info(file=str(row.get("id")))["file"]
    except SLACK_TROUBLE as error:
        raise Refused("file_lost", f"File {row.get('id')} is not described by Slack ({error}).") from error
    return found


def allowed(url: str, base_url: str) -> bool:
    """Whether the bot token may be shown to an address: Slack's API host, and its file host where that is Slack's own."""
    asked, base = urlsplit(url), urlsplit(base_url)
    hosts = {base.netloc}
    if base.hostname and (base.hostname == "slack.com" or base.hostname.endswith(".slack.com")):
        hosts.add("files.slack.com")
    return asked.scheme == base.scheme and asked.netloc in hosts


def _download(inbox: Inbox, url: str, deadline: float) -> tuple[Path, int, str]:
    folder, limit = inbox.settings.evidence_dir, inbox.settings.max_upload_mb * MEGABYTE
    folder.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=".incoming-", dir=folder)
    path, digest, size = Path(name), hashlib.sha256(), 0
    try:
        with os.fdopen(handle, "wb") as target:
            for chunk in _chunks(inbox, url, deadline):
                size += len(chunk)
                if size > limit:
                    raise Refused("file_large", f"A file of more than {limit} bytes was offered.")
                digest.update(chunk)
                target.write(chunk)
            target.flush()
            os.fsync(target.fileno())
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return path, size, digest.hexdigest()


@lru_cache(maxsize=1)
def _trust() -> ssl.SSLContext:
    # Reading the authorities takes tens of milliseconds of the 3 s that Slack waits: once per process.
    return httpx.create_ssl_context(trust_env=False)


def _chunks(inbox: Inbox, url: str, deadline: float) -> Iterator[bytes]:
    # The SDK's own proxy setting counts; the token goes to this address only, so redirects are not followed.
    left = max(0.1, deadline - time.monotonic())
    client = httpx.Client(trust_env=False, verify=_trust(), proxy=inbox.client.proxy, timeout=left)
    headers = {"Authorization": f"Bearer {inbox.client.token}"}
    try:
        with client, client.stream("GET", url, headers=headers) as answer:
            if answer.status_code != 200:
                raise Refused("file_lost", f"Slack answers {answer.status_code} for a file.")
            for chunk in answer.iter_bytes(CHUNK):
                if time.monotonic() > deadline:
                    raise Slow
                yield chunk
    except httpx.TimeoutException as error:
        raise Slow from error
    except httpx.HTTPError as error:
        raise Refused("file_lost", f"A file cannot be fetched ({error}).") from error


def _to_disk(folder: Path) -> None:
    """Make a rename last: until the folder itself is written, a power cut can undo it."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
