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
    uploads: Annotated[
        bool | None,
        typer.Option(
            "--uploads/--no-uploads",
            help="Whether owners may upload evidence files; left out: unless HOSHIN_MAX_UPLOAD_MB is 0.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Print the app manifest with the least privileges, for "Create New App" → "From a manifest".

    See docs/slack.md for the way from there to the first prompt.
    """
    from cycles.errors import BadInput
    from cycles.settings import Settings
    from tasks.slack import manifest as slack

    if not name.strip() or len(name) > slack.LONGEST_NAME:
        raise BadInput(f"--name {name!r} is empty or longer than {slack.LONGEST_NAME} characters, which Slack refuses.")
    if http is not None and not _reachable(http):
        raise BadInput(f"--http {http} is no address Slack can reach. Give https:// and the host, without a path.")
    takes_files = Settings().takes_files if uploads is None else uploads
    print_json(slack.manifest(name=name, address=http, uploads=takes_files))


def _reachable(address: str) -> bool:
    parts = urlsplit(address)
    return parts.scheme == "https" and bool(parts.hostname) and parts.path in ("", "/") and not parts.query
