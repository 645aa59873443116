"""What holds for every test: nothing leaves this machine, and browser tests say plainly why they were skipped."""

import importlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sharing import place

from hoshin import quickly

if TYPE_CHECKING:
    from playwright.sync_api import Browser

# Where bytecode is not to be written, each of the many processes that tests start, and every worker of every run,
# would compile Prefect, the house and the tests anew; a process of Prefect starts in half the time with it.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
# Set before anything imports Prefect, which reads its settings once; the processes that tests start inherit them.
os.environ.update(
    {
        "DO_NOT_TRACK": "1",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "false",
        "PREFECT_CLI_PROMPT": "false",
        "NO_PROXY": "127.0.0.1,localhost,::1",
        "no_proxy": "127.0.0.1,localhost,::1",
    }
)
# A person's own Hoshin and Prefect must neither be read nor touched.
for _name in [name for name in os.environ if name.startswith("HOSHIN_") or name == "PREFECT_API_URL"]:
    del os.environ[_name]

LOOPBACK = ("127.", "::1", "::ffff:127.", "localhost", "0.0.0.0")  # 0.0.0.0 as a destination is this machine


def pytest_configure(config: pytest.Config) -> None:
    home = Path(tempfile.mkdtemp(prefix="hoshin-tests-prefect-"))
    os.environ["PREFECT_HOME"] = str(home)
    # Clients read all of the world's authorities, 20 to 40 ms each time, and nothing here is asked over TLS of the world.
    os.environ["SSL_CERT_FILE"] = str(_one_authority(home))
    # What imports and hypothesis keep alive is large; collecting among it again and again costs a sixth of a run. So it is
    # done as seldom as in Hoshin's own processes, here and in those that tests start.
    importlib.import_module("hoshin.quickly.sitecustomize")
    os.environ["PYTHONPATH"] = quickly.path(os.environ.get("PYTHONPATH"))
    config.add_cleanup(lambda: shutil.rmtree(home, ignore_errors=True))
    sys.addaudithook(_stay_here)


def _one_authority(folder: Path) -> Path:
    import certifi

    end = "-----END CERTIFICATE-----\n"
    place = folder / "authority.pem"
    place.write_text(Path(certifi.where()).read_text(encoding="utf-8").partition(end)[0] + end, encoding="utf-8")
    return place


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: place(item.nodeid))
    if not any(item.get_closest_marker("browser") for item in items):
        return
    from browsing import installed

    if installed():
        return
    if os.environ.get("CI") == "true":
        return  # there a missing browser is an error, and the tests show it
    skip = pytest.mark.skip(
        reason="no Chromium on this machine; install it (Debian: apt-get install chromium-headless-shell) "
        "to run the browser tests"
    )
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(skip)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    if config.getvalue("dist") != "load":
        return None
    from sharing import BySharing

    return BySharing(config, log)


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    """The machine's own Chromium, for the tests of a module."""
    from browsing import chromium

    with chromium() as running:
        yield running


def _stay_here(event: str, arguments: tuple[Any, ...]) -> None:
    """Refuse every connection that would leave this machine, whoever makes it."""
    if event != "socket.connect":
        return
    address = arguments[1]
    if isinstance(address, tuple) and address and not str(address[0]).startswith(LOOPBACK):
        raise PermissionError(f"A test tried to reach {address[0]}. Tests speak to this machine alone.")


@pytest.fixture(scope="session", autouse=True)
def _statements_are_compiled_once() -> Iterator[None]:
    """Let the SQLite records of a worker share compiled statements, which SQLAlchemy keeps per engine.

    A tenth of a run went into compiling the same statements for each test's own record, and as much into waiting for
    disks: what a worker's own records hold need not outlive the machine.
    """
    from sqlalchemy import Engine, create_engine, event

    from cycles import store

    first = create_engine("sqlite://")
    first.connect().close()  # the dialect learns what this SQLite can do
    make = store._engine

    def make_with_shared_statements(url: str) -> Engine:
        engine = make(url)
        if engine.dialect.name == "sqlite":
            # Compiled statements are kept by dialect; the dialect of SQLite holds nothing of one database.
            engine.dialect = engine.pool._dialect = first.dialect
            engine._compiled_cache = first._compiled_cache
            event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous = OFF"))
        return engine

    store._engine = make_with_shared_statements
    yield
    store._engine = make
    first.dispose()
