"""The App Home of a person: published when they open it, and again after each of their answers."""

from dataclasses import replace
from typing import Any

from sqlmodel import Session

from cycles import desk, panel_outcomes
from cycles.brief_queries import reader_of
from cycles.desk_briefs import unfold
from cycles.glance import glance, may_see
from cycles.models import Inbound, Person
from cycles.people import has_left
from inbox.visit import LONGEST_ID, Reply, Step, Visit, void
from tasks import home

Json = dict[str, Any]


def publish(visit: Visit, page: int = 0) -> None:
    """Set the person's App Home to what is true now. Raises what the SDK raises."""
    inbox = visit.inbox
    with inbox.record.read() as session:
        # Slack goes on showing a home to whoever has left the programme; opened again, it is empty.
        left = has_left(visit.person, visit.now)
        all_of_it = [] if left else desk.papers(session, visit.person, visit.now)
        place = home.Place.of(len(all_of_it), page)
        sheets = unfold(session, place.cut(all_of_it), visit.person, visit.now)
        seen = glance(session, visit.now) if may_see(session, visit.person) and not left else None
        shown = _shown(session, visit.person)
    view = home.home(
        reader_of(visit.person),
        sheets,
        counts=home.count(all_of_it),
        place=place,
        glance=seen,
        templates=inbox.settings.templates,
    )
    void(inbox.client.views_publish(user_id=visit.person.slack_id or visit.letter.user, view=view))
    if shown not in (None, place.page):
        _turn(visit, place.page)


def remember(session: Session, visit: Visit) -> None:
    """Note that this person looks at their home, so that it is kept up to date from now on."""
    key = _key(visit.person)
    if session.get(Inbound, key) is None:
        session.add(Inbound(key=key, at=visit.now, kind="home", person=visit.person.key, outcome=_page(0)))


def _turn(visit: Visit, page: int) -> None:
    """Remember which page is shown. A person has one home, whatever they look at it with (Slack: `views.publish`)."""
    with visit.inbox.write() as session:
        known = session.get(Inbound, _key(visit.person))
        if known is not None:
            known.outcome = _page(page)
            session.add(known)


def _shown(session: Session, person: Person) -> int | None:
    """The page of somebody's home that is shown now; None for somebody who never looks at it."""
    known = session.get(Inbound, _key(person))
    if known is None:
        return None
    return next((int(number) for number in known.outcome.split() if number.isdecimal()), 0)


def _page(page: int) -> str:
    return f"page {page}"


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
    with visit.inbox.record.read() as session:
        page = _shown(session, visit.person)
    if page is not None:
        view = visit.letter.view
        publish(visit, page_of(view) if view.get("type") == "home" else page)


def mended(visit: Visit, reply: Reply) -> Reply:
    """A press that was refused in the home was made on what is not true any more: show what is."""
    view = visit.letter.view
    if view.get("type") != "home":
        return reply
    return replace(reply, then=(*reply.then, lambda: publish(visit, page_of(view))))


def page_of(view: Json) -> int:
    """The page that a person is looking at, so that a press on it does not turn it; the first, when pressed elsewhere."""
    shown = str(view.get("private_metadata") or "") if view.get("type") == "home" else ""
    return int(shown) if shown.isascii() and shown.isdecimal() and len(shown) < LONGEST_ID else 0


def _key(person: Person) -> str:
    return f"home:{person.key}"
