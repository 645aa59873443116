"""What the forms do once they are sent: one line per form, each an act of `cycles`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from cycles import acceptances, answers, brief_queries, decisions, findings, objections
from cycles.answers import Offered
from cycles.errors import Refused
from cycles.models import Person
from cycles.permits import Act
from inbox import improvement_forms
from inbox.files import Upload, keep
from inbox.letters import Malformed
from inbox.visit import Visit
from tasks.modals import read_values

Json = dict[str, Any]
FORMS = ("link", "file", "attestation")
OBJECTIONS: dict[str, Callable[[Act, int, str], None]] = {
    "not_mine": objections.not_mine,
    "not_applicable": objections.not_applicable,
    "cannot_provide": objections.cannot_provide,
}
# What a form cannot be understood without; Slack's own client insists on these, whoever imitates it may not.
NEEDED: dict[str, tuple[str, ...]] = {
    "snooze": ("until", "reason"),
    "delegate": ("user",),
    "reassign": ("user",),
    "not_mine": ("note",),
    "excuse": ("reason",),
    "keep_asking": ("note",),
    "review_return": ("reason",),
    "panel_recuse": ("reason",),
    "implemented": ("correction",),
    "accept_risk": ("reason", "until"),
    "risk_decline": ("reason",),
    "finding_dismiss": ("reason",),
    "concern": ("system", "title", "anonymous"),
}


@dataclass(frozen=True, kw_only=True)
class Filled:
    """A form's answers: `values` by block, the person chosen in it, and the files that were fetched."""

    values: Json
    chosen: Person | None = None
    files: Sequence[Upload] = field(default=())

    def text(self, name: str) -> str:
        return str(self.values.get(name) or "")


def read_form(visit: Visit) -> Json:
    """The answers as typed values.

    Raises:
        WrongAnswers: with a sentence per field.
        Malformed: when a field is not in the form at all.
        Refused: when what the form is about cannot be answered any more.
    """
    latest: date | None = None
    if visit.letter.verb == "snooze":
        with visit.inbox.record.read() as session:
            Act(session, visit.person, visit.now).request(visit.number)
            latest = brief_queries.item_for(session, visit.number, visit.person, visit.now).snooze_until
    if visit.letter.verb == "accept_risk":
        with visit.inbox.record.read() as session:
            latest = improvement_forms.latest_end(visit, Act(session, visit.person, visit.now))
    values = read_values(visit.letter.view, visit.words, today=visit.today, latest=latest)
    missing = [name for name in NEEDED.get(visit.letter.verb, ()) if not values.get(name)]
    if missing:
        raise Malformed(f"the form {visit.letter.verb} lacks {missing[0]}")
    return values


def may_send(visit: Visit) -> None:
    """Check before anything is fetched that this person may answer this request. Raises Refused."""
    with visit.inbox.record.read() as session:
        act = Act(session, visit.person, visit.now)
        request, _, _, directory = act.request(visit.number)
        act.may_answer(request, directory)


def file_rows(visit: Visit, values: Json) -> list[Json]:
    """Slack's description of each uploaded file, in the order chosen."""
    state = visit.letter.view["state"]["values"].get("file", {}).get("value", {})
    return [row for row in state.get("files") or [] if row.get("id") in (values.get("file") or [])]


def _evidence(visit: Visit, act: Act, filled: Filled) -> None:
    answers.submit(act, visit.number, _offered(filled, visit.today))
    # Before the commit, so that no row names a file that is not there; after the act, so that a refusal keeps none.
    for file in filled.files:
        keep(visit.inbox, file)


def _offered(filled: Filled, today: date) -> Offered:
    """The first form that was filled is the evidence; the rest is told in the note, files with their digests."""
    values = filled.values
    form = next((name for name in values if name in FORMS and values[name]), "")
    if not form:
        raise Refused("form", "The form holds no link, file or statement.")
    first = filled.files[0] if form == "file" else None
    others = filled.files[1:] if first else filled.files
    more = [f"{file.name} sha256:{file.sha256}" for file in others]
    more += [str(values[name]) for name in ("link", "attestation") if name != form and values.get(name)]
    note = "\n".join(part for part in (filled.text("note"), *more) if part)
    effective = values.get("effective") or today
    if first is None:
        return Offered(form=form, locator=str(values[form]), effective=effective, note=note)
    return Offered(
        form=form,
        locator=first.name,
        effective=effective,
        note=note,
        sha256=first.sha256,
        media_type=first.media_type,
        size=first.size,
    )


