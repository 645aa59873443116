"""A shorter cadence for what keeps lapsing: proposed to the lead after two relapses, in force once accepted."""

from datetime import datetime

from sqlmodel import Session, func, select

from cycles import journal, outbox
from cycles.errors import Refused
from cycles.lapses import pair_name
from cycles.models import Cadence, EvidenceKind, System
from cycles.people import Directory, current_policy
from cycles.permits import Act
from cycles.policy import Policy
from cycles.validity import validity_months


def cadence_months(session: Session, system_id: int, kind_id: int) -> int | None:
    """The months an accepted cadence allows evidence of a pair to count; None where there is none."""
    return session.exec(
        select(func.min(Cadence.months)).where(
            Cadence.system_id == system_id, Cadence.kind_id == kind_id, Cadence.outcome == "accepted"
        )
    ).one()


def months_now(session: Session, system_id: int, kind_id: int, policy: Policy) -> int:
    """How many months evidence of a pair counts at present."""
    system, kind = session.get_one(System, system_id), session.get_one(EvidenceKind, kind_id)
    usual = validity_months(kind, system.risk_tier, policy, system.key)
    return min(usual, cadence_months(session, system_id, kind_id) or usual)


def decide(act: Act, cadence_id: int, *, accept: bool) -> None:
    """A lead takes a proposed cadence or leaves it; evidence received from then on counts accordingly.

    Raises:
        Refused: not a lead, no such proposal, or decided already.
    """
    act.must_be_here()
    found = act.session.get(Cadence, cadence_id)
    if found is None:
        raise Refused("unknown", f"No cadence {cadence_id} was proposed.")
    act.must_lead(Directory.few(act.session, current_policy(act.session)))
    if found.outcome is not None:
        raise Refused("answered", f"The cadence {cadence_id} was {found.outcome} already.")
    found.outcome, found.decided_at = "accepted" if accept else "declined", act.now
    found.decided_by_id = act.person.id
    act.session.add(found)
    act.session.flush()
    enter(act.session, found, found.outcome, act.now, act.person.key, months=found.months)
    outbox.refresh_about(act.session, "cadence", found.id, now=act.now)


def enter(session: Session, found: Cadence, verb: str, now: datetime, actor: str, **after: object) -> None:
    """Journal something about a cadence."""
    name = pair_name(session, found.system_id, found.kind_id)
    journal.append(session, at=now, actor=actor, action=f"cadence.{verb}", subject=f"cadence:{name}", after=after)
