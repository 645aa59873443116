"""Risk acceptances and shorter cadences: what a lead decides, and what becomes of it."""

from typing import Any

from cycles.briefs import AcceptanceBrief, CadenceBrief
from tasks.blocks import (
    PREFIX,
    Block,
    Element,
    actions,
    button,
    confirmation,
    context,
    header,
    lines,
    notification,
    rich,
)
from tasks.messages import parts
from tasks.words import Raw, Words

Payload = dict[str, Any]
STATES = ("requested", "approved", "declined", "withdrawn", "expired", "revoked", "ended", "replaced")


def acceptance(brief: AcceptanceBrief, words: Words) -> Payload:
    """The question to an approver with *Approve* and *Decline*; to everybody else how it stands."""
    subject, asks = str(brief.acceptance_id), brief.role == "approver" and brief.state == "requested"
    title = "title_ask" if asks else "title_ending" if _is_ending(brief) else "title_told"
    lead = words.say("acceptance.asked", requester=parts.name_of(brief.requester), until=brief.expires)
    blocks = [
        header(f"{PREFIX}.title", words.say(f"acceptance.{title}")),
        rich(
            f"{PREFIX}.acceptance.{subject}",
            lines(words.say("item.title", **_what(words, brief)), lead),
            quote=brief.reason,
        ),
    ]
    if asks:
        blocks.append(context(f"{PREFIX}.why.{subject}", words.say("acceptance.why")))
        blocks.append(actions(f"{PREFIX}.decide.{subject}", _choices(words, brief)))
        said = words.say("acceptance.notify_ask", requester=parts.name_of(brief.requester), **_what(words, brief))
        return {"text": notification(said), "blocks": blocks}
    stands = _stands(words, brief)
    blocks.append(rich(f"{PREFIX}.stands.{subject}", stands, quote=brief.decision_reason))
    said = words.say("acceptance.notify_told", state=stands, **_what(words, brief))
    return {"text": notification(said), "blocks": blocks}


def _is_ending(brief: AcceptanceBrief) -> bool:
    return brief.role == "ending" and brief.state == "approved"


def _stands(words: Words, brief: AcceptanceBrief) -> Raw:
    if _is_ending(brief):
        return words.say("acceptance.ending", until=brief.expires)
    state = brief.state if brief.state in STATES else "ended"
    return words.say(f"acceptance.{state}", by=parts.name_of(brief.approver) or "–", until=brief.expires)


def _choices(words: Words, brief: AcceptanceBrief) -> list[Element]:
    subject = str(brief.acceptance_id)
    dialog = confirmation(
        words.say("acceptance.confirm_title"),
        words.say("acceptance.confirm_text", until=brief.expires, **_what(words, brief)),
        parts.label(words, "yes_approve"),
        parts.label(words, "cancel"),
    )
    return [
        button("risk_approve", parts.label(words, "risk_approve"), subject, style="primary", confirm=dialog),
        button("risk_decline", parts.label(words, "risk_decline"), subject),
    ]


def cadence(brief: CadenceBrief, words: Words) -> Payload:
    """What keeps lapsing could count for a shorter time: *Accept* or *Decline*, or what was decided."""
    subject = str(brief.cadence_id)
    blocks: list[Block] = [header(f"{PREFIX}.title", words.say("cadence.title"))]
    told = [words.say("item.title", **_what(words, brief)), words.say("cadence.relapses", relapses=brief.relapses)]
    if brief.decided:
        stands = words.say(f"cadence.{brief.outcome}", months=brief.months)
        decided = brief.decided
        receipt = words.say("cadence.by", by=parts.name_of(decided.by), at=decided.at, record=decided.record)
        blocks.append(rich(f"{PREFIX}.cadence.{subject}", lines(*told, stands, receipt)))
        said = words.say("cadence.notify_decided", **_what(words, brief))
        return {"text": notification(said), "blocks": blocks}
    proposal = words.say("cadence.proposal", months=brief.months, instead=brief.instead_of)
    blocks += [
        rich(f"{PREFIX}.cadence.{subject}", lines(*told, proposal)),
        context(f"{PREFIX}.why.{subject}", words.say("cadence.why")),
        actions(
            f"{PREFIX}.decide.{subject}",
            [
                button("cadence_accept", parts.label(words, "cadence_accept"), subject, style="primary"),
                button("cadence_decline", parts.label(words, "cadence_decline"), subject),
            ],
        ),
    ]
    return {"text": notification(words.say("cadence.notify", **_what(words, brief))), "blocks": blocks}


def _what(words: Words, brief: AcceptanceBrief | CadenceBrief) -> dict[str, Any]:
    return {"system": parts.name_of(brief.system_name), "kind": parts.name_of(words.pick(brief.kind_title))}
