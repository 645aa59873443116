"""`hoshin demo`: the example organisation with everything real around it but the people, who are you."""

import asyncio
import json
import shutil
import sys
import threading
import time
import webbrowser
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cycles import journal
from cycles.errors import BadInput
from cycles.programme_cycles import cycle_named
from cycles.settings import CLOCK_FILE, Settings, set_clock
from flows import stories
from flows.house import House, open_house
from hoshin.doctor import schedule_variables
from hoshin.example import build_example
from hoshin.processes import Prefect, free_port, interruptible
from hoshin.serving import inbox_of

CYCLE = "FY2026-Q3"
LEAD = "sato"
# 1 October 2026, 09:00 in Tokyo: the cycle is planned; then the night before the first asks; then their morning.
PLANNED = datetime(2026, 10, 1, 0, 0, tzinfo=UTC)
NIGHT = datetime(2026, 10, 15, 18, 0, tzinfo=UTC)
MORNING = datetime(2026, 10, 16, 0, 30, tzinfo=UTC)
MARK = "demo.json"
SLACK_PORT = 4390


def interactive(*, open_browser: bool) -> None:
    """Start everything, put the first prompts before their owners, and stay until Ctrl-C.

    Raises:
        BadInput: when the home holds a record that is not the demo's.
    """
    settings = _demo_home()
    with ExitStack() as stack, interruptible():
        say = _Progress()
        prefect = stack.enter_context(Prefect(home=settings.home / "prefect", environment={}))
        say("Starting the Prefect server")
        prefect.start_server()
        say("Starting the local Slack")
        local = stack.enter_context(_local_slack(settings))
        settings = _with_slack(settings, local)
        prefect.environment.update(_environment(settings, prefect))
        house = stack.enter_context(open_house(settings, actor="demo"))
        say("Reading the programme, planning the cycle, asking the first owners")
        _first_steps(house)
        inbox = stack.enter_context(inbox_of(house))
        stack.enter_context(_socket(inbox))
        _write_mark(settings, {"prefect": prefect.api, "slack": local.url})
        say(f"First prompts are there: {local.url}")
        say("Waiting for the Prefect server, deploying the flows")
        prefect.wait_ready()
        prefect.deploy(_project_folder(), schedule_variables(settings))
        say("Running Check, which publishes the dashboards")
        prefect.wait(prefect.run("check/check"))
        say.done()
        _tell(settings, local.url, prefect)
        if open_browser:
            webbrowser.open(_owner_page(local.url))
        _stay(settings, prefect)


def fast(seed: int) -> None:
    """Play the whole cycle under a virtual clock, publish its scorecard, and tell how it ended.

    Raises:
        BadInput: when the home holds a record that is not the demo's, or the cycle does not close.
    """
    from hoshin.fast_demo import play

    settings = _demo_home(afresh=True)
    (settings.home / CLOCK_FILE).unlink(missing_ok=True)
    _write_mark(settings, {"fast": True, "seed": seed})
    play(settings, seed)


def next_step() -> None:
    """Move the clock of a running demo on to the next moment at which somebody is due, and run that stage."""
    settings = Settings()
    mark = _mark(settings)
    if mark is None or not _answers(settings, mark):
        raise BadInput("No demo runs here. Start it with `make demo` in another terminal.")
    print(_advance(settings, mark["prefect"]))


def reset() -> None:
    """Delete the demo's record, Slack, server and clock; a home that is not the demo's is left alone."""
    settings = Settings()
    if not settings.home.exists():
        return
    mark = _mark(settings)
    if mark is None:
        raise BadInput(f"{settings.home} does not hold a demo. Nothing was deleted.")
    if _answers(settings, mark):
        raise BadInput(f"The demo in {settings.home} is running. End it with Ctrl-C first.")
    shutil.rmtree(settings.home)
    print(f"{settings.home} is gone. Run `make demo` to start over.")


def _demo_home(*, afresh: bool = False) -> Settings:
    settings = Settings()
    if settings.database_url:
        raise BadInput("HOSHIN_DATABASE_URL is set; the demo keeps its own SQLite record. Unset it for the demo.")
    used, mark = (settings.home / "hoshin.db").exists(), _mark(settings)
    if used and mark is None:
        raise BadInput(f"{settings.home} holds a record of your own. Set HOSHIN_HOME to another folder for the demo.")
    if used and (afresh or (mark or {}).get("fast")):
        kept = settings.home.with_name(f"{settings.home.name}-before-{int(time.time())}")
        settings.home.rename(kept)
        print(f"The demo that was here before is kept in {kept}.")
    settings.home.mkdir(parents=True, exist_ok=True)
    if mark is None:
        # Before the record is there: a start that is interrupted must not look like a record of somebody's own.
        _write_mark(settings, {})
    build_example(settings.programme_dir)
    return settings


@contextmanager
def _local_slack(settings: Settings) -> Iterator[Any]:
    from localslack.server import LocalSlack

    with LocalSlack(
        settings.programme_dir / "slack.yaml",
        port=free_port(SLACK_PORT),
        clock=lambda: settings.now().timestamp(),
        state=settings.home / "localslack.json",
        transcript=settings.home / "transcript.jsonl",
    ) as local:
        yield local


