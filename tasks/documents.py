"""Looks at watched documents: is it there, when was it last modified, what is its digest, what date does it bear.

Only observes. Whether a document still counts is decided elsewhere, from these observations.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from tasks.sources import source_of
from tasks.sources.effective import effective_date
from tasks.sources.look import (
    Ask,
    Body,
    Deadline,
    Found,
    Limits,
    Look,
    Stopped,
    Watched,
    without_userinfo,
)

__all__ = ["DEFAULTS", "Limits", "Look", "Watched", "look", "look_all"]

DEFAULTS = Limits()
_SKEW = timedelta(minutes=5)  # clocks of two machines may differ by so much before it is worth a remark


def look(locator: str, *, base: Path, now: datetime, limits: Limits = DEFAULTS, previous: Look | None = None) -> Look:
    """One look at one document; whatever the document or its place does becomes part of the answer.

    ``base`` is the folder that paths stay below, ``now`` the moment to record (aware). ``previous`` is the last
    look that found something; the web is then asked only for what changed. Ends within ``limits.seconds`` and a
    short grace. Raises ``ValueError`` for a ``now`` without a zone, and nothing else.
    """
    watched, at = Watched(locator=locator, previous=previous), _utc(now)
    try:
        return _begin(watched, _real(base), at, limits).result(_patience(limits))
    except TimeoutError:
        return _ended(watched, at, Deadline(limits.seconds).passed())


async def look_all(
    watched: Sequence[Watched],
    *,
    base: Path,
    now: datetime,
    limits: Limits = DEFAULTS,
    concurrency: int = 8,
) -> list[Look]:
    """Look at many documents, ``concurrency`` at a time and ``limits.per_host`` at one server; in the given order."""
    at, root, slots = _utc(now), _real(base), asyncio.Semaphore(concurrency)
    hosts: dict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(limits.per_host))

    async def one(item: Watched) -> Look:
        # Servers first: a look that waits for its server must not hold a place that others could use.
        async with hosts[_host(item.locator) or f"\0{id(item)}"], slots:
            return await _awaited(item, root, at, limits)

    return list(await asyncio.gather(*(one(item) for item in watched)))


async def _awaited(watched: Watched, base: Path, at: datetime, limits: Limits) -> Look:
    try:
        running = asyncio.wrap_future(_begin(watched, base, at, limits))
        return await asyncio.wait_for(running, _patience(limits))
    except TimeoutError:
        return _ended(watched, at, Deadline(limits.seconds).passed())


def _utc(now: datetime) -> datetime:
    if now.tzinfo is None:
        raise ValueError("now has no time zone; give an aware datetime.")
    return now.astimezone(UTC)


def _real(base: Path) -> Path:
    # Once for all looks: following every part of a path takes as long as reading what lies there.
    return Path(os.path.realpath(base))


def _patience(limits: Limits) -> float:
    # Sources keep the deadline themselves; this is for calls that cannot be interrupted (a dead network drive,
    # name resolution, a driver).
    return limits.seconds * 1.1 + 0.5


def _host(locator: str) -> str | None:
    try:
        return source_of(locator).host(locator)
    except (Stopped, ValueError):
        return None


def _begin(watched: Watched, base: Path, at: datetime, limits: Limits) -> Future[Look]:
    """Start a look in a thread of its own, which can be left behind if it never returns."""
    answer: Future[Look] = Future()
    answer.set_running_or_notify_cancel()
    deadline = Deadline(limits.seconds)

    def run() -> None:
        try:
            answer.set_result(_look(watched, base, at, limits, deadline))
        except BaseException as error:
            answer.set_exception(error)

    threading.Thread(target=run, name="look", daemon=True).start()
    return answer


def _look(watched: Watched, base: Path, at: datetime, limits: Limits, deadline: Deadline) -> Look:
    try:
        source = source_of(watched.locator)
        with Body(limits, deadline) as body:
            ask = Ask(locator=watched.locator, base=base, limits=limits, body=body, previous=_previous(watched))
            return _seen(ask, source.read(ask), at)
    except Stopped as stopped:
        return _ended(watched, at, stopped)
    except Exception as error:  # one document must not stop the look at the others
        what = f"the document could not be read ({type(error).__name__})"
        return _ended(watched, at, Stopped("error", f"{what}; see to its place or correct the locator."))


def _previous(watched: Watched) -> Look | None:
    """The last look, if it was at this very locator: an ETag means nothing elsewhere."""
    last = watched.previous
    return last if last and last.locator == without_userinfo(watched.locator) else None


def _seen(ask: Ask, found: Found, at: datetime) -> Look:
    last = ask.previous
    if found.unchanged and last:
        return replace(last, at=at, status="unchanged", error=_remark(last.size, last.modified, at))
    return Look(
        locator=without_userinfo(ask.locator),
        at=at,
        status="ok",
        sha256=ask.body.sha256(),
        size=ask.body.size,
        modified=found.modified,
        effective=_effective(ask, found),
        etag=found.etag,
        revision=found.revision,
        error=found.remark or _remark(ask.body.size, found.modified, at),
    )


def _effective(ask: Ask, found: Found) -> date | None:
    # The same bytes say the same date; opening a PDF again would cost a process.
    last = ask.previous
    if last and last.effective and last.sha256 == ask.body.sha256():
        return last.effective
    return effective_date(ask.body, found.charset)


def _remark(size: int | None, modified: datetime | None, at: datetime) -> str | None:
    if size == 0:
        return "the document is empty; put its content back."
    if modified is not None and modified > at + _SKEW:
        return f"the document was modified in the future ({modified:%Y-%m-%d}); set the clock that wrote it."
    return None


def _ended(watched: Watched, at: datetime, stopped: Stopped) -> Look:
    return Look(locator=without_userinfo(watched.locator), at=at, status=stopped.status, error=stopped.sentence)
