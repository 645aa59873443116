"""The rhythm of a programme: cycles of any length, their stages, and when what is reassessed."""

import re
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rules_files import HEAD, POLICY, line_of, write
from rules_house import DIGEST, START, House, house, plus_months, system, tokyo
from rules_oracle import is_workday

from cycles.answers import Offered, submit
from cycles.errors import BadInput
from cycles.models import Cycle, Evidence, EvidenceKind, Request
from cycles.periods import MONTHS, Period, after, period, period_of, starting_months
from cycles.policy import Policy
from cycles.programme.load import load_programme
from cycles.programme_cycles import period_for
from cycles.recurrence import parse_nth, parse_step
from cycles.stages import DEFAULTS, STAGES, stage_dates
from cycles.store import Record
from cycles.validity import valid_until
from cycles.workdays import Calendar, Closure

NEW_YEAR = Closure(starts=(12, 29), ends=(1, 3))
LENGTHS = tuple(DEFAULTS)


# Stages ------------------------------------------------------------------------------------------------------


@st.composite
def periods(draw: st.DrawFn) -> Period:
    day = draw(st.dates(date(2024, 1, 1), date(2034, 12, 31)))
    return period_of(day, draw(st.sampled_from(MONTHS)), draw(st.sampled_from(LENGTHS)))


@given(periods(), st.sampled_from(["JP", "GB", "US-NY"]))
@settings(max_examples=60)
def test_the_defaults_suit_every_period(period: Period, country: str) -> None:
    calendar = Calendar(country=country, closures=(NEW_YEAR,))
    dates = stage_dates(period, calendar, Policy())
    assert list(dates) == list(STAGES)
    assert all(one < two for one, two in pairwise(dates.values())), "each stage has a day of its own"
    assert period.starts < dates["do"]
    assert dates["close"] <= period.ends
    # Time to answer: the first ask, ten workdays, and no ask so late that its due date would miss the check.
    assert calendar.between(dates["do"], dates["check"]) >= Policy().asking.due_workdays + 1


signed = st.integers(1, 260) | st.integers(-260, -1)


@given(periods(), st.sampled_from(["JP", "GB", "US-NY"]), st.lists(signed, min_size=4, max_size=4))
@example(period("FY2026-Q3", "april"), "JP", [11, 41, -10, -5])
@settings(max_examples=80)
def test_stages_are_counted_from_either_end(period: Period, country: str, numbers: list[int]) -> None:
    every = [period.starts + timedelta(days=n) for n in range((period.ends - period.starts).days + 1)]
    workdays = [day for day in every if is_workday(day, country)]
    wanted = [workdays[min(n - 1, len(workdays) - 1)] if n > 0 else workdays[max(n, -len(workdays))] for n in numbers]
    calendar = Calendar(country=country, closures=(NEW_YEAR,))
    policy, refused = _read(dict(zip(STAGES, numbers, strict=True)))
    wrong_way_round = any(
        (one > 0) == (two > 0) and two <= one for n, one in enumerate(numbers) for two in numbers[n + 1 :]
    )
    assert ("in the order" in refused) == wrong_way_round
    if policy is None:
        return
    if all(one <= two for one, two in pairwise(wanted)):
        assert list(stage_dates(period, calendar, policy).values()) == wanted
    else:
        with pytest.raises(BadInput, match=r"^policy\.yaml: stages\.(check|act|close): "):
            stage_dates(period, calendar, policy)


def test_the_first_workday_and_the_last_are_numbered_one() -> None:
    policy, _ = _read({"do": 1, "check": 2, "act": -2, "close": -1})
    assert policy
    found = stage_dates(period("FY2026-Q3", "april"), Calendar(country="JP", closures=(NEW_YEAR,)), policy)
    assert [day.isoformat()[5:] for day in found.values()] == ["10-01", "10-02", "12-25", "12-28"]


