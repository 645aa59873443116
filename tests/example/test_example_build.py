"""Unpacking: the same on every machine, and never over what a person changed."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path

import pytest
from dulwich.repo import Repo

from cycles.errors import BadInput
from hoshin.example import DEFAULT, build_example, names

# The id of the last commit covers every file, author and date of the history; it changes with the example only.
HEAD = "295afe2253e1685a9c49842c215fd531179bb945"


def tree(folder: Path) -> dict[str, tuple[str, int, int]]:
    """Digest, modification time and mode of everything below a folder."""
    found = {}
    for path in sorted(folder.rglob("*")):
        content = path.read_bytes() if path.is_file() else b""
        status = path.stat()
        found[str(path.relative_to(folder))] = hashlib.sha256(content).hexdigest(), status.st_mtime_ns, status.st_mode
    return found


def head(folder: Path) -> str:
    with Repo(str(folder / "repos" / "model-docs.git")) as repo:
        return repo.head().decode()


def test_two_builds_are_equal_byte_for_byte(folder: Path, tmp_path: Path) -> None:
    again = build_example(tmp_path / "deeper" / "again")
    assert tree(again) == tree(folder)
    assert head(again) == head(folder) == HEAD


def test_a_persons_git_settings_do_not_show(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".gitconfig").write_text(
        "[init]\n\tdefaultBranch = trunk\n[user]\n\tname = Somebody\n\temail = me@example.com\n"
        "[commit]\n\tgpgSign = true\n[core]\n\tlogAllRefUpdates = always\n\tcompression = 1\n"
    )
    for name, value in (
        ("HOME", str(tmp_path)),
        ("GIT_AUTHOR_NAME", "Somebody"),
        ("GIT_COMMITTER_DATE", "2001-01-01T00:00:00Z"),
        ("TZ", "Pacific/Auckland"),
    ):
        monkeypatch.setenv(name, value)
    again = build_example(tmp_path / "again")
    assert tree(again) == tree(folder)


def test_the_sources_of_the_repository_stay_behind(folder: Path) -> None:
    assert {path.name for path in folder.iterdir()} == {
        *("README.md", "behaviour.yaml", "documents", "people.yaml", "policy.yaml"),
        *("programme.yaml", "repos", "slack.yaml", "systems.yaml"),
    }


@pytest.mark.skipif(shutil.which("git") is None, reason="the git program is not installed")
def test_git_finds_the_repository_sound(folder: Path) -> None:
    repository = folder / "repos" / "model-docs.git"
    git = ["git", "-c", f"safe.directory={repository}", "-C", str(repository)]
    assert subprocess.run([*git, "fsck", "--strict", "--full"], capture_output=True, check=False).returncode == 0
    said = subprocess.run([*git, "log", "--format=%at %ct %an", "main"], capture_output=True, text=True, check=True)
    times = [line.split(" ", 2) for line in said.stdout.splitlines()]
    assert len({name for _, _, name in times}) >= 6
    assert all(authored == committed for authored, committed, _ in times)
    assert [int(at) for at, _, _ in times] == sorted((int(at) for at, _, _ in times), reverse=True)


def test_what_a_person_changed_is_left_alone(tmp_path: Path) -> None:
    target = build_example(tmp_path / "mine")
    (target / "policy.yaml").write_text("approval: automatic\n")
    (target / "people.yaml").unlink()
    before = tree(target)
    assert build_example(target) == target
    assert tree(target) == before


def test_an_empty_folder_is_filled_and_a_broken_off_build_is_finished(folder: Path, tmp_path: Path) -> None:
    empty, broken = tmp_path / "empty", tmp_path / "broken"
    empty.mkdir()
    (broken / ".building" / "repos").mkdir(parents=True)
    (broken / ".building" / "programme.yaml").write_text("half")
    for target in (empty, broken):
        assert tree(build_example(target)) == tree(folder)


def test_a_target_that_is_a_file_is_refused(tmp_path: Path) -> None:
    target = tmp_path / "file"
    target.write_text("mine")
    with pytest.raises(BadInput, match=r"file: cannot hold the example \(File exists\)\. Name another folder\."):
        build_example(target)
    assert target.read_text() == "mine"


@pytest.mark.parametrize("name", ["acme", "../cycles", "", "__pycache__"])
def test_an_unknown_example_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadInput, match="Choose one of: kumonagi"):
        build_example(tmp_path / "there", name=name)
    assert not (tmp_path / "there").exists()


def test_the_default_is_there() -> None:
    assert DEFAULT in names()
