"""`hoshin doctor`: whether everything Hoshin needs is there and right, with the remedy where it is not."""

import os
from collections.abc import Callable

from cycles.errors import HoshinError
from cycles.settings import CLOCK_FILE, Settings

Finding = tuple[str, str, str]  # what was checked, ok | warn | bad, the finding


def schedule_variables(settings: Settings) -> dict[str, str]:
    """What prefect.yaml's schedules need to know of the programme: its zone and the months its cycles start in.

    Raises:
        BadInput: when the programme cannot be read.
    """
    from cycles.periods import starting_months
    from cycles.programme.load import load_programme

    head = load_programme(settings.programme_dir).head
    months = starting_months(head.fiscal_year_starts, head.cycle_months)
    return {"HOSHIN_ZONE": head.zone, "HOSHIN_CYCLE_MONTHS": ",".join(str(month) for month in months)}


async def examine() -> list[Finding]:
    """Every check in order; one that fails does not keep the next from running."""
    settings = Settings()
    checks: list[tuple[str, Callable[[Settings], tuple[str, str]]]] = [
        ("home", _home),
        ("clock", _clock),
        ("database", _database),
        ("journal", _journal),
        ("programme", _programme),
        ("people", _people),
        ("templates", _templates),
        ("outbox", _outbox),
    ]
    found = [(name, *_tried(check, settings)) for name, check in checks]
    return [*found, *_slack(settings), ("Prefect", *_tried(_prefect, settings))]


def _slack(settings: Settings) -> list[Finding]:
    from hoshin.doctor_slack import findings

    found: list[Finding] = []
    try:
        found.extend(findings(settings))
    except HoshinError as error:
        found.append(("Slack", "bad", str(error)))
    return found


def _tried(check: Callable[[Settings], tuple[str, str]], settings: Settings) -> tuple[str, str]:
    try:
        return check(settings)
    except HoshinError as error:
        return "bad", str(error)


def _home(settings: Settings) -> tuple[str, str]:
    if not settings.home.is_dir():
        return "bad", f"{settings.home} is not there. Run `hoshin init`, or set HOSHIN_HOME."
    if not os.access(settings.home, os.W_OK):
        return "bad", f"{settings.home} cannot be written. Mend its permissions."
    return "ok", str(settings.home.absolute())


def _clock(settings: Settings) -> tuple[str, str]:
    if (settings.home / CLOCK_FILE).exists():
        return (
            "warn",
            f"shifted for the demo: {settings.now():%Y-%m-%d %H:%M} UTC. Delete {CLOCK_FILE} before real use.",
        )
    return "ok", f"{settings.now():%Y-%m-%d %H:%M} UTC"


def _database(settings: Settings) -> tuple[str, str]:
    from cycles.store import open_record

    record = open_record(settings.url)
    name = record.engine.url.render_as_string(hide_password=True)
    record.close()
    return "ok", name


def _journal(settings: Settings) -> tuple[str, str]:
    from cycles.journal import verify
    from cycles.store import open_record

    record = open_record(settings.url)
    with record.read() as session:
        found = verify(session)
    record.close()
    if found.fault:
        return "bad", f"entry {found.fault.seq} {found.fault.problem}. See `hoshin verify`."
    return "ok", f"{found.entries} entries, unbroken"


def _programme(settings: Settings) -> tuple[str, str]:
    from cycles.programme.load import load_programme

    found = load_programme(settings.programme_dir)
    return "ok", f"{len(found.systems)} systems, {len(found.people)} people, {len(found.head.frameworks)} frameworks"


def _outbox(settings: Settings) -> tuple[str, str]:
    from cycles.status import deliveries
    from cycles.store import open_record

    record = open_record(settings.url)
    with record.read() as session:
        counts = deliveries(session)
    record.close()
    doubtful = counts.get("unknown", 0) + counts.get("failed", 0)
    shown = ", ".join(f"{number} {state}" for state, number in counts.items()) or "empty"
    if doubtful:
        return "warn", f"{shown}. Messages unknown or failed are listed on the scorecard."
    return "ok", shown


def _people(settings: Settings) -> tuple[str, str]:
    from sqlmodel import col, select

    from cycles.accounts import differences, unreachable
    from cycles.models import Person
    from cycles.store import open_record

    record = open_record(settings.url)
    with record.read() as session:
        found = [str(difference) for difference in differences(session)]
        missing = session.exec(select(Person.key).where(col(Person.id).in_(unreachable(session))).order_by(Person.key))
        lost = list(missing.all())
    record.close()
    if lost:
        named = ", ".join(lost[:5]) + (f" and {len(lost) - 5} more" if len(lost) > 5 else "")
        return "bad", f"no active Slack account for {named}: nobody asks them. Correct their addresses in people.yaml."
    if found:
        return "warn", f"{'; '.join(found)}. Correct people.yaml, or leave the field out to follow Slack."
    return "ok", "people.yaml and Slack agree, as far as Slack was asked"


def _templates(settings: Settings) -> tuple[str, str]:
    from hoshin.doctor_words import written

    return written(settings)


def _prefect(settings: Settings) -> tuple[str, str]:
    address = os.environ.get("PREFECT_API_URL")
    if not address:
        return "warn", "PREFECT_API_URL is not set; stages run by hand or from cron, without dashboards."
    import httpx

    try:
        answer = httpx.get(f"{address}/health", timeout=5, trust_env=False)
        answer.raise_for_status()
    except httpx.HTTPError as error:
        return "bad", f"{address} does not answer ({error}). Start it with `prefect server start`."
    return "ok", address
