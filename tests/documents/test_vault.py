"""The vault: whole or not at all, the same bytes once, in a folder or in a store; and what it never takes."""

import hashlib
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import fsspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cycles.errors import BadInput
from cycles.settings import Settings
from tasks import vault_types
from tasks.vault import Kept, incoming_dir, keep_file, received, vault_of
from tasks.vault_stores import SCHEMES

Where = Callable[[], list[str]]


@pytest.fixture(params=["home", "path", "file", "memory"])
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    urls = {
        "home": None,
        "path": str(tmp_path / "kept elsewhere"),
        "file": f"file://{tmp_path}/kept%20elsewhere",
        "memory": f"memory://vault{abs(hash(tmp_path))}/evidence",
    }
    return Settings(home=tmp_path / "home", evidence_url=urls[request.param], max_upload_mb=1)


@pytest.fixture
def stored(house: Settings) -> Where:
    """Every file there is, temporary ones too, as its path below the vault."""

    def files() -> list[str]:
        here = [str(path) for path in incoming_dir(house).rglob("*") if path.is_file()]
        if house.evidence_folder is None:
            memory, root = fsspec.core.url_to_fs(house.evidence_url)
            here += memory.find(root)
        return sorted(re.sub(r".*/([^/]+/[^/]+)$", r"\1", name) for name in here)

    return files


def test_a_file_is_kept_under_its_digest_once(house: Settings, stored: Where, tmp_path: Path) -> None:
    source = tmp_path / "報告書.pdf"
    source.write_bytes(b"evidence" * 100_000)
    digest = hashlib.sha256(source.read_bytes()).hexdigest()
    kept = keep_file(source, house)
    assert kept == Kept(locator=f"sha256:{digest}/報告書.pdf", sha256=digest, size=source.stat().st_size)
    assert keep_file(source, house) == kept
    assert stored() == [f"{digest[:2]}/{digest[2:]}"]
    with vault_of(house).open(digest) as stream:
        assert stream.read() == source.read_bytes()


@pytest.mark.parametrize(
    ("content", "name", "says"),
    [
        (b"", "a.pdf", "is empty"),
        (b"x" * 1_000_001, "a.pdf", "larger than 1 MB"),
        (b"MZ", "a.exe", r"\(\.exe\) are not taken"),
        (None, "gone.pdf", r"gone\.pdf: cannot be read"),
    ],
)
def test_what_is_refused_leaves_nothing_behind(
    house: Settings, stored: Where, tmp_path: Path, content: bytes | None, name: str, says: str
) -> None:
    source = tmp_path / name
    if content is not None:
        source.write_bytes(content)
    with pytest.raises(BadInput, match=says):
        keep_file(source, house)
    assert stored() == []


def test_a_file_appears_only_when_it_is_whole(house: Settings, stored: Where) -> None:
    def breaking() -> Iterator[bytes]:
        yield b"half"
        assert all("/.incoming-" in name for name in stored())
        raise ConnectionResetError

    with (
        pytest.raises(ConnectionResetError),
        received(breaking(), name="a.pdf", folder=incoming_dir(house), limit=9) as whole,
    ):
        vault_of(house).keep(whole)
    assert stored() == []


def test_a_store_that_breaks_off_keeps_no_half(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    house = Settings(home=tmp_path, evidence_url=f"memory://broken{abs(hash(tmp_path))}")
    memory, root = fsspec.core.url_to_fs(house.evidence_url)

    def broken(_: str, there: str) -> None:
        memory.pipe_file(there, b"half")
        raise OSError("secret key AKIA in the driver's words")

    monkeypatch.setattr(type(memory), "put_file", lambda _, here, there: broken(here, there))
    (tmp_path / "a.pdf").write_bytes(b"whole")
    with pytest.raises(BadInput, match=r"could not be written \(OSError\)") as caught:
        keep_file(tmp_path / "a.pdf", house)
    assert "AKIA" not in str(caught.value)
    assert memory.find(root) == []


def test_what_is_not_there_is_named(house: Settings) -> None:
    with pytest.raises(BadInput, match=f"Evidence file {'a' * 64} is not in .*Restore it"):
        vault_of(house).open("a" * 64)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("https://example.com/x", "one of the schemes file, memory, s3"),
        ("simplecache::s3://bucket/x", "one of the schemes"),
        ("zip://x.zip", "one of the schemes"),
        ("file://server/share", "three slashes"),
    ],
)
def test_a_url_of_no_store_is_refused(url: str, says: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=says):
        vault_of(Settings(home=tmp_path, evidence_url=url))


@pytest.mark.parametrize("scheme", ["s3", "gs", "az"])
def test_a_missing_driver_is_named_with_its_remedy(
    scheme: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(_: str) -> None:
        raise ImportError(scheme)

    monkeypatch.setattr("fsspec.core.url_to_fs", missing)
    with pytest.raises(BadInput, match=f"pip install {SCHEMES[scheme]}$") as caught:
        vault_of(Settings(home=tmp_path, evidence_url=f"{scheme}://key:secret@bucket/evidence"))
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("name", ["a.EXE", "a.pdf.exe", "a.exe. ", "a.svg", "A.Html", "報告書.js", "\u202efdp.exe"])
def test_programs_and_pages_are_not_taken(name: str) -> None:
    with pytest.raises(vault_types.RefusedType, match="Share a PDF"):
        vault_types.check_type(name)


@pytest.mark.parametrize(
    "name", ["a.pdf", "exe", "exe.pdf", "svg.docx", "報告書.xlsx", "a.csv", "", ".", "no extension"]
)
def test_what_is_for_reading_is_taken(name: str) -> None:
    vault_types.check_type(name)
    with pytest.raises(vault_types.RefusedType):
        vault_types.check_type(name, "Text/HTML; charset=utf-8")


@given(st.text(), st.sampled_from(sorted(vault_types.EXTENSIONS)), st.text(alphabet=". ", max_size=3))
def test_no_name_hides_its_extension(stem: str, extension: str, tail: str) -> None:
    with pytest.raises(vault_types.RefusedType):
        vault_types.check_type(f"{stem}.{extension.upper()}{tail}")
