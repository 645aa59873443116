"""What Slack says of a person: where they are, which language they read, and whether their account is in use.

people.yaml is the truth wherever it says something. What it leaves out comes from Slack; what Slack says differently is
kept for the lead to see, and changes nothing.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from cycles import journal
from cycles.models import Person, Setting

# Which people's zone and locale the programme leaves to Slack: {"zone": [key…], "locale": [key…]}.
LEFT_OUT = "from_slack"
TOLD = "slack_profiles"  # what Slack said last of each person, by key
SOUGHT = "slack_people"  # how far the search for accounts has come, and whom it did not find: {"orphaned": [key…]}
FIELDS = ("zone", "locale")
EVERY = timedelta(hours=24)
ACTOR = "slack"
_LOCALE = re.compile(r"[a-z]{2}(-[A-Z]{2})?")


@dataclass(frozen=True, kw_only=True)
class Profile:
    """An account as Slack describes it; what it does not say, or what we cannot use, is empty."""

    zone: str = ""
    locale: str = ""
    active: bool = True

    @classmethod
    def of(cls, user: Mapping[str, Any]) -> "Profile":
        """From Slack's user object (`tz`, `locale`, `deleted`), whose fields may be missing or odd."""
        zone, locale = str(user.get("tz") or ""), str(user.get("locale") or "")
        return cls(
            zone=zone if _is_zone(zone) else "",
            locale=locale if _LOCALE.fullmatch(locale) else "",
            active=not user.get("deleted"),
        )


@dataclass(frozen=True, kw_only=True)
class Difference:
    """Slack and people.yaml do not agree about a person; `field` is `zone` or `locale`."""

    person: str
    field: str
    here: str
    there: str

    def __str__(self) -> str:
        return f"{self.person} has {self.field} {self.there!r} in Slack and {self.here!r} in people.yaml"


def hear(session: Session, person: Person, profile: Profile, *, now: datetime) -> tuple[Difference, ...]:
    """Take in what Slack says of a person; the change and its journal entry are in the caller's transaction.

    An account no longer in use is forgotten, so that they are looked up by e-mail anew and, where nobody is found, shown
    as orphaned; one that is used again is found the same way. Returns what differs from people.yaml. The caller keeps
    what was said (`keep`), of many people at once.
    """
    left_out = _value(session, LEFT_OUT)
    values = {
        name: there for name in FIELDS if person.key in left_out.get(name, ()) and (there := getattr(profile, name))
    }
    if not profile.active:
        values["slack_id"] = None
    before = {name: getattr(person, name) for name in values}
    changed = {name: value for name, value in values.items() if not _same(name, before[name], value)}
    for name, value in changed.items():
        setattr(person, name, value)
    session.add(person)
    if changed:
        journal.append(
            session,
            at=now,
            actor=ACTOR,
            action="person.heard",
            subject=f"person:{person.key}",
            before={name: before[name] for name in changed},
            after=changed,
        )
    return tuple(_differing(person, {name: getattr(profile, name) for name in FIELDS}, left_out))


def keep(session: Session, said: Mapping[str, Profile], now: datetime) -> None:
    """What Slack said just now of people, by key: each is asked about again in a day."""
    rows = {
        key: {"at": now.isoformat(), "zone": of.zone, "locale": of.locale, "active": of.active}
        for key, of in said.items()
    }
    session.merge(Setting(name=TOLD, value={**_value(session, TOLD), **rows}))


def unreachable(session: Session) -> frozenset[int]:
    """The ids of people whom nobody can write to: Slack was asked, and they have no account in use."""
    missing = _value(session, SOUGHT).get("orphaned", ())
    if not missing:
        return frozenset()
    found = select(Person.id).where(col(Person.key).in_(missing), col(Person.slack_id).is_(None))
    return frozenset(session.exec(found).all())


def due(session: Session, now: datetime) -> list[Person]:
    """People whose account was not looked at for a day, those longest ago first."""
    told = _value(session, TOLD)
    at = {key: datetime.fromisoformat(row["at"]) for key, row in told.items()}
    people = session.exec(select(Person).where(col(Person.slack_id).is_not(None), col(Person.left_on).is_(None))).all()
    waiting = [person for person in people if person.key not in at or at[person.key] + EVERY <= now]
    return sorted(waiting, key=lambda person: (str(told.get(person.key, {}).get("at", "")), person.id))


def differences(session: Session) -> list[Difference]:
    """Where Slack and people.yaml do not agree, by person; for the lead."""
    told, left_out = _value(session, TOLD), _value(session, LEFT_OUT)
    people = session.exec(select(Person).where(col(Person.left_on).is_(None)).order_by(col(Person.key))).all()
    return [row for person in people for row in _differing(person, told.get(person.key, {}), left_out)]


def _differing(person: Person, told: Mapping[str, Any], left_out: Mapping[str, Any]) -> list[Difference]:
    found = []
    for name in FIELDS:
        here, there = str(getattr(person, name)), str(told.get(name) or "")
        stated = person.key not in left_out.get(name, ())
        if there and stated and not _same(name, here, there):
            found.append(Difference(person=person.key, field=name, here=here, there=there))
    return found


def _same(name: str, here: str | None, there: str | None) -> bool:
    """Whether two say the same; `ja` is any Japanese."""
    return here == there or (name == "locale" and len(here or "") == 2 and here == (there or "")[:2])


def _value(session: Session, name: str) -> dict[str, Any]:
    row = session.get(Setting, name)
    return dict(row.value) if row else {}


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return bool(name)
