"""What people report: to the lead who triages it, and the receipt for whoever reported it."""

from typing import Any

from cycles.briefs import FindingBrief
from tasks.blocks import PREFIX, actions, button, context, header, lines, notification, rich
from tasks.messages import parts
from tasks.words import Raw, Words

Payload = dict[str, Any]


def finding(brief: FindingBrief, words: Words) -> Payload:
    """With *Take it up* and *Dismiss* while it is new and the reader decides; a thank-you to its reporter."""
    return _receipt(brief, words) if brief.role == "reporter" else _to_lead(brief, words)


def _to_lead(brief: FindingBrief, words: Words) -> Payload:
    subject, new = str(brief.finding_id), brief.state == "new"
    system, title = parts.name_of(brief.system_name), parts.name_of(brief.title)
    told = words.say("item.title", system=system, kind=title)
    kind = words.say("finding.kind", kind=parts.name_of(words.pick(brief.kind_title))) if brief.kind_title else None
    blocks = [
        header(f"{PREFIX}.title", words.say("finding.title_concern" if brief.confidential else "finding.title")),
        rich(f"{PREFIX}.finding.{subject}", lines(told, kind), quote=brief.detail),
        context(f"{PREFIX}.why.{subject}", _from(words, brief), _secrecy(words, brief)),
    ]
    if not new:
        blocks.append(rich(f"{PREFIX}.stands.{subject}", _stands(words, brief), quote=brief.reason))
        said = words.say("finding.notify_settled", system=system, title=title)
        return {"text": notification(said), "blocks": blocks}
    row = [
        button("finding_accept", parts.label(words, "finding_accept"), subject, style="primary"),
        button("finding_dismiss", parts.label(words, "finding_dismiss"), subject),
    ]
    said = words.say("finding.notify_concern" if brief.confidential else "finding.notify", system=system, title=title)
    return {"text": notification(said), "blocks": [*blocks, actions(f"{PREFIX}.triage.{subject}", row)]}


def _from(words: Words, brief: FindingBrief) -> Raw:
    if brief.reporter is None:
        return words.say("finding.from_nobody", on=brief.reported_on)
    return words.say("finding.from", reporter=parts.name_of(brief.reporter), on=brief.reported_on)


def _secrecy(words: Words, brief: FindingBrief) -> Raw | None:
    if not brief.confidential:
        return None
    return words.say("finding.anonymous" if brief.anonymous else "finding.confidential")


def _stands(words: Words, brief: FindingBrief) -> Raw:
    if brief.state == "accepted" and brief.owner and brief.due:
        return words.say("finding.taken_up", owner=parts.name_of(brief.owner), due=brief.due)
    return words.say("finding.dismissed" if brief.state == "dismissed" else "finding.closed")


def _receipt(brief: FindingBrief, words: Words) -> Payload:
    said = words.say(f"finding.thanks_{brief.state if brief.state in ('dismissed', 'closed') else 'accepted'}")
    told = words.say("item.title", system=parts.name_of(brief.system_name), kind=parts.name_of(brief.title))
    reason = brief.reason if brief.state == "dismissed" else ""
    blocks = [
        header(f"{PREFIX}.title", words.say("finding.title_thanks")),
        rich(f"{PREFIX}.finding.{brief.finding_id}", lines(told, said), quote=reason),
    ]
    if brief.confidential:
        blocks.append(context(f"{PREFIX}.why.{brief.finding_id}", words.say("finding.still_secret")))
    return {"text": notification(words.say("finding.notify_thanks")), "blocks": blocks}
