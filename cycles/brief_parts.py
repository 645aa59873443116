"""What every brief is made of: its reader, the controls served, the last answer, how something was answered, an item."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

Text = Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Reader:
    """Who will read the message; `locale` is `en` or `ja`, `zone` an IANA name."""

    person_id: int
    name: str
    locale: str
    zone: str
    slack_id: str | None


@dataclass(frozen=True, kw_only=True)
class ControlRef:
    """One control that the asked evidence serves."""

    framework: str
    framework_title: Text
    label: str
    title: Text


@dataclass(frozen=True, kw_only=True)
class LastAnswer:
    """The evidence last accepted for the same system and kind. `form` is link, file or attestation."""

    evidence_id: int
    form: str
    locator: str
    effective: date
    valid_until: date | None
    by: str
    sha256: str | None


@dataclass(frozen=True, kw_only=True)
class Answered:
    """How an item was answered: `verb` is submitted, confirmed, snoozed, delegated, disputed, not_applicable,
    cannot_provide, excused, accepted or agreed."""

    verb: str
    by: str
    at: datetime
    record: str
    until: date | None = None


@dataclass(frozen=True, kw_only=True)
class Item:
    """One request as its reader sees it. `workdays_left` is negative once overdue."""

    request_id: int
    cycle: str
    system: str
    system_name: str
    kind: str
    kind_title: Text
    ask: Text
    guidance: Text
    state: str
    due: date
    workdays_left: int
    owner: str
    assignee: str
    controls: tuple[ControlRef, ...]
    forms: tuple[str, ...]
    can_confirm: bool
    can_snooze: bool
    snooze_until: date
    last: LastAnswer | None = None
    answered: Answered | None = None
    returned_reason: str | None = None
    kept_because: str | None = None
    told_too: tuple[str, ...] = ()  # to the assignee alone: who else was told that it is late
