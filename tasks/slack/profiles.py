"""A daily look at everybody's Slack account: zone, language, and whether it is still in use."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from slack_sdk import WebClient
from sqlmodel import col, select

from cycles.accounts import Difference, Profile, due, hear, keep
from cycles.models import Person
from cycles.store import Record
from tasks.slack.answers import Answer, Halted, answer_of
from tasks.slack.people import LOOKUPS, NOBODY


@dataclass(frozen=True, kw_only=True)
class Refreshed:
    """How many accounts were looked at, whose is no longer in use, what differs from people.yaml, how many wait.

    `error` says why a round ended early.
    """

    looked: int = 0
    gone: tuple[str, ...] = ()
    differing: tuple[Difference, ...] = ()
    waiting: int = 0
    error: str | None = None


def refresh(record: Record, client: WebClient, now: datetime, *, limit: int = LOOKUPS) -> Refreshed:
    """Look at the accounts not looked at for a day, at most `limit` a call; the next call goes on with the rest.

    users.info allows about 100 calls a minute (Slack's tier 4), which a round stays below.
    """
    with record.read() as session:
        waiting = due(session, now)
    said: dict[str, Profile] = {}
    error = None
    for person in waiting[:limit]:
        try:
            profile = _profile(_asked(client, person))
        except Halted as halted:
            error = str(halted)
            break
        if profile is None:
            error = f"Slack could not be asked about {person.email}."
            break
        said[person.key] = profile
    return Refreshed(
        looked=len(said),
        gone=tuple(key for key, profile in said.items() if not profile.active),
        differing=_heard(record, said, now) if said else (),
        waiting=len(waiting) - len(said),
        error=error,
    )


def _heard(record: Record, said: Mapping[str, Profile], now: datetime) -> tuple[Difference, ...]:
    """All of a round in one transaction: most of it changes nothing."""
    with record.write() as session:
        people = session.exec(select(Person).where(col(Person.key).in_(said)).order_by(col(Person.id))).all()
        found = [row for person in people for row in hear(session, person, said[person.key], now=now)]
        keep(session, said, now)
    return tuple(found)


def _asked(client: WebClient, person: Person) -> Answer:
    return answer_of(lambda: client.users_info(user=str(person.slack_id), include_locale=True))


def _profile(answer: Answer) -> Profile | None:
    if answer.taken:
        return Profile.of(answer.data.get("user") or {})
    return Profile(active=False) if answer.error in NOBODY else None
