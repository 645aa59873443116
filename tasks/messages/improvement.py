"""Improvement actions and the review of their effect (ISO/IEC 42001:2023, 10.2)."""

from collections.abc import Sequence
from typing import Any

from cycles.briefs import ActionBrief, ActionsBrief, EffectivenessBrief, LastAnswer
from tasks.blocks import PREFIX, Block, button, context, divider, header, lines, notification, overflow, rich
from tasks.blocks import actions as row_of
from tasks.messages import parts
from tasks.words import Raw, Words

Payload = dict[str, Any]
# In these states the owner has nothing to do.
RESTING = ("implemented", "effective", "withdrawn", "risk-accepted")
REASONS = (
    "missing", "gone", "expired", "returned", "changed", "version_changed", "incident", "finding", "reported",
    "cannot_provide",
)  # fmt: skip
DOERS = ("owner", "deputy")


def actions(brief: ActionsBrief, words: Words) -> Payload:
    """One improvement action in full, or up to eight with a line between them; the title counts what is still open."""
    shown = brief.actions[: parts.SHOWN_ITEMS]
    blocks = [header(f"{PREFIX}.title", _title(words, shown))]
    for action in shown:
        blocks += [divider(f"{PREFIX}.line.{action.action_id}")] if len(blocks) > 1 else []
        blocks += one_action(words, action)
    return {"text": notification(_notify(words, shown)), "blocks": blocks}


def one_action(words: Words, brief: ActionBrief) -> list[Block]:
    """The lapse and its reason, by when, and what the reader can do; no buttons while somebody else is to act."""
    blocks = [
        rich(f"{PREFIX}.action.{brief.action_id}", _facts(words, brief, _state(words, brief))),
        context(f"{PREFIX}.why.{brief.action_id}", *_grounds(words, brief)),
    ]
    return blocks if brief.state in RESTING else [*blocks, _buttons(words, brief)]


def _state(words: Words, brief: ActionBrief) -> Raw | None:
    state = f"action.state_{brief.state.replace('-', '_')}"
    if brief.state == "risk-accepted" and brief.accepted_until:
        return words.say("action.state_accepted_until", until=brief.accepted_until)
    return words.say(state) if words.has(state) else None


def _mine(brief: ActionBrief) -> bool:
    return brief.role in DOERS and brief.state not in RESTING


def _title(words: Words, shown: Sequence[ActionBrief]) -> Raw:
    told = "" if any(_mine(action) for action in shown) else "_told"
    if len(shown) == 1:
        return words.say(f"action.title{told}")
    waiting = sum(action.state not in RESTING for action in shown)
    return words.say(f"action.title_many{told}", count=waiting) if waiting else words.say("action.title_done")


def _notify(words: Words, shown: Sequence[ActionBrief]) -> Raw:
    """The earliest that is still open, and how many there are; or what has become of them."""
    waiting = [action for action in shown if action.state not in RESTING]
    if not waiting and len(shown) > 1:
        return words.say("action.notify_done", count=len(shown))
    first = (waiting or shown)[0]
    values = what(words, first)
    if not waiting:
        return words.say("action.notify_state", state=_state(words, first), **values)
    values["by"] = words.say("item.by", due=first.due, left=first.workdays_left)
    if len(waiting) > 1:
        return words.say("action.notify_many", count=len(waiting), **values)
    return words.say("action.notify" if _mine(first) else "action.notify_told", **values)


def what(words: Words, brief: ActionBrief | EffectivenessBrief) -> dict[str, Any]:
    """The values that most sentences about an action use."""
    return {"system": parts.name_of(brief.system_name), "kind": parts.name_of(words.pick(brief.kind_title))}


def _facts(words: Words, brief: ActionBrief, told: Raw | None) -> Raw:
    due = words.say("item.due", due=brief.due, left=brief.workdays_left)
    return lines(
        words.say("item.title", **what(words, brief)),
        reason(words, brief.reason),
        told,
        None if brief.state in RESTING else due,
        *(
            words.say("action.late_step", step=parts.name_of(title), due=day)
            for title, day in brief.late_milestones[:3]
        ),
    )


