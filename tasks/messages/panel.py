"""To the members of a panel: the evidence and a secret vote; to its decider: what the members said, and the decision."""

from collections.abc import Sequence
from typing import Any

from cycles.briefs import Answered, PanelBrief, PanelsBrief, PanelVote
from tasks.blocks import PREFIX, Block, actions, button, context, divider, header, lines, notification, rich
from tasks.messages import parts
from tasks.messages.review import facts, grounds, left_out
from tasks.words import Raw, Words, one_line

Payload = dict[str, Any]
VOTES = ("accept", "return", "abstain", "recuse", "none")
# What is revealed must fit one message; a panel of 33 in full would not.
SHOWN_VOTES = 12
REASON = 300


def panels(brief: PanelsBrief, words: Words) -> Payload:
    """One panel in full, or several with a line between them; the title counts those whose vote still waits."""
    shown = brief.panels[: parts.SHOWN_ITEMS]
    blocks = [header(f"{PREFIX}.title", _title_of(words, brief))]
    for panel in shown:
        blocks += [divider(f"{PREFIX}.line.{panel.review.evidence_id}")] if len(blocks) > 1 else []
        blocks += one_panel(words, panel) if _waits(panel) or len(shown) == 1 else [_in_short(words, panel)]
    blocks += left_out(words, brief, sum(_waits(panel) for panel in shown), len(shown))
    return {"text": notification(_said_of(words, brief, shown)), "blocks": blocks}


def _waits(brief: PanelBrief) -> bool:
    return _decides(brief) or (brief.role != "decider" and brief.outcome is None and brief.on_it and not brief.voted)


def _title_of(words: Words, brief: PanelsBrief) -> Raw:
    first = next((panel for panel in brief.panels if _waits(panel)), brief.panels[0])
    if brief.waiting > 1:
        which = "title_decide_many" if first.role == "decider" else "title_many"
        return words.say(f"panel.{which}", count=brief.waiting)
    if brief.done > 1 and not brief.waiting and any(panel.voted for panel in brief.panels if panel.role != "decider"):
        return words.say("panel.title_voted")
    return words.say(f"panel.{_title(first)}")


def _said_of(words: Words, brief: PanelsBrief, shown: Sequence[PanelBrief]) -> Raw:
    first = next((panel for panel in shown if _waits(panel)), shown[0])
    if brief.waiting > 1:
        about = parts.about(words, first.review.item)
        values = {"system": about["system"], "kind": about["kind"], "until": first.deadline}
        if first.role == "decider":
            del values["until"]
            return words.say("panel.notify_decide_many", count=brief.waiting, **values)
        return words.say("panel.notify_many", count=brief.waiting, **values)
    if not brief.waiting and brief.done > 1:
        return words.say("panel.notify_done", count=brief.done)
    return _said(words, first)


def _in_short(words: Words, brief: PanelBrief) -> Block:
    """What needs nothing from the reader any more, among several."""
    subject = str(brief.review.evidence_id)
    if brief.outcome is not None:
        said = _outcome(words, brief)
    elif brief.voted:
        said = _receipt(words, brief.voted)
    else:
        said = words.say("panel.replaced")
    return rich(f"{PREFIX}.outcome.{subject}", lines(parts.title(words, brief.review.item), said))


def one_panel(words: Words, brief: PanelBrief) -> list[Block]:
    """With *Accept*, *Return*, *Abstain* and *Recuse myself*; after the vote what was voted, after the end the outcome."""
    subject = str(brief.review.evidence_id)
    blocks = [
        rich(f"{PREFIX}.evidence.{subject}", facts(words, brief.review), quote=brief.review.note),
        context(f"{PREFIX}.why.{subject}", *grounds(words, brief.review)),
    ]
    if brief.outcome is not None:
        blocks.append(rich(f"{PREFIX}.outcome.{subject}", _outcome(words, brief)))
    if brief.role == "decider":
        blocks += _votes(words, brief)
        blocks += vote_row(words, subject, "review_accept", "review_return") if _decides(brief) else []
    elif brief.outcome is None:
        blocks += _ballot(words, brief, subject)
    return blocks


