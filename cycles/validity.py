"""How long evidence counts: from the date it is of, never from the date it arrived."""

from datetime import date, timedelta

from cycles.models import EvidenceKind
from cycles.periods import add_months
from cycles.policy import Policy
from cycles.reassess import entry_for
from cycles.recurrence import Interval, Sequence
from cycles.workdays import Calendar


def validity_months(kind: EvidenceKind, tier: str, policy: Policy, system: str) -> int:
    """Months a kind of evidence counts for a system of a risk tier.

    An interval in the policy's `reassess` says it first, then its `validity_months`, then the catalogue.
    """
    rule = _rule(kind, policy, system)
    if isinstance(rule, Interval):
        return rule.every.number
    if kind.key in policy.validity_months:
        return policy.validity_months[kind.key]
    return kind.validity_by_tier.get(tier, kind.validity_months)


def valid_until(
    effective: date,
    kind: EvidenceKind,
    tier: str,
    policy: Policy,
    *,
    system: str,
    calendar: Calendar,
    cadence: int | None = None,
) -> date:
    """The last day the evidence counts, reckoned from its effective date and clamped to the month's end.

    Where policy fixes dates of reassessment, it counts at most until the day before the first one that is later than its
    effective date. `system` is the system's key, `calendar` the programme's; `cadence` is the months of a cadence a
    lead accepted for this pair: it shortens, and never lengthens.
    """
    months = validity_months(kind, tier, policy, system)
    until = add_months(effective, min(months, cadence or months))
    rule = _rule(kind, policy, system)
    scheduled = rule.first_after(effective, calendar) if isinstance(rule, Sequence) else None
    return until if scheduled is None else min(until, scheduled.on - timedelta(days=1))


def _rule(kind: EvidenceKind, policy: Policy, system: str) -> Sequence | Interval | None:
    entry = entry_for(policy.reassess, kind.key, system)
    return entry.rule() if entry else None
