"""The forms behind the buttons (`build`) and what people fill into them (`read`)."""

from tasks.modals.build import (
    delegate,
    effective,
    evidence,
    excuse,
    implemented,
    ineffective,
    keep_asking,
    not_mine,
    panel_recuse,
    reassign,
    review_return,
    snooze,
)
from tasks.modals.improvement import accept_risk, concern, finding_accept, finding_dismiss, risk_decline
from tasks.modals.planning import plan
from tasks.modals.quoting import use_as_evidence
from tasks.modals.read import WrongAnswers, read_values
from tasks.modals.several import several

__all__ = [
    "WrongAnswers",
    "accept_risk",
    "concern",
    "delegate",
    "effective",
    "evidence",
    "excuse",
    "finding_accept",
    "finding_dismiss",
    "implemented",
    "ineffective",
    "keep_asking",
    "not_mine",
    "panel_recuse",
    "plan",
    "read_values",
    "reassign",
    "review_return",
    "risk_decline",
    "several",
    "snooze",
    "use_as_evidence",
]
