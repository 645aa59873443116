"""A demo as `make demo` runs it: a process of its own, its lines with their times, its home, and what it leaves behind."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from front_cli import good

from hoshin.processes import Prefect

HOSHIN = str(Path(sys.executable).with_name("hoshin"))
ROOT = Path(__file__).parents[2]


class Demo:
    """`hoshin demo` in a home, with nobody at its keyboard."""

    def __init__(self, home: Path, *arguments: str) -> None:
        self.home = home
        self.began = time.monotonic()
        self.lines: list[tuple[float, str]] = []
        self._more = threading.Condition()
        self.process = subprocess.Popen(
            [HOSHIN, "demo", *arguments],
            cwd=home.parent,
            env=environment(home),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            with self._more:
                self.lines.append((time.monotonic() - self.began, line.rstrip()))
                self._more.notify_all()
        with self._more:
            self._more.notify_all()

    @property
    def text(self) -> str:
        return "\n".join(line for _, line in self.lines)

    def says(self, pattern: str, *, within: float) -> tuple[float, re.Match[str]]:
        """Wait for a line; gives the seconds since the start at which it came, and the match."""
        ends = self.began + within
        with self._more:
            while True:
                for at, line in self.lines:
                    if match := re.search(pattern, line):
                        return at, match
                left = ends - time.monotonic()
                if left <= 0 or self.process.poll() is not None:
                    raise AssertionError(f"the demo did not say {pattern!r} within {within:.0f} s:\n{self.text}")
                self._more.wait(min(left, 1))

    def interrupt(self) -> float:
        """Ctrl-C; gives the seconds it took to end."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGINT)
        self.process.wait(60)
        self._reader.join(10)
        return time.monotonic() - began

    def end(self) -> None:
        """End it whatever state it is in, with everything that belongs to its home."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(40)
            except subprocess.TimeoutExpired:
                self.process.kill()
        for number in left_behind(self.home):
            os.kill(number, signal.SIGKILL)

    def mark(self) -> dict[str, Any]:
        return json.loads((self.home / "demo.json").read_text(encoding="utf-8"))

    def prefect(self) -> Prefect:
        """A client of the demo's Prefect server."""
        port = int(self.mark()["prefect"].split(":")[2].split("/")[0])
        return Prefect(home=self.home / "prefect", environment={}, port=port)


def environment(home: Path) -> dict[str, str]:
    # Without PREFECT_HOME: the demo must keep to its own home by itself.
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_HOME", "HOSHIN_"))}
    return {**inherited, "HOSHIN_HOME": str(home), "PYTHONUNBUFFERED": "1"}


def hoshin(home: Path, *arguments: str, code: int = 0) -> str:
    """Give a command in the demo's home."""
    done = subprocess.run(
        [HOSHIN, *arguments], cwd=home.parent, env=environment(home), capture_output=True, text=True, check=False
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


def counts(home: Path) -> dict[str, Any]:
    """The counts of `hoshin status --json`."""
    return dict(good(home, "status", "--json").json["counts"])


def left_behind(home: Path) -> list[int]:
    """Every process that carries this home in its environment, whatever group or session it is in."""
    wanted, found = str(home).encode(), []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            if int(place.name) != os.getpid() and wanted in (place / "environ").read_bytes():
                found.append(int(place.name))
        except OSError:
            continue  # ended meanwhile, or somebody else's
    return found
