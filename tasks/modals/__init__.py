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
    reassign,
    review_return,
    snooze,
)
from tasks.modals.read import WrongAnswers, read_values

__all__ = [
    "WrongAnswers",
    "delegate",
    "effective",
    "evidence",
    "excuse",
    "implemented",
    "ineffective",
    "keep_asking",
    "not_mine",
    "read_values",
    "reassign",
    "review_return",
    "snooze",
]
