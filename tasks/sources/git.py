"""Documents in a git repository: the content at a branch, and the last commit that touched the path.

Only objects are read (dulwich). The git program would also obey the repository's configuration, which may
start programs, and a watched repository is not trusted that far.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from stat import S_ISDIR, S_ISLNK, S_ISREG
from typing import Any, NamedTuple

from dulwich.errors import NotGitRepository
from dulwich.objects import Blob, Commit, Tag, Tree
from dulwich.repo import Repo

from tasks.sources.files import inside
from tasks.sources.look import CHUNK, Ask, Deadline, Found, Source, Stopped, shown
from tasks.sources.packed import declared

_FORM = "git+file:<repository>//<path>@<branch>"


@dataclass(frozen=True, kw_only=True)
class Place:
    """The three parts of ``git+file:repo/path.git//docs/card.md@main``; the branch is HEAD when left out."""

    repository: str
    path: str
    ref: str


def parse(locator: str) -> Place:
    """Split a locator; the last ``@`` starts the branch, tag or commit."""
    repository, split, rest = locator.partition(":")[2].rpartition("//")
    path, at, ref = rest.rpartition("@")
    place = Place(repository=repository, path=path if at else rest, ref=ref if at else "HEAD")
    parts = place.path.split("/")
    if not split or not place.repository or not place.ref or {"", ".", ".."} & set(parts):
        raise Stopped("refused", f"{shown(locator)} does not read as {_FORM}; correct the locator.")
    return place


class Entry(NamedTuple):
    """What a path is in one commit: its mode and object, or nothing."""

    mode: int
    sha: bytes


class History:
    """A repository read through its objects only; every step looks at the clock."""

    def __init__(self, repo: Repo, deadline: Deadline) -> None:
        self.repo = repo
        self.deadline = deadline
        self.shallow: set[bytes] = set(repo.get_shallow())
        # Most commits leave the folders above a document alone, so the same trees come up again and again.
        self._find = lru_cache(maxsize=4096)(self._look_up)

    def object(self, sha: bytes) -> Any:
        """The object of that id; a partial clone may lack it."""
        self.deadline.check()
        try:
            return self.repo.object_store[sha]  # type: ignore[index]
        except KeyError:
            name = sha.decode("ascii", "replace")
            raise Stopped(
                "error", f"object {name} is not in the repository; fetch its whole history (no filter)."
            ) from None

    def commit(self, sha: bytes) -> Commit:
        """The commit that an id names, through annotated tags."""
        found = self.object(sha)
        while isinstance(found, Tag):
            found = self.object(found.object[1])
        if not isinstance(found, Commit):
            raise Stopped("error", "the branch or tag names no commit; give one that does.")
        return found

    def parents(self, commit: Commit) -> list[Commit]:
        """The commits before; none at the edge of a shallow clone."""
        return [] if commit.id in self.shallow else [self.commit(sha) for sha in commit.parents]

    def entry(self, commit: Commit, path: bytes) -> Entry | None:
        """What the path is in that commit."""
        return self._find(commit.tree, path)

    def _look_up(self, tree_sha: bytes, path: bytes) -> Entry | None:
        name, _, rest = path.partition(b"/")
        tree = self.object(tree_sha)
        if not isinstance(tree, Tree) or name not in tree:
            return None
        entry = Entry(*tree[name])
        if not rest:
            return entry
        return self._find(entry.sha, rest) if S_ISDIR(entry.mode) else None

    def last_touch(self, start: Commit, path: bytes) -> Commit:
        """The commit that ``git log -1 -- path`` names.

        As git's default history simplification has it: where a merge leaves the path as one parent had it,
        only that parent is followed.
        """
        commit, here = start, self.entry(start, path)
        while True:
            same = (p for p in self.parents(commit) if self.entry(p, path) == here)
            before = next(same, None)
            if before is None:
                return commit
            commit = before

    def files(self, commit: Commit) -> Iterator[tuple[bytes, Entry]]:
        """Every file of a commit, with its whole path."""
        waiting = [(b"", commit.tree)]
        while waiting:
            prefix, sha = waiting.pop()
            for item in self.object(sha).iteritems():
                if S_ISDIR(item.mode):
                    waiting.append((prefix + item.path + b"/", item.sha))
                else:
                    yield prefix + item.path, Entry(item.mode, item.sha)


def _head(history: History, ref: str) -> Commit:
    refs, name = history.repo.refs, os.fsencode(ref)
    for full in (name, b"refs/heads/" + name, b"refs/tags/" + name, b"refs/remotes/" + name):
        try:
            if full == b"HEAD" or full.startswith(b"refs/"):
                return history.commit(refs[full])  # type: ignore[index]
        except (KeyError, ValueError):
            continue
    if len(ref) in (40, 64) and set(ref) <= set("0123456789abcdef"):
        return history.commit(name)
    if not any(key.startswith(b"refs/heads/") for key in refs.keys()):  # noqa: SIM118 - not a dict
        raise Stopped("missing", "the repository has no commits yet; commit the document.")
    raise Stopped("missing", f"the repository has no branch, tag or commit {shown(ref)}; correct what follows the @.")