def _read(stages: dict[str, int]) -> tuple[Policy | None, str]:
    try:
        return Policy.model_validate({"stages": stages}), ""
    except ValueError as error:
        return None, str(error)


@pytest.mark.parametrize(
    ("cycle", "stages", "says"),
    [
        ("quarterly", "{do: 11, check: -60}", r"stages\.check: .*check \(-60\) is not after do \(11\).* In FY20"),
        ("quarterly", "{do: 45}", r"stages\.check: .*check \(41\) is not after do \(45\)"),
        ("quarterly", "{do: 41}", r"stages\.check: .*check \(41\) is not after do \(41\)"),
        ("monthly", "{do: 11, check: 41}", r"stages\.act: .*act \(16\) is not after check \(41\)"),
        ("monthly", "{do: 0}", r"stages\.do': is no workday; 1 is the period's first, -1 its last"),
        ("yearly", "{act: -5, close: -6}", r"close \(-6\) is not after act \(-5\)"),
        ("yearly", "{close: 261}", r"stages\.close'"),
    ],
)
def test_stages_that_cannot_follow_each_other_are_named_with_their_line(
    cycle: str, stages: str, says: str, tmp_path: Path
) -> None:
    text = POLICY.replace("{do: 11, check: 41, act: 51, close: 56}", stages)
    folder = write(tmp_path, programme=f"{HEAD}cycle: {cycle}\n", policy=text)
    with pytest.raises(BadInput, match=says) as refused:
        load_programme(folder)
    assert f"policy.yaml:{line_of(text, 'stages:')}: " in str(refused.value)


# Cycles ------------------------------------------------------------------------------------------------------


def test_a_cycle_of_no_known_length_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"programme.yaml:8: 'cycle': .*'monthly', 'quarterly'"):
        load_programme(write(tmp_path, programme=f"{HEAD}cycle: weekly\n"))


@pytest.mark.parametrize(
    ("cycle", "key", "months"),
    [
        ("monthly", "FY2026-M07", list(range(1, 13))),
        ("quarterly", "FY2026-Q3", [1, 4, 7, 10]),
        ("half-yearly", "FY2026-H2", [4, 10]),
        ("yearly", "FY2026", [4]),
    ],
)
def test_the_programme_says_how_long_a_cycle_is(cycle: str, key: str, months: list[int], record: Record) -> None:
    built = house(record, planned=False, cycle=cycle)
    head = built.programme.head
    with record.read() as session:
        found = period_for(session, None, date(2026, 10, 1))
        assert found == period(key, "april") == period_for(session, key, date(2030, 1, 1))
    assert starting_months(head.fiscal_year_starts, head.cycle_months) == months
    assert after(found, "april").months == head.cycle_months
    built.key = key
    built.plan()
    (planned,) = built.rows(Cycle)
    assert (planned.starts, planned.ends) == (found.starts, found.ends)
    assert all(planned.do_on <= request.ask_on < request.due <= planned.close_on for request in built.rows(Request))
    assert built.rows(Request)


def test_cycle_2s_due_date_moves_on_from_cycle_1s(record: Record) -> None:
    """Found in tools that copy a task: the copy keeps the old due date, and is overdue on the day it is made."""
    built, due = house(record, cycle="monthly", planned=False), []
    for key in ("FY2026-M07", "FY2026-M08", "FY2026-M09"):
        built.key = key
        built.now = datetime.combine(period(key, "april").starts, START.time(), tzinfo=UTC)
        built.plan()
        cycle = built.rows(Cycle)[-1]
        requests = [request for request in built.rows(Request) if request.cycle_id == cycle.id]
        assert requests
        assert all(cycle.starts <= request.ask_on < request.due <= cycle.ends for request in requests)
        due.append({request.kind_id: request.due for request in requests})
    for one, two in pairwise(due):
        assert all(two[kind] > one[kind] for kind in one)


# Reassessments -----------------------------------------------------------------------------------------------

FIXED = {"kind": "risk", "every": "3m", "anchor": "2026-11-30"}
OWN = {"kind": "risk", "systems": ["scoring"], "after_last": "2m"}


