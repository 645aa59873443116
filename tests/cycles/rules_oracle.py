"""Plan and Check said again, slowly and obviously: plain loops over plain values, no SQL and none of the rules' own code."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from rules_house import House
from sqlmodel import Session, select

from cycles.catalogue import Applies
from cycles.models import (
    Acceptance,
    Cycle,
    Document,
    DocumentFact,
    Evidence,
    EvidenceKind,
    Incident,
    KindFact,
    Observation,
    Request,
    System,
    SystemFact,
    Verdict,
)
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
    "incident",
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
    incidents: list[Incident]
    system_facts: list[SystemFact]
    kind_facts: list[KindFact]
    document_facts: list[DocumentFact]
    looks: list[Observation]

    @classmethod
    def read(cls, session: Session, house: House) -> "Facts":
        def rows(model: Any) -> list[Any]:
            return list(session.exec(select(model).order_by(*model.__table__.primary_key.columns)).all())

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
            incidents=rows(Incident),
            system_facts=rows(SystemFact),
            kind_facts=rows(KindFact),
            document_facts=rows(DocumentFact),
            looks=[row for row in rows(Observation) if row.status in ("ok", "missing")],
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


def standing_then(facts: Facts, pair: Pair, at: datetime, known: datetime) -> tuple[str, int | None, date | None]:
    """The same for the past: what was true at a time as known at another, from what is only ever added to."""
    system, kind = facts.systems[pair[0]], facts.kinds[pair[1]]
    day, by = at.astimezone(ZoneInfo("Asia/Tokyo")).date(), min(at, known)

    def newest(rows: list[Any], **which: int) -> Any:
        fit = [row for row in rows if row.at <= by and all(getattr(row, name) == of for name, of in which.items())]
        return fit[-1] if fit else None

    version = newest(facts.system_facts, system_id=system.id) or system
    bound = newest(facts.kind_facts, kind_id=kind.id) or kind
    verdicts = {number: row.outcome for number, row in facts.verdicts.items() if row.at <= known}
    mine = [
        row
        for row in facts.evidence
        if (row.system_id, row.kind_id) == (system.id, kind.id)
        and row.received_at <= known
        and (row.received_at <= at or row.effective <= day)
    ]
    best = max(
        (row for row in mine if verdicts.get(row.id) == "accepted"),
        key=lambda row: (row.effective, row.id),
        default=None,
    )
    held = (best.id, best.valid_until) if best else (None, None)
    request = facts.requests.get((system.id, kind.id))
    if version.retired or (request and request.excused_at and request.excused_at <= by):
        return ("excused", *held)
    trouble = _trouble_then(facts, best, (system.id, kind.id), at, known) if best else None
    if (
        best
        and not trouble
        and bound.model_version_bound
        and (best.model_version or "") != (version.model_version or "")
    ):
        trouble = "version-changed"
    if best and not trouble:
        return ("valid", *held)
    for row in facts.acceptances:
        taken = (row.system_id, row.kind_id) == (system.id, kind.id) and row.decided_at and row.decided_at <= by
        if taken and row.expires >= day and not (row.revoked_at and row.revoked_at <= by):
            return ("accepted", *held)
    if trouble:
        return (trouble, *held)
    if not mine:
        return ("missing", None, None)
    outcome = verdicts.get(max(row.id for row in mine))
    return ({"returned": "returned", None: "pending"}.get(outcome, "missing"), *held)


def _trouble_then(facts: Facts, best: Evidence, pair: tuple[int, int], at: datetime, known: datetime) -> str | None:
    day = at.astimezone(ZoneInfo("Asia/Tokyo")).date()
    if best.valid_until < day:
        return "expired"
    for row in facts.incidents:
        struck = row.system_id == pair[0] and row.kind_id in (None, pair[1]) and row.recorded_at <= known
        if struck and best.effective < row.happened_on <= day:
            return "incident"
    sha256 = None if best.sealed_at and best.sealed_at > known else best.sha256
    for document in facts.documents:
        if (document.system_id, document.kind_id, document.locator) != (*pair, best.locator):
            continue
        watching = [row for row in facts.document_facts if row.document_id == document.id and row.at <= min(at, known)]
        if not watching or not watching[-1].watched:
            continue
        looks = [row for row in facts.looks if row.document_id == document.id and row.at <= known]
        told = None
        for before, look in zip([None, *looks], looks, strict=False):
            since = look.at
            if before and look.modified and before.seen_at < look.modified <= look.at:
                since = look.modified
            told = look if since <= at else told
        if told and told.sha256 and sha256 and told.sha256 != sha256:
            return "changed"
        if told and told.status == "missing":
            return "gone"
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

    # The days all of the United Kingdom shares leave out Easter Monday; without a part, England's are meant.
    name, _, part = ("GB-ENG" if country == "GB" else country).partition("-")
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
