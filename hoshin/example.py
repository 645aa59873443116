"""The example programme: an invented organisation, unpacked into a folder of one's own, the same on every machine."""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, time
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import yaml

from cycles.errors import BadInput

DEFAULT = "kumonagi"
REPOSITORIES = "repositories"
_BUILDING = ".building"
_EFFECTIVE = re.compile(rb"\A---\n(?:.*\n)*?effective: (\d{4}-\d{2}-\d{2})\n")
# Files that say no date of their own were last changed on the day before the example's cycle begins.
_UNDATED = datetime(2026, 9, 30, tzinfo=UTC)


def names() -> list[str]:
    """The examples there are."""
    return sorted(entry.name for entry in files("examples").iterdir() if entry.joinpath("programme.yaml").is_file())


def build_example(target: Path, *, name: str = DEFAULT) -> Path:
    """Unpack an example into `target` and return it; a folder that already holds anything is left as it is.

    Content, modification times and git commit ids depend on the example alone, so that two builds are equal.

    Raises:
        BadInput: when there is no such example, or `target` is no folder or cannot be written.
    """
    source = _source(name)
    try:
        target.mkdir(parents=True, exist_ok=True)
        if any(entry.name != _BUILDING for entry in target.iterdir()):
            return target
        _build(source, target)
    except OSError as error:
        raise BadInput(f"{target}: cannot hold the example ({error.strerror}). Name another folder.") from error
    return target


def _source(name: str) -> Traversable:
    known = names()
    if name not in known:
        raise BadInput(f"There is no example '{name}'. Choose one of: {', '.join(known)}.")
    return files("examples").joinpath(name)


def _build(source: Traversable, target: Path) -> None:
    """1. Copy and build aside. 2. Date every file. 3. Move it in, programme.yaml last: it makes a folder a programme."""
    aside = target / _BUILDING
    shutil.rmtree(aside, ignore_errors=True)  # left by a build that was interrupted
    for parts, content in _walk(source):
        if parts[0] != REPOSITORIES:
            _write(aside.joinpath(*parts), content)
    for repository in _repositories(source):
        build_repository(repository, aside / "repos" / f"{repository.name}.git")
    for entry in sorted(aside.iterdir(), key=lambda entry: (entry.name == "programme.yaml", entry.name)):
        entry.rename(target / entry.name)
    aside.rmdir()
    _date(target)


def _walk(folder: Traversable, above: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], bytes]]:
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.is_dir():
            yield from _walk(entry, (*above, entry.name))
        else:
            yield (*above, entry.name), entry.read_bytes()


def _repositories(source: Traversable) -> list[Traversable]:
    folder = source.joinpath(REPOSITORIES)
    return sorted(folder.iterdir(), key=lambda entry: entry.name) if folder.is_dir() else []


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _date(target: Path) -> None:
    """Give each document the day it says it is of, at noon UTC, and everything else one fixed day."""
    for folder, _, found in os.walk(target, topdown=False):
        for name in found:
            path = Path(folder, name)
            _touch(path, _said(path) if path.suffix == ".md" else _UNDATED)
        _touch(Path(folder), _UNDATED)


def _said(path: Path) -> datetime:
    match = _EFFECTIVE.match(path.read_bytes())
    return datetime.combine(date.fromisoformat(match[1].decode()), time(12), tzinfo=UTC) if match else _UNDATED


def _touch(path: Path, at: datetime) -> None:
    os.utime(path, (at.timestamp(), at.timestamp()))


def build_repository(source: Traversable, at: Path) -> str:
    """Build a bare git repository from `commits.yaml` and the files beside it; returns the id of the last commit.

    Objects are written by dulwich and not by the git program: what a person's git is configured to do (signing,
    templates, other hashes) would otherwise show in the result.
    """
    from dulwich.repo import Repo  # 0.1 s, and only a first build needs it

    told: dict[str, Any] = yaml.safe_load(source.joinpath("commits.yaml").read_text(encoding="utf-8"))
    at.mkdir(parents=True)
    branch = f"refs/heads/{told['branch']}".encode()
    repo: Any = Repo.init_bare(str(at))
    with closing(repo):
        held: dict[bytes, Any] = {}
        head: Any = None
        for commit in told["commits"]:
            head = _commit(repo, source, commit, head, held)
        repo.refs[branch] = head
        repo.refs.set_symbolic_ref(b"HEAD", branch)
    return str(head, "ascii")


def _commit(repo: Any, source: Traversable, told: Any, parent: Any, held: dict[bytes, Any]) -> Any:
    """Add one commit; `held` maps each path to its blob and is carried from commit to commit."""
    from dulwich.index import commit_tree
    from dulwich.objects import Blob, Commit

    for path, name in told["files"].items():
        blob = Blob.from_string(source.joinpath(*name.split("/")).read_bytes())
        repo.object_store.add_object(blob)
        held[path.encode()] = blob.id
    at = datetime.fromisoformat(told["at"])
    offset = at.utcoffset()
    assert offset is not None
    commit = Commit()
    commit.tree = commit_tree(repo.object_store, [(path, blob, 0o100644) for path, blob in sorted(held.items())])
    commit.parents = [parent] if parent else []
    commit.author = commit.committer = told["author"].encode()
    commit.author_time = commit.commit_time = int(at.timestamp())
    commit.author_timezone = commit.commit_timezone = int(offset.total_seconds())
    commit.message = told["message"].encode() + b"\n"
    repo.object_store.add_object(commit)
    return commit.id
