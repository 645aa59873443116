"""The engine as it runs in earnest: a server, the deployments of prefect.yaml, a worker, the record."""

import base64
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import yaml
from engine_house import CYCLE, KEYS, MORNING, NIGHT, PLANNED, ROOT, ZONE, Engine, Run, run_here
from waiting import until

from cycles.locks import stage_lock
from cycles.settings import Settings
from cycles.store import open_record
from hoshin.processes import Prefect, free_port

pytestmark = [pytest.mark.server]

PUBLISH = "Publish the dashboards"
LOOK = "Look at watched documents"
ASSESS = "Assess every control"
DELIVER = "Deliver messages"
ANNOUNCE = "Announce lapses and recoveries"
PLAN = (
    "Read the programme", "Sync the programme into the record", LOOK, "Expand the scope to requests", DELIVER,
    "Read how the cycle stands",
)  # fmt: skip
COUNT = "Count the votes of panels"
DO = ("Match people with Slack", COUNT, "Decide what is due", DELIVER)
ACT = ("Answer every lapse with an action", DELIVER)
REVIEW = ("Try the closing gate", "Write the pack of closed cycles", "Anchor the journal")
# What each stage's run shows, in order: its paragraph in the design, and nothing else.
GRAPHS = {
    "plan": (*PLAN, PUBLISH),
    "check": (LOOK, COUNT, ASSESS, ANNOUNCE, PUBLISH),
    "act": (*ACT, PUBLISH),
    "do": DO,
    "review": (*REVIEW, PUBLISH),
    "turn": (*PLAN, *DO, LOOK, COUNT, ASSESS, *ACT, *REVIEW, ANNOUNCE, PUBLISH),
}
CRON = re.compile(r"[0-9*/, ]+")
WHEN = {"plan": PLANNED, "check": NIGHT, "act": NIGHT}


@pytest.fixture(scope="module")
def declared() -> dict[str, Any]:
    return {row["name"]: row for row in yaml.safe_load((ROOT / "prefect.yaml").read_text("utf-8"))["deployments"]}


@pytest.fixture(scope="module")
def deployed(engine: Engine) -> dict[str, Any]:
    return {row["name"]: row for row in engine.prefect.call("POST", "/deployments/filter", {})}


def test_every_deployment_is_there_with_its_words(declared: dict[str, Any], deployed: dict[str, Any]) -> None:
    assert set(deployed) == set(declared) == set(GRAPHS)
    for name, row in deployed.items():
        assert set(row["tags"]) == {"hoshin", f"stage:{name}"}
        assert row["entrypoint"] == declared[name]["entrypoint"]
        assert ":" in row["entrypoint"]
        assert "/" not in row["entrypoint"], "a path would put flows/ first on sys.path"
        links = re.findall(r"\]\(/v2/artifacts/key/([a-z-]+)\)", row["description"])
        assert links, f"{name} links no dashboard"
        assert set(links) <= set(KEYS)


def test_schedules_have_slugs_and_the_programmes_zone(declared: dict[str, Any], deployed: dict[str, Any]) -> None:
    for name, row in deployed.items():
        shown = {each["slug"]: each["schedule"] for each in row["schedules"]}
        assert set(shown) == {each["slug"] for each in declared[name].get("schedules", ())}
        assert {schedule["timezone"] for schedule in shown.values()} <= {ZONE}
        assert all(CRON.fullmatch(schedule["cron"]) for schedule in shown.values())
    # The fiscal year of the example starts in April.
    (plan,) = deployed["plan"]["schedules"]
    assert plan["schedule"]["cron"] == "0 7 1 1,4,7,10 *"
    assert [name for name, row in deployed.items() if not row["schedules"]] == ["turn"]


def test_the_second_fence_is_up(deployed: dict[str, Any]) -> None:
    for row in deployed.values():
        assert row["global_concurrency_limit"]["limit"] == 1
        assert row["concurrency_options"]["collision_strategy"] == "CANCEL_NEW"


def test_scheduled_runs_appear(engine: Engine) -> None:
    # With a SQLAlchemy or FastAPI that Prefect cannot use, everything looks well and no run is ever made.
    assert until(engine.scheduled, "a scheduled run", seconds=90) > 0


@pytest.fixture(scope="module")
def runs(calm: Engine) -> dict[str, Run]:
    """Every stage once, in the order of a cycle's first days."""
    done = {}
    for stage in GRAPHS:
        calm.at(WHEN.get(stage, MORNING))
        done[stage] = calm.run(stage, {"cycle": CYCLE} if stage in ("plan", "turn") else None)
    return done


