"""The status of a cycle as of a past moment: results recomputed from history, the rest from its dates and the journal."""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import or_
from sqlmodel import Session, col
from sqlmodel import select as pick

from cycles import history
from cycles.as_of import moment_of, result_rows_at
from cycles.errors import BadInput
from cycles.models import UNANSWERED, Action, Cycle, EvidenceKind, JournalEntry, Lapse, Person, Request, System
from cycles.moments import Moment
from cycles.pairs import standings_at
from cycles.programme_cycles import OPEN
from cycles.status import STAGES, counted, expiring, reasons, requests_of, told_results

Journal = dict[str, list[tuple[datetime, dict[str, Any]]]]
SCOPE = {
    "results": "recomputed from history",
    "lapses": "by the dates they happened, were noticed and recovered",
    "actions": "state from the journal; owner and due date as of now",
    "requests": "state from the journal and their dates; owner, assignee and due date as of now",
}


def status_at(session: Session, key: str | None, at: datetime, known_at: datetime) -> dict[str, Any]:
    """The status of a cycle (of the one under way then, unless named) at one time as known at another.

    Raises:
        BadInput: when no cycle, or not that one, was planned by then.
    """
    cycle, stage = _cycle_then(session, key, min(at, known_at))
    moment = moment_of(cycle, at, known_at)
    kinds = history.kinds_at(moment)
    stands = standings_at(cycle.id, moment).subquery("stands")
    results = told_results(result_rows_at(session, cycle, moment), reasons(session, cycle, stands, kinds))
    entries = _entries(session, moment.decided_by)
    requests = _requests(session, cycle, moment, stage, entries)
    lapses, actions = _lapses(session, moment), _actions(session, moment, entries)
    return {
        "cycle": cycle.key,
        "stage": STAGES[stage],
        "as_of": at.isoformat(timespec="seconds"),
        "known_at": known_at.isoformat(timespec="seconds"),
        "scope": SCOPE,
        "counts": {
            "systems": len({row["system"] for row in results}),
            "results": counted(results, "result"),
            "requests": counted(requests, "state"),
            "actions": counted(actions, "state"),
            "lapses": len(lapses),
        },
        "results": results,
        "requests": requests,
        "lapses": lapses,
        "actions": actions,
        "expiring": expiring(session, cycle, stands, moment.day),
    }


def _cycle_then(session: Session, key: str | None, by: datetime) -> tuple[Cycle, str]:
    """The cycle and the state it was in, told by its own journal entries."""
    cycles = {row.key: row for row in session.exec(pick(Cycle).order_by(col(Cycle.starts))).all()}
    states = _cycle_states(session, by)
    if key is not None:
        if key not in states:
            raise BadInput(f"--as-of: cycle {key} was not planned by {by.isoformat()}. Name a later time.")
        return cycles[key], states[key]
    if not states:
        raise BadInput(f"--as-of: no cycle was planned by {by.isoformat()}. Name a later time.")
    under_way = [name for name in cycles if states.get(name) in OPEN]
    chosen = (under_way or [name for name in cycles if name in states])[-1]
    return cycles[chosen], states[chosen]


def _cycle_states(session: Session, by: datetime) -> dict[str, str]:
    rows = session.exec(
        pick(JournalEntry)
        .where(col(JournalEntry.subject).like("cycle:%"), JournalEntry.at <= by)
        .order_by(col(JournalEntry.seq))
    ).all()
    states: dict[str, str] = {}
    for row in rows:
        after = json.loads(row.body)["after"] or {}
        state = "planned" if row.action == "cycle.planned" else after.get("state")
        if state in STAGES:
            states[row.subject.removeprefix("cycle:")] = state
    return states


