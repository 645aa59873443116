"""Who may do what to a request, an evidence or an action, and in which state it may be done."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session

from cycles import departures, journal, outbox
from cycles.check import pair_name
from cycles.errors import Refused
from cycles.models import UNANSWERED, Action, Cycle, Evidence, Person, Request
from cycles.people import Directory, has_left
from cycles.policy import Policy

# Every legal change of a request's state; `lapsed` can still be answered while its cycle is open.
LEGAL: dict[str, frozenset[str]] = {
    "pending": frozenset({"asked", "submitted", "accepted", "excused", "lapsed"}),
    "asked": frozenset({"submitted", "accepted", "excused", "lapsed"}),
    "submitted": frozenset({"accepted", "returned"}),
    "returned": frozenset({"submitted", "accepted", "excused", "lapsed"}),
    "lapsed": frozenset({"submitted", "accepted", "excused"}),
    # Only by a lapse that begins after the acceptance, or by evidence that ends before the cycle: it is answered again.
    "accepted": frozenset({"lapsed", "pending"}),
    "excused": frozenset(),
}
ANSWERABLE = frozenset(state for state, to in LEGAL.items() if "submitted" in to)


@dataclass(frozen=True)
class Act:
    """One person doing one thing at one moment, inside one transaction."""

    session: Session
    person: Person
    now: datetime

    def request(self, request_id: int) -> tuple[Request, Cycle, Policy, Directory]:
        """The request with what deciding about it needs.

        Raises:
            Refused: when it does not exist or its cycle is closed.
        """
        request = self.session.get(Request, request_id)
        if request is None:
            raise Refused("unknown", f"There is no request {request_id}.")
        cycle = self.session.get_one(Cycle, request.cycle_id)
        if cycle.state in ("planned", "closed", "cancelled"):
            raise Refused("closed", f"Cycle {cycle.key} is {cycle.state}; nothing can be answered in it.")
        self.must_be_here()
        policy = Policy.model_validate(cycle.policy)
        return request, cycle, policy, Directory.few(self.session, policy)

    def may_answer(self, request: Request, directory: Directory) -> None:
        """The owner, whoever was asked, those the ladder may ask, and leads.

        Raises:
            Refused: for anybody else, or when it is answered already.
        """
        if self.person.id not in {request.assignee_id, *directory.line(request.owner_id)}:
            self.must_lead(directory)
        if request.state not in ANSWERABLE:
            raise Refused("answered", f"Request {request.id} is already {request.state}.")

    def may_hand_on(self, request: Request, directory: Directory) -> None:
        """Reassigning and nudging are for the owner's manager and the leads."""
        if self.person.id != directory.people[request.owner_id].manager_id:
            self.must_lead(directory)

    def must_be_here(self) -> None:
        """Who has left the organisation decides nothing in it any more."""
        if has_left(self.person, self.now):
            raise Refused("left", f"{self.person.name} has left the organisation.")

    def must_be_asked(self, request: Request) -> None:
        """Putting off and handing on are for a request that is being asked; a lapsed one is only answered."""
        if request.state not in UNANSWERED:
            raise Refused("answered", f"Request {request.id} is {request.state}; it can be answered, not handed on.")

    def must_lead(self, directory: Directory) -> None:
        if not directory.is_lead(self.person.id):
            raise Refused("not_yours", "Only the person asked, their line or a lead may do this.")

    def is_decided(self, request: Request) -> None:
        """Nobody has to decide about a request any more; what was before the lead with it alone is looked at again."""
        if request.disputed:
            request.disputed = False
            departures.look_again(self.session, request, request.assignee_id, self.now)

    def change(self, request: Request, state: str, verb: str, **details: Any) -> None:
        """Move a request to a state, journal it as this person's act, and have its messages rewritten.

        Raises:
            Refused: when the change is not legal.
        """
        before = request.state
        if state != before and state not in LEGAL[before]:
            raise Refused("answered", f"Request {request.id} is {before} and cannot become {state}.")
        request.state = state
        request.answer = {"verb": verb, "by": self.person.name, "at": self.now.isoformat(), **_plain(details)}
        self.session.add(request)
        self.session.flush()
        entry = journal.append(
            self.session,
            at=self.now,
            actor=self.person.key,
            action=f"request.{verb}",
            subject=f"request:{self.name(request)}",
            before={"state": before},
            after={"state": state, "request": request.id, **details},
        )
        request.answer = {**request.answer, "record": f"J-{entry.seq}"}
        self.session.add(request)
        self.session.flush()
        outbox.refresh_about(self.session, "request", request.id, now=self.now)

    def name(self, subject: Request | Evidence | Action) -> str:
        return pair_name(self.session, subject.system_id, subject.kind_id)


def _plain(details: dict[str, Any]) -> dict[str, Any]:
    return {name: value if isinstance(value, (int, str, bool)) else str(value) for name, value in details.items()}
