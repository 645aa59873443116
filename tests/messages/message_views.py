"""Sample modals and homes, by name."""

from datetime import date
from typing import Any

from message_samples import NOW, Kit, briefs

from tasks import modals
from tasks.home import home


def views(locale: str, style: str = "real") -> dict[str, dict[str, Any]]:
    """Every modal, and the home with nothing, something and more than a page."""
    kit, told = Kit(locale, style), briefs(locale, style)
    reader, item = kit.reader(), kit.item()
    return {
        "modal-evidence": modals.evidence(reader, item, now=NOW),
        "modal-evidence-link": modals.evidence(reader, kit.item(2, forms=("link",)), now=NOW),
        "modal-snooze": modals.snooze(reader, item, now=NOW),
        "modal-delegate": modals.delegate(reader, item),
        "modal-not-mine": modals.not_mine(reader, item),
        "modal-excuse": modals.excuse(kit.reader(3), item),
        "modal-keep-asking": modals.keep_asking(kit.reader(3), item),
        "modal-review-return": modals.review_return(kit.reader(4), told["review"]),  # type: ignore[arg-type]
        "modal-review-return-secret": modals.review_return(kit.reader(4), told["review"], secret=True),  # type: ignore[arg-type]
        "modal-panel-recuse": modals.panel_recuse(kit.reader(4), told["review"]),  # type: ignore[arg-type]
        "modal-reassign": modals.reassign(kit.reader(3), item),
        "modal-implemented": modals.implemented(reader, told["action"].actions[0]),  # type: ignore[arg-type]
        "modal-effective": modals.effective(reader, told["effectiveness"]),  # type: ignore[arg-type]
        "modal-ineffective": modals.ineffective(reader, told["effectiveness"]),  # type: ignore[arg-type]
        "modal-accept-risk": modals.accept_risk(reader, told["action"].actions[0], latest=date(2027, 4, 11)),  # type: ignore[arg-type]
        "modal-risk-decline": modals.risk_decline(kit.reader(3), told["acceptance"]),  # type: ignore[arg-type]
        "modal-finding-accept": modals.finding_accept(kit.reader(3), told["finding"]),  # type: ignore[arg-type]
        "modal-finding-dismiss": modals.finding_dismiss(kit.reader(3), told["finding"]),  # type: ignore[arg-type]
        "modal-concern": modals.concern(reader, [(n, kit.w(f"System {n}")) for n in range(1, 150)]),
        "home": home(reader, _items(kit)),
        "home-empty": home(reader, ()),
        "home-second-page": home(reader, [kit.item(n) for n in range(1, 60)], page=1),
    }


def _items(kit: Kit) -> list[Any]:
    return [
        kit.item(1, answered=kit.answered("snoozed", until=date(2026, 10, 20))),
        kit.item(2, due=date(2026, 10, 20), workdays_left=5),
        kit.item(3, answered=kit.answered("submitted"), state="submitted"),
        kit.item(4, answered=kit.answered("accepted"), state="accepted"),
        kit.item(5),
    ]
