"""The places documents can be watched in: one module per source, one line here.

A new source needs its line, its module and a case in ``tests/documents/document_cases.py``.
"""

from __future__ import annotations

from tasks.sources import files, git, remote, web
from tasks.sources.look import Source, Stopped, scheme_of, shown

SOURCES: tuple[Source, ...] = (
    files.SOURCE,
    git.SOURCE,
    web.SOURCE,
    remote.SOURCE,
)

BY_SCHEME: dict[str, Source] = {scheme: source for source in SOURCES for scheme in source.schemes}


def source_of(locator: str) -> Source:
    """The source that reads a locator; ``Stopped`` (refused) when its scheme is none of ours."""
    scheme = scheme_of(locator)
    if scheme not in BY_SCHEME:
        known = ", ".join(sorted(filter(None, BY_SCHEME)))
        raise Stopped(
            "refused",
            f"{shown(scheme)}: is no place documents are watched in; use a path (./name if it holds a colon) "
            f"or one of {known}.",
        )
    return BY_SCHEME[scheme]
