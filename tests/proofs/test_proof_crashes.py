"""A stage that dies at any of its steps and is run again leaves what an undisturbed run leaves: nothing lost or doubled."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from crashes import Steps, content, lived
from proof_town import Town, planned_town, raw

from cycles import answers, journal
from cycles.store import Record

Stage = Callable[[Town], Any]


def submit(town: Town) -> None:
    """An owner answers once; a press that comes again finds it answered."""

    def work(session: Any) -> None:
        act = town.act_as(session, 3)
        found = session.connection().exec_driver_sql("SELECT state FROM request WHERE id = 2").scalar_one()
        if found == "asked":
            offered = answers.Offered(form="link", locator="https://wiki.example/it", effective=town.now.date())
            answers.submit(act, 2, offered)

    town.write(work)


# Each stage with the number of days after which it has something to do.
STAGES: dict[str, tuple[int, Stage]] = {
    "plan": (95, Town.plan),
    "tick": (18, Town.tick),
    "deliver": (18, Town.deliver),
    "answer": (24, submit),
    "check": (62, Town.check),
    "act": (80, Town.act),
    "close": (90, Town.review),
}


@pytest.fixture(scope="module")
def prepared() -> dict[str, tuple[bytes, Any]]:
    """The record as each stage finds it."""
    found: dict[str, tuple[bytes, Any]] = {}
    with planned_town() as town:
        day = 0
        for name, (days, _) in sorted(STAGES.items(), key=lambda row: row[1][0]):
            while day < days:
                town.day()
                day += 1
            if name == "plan":
                town.review()
            town.now = town.now.replace(hour=0, minute=30)
            if name == "deliver":
                town.tick()
            found[name] = (raw(town.record).serialize(), town.now)
    return found


@pytest.mark.parametrize("stage", list(STAGES))
def test_a_stage_that_dies_at_any_step(stage: str, prepared: dict[str, tuple[bytes, Any]]) -> None:
    image, now = prepared[stage]
    with planned_town() as town:
        town.now, work = now, STAGES[stage][1]

        def afresh() -> Record:
            raw(town.record).deserialize(image)
            return town.record

        afresh()
        before = content(town.record)
        whole = lived(town.record, lambda steps: work(town), None)
        expected = content(town.record)
        assert expected != before, "the stage had something to do"
        for last in range(len(whole.names)):
            afresh()
            steps = lived(town.record, lambda steps: work(town), last)
            assert len(steps.names) == last + 1, "it did not die where it was to"
            assert content(town.record) == before, f"half of {stage} was kept at {steps.names[-1]}"
            if last % 10 == 0 or steps.names[-1] == "COMMIT":
                work(town)  # a restarted process
                assert content(town.record) == expected, f"{stage} ended otherwise after {steps.names[-1]}"
        work(town)
        with town.record.read() as session:
            assert journal.verify(session).fault is None
    assert isinstance(whole, Steps)
    assert timedelta(0) <= town.now - now
