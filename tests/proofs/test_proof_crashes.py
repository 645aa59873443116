"""A stage that dies at any of its steps and is run again leaves what an undisturbed run leaves: nothing lost or doubled."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from crashes import BOUNDARIES, Steps, content, lived
from delivery_house import build, open_house
from proof_town import Town, planned_town, raw
from slack_sdk import WebClient

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
    "tick": (26, Town.tick),
    "deliver": (26, Town.deliver),
    "answer": (27, submit),
    "check": (62, Town.check),
    "act": (76, Town.act),
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
                town.day(night=day % 8 == 7)
                day += 1
            if name == "plan":
                town.review()
            town.now = town.now.replace(hour=0, minute=30)
            if name == "deliver":
                town.tick()
            if name == "act":
                town.check()
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


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One owner's and the lead's digest wait to be sent."""
    folder = tmp_path_factory.mktemp("street")
    build(folder, 1)
    return folder / "hoshin.db"


def steps_of(street: Path, folder: Path, deaths: list[int]) -> list[list[str]]:
    """Live and die so often while delivering, then settle; what each life took, and the proof that all went well."""
    for left in folder.glob("hoshin.db*"):
        left.unlink()
    shutil.copy(street, folder / "hoshin.db")
    lives = []
    with open_house(folder, owners=1) as house:
        client = Mortal(token=house.slack.bot_token, base_url=house.slack.api_url, retry_handlers=[], timeout=5)
        for last in [*deaths, None]:

            def life(steps: Steps) -> None:
                client.steps = steps
                house.deliver(client)

            lives.append(lived(house.record, life, last, only=BOUNDARIES).names)
            house.clock.on(seconds=61)
        client.steps = Steps()
        house.settle(client)
        assert not house.rows("queued", "sending", "unknown", "failed")
        assert sorted(house.shown().values()) == [1, 1], f"lost or doubled after {lives}"
        assert len(house.rows("sent")) == 2
    return lives


class Mortal(WebClient):
    """The real client; before a call and after it are two more steps at which a life can end."""

    steps: Steps

    def api_call(self, api_method: str, **more: Any) -> Any:  # type: ignore[override]
        self.steps.take(f"before {api_method}")
        answer = super().api_call(api_method, **more)
        self.steps.take(f"after {api_method}")
        return answer


def test_a_delivery_that_dies_at_each_step(street: Path, tmp_path: Path) -> None:
    [whole] = steps_of(street, tmp_path, [])
    assert whole.count("before chat.postMessage") == 2
    for last in range(len(whole)):
        steps_of(street, tmp_path, [last])


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_a_delivery_that_dies_at_each_pair_of_steps(street: Path, tmp_path: Path) -> None:
    [whole] = steps_of(street, tmp_path, [])
    for first in range(len(whole)):
        second = steps_of(street, tmp_path, [first])[1]
        for last in range(len(second)):
            steps_of(street, tmp_path, [first, last])
