"""Check: every standing and every result as slow loops find them, each kind of lapse from the day it began, and no write twice."""

from datetime import date, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from rules_house import DIGEST, House, house, system, tokyo
from rules_oracle import Facts, required, result, standing
from rules_random import insert, programmes, proofs
from sqlmodel import select

from cycles import journal
from cycles.act import act
from cycles.answers import Offered, snooze, submit
from cycles.assess import result_digest
from cycles.check import Checked, check
from cycles.decisions import excuse, review
from cycles.do import tick
from cycles.models import (
    Acceptance,
    Assessment,
    Control,
    Document,
    EvidenceKind,
    Framework,
    Lapse,
    Request,
    Review,
    Standing,
    System,
)
from cycles.observations import Seen
from cycles.observations import record as observe
from cycles.store import Record

OTHER = "b" * 64
AUTOMATIC = {"reviewing": {"submissions": "automatic"}, "closures": ["12-29/01-03"]}


def run_check(built: House) -> Checked:
    with built.record.write() as session:
        return check(session, built.cycle(session), now=built.now, actor="check")


def _compare(built: House) -> None:
    with built.record.read() as session:
        facts = Facts.read(session, built)
        day = (built.now + timedelta(hours=9)).date()
        cells = required(built, facts.cycle.ends)
        expected = {pair: standing(facts, pair, day, built.now) for pair in set().union(*cells.values(), set())}
        systems = {row.id: row.key for row in session.exec(select(System)).all()}
        kinds = {row.id: row.key for row in session.exec(select(EvidenceKind)).all()}
        stands = session.exec(select(Standing)).all()
        found = {
            (systems[row.system_id], kinds[row.kind_id]): (row.status, row.evidence_id, row.valid_until)
            for row in stands
        }
        assert found == expected
        controls = {row.id: row for row in session.exec(select(Control)).all()}
        frameworks = {row.id: row.key for row in session.exec(select(Framework)).all()}
        rows = session.exec(select(Assessment)).all()
        results = {}
        for row in rows:
            cell = (
                systems[row.system_id],
                frameworks[controls[row.control_id].framework_id],
                controls[row.control_id].key,
            )
            assert cell not in results
            results[cell] = (row.result, row.reason, row.valid_until)
        assert results == {
            cell: (*result([expected[pair][0] for pair in pairs]), _earliest([expected[pair] for pair in pairs]))
            for cell, pairs in cells.items()
        }


def _earliest(found: list[tuple[str, int | None, date | None]]) -> date | None:
    return min((until for status, _, until in found if status == "valid" and until), default=None)


@given(data=st.data())
@settings(max_examples=30)
def test_standings_and_results_are_what_slow_loops_find_on_sqlite(data: st.DataObject, new_sqlite: Any) -> None:
    _check_and_compare(new_sqlite, data)


@given(data=st.data())
@settings(max_examples=6)
def test_standings_and_results_are_what_slow_loops_find_on_postgresql(data: st.DataObject, new_postgres: Any) -> None:
    _check_and_compare(new_postgres, data)


def _check_and_compare(new_record: Any, data: st.DataObject) -> None:
    built = House(record=new_record(), programme=data.draw(programmes()))
    built.sync()
    insert(built, data.draw(proofs()))
    built.plan()
    for _ in range(2):
        built.now += timedelta(days=data.draw(st.integers(0, 60)), hours=data.draw(st.integers(0, 23)))
        insert(built, [given for given in data.draw(proofs()) if given["what"] == "evidence"])
        for number in data.draw(st.lists(st.integers(1, 8), max_size=2)):
            _excuse(built, number)
        run_check(built)
        _compare(built)
        _silent_twice(built)
    built.record.close()


def _excuse(built: House, number: int) -> None:
    requests = built.rows(Request)
    if requests:
        found = requests[number % len(requests)]
        if found.state in ("pending", "asked", "returned", "lapsed"):
            with built.record.write() as session:
                excuse(built.act_as(session, "lead"), found.id, "not in use")


