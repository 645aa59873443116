"""`hoshin init` and `hoshin sync`: the programme's files and the record."""

from pathlib import Path
from typing import Annotated

import typer

from hoshin.console import AsJson, DryRun, print_json, print_table


def register(app: typer.Typer) -> None:
    app.command("init", epilog="Example: `hoshin init --programme governance/`")(init)
    app.command("sync", epilog="Example: `hoshin sync --dry-run`")(sync)


def init(
    programme: Annotated[
        Path | None, typer.Option("--programme", metavar="FOLDER", help="Where to put it; default HOME/programme.")
    ] = None,
    dry_run: DryRun = False,
) -> None:
    """Set up a home: the record's database, and an example programme to make your own."""
    from sqlalchemy import make_url

    from cycles.settings import Settings
    from cycles.store import open_record
    from hoshin.example import build_example

    settings = Settings()
    folder = programme or settings.programme_dir
    before = folder.exists() and any(folder.iterdir())
    if not dry_run:
        settings.home.mkdir(parents=True, exist_ok=True)
        open_record(settings.url).close()
        build_example(folder)
    print(f"Record:    {make_url(settings.url).render_as_string(hide_password=True)}")
    print(f"Programme: {folder}" + (" (left as it was)" if before else " (an example; make it your own)"))
    if dry_run:
        print("Nothing was written.")
        return
    if folder != settings.programme_dir:
        print(f"Where:     export HOSHIN_PROGRAMME={folder}")
    print("Next:      edit people.yaml and systems.yaml, then run `hoshin sync` and `hoshin plan --preview`.")


def sync(
    programme: Annotated[
        Path | None,
        typer.Option("--programme", metavar="FOLDER", help="The programme's folder; default HOME/programme."),
    ] = None,
    dry_run: DryRun = False,
    json: AsJson = False,
) -> None:
    """Bring the record up to the programme's files; says what is added, changed and removed."""
    from cycles.programme.kept_policies import kept
    from cycles.programme.load import load_programme
    from cycles.programme.sync import sync as bring_up
    from cycles.settings import Settings
    from hoshin.opening import opened
    from tasks import own_check

    own_check.check(Settings().templates)
    with opened(copy=dry_run, programme=programme) as house:
        found = load_programme(house.programme_dir)
        with house.record.write() as session:
            changes = bring_up(session, found, now=house.now(), actor=house.actor)
            notice = kept(session, changes)
    summary = changes.summary()
    if json:
        print_json({"dry_run": dry_run, "changes": summary, "notice": notice})
        return
    rows = [
        (how, sort, found["count"], ", ".join(found["keys"]))
        for how, sorts in summary.items()
        for sort, found in sorts.items()
    ]
    print_table("Would change" if dry_run else "Changed", ("how", "what", "count", "which"), rows, empty="nothing.")
    if notice:
        print(f"\nNote: {notice}")
