"""What was seen of watched documents: a row per change, the newest repeated on the document for set work."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import and_, update
from sqlmodel import Session, col, func, select

from cycles import journal, panels
from cycles.models import SEEN, Document, Evidence, EvidenceKind, Observation, System


@dataclass(frozen=True, kw_only=True)
class Seen:
    """One look at one document, as the record keeps it. Times are UTC; `error` is a sentence."""

    document_id: int
    at: datetime
    status: str
    sha256: str | None = None
    size: int | None = None
    modified: datetime | None = None
    effective: date | None = None
    etag: str | None = None
    revision: str | None = None
    error: str | None = None


@dataclass(frozen=True, kw_only=True)
class Observed:
    """How many documents were looked at, how many differ from the look before, and how many could not be seen."""

    looked: int
    changed: int
    unseen: int


def watched(session: Session) -> list[tuple[Document, Observation | None]]:
    """Every watched document of a system in use, with its newest observation that saw it."""
    newest = (
        select(func.max(col(Observation.id)).label("id"))
        .where(col(Observation.status).in_(SEEN))
        .group_by(col(Observation.document_id))
        .subquery("newest")
    )
    last = select(Observation).join(newest, col(Observation.id) == newest.c.id)
    seen = {observation.document_id: observation for observation in session.exec(last).all()}
    documents = session.exec(
        select(Document)
        .join(System, col(System.id) == col(Document.system_id))
        .where(col(Document.watched), ~col(System.retired))
        .order_by(col(Document.id))
    ).all()
    return [(document, seen.get(document.id)) for document in documents]


def record(session: Session, looks: Sequence[Seen], *, now: datetime, actor: str) -> Observed:
    """Keep what was seen. A look like the one before only moves `seen_at`; `unchanged` counts as seen again."""
    changed: list[tuple[str, str, str | None]] = []
    latest, again = _latest(session), []
    for look in looks:
        last = latest.get(look.document_id)
        if last is not None and _same(last, look):
            again.append(last.id)
            if look.status != "unchanged" and look.etag != last.etag:
                last.etag = look.etag  # the same bytes under a new name: what the next look asks with
            continue
        document = session.get_one(Document, look.document_id)
        session.add(
            Observation(
                document_id=document.id,
                at=look.at,
                seen_at=look.at,
                status=look.status,
                sha256=look.sha256,
                size=look.size,
                modified=look.modified,
                effective=look.effective,
                etag=look.etag,
                revision=look.revision,
                error=look.error,
            )
        )
        # A place that cannot be reached today says nothing about the document; only being seen or being gone does.
        if look.status in SEEN:
            moved = (document.status, document.sha256) != (look.status, look.sha256)
            document.status, document.sha256 = look.status, look.sha256
            document.changed_at = look.at if moved else document.changed_at
            session.add(document)
        changed.append((_name(session, document), look.status, look.sha256))
    session.flush()
    sealed = _seal(session, looks, now)
    session.execute(update(Observation).where(col(Observation.id).in_(again)).values(seen_at=now))
    if sealed:
        after = {"count": len(sealed), "digest": journal.digest(sealed)}
        journal.append(session, at=now, actor=actor, action="evidence.sealed", subject="documents", after=after)
        panels.call_sealed(session, [number for number, _ in sealed], now=now, actor=actor)
    if changed:
        after = {"looked": len(looks), "changed": len(changed), "digest": journal.digest(changed)}
        journal.append(session, at=now, actor=actor, action="documents.observed", subject="documents", after=after)
    unseen = sum(look.status not in (*SEEN, "unchanged") for look in looks)
    return Observed(looked=len(looks), changed=len(changed), unseen=unseen)


def _seal(session: Session, looks: Sequence[Seen], now: datetime) -> list[tuple[int, str]]:
    """Evidence that links to a watched document gets the digest of the first look after it arrived, once."""
    seen = {look.document_id: look.sha256 for look in looks if look.status == "ok" and look.sha256}
    waiting = session.exec(
        select(Evidence, Document)
        .join(
            Document,
            and_(
                col(Document.system_id) == col(Evidence.system_id),
                col(Document.kind_id) == col(Evidence.kind_id),
                col(Document.locator) == col(Evidence.locator),
            ),
        )
        .where(col(Evidence.sha256).is_(None), col(Document.id).in_(list(seen)))
        .order_by(col(Evidence.id))
    ).all()
    for found, document in waiting:
        found.sha256, found.sealed_at = seen[document.id], now
        session.add(found)
    session.flush()
    return [(found.id, seen[document.id] or "") for found, document in waiting]


def _latest(session: Session) -> dict[int, Observation]:
    newest = select(func.max(col(Observation.id))).group_by(col(Observation.document_id))
    rows = session.exec(select(Observation).where(col(Observation.id).in_(newest))).all()
    return {row.document_id: row for row in rows}


def _same(last: Observation, look: Seen) -> bool:
    if look.status == "unchanged":
        return last.status in SEEN
    return (last.status, last.sha256, last.error) == (look.status, look.sha256, look.error)


def _name(session: Session, document: Document) -> str:
    system, kind = session.get_one(System, document.system_id), session.get_one(EvidenceKind, document.kind_id)
    return f"{system.key}/{kind.key}/{document.locator}"
