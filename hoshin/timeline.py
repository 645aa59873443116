"""A simulation told for people: day by day what is said, lapses and is done, and then the load on each person."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

Row = dict[str, Any]
Told = dict[str, Any]
BAR = 40
WORDS = {
    "digest": "first ask",
    "reminder": "reminder",
    "escalation": "escalation",
    "returned": "returned evidence",
    "offer": "offer to take over",
    "dispute": "dispute to decide",
    "review": "review",
    "panel": "panel vote",
    "plan": "plan to approve",
    "action": "improvement action",
    "effectiveness": "effectiveness review",
}


def story(told: Told) -> Iterator[str]:
    """The lines of the timeline, then of the load; days are those of the reader's zone."""
    yield f"From {told['from'][:10]} to {told['to'][:10]}: {_sum(told)}"
    for day, lines in sorted(_by_day(told).items()):
        yield f"\n{day:%a} {day.day} {day:%b %Y}"
        yield from (f"  {line}" for _, line in sorted(lines))
    if told["messages"]:
        yield ""
        yield from _load_of_people(told["messages"])
        yield ""
        yield from _load_of_weeks(told["messages"])
    if told["refused"]:
        yield "\nRefused:"
        yield from (f"  {line}" for line in told["refused"])


def _sum(told: Told) -> str:
    said = [(len(told[name]), name) for name in ("messages", "lapses", "recoveries", "actions")]
    return ", ".join(f"{number} {name}" for number, name in said) + "."


def _by_day(told: Told) -> dict[date, list[tuple[str, str]]]:
    """Per day (time to sort by, line). What has no reader stands after what is said, under its UTC day."""
    days: dict[date, list[tuple[str, str]]] = defaultdict(list)
    for row in told["messages"]:
        at = _local(row)
        days[at.date()].append((f"{at:%H:%M}{row['person']}", f"{at:%H:%M}  {row['person']:<14}{_said(row)}"))
    for row in told["lapses"]:
        since = f"{row['reason']} since {row['happened_on']}"
        days[_day(row["at"])].append(("25", f"lapse  {row['system']}/{row['evidence_kind']}: {since}"))
    for row in told["actions"]:
        what = f"action {_subject(row)}: {row['owner']}, {row['severity']}, due {row['due']}"
        days[_day(row["opened_at"])].append(("26", what))
    for row in told["recoveries"]:
        days[_day(row["at"])].append(("27", f"in order again: {row['system']}/{row['evidence_kind']}"))
    return days


def _subject(row: Row) -> str:
    return "/".join(part for part in (row["system"], row["evidence_kind"]) if part)


def _said(row: Row) -> str:
    about = len(row["requests"])
    many = f", {about} requests" if about > 1 else ""
    rung = f", rung {row['rung']}" if row["rung"] else ""
    return f"{WORDS.get(row['kind'], row['kind'])}{many}{rung}"


def _load_of_people(messages: list[Row]) -> Iterator[str]:
    """Who hears how often; the most on one day shows whether anybody is stormed."""
    total = Counter(row["person"] for row in messages)
    daily = Counter((row["person"], _local(row).date()) for row in messages)
    busiest = {person: max(n for (who, _), n in daily.items() if who == person) for person in total}
    yield "Messages per person (most on one day)"
    most = max(total.values())
    for person, number in sorted(total.items(), key=lambda item: (-item[1], item[0])):
        yield f"  {person:<14}{number:>5} {f'({busiest[person]})':<5} {_bar(number, most)}"


def _load_of_weeks(messages: list[Row]) -> Iterator[str]:
    """The load of the whole programme, week by week from Monday, with the quiet weeks between."""
    weeks = Counter(_monday(_local(row).date()) for row in messages)
    most, week = max(weeks.values()), min(weeks)
    yield "Messages per week"
    while week <= max(weeks):
        yield f"  {week.isoformat()}{weeks[week]:>9}       {_bar(weeks[week], most)}".rstrip()
        week += timedelta(days=7)


def _bar(number: int, most: int) -> str:
    return "█" * max(round(BAR * number / most), 1 if number else 0)


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _local(row: Row) -> datetime:
    return datetime.fromisoformat(row["at"]).astimezone(ZoneInfo(row["zone"]))


def _day(at: str) -> date:
    return datetime.fromisoformat(at).date()
