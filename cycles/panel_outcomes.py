"""Counting the votes of open panels: a step of its own, after the votes it counts were committed.

Whoever dies between a vote and its count loses nothing: the next tick counts again and comes to the same outcome, because
that is a pure function of the votes (`cycles.quorum`). The outcome, the verdict and the request's state are written once,
in one transaction.
"""

from datetime import date, datetime, timedelta

from sqlmodel import Session, col, select

from cycles import answers, decisions, journal, last_answers, outbox, panels
from cycles.check import pair_name
from cycles.gathering import gather
from cycles.models import Cycle, Delivery, DeliveryItem, Evidence, Panel, Person, Request, Review, Verdict
from cycles.people import Directory
from cycles.permits import Act
from cycles.policy import Policy
from cycles.programme_cycles import OPEN
from cycles.quorum import outcome

# A reminder at half time that would come so shortly before the last one is left out.
TOO_CLOSE = timedelta(hours=12)
DECIDER_AGAIN_WORKDAYS = 3


def count(session: Session, *, now: datetime, actor: str, evidence_id: int | None = None) -> int:
    """Close every panel (or the one named) whose outcome is certain, and remind whom the others wait for.

    Returns how many were closed.
    """
    closed = 0
    directories: dict[int, Directory] = {}
    for panel, evidence, request, cycle in _waiting(session, evidence_id):
        if cycle.id not in directories:
            directories[cycle.id] = Directory.load(session, Policy.model_validate(cycle.policy))
        directory = directories[cycle.id]
        if panel.outcome is not None:
            _wait_for_decider(session, panel, directory, now, actor)
        else:
            closed += _count_one(session, panel, evidence, request, directory, now, actor)
    return closed


def names_of_open(session: Session, cycle: Cycle) -> list[str]:
    """The panels of a cycle that are open or wait for their decider, as `system/kind`."""
    return [
        pair_name(session, evidence.system_id, evidence.kind_id)
        for _, evidence, _, of in _waiting(session)
        if of.id == cycle.id
    ]


def _waiting(session: Session, evidence_id: int | None = None) -> list[tuple[Panel, Evidence, Request, Cycle]]:
    """Panels nobody has decided yet, in cycles under way."""
    named = [Panel.evidence_id == evidence_id] if evidence_id is not None else []
    rows = session.exec(
        select(Panel, Evidence, Request, Cycle)
        .join(Evidence, col(Evidence.id) == col(Panel.evidence_id))
        .join(Request, col(Request.id) == col(Evidence.request_id))
        .join(Cycle, col(Cycle.id) == col(Request.cycle_id))
        .outerjoin(Verdict, col(Verdict.evidence_id) == col(Panel.evidence_id))
        .where(col(Panel.outcome).is_(None) | (col(Panel.outcome) == "no-quorum"))
        .where(col(Verdict.evidence_id).is_(None), col(Cycle.state).in_(OPEN), *named)
        .order_by(col(Panel.evidence_id))
    ).all()
    return [(panel, evidence, request, cycle) for panel, evidence, request, cycle in rows]


def _count_one(
    session: Session,
    panel: Panel,
    evidence: Evidence,
    request: Request,
    directory: Directory,
    now: datetime,
    actor: str,
) -> bool:
    if (request.state, request.evidence_id) != ("submitted", evidence.id):
        _close(session, panel, evidence, "void", now, actor)
        return True
    act = _as_hoshin(session, now, actor)
    if _changed(session, panel, evidence, request):
        _close(session, panel, evidence, "void", now, actor)
        decisions.give_back(act, request, evidence, directory, "", by=None, panel="void")
        return True
    said = outcome(panels.terms_of(panel), panels.roster_of(panel), panels.ballots_of(session, panel), now)
    if said == "open":
        _remind(session, panel, directory, now)
        return False
    _close(session, panel, evidence, said, now, actor)
    if said == "satisfied":
        answers.accept(act, request, evidence, by=None, panel=said)
    elif said == "not-satisfied":
        decisions.give_back(act, request, evidence, directory, _reasons(session, panel), by=None, panel=said)
    else:
        _ask_decider(session, panel, directory, now)
    return True


def _changed(session: Session, panel: Panel, evidence: Evidence, request: Request) -> bool:
    """Whether what the members look at is no longer what they were asked about.

    A document that is gone or differs from what was sealed; one that could not be sealed in time is judged as it is.
    """
    if evidence.sha256 is None or panel.terms["digest"] != evidence.sha256:
        return False
    watched = last_answers.watched_document(session, request, evidence.locator)
    if watched is None or watched.changed_at is None or watched.changed_at <= evidence.received_at:
        return False
    return watched.status == "missing" or watched.sha256 != evidence.sha256


