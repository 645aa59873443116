"""This cycle beside an earlier one: what changed in results, scope and evidence, and what was answered last time."""

from typing import Any

from sqlalchemy import and_, select
from sqlmodel import Session

from cycles.models import (
    Control,
    Cycle,
    CycleFramework,
    CycleSystem,
    Evidence,
    EvidenceKind,
    Framework,
    Request,
    Standing,
    System,
)
from cycles.status import result_rows

control = Control.__table__.c  # type: ignore[attr-defined]
evidence = Evidence.__table__.c  # type: ignore[attr-defined]
framework = Framework.__table__.c  # type: ignore[attr-defined]
kind = EvidenceKind.__table__.c  # type: ignore[attr-defined]
pinned = CycleFramework.__table__.c  # type: ignore[attr-defined]
request = Request.__table__.c  # type: ignore[attr-defined]
scope = CycleSystem.__table__.c  # type: ignore[attr-defined]
standing = Standing.__table__.c  # type: ignore[attr-defined]
system = System.__table__.c  # type: ignore[attr-defined]


def difference(session: Session, old: Cycle, new: Cycle) -> dict[str, Any]:
    """What is different in `new` against `old`, as plain values; closed cycles by the results pinned at their close."""
    before, after = _results(session, old), _results(session, new)
    return {
        "old": old.key,
        "new": new.key,
        "systems": _sides(_systems(session, old), _systems(session, new), ("system",)),
        "controls": _sides(_controls(session, old), _controls(session, new), ("framework", "control")),
        "results": [
            {"system": place[0], "framework": place[1], "control": place[2], "before": before[place], "after": found}
            for place, found in after.items()
            if place in before and before[place] != found
        ],
        "evidence": _replaced(_evidence(session, old), _evidence(session, new)),
        "requests": _asked_again(session, old, new),
    }


def _results(session: Session, cycle: Cycle) -> dict[tuple[str, str, str], dict[str, str]]:
    return {(row[0], row[1], row[2]): {"result": row[3], "reason": row[4]} for row in result_rows(session, cycle)}


def _systems(session: Session, cycle: Cycle) -> list[tuple[str, ...]]:
    rows = select(system.key).join(CycleSystem, scope.system_id == system.id).where(scope.cycle_id == cycle.id)
    return [tuple(row) for row in session.execute(rows.order_by(system.key))]


def _controls(session: Session, cycle: Cycle) -> list[tuple[str, ...]]:
    rows = (
        select(framework.key, control.key)
        .select_from(Control)
        .join(Framework, framework.id == control.framework_id)
        .join(CycleFramework, pinned.framework_id == framework.id)
        .where(pinned.cycle_id == cycle.id)
    )
    return [tuple(row) for row in session.execute(rows.order_by(framework.key, control.position))]


def _sides(old: list[tuple[str, ...]], new: list[tuple[str, ...]], names: tuple[str, ...]) -> dict[str, Any]:
    def only(these: list[tuple[str, ...]], those: list[tuple[str, ...]]) -> list[dict[str, str]]:
        there = set(those)
        return [dict(zip(names, row, strict=True)) for row in these if row not in there]

    return {"added": only(new, old), "gone": only(old, new)}


def _evidence(session: Session, cycle: Cycle) -> dict[tuple[str, str], dict[str, Any]]:
    """Per pair the evidence its standing rested on."""
    rows = session.execute(
        select(system.key, kind.key, evidence.id, evidence.effective, evidence.sha256, evidence.confirmations)
        .select_from(Standing)
        .join(System, system.id == standing.system_id)
        .join(EvidenceKind, kind.id == standing.kind_id)
        .join(Evidence, evidence.id == standing.evidence_id)
        .where(standing.cycle_id == cycle.id)
        .order_by(system.key, kind.key)
    )
    return {
        (row[0], row[1]): {"id": row[2], "effective": row[3].isoformat(), "sha256": row[4], "confirmed": row[5]}
        for row in rows
    }


def _replaced(old: dict[tuple[str, str], dict[str, Any]], new: dict[tuple[str, str], dict[str, Any]]) -> list[Any]:
    """Pairs that rest on other evidence now; `confirmed` is how often in a row it was confirmed as unchanged."""
    return [
        {"system": pair[0], "evidence_kind": pair[1], "before": old.get(pair), "after": found}
        for pair, found in new.items()
        if (old.get(pair) or {}).get("id") != found["id"]
    ]


def _asked_again(session: Session, old: Cycle, new: Cycle) -> list[dict[str, Any]]:
    """Every request of the new cycle with the state it has and what became of the old one's; `last` is None if not asked."""
    last = Request.__table__.alias("last")  # type: ignore[attr-defined]
    same = and_(last.c.cycle_id == old.id, last.c.system_id == request.system_id, last.c.kind_id == request.kind_id)
    rows = session.execute(
        select(request.id, system.key, kind.key, request.state, last.c.state, last.c.answer, evidence.effective)
        .select_from(Request)
        .join(System, system.id == request.system_id)
        .join(EvidenceKind, kind.id == request.kind_id)
        .outerjoin(last, same)
        .outerjoin(Evidence, evidence.id == last.c.evidence_id)
        .where(request.cycle_id == new.id)
        .order_by(request.id)
    )
    return [
        {"id": row[0], "system": row[1], "evidence_kind": row[2], "state": row[3], "last": _last(*row[4:])}
        for row in rows
    ]


def _last(state: str | None, answer: dict[str, Any] | None, effective: Any) -> dict[str, Any] | None:
    if state is None:
        return None
    told = {name: (answer or {}).get(name) for name in ("verb", "by", "at")}
    return {"state": state, **told, "effective": effective.isoformat() if effective else None}