def _gone(history: History, head: Commit, place: Place) -> Stopped:
    """Say what became of a path that is not at the head: never there, removed, or renamed to another."""
    path = os.fsencode(place.path)
    last = history.last_touch(head, path)
    before = next((e for p in history.parents(last) if (e := history.entry(p, path))), None)
    where = f"{shown(place.path)} is not at {shown(place.ref)}"
    if before is None:
        return Stopped("missing", f"{where}; correct the path or commit the document.")
    commit = last.id[:12].decode()
    for name, entry in history.files(last):
        if entry.sha == before.sha:
            new = shown(os.fsdecode(name))
            return Stopped("missing", f"{where}: commit {commit} moved it to {new}; give the new path.")
    return Stopped("missing", f"{where}: commit {commit} removed it; restore it or give the new path.")


def _blob(history: History, entry: Entry, place: Place) -> Blob:
    found = history.object(entry.sha) if S_ISREG(entry.mode) else None
    if isinstance(found, Blob):
        return found
    kind = "a link" if S_ISLNK(entry.mode) else "a folder or submodule"
    raise Stopped("error", f"{shown(place.path)} is {kind} in the repository; give the path of a file.")


def authored(commit: Commit) -> datetime | None:
    """When the commit was written, UTC. A rebase renews the committer date without a word of text changing."""
    try:
        return datetime.fromtimestamp(commit.author_time, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _fenced(base: Path, path: str) -> None:
    inside(base, os.path.realpath(path))


def _root(base: Path, place: Place) -> Path:
    """The repository's folder, once its ``.git`` file and what that leads to are known to be below the base."""
    root = inside(base, place.repository)
    if not root.is_dir():
        raise Stopped("missing", f"repository {shown(place.repository)} is not there; clone it or correct the path.")
    dot_git = root / ".git"
    if dot_git.is_file():
        target = dot_git.read_bytes()[:4096].removeprefix(b"gitdir:").strip()
        _fenced(base, str(root / os.fsdecode(target)))
    return root


def _fence(base: Path, repo: Repo) -> None:
    """Refuse a repository whose objects lie outside the base folder (work trees, alternates, links)."""
    common = Path(repo.commondir())
    for path in (Path(repo.controldir()), common, common / "objects", common / "refs"):
        _fenced(base, str(path))
    alternates = common / "objects" / "info" / "alternates"
    if alternates.is_file():
        for line in alternates.read_bytes()[:CHUNK].splitlines():
            if line.strip() and not line.startswith(b"#"):
                _fenced(base, str(common / "objects" / os.fsdecode(line.strip())))


def _observe(history: History, place: Place, ask: Ask) -> Found:
    head = _head(history, place.ref)
    etag = head.id.decode()
    # A commit fixes every path below it, so where the branch has not moved there is nothing to read again.
    if ask.previous is not None and ask.previous.etag == etag:
        return Found(unchanged=True)
    path = os.fsencode(place.path)
    entry = history.entry(head, path)
    if entry is None:
        raise _gone(history, head, place)
    if S_ISREG(entry.mode):
        ask.body.expect(declared(history.repo.object_store, entry.sha))
    content = _blob(history, entry, place).as_raw_string()
    for start in range(0, len(content), CHUNK):
        ask.body.write(content[start : start + CHUNK])
    last = history.last_touch(head, path)
    if last.id in history.shallow:
        return Found(
            revision=last.id.decode(),
            remark="the clone is shallow and the last change lies before it; fetch with --unshallow to date it.",
        )
    return Found(modified=authored(last), revision=last.id.decode(), etag=etag)


def read(ask: Ask) -> Found:
    """Read a file at a branch, tag or commit of a repository below the base folder."""
    place = parse(ask.locator)
    try:
        root = _root(ask.base, place)
        with closing(Repo(str(root))) as repo:
            _fence(ask.base, repo)
            return _observe(History(repo, ask.deadline), place, ask)
    except NotGitRepository:
        raise Stopped("error", f"{shown(place.repository)} is not a git repository; give the folder of one.") from None
    except PermissionError:
        raise Stopped(
            "refused", f"{shown(place.repository)} may not be read by this account; give it read permission."
        ) from None
    except Stopped:
        raise
    except Exception as error:  # dulwich has no one error for a damaged repository
        what = f"{shown(place.repository)} could not be read ({type(error).__name__})"
        raise Stopped("error", f"{what}; run git fsck there and mend or clone it again.") from None


SOURCE = Source(name="git", schemes=("git+file",), read=read)