def _entries(session: Session, by: datetime) -> Journal:
    """The single acts on requests and actions up to then, per subject, oldest first."""
    about = or_(col(JournalEntry.subject).like("request:%"), col(JournalEntry.subject).like("action:%"))
    rows = session.exec(
        pick(JournalEntry.subject, JournalEntry.at, JournalEntry.body)
        .where(about, JournalEntry.at <= by)
        .order_by(col(JournalEntry.seq))
    )
    found: Journal = {}
    for subject, at, body in rows:
        found.setdefault(subject, []).append((at, json.loads(body)["after"] or {}))
    return found


def _last_state(entries: Journal, subject: str, since: datetime) -> str | None:
    states = [after["state"] for at, after in entries.get(subject, ()) if at >= since and "state" in after]
    return str(states[-1]) if states else None


def _requests(session: Session, cycle: Cycle, moment: Moment, stage: str, entries: Journal) -> list[dict[str, Any]]:
    by = moment.decided_by
    dates = {
        row.id: (row.asked_at, row.excused_at, row.due, row.renewed_at)
        for row in session.exec(pick(Request).where(Request.cycle_id == cycle.id)).all()
    }
    shown = requests_of(session, cycle)
    for row in shown:
        asked_at, excused_at, due, renewed_at = dates[row["id"]]
        since = renewed_at if renewed_at is not None and renewed_at <= by else cycle.planned_at
        state = _last_state(entries, f"request:{row['system']}/{row['evidence_kind']}", since)
        if state in (None, "pending"):
            state = "asked" if asked_at is not None and asked_at <= by else "pending"
        if excused_at is not None and excused_at <= by:
            state = "excused"
        # What was past due when Act had begun was lapsed by one bulk step, which names no single request.
        if state in UNANSWERED and stage in ("acting", "closed") and due < moment.day:
            state = "lapsed"
        row["state"], row["next_at"] = state, None
    return shown


def _lapses(session: Session, moment: Moment) -> list[dict[str, Any]]:
    rows = session.exec(
        pick(Lapse, System.key, EvidenceKind.key)
        .join(System, col(System.id) == col(Lapse.system_id))
        .join(EvidenceKind, col(EvidenceKind.id) == col(Lapse.kind_id))
        .where(Lapse.happened_on <= moment.day, Lapse.noticed_at <= moment.known_at)
        .where(or_(col(Lapse.recovered_at).is_(None), col(Lapse.recovered_at) > moment.decided_by))
        .order_by(col(Lapse.id))
    ).all()
    open_then = _open_actions(session, moment)
    return [
        {
            "lapse": f"{system}/{kind}",
            "reason": found.reason,
            "happened_on": found.happened_on.isoformat(),
            "actions": sum((found.system_id, found.kind_id) == (one.system_id, one.kind_id) for one in open_then),
        }
        for found, system, kind in rows
    ]


def _open_actions(session: Session, moment: Moment) -> Iterable[Action]:
    by = moment.decided_by
    still = or_(col(Action.closed_at).is_(None), col(Action.closed_at) > by)
    return session.exec(pick(Action).where(Action.opened_at <= by, still).order_by(col(Action.id))).all()


def _actions(session: Session, moment: Moment, entries: Journal) -> list[dict[str, Any]]:
    systems = {row.id: row.key for row in session.exec(pick(System)).all()}
    kinds = {row.id: row.key for row in session.exec(pick(EvidenceKind)).all()}
    people = {row.id: row.key for row in session.exec(pick(Person)).all()}
    found = []
    for action in _open_actions(session, moment):
        kind = kinds.get(action.kind_id or 0)
        name = f"{systems[action.system_id]}/{kind}" if kind else systems[action.system_id]
        lapse = session.get(Lapse, action.lapse_id) if action.lapse_id else None
        found.append(
            {
                "id": action.id,
                "lapse": name,
                "system": systems[action.system_id],
                "evidence_kind": kind,
                "reason": lapse.reason if lapse else "finding",
                "severity": action.severity,
                "owner": people[action.owner_id],
                "state": _last_state(entries, f"action:{name}", action.opened_at) or "open",
                "due": action.due.isoformat(),
                "relapses": action.relapses,
                "open": True,
            }
        )
    return found
