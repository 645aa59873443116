"""The people of a programme, acting as their behaviour file says, at the times it says.

The player looks at the record for what has reached somebody, works out when they would react, and has it done by their
hands when that time comes. The same record, file and seed give the same acts at the same instants.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from cycles import answers
from cycles.act import AT_WORK
from cycles.errors import Refused
from cycles.models import Action, Cycle, Delivery, DeliveryItem, Evidence, EvidenceKind, Person, Request, Review, System
from cycles.people import Directory, current_policy
from cycles.permits import ANSWERABLE, Act
from cycles.store import Record
from hoshin.behaviour import Behaviour, Language, Special
from hoshin.hands import Handed, Hands, allowed_forms

JITTER_MINUTES = 25
HOLDS: dict[Language, str] = {"en": "Looked again: it holds.", "ja": "再確認しました。対応は定着しています。"}
ASKING = ("digest", "returned", "escalation")
Deed = Callable[[], None]


@dataclass(order=True)
class Due:
    """One act to come. `name` keeps acts of the same instant in a fixed order and from being planned twice."""

    at: datetime
    name: str
    deed: Deed = field(compare=False)


@dataclass
class Player:
    """Plays everybody. `link_base` is where the links that people hand in point."""

    record: Record
    hands: Hands
    behaviour: Behaviour
    seed: int = 0
    link_base: str = "https://docs.kumonagi.example/"
    planned: dict[str, Due] = field(default_factory=dict)
    done: set[str] = field(default_factory=set)
    refused: list[str] = field(default_factory=list)

    def look(self, now: datetime) -> None:
        """Plan a reaction to whatever has reached somebody since the last look."""
        with self.record.read() as session:
            directory = Directory.load(session, current_policy(session))
            for due in self._reactions(session, directory, now):
                if due.name not in self.done:
                    self.planned.setdefault(due.name, due)

    def next_at(self) -> datetime | None:
        """When the next act is due."""
        return min((due.at for due in self.planned.values()), default=None)

    def play(self, now: datetime) -> int:
        """Do everything that is due; returns how much that was."""
        due = sorted(item for item in self.planned.values() if item.at <= now)
        for item in due:
            del self.planned[item.name]
            self.done.add(item.name)
            try:
                item.deed()
            except Refused as refusal:
                # Meanwhile somebody else answered, say. People live with that; the run reports it.
                self.refused.append(f"{item.name}: {refusal}")
        return len(due)

    def _reactions(self, session: Session, directory: Directory, now: datetime) -> Iterator[Due]:
        yield from self._plans(session, directory, now)
        yield from self._requests(session, directory, now)
        yield from self._offers_and_disputes(session, directory, now)
        yield from self._reviews(session, directory)
        yield from self._actions(session, directory)

    def _plans(self, session: Session, directory: Directory, now: datetime) -> Iterator[Due]:
        acts = self.behaviour.lead
        for cycle in session.exec(select(Cycle).where(Cycle.state == "planned")).all():
            lead = directory.lead(now)
            who, key = directory.people[lead].key, cycle.key
            at = self._when(directory, lead, cycle.planned_at, acts.approves_after_workdays, acts.hour, key)
            yield Due(at, f"approve:{key}", partial(self.hands.approve_plan, who, key))

    def _requests(self, session: Session, directory: Directory, now: datetime) -> Iterator[Due]:
        asked = session.exec(
            select(Request, System, EvidenceKind)
            .join(Cycle, col(Cycle.id) == col(Request.cycle_id))
            .join(System, col(System.id) == col(Request.system_id))
            .join(EvidenceKind, col(EvidenceKind.id) == col(Request.kind_id))
            .where(col(Request.state).in_(("asked", "returned")), ~col(Request.disputed), Cycle.state != "closed")
            .where(col(Request.offered_to_id).is_(None))
            .order_by(col(Request.id))
        ).all()
        for request, system, kind in asked:
            due = self._answer(session, directory, request, f"{system.key}/{kind.key}", now)
            if due is not None:
                yield due

    def _answer(self, session: Session, directory: Directory, request: Request, pair: str, now: datetime) -> Due | None:
        who = directory.people[request.assignee_id]
        acts, special = self.behaviour.person(who.key), self.behaviour.special_of(pair)
        how = acts.answers
        if special is not None and special.do == "ignore":
            return None
        first = self._special(request, special, pair, who.key) if special and request.state == "asked" else None
        if special is not None and first is None:
            how = special.then or how
        name = f"{special.do}:{pair}" if special and first else _answer_name(request, pair, who.key)
        if how == "ignore" or self._known(name):
            return None
        reached = _reached(session, "request", request.id, request.assignee_id, kinds=ASKING)
        if reached is None:
            return None
        if request.snoozed_until:
            reached = max(reached, directory.hours(who.id).opens(request.snoozed_until))
        at = self._when(directory, who.id, reached, acts.after_workdays, acts.hour, name)
        return Due(at, name, first or self._plain_answer(session, directory, request, who, how, at, now))

    def _plain_answer(
        self,
        session: Session,
        directory: Directory,
        request: Request,
        who: Person,
        how: str,
        at: datetime,
        now: datetime,
    ) -> Deed:
        act = Act(session, who, now)
        last = answers.last_accepted(act, request) if how == "confirm_or_submit" and request.state == "asked" else None
        if last is not None and answers.confirmable(act, request, _kind(session, request), last):
            return partial(self.hands.confirm, who.key, request.id)
        return partial(self.hands.submit, who.key, request.id, self._handed(session, directory, request, at))

    def _known(self, name: str) -> bool:
        return name in self.done or name in self.planned

    def _special(self, request: Request, special: Special, pair: str, who: str) -> Deed | None:
        """What happens first with a special request; None once it has happened."""
        number, name = request.id, f"{special.do}:{pair}"
        if name in self.done:
            return None
        if special.do == "snooze":
            return partial(self._snooze, who, number, special.workdays or 1, special.reason or "…")
        if special.do == "delegate":
            return partial(self.hands.delegate, who, number, special.to or "", special.note or "")
        return partial(self.hands.not_mine, who, number, special.note or "…")

    def _snooze(self, who: str, number: int, workdays: int, reason: str) -> None:
        with self.record.read() as session:
            directory = Directory.load(session, current_policy(session))
            person = next(person for person in directory.people.values() if person.key == who)
            until = directory.calendar(person.id).add(directory.today(person.id, self._now()), workdays)
        self.hands.snooze(who, number, until, reason)

    def _now(self) -> datetime:
        clock: Callable[[], datetime] = self.hands.clock  # type: ignore[attr-defined]
        return clock()

    def _offers_and_disputes(self, session: Session, directory: Directory, now: datetime) -> Iterator[Due]:
        waiting = session.exec(
            select(Request)
            .join(Cycle, col(Cycle.id) == col(Request.cycle_id))
            .where(col(Request.offered_to_id).is_not(None) | col(Request.disputed))
            .where(col(Request.state).in_(("pending", "asked", "returned")), Cycle.state != "closed")
            .order_by(col(Request.id))
        ).all()
        for request in waiting:
            pair = Act(session, directory.people[request.owner_id], now).name(request)
            told = request.offered_to_id if request.offered_to_id is not None else directory.lead(now)
            reached = _reached(session, "request", request.id, told, kinds=("offer", "dispute"))
            if reached is None:
                continue
            who, number = directory.people[told].key, request.id
            if request.offered_to_id is not None:
                acts = self.behaviour.person(who)
                at = self._when(directory, told, reached, 0, acts.hour, f"{pair}:offer")
                yield Due(at, f"take:{pair}:{who}", partial(self.hands.accept_offer, who, number))
            elif to := self._takes_over(directory, request, pair):
                at = self._when(directory, told, reached, 0, self.behaviour.lead.hour, f"{pair}:dispute")
                name = f"reassign:{pair}:{to}"
                yield Due(at, name, partial(self.hands.reassign, who, number, to, ""))

    def _takes_over(self, directory: Directory, request: Request, pair: str) -> str | None:
        special = self.behaviour.special_of(pair)
        if special is not None and special.reassign_to:
            return special.reassign_to
        return self.behaviour.lead.reassigns.get(directory.people[request.assignee_id].key)

    def _reviews(self, session: Session, directory: Directory) -> Iterator[Due]:
        waiting = session.exec(
            select(Review, Evidence)
            .join(Evidence, col(Evidence.id) == col(Review.evidence_id))
            .where(col(Review.vote).is_(None))
            .order_by(col(Review.id))
        ).all()
        for review, evidence in waiting:
            if self._known(f"review:{evidence.id}:{directory.people[review.reviewer_id].key}"):
                continue
            reached = _reached(session, "evidence", evidence.id, review.reviewer_id)
            if reached is None:
                continue
            reviewer = directory.people[review.reviewer_id]
            pair = Act(session, reviewer, reached).name(evidence)
            acts = self.behaviour.reviewer(reviewer.key)
            at = self._when(directory, reviewer.id, reached, acts.after_workdays, acts.hour, f"review:{pair}")
            reason = self.behaviour.return_of(reviewer.key, pair) if evidence.supersedes_id is None else None
            vote = "return" if reason else "accept"
            yield Due(
                at,
                f"review:{evidence.id}:{reviewer.key}",
                partial(self.hands.review, reviewer.key, evidence.id, vote, reason or ""),
            )

    def _actions(self, session: Session, directory: Directory) -> Iterator[Due]:
        for action in session.exec(
            select(Action).where(col(Action.closed_at).is_(None)).order_by(col(Action.id))
        ).all():
            owner = directory.people[action.owner_id]
            pair = Act(session, owner, action.opened_at).name(action)
            if self._known(
                f"judge:{action.id}:{action.relapses}"
                if action.state == "implemented"
                else f"remedy:{action.id}:{action.relapses}"
            ):
                continue
            if action.state == "implemented" and action.reviewer_id is not None:
                reached = _reached(session, "action", action.id, action.reviewer_id)
                if reached is None:
                    continue
                who = directory.people[action.reviewer_id].key
                at = self._when(directory, action.reviewer_id, reached, 1, "15:00", f"judge:{pair}")
                yield Due(
                    at,
                    f"judge:{action.id}:{action.relapses}",
                    partial(self.hands.judge, who, action.id, True, HOLDS[language_of(directory, action.reviewer_id)]),
                )
            elif action.state in AT_WORK:
                yield from self._remedy(session, directory, action, pair)

    def _remedy(self, session: Session, directory: Directory, action: Action, pair: str) -> Iterator[Due]:
        """The owner of an action reports what was done and hands in the evidence that was missing."""
        acts, owner = self.behaviour.action_of(pair), directory.people[action.owner_id]
        reached = _reached(session, "action", action.id, action.owner_id)
        if acts is None or reached is None:
            return
        hour = self.behaviour.person(owner.key).hour
        at = self._when(directory, owner.id, reached, acts.implemented_after_workdays, hour, f"action:{pair}")
        request = session.exec(
            select(Request)
            .where(Request.system_id == action.system_id, Request.kind_id == action.kind_id)
            .order_by(col(Request.id).desc())
        ).first()
        handed = self._handed(session, directory, request, at) if request and request.state in ANSWERABLE else None
        number, action_id = request.id if request else 0, action.id

        def remedy() -> None:
            self.hands.implemented(owner.key, action_id, acts.correction, acts.root_cause, acts.corrective_action)
            if handed is not None:
                self.hands.submit(owner.key, number, handed)

        yield Due(at, f"remedy:{action.id}:{action.relapses}", remedy)

    def _handed(self, session: Session, directory: Directory, request: Request, at: datetime) -> Handed:
        who = directory.people[request.assignee_id]
        said = self.behaviour.answers
        day = directory.calendar(who.id).add(directory.today(who.id, at), -said.effective_workdays_before)
        language = language_of(directory, who.id)
        system, kind = _system(session, request), _kind(session, request)
        filled = {
            "system": system.key,
            "system_name": system.name,
            "kind": kind.key,
            "kind_title": kind.title[language],
            "effective": day.isoformat(),
            "person": who.name,
        }
        words = said.words[language]
        form = self.behaviour.person(who.key).form_of(allowed_forms(session, request.id))
        place = said.saved_at.format(**filled)
        texts = {"link": "", "file": words.document.format(**filled), "attestation": words.attestation.format(**filled)}
        return Handed(
            form=form,
            locator=self.link_base + place if form == "link" else place.rpartition("/")[2],
            content=texts[form],
            effective=day,
            note=words.note.format(**filled),
        )

    def _when(self, directory: Directory, who: int, reached: datetime, workdays: int, hour: str, name: str) -> datetime:
        """So many workdays after something reached a person, at their hour give or take the seed's minutes."""
        hours = directory.hours(who)
        day: date = hours.local_day(reached)
        day = hours.calendar.add(day, workdays) if workdays else day
        while hours.on_leave(day):
            day = hours.calendar.add(day, 1)
        minutes = int(hashlib.sha256(f"{self.seed}:{name}".encode()).hexdigest(), 16) % JITTER_MINUTES
        local = datetime.combine(day, time.fromisoformat(hour), tzinfo=ZoneInfo(directory.people[who].zone))
        at = local.astimezone(UTC) + timedelta(minutes=minutes)
        return at if at > reached else reached + timedelta(minutes=5 + minutes)


