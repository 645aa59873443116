"""The whole wheel in one run, for a first turn and for trying things out."""

from typing import Any

from prefect import flow

from flows import stories
from flows.engine import announce, as_task, publish_dashboards, say_progress, stepping_aside
from flows.house import open_house
from flows.report import mapping


@flow(name="turn", flow_run_name="turn-{cycle}", log_prints=True)
@stepping_aside
async def turn(cycle: str | None = None, approve: str | None = None) -> dict[str, Any]:
    """Plan, do, check, act and review, once each and in order; only what has come due is done."""
    with open_house(actor="flow:turn", progress=say_progress) as house:
        told = await stories.turn(house, cycle, approve=approve, step=as_task)
        await as_task("Announce lapses and recoveries", announce, told["check"])
        await as_task("Publish the dashboards", publish_dashboards, house)
    return mapping(told)