def _silent_twice(built: House) -> None:
    before = built.journal()
    again = run_check(built)
    assert (again.standings, again.results, again.lapsed, again.recovered) == (0, 0, (), ())
    assert built.journal() == before


# Lapses ---------------------------------------------------------------------------------------------------


def ready(record: Record, **more: Any) -> House:
    """One system whose risk assessment is valid all through the cycle; nothing else is asked of it."""
    built = house(record, system("scoring", model_version="1"), planned=False, policy=AUTOMATIC, **more)
    built.give("2026-09-01", valid_until="2027-09-01")
    built.watch(changed_at=tokyo("2026-09-01"))
    return built


def the_lapse(built: House, kind: str = "risk") -> Lapse:
    [found] = built.rows(Lapse, *built.pair(Lapse, "scoring", kind))
    assert isinstance(found, Lapse)
    return found


def look(built: House, status: str, sha256: str | None, number: int = 1) -> None:
    with built.record.write() as session:
        seen = Seen(document_id=number, at=built.now, status=status, sha256=sha256)
        observe(session, [seen], now=built.now, actor="check")


def answer(
    built: House,
    *,
    kind: str = "risk",
    effective: str,
    locator: str = "https://docs.example/new.md",
    sha256: str = DIGEST,
) -> None:
    with built.record.write() as session:
        offered = Offered(form="link", locator=locator, effective=date.fromisoformat(effective), sha256=sha256)
        submit(built.act_as(session, "owner"), built.request(kind=kind).id, offered)


def test_evidence_that_expires_lapses_the_day_after_its_last(record: Record) -> None:
    built = house(record, system("scoring"), planned=False, policy=AUTOMATIC)
    built.give("2026-05-01", valid_until="2026-11-01")
    built.plan()
    built.on("2026-11-01", 23)
    assert "scoring/risk" not in run_check(built).lapsed
    built.on("2026-11-02", 0)
    assert run_check(built).lapsed == ("scoring/risk",)
    assert (the_lapse(built).reason, the_lapse(built).happened_on) == ("expired", date(2026, 11, 2))
    answer(built.on("2026-11-04"), effective="2026-11-03")
    assert run_check(built).recovered == ("scoring/risk",)
    assert the_lapse(built).recovered_at == built.now


def test_an_expiry_noticed_late_began_when_it_began(record: Record) -> None:
    built = house(record, system("scoring"), planned=False, policy=AUTOMATIC)
    built.give("2026-05-01", valid_until="2026-11-01")
    built.plan()
    run_check(built.on("2026-12-20"))
    found = the_lapse(built)
    assert (found.happened_on, found.noticed_at) == (date(2026, 11, 2), built.now)


def test_what_is_missing_lapses_only_after_its_due_date(record: Record) -> None:
    built = house(record, system("scoring"), policy=AUTOMATIC)
    due = built.request().due
    built.on(due.isoformat(), 23)
    assert run_check(built).lapsed == ()
    assert [row.status for row in built.rows(Standing, *built.pair(Standing, "scoring", "risk"))] == ["missing"]
    built.on((due + timedelta(days=1)).isoformat(), 0)
    assert "scoring/risk" in run_check(built).lapsed
    assert (the_lapse(built).reason, the_lapse(built).happened_on) == ("missing", due + timedelta(days=1))


def test_a_submission_that_waits_for_its_reviewer_is_no_lapse(record: Record) -> None:
    built = house(record, system("scoring"))
    answer(built.on("2026-10-20"), effective="2026-10-19")
    run_check(built.on("2026-12-10"))
    assert [row.status for row in built.rows(Standing, *built.pair(Standing, "scoring", "risk"))] == ["pending"]
    assert built.rows(Lapse, *built.pair(Lapse, "scoring", "risk")) == []