def reason(words: Words, name: str) -> Raw:
    """Why it was opened, in words."""
    key = {"recorded finding": "finding"}.get(name, name.replace("-", "_"))
    if key in REASONS:
        return words.say(f"action.{key}")
    return words.say("action.reason_other", reason=name)


def _grounds(words: Words, brief: ActionBrief) -> list[Raw | None]:
    role = brief.role if brief.role in ("owner", "deputy", "manager") else "lead"
    owner = {} if role == "owner" else {"owner": parts.name_of(brief.owner)}
    facts = [severity(words, brief.severity), words.say("action.opened", opened=brief.opened_on)]
    if brief.relapses > 0:
        facts.append(words.say("action.relapses", relapses=brief.relapses))
    served = parts.controls(words, brief.controls)
    return [words.say(f"action.role_{role}", **owner), words.say("action.facts", facts=Raw(" · ".join(facts))), served]


def severity(words: Words, level: str) -> Raw:
    """How grave it is, in words."""
    if level in ("high", "medium", "low"):
        return words.say(f"action.severity_{level}")
    return words.say("action.severity_other", severity=level)


def _buttons(words: Words, brief: ActionBrief) -> Block:
    subject = str(brief.action_id)
    row = []
    if brief.request_id is not None:
        row.append(button("submit", parts.label(words, "submit"), str(brief.request_id), style="primary"))
    row.append(button("implemented", parts.label(words, "implemented"), subject))
    if brief.role in DOERS:
        row.append(button("plan", parts.label(words, "plan"), subject))
        row.append(button("need_help", parts.label(words, "need_help"), subject))
        if brief.can_accept_risk:
            row.append(overflow([("accept_risk", parts.label(words, "accept_risk"))], subject))
    return row_of(f"{PREFIX}.act.{subject}", row)


def evidence_since(words: Words, evidence: LastAnswer | None) -> Raw:
    """The newest evidence that counts, which is what an effect is judged by."""
    if evidence is None:
        return words.say("effectiveness.no_evidence")
    by = parts.name_of(evidence.by)
    return lines(
        parts.evidence_line(words, evidence.form, evidence.locator, evidence.by),
        words.say("effectiveness.from", by=by, effective=evidence.effective),
    )


def effectiveness(brief: EffectivenessBrief, words: Words) -> Payload:
    """What was done, what evidence came since, and the question whether it worked."""
    subject, owner = str(brief.action_id), parts.name_of(brief.owner)
    asked = "effectiveness.lead_done" if brief.decided else "effectiveness.lead"
    lead = words.say(asked, owner=owner, at=brief.implemented_at)
    done = words.say("effectiveness.correction") if brief.correction.strip() else None
    blocks = [
        header(f"{PREFIX}.title", words.say("effectiveness.title_done" if brief.decided else "effectiveness.title")),
        rich(
            f"{PREFIX}.action.{subject}",
            lines(words.say("item.title", **what(words, brief)), lead, done),
            quote=brief.correction,
        ),
        rich(f"{PREFIX}.evidence.{subject}", evidence_since(words, brief.evidence)),
    ]
    if brief.decided:
        verdict = rich(f"{PREFIX}.verdict.{subject}", parts.receipt(words, brief.decided))
        said = words.say("effectiveness.notify_done", **what(words, brief))
        return {"text": notification(said), "blocks": [*blocks, verdict]}
    row = [
        button("effective", parts.label(words, "effective"), subject, style="primary"),
        button("ineffective", parts.label(words, "ineffective"), subject),
    ]
    said = words.say("effectiveness.notify", owner=owner, **what(words, brief))
    return {"text": notification(said), "blocks": [*blocks, row_of(f"{PREFIX}.act.{subject}", row)]}
