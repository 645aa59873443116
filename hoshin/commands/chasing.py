"""`hoshin ladder`: what was announced about a request, beside what happened."""

from typing import Annotated, Any

import typer

from hoshin.console import AsJson, AsOf, print_facts, print_json, print_table


def register(app: typer.Typer) -> None:
    app.command("ladder", epilog="Example: `hoshin ladder 12 --json`")(ladder)


def ladder(
    request: Annotated[int, typer.Argument(metavar="REQUEST", help="A request's number, as in `hoshin status`.")],
    as_of: AsOf = None,
    json: AsJson = False,
) -> None:
    """Who was to be told what and when, and what came of it: sent, moved (why), not needed, or still to come."""
    from cycles.ledger import ledger as read
    from hoshin.opening import opened

    with opened(as_of=as_of, copy=as_of is not None) as house, house.record.read() as session:
        found = read(session, request, house.now())
    if json:
        print_json(found.as_json())
        return
    print_facts(
        {
            "request": found.request,
            "about": found.name,
            "cycle": found.cycle,
            "state": found.state,
            "due": found.due,
            "acts next": _time(found.next_at),
        }
    )
    columns = ("rung", "message", "announced (UTC)", "to", "happened (UTC)", "to", "outcome", "why")
    rows = [
        (
            line.rung,
            line.message,
            _time(line.announced_at),
            line.announced_to or "",
            _time(line.happened_at),
            line.happened_to or "",
            line.outcome,
            line.why,
        )
        for line in found.lines
    ]
    print()
    print_table("Ladder", columns, rows, empty="nothing was announced or said.")
    print()
    deeds = [(_time(deed.at), deed.who, deed.verb) for deed in found.deeds]
    print_table("What people did", ("at (UTC)", "who", "what"), deeds, empty="nothing yet.")


def _time(at: Any) -> str:
    return at.strftime("%Y-%m-%d %H:%M") if at else ""
