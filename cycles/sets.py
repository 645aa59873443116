"""Writing whole sets: only what differs, in one statement, alike on SQLite and PostgreSQL."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import FromClause, Select, and_, or_, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, SQLModel


def put(session: Session, model: type[SQLModel], rows: Select[Any], *, compare: Sequence[str], anew: bool) -> int:
    """Insert the rows of a query by primary key and rewrite those whose `compare` columns differ.

    The query's columns carry the table's column names. `anew` says that the table has none of them yet, so that none is
    looked for. Returns how many rows were written; equal rows are not touched. The caller holds the record's one writer's
    lock, so nobody else writes between the look and the change.
    """
    table = model.__table__  # type: ignore[attr-defined]
    names = [column.name for column in rows.selected_columns]
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    # Most rows are equal, and comparing them in a join costs less than beginning to insert each.
    statement = dialect.insert(table).from_select(names, rows if anew else _differing(table, rows, compare))
    if not anew:
        new = {name: statement.excluded[name] for name in names if name not in table.primary_key.columns}
        statement = statement.on_conflict_do_update(index_elements=list(table.primary_key.columns), set_=new)
    # Without being asked to, SQLAlchemy forgets how many rows an INSERT wrote and says -1.
    written = session.execute(statement.execution_options(preserve_rowcount=True))
    if dialect is sqlite:
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
