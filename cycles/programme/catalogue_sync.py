"""Catalogues into the record: kinds in place, each framework as a new version when its file changed."""

from typing import TYPE_CHECKING, Any

from sqlmodel import Session, col, delete, select

from cycles.catalogue import Catalogues, ControlEntry, FrameworkEntry, applicable, rule
from cycles.models import Applicability, Control, EvidenceKind, Framework, Requirement
from cycles.programme.changes import Changes, update

if TYPE_CHECKING:
    from cycles.programme.load import Programme


def sync_kinds(session: Session, catalogues: Catalogues, changes: Changes) -> None:
    """Every evidence kind as its file says; a kind no longer in the file stays, for the record's sake."""
    known = {kind.key: kind for kind in session.exec(select(EvidenceKind)).all()}
    for key, entry in catalogues.kinds.items():
        values: dict[str, Any] = entry.model_dump(mode="json")
        row = known.get(key)
        if row is None:
            session.add(EvidenceKind(**values))
            changes.note("added", "kinds", key)
            continue
        if update(row, values):
            changes.note("changed", "kinds", key)
    session.flush()


def sync_catalogues(session: Session, programme: "Programme", changes: Changes) -> None:
    """The frameworks the programme names, one row per version of the file; others stop being current."""
    rows = session.exec(select(Framework)).all()
    known = {(row.key, row.digest): row for row in rows}
    wanted = {(key, programme.catalogues.digests[key]) for key in programme.head.frameworks}
    kind_ids = {kind.key: kind.id for kind in session.exec(select(EvidenceKind)).all()}
    for key, digest in sorted(wanted):
        if (key, digest) not in known:
            before = any(row.key == key for row in rows)
            known[key, digest] = _add(session, programme.catalogues.frameworks[key], digest, kind_ids)
            changes.note("changed" if before else "added", "frameworks", key)
    for place, row in known.items():
        current = place in wanted
        if row.current != current:
            row.current = current
            if not current and row.key not in programme.head.frameworks:
                changes.note("removed", "frameworks", row.key)
    session.flush()


def _add(session: Session, entry: FrameworkEntry, digest: str, kinds: dict[str, int]) -> Framework:
    framework = Framework(
        key=entry.key,
        version=entry.version,
        digest=digest,
        title=entry.title.model_dump(),
        publisher=entry.publisher,
        source=entry.source,
        applies_from=entry.applies_from,
        superseded_by=entry.superseded_by,
    )
    session.add(framework)
    session.flush()
    controls = [_control(framework.id, position, control) for position, control in enumerate(entry.controls())]
    session.add_all(controls)
    session.flush()
    for row, control in zip(controls, entry.controls(), strict=True):
        needed = {(item.kind, rule(control.applies, item.applies)) for item in control.requires}
        session.add_all(Requirement(control_id=row.id, kind_id=kinds[kind], rule=text) for kind, text in sorted(needed))
    return framework


def _control(framework_id: int, position: int, entry: ControlEntry) -> Control:
    return Control(
        framework_id=framework_id,
        key=entry.key,
        label=entry.label,
        title=entry.title.model_dump(),
        text=entry.text.model_dump(),
        confidence=entry.confidence,
        weight=entry.weight,
        position=position,
    )


def refresh_applicability(session: Session, profiles: set[str]) -> None:
    """Compute anew which rules hold for these profiles: few of either, however many systems there are."""
    rules = set(session.exec(select(Requirement.rule).distinct()).all())
    session.exec(delete(Applicability).where(col(Applicability.profile).in_(profiles)))
    session.add_all(Applicability(profile=text, rule=held) for text, held in applicable(profiles, rules))
    session.flush()
