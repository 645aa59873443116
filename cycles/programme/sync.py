"""Comparing a programme with the record and bringing the record up to it, in one transaction and one journal entry."""

from datetime import UTC, date, datetime, time
from typing import Any

from sqlmodel import Session, col, delete, select

from cycles import journal
from cycles.accounts import FIELDS, LEFT_OUT
from cycles.cadences import cadence_months
from cycles.catalogue import profile
from cycles.errors import BadInput
from cycles.models import Document, Evidence, EvidenceKind, Leave, Membership, Person, Setting, System, Verdict
from cycles.programme.catalogue_sync import sync_catalogues, sync_kinds
from cycles.programme.changes import Changes, update
from cycles.programme.entries import DocumentEntry, PersonEntry, ProgrammeEntry, SystemEntry
from cycles.programme.facts import keep_facts
from cycles.programme.load import ORGANISATION, Programme
from cycles.validity import valid_until


def sync(session: Session, programme: Programme, *, now: datetime, actor: str) -> Changes:
    """Make the record say what the programme says. Run again, it changes nothing and journals nothing."""
    changes = Changes()
    sync_kinds(session, programme.catalogues, changes)
    sync_catalogues(session, programme, changes)
    _sync_people(session, programme, now, changes)
    _sync_roles(session, programme, changes)
    _sync_systems(session, programme, changes)
    _sync_documents(session, programme, now, changes)
    _sync_settings(session, programme, changes)
    session.flush()
    keep_facts(session, now)
    if changes:
        journal.append(
            session, at=now, actor=actor, action="programme.synced", subject="programme", after=changes.summary()
        )
    return changes


def _sync_people(session: Session, programme: Programme, now: datetime, changes: Changes) -> None:
    known = {person.key: person for person in session.exec(select(Person)).all()}
    _refuse_taken_addresses(programme, known)
    for entry in programme.people:
        values = _person_values(entry, known.get(entry.key), programme.head)
        if entry.key not in known:
            known[entry.key] = Person(**values)
            session.add(known[entry.key])
            changes.note("added", "people", entry.key)
        else:
            if known[entry.key].email.lower() != entry.email.lower():
                # Another address is another Slack account until Slack says otherwise.
                values["slack_id"] = None
            if update(known[entry.key], values):
                changes.note("changed", "people", entry.key)
    session.flush()
    for entry in programme.people:
        links = {name: known[key].id if (key := getattr(entry, name)) else None for name in ("manager", "deputy")}
        if update(known[entry.key], {f"{name}_id": value for name, value in links.items()}):
            _once(changes, "people", entry.key)
        if _sync_leave(session, known[entry.key], entry):
            _once(changes, "people", entry.key)
    for key in set(known) - {entry.key for entry in programme.people}:
        # Nobody is deleted: what they did stays theirs. Out of the file means out of the organisation.
        if known[key].left_on is None:
            known[key].left_on = now.date()
            changes.note("removed", "people", key)


def _refuse_taken_addresses(programme: Programme, known: dict[str, Person]) -> None:
    """An address stays with the key it was first given, or a corrected key would tear one person in two."""
    holders = {person.email.lower(): person.key for person in known.values()}
    for entry in programme.people:
        holder = holders.get(entry.email.lower(), entry.key)
        if holder != entry.key:
            raise BadInput(
                f"{programme.folder / 'people.yaml'}:1: the e-mail {entry.email} of '{entry.key}' belongs to '{holder}' "
                f"in the record. Keep the key '{holder}' for that person, or give '{entry.key}' another address."
            )


def _once(changes: Changes, sort: str, key: str) -> None:
    if key not in changes.added.get(sort, []) and key not in changes.changed.get(sort, []):
        changes.note("changed", sort, key)


def _person_values(entry: PersonEntry, known: Person | None, head: ProgrammeEntry) -> dict[str, Any]:
    """What the file says; where it leaves zone or locale out, what is known already, or else the programme's own."""
    starts, ends = entry.hours.split("-")
    return {
        "key": entry.key,
        "name": entry.name,
        "email": entry.email,
        "zone": entry.zone or (known.zone if known else head.zone),
        "locale": entry.locale or (known.locale if known else head.language),
        "country": entry.country,
        "work_starts": starts,
        "work_ends": ends,
        "left_on": entry.left_on,
    }


def _sync_leave(session: Session, person: Person, entry: PersonEntry) -> bool:
    wanted = sorted((leave.starts, leave.ends) for leave in entry.leave)
    has = session.exec(select(Leave).where(Leave.person_id == person.id)).all()
    if wanted == sorted((leave.starts, leave.ends) for leave in has):
        return False
    session.exec(delete(Leave).where(col(Leave.person_id) == person.id))
    session.add_all(Leave(person_id=person.id, starts=starts, ends=ends) for starts, ends in wanted)
    return True


def _sync_roles(session: Session, programme: Programme, changes: Changes) -> None:
    ids = {person.key: person.id for person in session.exec(select(Person)).all()}
    head = programme.head
    wanted = {
        (ids[key], role)
        for role, keys in (("lead", head.leads), ("reviewer", head.reviewer_keys), ("executive", head.executives))
        for key in keys
    }
    has = {(row.person_id, row.role): row for row in session.exec(select(Membership)).all()}
    # Sorted, because row numbers decide whose turn comes first and must not depend on set order.
    for person_id, role in sorted(wanted - set(has), key=str):
        session.add(Membership(person_id=person_id, role=role))
        changes.note("added", "roles", f"{role}:{_key_of(ids, person_id)}")
    for gone in sorted(set(has) - wanted):
        session.delete(has[gone])
        changes.note("removed", "roles", f"{gone[1]}:{_key_of(ids, gone[0])}")
    session.flush()
    for entry in head.reviewers:
        row = session.exec(
            select(Membership).where(Membership.person_id == ids[entry.person], Membership.role == "reviewer")
        ).one()
        if update(row, {"group": entry.group, "automated": entry.automated}):
            _once(changes, "roles", f"reviewer:{entry.person}")


