"""`hoshin periods`: the next dates of a rule, before it is written into a policy."""

from collections.abc import Callable
from collections.abc import Sequence as Listed
from datetime import date
from typing import Annotated, Any

import typer

from hoshin.console import AsJson, print_json, print_table


def register(app: typer.Typer) -> None:
    app.command("periods", epilog="Example: `hoshin periods --anchor 2026-11-30 --every 3m --count 8 --country JP`")(
        periods
    )


def periods(
    anchor: Annotated[str, typer.Option(metavar="DATE", help="The date everything is reckoned from (YYYY-MM-DD).")],
    every: Annotated[str, typer.Option(metavar="STEP", help="How far apart: 3m, 1y, 2w, 10d, quarterly, yearly, …")],
    count: Annotated[int, typer.Option(help="How many dates to show, 1 to 1000.")] = 8,
    nth: Annotated[
        str | None, typer.Option(metavar="WEEKDAY", help="A weekday of the month: '2nd tuesday', 'last friday'.")
    ] = None,
    skip: Annotated[list[str] | None, typer.Option(metavar="DATE", help="Leave this date out (repeatable).")] = None,
    also: Annotated[list[str] | None, typer.Option(metavar="DATE", help="One more date (repeatable).")] = None,
    adjust: Annotated[
        str,
        typer.Option(
            metavar="HOW", help="Off holidays: none, next-business-day, previous-business-day, modified-following."
        ),
    ] = "none",
    country: Annotated[
        str | None, typer.Option(metavar="CODE", help="Whose holidays count, such as JP or US-NY.")
    ] = None,
    closed: Annotated[
        list[str] | None, typer.Option(metavar="MM-DD/MM-DD", help="A yearly closure (repeatable).")
    ] = None,
    json: AsJson = False,
) -> None:
    """Show the next dates after an anchor: by the rule alone, and moved to workdays."""
    from cycles.recurrence import preview

    _within(count)
    rule = _rule(anchor, every, nth, skip or (), also or (), adjust)
    found = preview(rule, _calendar(country, closed or (), adjust), count)
    _all_there(len(found), count)
    if json:
        rows = [{"nominal": one.nominal, "date": one.on, "adjusted": one.on != one.nominal} for one in found]
        print_json({"anchor": rule.anchor, "every": every, "nth": nth, "adjust": adjust, "dates": rows})
        return
    cells = [
        (n, one.nominal, _named(one.on), "" if one.on == one.nominal else "moved") for n, one in enumerate(found, 1)
    ]
    print_table(f"After {_named(rule.anchor)}", ("", "by the rule", "date", ""), cells, empty="no date.")


def _rule(anchor: str, every: str, nth: str | None, skip: Listed[str], also: Listed[str], adjust: str) -> Any:
    from cycles.errors import BadInput
    from cycles.recurrence import ADJUSTMENTS, Sequence, parse_nth, parse_step

    how = next((known for known in ADJUSTMENTS if known == adjust), None)
    if how is None:
        raise BadInput(f"--adjust: '{adjust}' is not known. Write {', '.join(ADJUSTMENTS)}.")
    parts = {
        "anchor": _read("--anchor", _day, anchor),
        "every": _read("--every", parse_step, every),
        "nth": _read("--nth", parse_nth, nth) if nth is not None else None,
        "skip": frozenset(_read("--skip", _day, text) for text in skip),
        "also": frozenset(_read("--also", _day, text) for text in also),
    }
    # A rule that contradicts itself names its part first, and each part is an option here.
    return _read("-", lambda _: Sequence(**parts, adjust=how), "", join="-")


def _read(option: str, read: Callable[[Any], Any], text: Any, *, join: str = ": ") -> Any:
    """What an option says; a complaint about it starts with its name."""
    from cycles.errors import BadInput

    try:
        return read(text)
    except BadInput as error:
        raise BadInput(f"{option}{join}{error}") from error


def _calendar(country: str | None, closed: Listed[str], adjust: str) -> Any:
    from cycles.errors import BadInput
    from cycles.policy import closures_of
    from cycles.workdays import Calendar, known_country

    if country is None:
        if adjust != "none":
            raise BadInput(f"--adjust: {adjust} needs to know whose holidays count. Add --country, such as JP.")
        if closed:
            raise BadInput("--closed: goes with --country, whose holidays count besides.")
        return None
    if not known_country(country):
        raise BadInput(f"--country: '{country}' is not a country whose holidays are known. Write JP or US-NY.")
    return Calendar(country=country, closures=_read("--closed", closures_of, closed))


def _within(count: int) -> None:
    from cycles.errors import BadInput

    if not 1 <= count <= 1000:
        raise BadInput(f"--count: {count} is not from 1 to 1000. Write how many dates to show.")


def _all_there(found: int, wanted: int) -> None:
    from cycles.errors import BadInput
    from cycles.recurrence import LAST_YEAR

    if found < wanted:
        raise BadInput(f"--count: only {found} dates come before the end of {LAST_YEAR}. Write a smaller number.")


def _day(text: str) -> date:
    from cycles.errors import BadInput

    try:
        if len(text) == len("YYYY-MM-DD"):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise BadInput(f"'{text}' is not a date. Write YYYY-MM-DD.")


def _named(day: date) -> str:
    return f"{day} {day:%a}"
