"""One person's letter while it is handled, and what is answered to it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from slack_sdk.errors import SlackApiError

from cycles.brief_queries import reader_of
from cycles.briefs import Reader
from cycles.errors import Refused
from cycles.models import Inbound, Person
from cycles.permits import Act
from inbox.house import SLACK_TROUBLE, Inbox, log
from inbox.letters import Letter
from inbox.sayings import notice, notice_view
from tasks.words import Words, words_for

Json = dict[str, Any]
Step = Callable[[], None]
LONGEST_ID = 18


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What a transport sends back: the ack's body, and the steps to take right after it.

    `status` is for HTTP; Socket Mode withholds its ack from 500 on, so that Slack sends an event again.
    """

    body: Json | None = None
    status: int = 200
    then: tuple[Step, ...] = ()

    def after(self) -> None:
        """Take the steps; one that fails does not keep the others from being taken."""
        for step in self.then:
            try:
                step()
            except SLACK_TROUBLE as error:
                log.warning("a follow-up call to Slack failed: %s", _reason(error))
            except Exception:
                log.exception("a follow-up failed")


@dataclass(frozen=True, kw_only=True)
class Visit:
    """A known person with a letter, at one moment."""

    inbox: Inbox
    letter: Letter
    person: Person
    now: datetime

    @property
    def reader(self) -> Reader:
        return reader_of(self.person)

    @property
    def words(self) -> Words:
        return words_for(self.person.locale, zone=self.person.zone, templates=self.inbox.settings.templates)

    @property
    def today(self) -> date:
        """The date where the person is."""
        return self.now.astimezone(ZoneInfo(self.person.zone)).date()

    @property
    def number(self) -> int:
        """The letter's subject as a row's id.

        Raises:
            Refused: `unknown`, when it is none.
        """
        return number(self.letter.subject)

    def settle(self, effect: Callable[[Act], None]) -> bool:
        """The effect and the letter's key in one transaction; False, without effect, for a letter that came before.

        Raises:
            Refused: from the effect; then nothing is kept, not even the key.
        """
        with self.inbox.write() as session:
            if session.get(Inbound, self.letter.key) is not None:
                return False
            session.add(
                Inbound(
                    key=self.letter.key,
                    at=self.now,
                    kind=self.letter.kind,
                    person="" if self.letter.nameless else self.person.key,
                    # What was typed behind /concern may be the concern itself.
                    outcome="concern" if self.letter.nameless else f"{self.letter.verb}:{self.letter.subject}"[:200],
                )
            )
            session.flush()
            effect(Act(session, session.get_one(Person, self.person.id), self.now))
        return True

    def came_before(self) -> bool:
        """Whether this very letter has had its effect already."""
        with self.inbox.record.read() as session:
            return session.get(Inbound, self.letter.key) is not None


def number(subject: str) -> int:
    """A row's id from an opaque value. Raises Refused `unknown`."""
    if not subject.isascii() or not subject.isdigit() or len(subject) > LONGEST_ID:
        raise Refused("unknown", f"{subject!r} names nothing.")
    return int(subject)


def open_view(inbox: Inbox, trigger: str, view: Json) -> Step:
    """Open a modal. The trigger lives 3 s and opens one view (Slack: "Modals"), so this must be the first call."""
    return lambda: void(inbox.client.views_open(trigger_id=trigger, view=view))


def open_or_say(visit: Visit, view: Json) -> Step:
    """Open a modal, or tell the person that it could not be and what to do: a press that shows nothing is pressed no more."""
    inbox, letter = visit.inbox, visit.letter

    def step() -> None:
        try:
            open_view(inbox, letter.trigger, view)()
        except SlackApiError as error:
            log.warning("a form for %s could not be opened (%s)", visit.person.key, _reason(error))
            text = notice("unopened", visit.person.locale)
            try:
                inbox.client.chat_postEphemeral(channel=letter.channel, user=letter.user, text=text)
            except SlackApiError:
                # Pressed in the home, or typed where the app is no member.
                inbox.client.chat_postMessage(channel=letter.user, text=text)

    return step


def update_view(inbox: Inbox, view_id: str, view: Json) -> Step:
    return lambda: void(inbox.client.views_update(view_id=view_id, view=view))


def whisper(inbox: Inbox, letter: Letter, text: str, locale: str) -> Step:
    """Say something to the one who pressed: beside the message, or as a modal where there is no message."""
    if not letter.channel:
        return open_view(inbox, letter.trigger, notice_view(text, locale))
    return lambda: void(
        inbox.client.chat_postEphemeral(
            channel=letter.channel, user=letter.user, text=text, thread_ts=letter.thread or None
        )
    )


def void(_: object) -> None:
    """Slack's answer to a follow-up is of no further use."""


def _reason(error: Exception) -> str:
    return str(error.response.get("error")) if isinstance(error, SlackApiError) else repr(error)