def test_a_changed_document_lapses_on_the_day_it_changed(record: Record) -> None:
    built = ready(record)
    built.plan()
    look(built.on("2026-10-08", 7), "ok", OTHER)
    run_check(built.on("2026-10-10"))
    assert (the_lapse(built).reason, the_lapse(built).happened_on) == ("changed", date(2026, 10, 8))
    look(built.on("2026-10-12"), "ok", DIGEST)
    assert run_check(built).recovered == ("scoring/risk",)


def test_a_document_that_is_gone_lapses_on_the_day_it_went(record: Record) -> None:
    built = ready(record)
    built.plan()
    look(built.on("2026-10-08", 7), "missing", None)
    run_check(built.on("2026-10-10"))
    assert (the_lapse(built).reason, the_lapse(built).happened_on) == ("gone", date(2026, 10, 8))


def test_of_two_documents_the_one_reviewed_dates_the_lapse(record: Record) -> None:
    built = house(record, system("scoring"), planned=False, policy=AUTOMATIC)
    built.watch(locator="documents/older.md", changed_at=tokyo("2026-03-01"))
    built.give("2026-09-01", valid_until="2027-09-01")
    second = built.watch(changed_at=tokyo("2026-09-01"))
    built.plan()
    look(built.on("2026-10-08"), "ok", OTHER, second)
    run_check(built.on("2026-10-10"))
    assert (the_lapse(built).reason, the_lapse(built).happened_on) == ("changed", date(2026, 10, 8))


def test_a_place_out_of_reach_says_nothing_about_the_document(record: Record) -> None:
    built = ready(record)
    built.plan()
    look(built.on("2026-10-08"), "unreachable", None)
    assert run_check(built).lapsed == ()


def test_evidence_of_another_model_version_lapses(record: Record) -> None:
    built = house(record, system("scoring", roles=["developer"], model_version="1"), planned=False, policy=AUTOMATIC)
    built.give("2026-09-01", kind="test", valid_until="2027-03-01")
    built.plan()
    assert run_check(built.on("2026-10-05")).lapsed == ()
    with built.record.write() as session:
        session.get_one(System, built.ids(System)["scoring"]).model_version = "2"
    run_check(built.on("2026-10-06"))
    found = the_lapse(built, "test")
    assert (found.reason, found.happened_on) == ("version-changed", date(2026, 10, 6))
    with built.record.write() as session:
        session.get_one(System, built.ids(System)["scoring"]).model_version = "1"
    assert run_check(built.on("2026-10-07")).recovered == ("scoring/test",)


def test_returned_evidence_lapses_when_its_new_due_date_is_past(record: Record) -> None:
    built = house(record, system("scoring"))
    answer(built.on("2026-11-05"), effective="2026-11-04")
    [ballot] = built.rows(Review)
    with built.record.write() as session:
        judge = {number: key for key, number in built.ids(type(built.act_as(session, "lead").person)).items()}
        review(built.act_as(session, judge[ballot.reviewer_id]), ballot.evidence_id, "return", "no date")
    due = built.request().due
    built.on(due.isoformat(), 23)
    assert "scoring/risk" not in run_check(built).lapsed
    built.on((due + timedelta(days=1)).isoformat())
    assert "scoring/risk" in run_check(built).lapsed
    assert (the_lapse(built).reason, the_lapse(built).happened_on) == ("returned", due + timedelta(days=1))


def test_a_pair_has_at_most_one_open_lapse_and_each_relapse_is_a_new_one(record: Record) -> None:
    built = ready(record)
    built.plan()
    for day in ("2026-10-08", "2026-10-15"):
        look(built.on(day), "ok", OTHER)
        run_check(built)
        run_check(built.on(day, 20))
        look(built.on(day, 21), "ok", DIGEST)
        run_check(built.on(day, 22))
    lapses = built.rows(Lapse)
    assert [row.reason for row in lapses] == ["changed", "changed"]
    assert all(row.recovered_at for row in lapses)
    actions = [action for _, action, _ in built.journal() if action.startswith("lapse.")]
    assert actions == ["lapse.opened", "lapse.recovered"] * 2


