"""What a cycle would ask, of whom and when, as dated lines."""

from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from cycles.brief_queries import controls_served
from cycles.ladder import Ladder
from cycles.models import Cycle, EvidenceKind, Request, System
from cycles.people import Directory
from cycles.policy import Policy


def preview(session: Session, cycle: Cycle) -> list[dict[str, Any]]:
    """Every request of a cycle with its system, kind, controls, owner, due date and the messages it may bring."""
    policy = Policy.model_validate(cycle.policy)
    directory = Directory.load(session, policy)
    rows = session.exec(
        select(Request, System, EvidenceKind)
        .join(System, col(System.id) == col(Request.system_id))
        .join(EvidenceKind, col(EvidenceKind.id) == col(Request.kind_id))
        .where(Request.cycle_id == cycle.id)
        .order_by(col(Request.ask_on), col(Request.id))
    ).all()
    return [_entry(session, policy, directory, *row) for row in rows]


def _entry(
    session: Session, policy: Policy, directory: Directory, request: Request, system: System, kind: EvidenceKind
) -> dict[str, Any]:
    owner = directory.people[request.owner_id]
    return {
        "system": system.key,
        "evidence_kind": kind.key,
        "controls": [f"{ref.framework}:{ref.label}" for ref in controls_served(session, request)],
        "owner": owner.key,
        "owner_name": owner.name,
        "due": request.due.isoformat(),
        "messages": _messages(request, policy, directory),
    }


def _messages(request: Request, policy: Policy, directory: Directory) -> list[dict[str, Any]]:
    opens = directory.hours(request.owner_id).opens(request.ask_on)
    ladder = Ladder.of(request, directory, policy)
    return [
        {
            "at": line.at.isoformat(timespec="seconds"),
            "local": line.at.astimezone(ZoneInfo(directory.people[line.person_id].zone)).isoformat(timespec="minutes"),
            "person": directory.people[line.person_id].key,
            "kind": line.message,
            "rung": line.rung,
        }
        for line in ladder.preview(opens)
    ]
