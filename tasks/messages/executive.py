"""Once a month, to executives: how the programme stands, in a few figures, with the way to the scorecard."""

from typing import Any

from cycles.briefs import ExecutiveBrief, ExecutiveRow
from cycles.scorecard_figures import whole_percent
from tasks.blocks import PREFIX, context, fields, header, lines, notification, rich
from tasks.charts.words import percent
from tasks.messages import parts
from tasks.words import Raw, Words

Payload = dict[str, Any]
SHOWN_SYSTEMS = 5


def executive(brief: ExecutiveBrief, words: Words) -> Payload:
    """One figure first, then four, then what needs attention. Nothing to press, and nobody is named."""
    blocks = [
        header(f"{PREFIX}.title", words.say("executive.title", organisation=parts.name_of(brief.organisation))),
        context(f"{PREFIX}.day", *_stage(words, brief)),
        rich(f"{PREFIX}.control", lines(_control(words, brief), _change(words, brief))),
        fields(f"{PREFIX}.figures", [_cell(words, name, told) for name, told in _figures(words, brief)]),
        rich(f"{PREFIX}.systems", _systems(words, brief)),
        rich(f"{PREFIX}.dashboard", _dashboard(words, brief)),
        context(f"{PREFIX}.why", words.say("executive.why_weekly" if brief.weekly else "executive.why")),
    ]
    return {"text": notification(_said(words, brief)), "blocks": blocks}


def _said(words: Words, brief: ExecutiveBrief) -> Raw:
    values: dict[str, Any] = {"cycle": parts.name_of(brief.cycle), "lapses": brief.lapses, "overdue": brief.overdue}
    if not brief.controls:
        return words.say("executive.notify_first", **values)
    return words.say("executive.notify", share=percent(brief.in_control), **values)


def _stage(words: Words, brief: ExecutiveBrief) -> list[Raw]:
    stage = words.say(f"status.stage_{brief.stage}")
    said = words.say("executive.cycle", cycle=parts.name_of(brief.cycle), stage=stage)
    if brief.stage == "closed":
        return [said]
    return [said, words.say("status.day", day=brief.workday, days=brief.workdays, closes=brief.closes)]


def _control(words: Words, brief: ExecutiveBrief) -> Raw:
    if not brief.controls:
        return words.say("executive.no_controls")
    return words.say("executive.control", share=percent(brief.in_control), controls=brief.controls)


def _change(words: Words, brief: ExecutiveBrief) -> Raw | None:
    if brief.previous is None or not brief.controls:
        return None
    points = whole_percent(brief.in_control) - whole_percent(brief.previous)
    which = "more" if points > 0 else "less" if points < 0 else "same"
    return words.say(f"executive.{which}", points=abs(points), before=percent(brief.previous))


def _figures(words: Words, brief: ExecutiveBrief) -> list[tuple[str, Any]]:
    actions: Any = brief.actions
    if brief.actions_overdue:
        actions = words.say("weekly.of_which", number=brief.actions, overdue=brief.actions_overdue)
    lapses: Any = brief.lapses
    if brief.new_lapses:
        lapses = words.say("executive.lapses_of", lapses=brief.lapses, new=brief.new_lapses, recovered=brief.recovered)
    return [
        ("weekly.lapses", lapses),
        ("status.overdue", brief.overdue),
        ("weekly.actions", actions),
        ("weekly.expiring", brief.expiring),
    ]


def _cell(words: Words, name: str, value: Any) -> Raw:
    return words.say("common.cell", name=words.say(name), value=value)


def _systems(words: Words, brief: ExecutiveBrief) -> Raw:
    if not brief.systems:
        return words.say("executive.calm")
    shown = brief.systems[:SHOWN_SYSTEMS]
    left = brief.more + len(brief.systems) - len(shown)
    more = words.say("executive.others", n=left) if left else None
    return lines(words.say("executive.attention"), *(_row(words, row) for row in shown), more)


def _row(words: Words, row: ExecutiveRow) -> Raw:
    told = [words.say("executive.row_lapsed", n=row.lapsed)] if row.lapsed else []
    told += [words.say("executive.row_overdue", n=row.overdue)] if row.overdue or not told else []
    return words.say(
        "executive.row", system=parts.name_of(row.system_name), facts=words.say("common.joined", parts=told)
    )


def _dashboard(words: Words, brief: ExecutiveBrief) -> Raw:
    if brief.dashboard:
        return words.say("status.dashboard", where=brief.dashboard)
    return words.say("executive.where")
