"""Once a week: to managers what their people owe, to leads how the whole programme stands."""

from typing import Any

from cycles.briefs import WeeklyBrief, WeeklyRow
from tasks.blocks import PREFIX, context, fields, header, lines, notification, rich
from tasks.messages import parts
from tasks.words import Raw, Words

Payload = dict[str, Any]
# Twenty of the longest names still fit into one text of Slack's (3,000 characters).
MOST_ROWS = 20
COUNTS = ("overdue", "due", "answered", "actions", "lapses", "expiring")


def weekly(brief: WeeklyBrief, words: Words) -> Payload:
    """Figures, then the people who owe most. Nothing to press: each request has messages of its own."""
    whose = "whole" if brief.whole else "team"
    blocks = [
        header(f"{PREFIX}.title", words.say(f"weekly.title_{whose}", monday=brief.monday)),
        fields(f"{PREFIX}.counts", [_cell(words, brief, name) for name in COUNTS]),
    ]
    rows = brief.rows[:MOST_ROWS]
    if rows:
        blocks.append(rich(f"{PREFIX}.people", lines(words.say("weekly.people"), *(_row(words, r) for r in rows))))
    left = brief.more + len(brief.rows) - len(rows)
    more = words.say("weekly.more", more=left) if left else None
    blocks.append(context(f"{PREFIX}.why", more, words.say(f"weekly.why_{whose}")))
    counts = {"overdue": brief.overdue, "due": brief.due, "lapses": brief.lapses}
    return {"text": notification(words.say(f"weekly.notify_{whose}", **counts)), "blocks": blocks}


def _cell(words: Words, brief: WeeklyBrief, name: str) -> Raw:
    value: Any = getattr(brief, name)
    if name == "actions" and brief.actions_overdue:
        value = words.say("weekly.of_which", number=brief.actions, overdue=brief.actions_overdue)
    return words.say("common.cell", name=words.say(f"weekly.{name}"), value=value)


def _row(words: Words, row: WeeklyRow) -> Raw:
    which = "both" if row.overdue and row.due else "late" if row.overdue else "soon"
    return words.say(f"weekly.row_{which}", name=parts.name_of(row.name), overdue=row.overdue, due=row.due)
