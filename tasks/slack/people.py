"""People's Slack accounts, found by e-mail address and kept in the record."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from slack_sdk import WebClient
from slack_sdk.web import SlackResponse
from sqlmodel import Session, col, select

from cycles import returns
from cycles.accounts import ACTOR, SOUGHT
from cycles.models import Person, Setting
from cycles.people import Directory, current_policy
from cycles.store import Record
from tasks.slack.answers import Answer, Halted, answer_of
from tasks.slack.pacing import Pacer

# users.lookupByEmail allows about 50 calls a minute (Slack's tier 3); the rest waits for the next round.
LOOKUPS = 45
NOBODY = frozenset({"users_not_found", "user_not_found", "user_not_visible", "user_disabled", "user_deleted"})


@dataclass(frozen=True, kw_only=True)
class Identified:
    """Keys of people: newly `found`, and `orphaned`, who have no Slack account of their own and so cannot be asked.

    `problems` has a sentence for each of those looked up this time who has none. `waiting` is how many were not looked up
    yet; `error` says why a round ended early.
    """

    found: tuple[str, ...] = ()
    orphaned: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    waiting: int = 0
    error: str | None = None


@dataclass(frozen=True, kw_only=True)
class Match:
    """What looking one person up gave: their Slack user id, or a sentence for the lead, or an answer to wait out."""

    slack_id: str | None = None
    problem: str | None = None
    answer: Answer


def identify(
    record: Record, client: WebClient, now: datetime, *, limit: int = LOOKUPS, pacer: Pacer | None = None
) -> Identified:
    """Look up everybody without a Slack account, at most `limit` a call; the next call goes on where this one ended.

    What was put before the lead because nobody could write to them is theirs again (`cycles.returns`).
    """
    with record.read() as session:
        missing, progress = _missing(session, now), _progress(session)
    after = int(progress.get("after", 0))
    turn = [person for person in missing if person.id > after][:limit]
    orphaned = {key for key in progress.get("orphaned", ()) if key in {person.key for person in missing}}
    found: list[str] = []
    problems: list[str] = []
    error = None
    for person in turn:
        try:
            (pacer or Pacer(methods={})).called("users.lookupByEmail")
            match = matched(record, person, answer_of(lookup(client, person)))
        except Halted as halted:
            error = str(halted)
            break
        if not (match.slack_id or match.problem):
            error = f"Slack could not be asked about {person.email} ({match.answer.error})."
            break
        after = person.id
        (found.append if match.slack_id else orphaned.add)(person.key)
        problems += [match.problem] if match.problem else []
        orphaned -= set(found)
    waiting = [person for person in missing if person.id > after]
    _keep(record, {"after": after if waiting else 0, "at": now.isoformat(), "orphaned": sorted(orphaned)}, found, now)
    return Identified(
        found=tuple(found),
        orphaned=tuple(sorted(orphaned)),
        problems=tuple(problems),
        waiting=len(waiting),
        error=error,
    )


def lookup(client: WebClient, person: Person) -> Callable[[], SlackResponse]:
    """The call that asks for the account behind a person's e-mail address."""
    return lambda: client.users_lookupByEmail(email=person.email)


def matched(record: Record, person: Person, answer: Answer) -> Match:
    """What the answer to `lookup` says; the account is kept in the record."""
    if not answer.taken:
        return Match(answer=answer, problem=_nobody(person) if answer.error in NOBODY else None)
    user = answer.data.get("user") or {}
    if not user.get("id") or user.get("deleted") or user.get("is_bot"):
        return Match(answer=answer, problem=_nobody(person))
    with record.write() as session:
        problem = _adopt(session, person, str(user["id"]))
    return Match(answer=answer, slack_id=None if problem else person.slack_id, problem=problem)


def forget(session: Session, person: Person) -> None:
    """The account is gone: look the person up anew next time, for they may have another one."""
    session.get_one(Person, person.id).slack_id = None
    person.slack_id = None


def _adopt(session: Session, person: Person, slack_id: str) -> str | None:
    taken = select(Person).where(Person.slack_id == slack_id, col(Person.id) != person.id)
    if other := session.exec(taken).first():
        return (
            f"{person.name} ({person.email}) and {other.name} ({other.email}) are one Slack account. "
            "Give each person in people.yaml the e-mail address of their own account."
        )
    session.get_one(Person, person.id).slack_id = slack_id
    person.slack_id = slack_id
    return None


def _nobody(person: Person) -> str:
    return (
        f"{person.name} ({person.email}) has no active account in this Slack workspace. "
        "Correct the e-mail address in people.yaml, or give their systems another owner, and run `hoshin sync`."
    )


def _missing(session: Session, now: datetime) -> list[Person]:
    directory = Directory.load(session, current_policy(session))
    here = (person for person in directory.people.values() if not directory.has_left(person.id, now))
    return sorted((person for person in here if person.slack_id is None), key=lambda person: person.id)


def _progress(session: Session) -> Mapping[str, Any]:
    row = session.get(Setting, SOUGHT)
    return row.value if row else {}


def _keep(record: Record, progress: dict[str, Any], found: Collection[str], now: datetime) -> None:
    """Whoever is found is asked again in the same transaction; so is whom a press or a message found in between."""
    with record.write() as session:
        missed = _progress(session).get("orphaned", ())
        back = session.exec(select(Person.key).where(col(Person.key).in_(missed), col(Person.slack_id).is_not(None)))
        returns.take_back(session, {*found, *back.all()}, now=now, actor=ACTOR)
        session.merge(Setting(name=SOUGHT, value=progress))
