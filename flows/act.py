"""Act: one improvement action per lapse, its owner chased, its effect judged by a second person."""

from typing import Any

from prefect import flow

from flows import stories
from flows.engine import as_task, named, publish_dashboards, say_progress, stepping_aside
from flows.house import open_house
from flows.report import plain


@flow(name="act", flow_run_name=named("act"), log_prints=True)
@stepping_aside
async def act() -> dict[str, Any]:
    """Bring the improvement actions of every open cycle up to now."""
    with open_house(actor="flow:act", progress=say_progress) as house:
        acted = await stories.act(house, step=as_task)
        await as_task("Publish the dashboards", publish_dashboards, house)
    for key, found in acted.items():
        print(f"{key}: {found.opened} actions opened, {found.reopened} reopened, {found.implemented} implemented")
    return {"cycles": plain(acted)}