def language_of(directory: Directory, person_id: int) -> Language:
    """The language a person writes in."""
    return "ja" if directory.people[person_id].locale.startswith("ja") else "en"


def _reached(
    session: Session, subject: str, number: int, who: int, kinds: tuple[str, ...] | None = None
) -> datetime | None:
    """When something last reached a person in a message that asks for an act."""
    wanted = select(Delivery.sent_at).join(DeliveryItem, col(DeliveryItem.delivery_id) == col(Delivery.id))
    wanted = wanted.where(DeliveryItem.subject == subject, DeliveryItem.subject_id == number)
    wanted = wanted.where(Delivery.person_id == who, Delivery.state == "sent")
    first = ("digest", "returned", "offer", "review", "action", "effectiveness", "dispute", "escalation")
    wanted = wanted.where(col(Delivery.kind).in_(kinds or first)).order_by(col(Delivery.id).desc())
    return session.exec(wanted).first()


def _answer_name(request: Request, pair: str, who: str) -> str:
    """One answer per state, evidence, person and snooze of a request."""
    return f"answer:{pair}:{request.state}:{request.evidence_id}:{who}:{request.snoozes}"


def _kind(session: Session, request: Request) -> EvidenceKind:
    return session.get_one(EvidenceKind, request.kind_id)


def _system(session: Session, request: Request) -> System:
    return session.get_one(System, request.system_id)
