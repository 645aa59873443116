"""What the forms do once they are sent: one line per form, each an act of `cycles`."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, Literal

from cycles import acceptances, answers, brief_queries, decisions, findings, objections
from cycles.batch import Outcome
from cycles.models import Person
from cycles.permits import Act
from inbox import improvement_forms, planning, several
from inbox.files import keep
from inbox.filled import Filled, offered_of
from inbox.letters import Malformed
from inbox.visit import Visit
from tasks.modals import read_values

Json = dict[str, Any]
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
    if visit.letter.verb == planning.VERB:
        with visit.inbox.record.read() as session:
            latest = planning.latest(Act(session, visit.person, visit.now), visit.number)
    values = read_values(visit.letter.view, visit.words, today=visit.today, latest=latest)
    missing = [name for name in NEEDED.get(visit.letter.verb, ()) if not values.get(name)]
    if missing:
        raise Malformed(f"the form {visit.letter.verb} lacks {missing[0]}")
    return values


def may_send(visit: Visit, values: Json) -> None:
    """Check before anything is fetched that this person may answer this request. Raises Refused."""
    with visit.inbox.record.read() as session:
        act = Act(session, visit.person, visit.now)
        if visit.letter.verb == several.VERB:
            several.may_send(act, several.chosen(values))
            return
        request, _, _, directory = act.request(visit.number)
        act.may_answer(request, directory)


def file_rows(visit: Visit, values: Json) -> list[Json]:
    """Slack's description of each uploaded file, in the order chosen."""
    state = visit.letter.view["state"]["values"].get("file", {}).get("value", {})
    return [row for row in state.get("files") or [] if row.get("id") in (values.get("file") or [])]


def _evidence(visit: Visit, act: Act, filled: Filled) -> list[Outcome]:
    answers.submit(act, visit.number, offered_of(filled, visit.today))
    found = several.also(visit, act, filled)
    _keep_files(visit, filled)
    return found


def _several(visit: Visit, act: Act, filled: Filled) -> list[Outcome]:
    found = several.send(visit, act, filled)
    _keep_files(visit, filled)
    return found


def _keep_files(visit: Visit, filled: Filled) -> None:
    """Before the commit, so that no row names a file that is not there; after the act, so that a refusal keeps none."""
    for file in filled.files:
        keep(visit.inbox, file)


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


# What answers several requests says what came of each.
SENT: dict[str, Callable[[Visit, Act, Filled], Sequence[Outcome] | None]] = {
    "evidence": _evidence,
    "several": _several,
    "snooze": _snooze,
    "delegate": _delegate,
    "not_mine": _not_mine,
    "excuse": _excuse,
    "keep_asking": _keep_asking,
    "review_return": _review_return,
    "panel_recuse": _panel_recuse,
    "reassign": _reassign,
    "implemented": _implemented,
    "plan": planning.send,
    "effective": _judge("effective"),
    "ineffective": _judge("ineffective"),
    "accept_risk": _accept_risk,
    "risk_decline": _risk_decline,
    "finding_accept": _finding_accept,
    "finding_dismiss": _finding_dismiss,
    "concern": _concern,
}
