"""The pieces of work the stories name: each opens one transaction, or speaks to one outside thing, and reports."""

import json
import logging
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from functools import partial
from typing import Any

from sqlmodel import Session, select

from cycles import act as act_rules
from cycles import cancel as cancel_rules
from cycles import check as check_rules
from cycles import close as close_rules
from cycles import do as do_rules
from cycles import observations, overdue, panel_outcomes, regular
from cycles import plan as plan_rules
from cycles import status as status_rules
from cycles.act import Acted
from cycles.check import Checked
from cycles.close import Closing
from cycles.do import Ticked
from cycles.errors import BadInput, Refused
from cycles.executive import EXECUTIVE
from cycles.models import Cycle, Person
from cycles.observations import Observed, Seen
from cycles.people import current_policy, programme_head, programme_zone
from cycles.programme import kept_policies
from cycles.programme.load import Programme, load_programme
from cycles.programme.sync import sync
from cycles.programme_cycles import (
    current_cycle,
    cycle_named,
    last_closed,
    last_over,
    open_cycles,
    period_for,
    planned_cycles,
)
from cycles.scorecard import Scorecard
from cycles.scorecard_queries import scorecard
from cycles.weekly import WEEKLY
from flows.house import House

log = logging.getLogger("hoshin.flows")
PROGRESS_S = 5.0


def every(seconds: float, tell: Callable[[int, int], None]) -> Callable[[int, int], None]:
    """Pass progress on, but no more often than that; a short pass says nothing at all."""
    last = time.monotonic()

    def hear(done: int, waiting: int) -> None:
        nonlocal last
        if time.monotonic() - last >= seconds:
            last = time.monotonic()
            tell(done, waiting)

    return hear


def read_programme(house: House) -> Programme:
    """The programme's files, checked."""
    return load_programme(house.programme_dir)


def sync_programme(house: House, programme: Programme) -> bool:
    """Bring the record up to the programme; True when anything changed."""
    with house.record.write() as session:
        changes = sync(session, programme, now=house.now(), actor=house.actor)
        if notice := kept_policies.kept(session, changes):
            log.warning("sync: %s", notice)
        return bool(changes)


def plan_cycle(house: House, key: str | None) -> dict[str, Any]:
    """Plan the cycle of a key, or of today; one that is planned already is left as it is."""
    now = house.now()
    with house.record.write() as session:
        today = now.astimezone(programme_zone(session)).date()
        period = period_for(session, key, today)
        if key is not None:
            cancel_rules.refuse_anew(session.exec(select(Cycle).where(Cycle.key == period.key)).first())
        planned = plan_rules.plan(session, period, current_policy(session), now=now, actor=house.actor)
        return {
            "cycle": planned.cycle.key,
            "created": planned.created,
            "systems": planned.systems,
            "requests": planned.requests,
            "carried": planned.carried,
            "people": planned.people,
        }


def open_cycle(house: House, key: str, lead: str) -> None:
    """Open a planned cycle in the name of a lead."""
    from cycles.decisions import approve_plan
    from cycles.permits import Act

    with house.record.write() as session:
        approve_plan(Act(session, person_named(session, lead), house.now()), key)


def cycle_state(house: House, key: str) -> str:
    """The state a cycle is in."""
    with house.record.read() as session:
        return cycle_named(session, key).state


def person_named(session: Session, key: str) -> Person:
    """The person of a key, or a refusal that names the key."""
    person = session.exec(select(Person).where(Person.key == key)).first()
    if person is None:
        raise Refused("unknown", f"There is no person '{key}' in the record.")
    return person


async def look_at_documents(house: House) -> Observed:
    """Look at every watched document and keep what was seen."""
    from tasks.documents import Limits, Look, Watched, look_all

    now = house.now()
    with house.record.read() as session:
        known = observations.watched(session)
        wanted = [Watched(locator=document.locator, previous=_as_look(document, last)) for document, last in known]
        ids = [document.id for document, _ in known]
    private = frozenset(place.strip() for place in house.settings.allow_private.split(",") if place.strip())
    looks: list[Look] = await look_all(wanted, base=house.programme_dir, now=now, limits=Limits(allow_private=private))
    # "Not modified" says that what was seen last is there still.
    looks = [replace(look, status="ok") if look.status == "unchanged" else look for look in looks]
    seen = [
        Seen(document_id=number, **{name: value for name, value in asdict(look).items() if name != "locator"})
        for number, look in zip(ids, looks, strict=True)
    ]
    with house.record.write() as session:
        return observations.record(session, seen, now=now, actor=house.actor)


