"""A request as its reader sees it, and the small facts every brief is made of."""

from datetime import date, datetime

from sqlalchemy import select
from sqlmodel import Session

from cycles import answers
from cycles.briefs import Answered, ControlRef, Item, LastAnswer, Reader
from cycles.models import (
    UNANSWERED,
    Control,
    Cycle,
    Evidence,
    EvidenceKind,
    Framework,
    Person,
    Request,
    System,
    Verdict,
)
from cycles.pairs import control, required
from cycles.people import Directory
from cycles.permits import Act
from cycles.policy import Policy

framework = Framework.__table__.c  # type: ignore[attr-defined]


def reader_of(person: Person) -> Reader:
    """A person as a message's reader; every language but Japanese reads English."""
    locale = "ja" if person.locale.startswith("ja") else "en"
    return Reader(person_id=person.id, name=person.name, locale=locale, zone=person.zone, slack_id=person.slack_id)


def item_for(session: Session, request_id: int, reader: Person, now: datetime) -> Item:
    """One request as its reader sees it now."""
    request = session.get_one(Request, request_id)
    cycle = session.get_one(Cycle, request.cycle_id)
    policy = Policy.model_validate(cycle.policy)
    directory = Directory.load(session, policy)
    act = Act(session, reader, now)
    system, kind = session.get_one(System, request.system_id), session.get_one(EvidenceKind, request.kind_id)
    last = answers.last_accepted(act, request)
    today, latest = directory.today(reader.id, now), answers.latest_snooze(request, cycle, policy, directory, act)
    return Item(
        request_id=request.id,
        cycle=cycle.key,
        system=system.key,
        system_name=system.name,
        kind=kind.key,
        kind_title=kind.title,
        ask=kind.ask,
        guidance=kind.guidance,
        state=request.state,
        due=request.due,
        workdays_left=directory.calendar(reader.id).between(directory.today(reader.id, now), request.due),
        owner=directory.people[request.owner_id].name,
        assignee=directory.people[request.assignee_id].name,
        controls=controls_served(session, request),
        forms=tuple(kind.forms),
        can_confirm=last is not None and answers.confirmable(act, request, kind, last),
        can_snooze=request.snoozes < policy.asking.max_snoozes and latest > today and request.state in UNANSWERED,
        snooze_until=latest,
        last=last_answer(session, last),
        answered=_answered(request, directory.today(reader.id, now)),
        returned_reason=_returned_reason(session, request),
    )


def controls_served(session: Session, request: Request) -> tuple[ControlRef, ...]:
    """The controls a request's evidence serves, over all systems when it is the organisation's, each once."""
    needed = required(request.cycle_id).subquery("needed")
    rows = session.execute(
        select(framework.key, framework.title, control.label, control.title, control.position)
        .select_from(needed)
        .join(Control, control.id == needed.c.control_id)
        .join(Framework, framework.id == control.framework_id)
        .where(needed.c.subject_id == request.system_id, needed.c.kind_id == request.kind_id)
        .order_by(framework.key, control.position)
    ).all()
    found = {(row[0], row[2]): row for row in rows}
    return tuple(ControlRef(framework=r[0], framework_title=r[1], label=r[2], title=r[3]) for r in found.values())


def _answered(request: Request, today: date) -> Answered | None:
    """How a request stands answered: by its state, or for a while by a snooze, an offer or a dispute."""
    said = request.answer
    if said is None:
        return None
    verb = str(said["verb"])
    if request.state in UNANSWERED:
        snoozed = verb == "snoozed" and request.snoozed_until is not None and request.snoozed_until > today
        offered = verb == "delegated" and request.offered_to_id is not None
        if not (snoozed or offered or (verb == "disputed" and request.disputed)):
            return None
    if request.state == "lapsed":
        return None
    return Answered(
        verb=verb,
        by=str(said["by"]),
        at=datetime.fromisoformat(str(said["at"])),
        record=str(said.get("record", "")),
        until=request.snoozed_until if verb == "snoozed" else None,
    )


def _returned_reason(session: Session, request: Request) -> str | None:
    if request.state != "returned" or request.evidence_id is None:
        return None
    verdict = session.get(Verdict, request.evidence_id)
    return verdict.reason if verdict and verdict.outcome == "returned" else None


def last_answer(session: Session, evidence: Evidence | None) -> LastAnswer | None:
    if evidence is None:
        return None
    return LastAnswer(
        evidence_id=evidence.id,
        form=evidence.form,
        locator=evidence.locator,
        effective=evidence.effective,
        valid_until=evidence.valid_until,
        by=session.get_one(Person, evidence.submitter_id).name,
        sha256=evidence.sha256,
    )