def _snooze(visit: Visit, act: Act, filled: Filled) -> None:
    answers.snooze(act, visit.number, filled.values["until"], filled.text("reason"))


def _delegate(visit: Visit, act: Act, filled: Filled) -> None:
    answers.delegate(act, visit.number, _chosen(filled), filled.text("note"))


def _reassign(visit: Visit, act: Act, filled: Filled) -> None:
    decisions.reassign(act, visit.number, _chosen(filled), filled.text("note"))


def _not_mine(visit: Visit, act: Act, filled: Filled) -> None:
    """Whatever the form says it is: not mine (as its button says), does not apply, cannot be provided."""
    note = filled.text("note")
    if filled.chosen is not None and note:
        note = f"{note}\n→ {filled.chosen.name}"
    OBJECTIONS[filled.text("objection") or "not_mine"](act, visit.number, note)


def _excuse(visit: Visit, act: Act, filled: Filled) -> None:
    decisions.excuse(act, visit.number, filled.text("reason"))


def _keep_asking(visit: Visit, act: Act, filled: Filled) -> None:
    objections.keep_asking(act, visit.number, filled.text("note"))


def _review_return(visit: Visit, act: Act, filled: Filled) -> None:
    decisions.review(act, visit.number, "return", filled.text("reason"))


def _panel_recuse(visit: Visit, act: Act, filled: Filled) -> None:
    decisions.review(act, visit.number, "recuse", filled.text("reason"))


def _implemented(visit: Visit, act: Act, filled: Filled) -> None:
    decisions.implemented(
        act,
        visit.number,
        correction=filled.text("correction"),
        root_cause=filled.text("root_cause"),
        corrective_action=filled.text("corrective_action"),
    )


def _judge(verdict: Literal["effective", "ineffective"]) -> Callable[[Visit, Act, Filled], None]:
    def judge(visit: Visit, act: Act, filled: Filled) -> None:
        decisions.judge_action(act, visit.number, worked=verdict == "effective", note=filled.text("note"))

    return judge


def _accept_risk(visit: Visit, act: Act, filled: Filled) -> None:
    improvement_forms.send_accept_risk(act, visit.number, filled.values)


def _risk_decline(visit: Visit, act: Act, filled: Filled) -> None:
    acceptances.decline(act, visit.number, filled.text("reason"))


def _finding_accept(visit: Visit, act: Act, filled: Filled) -> None:
    improvement_forms.send_triage(act, visit.number, filled.values, filled.chosen)


def _finding_dismiss(visit: Visit, act: Act, filled: Filled) -> None:
    findings.triage(act, visit.number, accept=False, reason=filled.text("reason"))


def _concern(visit: Visit, act: Act, filled: Filled) -> None:
    improvement_forms.send_concern(act, filled.values)


def _chosen(filled: Filled) -> Person:
    assert filled.chosen is not None, "the form insists on a person"
    return filled.chosen


SENT: dict[str, Callable[[Visit, Act, Filled], None]] = {
    "evidence": _evidence,
    "snooze": _snooze,
    "delegate": _delegate,
    "not_mine": _not_mine,
    "excuse": _excuse,
    "keep_asking": _keep_asking,
    "review_return": _review_return,
    "panel_recuse": _panel_recuse,
    "reassign": _reassign,
    "implemented": _implemented,
    "effective": _judge("effective"),
    "ineffective": _judge("ineffective"),
    "accept_risk": _accept_risk,
    "risk_decline": _risk_decline,
    "finding_accept": _finding_accept,
    "finding_dismiss": _finding_dismiss,
    "concern": _concern,
}
