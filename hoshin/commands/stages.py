"""`hoshin plan | do | check | act | review`: one stage of the wheel, by hand or from cron."""

import asyncio
from typing import Annotated, Any

import typer

from hoshin.console import AsJson, AsOf, CycleKey, DryRun, print_facts, print_json, print_table


def register(app: typer.Typer) -> None:
    app.command("plan", epilog="Example: `hoshin plan --cycle FY2026-Q3 --preview`")(plan)
    app.command("do", epilog="Example: `hoshin do --dry-run --as-of 2026-10-19T10:00+09:00`")(do)
    app.command("check", epilog="Example: `hoshin check --json`")(check)
    app.command("act", epilog="Example: `hoshin act`")(act)
    app.command("review", epilog="Example: `hoshin review --dry-run`")(review)


def plan(
    cycle: CycleKey = None,
    preview: Annotated[
        bool, typer.Option("--preview", help="Show who would be asked what and when; write nothing.")
    ] = False,
    approve: Annotated[
        str | None, typer.Option("--approve", metavar="LEAD", help="Open the cycle in the name of this lead.")
    ] = None,
    as_of: AsOf = None,
    dry_run: DryRun = False,
    json: AsJson = False,
) -> None:
    """Plan a cycle: sync the programme, fix the scope, expand it to requests, put the plan before the lead."""
    from flows import stories
    from flows.report import plain
    from hoshin.opening import opened

    with opened(as_of=as_of, copy=preview or dry_run) as house:
        planned = asyncio.run(stories.plan(house, cycle, approve=approve))
        if preview:
            _show_preview(house, planned.cycle, json)
            return
    _show({"dry_run": dry_run, **plain(planned)}, json)


def _show_preview(house: Any, key: str, json: bool) -> None:
    from cycles.preview import preview
    from cycles.programme_cycles import cycle_named

    with house.record.read() as session:
        cycle = cycle_named(session, key)
        requests = preview(session, cycle)
        dates = {"do": cycle.do_on, "check": cycle.check_on, "act": cycle.act_on, "close": cycle.close_on}
    if json:
        print_json({"cycle": key, "stages": dates, "requests": requests})
        return
    rows = [
        (
            entry["messages"][0]["local"][:16].replace("T", " "),
            entry["owner"],
            entry["system"],
            entry["evidence_kind"],
            len(entry["controls"]),
            entry["due"],
            " ".join(f"{line['local'][5:10]}→{line['person']}" for line in entry["messages"][1:]),
        )
        for entry in requests
    ]
    columns = ("asked (local)", "owner", "system", "evidence", "controls", "due", "if unanswered")
    print_table(f"{key}: {len(rows)} requests", columns, rows, empty="nothing needs to be asked; all evidence holds.")
    print_facts({f"{stage} starts": day for stage, day in dates.items()})


def do(as_of: AsOf = None, dry_run: DryRun = False, json: AsJson = False) -> None:
    """Ask and remind everybody who is due and at work now, and deliver what waits."""
    from flows import stories
    from flows.report import plain
    from hoshin.opening import opened

    with opened(as_of=as_of, copy=dry_run) as house:
        ticked, delivered = asyncio.run(stories.do(house))
        waiting = _queued(house) if house.slack is None else 0
    facts = {"dry_run": dry_run, **plain(ticked), "delivered": delivered}
    if waiting:
        facts["note"] = f"{waiting} messages wait in the outbox" + (
            "" if dry_run else ": HOSHIN_SLACK_BOT_TOKEN is not set"
        )
    _show(facts, json)


def _queued(house: Any) -> int:
    from sqlmodel import func, select

    from cycles.models import Delivery

    with house.record.read() as session:
        return int(session.exec(select(func.count()).select_from(Delivery).where(Delivery.state == "queued")).one())


def check(as_of: AsOf = None, dry_run: DryRun = False, json: AsJson = False) -> None:
    """Look at the documents, assess every control of every system, record lapses and recoveries."""
    from flows import stories
    from flows.report import plain
    from hoshin.opening import opened

    with opened(as_of=as_of, copy=dry_run) as house:
        observed, checked = asyncio.run(stories.check(house))
    if json:
        print_json({"dry_run": dry_run, "documents": plain(observed), "cycles": plain(checked)})
        return
    print_facts(
        {"documents looked at": observed.looked, "changed": observed.changed, "not to be seen": observed.unseen}
    )
    rows = [(key, c.standings, c.results, c.lapsed, c.recovered) for key, c in checked.items()]
    columns = ("cycle", "standings changed", "results changed", "lapsed", "recovered")
    print_table("Checked", columns, rows, empty="no cycle is open.")


def act(as_of: AsOf = None, dry_run: DryRun = False, json: AsJson = False) -> None:
    """Open one improvement action per lapse, chase their owners, ask whether they worked."""
    from flows import stories
    from flows.report import plain
    from hoshin.opening import opened

    with opened(as_of=as_of, copy=dry_run) as house:
        acted = asyncio.run(stories.act(house))
    if json:
        print_json({"dry_run": dry_run, "cycles": plain(acted)})
        return
    rows = [(key, a.opened, a.reopened, a.implemented, a.chased, a.reviews_asked) for key, a in acted.items()]
    columns = ("cycle", "opened", "reopened", "implemented", "chased", "effectiveness asked")
    print_table("Acted", columns, rows, empty="no cycle is open.")


def review(as_of: AsOf = None, dry_run: DryRun = False, json: AsJson = False) -> None:
    """Try the closing gate of cycles in their last days, close them and write their packs."""
    from flows import stories
    from flows.report import plain
    from hoshin.opening import opened

    with opened(as_of=as_of, copy=dry_run) as house:
        closings = asyncio.run(stories.review(house))
    if json:
        print_json({"dry_run": dry_run, "cycles": plain(closings)})
        return
    rows = [(key, "closed" if c.closed else "open", "; ".join(c.reasons)) for key, c in closings.items()]
    print_table("Gates", ("cycle", "state", "kept open by"), rows, empty="no cycle has reached its closing date.")
    for warning in dict.fromkeys(said for closing in closings.values() for said in closing.warnings):
        print(f"Note: {warning}.")


def _show(facts: dict[str, Any], json: bool) -> None:
    if json:
        print_json(facts)
    else:
        print_facts({name: value for name, value in facts.items() if value is not False or name != "dry_run"})
