"""What a simulated person can do, and doing it straight on the record."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from sqlmodel import Session

from cycles import answers, decisions, objections, panel_outcomes
from cycles.answers import Offered
from cycles.models import EvidenceKind, Request
from cycles.permits import Act
from cycles.store import Record
from flows.work import person_named


@dataclass(frozen=True, kw_only=True)
class Handed:
    """What somebody hands in: `content` is the file's text, the attestation or unused, `locator` the link or file name."""

    form: str
    locator: str
    content: str
    effective: date
    note: str


class Hands(Protocol):
    """Everything the people of a programme do. `who` is a person's key."""

    def approve_plan(self, who: str, cycle: str) -> None: ...
    def confirm(self, who: str, request_id: int) -> None: ...
    def submit(self, who: str, request_id: int, handed: Handed) -> None: ...
    def snooze(self, who: str, request_id: int, until: date, reason: str) -> None: ...
    def delegate(self, who: str, request_id: int, to: str, note: str) -> None: ...
    def accept_offer(self, who: str, request_id: int) -> None: ...
    def not_mine(self, who: str, request_id: int, note: str) -> None: ...
    def reassign(self, who: str, request_id: int, to: str, note: str) -> None: ...
    def review(self, who: str, evidence_id: int, vote: str, reason: str) -> None: ...
    def implemented(self, who: str, action_id: int, correction: str, root_cause: str, corrective: str) -> None: ...
    def judge(self, who: str, action_id: int, worked: bool, note: str) -> None: ...


@dataclass
class RecordHands:
    """Answers given straight to the record, for the simulator: the same rules, no Slack between."""

    record: Record
    clock: Any  # Callable[[], datetime]

    def approve_plan(self, who: str, cycle: str) -> None:
        self._do(who, decisions.approve_plan, cycle)

    def confirm(self, who: str, request_id: int) -> None:
        self._do(who, answers.confirm, request_id)

    def submit(self, who: str, request_id: int, handed: Handed) -> None:
        offered = Offered(
            form=handed.form,
            locator=handed.locator,
            effective=handed.effective,
            note=handed.content if handed.form == "attestation" else handed.note,
            source="simulation",
        )
        self._do(who, answers.submit, request_id, offered)

    def snooze(self, who: str, request_id: int, until: date, reason: str) -> None:
        self._do(who, answers.snooze, request_id, until, reason)

    def delegate(self, who: str, request_id: int, to: str, note: str) -> None:
        with self.record.write() as session:
            answers.delegate(self._act(session, who), request_id, person_named(session, to), note)

    def accept_offer(self, who: str, request_id: int) -> None:
        self._do(who, answers.accept_offer, request_id)

    def not_mine(self, who: str, request_id: int, note: str) -> None:
        self._do(who, objections.not_mine, request_id, note)

    def reassign(self, who: str, request_id: int, to: str, note: str) -> None:
        with self.record.write() as session:
            decisions.reassign(self._act(session, who), request_id, person_named(session, to), note)

    def review(self, who: str, evidence_id: int, vote: str, reason: str) -> None:
        self._do(who, decisions.review, evidence_id, vote, reason)
        with self.record.write() as session:
            panel_outcomes.count(session, now=self.clock(), actor="hoshin", evidence_id=evidence_id)

    def implemented(self, who: str, action_id: int, correction: str, root_cause: str, corrective: str) -> None:
        with self.record.write() as session:
            decisions.implemented(
                self._act(session, who),
                action_id,
                correction=correction,
                root_cause=root_cause,
                corrective_action=corrective,
            )

    def judge(self, who: str, action_id: int, worked: bool, note: str) -> None:
        with self.record.write() as session:
            decisions.judge_action(self._act(session, who), action_id, worked=worked, note=note)

    def _do(self, who: str, what: Any, *args: Any) -> None:
        with self.record.write() as session:
            what(self._act(session, who), *args)

    def _act(self, session: Session, who: str) -> Act:
        now: datetime = self.clock()
        return Act(session, person_named(session, who), now)


def allowed_forms(session: Session, request_id: int) -> list[str]:
    """The forms the evidence kind of a request takes."""
    request = session.get_one(Request, request_id)
    return list(session.get_one(EvidenceKind, request.kind_id).forms)
