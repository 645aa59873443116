"""What a page of somebody's desk says: the brief of each paper, gathered by as few queries as the page allows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from cycles.action_states import policy_of
from cycles.brief_improvement import action_brief, effectiveness_brief
from cycles.brief_items import items_for
from cycles.brief_reviews import own_vote, undecided
from cycles.briefs import ActionBrief, EffectivenessBrief, Item, PanelBrief, ReviewBrief
from cycles.desk import REQUESTS, Paper
from cycles.desk_decisions import DECIDES, Decision, decision
from cycles.models import Action, Evidence, Lapse, Panel, Person, Review
from cycles.people import Directory

Told = Item | ReviewBrief | PanelBrief | ActionBrief | EffectivenessBrief | Decision


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """A paper with what it says to its reader."""

    section: str
    number: int
    told: Told
    kind: str = ""


def unfold(session: Session, papers: Sequence[Paper], person: Person, now: datetime) -> list[Sheet]:
    """The sheets of these papers in their order. What has gone meanwhile is left out."""
    told: dict[Paper, Told | None] = {
        **_items(session, [paper for paper in papers if paper.section in REQUESTS], person, now),
        **_evidence(session, [paper for paper in papers if paper.section in ("review", "panel")], person, now),
        **_decisions(session, [paper for paper in papers if paper.kind], person, now),
        **_improvements(session, [paper for paper in papers if paper.section in ("action", "judge")], person, now),
    }
    found = ((paper, told.get(paper)) for paper in papers)
    return [
        Sheet(section=paper.section, number=paper.number, told=brief, kind=paper.kind)
        for paper, brief in found
        if brief
    ]


def _decisions(session: Session, papers: Sequence[Paper], person: Person, now: datetime) -> dict[Paper, Told | None]:
    return {
        paper: decision(session, paper.kind, paper.number, person, now, role=DECIDES.get(paper.kind))
        for paper in papers
    }


def _items(session: Session, papers: Sequence[Paper], person: Person, now: datetime) -> dict[Paper, Told | None]:
    numbers = list(dict.fromkeys(paper.number for paper in papers))
    items = {item.request_id: item for item in items_for(session, numbers, person, now)}
    return {paper: items[paper.number] for paper in papers}


def _evidence(session: Session, papers: Sequence[Paper], person: Person, now: datetime) -> dict[Paper, Told | None]:
    numbers = [paper.number for paper in papers]
    rows = session.exec(select(Evidence).where(col(Evidence.id).in_(numbers))).all()
    names = {
        row.id: row.name
        for row in session.exec(select(Person).where(col(Person.id).in_({e.submitter_id for e in rows})))
    }
    requests = list(dict.fromkeys(row.request_id for row in rows if row.request_id))
    items = {item.request_id: item for item in items_for(session, requests, person, now)}
    reviews = {
        row.id: undecided(row, items[row.request_id], names[row.submitter_id], person) for row in rows if row.request_id
    }
    panels = {row.evidence_id: row for row in session.exec(select(Panel).where(col(Panel.evidence_id).in_(numbers)))}
    mine = select(Review).where(col(Review.evidence_id).in_(numbers), Review.reviewer_id == person.id)
    ballots = {row.evidence_id: row for row in session.exec(mine)}
    told: dict[Paper, Told | None] = {}
    for paper in papers:
        review, panel = reviews.get(paper.number), panels.get(paper.number)
        if paper.section == "panel" and review is not None and panel is not None:
            told[paper] = _panel(panel, review, ballots.get(paper.number), person, now)
        else:
            told[paper] = review
    return told


def _panel(panel: Panel, review: ReviewBrief, ballot: Review | None, person: Person, now: datetime) -> PanelBrief:
    """Without counts and votes, whatever is known by now: the desk shows none.

    The role is decider, member, or closing for a member of a panel whose time is up and that is not counted yet.
    """
    role = "decider" if panel.outcome is not None else "closing" if now >= panel.deadline else "member"
    return PanelBrief(
        reader=review.reader,
        role=role,
        review=review,
        need=panel.terms["need"],
        of=panel.terms["of"],
        deadline=panel.deadline,
        voted=own_vote(ballot, person),
        outcome=panel.outcome,
    )


def _improvements(session: Session, papers: Sequence[Paper], person: Person, now: datetime) -> dict[Paper, Told | None]:
    directories: dict[int | None, Directory] = {}
    told: dict[Paper, Told | None] = {}
    for paper in papers:
        if paper.section == "judge":
            told[paper] = effectiveness_brief(session, person, paper.number)
            continue
        action = session.get_one(Action, paper.number)
        cycle = session.get_one(Lapse, action.lapse_id).cycle_id if action.lapse_id else None
        if cycle not in directories:
            directories[cycle] = Directory.few(session, policy_of(session, action))
        told[paper] = action_brief(session, person, action.id, "owner", now, directory=directories[cycle])
    return told
