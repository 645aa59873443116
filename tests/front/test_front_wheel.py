"""The wheel, built and installed away from the checkout: everything a command reads is inside."""

import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
INSIDE = (
    "hoshin/prefect.yaml",
    "examples/kumonagi/people.yaml",
    "examples/kumonagi/documents/organisation/ai-policy.md",
    "localslack/page/index.html",
    "localslack/page/main.js",
    "templates/locales/ja/LC_MESSAGES/hoshin.mo",
    "cycles/migrations/env.py",
)
KINDS = {".j2": "templates/", ".yaml": "cycles/frameworks/", ".js": "localslack/page/", ".mo": "templates/locales/"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("dist")
    built = subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--wheel", "--outdir", str(out), str(ROOT)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stdout + built.stderr
    (found,) = out.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The start of a command line that runs the installed `hoshin`; the checkout is not on its path."""
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder / "venv", with_pip=False)
    target = folder / "wheel"
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--no-index",
         "--target", str(target), str(wheel)],
        check=True, capture_output=True,
    )  # fmt: skip
    python = folder / "venv" / "bin" / "python"
    # Dependencies come from here as plain folders: .pth files in them (the editable install's) are not followed.
    packages = next(path for path in sys.path if path.endswith("site-packages"))
    own = next((folder / "venv").glob("lib/python*/site-packages"))
    (own / "wheel.pth").write_text(f"{target}\n{packages}\n", encoding="utf-8")
    return [str(python), str(target / "bin" / "hoshin")]


def run(command: list[str], where: Path, *arguments: str) -> str:
    where.mkdir(exist_ok=True)
    quiet = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run([*command, *arguments], cwd=where, env=quiet, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_what_is_in_it(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert [name for name in INSIDE if name not in names] == []
    for ending, folder in KINDS.items():
        there = {str(path.relative_to(ROOT)) for path in (ROOT / folder).rglob(f"*{ending}")}
        assert there, ending
        assert sorted(there - set(names)) == [], "missing from the wheel"
    top = {name.split("/")[0] for name in names} - {name.split("/")[0] for name in names if ".dist-info" in name}
    assert top == {"hoshin", "flows", "inbox", "tasks", "cycles", "localslack", "templates", "examples"}
    assert not [name for name in names if "__pycache__" in name or "test" in name.split("/")[0]]


def test_it_works_from_another_folder(installed: list[str], tmp_path: Path) -> None:
    where = tmp_path / "elsewhere"
    assert "Plan, Do, Check, Act" in run(installed, where, "--help")
    assert "an example" in run(installed, where, "init")
    assert (where / ".hoshin" / "programme" / "programme.yaml").exists()
    said = run(installed, where, "plan", "--cycle", "FY2026-Q3", "--preview", "--as-of", "2026-10-01T09:00+09:00")
    assert "63 requests" in said
    # What ran is what was installed, not this checkout.
    place = run(
        [installed[0], "-c", "import hoshin, cycles, templates; print(hoshin.__file__, cycles.__file__)"], where
    )
    assert str(ROOT) + "/" not in place


def test_the_parts_only_the_demo_reads(installed: list[str], tmp_path: Path) -> None:
    code = (
        "from hoshin.demo import _project_folder; from importlib.resources import files;"
        "print((_project_folder() / 'prefect.yaml').is_file(), files('localslack').joinpath('page/index.html').is_file());"
        "from tasks.words import words_for; print(words_for('ja', zone='Asia/Tokyo') is not None)"
    )
    assert run([installed[0], "-c", code], tmp_path).split() == ["True", "True", "True"]
