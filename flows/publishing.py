"""A flow that only publishes: for when the record moved on without Prefect."""

from prefect import flow

from flows.engine import as_task, publish_dashboards
from flows.house import House


async def publish(house: House) -> None:
    """Publish every dashboard of a house that is open already."""

    @flow(name="publish", validate_parameters=False)
    async def publishing() -> None:
        await as_task("Publish the dashboards", publish_dashboards, house)

    await publishing()
