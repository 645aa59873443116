"""`/hoshin`: what a person may ask it, and the answers, for their eyes only."""

from typing import Any

from cycles import desk
from cycles.brief_queries import items_for, reader_of
from cycles.briefs import DigestBrief
from inbox.sayings import notice
from inbox.visit import Visit
from tasks.messages import render
from tasks.messages.parts import SHOWN_ITEMS

Json = dict[str, Any]


def answer(visit: Visit) -> Json:
    """The body of the ack that answers the command."""
    locale = visit.person.locale
    asked_for = visit.letter.subject.strip().lower()
    if asked_for not in ("", "requests", "依頼"):
        return {"response_type": "ephemeral", "text": notice("help", locale)}
    return _requests(visit)


def _requests(visit: Visit) -> Json:
    """The first of the open requests with their buttons, as in the digest."""
    with visit.inbox.record.read() as session:
        papers = desk.papers(session, visit.person, visit.now)
        open_ones = [paper.number for paper in papers if paper.section == "open"]
        items = tuple(items_for(session, open_ones[:SHOWN_ITEMS], visit.person, visit.now))
    if not items:
        return {"response_type": "ephemeral", "text": notice("nothing", visit.person.locale)}
    brief = DigestBrief(reader=reader_of(visit.person), cycle=items[0].cycle, items=items, total=len(open_ones))
    return {"response_type": "ephemeral", **render(brief, templates=visit.inbox.settings.templates)}
