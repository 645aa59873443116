"""`hoshin status | verify | doctor`: what is true, whether it was tampered with, whether all is set up."""

import asyncio
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hoshin.console import AsJson, CycleKey, parse_time, print_facts, print_json, print_table

if TYPE_CHECKING:
    from sqlmodel import Session

    from cycles.as_of import Recomputed
    from cycles.journal import Fault, Verification
    from cycles.settings import Settings
    from tasks.vault_check import FilesChecked


def register(app: typer.Typer) -> None:
    app.command("status", epilog="Example: `hoshin status --cycle FY2026-Q3 --json`")(status)
    app.command("verify", epilog="Example: `hoshin verify`")(verify)
    app.command("doctor", epilog="Example: `hoshin doctor --json`")(doctor)


def status(
    cycle: CycleKey = None,
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar="TIME", help="What was true at this time, as far as is known now.")
    ] = None,
    known_at: Annotated[
        str | None,
        typer.Option("--known-at", metavar="TIME", help="As far as was known at this time; alone, also true at it."),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="List every result, not only those out of order.")] = False,
    json: AsJson = False,
) -> None:
    """What is true now, or was at another time: results with their reasons, requests, actions.

    `--as-of T` tells what was true at T as known now, `--known-at K` as known at K: evidence dated before T that came
    after K does not count. It is computed from history; nothing is written.
    """
    found = _status(cycle, as_of, known_at)
    if json:
        print_json(found)
        return
    if "held" in found:
        print(f"No message goes out: {found['held']['reason']} {found['held']['waiting']} are waiting.\n")
    print_facts(
        {"cycle": found["cycle"], "stage": found["stage"], "as of": found["as_of"], **_then(found), **found["counts"]}
    )
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
    names = ("id", "about", "reason", "severity", "owner", "state", "due")
    print()
    print_table("Actions", names, ([row[n] for n in names] for row in found["actions"]), empty="none is open.")
    late = [
        (row["id"], row["about"], step["title"], step["due"])
        for row in found["actions"]
        for step in row["milestones"]
        if step["overdue"]
    ]
    if late:
        print()
        print_table("Milestones past their day", ("action", "about", "milestone", "due"), late, empty="none.")
    if found["expiring"]:
        print()
        soon = (row.values() for row in found["expiring"])
        columns = ("system", "evidence_kind", "valid_until")
        print_table("Expiring soon", columns, map(tuple, soon), empty="nothing.")
    if "scope" in found:
        print("\n" + "\n".join(f"{part}: {how}." for part, how in found["scope"].items()))


def _then(found: dict[str, Any]) -> dict[str, Any]:
    return {"known at": found["known_at"]} if "known_at" in found else {}


def _status(key: str | None, as_of: str | None, known_at: str | None) -> dict[str, Any]:
    from hoshin.opening import opened

    at, known = parse_time(as_of), parse_time(known_at, "--known-at")
    with opened() as house, house.record.read() as session:
        now = house.now()
        if at is not None or known is not None:
            from cycles.status_then import status_at

            return status_at(session, key, at or known or now, known or now)
        from cycles.errors import BadInput
        from cycles.programme_cycles import current_cycle, cycle_named
        from cycles.status import status as read

        cycle = cycle_named(session, key) if key else current_cycle(session)
        if cycle is None:
            raise BadInput("No cycle is planned yet. Run `hoshin plan`.")
        return {**read(session, cycle, now), **_held(session)}


def _held(session: Any) -> dict[str, Any]:
    """What keeps messages back now; left out while they go out."""
    from cycles.held import held

    found = held(session)
    return {"held": {"reason": found.reason, "waiting": found.waiting}} if found.reason else {}


def verify(
    anchor: Annotated[
        Path | None,
        typer.Option("--anchor", metavar="FILE", help="Compare with anchored heads; default: HOSHIN_ANCHOR_FILE."),
    ] = None,
    files: Annotated[
        bool, typer.Option("--files", help="Also read every evidence file and compare it with its SHA-256.")
    ] = False,
    json: AsJson = False,
) -> None:
    """Read the whole journal, compare it with its anchors, and recompute what every closed cycle pinned.

    Names the first entry that was edited, moved or removed, entries cut off the end, cycles whose results no longer follow
    from history and, with --files, evidence files that are gone or changed. Exits 1 when there is any.
    """
    from cycles.anchors import broken_anchor, read_anchors
    from cycles.as_of import recompute_closed
    from cycles.journal import verify as check
    from cycles.settings import Settings
    from cycles.store import open_record

    settings = Settings()
    path = anchor or (settings.anchors if settings.anchors.exists() else None)
    anchors = read_anchors(path) if path else []
    record = open_record(settings.url)
    with record.read() as session:
        found = check(session)
        cut = broken_anchor(session, anchors)
        cycles = recompute_closed(session) if found.fault is None else []
        kept = _files(session, settings) if files else None
    record.close()
    differing = [cycle.cycle for cycle in cycles if cycle.differs]
    if json:
        print_json({**_verified(found, cut, cycles), **({"files": asdict(kept)} if kept else {})})
    else:
        _tell(found, cut, cycles, len(anchors))
        _tell_files(kept)
    if found.fault or cut or differing or (kept and kept.faults):
        raise typer.Exit(1)


def _files(session: "Session", settings: "Settings") -> "FilesChecked":
    from tasks.vault import vault_of
    from tasks.vault_check import check_files

    return check_files(session, vault_of(settings))


def _tell_files(kept: "FilesChecked | None") -> None:
    for fault in kept.faults if kept else ():
        print(f"E-{fault.evidence} ({fault.about}): {fault.problem}")
    if kept and not kept.faults:
        print(f"{kept.files} evidence file{'s' if kept.files != 1 else ''}, each as it was received.")


def _verified(found: "Verification", cut: "Fault | None", cycles: "list[Recomputed]") -> dict[str, Any]:
    def told(fault: "Fault | None") -> dict[str, Any] | None:
        return {"seq": fault.seq, "problem": fault.problem} if fault else None

    return {
        "entries": found.entries,
        "head": found.head,
        "fault": told(found.fault),
        "anchor": told(cut),
        "cycles": [
            {"cycle": one.cycle, "pinned": one.pinned, "recomputed": one.digest, "differs": one.differs}
            for one in cycles
        ],
    }


def _tell(found: "Verification", cut: "Fault | None", cycles: "list[Recomputed]", anchors: int) -> None:
    if found.fault:
        print(f"Entry {found.fault.seq} {found.fault.problem}.")
        print(
            "The journal was tampered with. Compare with a backup; everything before this entry is as it was written."
        )
    else:
        print(f"{found.entries} entries, unbroken. Head: {found.head}")
    if cut:
        print(f"Against the anchor: {'' if 'missing' in cut.problem else f'entry {cut.seq} '}{cut.problem}.")
    elif anchors:
        print(f"{anchors} anchor{'s agree' if anchors > 1 else ' agrees'}.")
    for one in cycles:
        if one.digest is None:
            print(f"{one.cycle}: closed before the record kept what systems were; its results cannot be recomputed.")
        elif one.differs:
            print(f"{one.cycle}: its results no longer follow from history. Pinned {one.pinned}, now {one.digest}.")
        else:
            print(f"{one.cycle}: recomputed, as pinned.")


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
