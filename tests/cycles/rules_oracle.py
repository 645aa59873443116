"""Plan and Check said again, slowly and obviously: plain loops over plain values, no SQL and none of the rules' own code."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from rules_house import House
from sqlmodel import Session, select

from cycles.catalogue import Applies
from cycles.models import Acceptance, Cycle, Document, Evidence, EvidenceKind, Request, System, Verdict
from cycles.programme.entries import SystemEntry

Pair = tuple[str, str]
Cell = tuple[str, str, str]
GOOD = ("valid", "excused", "accepted")
# From the best to the worst; a control is as bad as the worst of what it requires.
ORDER = (
    "excused",
    "valid",
    "accepted",
    "pending",
    "returned",
    "missing",
    "gone",
    "version-changed",
    "changed",
    "expired",
)


def concerns(applies: Applies, system: SystemEntry) -> bool:
    if applies.roles is not None and not any(role in applies.roles for role in system.roles):
        return False
    if applies.risk_tiers is not None and system.risk_tier not in applies.risk_tiers:
        return False
    if applies.jurisdictions is not None and not any(one in applies.jurisdictions for one in system.jurisdictions):
        return False
    if applies.lifecycles is not None and system.lifecycle not in applies.lifecycles:
        return False
    return applies.generative is None or applies.generative == system.generative


def required(house: House, ends: date) -> dict[Cell, set[Pair]]:
    """For each system × framework × control in scope, the pairs of evidence it requires."""
    found: dict[Cell, set[Pair]] = {}
    for system in house.programme.systems:
        if system.lifecycle == "retired":
            continue
        for key in house.programme.head.frameworks:
            framework = house.programme.catalogues.frameworks[key]
            if framework.applies_from > ends:
                continue
            for control in framework.controls():
                for needed in control.requires:
                    if concerns(control.applies, system) and concerns(needed.applies, system):
                        shared = house.programme.catalogues.kinds[needed.kind].scope == "organisation"
                        pair = ("organisation" if shared else system.key, needed.kind)
                        found.setdefault((system.key, key, control.key), set()).add(pair)
    return found


@dataclass
class Facts:
    """Everything the record holds about pairs, read plainly."""

    cycle: Cycle
    systems: dict[str, System]
    kinds: dict[str, EvidenceKind]
    evidence: list[Evidence]
    verdicts: dict[int, Verdict]
    documents: list[Document]
    acceptances: list[Acceptance]
    requests: dict[tuple[int, int], Request]

    @classmethod
    def read(cls, session: Session, house: House) -> "Facts":
        def rows(model: Any) -> list[Any]:
            return list(session.exec(select(model)).all())

        cycle = house.cycle(session)
        return cls(
            cycle=cycle,
            systems={row.key: row for row in rows(System)},
            kinds={row.key: row for row in rows(EvidenceKind)},
            evidence=rows(Evidence),
            verdicts={row.evidence_id: row for row in rows(Verdict)},
            documents=rows(Document),
            acceptances=rows(Acceptance),
            requests={(row.system_id, row.kind_id): row for row in rows(Request) if row.cycle_id == cycle.id},
        )


def standing(facts: Facts, pair: Pair, day: date, known: datetime) -> tuple[str, int | None, date | None]:
    """(status, evidence, valid until) of a pair on a day, as far as was known at an instant."""
    system, kind = facts.systems[pair[0]], facts.kinds[pair[1]]

    def verdict(evidence: Evidence) -> str | None:
        found = facts.verdicts.get(evidence.id)
        return found.outcome if found and found.at <= known else None

    mine = [e for e in facts.evidence if (e.system_id, e.kind_id) == (system.id, kind.id) and e.received_at <= known]
    accepted = [evidence for evidence in mine if verdict(evidence) == "accepted"]
    best = max(accepted, key=lambda evidence: (evidence.effective, evidence.id), default=None)
    held = (best.id, best.valid_until) if best else (None, None)
    request = facts.requests.get((system.id, kind.id))
    if request and request.state == "excused":
        return ("excused", *held)
    trouble = _trouble(facts, best, system, kind, day) if best else None
    if best and not trouble:
        return ("valid", *held)
    for acceptance in facts.acceptances:
        if (acceptance.system_id, acceptance.kind_id, acceptance.state) == (system.id, kind.id, "approved"):
            decided = acceptance.decided_at is not None and acceptance.decided_at <= known
            if decided and acceptance.expires >= day:
                return ("accepted", *held)
    if trouble:
        return (trouble, *held)
    newest = max(mine, key=lambda evidence: evidence.id, default=None)
    if newest is None:
        return ("missing", None, None)
    return ("returned" if verdict(newest) == "returned" else "pending", *held)


def _trouble(facts: Facts, best: Evidence, system: System, kind: EvidenceKind, day: date) -> str | None:
    if best.valid_until < day:
        return "expired"
    seen = [
        document
        for document in facts.documents
        if (document.system_id, document.kind_id, document.locator) == (system.id, kind.id, best.locator)
        and document.watched
    ]
    if any(document.sha256 and best.sha256 and document.sha256 != best.sha256 for document in seen):
        return "changed"
    if any(document.status == "missing" for document in seen):
        return "gone"
    if kind.model_version_bound and (best.model_version or "") != (system.model_version or ""):
        return "version-changed"
    return None


def result(statuses: list[str]) -> tuple[str, str]:
    """(result, reason) of a control, from the standings of all it requires."""
    worst = max(statuses, key=ORDER.index)
    if worst == "excused":
        return "not-applicable", worst
    if worst == "valid":
        return "satisfied", worst
    return ("risk-accepted" if worst == "accepted" else "not-satisfied"), worst


@cache
def festive_days(country: str, year: int) -> frozenset[date]:
    """The public holidays of a country, or of a part of it (`US-NY`)."""
    import holidays

    name, _, part = country.partition("-")
    return frozenset(holidays.country_holidays(name, subdiv=part or None, years=year))


def is_workday(day: date, country: str, closed: bool = True) -> bool:
    """By the holidays package and the programme's one closure, 29 December to 3 January."""
    shut = closed and (day.month, day.day) in {(12, 29), (12, 30), (12, 31), (1, 1), (1, 2), (1, 3)}
    return day.weekday() < 5 and not shut and day not in festive_days(country, day.year)


def workdays_later(day: date, count: int, country: str) -> date:
    """So many workdays later, or earlier, one day at a time."""
    step = timedelta(days=1 if count > 0 else -1)
    while count:
        day += step
        if is_workday(day, country):
            count -= 1 if count > 0 else -1
    return day


def is_decent(person: Any, leave: list[tuple[date, date]], at: datetime) -> bool:
    """Whether the clock on a person's wall and the calendar beside it allow a message."""
    local = at.astimezone(ZoneInfo(person.zone))
    away = any(first <= local.date() <= last for first, last in leave)
    in_hours = person.work_starts <= f"{local:%H:%M}" < person.work_ends
    return in_hours and not away and is_workday(local.date(), person.country)
