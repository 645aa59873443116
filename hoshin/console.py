"""Printing for people and for programs, and the options several commands share."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
AsOf = Annotated[
    str | None,
    typer.Option(
        "--as-of", metavar="TIME", help="Act as if it were this time (ISO 8601; a date means its start in UTC)."
    ),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Work on a copy of the record and show what would happen.")]
CycleKey = Annotated[str | None, typer.Option("--cycle", metavar="KEY", help="The cycle, such as FY2026-Q3.")]


def print_json(value: Any) -> None:
    """One JSON document on stdout."""
    json.dump(value, sys.stdout, ensure_ascii=False, indent=2, default=str)
    sys.stdout.write("\n")


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], *, empty: str) -> None:
    """A table that fits the terminal, or one sentence where there is nothing to show."""
    from rich.console import Console
    from rich.table import Table

    listed = [[_cell(value) for value in row] for row in rows]
    # Piped output has no width of its own; 80 columns would fold every cell.
    console = Console() if sys.stdout.isatty() else Console(width=180)
    if not listed:
        console.print(f"{title}: {empty}")
        return
    table = Table(title=title, title_justify="left", header_style="bold", show_edge=False, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in listed:
        table.add_row(*row)
    console.print(table)


def print_facts(facts: Mapping[str, Any]) -> None:
    """`name: value` lines, aligned."""
    width = max((len(name) for name in facts), default=0)
    for name, value in facts.items():
        print(f"{name:<{width}}  {_cell(value)}")


def parse_time(text: str | None) -> datetime | None:
    """An instant from the command line, in UTC when it names no zone.

    Raises:
        BadInput: when it is not ISO 8601.
    """
    if text is None:
        return None
    from cycles.errors import BadInput

    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadInput(f"--as-of: '{text}' is not a time. Write 2026-11-02 or 2026-11-02T09:00+09:00.") from error
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, dict):
        return ", ".join(f"{number} {name}" for name, number in value.items()) or "none"
    if isinstance(value, (list, tuple)):
        return ", ".join(str(part) for part in value)
    return str(value)
