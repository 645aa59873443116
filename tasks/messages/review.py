"""To a reviewer: what was handed in, what changed since last time, and the digest the verdict will stand for."""

from collections.abc import Sequence
from typing import Any

from cycles.briefs import LastAnswer, PanelsBrief, ReviewBrief, ReviewsBrief
from tasks.blocks import PREFIX, Block, actions, button, context, divider, header, lines, notification, rich
from tasks.messages import parts
from tasks.words import Raw, Words

Payload = dict[str, Any]
# Twelve hex digits are enough for a person to compare by eye; the record holds all 64.
DIGEST = 12


def reviews(brief: ReviewsBrief, words: Words) -> Payload:
    """One piece of evidence in full, or several with a line between them; the title counts what still waits."""
    shown = brief.reviews[: parts.SHOWN_ITEMS]
    alone = brief.waiting + brief.done <= 1
    blocks = [header(f"{PREFIX}.title", _title(words, brief))]
    for review in shown:
        blocks += [divider(f"{PREFIX}.line.{review.evidence_id}")] if len(blocks) > 1 else []
        blocks += _review(words, review) if alone or not review.decided else [_receipt(words, review)]
    waiting = sum(review.decided is None for review in shown)
    blocks += left_out(words, brief, waiting, len(shown))
    return {"text": notification(_notify(words, brief, shown)), "blocks": blocks}


def _title(words: Words, brief: ReviewsBrief) -> Raw:
    if not brief.waiting:
        return words.say("review.title_decided")
    return words.say("review.title_many", count=brief.waiting) if brief.waiting > 1 else words.say("review.title")


def _notify(words: Words, brief: ReviewsBrief, shown: Sequence[ReviewBrief]) -> Raw:
    """The one that is due first, and how many there are; or that all is done."""
    first = next((review for review in shown if not review.decided), None)
    if first is None and brief.done > 1:
        return words.say("review.notify_done", count=brief.done)
    if first is None:
        return _said(words, shown[0], "decided")
    values = {"submitter": parts.name_of(first.submitter), "due": _day(words, first)}
    if brief.waiting > 1:
        return _said(words, first, "notify_many", count=brief.waiting, **values)
    return _said(words, first, "notify", **values)


def left_out(words: Words, brief: ReviewsBrief | PanelsBrief, waiting: int, shown: int) -> list[Block]:
    """How much a message is about and does not show: what still waits, and what does not."""
    more = max(0, brief.waiting - waiting)
    done = brief.waiting + brief.done - shown - more
    told = [
        words.say("review.more", more=more) if more > 0 else None,
        words.say("review.done", done=done) if done > 0 else None,
    ]
    return [context(f"{PREFIX}.waiting", *told)] if any(told) else []


def _review(words: Words, brief: ReviewBrief) -> list[Block]:
    """With *Accept*, *Return* and *Recuse myself*, or with the verdict once there is one."""
    subject = str(brief.evidence_id)
    blocks = [
        rich(f"{PREFIX}.evidence.{subject}", facts(words, brief), quote=brief.note),
        context(f"{PREFIX}.why.{subject}", *grounds(words, brief)),
    ]
    if brief.decided:
        return [*blocks, _verdict(words, brief)]
    row = [
        button("review_accept", parts.label(words, "review_accept"), subject, style="primary"),
        button("review_return", parts.label(words, "review_return"), subject),
        button("review_recuse", parts.label(words, "review_recuse"), subject),
    ]
    return [*blocks, actions(f"{PREFIX}.review.{subject}", row)]


def _said(words: Words, brief: ReviewBrief, fragment: str, **more: Any) -> Raw:
    values = parts.about(words, brief.item)
    return words.say(f"review.{fragment}", system=values["system"], kind=values["kind"], **more)


def _day(words: Words, brief: ReviewBrief) -> Raw:
    return words.say("plan.day", when=brief.item.due)


def facts(words: Words, brief: ReviewBrief) -> Raw:
    """What was handed in, by whom, as of when, and what is new about it."""
    submitter = parts.name_of(brief.submitter)
    return lines(
        parts.title(words, brief.item),
        parts.evidence_line(words, brief.form, brief.locator, brief.submitter),
        words.say("review.from", submitter=submitter, at=brief.received_at, effective=brief.effective),
        _changes(words, brief),
        words.say("review.note", submitter=submitter) if brief.note.strip() else None,
    )


def _changes(words: Words, brief: ReviewBrief) -> Raw:
    """What differs from the evidence accepted last time. Bytes decide; places only where bytes are not known."""
    if brief.confirmed_unchanged:
        return words.say("review.unchanged", submitter=parts.name_of(brief.submitter))
    before = brief.previous
    if before is None:
        return words.say("review.first")
    return words.say(f"review.{_change(brief, before)}", effective=before.effective, by=parts.name_of(before.by))


def _change(brief: ReviewBrief, before: LastAnswer) -> str:
    if brief.form != before.form:
        return "other_form"
    if brief.sha256 and before.sha256:
        return "same_content" if brief.sha256 == before.sha256 else "new_content"
    same = brief.locator == before.locator
    if brief.form == "attestation":  # its locator is what the person stated
        return "same_content" if same else "new_content"
    return "same_place" if same else "new_place"


def grounds(words: Words, brief: ReviewBrief) -> list[Raw | None]:
    """What it is judged by: the ask, what counts, the controls, and the digest the verdict stands for."""
    digest = words.say("review.digest", digest=brief.sha256[:DIGEST]) if brief.sha256 else None
    ask = words.say("review.asked", ask=words.pick(brief.item.ask))
    guidance = words.pick(brief.item.guidance)
    counts = words.say("item.guidance", guidance=guidance) if guidance.strip() else None
    return [ask, counts, parts.controls(words, brief.item.controls), digest]


def _receipt(words: Words, brief: ReviewBrief) -> Block:
    """What is decided, among several: what it was, and the verdict."""
    return _verdict(words, brief, parts.title(words, brief.item))


def _verdict(words: Words, brief: ReviewBrief, title: Raw | None = None) -> Block:
    assert brief.decided is not None
    said = lines(title, parts.receipt(words, brief.decided))
    if not brief.decided_reason:
        return rich(f"{PREFIX}.verdict.{brief.evidence_id}", said)
    return rich(
        f"{PREFIX}.verdict.{brief.evidence_id}", lines(said, words.say("review.reason")), quote=brief.decided_reason
    )
