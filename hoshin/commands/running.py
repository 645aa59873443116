"""`hoshin simulate | demo | serve`: what runs for a while."""

from pathlib import Path
from typing import Annotated

import typer

from hoshin.console import AsJson, AsOf, print_facts, print_json, print_table


def register(app: typer.Typer) -> None:
    app.command("simulate", epilog="Example: `hoshin simulate --days 90 --behaviour .hoshin/programme`")(simulate)
    app.command("demo", epilog="Example: `hoshin demo --fast --seed 7`")(demo)
    app.command("serve", epilog="Example: `hoshin serve --http --port 8040`")(serve)


def simulate(
    days: Annotated[int, typer.Option("--days", min=1, max=3660, help="How many days to play.")] = 90,
    seed: Annotated[int, typer.Option("--seed", help="Which of the possible courses to play.")] = 0,
    behaviour: Annotated[
        Path | None,
        typer.Option("--behaviour", metavar="FOLDER", help="A folder with behaviour.yaml; without one nobody answers."),
    ] = None,
    as_of: AsOf = None,
    json: AsJson = False,
) -> None:
    """Play the coming days on a copy of the record: who is told what and when, what lapses, what is done about it."""
    from hoshin.opening import opened
    from hoshin.simulation import load_by_day
    from hoshin.simulation import simulate as play

    with opened(as_of=as_of) as house:
        told = play(house, days=days, seed=seed, behaviour=behaviour)
    if json:
        print_json(told)
        return
    names: tuple[str, ...] = ("at", "person", "zone", "kind", "rung", "requests")
    rows = ([line[name] for name in names] for line in told["messages"])
    print_table(f"{len(told['messages'])} messages", names, rows, empty="nobody is told anything.")
    names = ("at", "system", "evidence_kind", "reason", "happened_on")
    print_table("Lapses", names, ([line[n] for n in names] for line in told["lapses"]), empty="none.")
    print_table("Recoveries", names, ([line[n] for n in names] for line in told["recoveries"]), empty="none.")
    names = ("opened_at", "system", "evidence_kind", "owner", "severity", "state", "due")
    print_table("Actions", names, ([line[n] for n in names] for line in told["actions"]), empty="none.")
    loads = load_by_day(told["messages"])
    most = max(loads.values(), default=0)
    print_facts({day: f"{'█' * round(30 * count / most)} {count}" for day, count in sorted(loads.items())})


def demo(
    fast: Annotated[bool, typer.Option("--fast", help="Play the whole cycle by itself under a virtual clock.")] = False,
    seed: Annotated[int, typer.Option("--seed", help="With --fast: which of the possible courses to play.")] = 0,
    next_step: Annotated[
        bool, typer.Option("--next", help="Move a running demo's clock on to the next moment somebody is due.")
    ] = False,
    reset: Annotated[bool, typer.Option("--reset", help="Delete the demo's record and start over.")] = False,
    open_browser: Annotated[bool, typer.Option("--open", help="Open the pages in a browser.")] = False,
) -> None:
    """The example organisation with everything around it: a local Slack, the inbox, a Prefect server, dashboards."""
    from hoshin import demo as show

    if reset:
        show.reset()
    if next_step:
        show.next_step()
    elif fast:
        show.fast(seed)
    elif not reset:
        show.interactive(open_browser=open_browser)


def serve(
    http: Annotated[
        bool, typer.Option("--http", help="Take Slack's calls over signed HTTP instead of Socket Mode.")
    ] = False,
    host: Annotated[str, typer.Option(help="With --http: the address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="With --http: the port to listen on.")] = 8040,
) -> None:
    """Take what people answer in Slack into the record, until stopped."""
    from hoshin.serving import serve as run

    run(http=http, host=host, port=port)
