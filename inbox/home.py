"""A person's own requests: the App Home, and what `/hoshin` shows."""

from collections.abc import Sequence
from typing import Any

from sqlmodel import Session, col, func, select

from cycles import panel_outcomes
from cycles.brief_queries import items_for, reader_of
from cycles.briefs import DigestBrief, Item
from cycles.models import Cycle, Inbound, Person, Request
from cycles.programme_cycles import OPEN
from inbox.house import Inbox
from inbox.sayings import notice
from inbox.visit import Step, Visit, void
from tasks import home
from tasks.messages import render

Json = dict[str, Any]
# Who has more than this open works from the messages; the home still counts them all.
MOST_OPEN = 100
NEWEST_ANSWERED = 20
OPEN_STATES = ("asked", "returned", "lapsed")
DONE = ("accepted", "excused")


def items_of(session: Session, visit: Visit) -> list[Item]:
    """What was asked of a person in the cycles that are open: unanswered by due date, then the newest answers."""
    mine = (
        select(Request.id)
        .join(Cycle, col(Cycle.id) == col(Request.cycle_id))
        .where(Request.assignee_id == visit.person.id, col(Cycle.state).in_(OPEN))
    )
    waiting = mine.where(col(Request.state).in_((*OPEN_STATES, "submitted"))).order_by(
        col(Request.state) == "submitted", col(Request.due), col(Request.id)
    )
    done = mine.where(col(Request.state).in_(DONE), col(Request.answered_at).is_not(None)).order_by(
        col(Request.answered_at).desc()
    )
    ids = [*session.exec(waiting.limit(MOST_OPEN)).all(), *session.exec(done.limit(NEWEST_ANSWERED)).all()]
    return items_for(session, ids, visit.person, visit.now)


def counts_of(session: Session, visit: Visit, items: Sequence[Item]) -> home.Counts:
    """As many as there are, although `items` is cut off."""
    shown = home.count(items)
    rows = session.exec(
        select(Request.state, func.count())
        .join(Cycle, col(Cycle.id) == col(Request.cycle_id))
        .where(Request.assignee_id == visit.person.id, col(Cycle.state).in_(OPEN))
        .group_by(Request.state)
    ).all()
    by_state = {str(state): int(count) for state, count in rows}
    unanswered = sum(by_state.get(state, 0) for state in OPEN_STATES)
    return home.Counts(
        open=max(shown.open, unanswered - shown.snoozed),
        snoozed=shown.snoozed,
        waiting=max(shown.waiting, by_state.get("submitted", 0)),
        answered=max(shown.answered, sum(by_state.get(state, 0) for state in DONE)),
    )


def publish(visit: Visit, page: int = 0) -> None:
    """Set the person's App Home to what is true now. Raises what the SDK raises."""
    inbox = visit.inbox
    with inbox.record.read() as session:
        items = items_of(session, visit)
        counts = counts_of(session, visit, items)
    view = home.home(reader_of(visit.person), items, counts=counts, page=page, templates=inbox.settings.templates)
    void(inbox.client.views_publish(user_id=visit.person.slack_id or visit.letter.user, view=view))


def remember(session: Session, visit: Visit) -> None:
    """Note that this person looks at their home, so that it is kept up to date from now on."""
    key = _key(visit.person)
    if session.get(Inbound, key) is None:
        session.add(Inbound(key=key, at=visit.now, kind="home", person=visit.person.key, outcome="opened"))


def is_looked_at(inbox: Inbox, person: Person) -> bool:
    with inbox.record.read() as session:
        return session.get(Inbound, _key(person)) is not None


def after_effect(visit: Visit) -> tuple[Step, ...]:
    """Votes are counted, receipts are delivered at once, and a home that is looked at shows the change."""
    return (*_count(visit), visit.inbox.ring, lambda: _keep_up(visit))


def _count(visit: Visit) -> tuple[Step, ...]:
    """A vote is committed by now; should this process end here, the next tick counts it."""

    def count() -> None:
        with visit.inbox.write() as session:
            panel_outcomes.count(session, now=visit.now, actor="hoshin", evidence_id=visit.number)

    return (count,) if visit.letter.verb.startswith(("review_", "panel_")) else ()


def _keep_up(visit: Visit) -> None:
    if is_looked_at(visit.inbox, visit.person):
        publish(visit)


def _key(person: Person) -> str:
    return f"home:{person.key}"


def command_answer(visit: Visit) -> Json:
    """What `/hoshin` answers, for the person's eyes only: their requests with the buttons, or help."""
    locale = visit.person.locale
    asked_for = visit.letter.subject.strip().lower()
    if asked_for not in ("", "requests", "依頼"):
        return {"response_type": "ephemeral", "text": notice("help", locale)}
    with visit.inbox.record.read() as session:
        items = items_of(session, visit)
        total = counts_of(session, visit, items).open
    waiting = tuple(item for item in items if home.group_of(item) == "open")
    if not waiting:
        return {"response_type": "ephemeral", "text": notice("nothing", locale)}
    brief = DigestBrief(reader=reader_of(visit.person), cycle=waiting[0].cycle, items=waiting, total=total)
    return {"response_type": "ephemeral", **render(brief, templates=visit.inbox.settings.templates)}
