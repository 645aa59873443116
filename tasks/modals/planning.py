"""The form behind *Plan*: the dated steps of an improvement (OSCAL POA&M milestones), set, seen and ticked off."""

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

from cycles.briefs import ActionBrief, Reader, Step
from tasks.blocks import Block, checkboxes, date_input, lines, rich, text_input
from tasks.messages import parts
from tasks.modals.frame import View, ask, modal, today_of, words_of
from tasks.words import Raw, Words, one_line

# New ones in one go; there may be twenty in all (`cycles.milestones`).
NEW = 3
# Boxes are ten in a group.
SHOWN = 10
TITLE = 200
STEP, STEP_DUE, REACHED = "step", "step_due", "reached"


def plan(
    reader: Reader, brief: ActionBrief, steps: Sequence[Step], *, now: datetime, templates: Path | None = None
) -> View:
    """`steps` are the milestones so far, the earliest first."""
    words = words_of(reader, templates)
    waiting = [step for step in steps if not step.done][:SHOWN]
    blocks: list[Block] = [rich("about", lines(*_about(words, brief, steps)))]
    if waiting:
        boxes = checkboxes([_box(words, step, today_of(reader, now)) for step in waiting])
        blocks.append(ask(words, REACHED, boxes, optional=True))
    for number in range(NEW):
        blocks += [
            ask(words, f"{STEP}.{number}", text_input(multiline=False, limit=TITLE), label=STEP, optional=True),
            ask(words, f"{STEP_DUE}.{number}", date_input(None), label=STEP_DUE, optional=True),
        ]
    return modal(words, "plan", str(brief.action_id), blocks)


def _about(words: Words, brief: ActionBrief, steps: Sequence[Step]) -> list[Raw | None]:
    reached = sum(step.done for step in steps)
    return [
        words.say(
            "item.title", system=parts.name_of(brief.system_name), kind=parts.name_of(words.pick(brief.kind_title))
        ),
        words.say("modals.intro_plan", due=brief.due),
        words.say("modals.steps_so_far", reached=reached, all=len(steps)) if steps else None,
    ]


def _box(words: Words, step: Step, today: date) -> tuple[str, Raw, Raw]:
    below = "modals.step_late" if step.due < today else "modals.chosen_due"
    return (
        str(step.milestone_id),
        words.say("modals.step_one", title=one_line(step.title, 70) or "–"),
        words.say(below, due=step.due),
    )
