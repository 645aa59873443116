"""When people react to what reaches them, and what they hand in."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, func, select

from cycles import journal
from cycles.models import Delivery, DeliveryItem, EvidenceKind, Panel, Request, System, Verdict
from cycles.people import Directory, current_policy
from hoshin.behaviour import Behaviour, Language
from hoshin.hands import Handed, allowed_forms

JITTER_MINUTES = 25
Deed = Callable[[], None]


@dataclass(order=True)
class Due:
    """One act to come. `name` keeps acts of the same instant in a fixed order and from being planned twice."""

    at: datetime
    name: str
    deed: Deed = field(compare=False)


def handed_in(
    session: Session, directory: Directory, behaviour: Behaviour, request: Request, at: datetime, link_base: str
) -> Handed:
    """What the assignee of a request hands in, in their language and the form they like best."""
    who = directory.people[request.assignee_id]
    said = behaviour.answers
    day = directory.calendar(who.id).add(directory.today(who.id, at), -said.effective_workdays_before)
    language = language_of(directory, who.id)
    system, kind = session.get_one(System, request.system_id), session.get_one(EvidenceKind, request.kind_id)
    filled = {
        "system": system.key,
        "system_name": system.name,
        "kind": kind.key,
        "kind_title": kind.title[language],
        "effective": day.isoformat(),
        "person": who.name,
    }
    words = said.words[language]
    form = behaviour.person(who.key).form_of(allowed_forms(session, request.id))
    place = said.saved_at.format(**filled)
    texts = {"link": "", "file": words.document.format(**filled), "attestation": words.attestation.format(**filled)}
    return Handed(
        form=form,
        locator=link_base + place if form == "link" else place.rpartition("/")[2],
        content=texts[form],
        effective=day,
        note=words.note.format(**filled),
    )


def reaction_time(
    seed: int, directory: Directory, who: int, reached: datetime, workdays: int, hour: str, name: str
) -> datetime:
    """So many workdays after something reached a person, at their hour give or take the seed's minutes."""
    hours = directory.hours(who)
    day: date = hours.local_day(reached)
    day = hours.calendar.add(day, workdays) if workdays else day
    while hours.on_leave(day):
        day = hours.calendar.add(day, 1)
    minutes = int(hashlib.sha256(f"{seed}:{name}".encode()).hexdigest(), 16) % JITTER_MINUTES
    local = datetime.combine(day, time.fromisoformat(hour), tzinfo=ZoneInfo(directory.people[who].zone))
    at = local.astimezone(UTC) + timedelta(minutes=minutes)
    return at if at > reached else reached + timedelta(minutes=5 + minutes)


def language_of(directory: Directory, person_id: int) -> Language:
    """The language a person writes in."""
    return "ja" if directory.people[person_id].locale.startswith("ja") else "en"


def reached_at(
    session: Session, subject: str, number: int, who: int, kinds: tuple[str, ...] | None = None
) -> datetime | None:
    """When something last reached a person in a message that asks for an act."""
    wanted = select(Delivery.sent_at).join(DeliveryItem, col(DeliveryItem.delivery_id) == col(Delivery.id))
    wanted = wanted.where(DeliveryItem.subject == subject, DeliveryItem.subject_id == number)
    wanted = wanted.where(Delivery.person_id == who, Delivery.state == "sent")
    first = ("digest", "returned", "offer", "review", "panel", "action", "effectiveness", "dispute", "escalation")
    wanted = wanted.where(col(Delivery.kind).in_(kinds or first)).order_by(col(Delivery.id).desc())
    return session.exec(wanted).first()


def what_there_is(session: Session) -> tuple[int, int]:
    """The journal's last entry and how many messages arrived: where both are as before, nobody has anything new."""
    arrived = session.exec(select(func.count()).select_from(Delivery).where(Delivery.state == "sent")).one()
    return journal.head(session)[0], arrived


def workdays_ahead(session: Session, who: str, now: datetime, workdays: int) -> date:
    """The date so many workdays from a person's today."""
    directory = Directory.load(session, current_policy(session))
    person = next(person for person in directory.people.values() if person.key == who)
    return directory.calendar(person.id).add(directory.today(person.id, now), workdays)


def undecided(session: Session) -> list[Panel]:
    """Panels whose members did not agree, while their decider has not decided."""
    return list(
        session.exec(
            select(Panel)
            .outerjoin(Verdict, col(Verdict.evidence_id) == col(Panel.evidence_id))
            .where(Panel.outcome == "no-quorum", col(Verdict.evidence_id).is_(None))
            .order_by(col(Panel.evidence_id))
        ).all()
    )


def answer_name(request: Request, pair: str, who: str) -> str:
    """One answer per state, evidence, person and snooze of a request."""
    return f"answer:{pair}:{request.state}:{request.evidence_id}:{who}:{request.snoozes}"
