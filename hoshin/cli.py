"""The command `hoshin`: every stage by hand, and what is true now."""

import sys

import typer

import hoshin.quickly.sitecustomize  # noqa: F401
from hoshin.commands import (
    answering,
    cancelling,
    chasing,
    dates,
    history,
    improving,
    looking,
    panels,
    programme,
    running,
    slack,
    stages,
)

app = typer.Typer(
    name="hoshin",
    help="Keeps an AI-governance programme turning: Plan, Do, Check, Act.",
    epilog="Start with `hoshin init`, then `hoshin plan --preview`. Settings: HOSHIN_HOME, HOSHIN_DATABASE_URL, HOSHIN_SLACK_…",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=True,
    rich_markup_mode="markdown",
)
for group in (
    programme,
    stages,
    dates,
    answering,
    cancelling,
    chasing,
    panels,
    improving,
    looking,
    history,
    running,
    slack,
):
    group.register(app)


def main() -> None:
    """Run the command; what a person can mend is one sentence on stderr and an exit code of its own."""
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        from cycles.errors import HoshinError

        if not isinstance(error, HoshinError):
            raise
        print(f"hoshin: {error}", file=sys.stderr)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
