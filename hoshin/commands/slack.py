"""`hoshin slack manifest`: what an administrator gives Slack to create the app."""

from typing import Annotated
from urllib.parse import urlsplit

import typer

from hoshin.console import print_json


def register(app: typer.Typer) -> None:
    group = typer.Typer(no_args_is_help=True, help="What Slack has to know of Hoshin.")
    group.command("manifest", epilog="Example: `hoshin slack manifest > hoshin.json`")(manifest)
    app.add_typer(group, name="slack", epilog="Example: `hoshin slack manifest`")


def manifest(
    name: Annotated[
        str, typer.Option("--name", help="What the app is called in Slack; at most 35 characters.")
    ] = "Hoshin",
    http: Annotated[
        str | None,
        typer.Option(
            "--http", metavar="URL", help="Where Slack reaches `hoshin serve --http` (https); without it: Socket Mode."
        ),
    ] = None,
) -> None:
    """Print the app manifest with the least privileges, for "Create New App" → "From a manifest".

    See docs/slack.md for the way from there to the first prompt.
    """
    from cycles.errors import BadInput
    from tasks.slack import manifest as slack

    if not name.strip() or len(name) > slack.LONGEST_NAME:
        raise BadInput(f"--name {name!r} is empty or longer than {slack.LONGEST_NAME} characters, which Slack refuses.")
    if http is not None and not _reachable(http):
        raise BadInput(f"--http {http} is no address Slack can reach. Give https:// and the host, without a path.")
    print_json(slack.manifest(name=name, address=http))


def _reachable(address: str) -> bool:
    parts = urlsplit(address)
    return parts.scheme == "https" and bool(parts.hostname) and parts.path in ("", "/") and not parts.query
