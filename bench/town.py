"""A large programme to measure on: many systems, each with the same kinds of evidence, some of it there already."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import Any

from sqlalchemy import insert
from sqlmodel import Session, SQLModel

from cycles.catalogue import profile, rule
from cycles.models import (
    Control,
    Evidence,
    EvidenceKind,
    Framework,
    Membership,
    Person,
    Requirement,
    Setting,
    System,
    Verdict,
)
from cycles.periods import Period, period
from cycles.policy import Policy
from cycles.store import Record

Row = dict[str, Any]
CHUNK = 5_000
START = datetime(2026, 10, 1, 0, 0, tzinfo=UTC)
ZONES = (("Asia/Tokyo", "JP"), ("Europe/London", "GB"), ("America/New_York", "US-NY"), ("Australia/Sydney", "AU"))
TIERS = ("high", "limited", "minimal")


@dataclass(frozen=True, kw_only=True)
class Size:
    """How large: `systems` × `kinds` pairs, one control per kind, so as many results; every sixth pair has evidence.

    Of the open requests `pressed` are answered, ten presses for each.
    """

    systems: int
    kinds: int
    people: int
    pressed: int = 100

    @property
    def pairs(self) -> int:
        return self.systems * self.kinds


FULL = Size(systems=40_000, kinds=30, people=1_000)
# As many people as the large one has: a tick reads the people's hours and leave, and only what is open may differ.
FEW = Size(systems=400, kinds=30, people=1_000)
SMALL = Size(systems=120, kinds=10, people=12, pressed=10)


def the_period() -> Period:
    """The cycle that is measured."""
    return period("FY2026-Q3", "april")


def policy() -> Policy:
    return Policy()


def settle(record: Record, size: Size) -> None:
    """Fill an empty record with a programme of this size."""
    with record.write() as session:
        _put(session, Person, _people(size))
        _put(session, Membership, [{"id": 1, "person_id": 1, "role": "lead", "group": "", "automated": False}])
        _put(session, EvidenceKind, _kinds(size))
        _put(session, Framework, [_framework()])
        _put(session, Control, _controls(size))
        _put(session, Requirement, _requirements(size))
        _put(session, System, _systems(size))
        _put(session, Evidence, _evidence(size))
        _put(session, Verdict, _verdicts(size))
        head = {"zone": "Asia/Tokyo", "country": "JP", "language": "en", "fiscal_year_starts": "april"}
        _put(session, Setting, [{"name": "programme", "value": head}])
    _count_on(record)


def _put(session: Session, model: type[SQLModel], rows: Iterable[Row]) -> None:
    waiting = iter(rows)
    while part := list(islice(waiting, CHUNK)):
        session.execute(insert(model), part)


def _count_on(record: Record) -> None:
    """Rows were given their numbers; PostgreSQL's sequences have to be told."""
    if record.engine.dialect.name != "postgresql":
        return
    with record.write() as session:
        for model in (Person, Membership, EvidenceKind, Framework, Control, Requirement, System, Evidence):
            table = model.__table__.name  # type: ignore[attr-defined]
            session.connection().exec_driver_sql(
                # The names are our own tables'.
                f"SELECT setval(pg_get_serial_sequence('\"{table}\"', 'id'), (SELECT max(id) FROM \"{table}\"))"  # noqa: S608
            )
    with record.engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql("ANALYZE")


def _people(size: Size) -> Iterator[Row]:
    for number in range(1, size.people + 1):
        zone, country = ZONES[number % len(ZONES)]
        yield {
            "id": number,
            "key": f"person-{number}",
            "name": f"Person {number}",
            "email": f"person-{number}@aozora.example",
            "zone": zone,
            "locale": "en",
            "country": country,
            "work_starts": "09:00",
            "work_ends": "18:00",
        }


def _kinds(size: Size) -> Iterator[Row]:
    words = {"en": "words", "ja": "ことば"}
    for number in range(1, size.kinds + 1):
        yield {
            "id": number,
            "key": f"kind-{number}",
            "title": words,
            "ask": words,
            "guidance": words,
            "scope": "system",
            "validity_months": 12,
            "validity_by_tier": {},
            "model_version_bound": number % 3 == 0,
            "confirmable": True,
            "max_confirmations": 2,
            "forms": ["link"],
            "weight": 1 + number % 3,
            "source": "bench",
        }


def _framework() -> Row:
    return {
        "id": 1,
        "key": "bench",
        "version": "1",
        "digest": "0" * 64,
        "title": {"en": "Bench", "ja": "Bench"},
        "publisher": "bench",
        "source": "bench",
        "applies_from": date(2025, 1, 1),
        "current": True,
    }


def _controls(size: Size) -> Iterator[Row]:
    words = {"en": "words", "ja": "ことば"}
    for number in range(1, size.kinds + 1):
        named = {"key": f"c-{number}", "label": f"C {number}", "title": words, "text": words}
        yield {"id": number, "framework_id": 1, **named, "confidence": "verified", "weight": 2, "position": number}


def _requirements(size: Size) -> Iterator[Row]:
    for number in range(1, size.kinds + 1):
        yield {"id": number, "control_id": number, "kind_id": number, "rule": rule()}


def _systems(size: Size) -> Iterator[Row]:
    for number in range(1, size.systems + 1):
        row: Row = {
            "id": number,
            "key": f"system-{number}",
            "name": f"System {number}",
            "purpose": "bench",
            "owner_id": 1 + number % size.people,
            "roles": ["provider"],
            "risk_tier": TIERS[number % len(TIERS)],
            "jurisdictions": ["JP"],
            "generative": number % 2 == 0,
            "model_version": "1",
            "lifecycle": "production",
            "is_organisation": False,
            "retired": False,
        }
        yield {**row, "profile": profile(System(**row).facets())}


def held_pairs(size: Size) -> Iterator[tuple[int, int]]:
    """Every sixth pair: (system_id, kind_id)."""
    for number in range(0, size.pairs, 6):
        yield 1 + number // size.kinds, 1 + number % size.kinds


def evidence_row(number: int, system: int, kind: int, at: datetime) -> Row:
    """Evidence that holds long past the cycle."""
    return {
        "id": number,
        "system_id": system,
        "kind_id": kind,
        "form": "link",
        "locator": f"https://documents.example/{system}/{kind}",
        "note": "",
        "effective": at.date(),
        "collected_at": at,
        "received_at": at,
        "valid_until": date(2027, 9, 30),
        "model_version": "1",
        "source": "bench",
        "submitter_id": 1,
        "confirmations": 0,
    }


def _evidence(size: Size) -> Iterator[Row]:
    at = START - timedelta(days=30)
    for number, (system, kind) in enumerate(held_pairs(size), start=1):
        yield evidence_row(number, system, kind, at)


def _verdicts(size: Size) -> Iterator[Row]:
    at = START - timedelta(days=20)
    for number, _ in enumerate(held_pairs(size), start=1):
        yield {"evidence_id": number, "outcome": "accepted", "at": at, "reason": ""}
