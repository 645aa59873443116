"""The forms about risks and findings: accepting a risk, declining that, triage, and raising a concern."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from cycles.briefs import AcceptanceBrief, ActionBrief, FindingBrief, Reader
from tasks.blocks import Element, date_input, lines, plain, rich, text_input
from tasks.messages import parts
from tasks.modals.frame import NOTE, View, ask, modal, words_of
from tasks.words import Raw, Words, one_line

TITLE, DETAIL = 200, 3000
GROUP = 100


def accept_risk(reader: Reader, brief: ActionBrief, *, latest: date, templates: Path | None = None) -> View:
    """Why the risk of a lapse can be accepted, and until when; `latest` is policy's last day."""
    words = words_of(reader, templates)
    title = words.say(
        "item.title", system=parts.name_of(brief.system_name), kind=parts.name_of(words.pick(brief.kind_title))
    )
    blocks = [
        rich("about", lines(title, words.say("modals.intro_accept_risk", latest=latest))),
        ask(words, "reason", text_input(limit=NOTE), label="risk_reason", hint="risk_reason_hint"),
        ask(words, "until", date_input(None), label="risk_until"),
    ]
    return modal(words, "accept_risk", str(brief.action_id), blocks)


def risk_decline(reader: Reader, brief: AcceptanceBrief, *, templates: Path | None = None) -> View:
    """Why the risk is not accepted, in words the requester will read."""
    words = words_of(reader, templates)
    intro = words.say("modals.intro_risk_decline", requester=parts.name_of(brief.requester))
    blocks = [rich("about", intro), ask(words, "reason", text_input(limit=NOTE))]
    return modal(words, "risk_decline", str(brief.acceptance_id), blocks)


def finding_accept(reader: Reader, brief: FindingBrief, *, templates: Path | None = None) -> View:
    """Who works on a finding, how grave it is and by when; everything may be left to the programme."""
    words = words_of(reader, templates)
    levels = [(level, words.say(f"modals.{level}")) for level in ("high", "medium", "low")]
    blocks = [
        rich("about", lines(_about(words, brief), words.say("modals.intro_finding_accept"))),
        ask(words, "user", {"type": "users_select", "action_id": "value"}, label="owner", optional=True),
        ask(words, "severity", _select(levels), optional=True),
        ask(words, "due", date_input(None), optional=True),
    ]
    return modal(words, "finding_accept", str(brief.finding_id), blocks)


def finding_dismiss(reader: Reader, brief: FindingBrief, *, templates: Path | None = None) -> View:
    """Why nothing is done about a finding."""
    words = words_of(reader, templates)
    blocks = [
        rich("about", lines(_about(words, brief), words.say("modals.intro_finding_dismiss"))),
        ask(words, "reason", text_input(limit=NOTE)),
    ]
    return modal(words, "finding_dismiss", str(brief.finding_id), blocks)


def concern(reader: Reader, systems: Sequence[tuple[int, str]], *, templates: Path | None = None) -> View:
    """What worries somebody, about which system (id and name; the organisation among them), and whether nobody may know who."""
    words = words_of(reader, templates)
    named = [(str(number), words.say("common.text", text=one_line(name, 75) or "–")) for number, name in systems]
    secrecy = [(name, words.say(f"modals.stay_{name}")) for name in ("confidential", "anonymous")]
    blocks = [
        rich("about", words.say("modals.intro_concern")),
        ask(words, "system", _select(named)),
        ask(words, "title", text_input(multiline=False, limit=TITLE)),
        ask(words, "detail", text_input(limit=DETAIL), hint="detail_hint", optional=True),
        ask(words, "anonymous", _radio(secrecy)),
    ]
    # No id of anybody in the form: an anonymous one must not carry who opened it.
    return modal(words, "concern", "", blocks)


def _about(words: Words, brief: FindingBrief) -> Raw:
    return words.say("item.title", system=parts.name_of(brief.system_name), kind=parts.name_of(brief.title))


def _select(choices: Sequence[tuple[str, Raw]]) -> Element:
    """A menu; Slack takes 100 options, or 100 groups of 100 (reference "Select menu element")."""
    options = [_option(value, label) for value, label in choices]
    made: Element = {"type": "static_select", "action_id": "value"}
    if len(options) <= GROUP:
        return made | {"options": options}
    groups = [options[at : at + GROUP] for at in range(0, len(options), GROUP)][:GROUP]
    return made | {"option_groups": [{"label": group[0]["text"], "options": group} for group in groups]}


def _radio(choices: Sequence[tuple[str, Raw]]) -> Element:
    options = [_option(value, label) for value, label in choices]
    return {"type": "radio_buttons", "action_id": "value", "options": options, "initial_option": options[0]}


def _option(value: str, label: Raw) -> Element:
    return {"text": plain(label, 75), "value": value}
