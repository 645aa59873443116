"""A step of a story: a plain function with a name, run as a Prefect task or just run.

The stories do not know which. So the command line needs no Prefect, and the run graph still shows each step by name.
"""

import asyncio
import inspect
from collections.abc import Callable
from typing import Any, Protocol


class Step(Protocol):
    """Runs one named piece of work and gives back what it returns."""

    async def __call__(self, name: str, work: Callable[..., Any], /, *args: Any) -> Any: ...


async def plainly(name: str, work: Callable[..., Any], /, *args: Any) -> Any:
    """Just do it."""
    if inspect.iscoroutinefunction(work):
        return await work(*args)
    # In a thread, because looking at documents and serving Slack go on while the database works.
    return await asyncio.to_thread(work, *args)
