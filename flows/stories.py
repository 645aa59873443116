"""The wheel, told without Prefect: what each stage does, in the order it does it.

Every stage may be run at any time and any number of times: it works from the record and the present instant, and what
was done already is not done again.
"""

from dataclasses import dataclass
from typing import Any

from cycles.act import Acted
from cycles.check import Checked
from cycles.close import Closing
from cycles.do import Ticked
from cycles.locks import stage_lock
from cycles.observations import Observed
from cycles.periods import period
from cycles.scorecard import Scorecard
from flows import work
from flows.house import House
from flows.steps import Step, plainly


@dataclass(frozen=True, kw_only=True)
class Planned:
    """What Plan leaves behind."""

    cycle: str
    created: bool
    state: str
    systems: int
    requests: int
    carried: int
    people: int
    programme_changed: bool


async def plan(house: House, key: str | None = None, *, approve: str | None = None, step: Step = plainly) -> Planned:
    """Read the programme, bring the record up to it, expand the scope to requests, and put the plan before the lead."""
    with stage_lock(house.record, "plan", house.now):
        programme = await step("Read the programme", work.read_programme, house)
        if key:
            period(
                key, programme.head.fiscal_year_starts
            )  # refuse a key that names no cycle before anything is written
        changed = await step("Sync the programme into the record", work.sync_programme, house, programme)
        await step("Look at watched documents", work.look_at_documents, house)
        planned = await step("Expand the scope to requests", work.plan_cycle, house, key)
        if approve:
            await step("Open the cycle", work.open_cycle, house, planned["cycle"], approve)
        await step("Deliver messages", work.deliver_messages, house)
        state = await step("Read how the cycle stands", work.cycle_state, house, planned["cycle"])
    return Planned(**planned, state=state, programme_changed=changed)


async def do(house: House, *, step: Step = plainly) -> tuple[Ticked, dict[str, Any]]:
    """Match people with Slack, decide who is to be asked or reminded now, and deliver what there is to say."""
    with stage_lock(house.record, "do", house.now):
        await step("Match people with Slack", work.identify_people, house)
        await step("Count the votes of panels", work.count_votes, house)
        ticked: Ticked = await step("Decide what is due", work.decide_due, house)
        delivered: dict[str, Any] = await step("Deliver messages", work.deliver_messages, house)
    return ticked, delivered


async def check(house: House, *, step: Step = plainly) -> tuple[Observed, dict[str, Checked]]:
    """Look at the documents, then assess every control of every system and record what lapsed or recovered."""
    with stage_lock(house.record, "check", house.now):
        observed: Observed = await step("Look at watched documents", work.look_at_documents, house)
        await step("Count the votes of panels", work.count_votes, house)
        checked: dict[str, Checked] = await step("Assess every control", work.assess_cycles, house)
    return observed, checked


async def act(house: House, *, step: Step = plainly) -> dict[str, Acted]:
    """Give every lapse its one action, chase their owners, and ask a second person whether what was done worked."""
    with stage_lock(house.record, "act", house.now):
        acted: dict[str, Acted] = await step("Answer every lapse with an action", work.act_on_cycles, house)
        await step("Deliver messages", work.deliver_messages, house)
    return acted


async def review(house: House, *, step: Step = plainly) -> dict[str, Closing]:
    """Try the gate of every cycle in its last days, close those that nothing keeps open, and anchor the journal."""
    with stage_lock(house.record, "review", house.now):
        closings: dict[str, Closing] = await step("Try the closing gate", work.try_gates, house)
        await step("Write the pack of closed cycles", work.write_packs, house, closings)
        await step("Anchor the journal", work.anchor_journal, house)
    return closings


async def turn(
    house: House, key: str | None = None, *, approve: str | None = None, step: Step = plainly
) -> dict[str, Any]:
    """All stages once, in order: what has come due in each is done, the rest is left for its time."""
    planned = await plan(house, key, approve=approve, step=step)
    ticked, delivered = await do(house, step=step)
    _, checked = await check(house, step=step)
    acted = await act(house, step=step)
    closings = await review(house, step=step)
    return {
        "plan": planned,
        "do": {"decided": ticked, "delivered": delivered},
        "check": checked,
        "act": acted,
        "review": closings,
    }


def figures(house: House, key: str | None = None) -> Scorecard | None:
    """The scorecard of a cycle (the one under way unless named); None before anything was planned."""
    return work.figures(house, key)