def _decides(brief: PanelBrief) -> bool:
    return brief.role == "decider" and brief.on_it and brief.outcome == "no-quorum" and brief.decided is None


def _title(brief: PanelBrief) -> str:
    if _decides(brief):
        return "title_decide"
    if brief.role == "decider" or brief.outcome is not None:
        return "title_closed"
    if not brief.on_it:
        return "title_replaced"
    if brief.voted:
        return "title_voted"
    return "title_reminder" if brief.role == "reminder" else "title"


def _said(words: Words, brief: PanelBrief) -> Raw:
    about = parts.about(words, brief.review.item)
    values = {"system": about["system"], "kind": about["kind"]}
    if _decides(brief):
        return words.say("panel.notify_decide", **values)
    if brief.outcome is not None or not brief.on_it:
        return words.say("panel.notify_closed", **values)
    if brief.voted:
        return words.say("panel.notify_voted", **values)
    return words.say("panel.notify", until=brief.deadline, **values)


def rules(words: Words, brief: PanelBrief) -> Raw:
    """How many must agree, until when, and that votes are secret."""
    return lines(
        words.say("panel.rules", need=brief.need, of=brief.of, until=brief.deadline), words.say("panel.secret")
    )


def _ballot(words: Words, brief: PanelBrief, subject: str) -> list[Block]:
    if not brief.on_it:
        return [rich(f"{PREFIX}.outcome.{subject}", words.say("panel.replaced"))]
    if brief.voted:
        return [rich(f"{PREFIX}.voted.{subject}", lines(_receipt(words, brief.voted), rules(words, brief)))]
    told = rich(f"{PREFIX}.rules.{subject}", rules(words, brief))
    return [told, *vote_row(words, subject, "review_accept", "review_return", "review_abstain", "panel_recuse")]


def _receipt(words: Words, voted: Answered) -> Raw:
    vote = words.say(f"panel.vote_{voted.verb}")
    return words.say("panel.voted", vote=vote, at=voted.at, record=voted.record)


def vote_row(words: Words, subject: str, *verbs: str) -> list[Block]:
    """The buttons of a vote."""
    first, *others = verbs
    row = [button(first, parts.label(words, first), subject, style="primary")]
    return [actions(f"{PREFIX}.review.{subject}", [*row, *(button(v, parts.label(words, v), subject) for v in others)])]


def _outcome(words: Words, brief: PanelBrief) -> Raw:
    counts = brief.counts or {}
    listed = [words.say(f"panel.count_{name}", n=counts[name]) for name in VOTES if counts.get(name)]
    parts_of = words.say("common.joined", parts=listed) if listed and brief.outcome != "void" else None
    decided = words.say(f"panel.decided_{brief.decided}") if brief.outcome == "no-quorum" and brief.decided else None
    return lines(words.say(f"panel.{(brief.outcome or '').replace('-', '_')}", need=brief.need), parts_of, decided)


def _votes(words: Words, brief: PanelBrief) -> list[Block]:
    """Who voted what, and why."""
    subject = brief.review.evidence_id
    shown = sorted(brief.votes, key=lambda vote: VOTES.index(vote.vote))[:SHOWN_VOTES]
    blocks = [
        rich(f"{PREFIX}.vote.{subject}.{number}", _vote(words, vote), quote=one_line(vote.reason, REASON))
        for number, vote in enumerate(shown, 1)
    ]
    if more := len(brief.votes) - len(shown):
        blocks.append(context(f"{PREFIX}.more.{subject}", words.say("panel.more", more=more)))
    return blocks


def _vote(words: Words, vote: PanelVote) -> Raw:
    return words.say("panel.by", by=parts.name_of(vote.by), vote=words.say(f"panel.vote_{vote.vote}"))
