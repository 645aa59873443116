"""`hoshin incident | anchor | diff`: what ends evidence early, what proves the journal whole, what changed since last time."""

from typing import Annotated, Any

import typer

from hoshin.console import AsJson, AsOf, print_facts, print_json, print_table

incident = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="Incidents: evidence of an earlier day than the incident no longer counts.",
)


def register(app: typer.Typer) -> None:
    incident.command("add", epilog="Example: `hoshin incident add --system support --on 2026-11-02 --what Leak`")(add)
    incident.command("list", epilog="Example: `hoshin incident list --json`")(listed)
    app.add_typer(incident, name="incident", epilog="Example: `hoshin incident list`")
    app.command("anchor", epilog="Example: `hoshin anchor`")(anchor)
    app.command("diff", epilog="Example: `hoshin diff FY2026-Q2 FY2026-Q3`")(diff)


def add(
    system: Annotated[str, typer.Option("--system", metavar="KEY", help="The system it happened to.")],
    on: Annotated[str, typer.Option("--on", metavar="DATE", help="The day it happened, as 2026-11-02.")],
    what: Annotated[str, typer.Option("--what", metavar="TEXT", help="What happened, in a sentence.")],
    kind: Annotated[
        str | None, typer.Option("--kind", metavar="KEY", help="Only evidence of this kind; default: every kind.")
    ] = None,
    by: Annotated[str | None, typer.Option("--by", metavar="PERSON", help="Who reports it.")] = None,
    as_of: AsOf = None,
    json: AsJson = False,
) -> None:
    """Record an incident. The next Check finds what it ends; people are then asked to show it anew."""
    from datetime import date

    from cycles.errors import BadInput
    from cycles.incidents import add_incident
    from hoshin.opening import opened

    try:
        day = date.fromisoformat(on)
    except ValueError as error:
        raise BadInput(f"--on: '{on}' is not a date. Write it as 2026-11-02.") from error
    with opened(as_of=as_of) as house, house.record.write() as session:
        found = add_incident(
            session, system=system, kind=kind, happened_on=day, what=what, by=by, now=house.now(), actor=house.actor
        )
        told = {"id": found.id, "system": system, "evidence_kind": kind, "happened_on": on, "what": found.what}
    if json:
        print_json(told)
    else:
        print(f"Incident {told['id']} of {system} on {on} is recorded. `hoshin check` finds what it ends.")


def listed(json: AsJson = False) -> None:
    """List every incident recorded, newest first."""
    from cycles.incidents import list_incidents
    from hoshin.opening import opened

    with opened() as house, house.record.read() as session:
        found = list_incidents(session)
    if json:
        print_json(found)
        return
    names = ("id", "system", "evidence_kind", "happened_on", "by", "what")
    print_table("Incidents", names, ([row[name] for name in names] for row in found), empty="none is recorded.")


def anchor(json: AsJson = False) -> None:
    """Write the journal's head to the anchor file now; the nightly review does it once a day."""
    from hoshin.opening import opened

    with opened() as house:
        from flows.anchoring import anchor as record

        head, added = record(house.record, house.settings, house.now(), daily=False)
        path = house.settings.anchors
    if json:
        print_json({"file": str(path), "added": added, "seq": head.seq, "hash": head.hash})
    elif head.seq == 0:
        print("The journal is empty: there is nothing to anchor yet.")
    else:
        print(f"{path}: entry {head.seq}, {head.hash}" + ("" if added else " (was there already)"))


def diff(
    old: Annotated[str, typer.Argument(metavar="OLD", help="The earlier cycle, such as FY2026-Q2.")],
    new: Annotated[
        str | None, typer.Argument(metavar="NEW", help="The later cycle; default: the one under way.")
    ] = None,
    json: AsJson = False,
) -> None:
    """What changed between two cycles: results, systems, controls, evidence, and what was answered last time."""
    from cycles.differences import difference
    from cycles.errors import BadInput
    from cycles.programme_cycles import current_cycle, cycle_named
    from hoshin.opening import opened

    with opened() as house, house.record.read() as session:
        before = cycle_named(session, old)
        after = cycle_named(session, new) if new else current_cycle(session)
        if after is None or after.id == before.id:
            raise BadInput(f"{old} cannot be compared with itself. Name another cycle.")
        found = difference(session, before, after)
    if json:
        print_json(found)
        return
    _print_difference(found)


def _print_difference(found: dict[str, Any]) -> None:
    print_facts({"before": found["old"], "after": found["new"]})
    for sort in ("systems", "controls"):
        for side in ("added", "gone"):
            named = ["/".join(row.values()) for row in found[sort][side]]
            if named:
                print(f"{sort.capitalize()} {side}: {', '.join(named)}")
    print()
    rows: list[tuple[str, ...]] = [
        (row["system"], f"{row['framework']}/{row['control']}", _result(row["before"]), _result(row["after"]))
        for row in found["results"]
    ]
    print_table("Results that changed", ("system", "control", "before", "after"), rows, empty="none.")
    print()
    rows = [
        (row["system"], row["evidence_kind"], _evidence(row["before"]), _evidence(row["after"]))
        for row in found["evidence"]
    ]
    print_table("Evidence replaced", ("system", "evidence kind", "before", "after"), rows, empty="none.")
    print()
    rows = [(row["system"], row["evidence_kind"], row["state"], _last(row["last"])) for row in found["requests"]]
    print_table("Requests", ("system", "evidence kind", "now", "last time"), rows, empty="nothing is asked.")


def _result(found: dict[str, str]) -> str:
    plain = found["reason"] in ("valid", "excused", "accepted")
    return found["result"] if plain else f"{found['result']} ({found['reason']})"


def _evidence(found: dict[str, Any] | None) -> str:
    if found is None:
        return "none"
    times = {0: "", 1: ", confirmed once"}.get(found["confirmed"], f", confirmed {found['confirmed']} times in a row")
    return f"of {found['effective']}{times}"


def _last(found: dict[str, Any] | None) -> str:
    if found is None:
        return "not asked"
    by = f" by {found['by']}" if found["by"] else ""
    of = f", evidence of {found['effective']}" if found["effective"] else ""
    return f"{found['state']}{by}{of}"
