"""Real git repositories, made with the git program at fixed dates."""

from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path

DAY = 86_400
START = int(datetime(2026, 1, 1, 9, tzinfo=UTC).timestamp())


class Repo:
    """A work tree whose n-th commit was written on the n-th day and committed a year later."""

    def __init__(self, path: Path, *init: str) -> None:
        self.path = path
        self.days = 0
        path.mkdir(parents=True)
        self.git("init", "-q", "-b", "main", *init)

    def git(self, *words: str) -> str:
        written = START + self.days * DAY
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.path),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_AUTHOR_NAME": "a",
            "GIT_AUTHOR_EMAIL": "a@example.com",
            "GIT_COMMITTER_NAME": "c",
            "GIT_COMMITTER_EMAIL": "c@example.com",
            "GIT_AUTHOR_DATE": f"{written} +0900",
            "GIT_COMMITTER_DATE": f"{written + 365 * DAY} +0000",
            "GIT_ALLOW_PROTOCOL": "file",
        }
        done = subprocess.run(
            ["git", *words], cwd=self.path, env=environment, check=True, capture_output=True, timeout=60
        )
        return done.stdout.decode().strip()

    def write(self, name: str, text: str) -> None:
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def commit(self, message: str = "change", **files: str) -> str:
        for name, text in files.items():
            self.write(name, text)
        self.days += 1
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")

    def written(self, day: int) -> datetime:
        return datetime.fromtimestamp(START + day * DAY, UTC)


def card_repo(path: Path) -> tuple[Repo, str]:
    """A document changed on day 2, with changes elsewhere after it; the commit of day 2."""
    repo = Repo(path)
    repo.commit(**{"docs/card.md": "Effective date: 2026-01-01\n", "other.md": "1"})
    touched = repo.commit(**{"docs/card.md": "Effective date: 2026-01-03\n"})
    repo.commit(**{"other.md": "2"})
    repo.commit(**{"docs/other.md": "3"})
    return repo, touched
