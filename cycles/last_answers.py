"""The last accepted answer of each pair of system and evidence kind, and whether one press may confirm it."""

from collections.abc import Collection

from sqlmodel import Session, col, or_, select

from cycles.models import Document, Evidence, EvidenceKind, Incident, Request, System
from cycles.pairs import best_evidence, evidence

Pair = tuple[int, int]


def last_accepted(session: Session, request: Request) -> Evidence | None:
    """The accepted evidence of the latest effective date for the request's system and kind."""
    pair = (request.system_id, request.kind_id)
    return latest_accepted(session, {pair}).get(pair)


def latest_accepted(session: Session, pairs: Collection[Pair]) -> dict[Pair, Evidence]:
    """Per (system_id, kind_id) the accepted evidence of the latest effective date."""
    best = best_evidence(
        evidence.system_id.in_({system for system, _ in pairs}), evidence.kind_id.in_({kind for _, kind in pairs})
    )
    rows = session.exec(select(Evidence).join(best, best.c.id == col(Evidence.id)))
    return {(row.system_id, row.kind_id): row for row in rows.all()}


def confirmable(session: Session, request: Request, kind: EvidenceKind, last: Evidence) -> bool:
    """Whether one press may confirm the last evidence of a request."""
    system = session.get_one(System, request.system_id)
    if struck(session, last):
        return False
    return holds_still(kind, system, last, watched_document(session, request, last.locator))


def struck(session: Session, last: Evidence) -> bool:
    """Whether an incident happened since the evidence's day: what went wrong is shown anew, not confirmed by a press."""
    either = or_(col(Incident.kind_id).is_(None), col(Incident.kind_id) == last.kind_id)
    since = select(Incident.id).where(Incident.system_id == last.system_id, either)
    return session.exec(since.where(Incident.happened_on > last.effective)).first() is not None


def holds_still(kind: EvidenceKind, system: System, last: Evidence, watched: Document | None) -> bool:
    """Whether evidence can be confirmed: the kind allows it, not too often, and nothing changed since."""
    if not kind.confirmable or last.confirmations >= kind.max_confirmations:
        return False
    if kind.model_version_bound and last.model_version != system.model_version:
        return False
    return watched is None or (watched.status != "missing" and watched.sha256 in (None, last.sha256))


def watched_document(session: Session, request: Request, locator: str) -> Document | None:
    """The document at a locator that is watched for a request's system and kind."""
    pair = (request.system_id, request.kind_id)
    return watched_documents(session, {pair}).get((*pair, locator))


def watched_documents(session: Session, pairs: Collection[Pair]) -> dict[tuple[int, int, str], Document]:
    """The watched documents by (system_id, kind_id, locator)."""
    rows = session.exec(
        select(Document)
        .where(col(Document.system_id).in_({system for system, _ in pairs}))
        .where(col(Document.kind_id).in_({kind for _, kind in pairs}), col(Document.watched))
        .order_by(col(Document.id).desc())
    ).all()
    return {(row.system_id, row.kind_id, row.locator): row for row in rows}
