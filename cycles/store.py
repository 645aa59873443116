"""Opening the record: SQLite or PostgreSQL, one writer's transaction at a time."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry
from sqlmodel import Session

from cycles.errors import BadInput, NotKept

HEAD = "0003"
LOCK_WAIT_S = 60
# PostgreSQL's error codes (its manual, appendix A).
LOCK_TIMED_OUT, DISK_FULL = "55P03", "53100"
# Any constant of our own; PostgreSQL lets one transaction at a time hold it, which keeps the journal one chain.
WRITE_LOCK = 0x486F7368696E


class Record:
    """The database. Open it once per process; `read()` and `write()` give sessions."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session that must not write."""
        with Session(self.engine) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """One transaction: committed whole at the end, or rolled back whole when anything is raised.

        Writers wait for each other for up to `LOCK_WAIT_S` seconds; only so can the journal stay one chain.

        Raises:
            NotKept: when another writer holds the database for longer, or the disk is full.
        """
        with _plainly_said():
            connection = self.engine.connect().execution_options(hoshin_write=True)
            with connection, connection.begin():
                if connection.dialect.name == "postgresql":
                    connection.execute(text(f"SET LOCAL lock_timeout = '{int(LOCK_WAIT_S * 1000)}ms'"))
                    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": WRITE_LOCK})
                with Session(connection, join_transaction_mode="control_fully", expire_on_commit=False) as session:
                    session.begin()
                    yield session
                    session.flush()
                    session.commit()

    def close(self) -> None:
        self.engine.dispose()


@contextmanager
def _plainly_said() -> Iterator[None]:
    """Say in a sentence what a person can mend; every other trouble stays what it is."""
    try:
        yield
    except OperationalError as error:
        said, state = str(error.orig), getattr(error.orig, "sqlstate", None)
        if "locked" in said or state == LOCK_TIMED_OUT:
            raise NotKept(
                f"The database was held by another writer for more than {LOCK_WAIT_S} s; nothing was written. Find the "
                "process that holds it (a long backup, an open database tool, a stage that hangs), end it, and try again."
            ) from error
        if "is full" in said or state == DISK_FULL:
            raise NotKept(
                "The disk of the database is full; nothing was written. Make room and run the command again: what was "
                "done already is not done twice."
            ) from error
        raise


def open_record(url: str, *, migrate: bool = True) -> Record:
    """Open the record at a SQLAlchemy URL, bringing its tables up to date first.

    Raises:
        BadInput: when the URL cannot be used or the database is newer than this version.
    """
    try:
        engine = _engine(url)
        if migrate and _version(engine) != HEAD:
            _migrate(engine)
    except (SQLAlchemyError, OSError, ImportError) as error:  # a folder that cannot be made, a driver not installed
        reason = str(getattr(error, "orig", None) or error).splitlines()[0]
        raise BadInput(
            f"The database cannot be opened ({reason}). Check HOSHIN_DATABASE_URL or HOSHIN_HOME."
        ) from error
    return Record(engine)


def _engine(url: str) -> Engine:
    if not url.startswith("sqlite"):
        return create_engine(_with_psycopg(url), pool_pre_ping=True, pool_size=10, max_overflow=20)
    path = url.removeprefix("sqlite:///")
    if path and path != ":memory:":
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, connect_args={"timeout": LOCK_WAIT_S, "check_same_thread": False})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _with_psycopg(url: str) -> str:
    for prefix in ("postgres://", "postgresql://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url.removeprefix(prefix)
    return url


def _prepare_sqlite(connection: Any, _: ConnectionPoolEntry) -> None:
    # The driver's own transaction handling begins too late for BEGIN IMMEDIATE; we begin ourselves.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA foreign_keys=ON")
    # 16 MiB: each sort of a large plan takes as much again as the cache may, so a larger one costs memory several times.
    cursor.execute("PRAGMA cache_size=-16384")
    cursor.execute("PRAGMA temp_store=MEMORY")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # A writer takes the lock at once: upgrading a read lock later can deadlock and is refused without waiting.
    write = connection.get_execution_options().get("hoshin_write")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


def _version(engine: Engine) -> str | None:
    with engine.connect() as connection:
        try:
            return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        except SQLAlchemyError:
            return None


def _migrate(engine: Engine) -> None:
    # Alembic is imported here only: every other command starts without it.
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    with engine.connect().execution_options(hoshin_write=True) as connection:
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            raise BadInput(
                f"The database was made by another version of Hoshin ({error}). "
                "Install that version or restore a backup."
            ) from error
        connection.commit()
