"""`hoshin sync` of what people write by hand: a refusal is one line that names the file, and changes nothing at all."""

import shutil
from pathlib import Path

import pytest
from front_cli import dumped, head, hoshin
from rules_files import COMMAND_LINE_WRONG, SYSTEMS, write


@pytest.fixture(scope="module")
def synced_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("home")
    write(home / "programme")
    done = hoshin(home, "sync")
    assert done.code == 0, done.err
    return home


@pytest.mark.parametrize("name", COMMAND_LINE_WRONG)
def test_bad_input_ends_with_2_one_message_and_an_untouched_record(
    name: str, synced_home: Path, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    shutil.copytree(synced_home, home)
    before = dumped(home)
    file, content = COMMAND_LINE_WRONG[name]
    if file == "systems.csv":
        write(home / "programme", systems=None, systems_csv=content)
    else:
        write(home / "programme", **{file.removesuffix(".yaml"): content})
    done = hoshin(home, "sync")
    assert done.code == 2, done.out + done.err
    assert done.err.startswith("hoshin: ")
    assert f"programme/{file}:" in done.err
    assert "Traceback" not in done.out + done.err
    assert len(done.err.splitlines()) == 1
    assert dumped(home) == before
    assert head(home)[0] == 1


def test_a_dry_run_shows_what_would_change_and_changes_nothing(synced_home: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(synced_home, home)
    before = dumped(home)
    write(home / "programme", systems=SYSTEMS.replace("risk_tier: minimal", "risk_tier: limited"))
    done = hoshin(home, "sync", "--dry-run")
    assert done.code == 0, done.err
    assert "chat" in done.out
    assert dumped(home) == before


def test_a_mistyped_template_of_ones_own_is_named_before_anybody_is_asked(synced_home: Path, tmp_path: Path) -> None:
    home, own = tmp_path / "home", tmp_path / "own"
    shutil.copytree(synced_home, home)
    own.mkdir()
    before = dumped(home)
    (own / "digest.j2").write_text("{% block title %}\n{{ cycel }}: for you{% endblock %}", "utf-8")
    write(home / "programme", systems=SYSTEMS.replace("risk_tier: minimal", "risk_tier: limited"))
    done = hoshin(home, "sync", HOSHIN_TEMPLATES=str(own))
    assert done.code == 2
    assert f"{own}/digest.j2:2: fragment title uses cycel" in done.err
    assert len(done.err.splitlines()) == 1
    assert dumped(home) == before
    (own / "digest.j2").write_text("{% block title %}\n{{ cycle }}: for you{% endblock %}", "utf-8")
    assert hoshin(home, "sync", HOSHIN_TEMPLATES=str(own)).code == 0
