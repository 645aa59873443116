"""The forms behind the buttons, each about one request, evidence or action."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from cycles.briefs import ActionBrief, EffectivenessBrief, Item, Reader, ReviewBrief
from tasks.blocks import Block, Element, date_input, lines, radio, rich, text_input
from tasks.messages import parts
from tasks.modals.frame import NOTE, View, ask, form_input, modal, today_of, words_of
from tasks.modals.several import also
from tasks.words import Raw, Words

REASON = 500
OBJECTIONS = ("not_mine", "not_applicable", "cannot_provide")


def evidence(
    reader: Reader,
    item: Item,
    *,
    now: datetime,
    others: Sequence[Item] = (),
    others_total: int = 0,
    templates: Path | None = None,
) -> View:
    """*Submit evidence*: only the forms the request takes; the effective date starts at the reader's today.

    `others` are requests of the reader's for the same kind of evidence, which it may answer as well; `others_total` counts
    those that did not fit, too.
    """
    words = words_of(reader, templates)
    names = [words.say(f"modals.{form}") for form in item.forms]
    one_of = words.say("modals.intro_one_of", forms=names) if len(names) > 1 else None
    guidance = words.pick(item.guidance)
    counts = words.say("item.guidance", guidance=guidance) if guidance.strip() else None
    blocks = [_about(words, item, parts.asked(words, item), counts, one_of)]
    # With a single form Slack itself can insist on it; with several, `read_values` asks for at least one.
    blocks += [form_input(words, form, optional=len(item.forms) > 1) for form in item.forms]
    blocks += also(words, others, others_total)
    blocks += [
        ask(words, "effective", date_input(today_of(reader, now).isoformat()), hint="effective_hint"),
        ask(words, "note", text_input(limit=NOTE), hint="note_evidence_hint", optional=True),
    ]
    return modal(words, "evidence", str(item.request_id), blocks)


def snooze(reader: Reader, item: Item, *, now: datetime, templates: Path | None = None) -> View:
    """A day after today, at the latest `item.snooze_until`, with a reason."""
    words = words_of(reader, templates)
    start = item.snooze_until if item.snooze_until > today_of(reader, now) else None
    blocks = [
        _about(words, item, words.say("modals.intro_snooze", latest=item.snooze_until)),
        ask(words, "until", date_input(start.isoformat() if start else None)),
        ask(words, "reason", text_input(multiline=False, limit=REASON), hint="reason_hint"),
    ]
    return modal(words, "snooze", str(item.request_id), blocks)


def delegate(reader: Reader, item: Item, *, templates: Path | None = None) -> View:
    """Whom to ask instead, with a note to them."""
    return _person(reader, item, "delegate", templates)


def reassign(reader: Reader, item: Item, *, templates: Path | None = None) -> View:
    """Who is asked from now on (by a lead or manager)."""
    return _person(reader, item, "reassign", templates)


def _person(reader: Reader, item: Item, name: str, templates: Path | None) -> View:
    words = words_of(reader, templates)
    assignee = {"assignee": parts.name_of(item.assignee)} if name == "reassign" else {}
    blocks = [
        _about(words, item, parts.due(words, item), words.say(f"modals.intro_{name}", **assignee)),
        ask(words, "user", _people()),
        ask(words, "note", text_input(limit=NOTE), optional=True),
    ]
    return modal(words, name, str(item.request_id), blocks)


def not_mine(reader: Reader, item: Item, *, templates: Path | None = None) -> View:
    """It is not mine, it does not apply, or I cannot provide it: which, why, and perhaps who else."""
    words = words_of(reader, templates)
    choices = [(name, words.say(f"modals.{name}"), words.say(f"modals.{name}_then")) for name in OBJECTIONS]
    blocks = [
        _about(words, item),
        ask(words, "objection", radio(choices)),
        ask(words, "note", text_input(limit=NOTE), label="note_not_mine"),
        ask(words, "user", _people(), label="user_suggestion", optional=True),
    ]
    return modal(words, "not_mine", str(item.request_id), blocks)


def excuse(reader: Reader, item: Item, *, templates: Path | None = None) -> View:
    """Why it does not apply in this cycle (by a lead)."""
    words = words_of(reader, templates)
    intro = words.say("modals.intro_excuse")
    blocks = [_about(words, item, intro), ask(words, "reason", text_input(limit=NOTE), hint="reason_hint")]
    return modal(words, "excuse", str(item.request_id), blocks)


def keep_asking(reader: Reader, item: Item, *, templates: Path | None = None) -> View:
    """Why it is asked all the same, in words the person asked will read (by a lead)."""
    words = words_of(reader, templates)
    intro = words.say("modals.intro_keep_asking", assignee=parts.name_of(item.assignee))
    blocks = [_about(words, item, intro), ask(words, "note", text_input(limit=NOTE), label="note_keep_asking")]
    return modal(words, "keep_asking", str(item.request_id), blocks)


def review_return(reader: Reader, brief: ReviewBrief, *, secret: bool = False, templates: Path | None = None) -> View:
    """What is missing, in words the submitter will read; without the reader's name where the vote is `secret`."""
    words = words_of(reader, templates)
    intro = words.say(f"modals.intro_{'panel' if secret else 'review'}_return", owner=parts.name_of(brief.submitter))
    blocks = [_about(words, brief.item, intro), ask(words, "reason", text_input(limit=NOTE))]
    return modal(words, "review_return", str(brief.evidence_id), blocks)


