"""How long evidence counts: from the date it is of, never from the date it arrived."""

from datetime import date

from cycles.models import EvidenceKind
from cycles.periods import add_months
from cycles.policy import Policy


def validity_months(kind: EvidenceKind, tier: str, policy: Policy) -> int:
    """Months a kind of evidence counts for a system of a risk tier; the programme's policy wins over the catalogue."""
    if kind.key in policy.validity_months:
        return policy.validity_months[kind.key]
    return kind.validity_by_tier.get(tier, kind.validity_months)


def valid_until(effective: date, kind: EvidenceKind, tier: str, policy: Policy, cadence: int | None = None) -> date:
    """The last day the evidence counts, reckoned from its effective date and clamped to the month's end.

    `cadence` is the months of an accepted cadence: it shortens, and never lengthens.
    """
    months = validity_months(kind, tier, policy)
    return add_months(effective, min(months, cadence or months))