def test_an_excused_request_ends_the_lapse_and_the_control_does_not_apply(record: Record) -> None:
    built = house(record, system("scoring"))
    run_check(built.on("2026-12-10"))
    assert the_lapse(built).recovered_at is None
    with built.record.write() as session:
        excuse(built.act_as(session, "lead"), built.request().id, "retired next week")
    assert "scoring/risk" in run_check(built).recovered
    [found, *_] = built.rows(Assessment)
    assert (found.result, found.reason) == ("not-applicable", "excused")


def test_an_accepted_risk_keeps_the_lapse_open_and_says_so(record: Record) -> None:
    built = house(record, system("scoring"))
    ids, kinds = built.ids(System), built.ids(EvidenceKind)
    run_check(built.on("2026-12-10"))
    with built.record.write() as session:
        session.add(
            Acceptance(
                system_id=ids["scoring"], kind_id=kinds["risk"], requester_id=1, approver_id=2, reason="short", state="approved",
                requested_at=built.now, decided_at=built.now, expires=date(2026, 12, 20),
            )
        )  # fmt: skip
    run_check(built)
    assert {row.result for row in built.rows(Assessment) if row.reason == "accepted"} == {"risk-accepted"}
    run_check(built.on("2026-12-21"))
    assert not [row for row in built.rows(Assessment) if row.result == "risk-accepted"]
    with built.record.write() as session:
        act(session, built.cycle(session), now=built.now, actor="act")
    assert [row.state for row in built.rows(Acceptance)] == ["expired"]
    assert len([row for row in built.actions() if row.kind_id == kinds["risk"]]) == 1


# Stages ---------------------------------------------------------------------------------------------------


def test_the_cycle_moves_on_with_its_dates_and_never_back(record: Record) -> None:
    built = house(record, system("scoring"))
    with built.record.read() as session:
        cycle = built.cycle(session)
    steps = {cycle.check_on: "checking", cycle.act_on: "acting"}
    for day, state in steps.items():
        run_check(built.on((day - timedelta(days=1)).isoformat()))
        run_check(built.on(day.isoformat(), 0))
        with built.record.read() as session:
            assert built.cycle(session).state == state
    run_check(built.on("2026-10-05"))
    with built.record.read() as session:
        assert built.cycle(session).state == "acting"
    assert [action for _, action, _ in built.journal() if action == "cycle.advanced"] == ["cycle.advanced"] * 2


def test_unanswered_requests_lapse_when_act_begins_and_are_chased_no_more(record: Record) -> None:
    built = house(record, system("scoring"))
    with built.record.read() as session:
        begins = built.cycle(session).act_on
    run_check(built.on((begins - timedelta(days=1)).isoformat()))
    assert built.request().state == "pending"
    run_check(built.on(begins.isoformat()))
    assert (built.request().state, built.request().next_at) == ("lapsed", None)
    with built.record.write() as session:
        assert tick(session, now=built.now, actor="do").asked == 0


def test_the_digest_of_results_is_the_same_wherever_it_is_computed(new_sqlite: Any, new_postgres: Any) -> None:
    digests = []
    for new in (new_sqlite, new_postgres):
        built = house(new(), system("scoring", risk_tier="high"), system("chat", "other", roles=["developer"]))
        run_check(built.on("2026-11-20"))
        with built.record.read() as session:
            digests.append((result_digest(session, built.cycle(session)), journal.head(session)))
    assert digests[0] == digests[1]


def test_a_snoozed_request_is_not_forgotten(record: Record) -> None:
    built = house(record, system("scoring"))
    with built.record.write() as session:
        snooze(built.act_as(session, "owner"), built.request().id, date(2026, 10, 6), "on the road")
    assert built.rows(Document) == []
    assert built.request().next_at == tokyo("2026-10-06", 9)
