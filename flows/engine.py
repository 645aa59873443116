"""Where the stories meet Prefect: steps as tasks, lapses as events, figures as artifacts."""

import asyncio
import functools
import inspect
from collections.abc import Awaitable, Callable
from typing import Any, ParamSpec, TypeVar

from prefect import get_run_logger, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.events import emit_event
from prefect.states import Cancelled

from cycles.check import Checked
from cycles.errors import Busy
from cycles.settings import Settings
from flows import work
from flows.house import House

MOST_EVENTS = 200
P = ParamSpec("P")
T = TypeVar("T")


def named(stage: str) -> Callable[[], str]:
    """Runs are named by stage and the record's own time, which the demo's clock may shift."""

    def name() -> str:
        return f"{stage} {Settings().now():%Y-%m-%d %H:%M}"

    return name


def stepping_aside(story: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T | State[T]]]:
    """A run that finds its stage running already ends cancelled, not failed: nothing is wrong and nothing is left undone."""

    @functools.wraps(story)
    async def run(*args: P.args, **kwargs: P.kwargs) -> T | State[T]:
        try:
            return await story(*args, **kwargs)
        except Busy as busy:
            return Cancelled(name="SteppedAside", message=str(busy))

    return run


async def as_task(name: str, piece: Callable[..., Any], /, *args: Any) -> Any:
    """Run a step as a Prefect task of that name.

    The task takes no arguments: Prefect would walk through them to look for futures, and they hold the whole house.
    Nor does it retry: delivery is repeated by the next tick, from the outbox, never by the engine.
    """

    @task(name=name, task_run_name=name, cache_policy=NO_CACHE, persist_result=False, retries=0)
    async def step() -> Any:
        if inspect.iscoroutinefunction(piece):
            return await piece(*args)
        return await asyncio.to_thread(piece, *args)

    return await step()


def say_progress(done: int, waiting: int) -> None:
    """A line in the run's log while a long delivery pass is under way."""
    get_run_logger().info("Delivered %d messages, %d to go", done, waiting)


def announce(checked: dict[str, Checked]) -> int:
    """Each lapse and recovery as a Prefect event, so that automations can hang on it; returns how many were sent."""
    told = [
        (f"hoshin.control.{verb}", name, cycle)
        for cycle, found in checked.items()
        for verb, names in (("lapsed", found.lapsed), ("recovered", found.recovered))
        for name in names
    ]
    for event, name, cycle in told[:MOST_EVENTS]:
        system, kind = name.split("/", 1)
        emit_event(
            event=event,
            resource={"prefect.resource.id": f"hoshin.lapse.{name}", "prefect.resource.name": name},
            payload={"cycle": cycle, "system": system, "evidence_kind": kind},
        )
    return len(told)


async def publish_dashboards(house: House) -> None:
    """Bring every dashboard up to the record."""
    card = await asyncio.to_thread(work.figures, house)
    if card is None:
        return
    from tasks.dashboards import publish

    links = {key: f"/v2/artifacts/key/{key}" for key in ("hoshin-scorecard", "hoshin-systems", "hoshin-actions")}
    await publish(card, language=work.language(house), links=links)
