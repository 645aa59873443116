"""Check: look at the documents, assess every control of every system, record lapses and recoveries."""

from typing import Any

from prefect import flow

from flows import stories
from flows.engine import announce, as_task, named, publish_dashboards, stepping_aside
from flows.house import open_house
from flows.report import plain


@flow(name="check", flow_run_name=named("check"), log_prints=True)
@stepping_aside
async def check() -> dict[str, Any]:
    """Assess every open cycle as of now, tell Prefect what lapsed or recovered, and publish the dashboards."""
    with open_house(actor="flow:check") as house:
        observed, checked = await stories.check(house, step=as_task)
        await as_task("Announce lapses and recoveries", announce, checked)
        await as_task("Publish the dashboards", publish_dashboards, house)
    for key, found in checked.items():
        print(f"{key}: {found.results} results changed, {len(found.lapsed)} lapsed, {len(found.recovered)} recovered")
    return {"documents": plain(observed), "cycles": plain(checked)}
