"""Messages that come once in every week or month, at the reader's opening of its first workday.

The next such moment of anybody is kept in the record, so that a tick at which none has come costs one look-up. After
downtime within a week or month the message is late, by the same rules; one that is over is not told any more.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlmodel import Session

from cycles import journal, outbox
from cycles.models import Delivery, Setting
from cycles.people import Directory, current_policy
from cycles.policy import Policy

# People come, move and take leave: whoever is new is looked for at least so often.
LOOK_AGAIN = timedelta(days=1)
DAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Span:
    """A week or month: its first day, the first day on which its message may come, and its last day."""

    first: date
    tell_from: date
    last: date


def week(day: date, weekday: int = 0) -> Span:
    """The week around a day, whose message comes from a weekday on (0 is Monday)."""
    monday = day - timedelta(days=day.weekday())
    return Span(first=monday, tell_from=monday + timedelta(days=weekday), last=monday + timedelta(days=6))


@dataclass(frozen=True, kw_only=True)
class Regular:
    """One kind of regular message. `kind` also names its state in the record.

    `span` gives the week or month around a day, None where policy wants no such message; `label` names one in its key.
    """

    kind: str
    span: Callable[[date, Policy], Span | None]
    label: Callable[[date], str]
    readers: Callable[[Directory, datetime], Collection[int]]
    is_worth_telling: Callable[[Session, Directory, Policy, int, datetime], bool]


def is_due(session: Session, regular: Regular, now: datetime) -> bool:
    """Whether somebody's week or month may begin now; one look-up by key."""
    state = session.get(Setting, regular.kind)
    return state is None or now >= datetime.fromisoformat(state.value["next"])


def tell(session: Session, regular: Regular, *, now: datetime, actor: str) -> int:
    """Write the messages whose moment has come since the last look; returns how many."""
    if not is_due(session, regular, now):
        return 0
    state, policy = session.get(Setting, regular.kind), current_policy(session)
    directory = Directory.load(session, policy)
    since = datetime.fromisoformat(state.value["upto"]) if state else now
    following, told = [now + LOOK_AGAIN], []
    for reader in regular.readers(directory, now):
        today = directory.today(reader, now)
        span = regular.span(today, policy)
        if span is None:
            break
        at = _moment(directory, reader, span)
        if at is not None and since < at <= now and _write(session, directory, policy, regular, reader, span, now):
            told.append(reader)
        spans = (span, regular.span(span.last + DAY, policy))
        following += [then for later in spans if later and (then := _moment(directory, reader, later))]
    _keep(session, regular, upto=now, following=min(at for at in following if at > now))
    if told:
        after = {"count": len(told), "digest": journal.digest(told)}
        journal.append(session, at=now, actor=actor, action=f"{regular.kind}.told", subject="programme", after=after)
    return len(told)


def is_over(
    regular: Regular, policy: Policy, directory: Directory, delivery: Delivery, reader: int, now: datetime
) -> bool:
    """Whether the week or month that a message was written for is over and it was not shown."""
    written, today = (regular.span(directory.today(reader, at), policy) for at in (delivery.created_at, now))
    # Whoever turns it off does not want what still waits either.
    return delivery.ts is None and (written is None or today is None or written.first != today.first)


def _moment(directory: Directory, reader: int, span: Span) -> datetime | None:
    """When the reader opens on the first day of work from which it may come; None where they do not work within it."""
    hours, days = directory.hours(reader), (span.last - span.tell_from).days + 1
    wanted = (span.tell_from + timedelta(days=number) for number in range(days))
    return next((hours.opens(day) for day in wanted if hours.works_on(day)), None)


def _write(
    session: Session, directory: Directory, policy: Policy, regular: Regular, reader: int, span: Span, now: datetime
) -> bool:
    morning = directory.hours(reader).next_decent(now)
    if directory.today(reader, morning) > span.last:
        return False
    if not regular.is_worth_telling(session, directory, policy, reader, now):
        return False
    key = f"{regular.kind}:{directory.people[reader].key}:{regular.label(span.first)}"
    written = outbox.queue(session, key=key, kind=regular.kind, person_id=reader, now=now, about=(), not_before=morning)
    return written is not None


def _keep(session: Session, regular: Regular, *, upto: datetime, following: datetime) -> None:
    state = session.get(Setting, regular.kind) or Setting(name=regular.kind, value={})
    state.value = {"upto": upto.isoformat(), "next": following.isoformat()}
    session.add(state)
    session.flush()
