"""Writing the journal's head to the anchor file, and committing it where the file lies in a git work tree."""

import os
import subprocess
from datetime import datetime
from pathlib import Path

from cycles.anchors import Anchor, head_now, record_anchor
from cycles.errors import BadInput
from cycles.settings import Settings
from cycles.store import Record

GIT_TIMEOUT_S = 30


def anchor(record: Record, settings: Settings, now: datetime, *, daily: bool = True) -> tuple[Anchor, bool]:
    """Record the head of the journal, once a day unless told otherwise; whether a line was added.

    Raises:
        BadInput: when the file cannot be written, or HOSHIN_ANCHOR_GIT is set and git refuses.
    """
    with record.read() as session:
        head = head_now(session, now)
    added = record_anchor(settings.anchors, head, daily=daily)
    if added and settings.anchor_git:
        _commit(settings.anchors.absolute(), head)
    return head, added


def _commit(path: Path, head: Anchor) -> None:
    _git(path, "add", "--", path.name)
    _git(path, "commit", "--quiet", "--only", "-m", f"Journal entry {head.seq}: {head.hash}", "--", path.name)


def _git(path: Path, *arguments: str) -> None:
    # A question for a password or a passphrase would wait for ever at night.
    environment = {**os.environ, "GIT_TERMINAL_PROMPT": "0"}
    try:
        subprocess.run(
            ["git", "-C", str(path.parent), *arguments],
            env=environment,
            check=True,
            capture_output=True,
            text=True,
            timeout=GIT_TIMEOUT_S,
        )
    except (OSError, subprocess.SubprocessError) as error:
        said = (getattr(error, "stderr", "") or str(error)).strip().splitlines()
        raise BadInput(
            f"{path}: the anchor was written, but git does not commit it ({said[-1] if said else 'no reason given'}). "
            "Put the file in a git work tree with a name and e-mail set, or unset HOSHIN_ANCHOR_GIT."
        ) from error
