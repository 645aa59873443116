"""Writing whole sets: only what differs, in one statement, alike on SQLite and PostgreSQL."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ClauseElement, Executable, FromClause, Select, and_, or_, select, text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.visitors import InternalTraversal
from sqlmodel import Session, SQLModel


class _Upsert(Executable, ClauseElement):
    """INSERT … SELECT … ON CONFLICT DO UPDATE of a whole row, alike on both databases.

    SQLAlchemy compiles its own inserts with ON CONFLICT anew each time, which takes longer than the check of a small
    programme does in the database; this one it keeps, as any other statement, by what it is made of.
    """

    inherit_cache = True
    _traverse_internals = [  # noqa: RUF012 - the name and form SQLAlchemy looks for
        ("table", InternalTraversal.dp_clauseelement),
        ("names", InternalTraversal.dp_string_list),
        ("rows", InternalTraversal.dp_clauseelement),
    ]

    def __init__(self, table: FromClause, names: list[str], rows: Select[Any]) -> None:
        self.table, self.names, self.rows = table, names, rows


@compiles(_Upsert)
def _compiled(upsert: _Upsert, compiler: SQLCompiler, **more: Any) -> str:
    quoted = compiler.preparer.quote
    keys = [column.name for column in upsert.table.primary_key]
    anew = ", ".join(f"{quoted(name)} = excluded.{quoted(name)}" for name in upsert.names if name not in keys)
    return (
        f"INSERT INTO {compiler.preparer.format_table(upsert.table)} ({', '.join(map(quoted, upsert.names))})"
        f" {compiler.process(upsert.rows, **more)} ON CONFLICT ({', '.join(map(quoted, keys))}) DO UPDATE SET {anew}"
    )


def put(session: Session, model: type[SQLModel], rows: Select[Any], *, compare: Sequence[str], anew: bool) -> int:
    """Insert the rows of a query by primary key and rewrite those whose `compare` columns differ.

    The query's columns carry the table's column names. `anew` says that the table has none of them yet, so that none is
    looked for. Returns how many rows were written; equal rows are not touched. The caller holds the record's one writer's
    lock, so nobody else writes between the look and the change.
    """
    table = model.__table__  # type: ignore[attr-defined]
    names = [column.name for column in rows.selected_columns]
    # Most rows are equal, and comparing them in a join costs less than beginning to insert each.
    statement = (
        table.insert().from_select(names, rows) if anew else _Upsert(table, names, _differing(table, rows, compare))
    )
    # Without being asked to, SQLAlchemy forgets how many rows an INSERT wrote and says -1.
    written = session.execute(statement, execution_options={"preserve_rowcount": True})
    if session.get_bind().dialect.name == "sqlite":
        # The driver does not count rows of a statement that begins with WITH.
        return int(session.execute(text("SELECT changes()")).scalar_one())
    return int(written.rowcount)  # type: ignore[attr-defined]


def _differing(table: FromClause, rows: Select[Any], compare: Sequence[str]) -> Select[Any]:
    """Those rows of the query that the table has not, or has with other values."""
    new, old = rows.subquery("new"), table.alias("old")
    same = and_(*(old.c[column.name] == new.c[column.name] for column in table.primary_key))
    absent = old.c[next(iter(table.primary_key)).name].is_(None)
    return (
        select(*new.c)
        .outerjoin(old, same)
        .where(or_(absent, *(old.c[name].is_distinct_from(new.c[name]) for name in compare)))
    )


def measure(session: Session, *models: type[SQLModel]) -> None:
    """Tell PostgreSQL how many rows this transaction wrote to these tables, before a query joins them.

    Its own statistics come minutes after a commit. Until then it takes a table just filled to be all but empty, joins it by
    nested loops, and work that should take seconds takes hours. SQLite chooses by its indexes alone and needs no telling.
    """
    if session.get_bind().dialect.name != "postgresql":
        return
    for model in models:
        table = model.__table__  # type: ignore[attr-defined]
        session.execute(text(f"ANALYZE {session.connection().dialect.identifier_preparer.format_table(table)}"))
