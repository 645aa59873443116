"""No command without help: an example that works, words for every option, and the options the stages share."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer.main
from front_cli import good

from hoshin.cli import app

COMMANDS: dict[str, Any] = typer.main.get_command(app).commands  # type: ignore[attr-defined]
STAGES = ("plan", "do", "check", "act", "review")
PROMISED = ("init", "sync", *STAGES, "periods", "status", "answer", "verify", "doctor", "simulate", "demo", "serve")
WITH_JSON = ("sync", *STAGES, "periods", "status", "verify", "doctor", "simulate")
WITH_AS_OF = (*STAGES, "status", "answer", "simulate")
WITH_DRY_RUN = ("init", "sync", *STAGES, "answer")


def options_of(name: str) -> set[str]:
    return {option for parameter in COMMANDS[name].params for option in parameter.opts if option.startswith("-")}


def test_every_promised_command_is_there() -> None:
    assert set(PROMISED) <= set(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_help_has_an_example_that_works(name: str, tmp_path: Path) -> None:
    shown = good(tmp_path, name, "--help").out
    assert "Example" in shown
    example = re.search(r"`(hoshin [^`]+)`", COMMANDS[name].epilog or "")
    assert example, f"`hoshin {name}` has no example"
    program, given, *arguments = shlex.split(example[1])
    assert (program, given) == ("hoshin", name)
    # Parsing it with the command's own parser finds a renamed option; nothing is run.
    COMMANDS[name].make_context(name, list(arguments))


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_and_command_says_what_it_is(name: str) -> None:
    command = COMMANDS[name]
    assert (command.help or "").strip().endswith("."), f"`hoshin {name}` says nothing of itself"
    for parameter in command.params:
        assert (getattr(parameter, "help", "") or "").strip(), f"`hoshin {name}`: {parameter.opts} has no help"


@pytest.mark.parametrize(
    ("option", "names"), [("--json", WITH_JSON), ("--as-of", WITH_AS_OF), ("--dry-run", WITH_DRY_RUN)]
)
def test_shared_options(option: str, names: tuple[str, ...]) -> None:
    assert [name for name in names if option not in options_of(name)] == []


def test_help_lists_the_commands(tmp_path: Path) -> None:
    shown = good(tmp_path, "--help").out
    assert [name for name in PROMISED if not re.search(rf"^│ {name} ", shown, re.M)] == []
    assert list(tmp_path.iterdir()) == []
