"""What the commands about improvement share: doing one thing in a person's name, and reading keys and numbers."""

from typing import Any

from hoshin.console import print_json, print_table


def carried_out(by: str, do: Any, as_of: str | None, dry_run: bool, *, said: str = "") -> None:
    """Do one thing in a person's name, in one transaction, and say what was recorded."""
    from cycles.permits import Act
    from flows.work import person_named
    from hoshin.opening import opened

    with opened(as_of=as_of, copy=dry_run) as house, house.record.write() as session:
        said = do(Act(session, person_named(session, by), house.now())) or said
    print(f"{said}: would be recorded." if dry_run else f"{said}: recorded.")


def read(rows: Any) -> list[dict[str, Any]]:
    """Rows of the record."""
    from hoshin.opening import opened

    with opened() as house, house.record.read() as session:
        return list(rows(session))


def shown(title: str, names: tuple[str, ...], rows: list[dict[str, Any]], json: bool, *, empty: str) -> None:
    """Rows as a table or as JSON."""
    if json:
        print_json(rows)
    else:
        print_table(title, names, ([row[name] for name in names] for row in rows), empty=empty)


def number_of(text: str, letter: str) -> int:
    """R-1 or 1 as a number. Raises BadInput."""
    from cycles.errors import BadInput

    number = text.removeprefix(f"{letter}-")
    if not (number.isascii() and number.isdecimal() and len(number) < 16):
        raise BadInput(f"'{text}' names nothing. Write {letter}-1, or its number.")
    return int(number)


def day_of(text: str) -> Any:
    """A date. Raises BadInput."""
    from datetime import date

    from cycles.errors import BadInput

    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise BadInput(f"'{text}' is not a date. Write YYYY-MM-DD.") from error


def pair_of(session: Any, text: str) -> tuple[int, int]:
    """`system/kind` as row numbers. Raises Refused."""
    system, _, kind = text.partition("/")
    return system_of(session, system), kind_of(session, kind)


def system_of(session: Any, key: str) -> int:
    """A system's row number by its key. Raises Refused."""
    from cycles.models import System

    return _keyed(session, System, key, "system")


def kind_of(session: Any, key: str) -> int:
    """An evidence kind's row number by its key. Raises Refused."""
    from cycles.models import EvidenceKind

    return _keyed(session, EvidenceKind, key, "evidence kind")


def _keyed(session: Any, model: Any, key: str, what: str) -> int:
    from sqlmodel import select

    from cycles.errors import Refused

    found = session.exec(select(model.id).where(model.key == key)).first()
    if found is None:
        raise Refused("unknown", f"There is no {what} '{key}' in the record.")
    return int(found)
