"""Printing for people and for programs, and the options several commands share."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any
from unicodedata import east_asian_width

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


def print_progress(done: int, waiting: int) -> None:
    """How far a long delivery has come; on stderr, so that what is piped stays clean."""
    print(f"delivered {done:,} messages, {waiting:,} to go", file=sys.stderr, flush=True)


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], *, empty: str) -> None:
    """A table that fits the terminal, or one sentence where there is nothing to show."""
    listed = [[_cell(value) for value in row] for row in rows]
    if not listed:
        print(f"{title}: {empty}")
    elif sys.stdout.isatty():
        _folded_table(title, columns, listed)
    else:
        # Piped output has no width to fold to, and drawing a table for a program costs more than reading the record.
        _aligned_table(title, columns, listed)


def _folded_table(title: str, columns: Sequence[str], rows: list[list[str]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title, title_justify="left", header_style="bold", show_edge=False, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        # As text, for what people wrote may look like rich's markup: "[draft]" would vanish.
        table.add_row(*map(Text, row))
    Console().print(table)


def _aligned_table(title: str, columns: Sequence[str], rows: list[list[str]]) -> None:
    widths = [max(map(_width, cells)) for cells in zip(columns, *rows, strict=True)]
    lines = [columns, ["─" * width for width in widths], *rows]
    print(title)
    for line in lines:
        cells = (cell + " " * (width - _width(cell)) for cell, width in zip(line, widths, strict=True))
        print("  ".join(cells).rstrip())


def _width(text: str) -> int:
    """Columns on a terminal: East Asian wide characters take two."""
    return len(text) if text.isascii() else sum(1 + (east_asian_width(sign) in "WF") for sign in text)


def print_facts(facts: Mapping[str, Any]) -> None:
    """`name: value` lines, aligned."""
    width = max((len(name) for name in facts), default=0)
    for name, value in facts.items():
        print(f"{name:<{width}}  {_cell(value)}")


def parse_time(text: str | None, option: str = "--as-of") -> datetime | None:
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
        raise BadInput(f"{option}: '{text}' is not a time. Write 2026-11-02 or 2026-11-02T09:00+09:00.") from error
    if not 1971 <= at.year <= 2999:
        raise BadInput(f"{option}: the year {at.year} is outside what calendars know. Write a year from 1971 to 2999.")
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, dict):
        return ", ".join(f"{number} {name}" for name, number in value.items()) or "none"
    if isinstance(value, (list, tuple)):
        return ", ".join(str(part) for part in value)
    return str(value)