def panel_recuse(reader: Reader, brief: ReviewBrief, *, templates: Path | None = None) -> View:
    """Why a member of a panel does not vote on this."""
    words = words_of(reader, templates)
    blocks = [_about(words, brief.item, words.say("modals.intro_panel_recuse"))]
    blocks.append(ask(words, "reason", text_input(limit=NOTE)))
    return modal(words, "panel_recuse", str(brief.evidence_id), blocks)


def implemented(reader: Reader, brief: ActionBrief, *, templates: Path | None = None) -> View:
    """Correction, root cause and corrective action (ISO/IEC 42001:2023, 10.2)."""
    words = words_of(reader, templates)
    names = ("correction", "root_cause", "corrective_action")
    blocks = [_of_action(words, brief, words.say("modals.intro_implemented"))]
    blocks += [ask(words, name, text_input(limit=NOTE)) for name in names]
    return modal(words, "implemented", str(brief.action_id), blocks)


def effective(reader: Reader, brief: EffectivenessBrief, *, templates: Path | None = None) -> View:
    """It worked: what the second person looked at."""
    return _verdict(reader, brief, "effective", templates)


def ineffective(reader: Reader, brief: EffectivenessBrief, *, templates: Path | None = None) -> View:
    """It did not work: what is still missing."""
    return _verdict(reader, brief, "ineffective", templates)


def _verdict(reader: Reader, brief: EffectivenessBrief, name: str, templates: Path | None) -> View:
    words = words_of(reader, templates)
    owner = {"owner": parts.name_of(brief.owner)} if name == "ineffective" else {}
    blocks = [
        _of_action(words, brief, words.say(f"modals.intro_{name}", **owner)),
        ask(words, "note", text_input(limit=NOTE), label=f"note_{name}"),
    ]
    return modal(words, name, str(brief.action_id), blocks)


def _about(words: Words, item: Item, *more: Raw | None) -> Block:
    return rich("about", lines(parts.title(words, item), *more))


def _of_action(words: Words, brief: ActionBrief | EffectivenessBrief, intro: Raw) -> Block:
    kind, system = parts.name_of(words.pick(brief.kind_title)), parts.name_of(brief.system_name)
    return rich("about", lines(words.say("item.title", system=system, kind=kind), intro))


def _people() -> Element:
    return {"type": "users_select", "action_id": "value"}