def lasts(policy: Policy, effective: str, built: House, **more: object) -> date:
    kind = {row.key: row for row in built.rows(EvidenceKind)}["risk"]
    plain: dict[str, object] = {"system": "scoring", "calendar": Calendar(country="JP")}
    return valid_until(date.fromisoformat(effective), kind, "limited", policy, **{**plain, **more})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("entry", "effective", "until"),
    [
        ({}, "2026-12-01", "2027-02-27"),
        ({}, "2027-02-28", "2027-05-29"),
        ({}, "2026-11-29", "2026-11-29"),
        ({}, "2026-01-15", "2026-11-29"),
        ({}, "2025-06-15", "2026-06-15"),  # no more than the kind's own twelve months
        ({"adjust": "next-business-day"}, "2026-12-01", "2027-02-28"),
        ({"adjust": "next-business-day"}, "2027-02-28", "2027-02-28"),
        ({"adjust": "next-business-day"}, "2027-03-01", "2027-05-30"),
        ({"adjust": "previous-business-day"}, "2027-02-26", "2027-05-27"),
        ({"skip": ["2027-02-28"]}, "2026-12-01", "2027-05-29"),
        ({"also": ["2027-01-15"]}, "2026-12-01", "2027-01-14"),
        ({"nth": "2nd tuesday"}, "2026-12-01", "2027-02-08"),
        ({"anchor": "2024-02-29", "every": "1y"}, "2027-03-01", "2028-02-28"),
        ({"anchor": "2024-02-29", "every": "1y"}, "2024-02-29", "2025-02-27"),
    ],
)
def test_evidence_counts_until_the_day_before_the_next_fixed_date(
    entry: dict[str, object], effective: str, until: str, record: Record
) -> None:
    built = house(record, planned=False)
    policy = Policy.model_validate({"reassess": [{**FIXED, **entry}]})
    assert lasts(policy, effective, built) == date.fromisoformat(until)
    # As the record keeps it with a cycle, and reads it back.
    assert Policy.model_validate(policy.model_dump(mode="json")) == policy


def test_the_entry_that_names_the_system_wins_and_a_cadence_shortens(record: Record) -> None:
    built = house(record, planned=False)
    for entries in ([FIXED, OWN], [OWN, FIXED]):
        policy = Policy.model_validate({"reassess": entries, "validity_months": {"risk": 1}})
        assert lasts(policy, "2026-12-31", built) == date(2027, 2, 28)
        assert lasts(policy, "2026-12-31", built, system="other") == date(2027, 1, 31)
        assert lasts(policy, "2026-12-31", built, cadence=1) == date(2027, 1, 31)
        assert lasts(policy, "2026-12-31", built, cadence=24) == date(2027, 2, 28)
        assert Policy.model_validate(policy.model_dump(mode="json")) == policy
    assert lasts(Policy(), "2024-02-29", built) == date(2025, 2, 28)


def test_answers_and_imported_reviews_follow_the_reassessments(record: Record) -> None:
    reviewed = {"on": "2026-09-20", "by": "judge", "sha256": DIGEST}
    watched = [{"kind": "risk", "at": "documents/it.md", "reviewed": reviewed}]
    rules = {
        "reassess": [
            {**FIXED, "adjust": "next-business-day", "every": "1m"},
            {"kind": "risk", "systems": ["two"], "after_last": "2m"},
        ]
    }
    built = house(record, system("one", documents=watched), system("two"), policy=rules)
    ids = built.ids(EvidenceKind)
    (imported,) = [row for row in built.rows(Evidence) if row.kind_id == ids["risk"]]
    assert imported.valid_until == date(2026, 11, 29)
    built.now = tokyo("2026-11-06")
    (asked,) = built.rows(Request, *built.pair(Request, "two", "risk"))
    with built.record.write() as session:
        act = built.act_as(session, "owner")
        request = session.get_one(Request, asked.id)
        request.state = "asked"
        kept = submit(act, asked.id, Offered(form="link", locator="https://x.example/r", effective=date(2026, 11, 5)))
        assert kept.valid_until == plus_months(date(2026, 11, 5), 2)


