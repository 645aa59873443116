"""A form as it was filled in, and the evidence that it offers."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from cycles.answers import Offered
from cycles.errors import Refused
from cycles.models import Person
from inbox.files import Upload

Json = dict[str, Any]
FORMS = ("link", "file", "attestation")


@dataclass(frozen=True, kw_only=True)
class Filled:
    """A form's answers: `values` by block, the person chosen in it, and the files that were fetched."""

    values: Json
    chosen: Person | None = None
    files: Sequence[Upload] = field(default=())

    def text(self, name: str) -> str:
        return str(self.values.get(name) or "")


def offered_of(filled: Filled, today: date) -> Offered:
    """The first form that was filled is the evidence; the rest is told in the note, files with their digests."""
    values = filled.values
    form = next((name for name in values if name in FORMS and values[name]), "")
    if not form:
        raise Refused("form", "The form holds no link, file or statement.")
    first = filled.files[0] if form == "file" else None
    others = filled.files[1:] if first else filled.files
    more = [f"{file.name} sha256:{file.sha256}" for file in others]
    more += [str(values[name]) for name in ("link", "attestation") if name != form and values.get(name)]
    note = "\n".join(part for part in (filled.text("note"), *more) if part)
    effective = values.get("effective") or today
    if first is None:
        return Offered(form=form, locator=str(values[form]), effective=effective, note=note)
    return Offered(
        form=form,
        locator=first.name,
        effective=effective,
        note=note,
        sha256=first.sha256,
        media_type=first.media_type,
        size=first.size,
    )
