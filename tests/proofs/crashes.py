"""Dying at any step: each statement, each commit and each call to Slack is one, by the order in which they come."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event
from sqlmodel import SQLModel, select

from cycles.store import Record


class Died(BaseException):
    """What nobody catches, as nobody catches `kill -9`."""


class Steps:
    """Counts the steps, names them, and dies at one of them."""

    def __init__(self, last: int | None = None) -> None:
        self.last = last
        self.names: list[str] = []

    def take(self, name: str) -> None:
        self.names.append(name)
        if self.last is not None and len(self.names) > self.last:
            raise Died(f"before step {self.last}: {name}")


# Within a transaction it is all the same where it ends: only what is committed, and what Slack was told, remains.
BOUNDARIES = ("BEGIN IMMEDIATE",)


@contextmanager
def counted(record: Record, steps: Steps, only: tuple[str, ...] = ()) -> Iterator[None]:
    """Every statement and every commit of a record is a step; with `only`, these statements and the commits are."""

    def statement(_c: Any, _cursor: Any, text: str, *_: Any) -> None:
        if not only or text.startswith(only):
            steps.take(" ".join(text.split()[:3]))

    def commit(_: Any) -> None:
        steps.take("COMMIT")

    event.listen(record.engine, "before_cursor_execute", statement)
    event.listen(record.engine, "commit", commit)
    try:
        yield
    finally:
        event.remove(record.engine, "before_cursor_execute", statement)
        event.remove(record.engine, "commit", commit)


def lived(record: Record, work: Callable[[Steps], Any], last: int | None, *, only: tuple[str, ...] = ()) -> Steps:
    """Run some work until it ends or dies."""
    steps = Steps(last)
    with counted(record, steps, only):
        try:
            work(steps)
        except Died:
            # The database ends what a dead process had begun.
            if record.engine.url.database:
                record.engine.dispose()
            else:
                record.engine.raw_connection().driver_connection.rollback()  # type: ignore[union-attr]
    return steps


def content(record: Record) -> dict[str, list[Any]]:
    """Every row of every table but the locks."""
    found = {}
    with record.read() as session:
        for table in SQLModel.metadata.sorted_tables:
            if table.name != "stage_lock":
                found[table.name] = [tuple(map(str, row)) for row in session.execute(select(table).order_by(*table.primary_key.columns))]  # fmt: skip
    return found
