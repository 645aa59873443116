"""As of: what was true at one time as known at another, recomputed from history alone. Nothing is written, nothing copied."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlmodel import Session, col
from sqlmodel import select as pick

from cycles import history, lines
from cycles.lapses import local_day
from cycles.models import Control, Cycle, EvidenceKind, Framework, JournalEntry, Setting, System
from cycles.moments import Moment
from cycles.pairs import results, standings_at

control = Control.__table__.c  # type: ignore[attr-defined]
framework = Framework.__table__.c  # type: ignore[attr-defined]
kind = EvidenceKind.__table__.c  # type: ignore[attr-defined]
system = System.__table__.c  # type: ignore[attr-defined]


@dataclass(frozen=True, kw_only=True)
class Recomputed:
    """A closed cycle's pinned digest beside the one its history gives now; `digest` is None where that cannot be known."""

    cycle: str
    pinned: str
    digest: str | None

    @property
    def differs(self) -> bool:
        return self.digest not in (None, self.pinned)


def moment_of(cycle: Cycle, at: datetime, known_at: datetime) -> Moment:
    """A past moment, its day in the zone the cycle is judged in."""
    return Moment(day=local_day(cycle, at), at=at, known_at=known_at)


def result_rows_at(session: Session, cycle: Cycle, moment: Moment) -> Iterator[tuple[Any, ...]]:
    """(system, framework, control, result, reason, valid_until) by key, in the order of the stored ones."""
    for row in session.execute(_results_at(cycle, moment).execution_options(yield_per=10_000)):
        yield tuple(row)


def _results_at(cycle: Cycle, moment: Moment) -> Select[Any]:
    standing = standings_at(cycle.id, moment).subquery("then")
    found = results(cycle.id, standing, history.kinds_at(moment)).c
    return (
        select(system.key, framework.key, control.key, found.result, found.reason, found.valid_until)
        .join(System, system.id == found.system_id)
        .join(Control, control.id == found.control_id)
        .join(Framework, framework.id == control.framework_id)
        .order_by(system.key, framework.key, control.position)
    )


def recompute(session: Session, cycle: Cycle) -> str:
    """The result digest of a cycle as of its last check, from history; for a closed one it equals `result_digest`."""
    at = cycle.checked_at or cycle.planned_at
    return lines.digest_of(session, _results_at(cycle, moment_of(cycle, at, at)))


def recompute_closed(session: Session) -> list[Recomputed]:
    """Every closed cycle beside its pinned digest. The pin is the journal's: a row edited together with its cycle shows."""
    after = session.get(Setting, "recomputable_after")
    found = []
    closed = pick(Cycle).where(Cycle.state == "closed", col(Cycle.result_digest).is_not(None)).order_by(col(Cycle.id))
    for cycle in session.exec(closed).all():
        seq, pinned = _closing(session, cycle)
        # What systems were before the record kept it is not known, so such a cycle is not judged.
        known = after is None or seq > int(after.value["seq"])
        digest = recompute(session, cycle) if known else None
        found.append(Recomputed(cycle=cycle.key, pinned=pinned, digest=digest))
        if cycle.result_digest != pinned:
            found[-1] = Recomputed(cycle=cycle.key, pinned=pinned, digest=cycle.result_digest)
    return found


def _closing(session: Session, cycle: Cycle) -> tuple[int, str]:
    entry = session.exec(
        pick(JournalEntry)
        .where(JournalEntry.action == "cycle.closed", JournalEntry.subject == f"cycle:{cycle.key}")
        .order_by(col(JournalEntry.seq).desc())
    ).first()
    if entry is None:
        return 0, str(cycle.result_digest)
    return entry.seq, str(json.loads(entry.body)["after"]["results"])
