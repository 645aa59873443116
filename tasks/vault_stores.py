"""A vault in an object store or on a file server, through an fsspec driver that a site installs as it needs it."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO, Any

import fsspec

from cycles.errors import BadInput
from tasks.sources.look import scheme_of, without_userinfo
from tasks.vault import Received

# Scheme -> package to install. A list, for fsspec also opens archives and chained URLs, which can keep nothing for long.
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
    "sftp": "paramiko",
    "ssh": "paramiko",
    "smb": "smbprotocol",
}
# An object appears here only when its last byte has arrived, and buckets that forbid deletion take no detours.
WHOLE = frozenset({"s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "oci", "oss"})


@dataclass(frozen=True, kw_only=True)
class Store:
    """`url` is what the settings say, without name and password; `root` the path within the driver `files`."""

    url: str
    scheme: str
    files: Any
    root: str
    remote: bool = True

    @classmethod
    def at(cls, url: str) -> "Store":
        """Open a store. Raises BadInput when it is none we know, or its driver is not installed."""
        scheme, shown = scheme_of(url), without_userinfo(url)
        if "::" in url or scheme not in SCHEMES:
            known = ", ".join(("file", *SCHEMES))
            raise BadInput(f"HOSHIN_EVIDENCE_URL is {shown}. Write a URL with one of the schemes {known}, or unset it.")
        try:
            files, root = fsspec.core.url_to_fs(url)
        except (ImportError, ValueError) as error:
            # An unknown protocol is a ValueError: some drivers make theirs known only by being installed.
            raise BadInput(
                f"HOSHIN_EVIDENCE_URL is {shown}, for which no driver is installed. Run: pip install {SCHEMES[scheme]}"
            ) from error
        except Exception as error:  # drivers raise what their clients raise
            raise _failed(shown, "opened", error) from None
        return cls(url=shown, scheme=scheme, files=files, root=str(root).rstrip("/"))

    def keep(self, file: Received) -> None:
        """See `tasks.vault.Vault`. Raises BadInput when the store does not take the file."""
        place = self._place(file.sha256)
        try:
            if not self._there(place, file.size):
                self._put(file, place)
        except Exception as error:  # drivers raise what their clients raise
            raise _failed(self.url, "written", error) from None

    def open(self, sha256: str) -> IO[bytes]:
        """See `tasks.vault.Vault`."""
        try:
            stream: IO[bytes] = self.files.open(self._place(sha256), "rb")
        except FileNotFoundError:
            raise BadInput(f"Evidence file {sha256} is not in {self.url}. Restore it.") from None
        except Exception as error:
            raise _failed(self.url, "read", error) from None
        return stream

    def _place(self, sha256: str) -> str:
        return f"{self.root}/{sha256[:2]}/{sha256[2:]}"

    def _there(self, place: str, size: int) -> bool:
        """Another process may have written it since the driver last listed the folder."""
        self.files.invalidate_cache()
        try:
            return bool(self.files.info(place).get("size") == size)
        except FileNotFoundError:
            return False

    def _put(self, file: Received, place: str) -> None:
        folder = place.rpartition("/")[0]
        self.files.makedirs(folder, exist_ok=True)
        if self.scheme in WHOLE:
            self.files.put_file(str(file.path), place)
            return
        temporary = f"{folder}/.incoming-{uuid.uuid4().hex}"
        try:
            self.files.put_file(str(file.path), temporary)
            self.files.mv(temporary, place)
        except BaseException:
            if self.files.exists(temporary):
                self.files.rm_file(temporary)
            raise


def _failed(url: str, done: str, error: Exception) -> BadInput:
    """The driver's own words are left out, for they may hold keys."""
    return BadInput(
        f"HOSHIN_EVIDENCE_URL {url} could not be {done} ({type(error).__name__}). "
        "See to that store and to this program's access to it."
    )
