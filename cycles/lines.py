"""Rows as lines of canonical JSON, written by the database: hashing a million rows costs a scan, not a loop over values.

For keys, numbers, dates and words of our own only: none of them holds a character that JSON would escape, so the line is
the very one `journal.canonical` gives for the same row (a test compares them).
"""

from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import ColumnElement, CursorResult, Executable, Integer, Select, String, case, cast, func, literal
from sqlmodel import Session

from cycles import journal

CHUNK = 20_000


def digest_of(session: Session, rows: Select[Any]) -> str:
    """What `journal.digest` gives for the rows of a query, in its order."""
    postgresql = session.get_bind().dialect.name == "postgresql"
    line = _line(func.format if postgresql else func.printf, *rows.selected_columns)
    wanted = rows.with_only_columns(line, maintain_column_froms=True)
    return digest_of_lines(session, wanted)


def digest_of_lines(session: Session, wanted: Executable) -> str:
    """The same for a query that gives lines."""
    postgresql = session.get_bind().dialect.name == "postgresql"
    # PostgreSQL's driver would hold all rows at once unless told to keep them on the server.
    options = {"yield_per": CHUNK} if postgresql else {}
    found = session.connection().execute(wanted, execution_options=options)
    return journal.digest_of_parts(found.scalars().partitions() if postgresql else _of_driver(found))


def _of_driver(found: CursorResult[Any]) -> Iterator[list[str]]:
    """From the driver's own cursor: what SQLAlchemy does for each row takes longer than all that SQLite does."""
    cursor = found.cursor
    assert cursor is not None
    while part := cursor.fetchmany(CHUNK):
        yield [line for (line,) in part]
    found.close()


def _line(fill: Callable[..., ColumnElement[str]], *columns: ColumnElement[Any]) -> ColumnElement[str]:
    """One call that fills a template; joining a row's pieces one to the next takes both databases longer."""
    places, values = zip(*(_place(column) for column in columns), strict=True)
    return fill(f"[{','.join(places)}]", *values)


def _place(column: ColumnElement[Any]) -> tuple[str, ColumnElement[Any]]:
    mark = "%s" if isinstance(column.type, Integer) else '"%s"'
    if not getattr(column, "nullable", True):
        return mark, column
    text: ColumnElement[str] = cast(column, String)
    quoted = text if mark == "%s" else literal('"') + text + literal('"')
    return "%s", case((column.is_(None), "null"), else_=quoted)
