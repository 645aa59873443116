"""When somebody can be written to again: what was before the lead only for want of an account is theirs as before."""

from collections.abc import Collection
from datetime import datetime

from sqlmodel import Session, col, select

from cycles import journal, outbox
from cycles.brief_subjects import CLAIMS
from cycles.decisions import fresh_clock
from cycles.lapses import pair_name
from cycles.models import UNANSWERED, Cycle, Person, Request
from cycles.people import Directory, has_left
from cycles.policy import Policy
from cycles.programme_cycles import OPEN


def take_back(session: Session, keys: Collection[str], *, now: datetime, actor: str) -> int:
    """Ask these people again, with a fair time to answer, unless the lead has decided meanwhile; returns how many requests.

    What they object to themselves stays with the lead.
    """
    waiting = (
        select(Request, Person, Cycle)
        .join(Person, col(Person.id) == col(Request.assignee_id))
        .join(Cycle, col(Cycle.id) == col(Request.cycle_id))
        .where(col(Person.key).in_(keys), col(Request.disputed), col(Request.state).in_(UNANSWERED))
        .where(col(Cycle.state).in_(OPEN))
        .order_by(col(Request.id))
    )
    number = 0
    for request, person, cycle in session.exec(waiting).all() if keys else ():
        if (request.answer or {}).get("verb") in CLAIMS or has_left(person, now):
            continue
        policy = Policy.model_validate(cycle.policy)
        request.disputed = False
        fresh_clock(request, person.id, Directory.few(session, policy), now)
        _enter(session, request, person, now, actor)
        number += 1
    return number


def _enter(session: Session, request: Request, person: Person, now: datetime, actor: str) -> None:
    entry = journal.append(
        session,
        at=now,
        actor=actor,
        action="request.reached",
        subject=f"request:{pair_name(session, request.system_id, request.kind_id)}",
        before={"disputed": True},
        after={"disputed": False, "request": request.id, "person": person.key, "due": request.due},
    )
    request.answer = {"verb": "reached", "by": person.name, "at": now.isoformat(), "record": f"J-{entry.seq}"}
    session.add(request)
    session.flush()
    outbox.refresh_about(session, "request", request.id, now=now)
