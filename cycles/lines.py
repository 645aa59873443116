"""Rows as lines of canonical JSON, written by the database: hashing a million rows costs a scan, not a loop over values.

For keys, numbers, dates and words of our own only: none of them holds a character that JSON would escape, so the line is
the very one `journal.canonical` gives for the same row (a test compares them).
"""

from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, String, case, cast, literal
from sqlmodel import Session

from cycles import journal

CHUNK = 20_000


def digest_of(session: Session, rows: Select[Any]) -> str:
    """What `journal.digest` gives for the rows of a query, in its order."""
    lines = rows.with_only_columns(_line(*rows.selected_columns), maintain_column_froms=True)
    found = session.connection().execute(lines.execution_options(yield_per=CHUNK))
    return journal.digest_of_lines(found.scalars())


def _line(*columns: ColumnElement[Any]) -> ColumnElement[str]:
    line: ColumnElement[str] = literal("[") + _json(columns[0])
    for column in columns[1:]:
        line = line + literal(",") + _json(column)
    return line + literal("]")


def _json(column: ColumnElement[Any]) -> ColumnElement[str]:
    text: ColumnElement[str] = cast(column, String)
    if not isinstance(column.type, Integer):
        text = literal('"') + text + literal('"')
    if not getattr(column, "nullable", True):
        return text
    return case((column.is_(None), "null"), else_=text)
