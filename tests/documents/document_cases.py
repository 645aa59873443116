"""One working document per source: what a new source must show before it counts as one."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import fsspec
from document_repos import card_repo
from document_server import CARD, Server

from tasks.documents import Look

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
Looker = Callable[..., Look]  # the fixture ``see``: a locator, ``previous`` and changed limits
MTIME = datetime(2026, 4, 2, 3, 4, 5, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Case:
    """A locator that works, one whose document is gone, and what the first must give."""

    locator: str
    gone: str
    modified: datetime | None
    effective: date


def files_case(base: Path, server: Server) -> Case:
    path = base / "docs" / "card.md"
    path.parent.mkdir()
    path.write_bytes(CARD)
    os.utime(path, (MTIME.timestamp(), MTIME.timestamp()))
    return Case(locator="docs/card.md", gone="file:docs/none.md", modified=MTIME, effective=date(2026, 4, 1))


def git_case(base: Path, server: Server) -> Case:
    repo, _ = card_repo(base / "repo")
    return Case(
        locator="git+file:repo//docs/card.md@main",
        gone="git+file:repo//docs/none.md@main",
        modified=repo.written(2),
        effective=date(2026, 1, 3),
    )


def web_case(base: Path, server: Server) -> Case:
    return Case(
        locator=server.url("/card"),
        gone=server.url("/status/404"),
        modified=datetime(2026, 4, 1, 9, tzinfo=UTC),
        effective=date(2026, 4, 1),
    )


def remote_case(base: Path, server: Server) -> Case:
    files = fsspec.filesystem("memory")
    files.pipe("/store/card.md", CARD)
    files.store["/store/card.md"].modified = MTIME
    return Case(
        locator="memory://store/card.md",
        gone="memory://store/none.md",
        modified=MTIME,
        effective=date(2026, 4, 1),
    )


CASES: dict[str, Callable[[Path, Server], Case]] = {
    "files": files_case,
    "git": git_case,
    "web": web_case,
    "remote": remote_case,
}
