"""`hoshin demo --fast`: a whole cycle by itself, through the real Slack code path, under a virtual clock."""

import asyncio
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from cycles import journal
from cycles.errors import HoshinError
from cycles.programme.load import load_programme
from cycles.programme_cycles import cycle_named
from cycles.settings import Settings
from cycles.status import status
from flows import stories, work
from flows.house import House, open_house
from hoshin.behaviour import load_behaviour
from hoshin.player import Player
from hoshin.processes import Prefect
from hoshin.slack_hands import SlackHands
from hoshin.wheel import VirtualClock, Wheel
from inbox.house import Inbox, posting_client
from inbox.socket import SocketDoor
from localslack.server import LocalSlack

CYCLE = "FY2026-Q3"
STARTS = datetime(2026, 10, 1, 0, 0, tzinfo=UTC)
# A cycle that is not closed half a year after it began will not be.
ENDS = datetime(2027, 3, 31, tzinfo=UTC)


class NotClosed(HoshinError):
    """The demo's cycle did not close."""

    exit_code = 1


def play(settings: Settings, seed: int) -> None:
    """Play the cycle to its end and publish its scorecard.

    Raises:
        NotClosed: when it does not close, naming what keeps its gate shut.
    """
    clock = VirtualClock(STARTS)
    with ExitStack() as stack:
        prefect = stack.enter_context(Prefect(home=settings.home / "prefect", environment={}))
        prefect.start_server(services=False)  # nothing is scheduled, a page is published
        local = stack.enter_context(
            LocalSlack(
                settings.programme_dir / "slack.yaml", clock=clock.epoch, transcript=settings.home / "transcript.jsonl"
            )
        )
        settings = Settings(
            home=settings.home,
            slack_base_url=local.api_url,
            slack_bot_token=local.bot_token,
            slack_app_token=local.app_token,
        )
        house = stack.enter_context(open_house(settings, now=clock, actor="demo"))
        inbox = Inbox(record=house.record, settings=settings, client=posting_client(settings), clock=clock)
        planned = asyncio.run(stories.plan(house, CYCLE))
        print(
            f"{CYCLE}: {planned.requests} requests to {planned.people} people, {planned.carried} carried over",
            flush=True,
        )
        stack.enter_context(SocketDoor(inbox))
        player = _player(house, clock, local, seed)
        wheel = Wheel(house=house, clock=clock, player=player, after_step=_Diary(house, clock).tell)
        wheel.turn_until(ENDS, stop=lambda: _is_closed(house))
        _report(house, clock, player)
        prefect.wait_ready()
        _publish(house, prefect)


def _player(house: House, clock: VirtualClock, local: LocalSlack, seed: int) -> Player:
    programme = load_programme(house.programme_dir)
    return Player(
        record=house.record,
        hands=SlackHands(record=house.record, clock=clock, slack=local.human),
        behaviour=load_behaviour(house.programme_dir, programme),
        seed=seed,
    )


def _is_closed(house: House) -> bool:
    with house.record.read() as session:
        return cycle_named(session, CYCLE).state == "closed"


class _Diary:
    """Prints one line per week of the virtual cycle."""

    def __init__(self, house: House, clock: VirtualClock) -> None:
        self.house, self.clock, self.week = house, clock, (0, 0)

    def tell(self) -> None:
        local = self.clock().astimezone(ZoneInfo("Asia/Tokyo"))
        week = local.isocalendar()[:2]
        if week == self.week:
            return
        self.week = week
        card = work.figures(self.house)
        if card is None:
            return
        rings = " · ".join(f"{ring.stage} {ring.done}/{ring.of}" for ring in card.rings)
        share = f"{card.tally.in_control:.0%}"
        print(f"{local:%d %b}  {card.stage:6}  {rings}  in control {share}, {len(card.lapses)} lapses", flush=True)


def _report(house: House, clock: VirtualClock, player: Player) -> None:
    with house.record.read() as session:
        cycle = cycle_named(session, CYCLE)
        found = status(session, cycle, clock())
        verified = journal.verify(session)
        if cycle.state != "closed":
            from cycles.close import gate

            raise NotClosed(f"{CYCLE} did not close: {'; '.join(gate(session, cycle, clock()))}.")
    if verified.fault:
        raise NotClosed(f"Journal entry {verified.fault.seq} {verified.fault.problem}.")
    for refusal in player.refused:
        print(f"refused  {refusal}")
    print(f"closed   {clock().astimezone(ZoneInfo('Asia/Tokyo')):%d %b %Y}, results {cycle.result_digest}")
    print(f"counts   {found['counts']}")
    print(f"journal  {verified.entries} entries, digest {verified.head}")


def _publish(house: House, prefect: Prefect) -> None:
    """The scorecard as an artifact of the demo's own server, and as a file for those without one."""
    import os

    from tasks.charts import scorecard_svg

    card = work.figures(house)
    assert card
    path = Path(house.settings.home) / "packs" / f"{CYCLE}-scorecard.svg"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(scorecard_svg(card, language=work.language(house)), encoding="utf-8")
    # Prefect reads its settings when it is imported, so the environment comes first.
    os.environ.update(
        {name: value for name, value in prefect.variables().items() if name.startswith(("PREFECT_", "DO_NOT"))}
    )
    # Log lines of one small flow are not worth the wait for a server that is about to end.
    os.environ |= {"PREFECT_LOGGING_TO_API_ENABLED": "false", "PREFECT_LOGGING_LEVEL": "WARNING"}
    from flows.publishing import publish

    asyncio.run(publish(replace(house, slack=None)))
    found = prefect.artifact("hoshin-scorecard")
    if found is None:
        raise NotClosed("The scorecard did not reach the Prefect server. See its log in HOME/prefect.")
    print(f"score    published as artifact hoshin-scorecard and {path}")
