"""A form that was sent: read, its people and files found, and applied; large files are finished after the answer."""

from collections.abc import Sequence
from typing import Any

from slack_sdk.errors import SlackApiError

from cycles.batch import Outcome
from cycles.errors import Refused
from cycles.models import Person
from inbox import home, people, quoting, several
from inbox.files import NO_HURRY_S, PATIENCE_S, Slow, Upload, fetched
from inbox.filled import Filled
from inbox.house import log
from inbox.people import Stranger
from inbox.refusals import refusal
from inbox.sayings import notice, notice_view
from inbox.submissions import SENT, file_rows, may_send, read_form
from inbox.visit import Reply, Visit, update_view, void
from tasks.words import clean, escape

Json = dict[str, Any]


def send_form(visit: Visit) -> Reply:
    """Apply a form; an empty reply closes it.

    Raises:
        WrongAnswers, Malformed, Refused: nothing was changed.
    """
    if visit.letter.verb not in (*SENT, quoting.VERB):
        raise Refused("unknown", f"no form is called {visit.letter.verb!r}")
    if visit.came_before():
        return Reply()
    if visit.letter.verb == quoting.VERB:
        visit, values, rows = quoting.as_evidence(visit)
        return _taken(visit, values, rows, None)
    values = read_form(visit)
    return _taken(visit, values, file_rows(visit, values), _chosen(visit, values.get("user")))


def _taken(visit: Visit, values: Json, rows: Sequence[Json], chosen: Person | None) -> Reply:
    if several.is_long(visit, values):
        return _later(visit, "recording", values, rows)
    if not rows:
        return _applied(visit, Filled(values=values, chosen=chosen))
    may_send(visit, values)
    try:
        with fetched(visit.inbox, rows, seconds=PATIENCE_S) as files:
            return _applied(visit, Filled(values=values, chosen=chosen, files=files))
    except Slow:
        return _later(visit, "receiving", values, rows)


def _later(visit: Visit, saying: str, values: Json, rows: Sequence[Json]) -> Reply:
    """Acknowledge with a sentence, and go on behind it."""
    view = notice_view(notice(saying, visit.person.locale), visit.person.locale)
    body = {"response_action": "update", "view": view}
    return Reply(body=body, then=(lambda: _finish(visit, values, rows),))


def _chosen(visit: Visit, user: str | None) -> Person | None:
    try:
        return people.find(visit.inbox, user) if user else None
    except Stranger as error:
        raise Refused("nobody", str(error)) from error


def _applied(visit: Visit, filled: Filled) -> Reply:
    found: list[Outcome] = []
    fresh = visit.settle(lambda act: found.extend(SENT[visit.letter.verb](visit, act, filled) or ()))
    if visit.letter.nameless:
        # Whoever stays unknown gets no message afterwards, so the form itself says that it arrived.
        view = notice_view(notice("concern", visit.person.locale), visit.person.locale)
        return Reply(body={"response_action": "update", "view": view}, then=(visit.inbox.ring,))
    body = quoting.thanks(visit) or several.told(visit, found)
    return Reply(body=body, then=home.after_effect(visit)) if fresh else Reply()


def _finish(visit: Visit, values: Json, rows: Sequence[Json]) -> None:
    """Fetch without haste and apply. Should this process end first, the request is still open and is asked again."""
    try:
        with fetched(visit.inbox, rows, seconds=NO_HURRY_S) as files:
            said = _apply_late(visit, values, files)
        _tell(visit, said or notice_view(notice("received", visit.person.locale), visit.person.locale))
    except (Refused, Slow) as error:
        reason = error.reason if isinstance(error, Refused) else "file_lost"
        log.info("refused: the files of %s, %s (%s)", visit.person.key, reason, error)
        told = refusal(reason, visit.person.locale, limit=visit.inbox.settings.max_upload_mb)
        _tell(visit, notice_view(told, visit.person.locale))
    except Exception:
        _tell(visit, notice_view(refusal("trouble", visit.person.locale), visit.person.locale))
        raise


def _apply_late(visit: Visit, values: Json, files: Sequence[Upload]) -> Json | None:
    """What is to be said of it, when there is more to say than thanks."""
    filled = Filled(values=values, files=files)
    if several.is_long(visit, values):
        found = several.in_parts(visit, filled)
        Reply(then=home.after_effect(visit)).after()
        body = several.told(visit, found)
    else:
        reply = _applied(visit, filled)
        reply.after()
        body = reply.body
    said: Json | None = (body or {}).get("view")
    return said


def _tell(visit: Visit, view: Json) -> None:
    """In the form while it is open, else in the conversation with the app."""
    try:
        update_view(visit.inbox, str(visit.letter.view["id"]), view)()
    except SlackApiError:
        text = "\n".join(block["text"]["text"] for block in view["blocks"])
        # Names stand in it, and here Slack reads control sequences.
        void(visit.inbox.client.chat_postMessage(channel=visit.letter.user, text=escape(clean(text))))
