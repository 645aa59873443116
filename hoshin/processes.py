"""The processes of the demo: a Prefect server and a worker, each ended with all it started."""

import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Any

from cycles.errors import HoshinError
from hoshin import quickly

HOST = "127.0.0.1"
READY_S = 90
ENDED_S = 15
BUSY_TRIES = 10


class NotStarted(HoshinError):
    """A process of the demo did not come up."""


def free_port(wanted: int) -> int:
    """The wanted port, or the next free one above it; no other demo is given it while this process lives."""
    for port in range(wanted, wanted + 200):
        with socket.socket() as probe:
            # Without it a port in TIME_WAIT from the last demo would count as taken.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
        if _reserve(port):
            return port
    raise NotStarted(f"No port between {wanted} and {wanted + 199} is free.")


def _reserve(port: int) -> bool:
    """Hold a lock on a port until this process ends.

    A server takes seconds to open its port; a second demo started meanwhile would choose the same one, and then speak to
    the first one's server.
    """
    path = Path(tempfile.gettempdir()) / f"hoshin-port-{port}.lock"
    try:
        held = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    except OSError:
        return False
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(held)
        return False
    return True


@contextmanager
def interruptible() -> Iterator[None]:
    """SIGTERM and SIGHUP end the demo the way Ctrl-C does, so that nothing it started outlives it.

    SIGINT is set too: a shell starts background jobs with it ignored.
    """

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@dataclass
class Prefect:
    """A Prefect server of the demo's own, its deployments and a worker; everything ends with the block."""

    home: Path
    environment: dict[str, str]
    port: int = field(default_factory=lambda: free_port(4200))
    _running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def api(self) -> str:
        return f"{self.url}/api"

    @property
    def pid(self) -> int:
        """The server's, once it was started."""
        return self._running[0].pid

    def variables(self) -> dict[str, str]:
        """The environment its processes run in: everything local, nothing told to anybody."""
        return {
            **os.environ,
            **self.environment,
            "PREFECT_HOME": str(self.home.absolute()),
            "PREFECT_API_URL": self.api,
            "PREFECT_SERVER_UI_API_URL": self.api,
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "false",
            # Leases kept in memory are lost with a restart, and take healthy runs with them.
            "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect.server.concurrency.lease_storage.filesystem",
            "PREFECT_CLI_PROMPT": "false",
            # Somebody waits at the keyboard for each run; left alone, the worker looks every ten seconds.
            "PREFECT_WORKER_QUERY_SECONDS": "0.5",
            "DO_NOT_TRACK": "1",
            # Each run of a stage is a process or two, and somebody waits for it.
            "PYTHONPATH": quickly.path(os.environ.get("PYTHONPATH")),
        }

    def start_server(self, *, services: bool = True) -> None:
        """Start the server; it takes some seconds until `wait_ready` returns.

        Without `services` it keeps runs and artifacts but schedules nothing.
        """
        self.home.mkdir(parents=True, exist_ok=True)
        more = [] if services else ["--no-services"]
        self._start("server", "server", "start", "--host", HOST, "--port", str(self.port), *more)

    def wait_ready(self) -> None:
        """Wait until the server answers.

        Raises:
            NotStarted: when it does not within 90 s; names its log.
        """
        for _ in range(READY_S * 5):
            if self._running[0].poll() is not None:
                break
            try:
                self.call("GET", "/health")
                return
            except (OSError, ValueError):
                time.sleep(0.2)
        raise NotStarted(f"The Prefect server did not start. See {self.home / 'server.log'}.")

    def deploy(self, folder: Path, schedules: dict[str, str]) -> None:
        """Create the work pool and all deployments of prefect.yaml, and start a worker for them.

        `schedules` are the variables of prefect.yaml: see `hoshin.doctor.schedule_variables`.
        """
        self._make_pool("hoshin")
        self._run("deploy", "--all", "--prefect-file", str(folder / "prefect.yaml"), **schedules)
        self._start("worker", "worker", "start", "--pool", "hoshin", "--name", "demo", "--limit", "2")

    def _make_pool(self, name: str) -> None:
        """The work pool, unless it is there; by the API, because a command of Prefect's takes seconds to start.

        The worker adds the pool's job template when it starts.
        """
        try:
            self.call("POST", "/work_pools/", {"name": name, "type": "process"})
        except urllib.error.HTTPError as error:
            if error.code != HTTPStatus.CONFLICT:
                raise

    def run(self, name: str, parameters: dict[str, Any] | None = None) -> str:
        """Start a run of a deployment (`check/check`); returns its id."""
        deployment = self.call("GET", f"/deployments/name/{name}")
        run = self.call(
            "POST",
            f"/deployments/{deployment['id']}/create_flow_run",
            {"parameters": parameters or {}, "state": {"type": "SCHEDULED"}},
        )
        return str(run["id"])

    def wait(self, run_id: str, *, at_most_s: float = 180) -> str:
        """Wait for a run's end; gives the type of its state, such as COMPLETED."""
        ends = time.monotonic() + at_most_s
        state = ""
        while time.monotonic() < ends:
            state = str(self.call("GET", f"/flow_runs/{run_id}")["state_type"])
            if state in ("COMPLETED", "FAILED", "CRASHED", "CANCELLED"):
                break
            time.sleep(0.2)
        return state

    def artifact(self, key: str) -> dict[str, Any] | None:
        """The newest artifact of a key."""
        wanted = {"artifacts": {"key": {"any_": [key]}}, "sort": "CREATED_DESC", "limit": 1}
        found = self.call("POST", "/artifacts/filter", wanted)
        return dict(found[0]) if found else None

    def page(self, key: str) -> str:
        """Where to see the newest artifact of a key; its history while there is none."""
        found = self.artifact(key)
        return f"{self.url}/v2/artifacts/artifact/{found['id']}" if found else f"{self.url}/v2/artifacts/key/{key}"

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """One call of the server's REST API."""
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(  # noqa: S310 (our own loopback address)
            f"{self.api}{path}", data=data, method=method, headers={"Content-Type": "application/json"}
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        for left in reversed(range(BUSY_TRIES)):
            try:
                with opener.open(request, timeout=30) as answer:
                    return json.loads(answer.read() or b"null")
            except urllib.error.HTTPError as error:
                # 503: its SQLite file is locked at this moment and nothing was done. Prefect's own client retries too.
                if error.code != HTTPStatus.SERVICE_UNAVAILABLE or not left:
                    raise
                time.sleep(0.3)
            except TimeoutError:
                # Asking once more does no harm; telling twice might.
                if method != "GET" or not left:
                    raise
        raise AssertionError("the last try returns or raises")

    def _run(self, *arguments: str, **variables: str) -> None:
        done = subprocess.run(
            [sys.executable, "-m", "prefect", *arguments],
            env={**self.variables(), **variables},
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        if done.returncode:
            shown = (done.stdout + done.stderr).strip().splitlines()[-5:]
            raise NotStarted(f"`prefect {' '.join(arguments)}` failed: {' '.join(shown)}")

    def _start(self, name: str, *arguments: str) -> None:
        with (self.home / f"{name}.log").open("ab") as log:
            # A session of its own, so that everything it starts can be ended with it.
            process = subprocess.Popen(
                [sys.executable, "-m", "prefect", *arguments],
                env=self.variables(),
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        self._running.append(process)

    def __enter__(self) -> "Prefect":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Workers before the server: a worker without a server retries instead of ending.
        for process in reversed(self._running):
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    for number, patience in ((signal.SIGTERM, ENDED_S), (signal.SIGKILL, 5)):
        try:
            os.killpg(process.pid, number)
        except ProcessLookupError:
            break
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            continue
        if number == signal.SIGTERM and _group_gone(process.pid):
            break


def _group_gone(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return True
    return False