def _with_slack(settings: Settings, local: Any) -> Settings:
    return Settings(
        home=settings.home,
        slack_base_url=local.api_url,
        slack_bot_token=local.bot_token,
        slack_app_token=local.app_token,
    )


def _environment(settings: Settings, prefect: Prefect) -> dict[str, str]:
    return {
        "HOSHIN_HOME": str(settings.home.absolute()),
        "HOSHIN_SLACK_BASE_URL": settings.slack_base_url,
        "HOSHIN_SLACK_BOT_TOKEN": settings.secret("slack_bot_token"),
        "HOSHIN_SLACK_APP_TOKEN": settings.secret("slack_app_token"),
        "HOSHIN_PREFECT_UI": prefect.url,
    }


def _first_steps(house: House) -> None:
    """Bring a fresh record to the first morning of Do; a record that is further on is left where it is."""
    home = house.settings.home
    # Each step leaves alone what is done already, so a start that was interrupted is simply made again.
    if not (home / CLOCK_FILE).exists() or house.now() < MORNING:
        set_clock(home, to=PLANNED)
        asyncio.run(stories.plan(house, CYCLE, approve=LEAD))
        set_clock(home, to=NIGHT)
        asyncio.run(stories.check(house))
        asyncio.run(stories.act(house))
        set_clock(home, to=MORNING)
    asyncio.run(stories.do(house))


@contextmanager
def _socket(inbox: Any) -> Iterator[None]:
    from inbox.socket import SocketDoor

    with SocketDoor(inbox):
        yield


def _project_folder() -> Path:
    """Where prefect.yaml is: beside the packages in a checkout, in the wheel's own data otherwise."""
    folder = Path(__file__).resolve().parent
    return folder.parent if (folder.parent / "prefect.yaml").exists() else folder


def _tell(settings: Settings, slack: str, prefect: Prefect) -> None:
    with open_house(settings) as house, house.record.read() as session:
        state = cycle_named(session, CYCLE).state
        head = journal.head(session)[0]
    print(
        f"""
Cycle {CYCLE} is {state}; it is {settings.now():%a %d %b %Y %H:%M} UTC in the demo. {head} journal entries so far.

  Act as an owner   {slack}/?as=U01BENNETT  (in English)
                    {slack}/?as=U01TANAKA   (日本語)
                    Choose anybody on the left; press "Still true" or "Submit evidence".
  The scorecard     {prefect.page("hoshin-scorecard")}
  All flows         {prefect.url}/v2/deployments

  In another terminal (in this folder):
    {_command()} status       what is true now
    {_command()} demo --next  on to the next moment at which somebody is due
    {_command()} verify       proof that nothing was edited

Press Enter to go on to the next moment, Ctrl-C to end everything. `make demo` goes on from here; `make demo-reset` starts over.
""",
        flush=True,
    )


def _command() -> str:
    """How this command is called from here: by name where it is on the path, else by where it lies."""
    if shutil.which("hoshin"):
        return "hoshin"
    own = Path(sys.executable).with_name("hoshin")
    return str(own.relative_to(Path.cwd())) if own.is_relative_to(Path.cwd()) else str(own)


def _owner_page(slack: str) -> str:
    return f"{slack}/?as=U01BENNETT"


def _stay(settings: Settings, prefect: Prefect) -> None:
    """Wait for Ctrl-C; each Enter turns the demo's clock on."""
    if not sys.stdin.isatty():
        threading.Event().wait()
    for _ in sys.stdin:
        print(_advance(settings, prefect.api), flush=True)
    threading.Event().wait()


def _advance(settings: Settings, api: str) -> str:
    """Set the clock to the next moment anything is due, and have the flow of that moment run by the worker."""
    from hoshin.wheel import VirtualClock, Wheel

    with open_house(settings, actor="demo") as house:
        wheel = Wheel(house=house, clock=VirtualClock(house.now()))
        moment, night = wheel.upcoming()
    set_clock(settings.home, to=moment)
    server = _server(settings, api)
    for stage in ("check", "act", "review") if night else ("do",):
        server.wait(server.run(f"{stage}/{stage}"))
    what = "the night's Check, Act and Review ran" if night else "Do ran"
    return f"It is now {moment:%a %d %b %Y %H:%M} UTC; {what}."


def _server(settings: Settings, api: str) -> Prefect:
    return Prefect(home=settings.home / "prefect", environment={}, port=int(api.split(":")[2].split("/")[0]))


def _answers(settings: Settings, mark: dict[str, Any]) -> bool:
    """Whether the demo of a mark is running; the mark itself outlives it."""
    if "prefect" not in mark:
        return False
    try:
        _server(settings, mark["prefect"]).call("GET", "/health")
    except OSError:
        return False
    return True


def _mark(settings: Settings) -> dict[str, Any] | None:
    try:
        return dict(json.loads((settings.home / MARK).read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError):
        return None


def _write_mark(settings: Settings, content: dict[str, Any]) -> None:
    (settings.home / MARK).write_text(json.dumps(content), encoding="utf-8")


class _Progress:
    """One line per step, with the seconds each took."""

    def __init__(self) -> None:
        self._since = time.monotonic()
        self._started = self._since

    def __call__(self, text: str) -> None:
        print(f"[{time.monotonic() - self._started:5.1f} s] {text}", flush=True)

    def done(self) -> None:
        self("Ready")
