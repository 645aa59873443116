"""The translators' side of `tasks.words`: gather the sentences of the templates, compile the catalogues.

`python -m tasks.words extract` brings the .po files up to date with the templates (new Japanese sentences stay empty for
a translator); `python -m tasks.words compile` writes the .mo files that the wheel ships.
"""

from datetime import UTC, datetime
from importlib.resources import files
from io import BytesIO
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from tasks.words import LANGUAGES, PACKAGE

# Fixed, so that the files change only when a sentence does.
WRITTEN = datetime(2026, 1, 1, tzinfo=UTC)
OPTIONS: dict[str, Any] = {"trimmed": "true", "newstyle_gettext": "true", "silent": "false"}
USAGE = "usage: python -m tasks.words compile | extract"


def folder() -> Path:
    """Where the shipped templates lie."""
    return Path(str(files(PACKAGE)))


def po_path(language: str) -> Path:
    return folder() / "locales" / language / "LC_MESSAGES" / "hoshin.po"


def template_sentences() -> Catalog:
    """Every sentence of every shipped template, with where it stands."""
    found = Catalog(project="hoshin", domain="hoshin", charset="utf-8")
    for path in sorted((folder() / "slack").glob("*.j2")):
        with path.open("rb") as handle:
            for _line, message, comments, context in extract(
                "jinja2.ext:babel_extract", handle, DEFAULT_KEYWORDS, (), OPTIONS
            ):
                # No line numbers: moving a fragment must not change the catalogues.
                found.add(message, None, [(path.name, 0)], auto_comments=comments, context=context)
    return found


def read_catalogue(language: str) -> Catalog:
    """A catalogue as its .po file has it."""
    with po_path(language).open("rb") as handle:
        return read_po(handle, locale=language, domain="hoshin")


def compiled(language: str) -> bytes:
    """The .mo file that the .po file calls for."""
    target = BytesIO()
    write_mo(target, read_catalogue(language))
    return target.getvalue()


def compile_catalogues() -> list[Path]:
    """Write every .mo file; returns their paths."""
    written = []
    for language in LANGUAGES:
        target = po_path(language).with_suffix(".mo")
        target.write_bytes(compiled(language))
        written.append(target)
    return written


def extract_catalogues() -> list[Path]:
    """Bring every .po file up to date; English says what the templates say, Japanese waits for a translator."""
    for language in LANGUAGES:
        sentences = template_sentences()  # afresh: a catalogue keeps and changes the sentences it is given
        catalogue = read_catalogue(language) if po_path(language).exists() else _new(language)
        catalogue.update(sentences, no_fuzzy_matching=True, update_creation_date=False)
        catalogue.obsolete.clear()
        if language == "en":
            for message in catalogue:
                message.string = message.id if message.id else message.string
        _write(catalogue, po_path(language))
    return [po_path(language) for language in LANGUAGES]


def _new(language: str) -> Catalog:
    return Catalog(
        locale=language,
        domain="hoshin",
        project="Hoshin",
        version="1",
        header_comment=f"# What Hoshin says, in {language}. See tasks/wordbooks.py.",
        last_translator="Hoshin",
        language_team=language,
        msgid_bugs_address="see the README",
        creation_date=WRITTEN,
        revision_date=WRITTEN,
        fuzzy=False,
    )


def _write(catalogue: Catalog, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as handle:
        write_po(handle, catalogue, width=120, sort_output=True, include_lineno=False)


def main(arguments: list[str]) -> int:
    """Run one of the two commands; returns the exit code."""
    commands = {"compile": compile_catalogues, "extract": extract_catalogues}
    if len(arguments) != 1 or arguments[0] not in commands:
        print(USAGE)
        return 2
    for path in commands[arguments[0]]():
        print(path)
    return 0
