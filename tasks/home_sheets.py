"""What each thing looks like in the App Home: at most three blocks, with the buttons that its message has."""

from cycles.briefs import ActionBrief, EffectivenessBrief, Item, PanelBrief, Reader, ReviewBrief
from cycles.desk_decisions import Decision
from tasks.blocks import PREFIX, Block, actions, button, context, lines, rich
from tasks.messages import built, improvement, parts
from tasks.messages.panel import rules, vote_row
from tasks.messages.review import facts, grounds
from tasks.words import Raw, Words, one_line

# Among many, the beginning of a note is enough; its message and the record hold all of it.
NOTE = 300
MOST_OF_A_DECISION = 3


def request(words: Words, reader: Reader, item: Item, section: str) -> list[Block]:
    """What is asked, with its answers; or how it stands. Whoever put it off or handed it on may still answer it."""
    if item.answered is None:
        return parts.short_item(words, reader, item)
    said: list[Raw] = [parts.title(words, item), parts.receipt(words, item.answered, assignee=item.assignee)]
    if section == "waiting":
        said.append(words.say("home.waiting_line"))
    receipt = rich(f"{PREFIX}.item.{item.request_id}", lines(*said))
    return [receipt, parts.short_buttons(words, item)] if section in ("snoozed", "handed") else [receipt]


def offered(words: Words, item: Item) -> list[Block]:
    """Somebody asks the reader to answer in their place."""
    subject = str(item.request_id)
    row = [
        button("accept_offer", parts.label(words, "accept_offer"), subject, style="primary"),
        button("decline_offer", parts.label(words, "decline_offer"), subject),
    ]
    from_whom = words.say("home.offered_by", by=parts.name_of(item.assignee))
    return [
        parts.item_lines(words, item),
        context(f"{PREFIX}.why.{subject}", from_whom),
        actions(f"{PREFIX}.offer.{subject}", row),
    ]


def review(words: Words, brief: ReviewBrief) -> list[Block]:
    """Evidence that waits for the reader alone."""
    subject = str(brief.evidence_id)
    return [*_evidence(words, brief), *vote_row(words, subject, "review_accept", "review_return", "review_recuse")]


def panel(words: Words, brief: PanelBrief) -> list[Block]:
    """Evidence the reader judges together with others. Nothing of any vote is shown, not even their own."""
    subject = str(brief.review.evidence_id)
    if brief.outcome is not None:
        told = words.say("panel.title_decide")
        row = vote_row(words, subject, "review_accept", "review_return")
    elif brief.role == "closing":
        told, row = words.say("home.closing"), []
    elif brief.voted:
        told, row = words.say("home.voted", until=brief.deadline), []
    else:
        told = rules(words, brief)
        row = vote_row(words, subject, "review_accept", "review_return", "review_abstain", "panel_recuse")
    evidence, _ = _evidence(words, brief.review)
    return [evidence, context(f"{PREFIX}.rules.{subject}", told), *row]


def action(words: Words, brief: ActionBrief) -> list[Block]:
    """An improvement the reader owns."""
    return improvement.one_action(words, brief)


def effect(words: Words, brief: EffectivenessBrief) -> list[Block]:
    """An improvement of somebody else's, whose effect the reader judges."""
    subject = str(brief.action_id)
    lead = words.say("effectiveness.lead", owner=parts.name_of(brief.owner), at=brief.implemented_at)
    done = words.say("effectiveness.correction") if brief.correction.strip() else None
    told = lines(words.say("item.title", **improvement.what(words, brief)), lead, done)
    row = [
        button("effective", parts.label(words, "effective"), subject, style="primary"),
        button("ineffective", parts.label(words, "ineffective"), subject),
    ]
    return [
        rich(f"{PREFIX}.effect.{subject}", told, quote=one_line(brief.correction, NOTE)),
        rich(f"{PREFIX}.since.{subject}", improvement.evidence_since(words, brief.evidence)),
        actions(f"{PREFIX}.judge.{subject}", row),
    ]


def decision(words: Words, brief: Decision) -> list[Block]:
    """What the reader has to decide, as its message says it; its title stands among the others, so it is no heading."""
    title, *blocks = built(brief, words)["blocks"]
    if len(blocks) > MOST_OF_A_DECISION:
        blocks = [block for block in blocks if block["type"] != "context"]
    told = words.say("home.decision", title=title["text"]["text"])
    return [rich(f"{PREFIX}.decision", told), *blocks]


def _evidence(words: Words, brief: ReviewBrief) -> tuple[Block, Block]:
    subject = str(brief.evidence_id)
    evidence = rich(f"{PREFIX}.evidence.{subject}", facts(words, brief), quote=one_line(brief.note, NOTE))
    return evidence, context(f"{PREFIX}.why.evidence.{subject}", *grounds(words, brief))
