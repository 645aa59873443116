"""Giving the command `hoshin` as a person does, in this process, and reading what a home holds."""

import hashlib
import io
import json
import os
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hoshin.cli import main

CYCLE = "FY2026-Q3"
PLANNED = "2026-10-01T09:00+09:00"
NIGHT = "2026-10-16T03:00+09:00"
MORNING = "2026-10-16T09:30+09:00"


@dataclass(frozen=True, kw_only=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def hoshin(home: Path, *arguments: str, **environment: str) -> Done:
    """Run `hoshin …` for a home; `environment` adds variables."""
    out, err, code = io.StringIO(), io.StringIO(), 0
    with _as_started(home, arguments, environment), redirect_stdout(out), redirect_stderr(err):
        try:
            main()
        except SystemExit as ended:
            code = int(ended.code or 0)
    return Done(code=code, out=out.getvalue(), err=err.getvalue())


def good(home: Path, *arguments: str, **environment: str) -> Done:
    """Run a command that must succeed."""
    done = hoshin(home, *arguments, **environment)
    assert done.code == 0, done
    return done


def refused(home: Path, *arguments: str, **environment: str) -> str:
    """Run a command that must be refused with one line and exit 2; returns that line."""
    done = hoshin(home, *arguments, **environment)
    assert done.code == 2, done
    assert done.out == ""
    lines = done.err.strip().splitlines()
    assert len(lines) == 1, done.err
    assert lines[0].startswith("hoshin: ")
    assert lines[0].endswith((".", ")"))
    return lines[0]


@contextmanager
def _as_started(home: Path, arguments: tuple[str, ...], environment: dict[str, str]) -> Iterator[None]:
    before, given = dict(os.environ), sys.argv
    # Wide enough that no table folds; without colours, which a test would have to read around.
    os.environ.update({"HOSHIN_HOME": str(home), "COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb", **environment})
    sys.argv = ["hoshin", *arguments]
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
        sys.argv = given


def fingerprint(home: Path) -> dict[str, str]:
    """Every row of the record and every file beside it; equal before and after means that nothing was changed."""
    files = {
        str(path.relative_to(home)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(home.rglob("*"))
        if path.is_file() and not path.name.startswith("hoshin.db")
    }
    # The lock of a stage is taken and freed by trying to run it; it says nothing about the programme.
    rows = (line for line in dumped(home) if not line.startswith('INSERT INTO "stage_lock"'))
    return {**files, "record": hashlib.sha256("\n".join(rows).encode()).hexdigest()}


def dumped(home: Path) -> list[str]:
    """The record's whole content, whatever of it still lies in the write-ahead log."""
    with closing(sqlite3.connect(home / "hoshin.db")) as record:
        return list(record.iterdump())


def query(home: Path, sql: str, *values: Any) -> list[tuple[Any, ...]]:
    """Read the record with plain SQL, as an auditor might."""
    with closing(sqlite3.connect(home / "hoshin.db")) as record:
        return record.execute(sql, values).fetchall()


def head(home: Path) -> tuple[int, str]:
    """The journal's last entry."""
    return query(home, "SELECT seq, hash FROM journal ORDER BY seq DESC LIMIT 1")[0]  # type: ignore[return-value]


def status(home: Path, *more: str) -> Any:
    """`hoshin status --json`."""
    return good(home, "status", "--json", *more).json