def _key_of(ids: dict[str, int], person_id: int) -> str:
    return next(key for key, known in ids.items() if known == person_id)


def _sync_systems(session: Session, programme: Programme, changes: Changes) -> None:
    owners = {person.key: person.id for person in session.exec(select(Person)).all()}
    known = {system.key: system for system in session.exec(select(System)).all()}
    for entry in programme.all_systems:
        values = {**_system_values(entry), "owner_id": owners[entry.owner]}
        if entry.key not in known:
            system = System(**values, profile="")
            known[entry.key] = system
            changes.note("added", "systems", entry.key)
        elif update(known[entry.key], values):
            changes.note("changed", "systems", entry.key)
        known[entry.key].profile = profile(known[entry.key].facets())
        session.add(known[entry.key])
    for key in set(known) - {entry.key for entry in programme.all_systems}:
        if update(known[key], {"retired": True}):
            changes.note("removed", "systems", key)
    session.flush()


def _system_values(entry: SystemEntry) -> dict[str, Any]:
    return {
        "key": entry.key,
        "name": entry.name,
        "purpose": entry.purpose,
        "roles": sorted(entry.roles),
        "risk_tier": entry.risk_tier,
        "jurisdictions": sorted(entry.jurisdictions),
        "generative": entry.generative,
        "model_version": entry.model_version,
        "lifecycle": entry.lifecycle,
        "is_organisation": entry.key == ORGANISATION,
        "retired": entry.lifecycle == "retired",
    }


def _sync_documents(session: Session, programme: Programme, now: datetime, changes: Changes) -> None:
    systems = {system.key: system for system in session.exec(select(System)).all()}
    kinds = {kind.key: kind for kind in session.exec(select(EvidenceKind)).all()}
    people = {person.key: person for person in session.exec(select(Person)).all()}
    known = {(d.system_id, d.kind_id, d.locator): d for d in session.exec(select(Document)).all()}
    wanted = set()
    for entry in programme.all_systems:
        for document in entry.documents:
            system, kind = systems[entry.key], kinds[document.kind]
            place = (system.id, kind.id, document.at)
            wanted.add(place)
            name = f"{entry.key}/{document.kind}"
            if place not in known:
                session.add(Document(system_id=system.id, kind_id=kind.id, locator=document.at))
                changes.note("added", "documents", name)
            elif update(known[place], {"watched": True}):
                changes.note("changed", "documents", name)
            if document.reviewed and _import_review(session, document, system, kind, people, programme, now):
                changes.note("added", "evidence", name)
    for place in set(known) - wanted:
        if update(known[place], {"watched": False}):
            changes.note("removed", "documents", known[place].locator)


def _import_review(
    session: Session,
    document: DocumentEntry,
    system: System,
    kind: EvidenceKind,
    people: dict[str, Person],
    programme: Programme,
    now: datetime,
) -> bool:
    """Keep a review that took place before the record began as accepted evidence, once per content."""
    reviewed = document.reviewed
    assert reviewed
    same = select(Evidence).where(
        Evidence.system_id == system.id,
        Evidence.kind_id == kind.id,
        Evidence.locator == document.at,
        Evidence.sha256 == reviewed.sha256,
        Evidence.source == "programme",
    )
    effective = reviewed.effective or reviewed.on
    if session.exec(same.where(Evidence.effective == effective)).first():
        return False
    evidence = Evidence(
        system_id=system.id,
        kind_id=kind.id,
        form="link",
        locator=document.at,
        sha256=reviewed.sha256,
        effective=effective,
        collected_at=_noon(reviewed.on),
        received_at=now,
        valid_until=valid_until(
            effective,
            kind,
            system.risk_tier,
            programme.policy,
            system=system.key,
            calendar=programme.calendar,
            cadence=cadence_months(session, system.id, kind.id),
        ),
        model_version=reviewed.model_version or system.model_version,
        source="programme",
        submitter_id=system.owner_id,
    )
    session.add(evidence)
    session.flush()
    session.add(Verdict(evidence_id=evidence.id, outcome="accepted", at=now, by_id=people[reviewed.by].id))
    return True


def _noon(day: date) -> datetime:
    # A review entry knows its day only; noon UTC is that same date in every zone we expect to meet.
    return datetime.combine(day, time(12), tzinfo=UTC)


def _sync_settings(session: Session, programme: Programme, changes: Changes) -> None:
    for name, value in (
        ("programme", programme.head.model_dump(mode="json")),
        ("policy", programme.policy.model_dump(mode="json")),
        (LEFT_OUT, {name: [one.key for one in programme.people if getattr(one, name) is None] for name in FIELDS}),
    ):
        row = session.get(Setting, name)
        if row is None and not any(value.values()):
            continue
        if row is None:
            session.add(Setting(name=name, value=value))
            changes.note("added", "settings", name)
        elif row.value != value:
            row.value = value
            changes.note("changed", "settings", name)
