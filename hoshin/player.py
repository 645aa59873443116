"""The people of a programme, acting as their behaviour file says, at the times it says.

The player looks at the record for what has reached somebody, works out when they would react, and has it done by their
hands when that time comes. The same record, file and seed give the same acts at the same instants.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from sqlmodel import Session, col, select

from cycles import last_answers
from cycles.errors import Refused
from cycles.models import (
    UNANSWERED,
    Cycle,
    Evidence,
    EvidenceKind,
    Panel,
    Person,
    Request,
    Review,
    System,
)
from cycles.people import Directory, current_policy
from cycles.permits import Act
from cycles.store import Record
from hoshin import reactions
from hoshin.behaviour import Behaviour, Special
from hoshin.hands import Hands
from hoshin.reactions import Deed, Due
from hoshin.remedies import actions_due

ASKING = ("digest", "returned", "escalation")


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
    seen: tuple[object, ...] = ()

    def look(self, now: datetime) -> None:
        """Plan a reaction to whatever has reached somebody since the last look."""
        with self.record.read() as session:
            seen = (*reactions.what_there_is(session), len(self.done), now.date())
            if seen == self.seen:
                return
            self.seen = seen
            directory = Directory.load(session, current_policy(session))
            # Held, a session finds them by number without asking again for each request and action.
            held = session.exec(select(System)).all(), session.exec(select(EvidenceKind)).all()
            for due in self._reactions(session, directory, now):
                if due.name not in self.done:
                    self.planned.setdefault(due.name, due)
            del held

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
        yield from self._requests(session, directory)
        yield from self._offers_and_disputes(session, directory, now)
        yield from self._reviews(session, directory)
        yield from actions_due(self, session, directory)

    def _plans(self, session: Session, directory: Directory, now: datetime) -> Iterator[Due]:
        acts = self.behaviour.lead
        for cycle in session.exec(select(Cycle).where(Cycle.state == "planned")).all():
            lead = directory.lead(now)
            who, key = directory.people[lead].key, cycle.key
            at = reactions.reaction_time(
                self.seed, directory, lead, cycle.planned_at, acts.approves_after_workdays, acts.hour, key
            )
            yield Due(at, f"approve:{key}", partial(self.hands.approve_plan, who, key))

    def _requests(self, session: Session, directory: Directory) -> Iterator[Due]:
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
            due = self._answer(session, directory, request, f"{system.key}/{kind.key}")
            if due is not None:
                yield due

    def _answer(self, session: Session, directory: Directory, request: Request, pair: str) -> Due | None:
        who = directory.people[request.assignee_id]
        acts, special = self.behaviour.person(who.key), self.behaviour.special_of(pair)
        how = acts.answers
        if special is not None and special.do == "ignore":
            return None
        first = self._special(request, special, pair, who.key) if special and request.state == "asked" else None
        if special is not None and first is None:
            how = special.then or how
        name = f"{special.do}:{pair}" if special and first else reactions.answer_name(request, pair, who.key)
        if how == "ignore" or self.knows(name):
            return None
        reached = reactions.reached_at(session, "request", request.id, request.assignee_id, kinds=ASKING)
        if reached is None:
            return None
        if request.snoozed_until:
            reached = max(reached, directory.hours(who.id).opens(request.snoozed_until))
        at = reactions.reaction_time(self.seed, directory, who.id, reached, acts.after_workdays, acts.hour, name)
        return Due(at, name, first or self._plain_answer(session, directory, request, who, how, at))

    def _plain_answer(
        self, session: Session, directory: Directory, request: Request, who: Person, how: str, at: datetime
    ) -> Deed:
        confirms = how == "confirm_or_submit" and request.state == "asked"
        last = last_answers.last_accepted(session, request) if confirms else None
        kind = session.get_one(EvidenceKind, request.kind_id)
        if last is not None and last_answers.confirmable(session, request, kind, last):
            return partial(self.hands.confirm, who.key, request.id)
        return partial(
            self.hands.submit,
            who.key,
            request.id,
            reactions.handed_in(session, directory, self.behaviour, request, at, self.link_base),
        )

    def knows(self, name: str) -> bool:
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
            until = reactions.workdays_ahead(session, who, self._now(), workdays)
        self.hands.snooze(who, number, until, reason)

    def _now(self) -> datetime:
        clock: Callable[[], datetime] = self.hands.clock  # type: ignore[attr-defined]
        return clock()

    def _offers_and_disputes(self, session: Session, directory: Directory, now: datetime) -> Iterator[Due]:
        waiting = session.exec(
            select(Request)
            .join(Cycle, col(Cycle.id) == col(Request.cycle_id))
            .where(col(Request.offered_to_id).is_not(None) | col(Request.disputed))
            .where(col(Request.state).in_(UNANSWERED), Cycle.state != "closed")
            .order_by(col(Request.id))
        ).all()
        for request in waiting:
            pair = Act(session, directory.people[request.owner_id], now).name(request)
            told = request.offered_to_id if request.offered_to_id is not None else directory.lead(now)
            reached = reactions.reached_at(session, "request", request.id, told, kinds=("offer", "dispute"))
            if reached is None:
                continue
            who, number = directory.people[told].key, request.id
            if request.offered_to_id is not None:
                acts = self.behaviour.person(who)
                at = reactions.reaction_time(self.seed, directory, told, reached, 0, acts.hour, f"{pair}:offer")
                yield Due(at, f"take:{pair}:{who}", partial(self.hands.accept_offer, who, number))
            elif to := self._takes_over(directory, request, pair):
                at = reactions.reaction_time(
                    self.seed, directory, told, reached, 0, self.behaviour.lead.hour, f"{pair}:dispute"
                )
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
            .outerjoin(Panel, col(Panel.evidence_id) == col(Review.evidence_id))
            .where(col(Review.vote).is_(None), col(Panel.outcome).is_(None))
            .order_by(col(Review.id))
        ).all()
        yield from self._panels(session, directory)
        for review, evidence in waiting:
            if self.knows(f"review:{evidence.id}:{directory.people[review.reviewer_id].key}"):
                continue
            reached = reactions.reached_at(session, "evidence", evidence.id, review.reviewer_id)
            if reached is None:
                continue
            reviewer = directory.people[review.reviewer_id]
            pair = Act(session, reviewer, reached).name(evidence)
            acts = self.behaviour.reviewer(reviewer.key)
            at = reactions.reaction_time(
                self.seed, directory, reviewer.id, reached, acts.after_workdays, acts.hour, f"review:{pair}"
            )
            reason = self.behaviour.return_of(reviewer.key, pair) if evidence.supersedes_id is None else None
            vote = "return" if reason else "accept"
            yield Due(
                at,
                f"review:{evidence.id}:{reviewer.key}",
                partial(self.hands.review, reviewer.key, evidence.id, vote, reason or ""),
            )

    def _panels(self, session: Session, directory: Directory) -> Iterator[Due]:
        """What a panel did not agree on, its decider accepts the next day at their hour."""
        for panel in reactions.undecided(session):
            who, number = directory.people[panel.decider_id].key, panel.evidence_id
            reached = reactions.reached_at(session, "evidence", number, panel.decider_id, kinds=("panel",))
            if reached is not None:
                name = f"decide:{number}:{who}"
                at = reactions.reaction_time(
                    self.seed, directory, panel.decider_id, reached, 1, self.behaviour.lead.hour, name
                )
                yield Due(at, name, partial(self.hands.review, who, number, "accept", ""))
