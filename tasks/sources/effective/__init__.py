"""The date a document says it is of, as opposed to when its file was last written."""

from __future__ import annotations

from datetime import date

from tasks.sources.effective.office import in_office
from tasks.sources.effective.pdf import in_pdf
from tasks.sources.effective.text import decoded, in_text
from tasks.sources.look import Body

_PARSED = 20_000_000  # bytes of a PDF or office document; larger ones are not opened for their date


def effective_date(body: Body, charset: str | None = None) -> date | None:
    """The date in front matter, a dated line or embedded properties; None when there is none. Never raises.

    ``charset`` is what the server said, tried before guesses.
    """
    head = body.head()
    if b"%PDF-" in head[:1024]:
        return in_pdf(body.rewound(), body.deadline.left()) if body.size <= _PARSED else None
    if head.startswith(b"PK\x03\x04"):
        return in_office(body.rewound()) if body.size <= _PARSED else None
    text = decoded(head, charset)
    return in_text(text) if text else None
