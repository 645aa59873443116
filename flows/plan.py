"""Plan: sync the programme, fix the scope, expand it to dated requests, and put the plan before the lead."""

from typing import Any

from prefect import flow

from flows import stories
from flows.engine import as_task, publish_dashboards, say_progress, stepping_aside
from flows.house import open_house
from flows.report import mapping


@flow(name="plan", flow_run_name="plan-{cycle}", log_prints=True)
@stepping_aside
async def plan(cycle: str | None = None, approve: str | None = None) -> dict[str, Any]:
    """Plan a cycle (the present one unless named); `approve` names the lead who opens it at once."""
    with open_house(actor="flow:plan", progress=say_progress) as house:
        planned = await stories.plan(house, cycle, approve=approve, step=as_task)
        await as_task("Publish the dashboards", publish_dashboards, house)
    print(f"{planned.cycle}: {planned.requests} requests to {planned.people} people, {planned.carried} carried over")
    return mapping(planned)
