"""A check looks only at the results that can have changed; what it leaves out is what a full look would leave as it is."""

from collections.abc import Callable

from rules_house import House, house, system

from cycles.assess import refresh_assessments, result_digest
from cycles.check import check
from cycles.models import Assessment, EvidenceKind, JournalEntry, System
from cycles.store import Record


def _in_full(built: House) -> str:
    """The digest of results that were all reckoned anew."""
    with built.record.write() as session:
        cycle = built.cycle(session)
        cycle.reckoned_by = None
        refresh_assessments(session, cycle, 0, built.now)
        return result_digest(session, cycle)


def _as_stored(built: House) -> str:
    with built.record.read() as session:
        return result_digest(session, built.cycle(session))


def test_a_kind_asked_of_all_and_back_again_changes_results_though_no_standing_changes(
    new_record: Callable[[], Record],
) -> None:
    built = house(new_record(), system("scoring", risk_tier="high"), system("triage", risk_tier="high"))
    built.give("2026-10-10")
    built.on("2026-10-20").turn(check)
    number = built.ids(EvidenceKind)["risk"]
    for day, scope in enumerate(("organisation", "system", "organisation", "system"), start=21):
        built.change(EvidenceKind, number, scope=scope)
        built.on(f"2026-10-{day}").turn(check)
        assert _as_stored(built) == _in_full(built), scope


def test_only_results_of_changed_standings_are_looked_at(new_record: Callable[[], Record]) -> None:
    built = house(new_record(), system("scoring", risk_tier="high"), system("triage", risk_tier="high"))
    built.on("2026-10-20").turn(check)
    before = {row.system_id: row.changed_at for row in built.rows(Assessment)}
    built.give("2026-10-10")
    built.on("2026-10-21").turn(check)
    after = [row for row in built.rows(Assessment) if row.changed_at != before[row.system_id]]
    names = {number: key for key, number in built.ids(System).items()}
    assert {names[row.system_id] for row in after} == {"scoring"}
    assert _as_stored(built) == _in_full(built)


def test_the_entry_of_a_check_stands_for_the_results_it_wrote(new_record: Callable[[], Record]) -> None:
    built = house(new_record(), system("scoring", risk_tier="high"), system("triage", risk_tier="high"))
    built.on("2026-10-20").turn(check)
    whole = _as_stored(built)
    built.give("2026-10-10")
    built.on("2026-10-21").turn(check)
    first, second = [row for row in built.rows(JournalEntry) if row.action == "cycle.checked"]
    assert f'"digest":"{whole}"' in first.body
    assert f'"digest":"{_as_stored(built)}"' not in second.body
