"""What a scorecard says, once: the figures and orders that pictures, tables and messages share."""

from collections.abc import Sequence
from datetime import date
from math import floor
from zoneinfo import ZoneInfo

from cycles.scorecard import ActionRow, LapseRow, RequestRow, Scorecard, SystemRow

_SEVERITY = {"high": 0, "medium": 1, "low": 2}


def whole_percent(share: float) -> int:
    """A share (0–1) in whole percent, rounded down: 999 of 1,000 in control must not read 100%."""
    # The small addend undoes binary fractions: 0.29 * 100 is 28.999999999999996.
    return max(0, min(100, floor(share * 100 + 1e-9)))


def today(card: Scorecard) -> date:
    """The programme's calendar day at the moment of the card."""
    return card.as_of.astimezone(ZoneInfo(card.zone)).date()


def accepted(card: Scorecard, lapse: LapseRow) -> bool:
    """Whether a risk acceptance still covers the lapse; its last day counts."""
    return lapse.accepted_until is not None and lapse.accepted_until >= today(card)


def open_lapses(card: Scorecard) -> list[LapseRow]:
    """Lapses no accepted risk covers, those that touch most controls and have lasted longest first."""
    return sorted(
        (lapse for lapse in card.lapses if not accepted(card, lapse)),
        key=lambda lapse: (-lapse.controls, lapse.happened_on, lapse.lapse_id),
    )


def open_actions(card: Scorecard) -> list[ActionRow]:
    """Actions whose effect is not confirmed: overdue first, then by severity and due date."""
    return sorted(
        (action for action in card.actions if action.state != "effective"),
        key=lambda action: (not action.overdue, _SEVERITY.get(action.severity, 3), action.due, action.action_id),
    )


def overdue_actions(card: Scorecard) -> list[ActionRow]:
    return [action for action in open_actions(card) if action.overdue]


def overdue_requests(card: Scorecard) -> list[RequestRow]:
    return sorted((request for request in card.requests if request.overdue), key=lambda request: request.due)


def worst_first(systems: Sequence[SystemRow]) -> list[SystemRow]:
    return sorted(systems, key=_trouble)


def _trouble(row: SystemRow) -> tuple[int, float, int, int, str, str]:
    tally = row.tally
    return (-tally.lapsed, tally.in_control, -row.overdue_requests, -tally.expiring, row.name, row.key)


def points_since_last(card: Scorecard) -> int | None:
    """Percentage points gained since the previous cycle, or None without one or before the first assessment."""
    if card.previous_in_control is None or not card.tally.total:
        return None
    return whole_percent(card.tally.in_control) - whole_percent(card.previous_in_control)
