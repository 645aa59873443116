"""Who is writing: a Slack user becomes a person of the programme by id, or once by the e-mail address Slack knows."""

from typing import Any

from slack_sdk.errors import SlackApiError
from sqlmodel import Session, func, select

from cycles.errors import Refused
from cycles.models import Person
from inbox.house import SLACK_TROUBLE, Inbox, log
from tasks.words import clean

Json = dict[str, Any]
NOT_A_MEMBER = ("user_not_found", "user_not_visible", "users_not_found")


class Stranger(Exception):
    """A Slack user who is nobody in the programme; `locale` is what Slack says of their language."""

    def __init__(self, user: str, why: str, locale: str = "") -> None:
        super().__init__(f"Slack user {user} is not in the programme ({why})")
        self.locale = locale


def find(inbox: Inbox, user: str) -> Person:
    """The person behind a Slack user id; asks Slack and keeps the id the first time.

    Raises:
        Stranger: when there is none.
        Refused: `trouble`, when Slack cannot be asked.
    """
    with inbox.record.read() as session:
        known = by_slack_id(session, user)
    return known or _introduce(inbox, user)


def by_slack_id(session: Session, user: str) -> Person | None:
    return session.exec(select(Person).where(Person.slack_id == user)).first()


def _introduce(inbox: Inbox, user: str) -> Person:
    profile = _look_up(inbox, user)
    locale = str(profile.get("locale") or "")
    email = clean(str((profile.get("profile") or {}).get("email") or "")).strip().lower()
    # Guests of a shared channel and bots have no say here, whatever their profile claims.
    if profile.get("deleted") or profile.get("is_bot") or profile.get("is_stranger") or not email:
        raise Stranger(user, "no e-mail address, or not a member", locale)
    with inbox.write() as session:
        person = session.exec(select(Person).where(func.lower(Person.email) == email)).first()
        if person is None:
            raise Stranger(user, "no such e-mail address in people.yaml", locale)
        if person.slack_id != user:
            log.info("%s is Slack user %s (was %s)", person.key, user, person.slack_id)
        person.slack_id = user
        session.add(person)
    return person


def _look_up(inbox: Inbox, user: str) -> Json:
    try:
        found: Json = inbox.client.users_info(user=user, include_locale=True)["user"]
    except SlackApiError as error:
        if error.response.get("error") not in NOT_A_MEMBER:
            raise Refused("trouble", f"users.info: {error.response.get('error')}") from error
        raise Stranger(user, f"users.info: {error.response.get('error')}") from error
    except SLACK_TROUBLE as error:
        raise Refused("trouble", f"users.info: {error}") from error
    return found
