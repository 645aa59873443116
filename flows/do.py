"""Do: every quarter of an hour, ask and remind whoever is at work, and deliver what waits."""

from typing import Any

from prefect import flow

from flows import stories
from flows.engine import as_task, named, say_progress, stepping_aside
from flows.house import open_house
from flows.report import plain


@flow(name="do", flow_run_name=named("do"), log_prints=True)
@stepping_aside
async def do() -> dict[str, Any]:
    """One chase tick and one delivery pass. What is due is read from the record, never from the run's scheduled time."""
    with open_house(actor="flow:do", progress=say_progress) as house:
        ticked, delivered = await stories.do(house, step=as_task)
    print(f"asked {ticked.asked}, reminded {ticked.reminded}, escalated {ticked.escalated}; delivered {delivered}")
    return {"decided": plain(ticked), "delivered": delivered}
