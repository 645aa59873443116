"""The last accepted answer of each pair of system and evidence kind, and whether one press may confirm it."""

from collections.abc import Collection

from sqlmodel import Session, col, func, select

from cycles.models import Document, Evidence, EvidenceKind, Request, System, Verdict

Pair = tuple[int, int]


def last_accepted(session: Session, request: Request) -> Evidence | None:
    """The accepted evidence of the latest effective date for the request's system and kind."""
    pair = (request.system_id, request.kind_id)
    return latest_accepted(session, {pair}).get(pair)


def latest_accepted(session: Session, pairs: Collection[Pair]) -> dict[Pair, Evidence]:
    """Per (system_id, kind_id) the accepted evidence of the latest effective date."""
    newest = func.row_number().over(
        partition_by=(col(Evidence.system_id), col(Evidence.kind_id)),
        order_by=(col(Evidence.effective).desc(), col(Evidence.id).desc()),
    )
    ranked = (
        select(Evidence.id, newest.label("place"))
        .join(Verdict, col(Verdict.evidence_id) == col(Evidence.id))
        .where(col(Evidence.system_id).in_({system for system, _ in pairs}))
        .where(col(Evidence.kind_id).in_({kind for _, kind in pairs}), Verdict.outcome == "accepted")
        .subquery()
    )
    rows = session.exec(select(Evidence).join(ranked, ranked.c.id == col(Evidence.id)).where(ranked.c.place == 1))
    return {(row.system_id, row.kind_id): row for row in rows.all()}


def confirmable(session: Session, request: Request, kind: EvidenceKind, last: Evidence) -> bool:
    """Whether one press may confirm the last evidence of a request."""
    system = session.get_one(System, request.system_id)
    return holds_still(kind, system, last, watched_document(session, request, last.locator))


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
