"""`hoshin simulate | demo | serve`: what runs for a while."""

from pathlib import Path
from typing import Annotated

import typer

from hoshin.console import AsJson, AsOf, print_json


def register(app: typer.Typer) -> None:
    app.command("simulate", epilog="Example: `hoshin simulate --days 90 --behaviour .hoshin/programme`")(simulate)
    app.command("demo", epilog="Example: `hoshin demo --fast --seed 7`")(demo)
    app.command("serve", epilog="Example: `hoshin serve --http --port 8040`")(serve)


def simulate(
    days: Annotated[int, typer.Option("--days", min=1, max=3660, help="How many days to play.")] = 90,
    seed: Annotated[int, typer.Option("--seed", help="Which of the possible courses to play.")] = 0,
    behaviour: Annotated[
        Path | None,
        typer.Option(
            "--behaviour", metavar="FILE", help="How people act, as in the example's behaviour.yaml (or its folder)."
        ),
    ] = None,
    as_of: AsOf = None,
    json: AsJson = False,
) -> None:
    """Play the coming days on a copy of the record: who is told what and when, what lapses, what is done about it.

    Without --behaviour every plan is approved and nobody answers: each ladder is shown to its end.
    """
    from hoshin.opening import opened
    from hoshin.simulation import simulate as play
    from hoshin.timeline import story

    with opened(as_of=as_of) as house:
        told = play(house, days=days, seed=seed, behaviour=behaviour)
    if json:
        print_json(told)
    else:
        print("\n".join(story(told)))


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
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="With --http: the port to listen on.")] = 8040,
    health_port: Annotated[
        int | None,
        typer.Option(min=0, max=65535, help="Over Socket Mode: also answer /health and /ready on this port."),
    ] = None,
    grace: Annotated[
        int, typer.Option(min=1, max=600, help="With --http: seconds that what is under way may take when stopped.")
    ] = 20,
) -> None:
    """Take what people answer in Slack into the record, until stopped.

    SIGTERM and Ctrl-C finish what is under way. With --http, /health and /ready are on the same port.
    """
    from cycles.errors import BadInput
    from hoshin.serving import serve as run

    if http and health_port is not None:
        raise BadInput("--health-port is for Socket Mode: with --http, /health and /ready are on --port. Leave it out.")
    run(http=http, host=host, port=port, health_port=health_port, grace_s=grace)
