"""Whether every evidence file that the record names is still in the vault, byte for byte."""

import hashlib
from dataclasses import dataclass

from sqlmodel import Session, col, select

from cycles.errors import BadInput
from cycles.lapses import pair_name
from cycles.models import Evidence
from tasks.vault import CHUNK, Vault


@dataclass(frozen=True, kw_only=True)
class FileFault:
    """A file that is not what was received. `evidence` is the first that names it, `about` its system and kind."""

    evidence: int
    about: str
    sha256: str
    problem: str


@dataclass(frozen=True, kw_only=True)
class FilesChecked:
    """How many different files the record names, and what is wrong with some of them."""

    files: int
    faults: tuple[FileFault, ...]


def check_files(session: Session, vault: Vault) -> FilesChecked:
    """Read every file once and compare it with the name it is kept under, which is its SHA-256.

    Further files of an answer are named in its note only, where people write, too; those are not looked for.
    """
    kept = select(Evidence).where(Evidence.form == "file", col(Evidence.sha256).is_not(None))
    named: dict[str, Evidence] = {}
    for evidence in session.exec(kept.order_by(col(Evidence.id))).all():
        named.setdefault(str(evidence.sha256), evidence)
    found = [
        FileFault(
            evidence=evidence.id,
            about=pair_name(session, evidence.system_id, evidence.kind_id),
            sha256=sha256,
            problem=problem,
        )
        for sha256, evidence in named.items()
        if (problem := _problem(vault, sha256))
    ]
    return FilesChecked(files=len(named), faults=tuple(found))


def _problem(vault: Vault, sha256: str) -> str:
    digest = hashlib.sha256()
    try:
        with vault.open(sha256) as stream:
            while part := stream.read(CHUNK):
                digest.update(part)
    except (BadInput, OSError) as error:
        return str(error)
    if digest.hexdigest() == sha256:
        return ""
    return f"Evidence file {sha256} is no longer what was received. Restore it from a backup."
