"""Review: try the gate of every cycle in its last days, close it, and write its pack."""

from typing import Any

from prefect import flow

from flows import stories
from flows.engine import as_task, named, publish_dashboards, stepping_aside
from flows.house import open_house
from flows.report import plain


@flow(name="review", flow_run_name=named("review"), log_prints=True)
@stepping_aside
async def review() -> dict[str, Any]:
    """Close what can be closed, and say what keeps the rest open."""
    with open_house(actor="flow:review") as house:
        closings = await stories.review(house, step=as_task)
        await as_task("Publish the dashboards", publish_dashboards, house)
    for key, closing in closings.items():
        print(f"{key}: closed" if closing.closed else f"{key} stays open: {'; '.join(closing.reasons)}")
    return {"cycles": plain(closings)}
