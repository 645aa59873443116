"""Digests that the database writes are those that the journal's own code gives."""

from collections.abc import Callable

from rules_house import house, system

from cycles import journal, lines
from cycles.assess import result_digest
from cycles.check import check
from cycles.models import EvidenceKind, JournalEntry, Request, System
from cycles.pairs import system as system_columns
from cycles.status import result_rows, stored_results
from cycles.store import Record


def test_the_result_digest_is_over_the_canonical_rows(new_record: Callable[[], Record]) -> None:
    built = house(new_record(), system("scoring", risk_tier="high"), system("parsing"))
    built.give("2026-09-01")
    built.on("2026-10-20").turn(check)
    with built.record.read() as session:
        cycle = built.cycle(session)
        rows = list(result_rows(session, cycle))
        # Both a date and none, or the comparison shows little.
        assert {row[5] is None for row in rows} == {True, False}
        assert result_digest(session, cycle) == journal.digest(rows)
        assert lines.digest_of(session, stored_results(cycle).where(system_columns.id < 0)) == journal.digest([])


def test_the_plans_entry_is_over_the_canonical_requests(new_record: Callable[[], Record]) -> None:
    built = house(new_record(), system("scoring", risk_tier="high"))
    [body] = [row.body for row in built.rows(JournalEntry) if row.action == "cycle.planned"]
    kinds = {number: key for key, number in built.ids(EvidenceKind).items()}
    systems = {number: key for key, number in built.ids(System).items()}
    asked = [(systems[r.system_id], kinds[r.kind_id], r.owner_id, r.due) for r in built.rows(Request)]
    assert f'"digest":"{journal.digest(asked)}"' in body
    assert f'"requests":{len(asked)}' in body
