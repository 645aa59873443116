"""Documents in a folder: the fence round it, and files that are no files."""

from __future__ import annotations

import hashlib
import os
import shutil
import socket
import tempfile
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from document_cases import NOW, Looker
from hypothesis import given
from hypothesis import strategies as st

from tasks.documents import Limits, look
from tasks.sources.files import copy, inside
from tasks.sources.look import Body, Deadline, Stopped


@pytest.fixture
def card(base: Path) -> Path:
    path = base / "card.md"
    path.write_text("a card")
    (base.parent / "secret.md").write_text("a secret")
    return path


@pytest.mark.parametrize("form", ["card.md", "./card.md", "file:card.md", "file:%63ard.md", "none/../card.md"])
def test_forms_of_a_path_below_the_folder(card: Path, see: Looker, form: str) -> None:
    if "none" in form:
        (card.parent / "none").mkdir()
    assert see(form).sha256 == hashlib.sha256(b"a card").hexdigest()


def test_absolute_paths_below_the_folder(card: Path, see: Looker) -> None:
    for form in (str(card), f"file://{card}", f"file://localhost{card}", f"file:{card}"):
        assert see(form).status == "ok", form


@pytest.mark.parametrize(
    "form",
    [
        "../secret.md",
        "file:../secret.md",
        "file:%2e%2e/secret.md",
        "/etc/passwd",
        "file:///etc/passwd",
        "file://server/share/x.md",
        "",
        "a\0b",
        "file:",
        "\ud800",
        "x/../../secret.md",
    ],
)
def test_paths_that_lead_out_are_refused(card: Path, see: Looker, form: str) -> None:
    (card.parent / "x").mkdir()
    found = see(form)
    assert (found.status, found.sha256) == ("refused", None)
    (found.error or "").encode()


def test_links_inside_are_followed_and_links_outside_refused(card: Path, base: Path, see: Looker) -> None:
    (base / "near.md").symlink_to("card.md")
    (base / "far.md").symlink_to("../secret.md")
    (base / "up").symlink_to("..")
    (base / "round.md").symlink_to("round.md")
    assert see("near.md").status == "ok"
    assert see("far.md").status == "refused"
    assert see("up/secret.md").status == "refused"
    assert see("round.md").status == "error"


def test_the_folder_itself_may_be_reached_by_a_link(card: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("documents")
    assert look("card.md", base=tmp_path / "link", now=NOW).status == "ok"


def _inside(base: Path, path: str) -> Path | str:
    try:
        return inside(base, path)
    except Stopped as stopped:
        return stopped.status


@given(path=st.text(st.sampled_from("./a\0 %2e\\~é") | st.characters(), max_size=30))
def test_no_text_leads_out(path: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        base = Path(os.path.realpath(folder), "documents")
        base.mkdir()
        (base / "up").symlink_to("..")
        real, root = _inside(base, path), str(base)
        assert real == "refused" or os.path.commonpath([root, os.path.realpath(real)]) == root


@given(parts=st.lists(st.sampled_from(["..", ".", "up", "a", "secret.md", "card.md", ""]), max_size=8))
def test_no_walk_reads_the_secret(parts: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder, "documents")
        (base / "a").mkdir(parents=True)
        (base / "up").symlink_to("..")
        Path(folder, "secret.md").write_text("a secret")
        found = look("/".join(parts), base=base, now=NOW)
        assert found.sha256 != hashlib.sha256(b"a secret").hexdigest()


def test_a_link_put_in_place_after_the_check_is_not_followed(card: Path, base: Path) -> None:
    from tasks.sources.files import opened

    real = inside(base, "card.md")
    card.unlink()
    card.symlink_to("../secret.md")
    with pytest.raises(Stopped), opened(base, real):
        pass
    card.unlink()
    (base / "d").mkdir()
    (base / "d" / "secret.md").write_text("a card")
    real = inside(base, "d/secret.md")
    shutil.rmtree(base / "d")
    (base / "d").symlink_to("..")
    with pytest.raises(OSError), opened(base, real):
        pass


def test_what_is_no_file_never_blocks(base: Path, see: Looker) -> None:
    (base / "folder").mkdir()
    os.mkfifo(base / "pipe")
    with socket.socket(socket.AF_UNIX) as unix:
        here = os.getcwd()
        os.chdir(base)  # socket paths are short
        try:
            unix.bind("socket")
        finally:
            os.chdir(here)
        for name, kind in (("folder", "a folder"), ("pipe", "a pipe"), ("socket", "a socket"), (".", "a folder")):
            found = see(name)
            assert (found.status, kind in (found.error or "")) == ("error", True), name


def test_devices_are_not_read() -> None:
    for name in ("zero", "null", "tty"):
        found = look(name, base=Path("/dev"), now=NOW)
        assert (found.status, "a device" in (found.error or "")) == ("error", True), name


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that another account can enter, unlike the ones tests usually get."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def test_a_file_that_may_not_be_read(open_folder: Path) -> None:
    path = open_folder / "card.md"
    path.write_text("x")
    path.chmod(0)
    account = os.geteuid()
    if account == 0:
        os.seteuid(65534)  # root may read everything
    try:
        found = look("card.md", base=open_folder, now=NOW)
    finally:
        os.seteuid(account)
    assert found.status == "refused"
    assert "read permission" in (found.error or "")


def test_names_that_are_not_utf8(base: Path, see: Looker) -> None:
    name = b"caf\xe9.md"
    Path(os.fsdecode(os.path.join(os.fsencode(base), name))).write_text("x")
    assert see(os.fsdecode(name)).status == "ok"
    assert see("file:caf%E9.md").status == "ok"
    assert see(os.fsdecode(b"th\xe9.md")).status == "missing"


def test_an_empty_file_and_a_time_to_come(base: Path, see: Looker) -> None:
    (base / "empty.md").touch()
    (base / "future.md").write_text("x")
    future = datetime(2031, 1, 1, tzinfo=UTC)
    os.utime(base / "future.md", (0, future.timestamp()))
    empty, later = see("empty.md"), see("future.md")
    assert (empty.status, empty.size, empty.sha256) == ("ok", 0, hashlib.sha256().hexdigest())
    assert "empty" in (empty.error or "")
    assert (later.status, later.modified) == ("ok", future)
    assert "future" in (later.error or "")


def test_a_file_that_keeps_changing(base: Path) -> None:
    path = base / "log.md"
    path.write_bytes(b"x" * 200_000)

    class Growing(Body):
        def write(self, chunk: bytes) -> None:
            super().write(chunk)
            with path.open("ab") as more:
                more.write(b"y")

    fd = os.open(path, os.O_RDONLY)
    try:
        with Growing(Limits(), Deadline(60)) as body, pytest.raises(Stopped, match="kept changing"):
            copy(fd, body)
    finally:
        os.close(fd)


def test_a_file_that_changes_once_is_read_again(base: Path) -> None:
    path = base / "card.md"
    path.write_bytes(b"x" * 200_000)
    once = threading.Event()

    class Changing(Body):
        def write(self, chunk: bytes) -> None:
            super().write(chunk)
            if not once.is_set():
                once.set()
                path.write_bytes(b"new")

    fd = os.open(path, os.O_RDONLY)
    try:
        with Changing(Limits(), Deadline(60)) as body:
            copy(fd, body)
            assert body.sha256() == hashlib.sha256(b"new").hexdigest()
            assert body.head() == b"new"
    finally:
        os.close(fd)
