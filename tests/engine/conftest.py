"""One Prefect server for all tests of the engine."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from engine_house import ROOT, Engine, copy_database, plan_example
from waiting import until

from cycles.settings import Settings
from hoshin.doctor import schedule_variables
from hoshin.processes import Prefect, free_port


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    folder: Path = tmp_path_factory.mktemp("engine")
    home = folder / "home"
    environment = {"HOSHIN_HOME": str(home)}
    with Prefect(home=folder / "prefect", environment=environment, port=free_port(4600)) as prefect:
        prefect.start_server()
        plan_example(home)
        prefect.wait_ready()
        newborn = copy_database(prefect, folder / "newborn" / "prefect.db")
        prefect.deploy(ROOT, schedule_variables(Settings(home=home)))
        yield Engine(prefect=prefect, home=home, newborn=newborn)


@pytest.fixture(scope="session")
def calm(engine: Engine) -> Engine:
    """The engine once its schedules were seen to work and then paused, so that only the tests' own runs happen."""
    until(engine.scheduled, "a scheduled run", seconds=90)
    for deployment in engine.prefect.call("POST", "/deployments/filter", {}):
        engine.prefect.call("POST", f"/deployments/{deployment['id']}/pause_deployment", {})
    return engine