@pytest.mark.parametrize("stage", GRAPHS)
def test_a_run_completes_and_its_graph_reads_like_its_story(stage: str, calm: Engine, runs: dict[str, Run]) -> None:
    run = runs[stage]
    assert (run.state, run.message) == ("COMPLETED", run.message)
    assert calm.tasks(run.id, at_least=len(GRAPHS[stage])) == GRAPHS[stage]
    assert len(GRAPHS[stage]) <= 20
    assert run.name.startswith(stage)


def test_dashboards_are_published(calm: Engine, runs: dict[str, Run]) -> None:
    found = {key: calm.prefect.artifact(key) for key in KEYS}
    kinds = {key: row and row["type"] for key, row in found.items()}
    assert kinds == dict(zip(KEYS, ("markdown", "table", "table", "progress"), strict=True))
    page = found["hoshin-scorecard"]["data"]  # type: ignore[index]
    assert page.startswith(("#", "!["))
    pictures = re.findall(r"!\[([^\]]+)\]\(data:image/svg\+xml;base64,([A-Za-z0-9+/=]+)\)", page)
    assert pictures
    assert all(words and base64.b64decode(code).lstrip().startswith(b"<svg") for words, code in pictures)
    assert CYCLE in page
    assert len(page.encode()) < 200_000


def test_each_lapse_reached_the_server_as_an_event(calm: Engine, runs: dict[str, Run]) -> None:
    lapses = {f"{row['lapse']}" for row in calm.status()["actions"]}
    wanted = {"filter": {"event": {"name": ["hoshin.control.lapsed"]}}, "limit": 50}

    def told() -> set[str]:
        rows = calm.prefect.call("POST", "/events/filter", wanted)["events"]
        found = {row["resource"]["prefect.resource.name"] for row in rows}
        return found if found >= lapses else set()

    assert until(told, "the events of the lapses") == lapses
    assert len(lapses) == calm.status()["counts"]["lapses"] > 0


def test_running_everything_again_added_nothing(calm: Engine, runs: dict[str, Run]) -> None:
    # `turn` ran every stage a second time, at the same moment.
    assert calm.query("SELECT count(*) FROM lapse") == calm.query("SELECT count(*) FROM action")
    assert calm.query("SELECT count(*) FROM cycle") == [(1,)]
    doubled = "SELECT system_id, control_id, count(*) FROM assessment GROUP BY cycle_id, system_id, control_id HAVING count(*) > 1"
    assert calm.query(doubled) == []


def test_a_run_whose_stage_is_running_already_steps_aside(calm: Engine, runs: dict[str, Run]) -> None:
    before = calm.query("SELECT max(seq) FROM journal")
    record = open_record(Settings(home=calm.home).url)
    with stage_lock(record, "check", lambda: MORNING):
        run = calm.run("check")
    record.close()
    assert run.state == "CANCELLED"
    assert "running already" in run.message
    assert calm.query("SELECT max(seq) FROM journal") == before


def test_two_runs_of_a_stage_never_overlap(calm: Engine, runs: dict[str, Run]) -> None:
    before = calm.status()
    with ThreadPoolExecutor(2) as both:
        made = list(both.map(calm.prefect.run, ["act/act", "act/act"]))
    first, second = sorted((calm.ended(run_id) for run_id in made), key=lambda run: run.state)
    # CANCELLED by the deployment's limit or by the lock, or simply one after the other.
    assert {first.state, second.state} <= {"COMPLETED", "CANCELLED"}
    assert "COMPLETED" in {first.state, second.state}
    if {first.state, second.state} == {"COMPLETED"}:
        one, other = sorted((first, second), key=lambda run: run.started or MORNING)
        assert one.ended is not None
        assert other.started is not None
        assert one.ended <= other.started
    assert calm.status() == before


def test_losing_prefects_database_loses_no_obligation(calm: Engine, runs: dict[str, Run]) -> None:
    before, entries = calm.status(), calm.query("SELECT max(seq) FROM journal")
    with Prefect(home=calm.newborn.parent, environment={}, port=free_port(4700)) as fresh:
        fresh.start_server()
        fresh.wait_ready()
        assert fresh.artifact("hoshin-scorecard") is None
        run_here("flows.check:check", fresh, calm.home)
        page = fresh.artifact("hoshin-scorecard")
    assert page is not None
    assert CYCLE in page["data"]
    assert calm.status() == before
    assert calm.query("SELECT max(seq) FROM journal") == entries
