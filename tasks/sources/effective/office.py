"""Dates in Office Open XML documents (.docx, .xlsx, .pptx): properties and the first paragraphs.

Three small parts are read straight from the archive, each up to a bound: an office library would unpack the
whole archive first, however large it becomes.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from datetime import date
from typing import IO, Any, cast
from xml.etree.ElementTree import Element, ParseError, XMLPullParser

from tasks.sources.effective.text import LINES, dated_line, read_date

_PART = 512 * 1024  # bytes of one part, unpacked
_ENTRIES = 20_000  # parts in an archive; real documents have tens
_LABELS = frozenset({"effective", "effectivedate", "発効日", "施行日", "改定日"})


def _events(archive: zipfile.ZipFile, part: str) -> Iterator[Element]:
    """The elements of a part as they end; a part cut at the bound gives those before the cut."""
    try:
        with archive.open(part) as stream:
            data = stream.read(_PART)
    except KeyError:
        return
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:  # no office program writes these; entity bombs do
        return
    parser = cast("Any", XMLPullParser(["end"]))
    try:
        parser.feed(data)
    except ParseError:
        return
    for _, element in parser.read_events():
        yield element


def _local(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _text(element: Element) -> str:
    return "".join(element.itertext()).strip()


def _named_property(archive: zipfile.ZipFile) -> date | None:
    for element in _events(archive, "docProps/custom.xml"):
        name = element.get("name", "").replace(" ", "").replace("_", "").lower()
        if _local(element) == "property" and name in _LABELS and (found := read_date(_text(element))):
            return found
    return None


def _paragraphs(archive: zipfile.ZipFile) -> Iterator[str]:
    found = (_text(e) for e in _events(archive, "word/document.xml") if _local(e) == "p")
    for _, paragraph in zip(range(LINES), found, strict=False):
        yield paragraph


def _core(archive: zipfile.ZipFile) -> date | None:
    said = {_local(element): _text(element) for element in _events(archive, "docProps/core.xml")}
    return read_date(said.get("modified", "")) or read_date(said.get("created", ""))


def in_office(stream: IO[bytes]) -> date | None:
    """An "Effective date" property, else a dated line near the start, else the core properties' last change."""
    try:
        with zipfile.ZipFile(stream) as archive:
            if len(archive.infolist()) > _ENTRIES:
                return None
            return _named_property(archive) or dated_line(_paragraphs(archive)) or _core(archive)
    except Exception:  # zipfile raises half a dozen kinds for damaged or locked archives
        return None
