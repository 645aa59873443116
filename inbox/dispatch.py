"""One door for everything Slack sends, whichever way it came: `dispatch(inbox, envelope) -> Reply`.

1. The payload must be ours: team and app are those the record was introduced to.
2. The Slack user becomes a person of the programme, or is politely turned away.
3. Its key goes into the door book in the same transaction as its effect, so that it has that effect once.
4. The person's act is authorised and applied by `cycles`, which alone knows who may do what.
5. The transaction is committed, then Slack is answered, then messages are delivered and forms opened.
"""

from typing import Any

from cycles.errors import HoshinError, Refused
from cycles.people import has_left
from cycles.permits import Act
from inbox import commands, events, home, improvement_forms, people, quoting
from inbox.actions import AT_ONCE, form_of
from inbox.house import Inbox, Workspace, introduce, known_workspace, log
from inbox.letters import Envelope, Letter, Malformed, read
from inbox.people import Stranger
from inbox.refusals import BESIDE, refusal
from inbox.sayings import notice_view
from inbox.send import send_form
from inbox.visit import Reply, Visit, open_or_say, void, whisper
from tasks.modals import WrongAnswers

Json = dict[str, Any]
FORBIDDEN = 403


def dispatch(inbox: Inbox, envelope: Envelope) -> Reply:
    """Handle one envelope. Never raises; what was refused or went wrong is logged in one line and changed nothing."""
    try:
        letter = read(envelope)
    except Malformed as error:
        log.warning("refused: a malformed %s payload, %s", envelope.kind, error)
        return Reply(status=400)
    try:
        # 1. Ours?
        if not _ours(letter, _workspace(inbox)):
            log.warning("refused: %s from team %s, app %s, which is not ours", letter.kind, letter.team, letter.app)
            return Reply(status=FORBIDDEN)
        if letter.kind == "other":
            return Reply()
        if letter.kind == "event":
            return events.handle(inbox, letter)
        return _visited(inbox, letter)
    except Exception:
        log.exception("an inbox %s failed; nothing was changed", letter.kind)
        # An event comes again; a person is told, because a press does not.
        return Reply(status=500) if letter.kind == "event" else _said(inbox, letter, "trouble", "en")


def _workspace(inbox: Inbox) -> Workspace:
    with inbox.record.read() as session:
        known = known_workspace(session)
    return known or introduce(inbox)


def _ours(letter: Letter, workspace: Workspace) -> bool:
    # A shortcut names no app; its signature or socket is the app's own all the same.
    return letter.team == workspace.team_id and letter.app in (workspace.app_id, "")


def _visited(inbox: Inbox, letter: Letter) -> Reply:
    locale, visit = "en", None
    try:
        # 2. Who?
        now = inbox.clock()
        person = people.find(inbox, letter.user)
        locale = person.locale
        if has_left(person, now):
            raise Refused("you_left", f"{person.key} has left")
        visit = Visit(inbox=inbox, letter=letter, person=person, now=now)
        return _handled(visit)
    except WrongAnswers as error:
        return Reply(body={"response_action": "errors", "errors": error.errors})
    except Malformed as error:
        log.warning("refused: a malformed %s %s, %s", letter.kind, letter.verb, error)
        return Reply(status=400)
    except Stranger as error:
        _log_refused(letter, "stranger", error)
        return _said(inbox, letter, "stranger", error.locale)
    except Refused as error:
        _log_refused(letter, error.reason, error)
        reply = _said(inbox, letter, error.reason, locale)
        return home.mended(visit, reply) if visit else reply
    except HoshinError as error:
        _log_refused(letter, "trouble", error)
        return _said(inbox, letter, "trouble", locale)


def _handled(visit: Visit) -> Reply:
    letter = visit.letter
    if letter.kind == "command" and letter.verb == improvement_forms.COMMAND:
        return _opened(visit, improvement_forms.concern(visit))
    if letter.kind == "command":
        visit.settle(lambda act: None)
        return Reply(body=commands.answer(visit))
    if letter.kind == "submission":
        return send_form(visit)
    if letter.kind == "shortcut":
        return quoting.open_form(visit)
    if letter.verb == "page":
        return Reply(
            then=(lambda: home.publish(visit, home.page_of({"type": "home", "private_metadata": letter.subject})),)
        )
    build = form_of(visit)
    if build is None:
        return _pressed(visit)
    with visit.inbox.record.read() as session:
        view = build(visit, Act(session, visit.person, visit.now))
    return _opened(visit, view)


def _opened(visit: Visit, view: Json) -> Reply:
    """What opens a form changes nothing, but is entered, so that it opens one form."""
    if not visit.settle(lambda act: None):
        return Reply()
    return Reply(then=(open_or_say(visit, view),))


def _pressed(visit: Visit) -> Reply:
    press = AT_ONCE.get(visit.letter.verb)
    if press is None:
        raise Refused("unknown", f"no button is called {visit.letter.verb!r}")
    # 3 and 4, in one transaction; 5 is done when `settle` returns.
    fresh = visit.settle(lambda act: void(press(act, visit.letter.subject)))
    return Reply(then=home.after_effect(visit)) if fresh else Reply()


def _log_refused(letter: Letter, reason: str, error: Exception) -> None:
    if letter.nameless:
        log.info("refused: a concern (%s)", reason)
        return
    log.info(
        "refused: %s %s:%s by %s, %s (%s)", letter.kind, letter.verb, letter.subject[:40], letter.user, reason, error
    )


def _said(inbox: Inbox, letter: Letter, reason: str, locale: str) -> Reply:
    """A refusal where the person is looking: in the form, in the command's answer, or beside the message."""
    text = refusal(reason, locale, limit=inbox.settings.max_upload_mb)
    if letter.kind == "command":
        return Reply(body={"response_type": "ephemeral", "text": text})
    if letter.kind in ("press", "shortcut"):
        return Reply(then=(whisper(inbox, letter, text, locale),))
    inputs = [block["block_id"] for block in letter.view.get("blocks", []) if block.get("type") == "input"]
    beside = next((block for block in BESIDE.get(reason, ()) if block in inputs), None)
    if beside:
        return Reply(body={"response_action": "errors", "errors": {beside: text}})
    return Reply(body={"response_action": "update", "view": notice_view(text, locale)})
