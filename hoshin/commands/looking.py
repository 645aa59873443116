"""`hoshin status | verify | doctor`: what is true, whether it was tampered with, whether all is set up."""

import asyncio
from typing import Annotated, Any

import typer

from hoshin.console import AsJson, AsOf, CycleKey, print_facts, print_json, print_table


def register(app: typer.Typer) -> None:
    app.command("status", epilog="Example: `hoshin status --cycle FY2026-Q3 --json`")(status)
    app.command("verify", epilog="Example: `hoshin verify`")(verify)
    app.command("doctor", epilog="Example: `hoshin doctor --json`")(doctor)


def status(
    cycle: CycleKey = None,
    as_of: AsOf = None,
    everything: Annotated[bool, typer.Option("--all", help="List every result, not only those out of order.")] = False,
    json: AsJson = False,
) -> None:
    """What is true now: results with their reasons, requests, actions. `--as-of` judges results anew for that time."""
    found = _status(cycle, as_of)
    if json:
        print_json(found)
        return
    print_facts({"cycle": found["cycle"], "stage": found["stage"], "as of": found["as_of"], **found["counts"]})
    shown = [row for row in found["results"] if everything or row["result"] == "not-satisfied"]
    by_reason: dict[tuple[str, str, str], int] = {}
    for row in shown:
        place = (row["system"], row["result"], "; ".join(row["reasons"]))
        by_reason[place] = by_reason.get(place, 0) + 1
    rows = [(system, result, number, why) for (system, result, why), number in by_reason.items()]
    print()
    print_table("Results", ("system", "result", "controls", "because of"), rows, empty="every control is in order.")
    names = ("id", "system", "evidence_kind", "assignee", "state", "due", "next_at")
    waiting = [row for row in found["requests"] if row["state"] not in ("accepted", "excused")]
    print()
    print_table("Requests", names, ([row[n] for n in names] for row in waiting), empty="nothing is being asked.")
    names = ("id", "lapse", "reason", "severity", "owner", "state", "due")
    print()
    print_table("Actions", names, ([row[n] for n in names] for row in found["actions"]), empty="none is open.")


def _status(key: str | None, as_of: str | None) -> dict[str, Any]:
    from cycles.errors import BadInput
    from cycles.programme_cycles import current_cycle, cycle_named
    from cycles.status import status as read
    from hoshin.opening import opened

    # As of another time means: judged again on a copy, as the stages would have done at that time.
    with opened(as_of=as_of, copy=as_of is not None) as house:
        if as_of is not None:
            from flows import work

            work.assess_cycles(house)
        with house.record.read() as session:
            cycle = cycle_named(session, key) if key else current_cycle(session)
            if cycle is None:
                raise BadInput("No cycle is planned yet. Run `hoshin plan`.")
            return read(session, cycle, house.now())


def verify(json: AsJson = False) -> None:
    """Read the whole journal and name the first entry that was edited, moved or removed. Exits 1 when there is one."""
    from cycles.journal import verify as check
    from cycles.settings import Settings
    from cycles.store import open_record

    record = open_record(Settings().url)
    with record.read() as session:
        found = check(session)
    record.close()
    if json:
        fault = {"seq": found.fault.seq, "problem": found.fault.problem} if found.fault else None
        print_json({"entries": found.entries, "head": found.head, "fault": fault})
    elif found.fault:
        print(f"Entry {found.fault.seq} {found.fault.problem}.")
        print(
            "The journal was tampered with. Compare with a backup; everything before this entry is as it was written."
        )
    else:
        print(f"{found.entries} entries, unbroken. Head: {found.head}")
    if found.fault:
        raise typer.Exit(1)


def _accept_clock() -> None:
    from cycles import clocks, journal
    from hoshin.opening import opened

    with opened() as house, house.record.write() as session:
        _, _, last = journal.last_entry(session)
        if last is None or not clocks.accept(session, house.now(), last):
            print("The record was not last written in the future; nothing to accept.")
            return
        journal.append(session, at=house.now(), actor=house.actor, action="clock.accepted", subject="programme")
    print(f"Accepted. Until {last.isoformat(timespec='minutes')} has come, entries carry that time.")


def doctor(
    environment: Annotated[
        bool, typer.Option("--environment", help="Print the variables that prefect.yaml needs, for `eval`.")
    ] = False,
    accept_clock: Annotated[
        bool,
        typer.Option("--accept-clock", help="Go on although the record was last written by a clock that ran ahead."),
    ] = False,
    json: AsJson = False,
) -> None:
    """Check the set-up: settings, database, programme, journal, Slack, Prefect. Exits 1 when something is wrong."""
    from cycles.settings import Settings
    from hoshin.doctor import examine, schedule_variables

    if environment:
        for name, value in schedule_variables(Settings()).items():
            print(f"export {name}={value}")
        return

    if accept_clock:
        _accept_clock()
        return

    found = asyncio.run(examine())
    if json:
        print_json([{"check": name, "state": state, "detail": detail} for name, state, detail in found])
    else:
        marks = {"ok": "✓", "warn": "!", "bad": "✗"}
        print_table(
            "Doctor", ("", "check", "finding"), ((marks[s], n, d) for n, s, d in found), empty="nothing checked."
        )
    if any(state == "bad" for _, state, _ in found):
        raise typer.Exit(1)
