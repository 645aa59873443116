"""What a reviewer's message says: all the evidence that it puts before them, decided or not."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self

from sqlmodel import Session, col
from sqlmodel import select as pick

from cycles.brief_items import item_for, reader_of
from cycles.briefs import Answered, Item, ReviewBrief, ReviewsBrief
from cycles.models import Cycle, Delivery, Evidence, JournalEntry, Person, Request, Review, Verdict
from cycles.reviewers import ballot_of

# A review takes more reading than a request, on a telephone, too; the Home tab has the rest.
SHOWN = 5
# Which it is by its day, and the number of the evidence.
Place = tuple[int, int]


@dataclass(frozen=True, kw_only=True)
class Pile:
    """What one message is about: what waits for its reader, and what does not."""

    waiting: Sequence[Place]
    done: Sequence[Place]

    def as_told(self, delivery: Delivery) -> Self | None:
        """All of it once it was shown; before, what waits, and None where nothing does."""
        if delivery.ts is not None:
            return self
        return replace(self, done=()) if self.waiting else None

    def shown(self, room: int) -> list[int]:
        """What is shown: what waits first; while there is room for all, nothing moves under the reader's finger."""
        places = [*self.waiting, *self.done]
        return [number for _, number in (sorted(places) if len(places) <= room else places[:room])]


def reviews_brief(
    session: Session, delivery: Delivery, reader: Person, evidence: Sequence[int], now: datetime
) -> ReviewsBrief | None:
    """All evidence of one message; None when none is left to judge before it was shown.

    What still waits is shown in the order in which it is due. Where there is more than a message shows, the next takes
    the place of what has been decided.
    """
    pile = _pile(session, reader, evidence).as_told(delivery)
    if pile is None:
        return None
    return ReviewsBrief(
        reader=reader_of(reader),
        reviews=tuple(review_brief(session, reader, number, now) for number in pile.shown(SHOWN)),
        waiting=len(pile.waiting),
        done=len(pile.done),
    )


def review_brief(session: Session, reader: Person, evidence_id: int, now: datetime) -> ReviewBrief:
    """Evidence as a reviewer sees it, decided or not."""
    evidence = session.get_one(Evidence, evidence_id)
    item = item_for(session, evidence.request_id or 0, reader, now)
    ballot = ballot_of(session, evidence_id, reader.id)
    return replace(
        undecided(evidence, item, session.get_one(Person, evidence.submitter_id).name, reader),
        decided=own_vote(ballot, reader) or _by_another(session, evidence) or called_off(session, item.cycle),
        decided_reason=ballot.reason if ballot is not None and ballot.vote is not None else None,
    )


def undecided(evidence: Evidence, item: Item, submitter: str, reader: Person) -> ReviewBrief:
    """Evidence as it is put before somebody, whatever was said about it since."""
    return ReviewBrief(
        reader=reader_of(reader),
        evidence_id=evidence.id,
        item=item,
        submitter=submitter,
        form=evidence.form,
        locator=evidence.locator,
        note=evidence.note,
        effective=evidence.effective,
        received_at=evidence.received_at,
        sha256=evidence.sha256,
        confirmed_unchanged=evidence.confirmations > 0,
        previous=item.last if item.last and item.last.evidence_id != evidence.id else None,
    )


def called_off(session: Session, key: str) -> Answered | None:
    """The lead who cancelled a cycle, and when."""
    entry = session.exec(
        pick(JournalEntry).where(JournalEntry.action == "cycle.cancelled", JournalEntry.subject == f"cycle:{key}")
    ).first()
    if entry is None:
        return None
    by = session.exec(pick(Person.name).where(Person.key == entry.actor)).first()
    return Answered(verb="cancelled", by=by or entry.actor, at=entry.at, record=f"J-{entry.seq}")


def own_vote(ballot: Review | None, reader: Person) -> Answered | None:
    """What the reader themselves voted, if they have."""
    if ballot is None or not ballot.vote or ballot.voted_at is None:
        return None
    return Answered(verb=ballot.vote, by=reader.name, at=ballot.voted_at, record=f"E-{ballot.evidence_id}")


def _by_another(session: Session, evidence: Evidence) -> Answered | None:
    """A review that took long was passed on, and whoever joined was quicker."""
    verdict = session.get(Verdict, evidence.id)
    by = session.get(Person, verdict.by_id) if verdict is not None and verdict.by_id is not None else None
    if verdict is None or by is None:
        return None
    return Answered(verb=verdict.outcome, by=by.name, at=verdict.at, record=f"E-{evidence.id}")


def _pile(session: Session, reader: Person, evidence: Sequence[int]) -> Pile:
    """What the reader has to judge by due date, and what is decided, the latest first."""
    rows = session.exec(
        pick(Evidence.id, Review.vote, Verdict.outcome, Cycle.state)
        .join(Request, col(Request.id) == col(Evidence.request_id))
        .join(Cycle, col(Cycle.id) == col(Request.cycle_id))
        .outerjoin(Review, (col(Review.evidence_id) == col(Evidence.id)) & (col(Review.reviewer_id) == reader.id))
        .outerjoin(Verdict, col(Verdict.evidence_id) == col(Evidence.id))
        .where(col(Evidence.id).in_(evidence))
        .order_by(col(Request.due), col(Evidence.id))
    ).all()
    waiting: list[Place] = []
    done: list[Place] = []
    for rank, (number, vote, outcome, state) in enumerate(rows):
        (done if vote or outcome or state == "cancelled" else waiting).append((rank, number))
    return Pile(waiting=waiting, done=sorted(done, key=lambda place: place[1], reverse=True))