def identify_people(house: House) -> int:
    """Look at Slack accounts once a day and match people by e-mail; returns how many could not be found."""
    if house.slack is None:
        return 0
    from tasks.slack import identify, refresh

    # First, so that whose account is gone is looked up by e-mail, and missed, in this same pass.
    refresh(house.record, house.slack, house.now())
    found = identify(house.record, house.slack, house.now(), pacer=house.pacer)
    for problem in found.problems:
        log.warning("people: %s", problem)
    return len(found.orphaned)


def decide_due(house: House) -> Ticked:
    """One chase tick: everything that is due, and the regular messages of those whose week or month begins."""
    now = house.now()
    ticked = do_rules.tick_all(house.record, now=now, actor=house.actor)
    with house.record.read() as session:
        begun = [message for message in (WEEKLY, EXECUTIVE) if regular.is_due(session, message, now)]
    for message in begun:
        with house.record.write() as session:
            regular.tell(session, message, now=now, actor=house.actor)
    return ticked


def count_votes(house: House) -> int:
    """Close the panels whose outcome is certain by now, in a transaction after those of the votes."""
    with house.record.write() as session:
        return panel_outcomes.count(session, now=house.now(), actor=house.actor)


def deliver_messages(house: House) -> dict[str, Any]:
    """Send what the outbox holds; without Slack it waits there. Counts, what went wrong, and what halted the pass."""
    if house.slack is None:
        return {}
    from tasks.messages import render
    from tasks.slack import deliver

    done = deliver(
        house.record,
        house.slack,
        now=house.now,
        render=partial(render, templates=house.settings.templates, dashboard=house.settings.scorecard_url),
        pacer=house.pacer,
        progress=every(PROGRESS_S, house.progress) if house.progress else None,
    )
    for trouble in (*done.errors, *([done.halted] if done.halted else [])):
        log.warning("delivery: %s", trouble)
    return {name: value for name, value in asdict(done).items() if value}


def assess_cycles(house: House) -> dict[str, Checked]:
    """Check every open cycle; while none is open, watch on what the last one covered."""
    now = house.now()
    with house.record.write() as session:
        under_way, last = open_cycles(session), last_closed(session)
        if not under_way and last is not None:
            return {last.key: check_rules.watch(session, last, now=now, actor=house.actor)}
        return {cycle.key: check_rules.check(session, cycle, now=now, actor=house.actor) for cycle in under_way}


def act_on_cycles(house: House) -> dict[str, Acted]:
    """Act on every open cycle, or on the last one while none is open; remind those whose decision is waited for."""
    now = house.now()
    with house.record.write() as session:
        under_way, last = open_cycles(session), last_over(session)
        for cycle in (*planned_cycles(session), *under_way):
            overdue.remind_deciders(session, cycle, now=now, actor=house.actor)
        cycles = under_way or ([last] if last else [])
        return {cycle.key: act_rules.act(session, cycle, now=now, actor=house.actor) for cycle in cycles}


def try_gates(house: House) -> dict[str, Closing]:
    """Check every cycle whose closing date has come once more, and try to close it."""
    now = house.now()
    closings = {}
    with house.record.write() as session:
        for cycle in open_cycles(session):
            if check_rules.local_day(cycle, now) >= cycle.close_on:
                check_rules.check(session, cycle, now=now, actor=house.actor)
                closings[cycle.key] = close_rules.close(session, cycle, now=now, actor=house.actor)
    return closings


def write_packs(house: House, closings: dict[str, Closing]) -> list[str]:
    """For each cycle just closed, its whole status as a file an auditor can take away; returns the paths."""
    written = []
    for key in (key for key, closing in closings.items() if closing.closed):
        with house.record.read() as session:
            pack = status_rules.status(session, cycle_named(session, key), house.now())
            pack["result_digest"] = closings[key].digest
        path = house.settings.home / "packs" / f"{key}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(pack, ensure_ascii=False, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        written.append(str(path))
    return written


def anchor_journal(house: House) -> bool:
    """Record the journal's head for the day; an anchor that cannot be written keeps no stage from its end."""
    from flows.anchoring import anchor

    try:
        return anchor(house.record, house.settings, house.now())[1]
    except BadInput as error:
        log.error("anchor: %s", error)
        return False


def figures(house: House, key: str | None = None) -> Scorecard | None:
    """The scorecard of the cycle under way, or of the one named."""
    with house.record.read() as session:
        cycle = cycle_named(session, key) if key else current_cycle(session)
        return scorecard(session, cycle, house.now()) if cycle else None


def language(house: House) -> str:
    """The language the programme's dashboards speak."""
    with house.record.read() as session:
        return str(programme_head(session)["language"])


def _as_look(document: Any, last: Any) -> Any:
    from tasks.documents import Look

    if last is None or last.status != "ok":
        return None
    return Look(
        locator=document.locator,
        at=last.at,
        status="ok",
        sha256=last.sha256,
        size=last.size,
        modified=last.modified,
        effective=last.effective,
        etag=last.etag,
        revision=last.revision,
    )
