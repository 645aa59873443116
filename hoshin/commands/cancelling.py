"""`hoshin cancel`: a lead calls a cycle off."""

from typing import Annotated

import typer

from hoshin.console import AsJson, AsOf, DryRun, print_facts, print_json


def register(app: typer.Typer) -> None:
    app.command("cancel", epilog='Example: `hoshin cancel --cycle FY2026-Q3 --as sato --reason "merger"`')(cancel)


def cancel(
    cycle: Annotated[str, typer.Option("--cycle", metavar="KEY", help="The cycle to call off.")],
    as_: Annotated[str, typer.Option("--as", metavar="LEAD", help="Who calls it off; must be a lead.")],
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; kept on record.")],
    as_of: AsOf = None,
    dry_run: DryRun = False,
    json: AsJson = False,
) -> None:
    """Call off a planned or open cycle: nobody is asked in it any more. Its period is not planned again."""
    from cycles import cancel as rules
    from cycles.permits import Act
    from cycles.programme_cycles import cycle_named
    from flows.work import person_named
    from hoshin.opening import opened

    with opened(as_of=as_of, copy=dry_run) as house, house.record.write() as session:
        act = Act(session, person_named(session, as_), house.now())
        changed = rules.cancel(act, cycle_named(session, cycle), reason)
    facts = {"cycle": cycle, "state": "cancelled", "changed": changed, "dry_run": dry_run}
    if json:
        print_json(facts)
        return
    print_facts(facts)
