"""What a panel's message says, gathered so that nothing of an open panel's votes can be told from it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlmodel import Session, col, select

from cycles import panels
from cycles.brief_items import reader_of
from cycles.brief_reviews import SHOWN, review_brief
from cycles.briefs import Answered, PanelBrief, PanelsBrief, PanelVote
from cycles.models import Delivery, Panel, Person, Review, Verdict
from cycles.quorum import counted

# With every vote and its reason one takes a third of what a message holds.
SHOWN_TO_DECIDE = 2


def panels_brief(
    session: Session, delivery: Delivery, reader: Person, evidence: Sequence[int], now: datetime
) -> PanelsBrief | None:
    """Every panel of one message; None when none is left to ask about before it was shown (`cycles.brief_reviews`)."""
    role = delivery.role or "member"
    waiting, done = _sorted(session, role, reader, evidence, now)
    if delivery.ts is None:
        done = []
        if not waiting:
            return None
    room = SHOWN_TO_DECIDE if role == "decider" else SHOWN
    shown = (waiting + done)[:room]
    if len(waiting) + len(done) <= room:
        shown.sort()
    told = tuple(_panel_brief(session, role, reader, number, now) for _, number in shown)
    return PanelsBrief(reader=reader_of(reader), panels=told, waiting=len(waiting), done=len(done))


def _sorted(
    session: Session, role: str, reader: Person, evidence: Sequence[int], now: datetime
) -> tuple[list[tuple[datetime, int]], list[tuple[datetime, int]]]:
    """What waits for the reader by its deadline, and what does not, the latest first."""
    rows = session.exec(
        select(Panel, Review, Verdict.outcome)
        .outerjoin(Review, (col(Review.evidence_id) == col(Panel.evidence_id)) & (col(Review.reviewer_id) == reader.id))
        .outerjoin(Verdict, col(Verdict.evidence_id) == col(Panel.evidence_id))
        .where(col(Panel.evidence_id).in_(evidence))
    ).all()
    waiting: list[tuple[datetime, int]] = []
    done: list[tuple[datetime, int]] = []
    for panel, ballot, verdict in rows:
        if role == "decider":
            settled = verdict is not None or panel.decider_id != reader.id or panel.outcome != "no-quorum"
        else:
            settled = panel.outcome is not None or ballot is None or ballot.vote is not None or now >= panel.deadline
        (done if settled else waiting).append((panel.deadline, panel.evidence_id))
    return sorted(waiting), sorted(done, reverse=True)


def _panel_brief(session: Session, role: str, reader: Person, evidence_id: int, now: datetime) -> PanelBrief:
    """The panel as its reader sees it."""
    panel = session.get_one(Panel, evidence_id)
    ballot = session.exec(
        select(Review).where(Review.evidence_id == evidence_id, Review.reviewer_id == reader.id)
    ).first()
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


def own_vote(ballot: Review | None, reader: Person) -> Answered | None:
    """What the reader themselves voted, if they have."""
    if ballot is None or not ballot.vote or ballot.voted_at is None:
        return None
    return Answered(verb=ballot.vote, by=reader.name, at=ballot.voted_at, record=f"E-{ballot.evidence_id}")


def _revealed(session: Session, panel: Panel) -> tuple[PanelVote, ...]:
    rows = session.exec(
        select(Review, Person.name)
        .join(Person, col(Person.id) == col(Review.reviewer_id))
        .where(Review.evidence_id == panel.evidence_id)
        .order_by(col(Review.id))
    ).all()
    return tuple(PanelVote(by=name, vote=row.vote or "none", reason=row.reason) for row, name in rows)
