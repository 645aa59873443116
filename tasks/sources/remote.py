"""Documents in object stores and on file servers, through fsspec drivers that a site installs as it needs them."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import fsspec

from tasks.sources.guard import checked
from tasks.sources.look import CHUNK, Ask, Found, Source, Stopped, reason, scheme_of, shown, without_userinfo

# Scheme -> package to install. A list, not "whatever fsspec knows": fsspec also opens local files, archives
# and chained URLs, which would lead round the folder and address checks.
SCHEMES: Mapping[str, str] = {
    "memory": "fsspec",
    "s3": "s3fs",
    "s3a": "s3fs",
    "gs": "gcsfs",
    "gcs": "gcsfs",
    "abfs": "adlfs",
    "abfss": "adlfs",
    "az": "adlfs",
    "oci": "ocifs",
    "oss": "ossfs",
    "github": "requests",
    "sftp": "paramiko",
    "ssh": "paramiko",
    "smb": "smbprotocol",
}
_PORTS = {"sftp": 22, "ssh": 22, "smb": 445}  # those whose locator names a server
_NO_ACCESS = ("NoCredentials", "AccessDenied", "Forbidden", "Authentication", "Authoriz", "Credential")
_TIMES = ("LastModified", "last_modified", "mtime", "updated", "created")


def _pinned(ask: Ask, scheme: str) -> str:
    """The locator with its server replaced by a checked address, so that the name is not resolved again."""
    try:
        parts = urlsplit(ask.locator)
        host, port = parts.hostname or "", parts.port or _PORTS[scheme]
    except ValueError:
        raise Stopped("refused", "the URL cannot be read; correct the locator.") from None
    if not host:
        raise Stopped("refused", "the URL names no host; correct the locator.")
    address = checked(host, port, ask.limits)[0].partition("%")[0]
    user, at, _ = parts.netloc.rpartition("@")
    number = f"[{address}]" if ":" in address else address
    return urlunsplit(parts._replace(netloc=f"{user}{at}{number}:{port}"))


def host_of(locator: str) -> str | None:
    """The server that a locator asks, or the store when the scheme names it."""
    scheme = scheme_of(locator)
    return f"{scheme}:{urlsplit(without_userinfo(locator)).netloc}" if scheme in _PORTS else None


def _etag(info: Mapping[str, Any]) -> str | None:
    found = next((info[key] for key in ("ETag", "etag", "md5Hash", "sha") if info.get(key)), None)
    return str(found) if found else None


def _modified(files: Any, path: str, info: Mapping[str, Any]) -> datetime | None:
    try:
        found = files.modified(path)
    except Exception:  # many drivers have no such method; the listing may still say
        found = next((info[key] for key in _TIMES if info.get(key)), None)
    if isinstance(found, int | float):
        return datetime.fromtimestamp(found, UTC)
    if isinstance(found, str):
        found = datetime.fromisoformat(found)
    if not isinstance(found, datetime):
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def _copy(files: Any, path: str, ask: Ask) -> Found:
    files.invalidate_cache()
    info = files.info(path)
    if info.get("type") == "directory":
        raise Stopped("error", f"{_name(ask)} is a folder, not a document; give the path of a file.")
    if isinstance(info.get("size"), int):
        ask.body.expect(info["size"])
    with files.open(path, "rb") as stream:
        while chunk := stream.read(CHUNK):
            ask.body.write(chunk)
    try:
        modified = _modified(files, path, info)
    except (ValueError, OverflowError, OSError):
        modified = None
    return Found(modified=modified, etag=_etag(info))


def _name(ask: Ask) -> str:
    return shown(without_userinfo(ask.locator).partition("?")[0])


def _failed(ask: Ask, error: Exception) -> Stopped:
    """Put a driver's error into a sentence; its own words are left out, for they may hold keys."""
    kind = type(error).__name__
    names = {base.__name__ for base in inspect.getmro(type(error))}
    if isinstance(error, FileNotFoundError):
        return Stopped("missing", f"{_name(ask)} is not there; put it back or correct the locator.")
    if isinstance(error, ImportError):
        package = SCHEMES[scheme_of(ask.locator)]
        return Stopped("error", f"no driver for {_name(ask)} is installed; run: pip install {package}")
    if isinstance(error, PermissionError) or any(word in name for word in _NO_ACCESS for name in names):
        return Stopped("refused", f"{_name(ask)} may not be read ({kind}); give this program's account access.")
    why = reason(error) if isinstance(error, OSError) else kind
    return Stopped("error", f"{_name(ask)} could not be read ({why}); see to that store or the locator.")


def read(ask: Ask) -> Found:
    """Read a file through its fsspec driver."""
    scheme = scheme_of(ask.locator)
    if "::" in ask.locator:
        raise Stopped("refused", f"{_name(ask)} chains locators; give the document's own.")
    url = _pinned(ask, scheme) if scheme in _PORTS else ask.locator
    try:
        if scheme not in fsspec.available_protocols():  # made known only by installing its driver
            raise ImportError(scheme)
        files, path = fsspec.core.url_to_fs(url)
        return _copy(files, path, ask)
    except Stopped:
        raise
    except Exception as error:  # drivers raise what their clients raise
        raise _failed(ask, error) from None


SOURCE = Source(name="remote", schemes=SCHEMES, read=read, host=host_of)
