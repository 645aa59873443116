"""When a request moves between people: sent back, offered to somebody, or without the right person."""

from typing import Any

from cycles.briefs import DisputeBrief, OfferBrief, ReturnedBrief
from tasks.blocks import PREFIX, Block, actions, button, context, header, lines, notification, rich, section
from tasks.messages import parts
from tasks.words import Raw, Words, one_line

Payload = dict[str, Any]
DECISIONS = {
    "not_mine": ["reassign", "excuse", "keep_asking"],
    "not_applicable": ["excuse", "keep_asking"],
    "cannot_provide": ["excuse"],
}


def returned(brief: ReturnedBrief, words: Words) -> Payload:
    """The reviewer's reason, in their words, and *Resubmit*."""
    item = brief.item
    if item.answered:
        said = words.say("returned.settled", **_what(words, brief))
        blocks = [section(f"{PREFIX}.lead", said), parts.settled(words, item, item.answered)]
        return {"text": notification(said), "blocks": blocks}
    reviewer = parts.name_of(brief.reviewer)
    together = "returned.lead_changed" if brief.changed else "returned.lead_together"
    lead = words.say("returned.lead", reviewer=reviewer) if reviewer else words.say(together)
    told = lines(parts.title(words, item), parts.asked(words, item), parts.due(words, item))
    blocks = [
        header(f"{PREFIX}.title", words.say("returned.title")),
        rich(f"{PREFIX}.lead", lead, quote=brief.reason),
        rich(f"{PREFIX}.item.{item.request_id}", told),
        parts.why_block(words, brief.reader, item),
        actions(f"{PREFIX}.answer.{item.request_id}", [parts.submit_button(words, item, again=True)]),
    ]
    said = words.say("returned.notify_changed", **parts.about(words, item))
    if not brief.changed:
        said = words.say("returned.notify", reason=one_line(brief.reason, 200), **parts.about(words, item))
    return {"text": notification(said), "blocks": blocks}


def offer(brief: OfferBrief, words: Words) -> Payload:
    """Somebody asks the reader to answer in their place; the clock stays with the owner until they accept."""
    item, sender = brief.item, parts.name_of(brief.offered_by)
    told = lines(parts.title(words, item), parts.asked(words, item), parts.due(words, item))
    about = rich(f"{PREFIX}.item.{item.request_id}", told)
    if brief.outcome:
        # Who asked whom is past; the request may have gone to a third person since.
        said = _outcome(words, brief)
        return {"text": notification(said), "blocks": [section(f"{PREFIX}.outcome", said), about]}
    lead = words.say("offer.lead_note" if brief.note.strip() else "offer.lead", **{"from": sender})
    blocks = [
        header(f"{PREFIX}.title", words.say("offer.title")),
        rich(f"{PREFIX}.lead", lead, quote=brief.note),
        about,
        *_offer_buttons(words, brief),
    ]
    said = words.say("offer.notify", **{"from": sender}, **parts.about(words, item))
    return {"text": notification(said), "blocks": blocks}


def _offer_buttons(words: Words, brief: OfferBrief) -> list[Block]:
    subject = str(brief.item.request_id)
    row = [
        button("accept_offer", parts.label(words, "accept_offer"), subject, style="primary"),
        button("decline_offer", parts.label(words, "decline_offer"), subject),
    ]
    clock = words.say("offer.clock", owner=parts.name_of(brief.item.owner))
    return [context(f"{PREFIX}.why.{subject}", clock), actions(f"{PREFIX}.answer.{subject}", row)]


def _outcome(words: Words, brief: OfferBrief) -> Raw:
    if brief.outcome == "declined":
        return words.say("offer.outcome_declined", owner=parts.name_of(brief.item.owner))
    return words.say("offer.outcome_accepted" if brief.outcome == "accepted" else "offer.outcome_closed")


def dispute(brief: DisputeBrief, words: Words) -> Payload:
    """To the lead: find the right person."""
    item, subject = brief.item, str(brief.item.request_id)
    told = lines(parts.title(words, item), parts.asked(words, item), parts.due(words, item))
    about = [rich(f"{PREFIX}.item.{subject}", told), parts.why_block(words, brief.reader, item)]
    if brief.outcome:
        title = header(f"{PREFIX}.title", words.say(_settled_title(brief)))
        end = rich(f"{PREFIX}.outcome", parts.receipt(words, brief.outcome, assignee=item.assignee))
        said = words.say("dispute.settled", **_what(words, brief))
        return {"text": notification(said), "blocks": [title, *about, end]}
    blocks = [
        header(f"{PREFIX}.title", words.say(_title(brief))),
        rich(f"{PREFIX}.lead", _dispute_lead(words, brief), quote=brief.note),
        *about,
    ]
    said = words.say(f"dispute.notify{_of(brief)}", **parts.about(words, item))
    return {"text": notification(said), "blocks": [*blocks, _decisions(words, brief)]}


def _decisions(words: Words, brief: DisputeBrief) -> Block:
    """What the lead may decide, the likeliest first. Who has left cannot be asked again."""
    verbs = ["reassign"] if brief.orphaned else DECISIONS[brief.claim]
    subject = str(brief.item.request_id)
    row = [button(verb, parts.label(words, verb), subject) for verb in verbs]
    if _of(brief) != "_cannot_provide":
        row[0]["style"] = "primary"
    return actions(f"{PREFIX}.answer.{subject}", row)


def _of(brief: DisputeBrief) -> str:
    return "" if brief.orphaned or brief.claim == "not_mine" else f"_{brief.claim}"


def _title(brief: DisputeBrief) -> str:
    return f"dispute.title{_of(brief)}"


def _settled_title(brief: DisputeBrief) -> str:
    moved = brief.outcome is None or brief.outcome.verb in ("reassigned", "took_over", "reached")
    return "dispute.title_settled" if moved else "dispute.title_decided"


def _dispute_lead(words: Words, brief: DisputeBrief) -> Raw:
    if brief.orphaned:
        return _orphaned(words, brief)
    fragment = "dispute.lead_note" if brief.note.strip() else "dispute.lead"
    return words.say(f"{fragment}{_of(brief)}", raised_by=parts.name_of(brief.raised_by))


def _orphaned(words: Words, brief: DisputeBrief) -> Raw:
    owner = parts.name_of(brief.item.assignee)
    many = words.say("dispute.orphaned_many", owner=owner, others=brief.others) if brief.others else None
    said = many or words.say("dispute.orphaned", owner=owner)
    return lines(said, words.say("dispute.no_account")) if brief.no_account else said


def _what(words: Words, brief: ReturnedBrief | DisputeBrief) -> dict[str, Any]:
    values = parts.about(words, brief.item)
    return {"system": values["system"], "kind": values["kind"]}
