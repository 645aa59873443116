"""What simulated people do, done the way people do it: they press and fill in, in the local Slack."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlmodel import col, select

from cycles.errors import Refused
from cycles.models import Delivery, DeliveryItem, Person, Request
from cycles.store import Record
from hoshin.hands import Handed
from localslack.client import HumanClient

PREFIX = "hoshin.v1"
Json = dict[str, Any]


class NotThere(LookupError):
    """The person has no message that offers what they mean to do."""


@dataclass
class SlackHands:
    """Everybody's hands in the local Slack; each act is acknowledged before the next begins."""

    record: Record
    clock: Callable[[], datetime]
    slack: HumanClient

    def approve_plan(self, who: str, cycle: str) -> None:
        self._press(who, "cycle", None, "approve_plan", cycle)

    def confirm(self, who: str, request_id: int) -> None:
        view = self._press(who, "request", request_id, "confirm", str(request_id))
        if view is not None:
            self._submit(who, view, {})

    def submit(self, who: str, request_id: int, handed: Handed) -> None:
        view = self._form(who, "request", request_id, "submit", str(request_id))
        values: Json = {"effective": {"value": handed.effective.isoformat()}}
        if handed.form == "file":
            uploaded = self.slack.upload(self._email(who), handed.locator, content=handed.content.encode())
            values["file"] = {"value": [uploaded["id"]]}
        else:
            values[handed.form] = {"value": handed.content if handed.form == "attestation" else handed.locator}
        if handed.note:
            values["note"] = {"value": handed.note}
        self._submit(who, view, values)

    def snooze(self, who: str, request_id: int, until: date, reason: str) -> None:
        view = self._form(who, "request", request_id, "snooze", str(request_id))
        self._submit(who, view, {"until": {"value": until.isoformat()}, "reason": {"value": reason}})

    def delegate(self, who: str, request_id: int, to: str, note: str) -> None:
        view = self._form(who, "request", request_id, "delegate", str(request_id))
        self._submit(who, view, {"user": {"value": self._slack_id(to)}, **_note(note)})

    def accept_offer(self, who: str, request_id: int) -> None:
        self._press(who, "request", request_id, "accept_offer", str(request_id))

    def not_mine(self, who: str, request_id: int, note: str) -> None:
        view = self._form(who, "request", request_id, "not_mine", str(request_id))
        self._submit(who, view, _note(note))

    def reassign(self, who: str, request_id: int, to: str, note: str) -> None:
        view = self._form(who, "request", request_id, "reassign", str(request_id))
        self._submit(who, view, {"user": {"value": self._slack_id(to)}, **_note(note)})

    def review(self, who: str, evidence_id: int, vote: str, reason: str) -> None:
        if vote != "return":
            self._press(who, "evidence", evidence_id, f"review_{vote}", str(evidence_id))
            return
        view = self._form(who, "evidence", evidence_id, "review_return", str(evidence_id))
        self._submit(who, view, {"reason": {"value": reason}})

    def implemented(self, who: str, action_id: int, correction: str, root_cause: str, corrective: str) -> None:
        view = self._form(who, "action", action_id, "implemented", str(action_id))
        said = {"correction": correction, "root_cause": root_cause, "corrective_action": corrective}
        self._submit(who, view, {name: {"value": text} for name, text in said.items() if text})

    def judge(self, who: str, action_id: int, worked: bool, note: str) -> None:
        verb = "effective" if worked else "ineffective"
        view = self._press(who, "action", action_id, verb, str(action_id), form=True)
        if view is not None:
            self._submit(who, view, _note(note))

    def _form(self, who: str, subject: str, number: int, verb: str, value: str) -> Json:
        view = self._press(who, subject, number, verb, value, form=True)
        if view is None:
            raise NotThere(f"{who} pressed {verb} for {subject} {value}, but no form opened")
        return view

    def _press(
        self, who: str, subject: str, number: int | None, verb: str, value: str, *, form: bool = False
    ) -> Json | None:
        """Find the person's newest message that offers an act, and press it; gives the form that opens, if any."""
        email = self._email(who)
        for channel, ts in self._messages(who, subject, number):
            message = next((row for row in self.slack.messages(email, channel) if row["ts"] == ts), None)
            offered = next(_offers(message or {}, verb, value), None)
            if offered is None:
                continue
            order = {"channel": channel, "ts": ts, "block_id": offered["block_id"], "value": offered["value"]}
            # "Still true" in a menu asks in a form, on a button in Slack's own dialog.
            opens = form or offered["action_id"] == f"{PREFIX}.more"
            done = self.slack.press(email, offered["action_id"], expect_view=opens, **order)
            if not done["acked"]:
                raise NotThere(f"the app did not answer {who}'s {verb}: {done['reason']}")
            return done["view"] if opens else None
        self._refuse_answered(subject, number)
        raise NotThere(f"{who} has no message that offers {verb} for {subject} {value}")

    def _refuse_answered(self, subject: str, number: int | None) -> None:
        """What somebody else answered meanwhile shows a receipt instead of buttons."""
        if subject != "request" or number is None:
            return
        with self.record.read() as session:
            request = session.get_one(Request, number)
        if request.state not in ("asked", "returned"):
            raise Refused("answered", f"Request {number} is already {request.state}.")

    def _messages(self, who: str, subject: str, number: int | None) -> Iterator[tuple[str, str]]:
        wanted = (
            select(Delivery.channel, Delivery.ts)
            .join(DeliveryItem, col(DeliveryItem.delivery_id) == col(Delivery.id))
            .join(Person, col(Person.id) == col(Delivery.person_id))
            .where(Person.key == who, Delivery.state == "sent", DeliveryItem.subject == subject)
            .order_by(col(Delivery.id).desc())
        )
        if number is not None:
            wanted = wanted.where(DeliveryItem.subject_id == number)
        with self.record.read() as session:
            found = session.exec(wanted).all()
        yield from ((channel, ts) for channel, ts in found if channel and ts)

    def _submit(self, who: str, view: Json, values: Json) -> None:
        done = self.slack.submit(self._email(who), view["id"], values)
        if done["errors"] or not done["acked"]:
            raise NotThere(f"{who}'s form was not taken: {done['errors'] or done['reason']}")

    def _email(self, who: str) -> str:
        return self._person(who).email

    def _slack_id(self, who: str) -> str:
        return self._person(who).slack_id or ""

    def _person(self, who: str) -> Person:
        with self.record.read() as session:
            return session.exec(select(Person).where(Person.key == who)).one()


def _note(note: str) -> Json:
    return {"note": {"value": note}} if note else {}


def _offers(message: Json, verb: str, value: str) -> Iterator[Json]:
    """Buttons and menu choices of a message that stand for an act on a subject."""
    for block in message.get("blocks", []):
        elements = [*block.get("elements", []), *([block["accessory"]] if "accessory" in block else [])]
        for element in elements:
            if element.get("action_id") == f"{PREFIX}.{verb}" and element.get("value") == value:
                yield {"action_id": element["action_id"], "block_id": block["block_id"], "value": value}
            for option in element.get("options", []):
                if option.get("value") == f"{verb}:{value}":
                    yield {"action_id": element["action_id"], "block_id": block["block_id"], "value": option["value"]}
