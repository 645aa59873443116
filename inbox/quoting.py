"""The message shortcut *Use as evidence*: a message of Slack becomes the answer to one of the reader's requests."""

import copy
from dataclasses import replace
from typing import Any

from slack_sdk import WebClient

from cycles.errors import Refused
from cycles.takers import forms_of, takers
from inbox.house import SLACK_TROUBLE, log
from inbox.letters import Malformed
from inbox.people import by_slack_id
from inbox.sayings import notice, notice_view
from inbox.visit import Reply, Visit, number, open_or_say
from tasks import modals
from tasks.modals.quoting import ways_of
from tasks.modals.read import read_values
from tasks.slack.quoting import Found, Unreadable, found_in, unpacked

Json = dict[str, Any]
VERB = "use_as_evidence"
# The trigger that opens the form lives 3 s from the press on; its message's address may not use them up.
PATIENCE_S = 1


def open_form(visit: Visit) -> Reply:
    """Answer the shortcut with its form, or with a sentence where nothing can be answered with this message."""
    if visit.letter.verb != VERB:
        raise Refused("unknown", f"no shortcut is called {visit.letter.verb!r}")
    if not visit.settle(lambda act: None):
        return Reply()
    return Reply(then=(lambda: _open(visit),))


def _open(visit: Visit) -> None:
    found = _found(visit)
    with visit.inbox.record.read() as session:
        fitting = takers(session, visit.person, visit.now, found.forms)
        waiting = bool(fitting) or bool(takers(session, visit.person, visit.now, ("link", "file", "attestation")))
    if not fitting:
        said = notice("fits_nothing" if waiting else "nothing", visit.person.locale)
        open_or_say(visit, notice_view(said, visit.person.locale))()
        return
    view = modals.use_as_evidence(visit.reader, found, fitting, now=visit.now, templates=visit.inbox.settings.templates)
    open_or_say(visit, view)()


def _found(visit: Visit) -> Found:
    letter, settings = visit.letter, visit.inbox.settings
    with visit.inbox.record.read() as session:

        def named(user: str) -> str:
            known = by_slack_id(session, user) if user else None
            return known.name if known else ""

        found = found_in(letter.message, channel=letter.place, named=named, files=settings.takes_files)
    return replace(found, permalink=_permalink(visit.inbox.client, found))


def _permalink(client: WebClient, found: Found) -> str:
    """The message's address; empty where the app may not see the conversation, or Slack takes too long to say."""
    hasty = copy.copy(client)
    hasty.timeout = PATIENCE_S
    try:
        return str(hasty.chat_getPermalink(channel=found.channel, message_ts=found.ts)["permalink"])
    except SLACK_TROUBLE as error:
        log.info("the address of a message is not known: %r", error)
        return ""


def as_evidence(visit: Visit) -> tuple[Visit, Json, list[Json]]:
    """The submitted form as if the request's own form had been sent: the visit, its values, and its files.

    Raises:
        WrongAnswers, Malformed, Refused: as for any form.
    """
    values = read_values(visit.letter.view, visit.words, today=visit.today)
    request_id = number(str(values.get("request") or ""))
    try:
        found = unpacked(visit.letter.subject)
    except Unreadable as error:
        raise Malformed(str(error)) from error
    with visit.inbox.record.read() as session:
        forms = forms_of(session, request_id)
    offered, source = _offered(found, str(values.get("use") or ""), forms)
    note = "\n".join(part for part in (str(values.get("note") or ""), source) if part)
    told = {**offered, "effective": values.get("effective"), "note": note}
    letter = replace(visit.letter, verb="evidence", subject=str(request_id))
    rows = [{"id": file} for file in offered.get("file", ())]
    return replace(visit, letter=letter), told, rows


def _offered(found: Found, use: str, forms: tuple[str, ...]) -> tuple[Json, str]:
    """The evidence, and where it came from. Raises Refused `form` where the request does not take what was chosen."""
    ways = ways_of(found)
    chosen = use or next(iter(ways), "")
    way, _, place = (chosen if chosen in ways else "").partition(":")
    if way == "file" and "file" in forms:
        return {"file": [number_ for number_, _ in found.files]}, found.permalink
    if way == "link" and "link" in forms:
        return {"link": found.links[int(place)]}, found.permalink
    if way == "message" and "link" in forms and found.permalink:
        return {"link": found.permalink}, found.cited if found.quote else ""
    if way == "message" and "attestation" in forms and found.quote:
        return {"attestation": found.cited}, found.permalink
    raise Refused(
        "form", f"What was chosen of the message ({way or 'nothing'}) is none of {', '.join(forms) or 'nothing'}."
    )


def thanks(visit: Visit) -> Json | None:
    """What the form says once it is done: whoever used the shortcut is not looking at the request's message."""
    if not str(visit.letter.view.get("callback_id") or "").endswith(f".{VERB}"):
        return None
    view = notice_view(notice("used", visit.person.locale), visit.person.locale)
    return {"response_action": "update", "view": view}
