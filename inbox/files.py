"""Evidence files: fetched from Slack with the bot token, measured, hashed, and kept under their digest. Never run."""

import ssl
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import httpx

from cycles.errors import BadInput, Refused
from inbox.house import SLACK_TROUBLE, Inbox
from tasks.vault import CHUNK, MEGABYTE, Empty, Received, TooLarge, Vault, incoming_dir, received, vault_of
from tasks.vault_types import RefusedType, check_type
from tasks.words import one_line

Json = dict[str, Any]
# Slack waits 3 s for an answer; what takes longer than this is finished after the answer.
PATIENCE_S = 1.5
NO_HURRY_S = 300.0


class Slow(Exception):
    """The files did not arrive within the time; they can be fetched again without haste."""


@dataclass(frozen=True, kw_only=True)
class Upload:
    """A file somebody uploaded, whole on this machine's disk."""

    name: str
    media_type: str
    whole: Received

    @property
    def size(self) -> int:
        return self.whole.size

    @property
    def sha256(self) -> str:
        return self.whole.sha256


@contextmanager
def fetched(inbox: Inbox, rows: Sequence[Json], *, seconds: float) -> Iterator[list[Upload]]:
    """The files of a submission, in temporary places that are gone afterwards unless kept.

    Raises:
        Refused: `file_type`, `file_empty`, `file_large`, `file_lost` or `file_unkept`.
        Slow: when the time is over, or is too short to ask another machine to keep them.
    """
    deadline = time.monotonic() + seconds
    rows = [_acceptable(inbox, row) for row in rows]
    vault = _vault(inbox)
    if vault.remote and seconds < NO_HURRY_S:
        raise Slow
    with ExitStack() as places:
        found = [places.enter_context(_fetch(inbox, row, deadline)) for row in rows]
        if vault.remote:
            # Now, not within the transaction that records them: everybody's presses would wait for the store.
            for file in found:
                _keep(vault, file)
        yield found


def keep(inbox: Inbox, file: Upload) -> None:
    """Have a fetched file in the vault: a rename in a folder; a store has it since it was fetched."""
    vault = _vault(inbox)
    if not vault.remote:
        _keep(vault, file)


def _vault(inbox: Inbox) -> Vault:
    try:
        return vault_of(inbox.settings)
    except BadInput as error:
        raise Refused("file_unkept", str(error)) from error


def _keep(vault: Vault, file: Upload) -> None:
    try:
        vault.keep(file.whole)
    except BadInput as error:
        raise Refused("file_unkept", str(error)) from error


def _acceptable(inbox: Inbox, row: Json) -> Json:
    """Slack's description of a file that may be fetched, judged before a byte of it is."""
    if not row.get("url_private_download"):
        row = _described(inbox, row)
    url, limit = str(row.get("url_private_download") or ""), inbox.settings.max_upload_mb * MEGABYTE
    if not allowed(url, inbox.settings.slack_base_url):
        raise Refused("file_lost", f"File {row.get('id')} lies at {urlsplit(url).netloc!r}, which is not Slack.")
    try:
        check_type(str(row.get("name") or ""), str(row.get("mimetype") or ""))
    except RefusedType as error:
        raise Refused("file_type", f"File {row.get('id')} is a program or a web page.") from error
    if isinstance(row.get("size"), int) and row["size"] > limit:
        raise Refused("file_large", f"File {row.get('id')} has {row['size']} bytes, more than {limit}.")
    return row


@contextmanager
def _fetch(inbox: Inbox, row: Json, deadline: float) -> Iterator[Upload]:
    name = one_line(str(row.get("name") or "file"), 255)
    media = one_line(str(row.get("mimetype") or "application/octet-stream"), 255)
    chunks = _chunks(inbox, str(row["url_private_download"]), deadline)
    folder, limit = incoming_dir(inbox.settings), inbox.settings.max_upload_mb * MEGABYTE
    with ExitStack() as place:
        try:
            whole = place.enter_context(received(chunks, name=name, folder=folder, limit=limit))
        except (TooLarge, Empty) as error:
            reason = "file_large" if isinstance(error, TooLarge) else "file_empty"
            raise Refused(reason, f"File {row.get('id')} is refused: {reason}, limit {limit} bytes.") from error
        if isinstance(row.get("size"), int) and row["size"] != whole.size:
            # Without the scope files:read, Slack serves its sign-in page in place of the file.
            raise Refused("file_lost", f"File {row.get('id')} has {whole.size} of {row['size']} bytes.")
        yield Upload(name=name, media_type=media, whole=whole)


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
