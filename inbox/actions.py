"""What the buttons do: some act at once, the others open a form. One line per verb.

A new button needs its line here (and a form its line in `inbox.submissions`); the test over `tasks.messages` demands it.
"""

from collections.abc import Callable
from typing import Any

from cycles import acceptances, answers, cadences, decisions
from cycles.permits import Act
from inbox import forms, improvement_forms, planning, several
from inbox.visit import Visit, number

Json = dict[str, Any]
Press = Callable[[Act, str], object]


def _by_id(effect: Callable[[Act, int], object]) -> Press:
    return lambda act, subject: effect(act, number(subject))


AT_ONCE: dict[str, Press] = {
    "confirm": _by_id(answers.confirm),
    "accept_offer": _by_id(answers.accept_offer),
    "decline_offer": _by_id(answers.decline_offer),
    "nudge": _by_id(decisions.nudge),
    "review_accept": _by_id(lambda act, evidence: decisions.review(act, evidence, "accept")),
    "review_abstain": _by_id(lambda act, evidence: decisions.review(act, evidence, "abstain")),
    "review_recuse": _by_id(lambda act, evidence: decisions.review(act, evidence, "recuse")),
    "need_help": _by_id(decisions.need_help),
    "approve_plan": decisions.approve_plan,
    "risk_approve": _by_id(acceptances.approve),
    "cadence_accept": _by_id(lambda act, proposal: cadences.decide(act, proposal, accept=True)),
    "cadence_decline": _by_id(lambda act, proposal: cadences.decide(act, proposal, accept=False)),
}

OPENS: dict[str, Callable[[Visit, Act], Json]] = {
    "submit": forms.evidence,
    "several": several.open_form,
    "snooze": forms.snooze,
    "delegate": forms.delegate,
    "not_mine": forms.not_mine,
    "excuse": forms.excuse,
    "keep_asking": forms.keep_asking,
    "review_return": forms.review_return,
    "panel_recuse": forms.panel_recuse,
    "reassign": forms.reassign,
    "implemented": forms.implemented,
    "plan": planning.open_form,
    "effective": forms.effective,
    "ineffective": forms.ineffective,
    "accept_risk": improvement_forms.accept_risk,
    "risk_decline": improvement_forms.risk_decline,
    "finding_accept": improvement_forms.finding_accept,
    "finding_dismiss": improvement_forms.finding_dismiss,
}


def form_of(visit: Visit) -> Callable[[Visit, Act], Json] | None:
    """The form that a press opens; None for a press that acts at once."""
    return OPENS.get(visit.letter.verb)
