"""Several answered at once: the record ends as if each had been answered alone, whatever is among them."""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rules_house import House, house, system
from sqlmodel import Session, col, select

from cycles import answers, batch, journal
from cycles.answers import Offered
from cycles.do import tick
from cycles.errors import Refused
from cycles.models import Evidence, EvidenceKind, JournalEntry, Request, System, Verdict
from cycles.store import Record, open_record

COPIES = count()
NewRecord = Callable[[], Record]
LINK = Offered(form="link", locator="https://docs.example/all", effective=date(2026, 10, 12), sha256="b" * 64)


# So old that it is refused only after its row was written.
LATE = replace(LINK, effective=date(2020, 1, 1))


def built_house(record: Record) -> House:
    """An owner of three systems and somebody else's fourth; of two of them evidence ends soon, which may be confirmed."""
    systems = [*(system(f"s{n}", risk_tier="high") for n in range(3)), system("theirs", owner="second")]
    built = house(record, *systems, planned=False, policy={"asking": {"first_asks_per_day": 8}})
    for key in ("s0", "theirs"):
        built.give("2026-05-01", system=key, valid_until="2026-11-05")
    built.plan()
    for day in range(12, 31):
        built.on(f"2026-10-{day}").turn(tick)
    return built


@pytest.fixture(scope="module")
def base(empty_database: Path, tmp_path_factory: pytest.TempPathFactory) -> House:
    path = tmp_path_factory.mktemp("batch") / "base.db"
    shutil.copy(empty_database, path)
    built = built_house(open_record(f"sqlite:///{path}"))
    built.record.close()  # what is in the write-ahead log goes into the file
    return built


def copied(base: House, folder: Path) -> House:
    path = folder / f"{next(COPIES)}.db"
    shutil.copy(str(base.record.engine.url.database), path)
    return replace(base, record=open_record(f"sqlite:///{path}", migrate=False))


def numbers(built: House) -> list[int]:
    return [row.id for row in built.rows(Request)]


def state(built: House) -> list[tuple[Any, ...]]:
    """What was written, without the numbers that depend on the order."""
    with built.record.read() as session:
        named = (
            select(System.key, EvidenceKind.key, Request.state, Request.answered_at, Request.next_at)
            .join(System, col(System.id) == col(Request.system_id))
            .join(EvidenceKind, col(EvidenceKind.id) == col(Request.kind_id))
            .order_by(col(Request.id))
        )
        requests = [tuple(row) for row in session.exec(named).all()]
        held = select(Evidence.system_id, Evidence.kind_id, Evidence.form, Evidence.locator, Evidence.valid_until)
        evidence = [tuple(row) for row in session.exec(held.order_by(col(Evidence.id))).all()]
        verdicts = [tuple(row) for row in session.exec(select(Verdict.outcome, Verdict.reason)).all()]
        told = [
            tuple(row)
            for row in session.exec(
                select(JournalEntry.actor, JournalEntry.action, JournalEntry.subject).order_by(col(JournalEntry.seq))
            ).all()
        ]
        assert journal.verify(session).fault is None
    return [*requests, *evidence, *verdicts, *told]


def alone(built: House, who: str, wanted: Sequence[int], deed: Callable[[Any, int], object]) -> list[str | None]:
    """Each in a transaction of its own; a refusal undoes it."""
    found: list[str | None] = []
    for number in dict.fromkeys(wanted):
        try:
            with built.record.write() as session:
                deed(built.act_as(session, who), number)
            found.append(None)
        except Refused as refused:
            found.append(refused.reason)
    return found


def together(
    built: House, who: str, wanted: Sequence[int], deed: Callable[..., list[batch.Outcome]]
) -> list[str | None]:
    with built.record.write() as session:
        return [one.refused for one in deed(built.act_as(session, who), wanted)]


@given(data=st.data())
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_together_is_as_each_alone(data: st.DataObject, base: House, tmp_path: Path) -> None:
    houses = [copied(base, tmp_path), copied(base, tmp_path)]
    who = data.draw(st.sampled_from(["owner", "second", "lead", "jury"]))
    every = numbers(houses[0])
    steps = data.draw(
        st.lists(
            st.tuples(
                st.sampled_from(["link", "late", "confirm"]), st.lists(st.sampled_from([*every, 999]), max_size=6)
            ),
            min_size=1,
            max_size=3,
        )
    )
    for how, wanted in steps:
        first, second = houses
        if how == "confirm":
            one = alone(first, who, wanted, answers.confirm)
            all_ = together(second, who, wanted, batch.confirm)
        else:
            offered = LINK if how == "link" else LATE
            one = alone(first, who, wanted, lambda act, number, of=offered: answers.submit(act, number, of))  # type: ignore[misc]
            all_ = together(second, who, wanted, lambda act, numbers, of=offered: batch.submit(act, numbers, of))
        assert all_ == one
        assert state(second) == state(first)
        for built in houses:
            built.now += timedelta(hours=1)
    for built in houses:
        built.record.close()


def test_one_refusal_leaves_the_others_and_the_journal_whole(new_record: NewRecord) -> None:
    built = built_house(new_record())
    mine = [built.request(key).id for key in ("s0", "s1")]
    with built.record.write() as session:
        act = built.act_as(session, "owner")
        found = batch.submit(act, [mine[0], 999, mine[1], mine[0]], LINK)
    assert [(one.request_id, one.refused) for one in found][:2] == [(mine[0], None), (999, "unknown")]
    assert len(found) == 3
    with built.record.read() as session:
        assert journal.verify(session).fault is None


def test_a_refusal_after_an_entry_takes_the_entry_back(new_record: NewRecord) -> None:
    def half(session: Session, now: datetime, *, end: bool) -> None:
        journal.append(session, at=now, actor="x", action="half", subject="x")
        if end:
            raise Refused("closed", "Too late.")

    built = built_house(new_record())
    with built.record.write() as session:
        for end in (False, True, False):
            batch._one(session, 1, lambda _, end=end: half(session, built.now, end=end))  # type: ignore[misc]
    with built.record.read() as session:
        assert journal.verify(session).fault is None
        assert len([entry for entry in built.journal() if entry[1] == "half"]) == 2


def test_what_can_be_confirmed_comes_first(new_record: NewRecord) -> None:
    built = built_house(new_record())
    with built.record.read() as session:
        act = built.act_as(session, "owner")
        shown, total = batch.choices(session, act.person, built.now)
        named = batch.names_of(session, [*(item.request_id for item in shown), 999])
    assert shown
    assert total == len(shown) == len(named)
    assert [item.can_confirm for item in shown] == sorted((item.can_confirm for item in shown), reverse=True)
    assert {item.assignee for item in shown} == {act.person.name}
