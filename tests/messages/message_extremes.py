"""What lies beyond the samples: hundreds of rows in one message, and briefs without anything that may be missing."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from types import NoneType
from typing import Any, get_args, get_type_hints

from message_samples import NOW, Kit, briefs
from message_views import found as quoted
from message_views import opened, takers

from cycles.briefs import Brief, PanelBrief, WeeklyBrief, WeeklyRow
from tasks import modals
from tasks.home import Place, home
from tasks.messages import render

CROWD = 300


def crowds(locale: str, style: str) -> dict[str, dict[str, Any]]:
    """300 requests, actions, people, votes or systems wherever a message or form takes several."""
    kit, told = Kit(locale, style), briefs(locale, style)
    found: dict[str, dict[str, Any]] = {}
    seen: set[tuple[type, tuple[str, ...]]] = set()
    for name, brief in told.items():
        many = {row.name: _repeated(getattr(brief, row.name)) for row in fields(brief)}
        many = {key: rows for key, rows in many.items() if rows}
        if many and (type(brief), tuple(many)) not in seen:
            seen.add((type(brief), tuple(many)))
            found[f"{name} × {CROWD}"] = render(replace(brief, **many))  # type: ignore[arg-type]
    weekly = told["weekly-lead"]
    assert isinstance(weekly, WeeklyBrief)
    rows = tuple(WeeklyRow(name=kit.person(n % 5), overdue=n, due=n) for n in range(CROWD))
    found["weekly people"] = render(replace(weekly, rows=rows, more=10**9, overdue=10**9))
    found["concern"] = modals.concern(kit.reader(), [(n, kit.w(f"System {n}")) for n in range(CROWD)])
    found["home"] = home(kit.reader(), opened(kit, 21, 41), counts={"open": CROWD}, place=Place(page=1, pages=15))
    found["takers"] = modals.use_as_evidence(kit.reader(), quoted(kit), takers(kit, CROWD), now=NOW)
    crowded = kit.item(controls=kit.controls(12) * 25)
    found["evidence"] = modals.evidence(kit.reader(), crowded, now=NOW)
    return found


def _repeated(value: Any) -> tuple[Any, ...]:
    if not isinstance(value, tuple):
        return ()
    return tuple(_numbered(one, n) for n, one in enumerate((value * CROWD)[:CROWD], 1000))


def _numbered(value: Any, n: int) -> Any:
    ids = {"request_id": n, "action_id": n, "evidence_id": n} if is_dataclass(value) else {}
    known: dict[str, Any] = {name: number for name, number in ids.items() if hasattr(value, name)}
    if isinstance(value, PanelBrief):
        known["review"] = replace(value.review, evidence_id=n)
    return replace(value, **known) if known else value  # type: ignore[type-var]


def bare(value: Any) -> Any:
    """The brief with None wherever its type allows it, no translations, and so for all its parts."""
    if isinstance(value, tuple):
        return tuple(bare(one) for one in value)
    if isinstance(value, Mapping):
        return {}
    if not is_dataclass(value) or isinstance(value, type):
        return value
    hints = get_type_hints(type(value))
    gone = {name: None for name, hint in hints.items() if NoneType in get_args(hint)}
    kept = {row.name: bare(getattr(value, row.name)) for row in fields(value) if row.name not in gone}
    return replace(value, **kept, **gone)


def bare_briefs(locale: str) -> dict[str, Brief]:
    return {name: bare(brief) for name, brief in briefs(locale, "empty").items()}
