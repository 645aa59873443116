"""A form that was sent: read, its people and files found, and applied; large files are finished after the answer."""

from collections.abc import Sequence
from typing import Any

from slack_sdk.errors import SlackApiError

from cycles.errors import Refused
from cycles.models import Person
from inbox import home, people, quoting
from inbox.files import NO_HURRY_S, PATIENCE_S, Slow, Upload, fetched
from inbox.house import log
from inbox.people import Stranger
from inbox.sayings import notice, notice_view, refusal
from inbox.submissions import SENT, Filled, file_rows, may_send, read_form
from inbox.visit import Reply, Visit, update_view, void

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
    if not rows:
        return _applied(visit, Filled(values=values, chosen=chosen))
    may_send(visit)
    try:
        with fetched(visit.inbox, rows, seconds=PATIENCE_S) as files:
            return _applied(visit, Filled(values=values, chosen=chosen, files=files))
    except Slow:
        view = notice_view(notice("receiving", visit.person.locale), visit.person.locale)
        body = {"response_action": "update", "view": view}
        return Reply(body=body, then=(lambda: _finish(visit, values, rows),))


def _chosen(visit: Visit, user: str | None) -> Person | None:
    try:
        return people.find(visit.inbox, user) if user else None
    except Stranger as error:
        raise Refused("nobody", str(error)) from error


def _applied(visit: Visit, filled: Filled) -> Reply:
    fresh = visit.settle(lambda act: SENT[visit.letter.verb](visit, act, filled))
    if visit.letter.nameless:
        # Whoever stays unknown gets no message afterwards, so the form itself says that it arrived.
        view = notice_view(notice("concern", visit.person.locale), visit.person.locale)
        return Reply(body={"response_action": "update", "view": view}, then=(visit.inbox.ring,))
    return Reply(body=quoting.thanks(visit), then=home.after_effect(visit)) if fresh else Reply()


def _finish(visit: Visit, values: Json, rows: Sequence[Json]) -> None:
    """Fetch without haste and apply. Should this process end first, the request is still open and is asked again."""
    try:
        with fetched(visit.inbox, rows, seconds=NO_HURRY_S) as files:
            _apply_late(visit, values, files)
        _tell(visit, notice("received", visit.person.locale))
    except (Refused, Slow) as error:
        reason = error.reason if isinstance(error, Refused) else "file_lost"
        log.info("refused: the files of %s, %s (%s)", visit.person.key, reason, error)
        _tell(visit, refusal(reason, visit.person.locale, limit=visit.inbox.settings.max_upload_mb))
    except Exception:
        _tell(visit, refusal("trouble", visit.person.locale))
        raise


def _apply_late(visit: Visit, values: Json, files: Sequence[Upload]) -> None:
    _applied(visit, Filled(values=values, files=files)).after()


def _tell(visit: Visit, text: str) -> None:
    """In the form while it is open, else in the conversation with the app."""
    try:
        view = notice_view(text, visit.person.locale)
        update_view(visit.inbox, str(visit.letter.view["id"]), view)()
    except SlackApiError:
        void(visit.inbox.client.chat_postMessage(channel=visit.letter.user, text=text))
