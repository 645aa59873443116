"""What a panel's message says, gathered so that nothing of an open panel's votes can be told from it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlmodel import Session, col, select

from cycles import panels
from cycles.brief_items import reader_of
from cycles.brief_reviews import SHOWN, Pile, Place, own_vote, review_brief
from cycles.briefs import PanelBrief, PanelsBrief, PanelVote
from cycles.models import Delivery, Panel, Person, Review, Verdict
from cycles.quorum import counted
from cycles.reviewers import ballot_of

# With every vote and its reason one takes a third of what a message holds.
SHOWN_TO_DECIDE = 2


def panels_brief(
    session: Session, delivery: Delivery, reader: Person, evidence: Sequence[int], now: datetime
) -> PanelsBrief | None:
    """Every panel of one message; None when none is left to ask about before it was shown (`cycles.brief_reviews`)."""
    role = delivery.role or "member"
    pile = _pile(session, role, reader, evidence, now).as_told(delivery)
    if pile is None:
        return None
    shown = pile.shown(SHOWN_TO_DECIDE if role == "decider" else SHOWN)
    told = tuple(_panel_brief(session, role, reader, number, now) for number in shown)
    return PanelsBrief(reader=reader_of(reader), panels=told, waiting=len(pile.waiting), done=len(pile.done))


def _pile(session: Session, role: str, reader: Person, evidence: Sequence[int], now: datetime) -> Pile:
    """What waits for the reader by its deadline, and what does not, the latest first."""
    rows = session.exec(
        select(Panel, Review, Verdict.outcome)
        .outerjoin(Review, (col(Review.evidence_id) == col(Panel.evidence_id)) & (col(Review.reviewer_id) == reader.id))
        .outerjoin(Verdict, col(Verdict.evidence_id) == col(Panel.evidence_id))
        .where(col(Panel.evidence_id).in_(evidence))
        .order_by(col(Panel.deadline), col(Panel.evidence_id))
    ).all()
    waiting: list[Place] = []
    done: list[Place] = []
    for rank, (panel, ballot, verdict) in enumerate(rows):
        if role == "decider":
            settled = verdict is not None or panel.decider_id != reader.id or panel.outcome != "no-quorum"
        else:
            settled = panel.outcome is not None or ballot is None or ballot.vote is not None or now >= panel.deadline
        (done if settled else waiting).append((rank, panel.evidence_id))
    return Pile(waiting=waiting, done=done[::-1])


def _panel_brief(session: Session, role: str, reader: Person, evidence_id: int, now: datetime) -> PanelBrief:
    """The panel as its reader sees it."""
    panel = session.get_one(Panel, evidence_id)
    ballot = ballot_of(session, evidence_id, reader.id)
    verdict = session.get(Verdict, evidence_id)
    review = review_brief(session, reader, evidence_id, now)
    brief = PanelBrief(
        reader=reader_of(reader),
        role=role,
        review=replace(review, decided=None, decided_reason=None),
        need=panel.terms["need"],
        of=panel.terms["of"],
        deadline=panel.deadline,
        on_it=panel.decider_id == reader.id if role == "decider" else ballot is not None,
        voted=own_vote(ballot, reader),
        outcome=panel.outcome,
        decided=verdict.outcome if verdict else None,
    )
    if panel.outcome is None:
        return brief
    return replace(brief, counts=_counts(session, panel), votes=_revealed(session, panel) if role == "decider" else ())


def counts_of(session: Session, panel: Panel) -> dict[str, int]:
    """How often each vote counted, and how many members cast none, by name. Only for a panel that is closed."""
    assert panel.outcome is not None, "an open panel's votes are counted by nobody but its rules"
    return _counts(session, panel)


def _counts(session: Session, panel: Panel) -> dict[str, int]:
    roster = panels.roster_of(panel)
    votes = counted(panels.terms_of(panel), roster, panels.ballots_of(session, panel))
    counts = Counter(votes.values())
    named = {name: counts[name] for name in ("accept", "return", "abstain", "recuse")}
    return {**named, "none": len(roster) - len(votes)}


def _revealed(session: Session, panel: Panel) -> tuple[PanelVote, ...]:
    rows = session.exec(
        select(Review, Person.name)
        .join(Person, col(Person.id) == col(Review.reviewer_id))
        .where(Review.evidence_id == panel.evidence_id)
        .order_by(col(Review.id))
    ).all()
    return tuple(PanelVote(by=name, vote=row.vote or "none", reason=row.reason) for row, name in rows)