GOOD = "reassess:\n  - {kind: risk-assessment, every: 3m, anchor: 2026-11-30, nth: 2nd tuesday}\n"
SPECIFIC = "  - {kind: risk-assessment, systems: [scoring, chat], after_last: 6m}\n"


def test_reassessments_are_read_from_the_files(tmp_path: Path) -> None:
    text = POLICY + GOOD + SPECIFIC + "  - {kind: bias-test, systems: [organisation], after_last: 1y}\n"
    first, second, _ = load_programme(write(tmp_path, policy=text)).policy.reassess
    assert (first.rule().every, first.rule().nth) == (parse_step("3m"), parse_nth("2nd tuesday"))  # type: ignore[union-attr]
    assert (second.systems, second.rule().every) == (("scoring", "chat"), parse_step("6m"))


def test_what_the_readme_says_of_dates_can_be_said(tmp_path: Path) -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    (text,) = re.findall(r"```yaml\n(stages:.*?)```", readme, re.S)
    found = load_programme(write(tmp_path, policy=text.replace("credit-scoring", "scoring"))).policy
    assert (found.stages.act, len(found.reassess)) == (-10, 3)


@pytest.mark.parametrize(
    ("entries", "at", "says"),
    [
        (GOOD.replace("risk-a", "rusk-a"), "  - {", "no evidence kind 'rusk-assessment' is known. Correct"),
        (GOOD + SPECIFIC.replace("chat", "chit"), "  - {kind: risk-assessment, systems", "no system 'chit' is in the"),
        (GOOD + GOOD.partition("\n")[2].replace("3m", "6m"), "6m", "'risk-assessment' is due a second time; .*Keep one"),
        (GOOD + SPECIFIC + SPECIFIC.replace("scoring, ", "").replace("6m", "9m"), "9m", "of chat is due a second time"),
        (GOOD.replace("3m", "3q"), "  - {", "'3q' is no step. Write 3m"),
        (GOOD.replace("2nd tuesday", "2nd tue"), "  - {", "2nd tue.* is no weekday"),
        (GOOD.replace("2026-11-30", "2026-11-31"), "  - {", "2026-11-31"),
        (GOOD.replace(", anchor: 2026-11-30", ""), "  - {", "every goes with anchor"),
        (GOOD.replace("nth: 2nd tuesday", "after_last: 6m"), "  - {", "say either every .* or after_last"),
        (GOOD.replace("every: 3m, ", ""), "  - {", "say either every .* or after_last"),
        (GOOD.replace("every: 3m", "after_last: 3m"), "  - {", "belong to every, not to after_last"),
        (GOOD.replace("nth: 2nd tuesday", "skip: [2027-03-01]"), "  - {", "skip: 2027-03-01 is no date of this"),
        (GOOD.replace("nth: 2nd tuesday", "also: [2020-01-01]"), "  - {", "also: 2020-01-01 is not after the anchor"),
        (GOOD.replace("nth: 2nd tuesday", "adjust: sometimes"), "  - {", "'next-business-day'"),
        (SPECIFIC.replace("  - ", "reassess:\n  - ").replace("6m", "6w"), "  - {", "no number of months"),
        (SPECIFIC.replace("  - ", "reassess:\n  - ").replace("scoring, chat", ""), "  - {", "at least 1 item"),
    ],
)  # fmt: skip
def test_reassessments_that_cannot_be_meant_are_named_with_their_line(
    entries: str, at: str, says: str, tmp_path: Path
) -> None:
    text = POLICY + entries
    with pytest.raises(BadInput, match=says) as refused:
        load_programme(write(tmp_path, policy=text))
    assert f"policy.yaml:{line_of(text, at)}: " in str(refused.value)
