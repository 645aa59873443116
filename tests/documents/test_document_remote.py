"""Documents behind fsspec drivers."""

from __future__ import annotations

import hashlib
import importlib.util
import sys
from datetime import UTC, datetime

import fsspec
import pytest
from document_cases import Looker
from fsspec.implementations.memory import MemoryFileSystem

from tasks.sources.remote import SCHEMES, _modified

DRIVERS = {"fsspec": "fsspec", "paramiko": "paramiko", "smbprotocol": "smbclient", "requests": "requests"}


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_driver_that_is_not_installed_is_named(scheme: str, see: Looker) -> None:
    package = SCHEMES[scheme]
    if importlib.util.find_spec(DRIVERS.get(package, package)):
        pytest.skip(f"{package} is installed")
    host = "93.184.216.34" if scheme in ("sftp", "ssh", "smb") else "store"
    found = see(f"{scheme}://{host}/card.md")
    assert found.status == "error"
    assert f"pip install {package}" in (found.error or "")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "169.254.169.254", "ann:s3cret@10.0.0.1"])
@pytest.mark.parametrize("scheme", ["sftp", "ssh", "smb"])
def test_servers_at_private_addresses(scheme: str, host: str, see: Looker) -> None:
    found = see(f"{scheme}://{host}/card.md")
    assert found.status == "refused"
    assert "s3cret" not in repr(found)


@pytest.mark.parametrize(
    "locator",
    [
        "memory://a::file:///etc/passwd",
        "s3://a::memory://x",
        "sftp:///x",
        "sftp://h:port/x",
        "sftp://[zz/x",
        "simplecache::file:///etc/passwd",
        "zip://card.md::file:///a.zip",
        "github::x",
    ],
)
def test_chains_and_urls_that_are_none(locator: str, see: Looker) -> None:
    assert see(locator).status == "refused"


def test_a_folder_in_a_store(see: Looker) -> None:
    fsspec.filesystem("memory").pipe("/folder/card.md", b"x")
    found = see("memory://folder")
    assert (found.status, "a folder" in (found.error or "")) == ("error", True)


def test_every_look_reads_anew(see: Looker) -> None:
    store = fsspec.filesystem("memory")
    for content in (b"one", b"two"):
        store.pipe("/anew.md", content)
        assert see("memory://anew.md").sha256 == hashlib.sha256(content).hexdigest()


class Broken(MemoryFileSystem):  # type: ignore[misc]
    """A driver whose client fails in the way its path says."""

    protocol = "oss"

    def info(self, path: str, **kwargs: object) -> dict[str, object]:
        kinds = {
            "denied": PermissionError("key=s3cret"),
            "keys": type("NoCredentialsError", (Exception,), {})("s3cret"),
            "down": ConnectionResetError(104, "Connection reset by peer"),
            "odd": RuntimeError("s3cret"),
        }
        raise kinds[path.rpartition("/")[2]]


@pytest.mark.parametrize(
    ("kind", "status"), [("denied", "refused"), ("keys", "refused"), ("down", "error"), ("odd", "error")]
)
def test_what_drivers_raise_becomes_a_sentence_without_keys(
    kind: str, status: str, see: Looker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules["fsspec.registry"]._registry, "oss", Broken)
    found = see(f"oss://{kind}")
    assert (found.status, ";" in (found.error or ""), "s3cret" in repr(found)) == (status, True, False)


@pytest.mark.parametrize(
    "info",
    [
        {"LastModified": datetime(2026, 4, 1, tzinfo=UTC)},
        {"mtime": datetime(2026, 4, 1, tzinfo=UTC).timestamp()},
        {"updated": "2026-04-01T09:00:00+09:00"},
        {"last_modified": datetime(2026, 4, 1)},
    ],
)
def test_the_time_a_listing_gives(info: dict[str, object]) -> None:
    """Drivers without a method for it give times in the listing, each in its own way."""
    found = _modified(fsspec.AbstractFileSystem(), "x", info)
    assert found is not None
    assert (found.date().isoformat(), found.utcoffset()) == ("2026-04-01", UTC.utcoffset(None))
    assert _modified(fsspec.AbstractFileSystem(), "x", {}) is None
