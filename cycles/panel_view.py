"""A panel as the command line shows it: everything once it is closed, nothing of any vote before."""

from typing import Any

from sqlmodel import Session, col, select

from cycles.brief_panels import counts_of
from cycles.check import pair_name
from cycles.errors import BadInput
from cycles.models import Evidence, Panel, Person, Review, Verdict
from cycles.status import panel_state


def panel_view(session: Session, evidence_id: int) -> dict[str, Any]:
    """Plain values; `counts` and `votes` are None while the panel is open.

    Raises:
        BadInput: when no panel was called on this evidence.
    """
    panel, evidence = session.get(Panel, evidence_id), session.get(Evidence, evidence_id)
    if panel is None or evidence is None:
        raise BadInput(f"No panel was called on evidence E-{evidence_id}.")
    verdict = session.get(Verdict, evidence_id)
    closed = panel.outcome is not None
    return {
        "evidence": f"E-{evidence_id}",
        "subject": pair_name(session, evidence.system_id, evidence.kind_id),
        **panel_state(panel),
        "min_groups": panel.terms["min_groups"],
        "min_humans": panel.terms["min_humans"],
        "digest": panel.terms["digest"],
        "called_at": panel.called_at.isoformat(timespec="seconds"),
        "closed_at": panel.closed_at.isoformat(timespec="seconds") if panel.closed_at else None,
        "decider": session.get_one(Person, panel.decider_id).key,
        "verdict": verdict.outcome if verdict else None,
        "counts": counts_of(session, panel) if closed else None,
        "members": [{name: row[name] for name in ("person", "group", "automated")} for row in panel.roster],
        "votes": _votes(session, panel) if closed else None,
    }


def _votes(session: Session, panel: Panel) -> list[dict[str, Any]]:
    rows = session.exec(
        select(Review, Person.key)
        .join(Person, col(Person.id) == col(Review.reviewer_id))
        .where(Review.evidence_id == panel.evidence_id, col(Review.vote).is_not(None))
        .order_by(col(Review.voted_at), col(Review.id))
    ).all()
    return [
        {
            "person": key,
            "vote": row.vote,
            "reason": row.reason,
            "at": row.voted_at.isoformat(timespec="seconds") if row.voted_at else None,
        }
        for row, key in rows
    ]