def _close(session: Session, panel: Panel, evidence: Evidence, said: str, now: datetime, actor: str) -> None:
    panel.outcome, panel.closed_at = said, now
    session.add(panel)
    session.flush()
    after = {"evidence": evidence.id, "digest": panel.terms["digest"], "call": panel.terms["call"], "outcome": said}
    name = pair_name(session, evidence.system_id, evidence.kind_id)
    journal.append(session, at=now, actor=actor, action="panel.closed", subject=f"evidence:{name}", after=after)
    outbox.refresh_about(session, "evidence", evidence.id, now=now)


def _reasons(session: Session, panel: Panel) -> str:
    """Why members returned it, without who; sorted by their words, so that the order tells nothing either."""
    rows = session.exec(select(Review.reason).where(Review.evidence_id == panel.evidence_id, Review.vote == "return"))
    found = sorted(dict.fromkeys(rows.all()))
    return found[0] if len(found) == 1 else "\n".join(f"• {reason}" for reason in found)


def _remind(session: Session, panel: Panel, directory: Directory, now: datetime) -> None:
    """At half time and a workday before the deadline, those at work who have not voted, once each."""
    evidence = session.get_one(Evidence, panel.evidence_id)
    request = session.get_one(Request, evidence.request_id or 0)
    policy = Policy.model_validate(session.get_one(Cycle, request.cycle_id).policy)
    calendar, zone = panels.home_calendar(session, policy)
    ends = panel.deadline.astimezone(zone)
    last = datetime.combine(calendar.add(ends.date(), -1), ends.timetz())
    half = panel.called_at + (panel.deadline - panel.called_at) / 2
    which = "last" if now >= last else "half" if now >= half and last - half >= TOO_CLOSE else None
    if which is None or last <= panel.called_at:
        return
    silent = session.exec(
        select(Review.reviewer_id)
        .where(Review.evidence_id == evidence.id, col(Review.vote).is_(None))
        .order_by(col(Review.id))
    ).all()
    for person_id in silent:
        at = directory.hours(person_id).next_decent(now)
        if directory.is_here(person_id, now) and at < panel.deadline:
            _remind_of(session, panel, person_id, directory, which, now)


def _remind_of(session: Session, panel: Panel, person_id: int, directory: Directory, which: str, now: datetime) -> None:
    """Panels that were called together end together: their reminders are one message."""
    call = panel.terms["call"]
    gather(
        session,
        directory,
        person_id,
        key=f"panel:{panel.evidence_id}:{call}:{directory.people[person_id].key}:{which}",
        kind="panel",
        # Two reminders for each call, told apart by their rungs.
        about=("evidence", panel.evidence_id, 2 * call + (which == "last")),
        role="reminder",
        now=now,
    )


def _ask_decider(
    session: Session, panel: Panel, directory: Directory, now: datetime, again: date | None = None
) -> None:
    """Of several panels that did not agree the decider hears in one message; on a later day (`again`) once more."""
    person_id, call = panel.decider_id, panel.terms["call"]
    key = f"panel:{panel.evidence_id}:{call}:decide:{directory.people[person_id].key}"
    gather(
        session,
        directory,
        person_id,
        key=f"{key}:{again}" if again else key,
        kind="panel",
        about=("evidence", panel.evidence_id, again.toordinal() if again else call),
        role="decider",
        now=now,
    )


def _wait_for_decider(session: Session, panel: Panel, directory: Directory, now: datetime, actor: str) -> None:
    """A decider who is not there is replaced by another lead; one who is, is reminded every third workday."""
    if not directory.is_here(panel.decider_id, now):
        following = panels.next_decider(session, panel, directory, now)
        if following is not None and following != panel.decider_id:
            panel.decider_id = following
            session.add(panel)
            name = pair_name(session, *_pair(session, panel))
            after = {"evidence": panel.evidence_id, "decider": directory.people[following].key}
            journal.append(
                session, at=now, actor=actor, action="panel.decider", subject=f"evidence:{name}", after=after
            )
            _ask_decider(session, panel, directory, now)
        return
    last = session.exec(
        select(Delivery)
        .join(DeliveryItem, col(DeliveryItem.delivery_id) == col(Delivery.id))
        .where(DeliveryItem.subject == "evidence", DeliveryItem.subject_id == panel.evidence_id)
        .where(Delivery.kind == "panel", Delivery.role == "decider", Delivery.person_id == panel.decider_id)
        .order_by(col(Delivery.id).desc())
    ).first()
    decider = panel.decider_id
    today = directory.today(decider, now)
    since = directory.today(decider, last.created_at) if last else None
    if since is None or directory.calendar(decider).between(since, today) >= DECIDER_AGAIN_WORKDAYS:
        _ask_decider(session, panel, directory, now, today)


def _pair(session: Session, panel: Panel) -> tuple[int, int]:
    evidence = session.get_one(Evidence, panel.evidence_id)
    return evidence.system_id, evidence.kind_id


def _as_hoshin(session: Session, now: datetime, actor: str) -> Act:
    """Carrying out what the votes say is nobody's own act: an actor without a name, who is never kept in the record."""
    nobody = Person(key=actor, name="", email="", zone="UTC", locale="en", country="", work_starts="", work_ends="")
    return Act(session, nobody, now)
