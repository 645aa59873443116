"""What one delivery pass carries with it: the record, the client, the clock, who is there, and what it has done so far."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from slack_sdk import WebClient
from slack_sdk.web import SlackResponse
from sqlmodel import Session, col, select

from cycles import outbox
from cycles.brief_queries import brief_for
from cycles.briefs import Brief
from cycles.models import Delivery, Person
from cycles.people import Directory
from cycles.store import Record
from tasks.slack.answers import Answer, answer_of
from tasks.slack.pacing import BUDGET_S, Pacer

Payload = Mapping[str, Any]
Renderer = Callable[[Brief], Payload]
# How long to leave a message alone after a failure that has nothing to do with it.
PAUSE = timedelta(minutes=1)
# A template that breaks is mended by somebody, not by time.
UNWRITTEN_PAUSE = timedelta(minutes=15)
# So many calls in a row without an answer: Slack is down, and every further post would only be in doubt.
GIVE_UP = 3
# Their turn is waited for before a message is claimed (`lanes`): a claim that waits would soon be in doubt.
CLAIMED = frozenset({"chat.postMessage", "chat.update"})
# There is another way, so nobody waits for it.
AVOIDABLE = frozenset({"conversations.open"})


@dataclass(frozen=True, kw_only=True)
class Pace:
    """One message per `interval` and channel, after a short burst (Slack: about 1/s per channel, bursts tolerated)."""

    interval: timedelta = timedelta(seconds=1)
    burst: int = 3


@dataclass(frozen=True, kw_only=True)
class Delivered:
    """What one pass did, in messages. `doubtful` ones may or may not have arrived; the next passes find out.

    `waiting` are due and go out with the next pass, because this one's time was up. `halted` says what somebody must mend
    before anything can be sent. `errors` has one sentence per trouble.
    """

    sent: int = 0
    refreshed: int = 0
    withdrawn: int = 0
    postponed: int = 0
    doubtful: int = 0
    unknown: int = 0
    failed: int = 0
    waiting: int = 0
    errors: tuple[str, ...] = ()
    halted: str | None = None


class Unwritten(Exception):
    """The brief could not be gathered or rendered."""


@dataclass(frozen=True, kw_only=True)
class Letter:
    """One message with its reader and, for a reply or a rewrite, the message it belongs to."""

    delivery: Delivery
    person: Person
    root: Delivery | None

    @property
    def thread(self) -> str | None:
        """The timestamp of the root, when its reader is the same and it was shown."""
        root = self.root
        if root is None or root.state != "sent" or root.person_id != self.delivery.person_id:
            return None
        return root.ts

    @property
    def is_refresh(self) -> bool:
        return self.delivery.kind == "refresh"


@dataclass
class Tour:
    """One pass. Every session it opens is closed again before Slack is called."""

    record: Record
    client: WebClient
    now: Callable[[], datetime]
    render: Renderer
    pace: Pace
    directory: Directory
    pacer: Pacer = field(default_factory=lambda: Pacer(methods={}))
    budget: float = BUDGET_S
    until: float = field(init=False)
    done: Counter[str] = field(default_factory=Counter)
    errors: list[str] = field(default_factory=list)
    silence: int = 0
    channels: dict[str, str] = field(default_factory=dict)
    _closed: dict[str, datetime] = field(default_factory=dict)
    _next: dict[int, datetime] = field(default_factory=dict)
    _slots: dict[int, datetime] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.until = self.pacer.clock() + self.budget

    @property
    def given_up(self) -> bool:
        return self.silence >= GIVE_UP

    def ask(self, method: str, call: Callable[[], SlackResponse], *, of: str = "") -> Answer:
        """Call Slack when it is the method's turn, unless Slack has limited it (of this channel) until later.

        Raises:
            Halted: when the installation is wrong.
        """
        if (until := self._closed.get(method + of)) and until > self.now():
            return Answer(kind="limited", error="ratelimited", wait=until - self.now())
        pause = 0.0 if method in CLAIMED else self.pacer.pause(method)
        if pause and (method in AVOIDABLE or not self.wait(pause)):
            return Answer(kind="limited", error="ratelimited", wait=timedelta(seconds=pause))
        self.pacer.called(method)
        answer = answer_of(call)
        self.silence = self.silence + 1 if answer.kind in ("unclear", "unreached") else 0
        if answer.kind == "limited":
            self._closed[method + of] = self.now() + answer.wait
        return answer

    def wait(self, seconds: float) -> bool:
        """Let time pass, unless the pass would outlast its time."""
        if self.pacer.clock() + seconds > self.until:
            return False
        self.pacer.sleep(seconds)
        return True

    def look(self, delivery_id: int) -> Letter | None:
        """A message that is still waiting, as it is in the record now."""
        with self.record.read() as session:
            delivery = session.get(Delivery, delivery_id)
            if delivery is None or delivery.state != "queued" or delivery.not_before > self.now():
                return None
            return self.letter(session, delivery)

    def letter(self, session: Session, delivery: Delivery) -> Letter:
        root = session.get(Delivery, delivery.root_id) if delivery.root_id else None
        person = session.get_one(Person, delivery.person_id)
        return Letter(delivery=delivery, person=person, root=root)

    def claim(self, letter: Letter, channel: str) -> bool:
        """Commit that the message is about to be sent; False when another process has taken it."""
        with self.record.write() as session:
            delivery = session.get_one(Delivery, letter.delivery.id)
            if not outbox.claim(session, delivery, self.now(), channel=channel):
                return False
            session.refresh(delivery)
            for name in ("state", "claimed_at", "attempts", "channel"):
                setattr(letter.delivery, name, getattr(delivery, name))
        return True

    def compose(self, delivery: Delivery) -> Payload | None:
        """What a message says now; None when nothing is left to say.

        Raises:
            Unwritten: when its brief or its template is broken.
        """
        try:
            with self.record.read() as session:
                brief = brief_for(session, session.get_one(Delivery, delivery.id), self.now())
            return None if brief is None else self.render(brief)
        except Exception as error:
            # One message that cannot be written must not keep the others from being sent.
            raise Unwritten(
                f"Message {delivery.key} could not be written ({type(error).__name__}: {error})."
            ) from error

    def slot(self, letter: Letter, channel: str) -> datetime:
        """When the reader's channel takes this message (generic cell rate algorithm, ITU-T I.371); a place once given is kept."""
        number = letter.delivery.id
        if number not in self._slots:
            self._slots[number] = self._place(letter.delivery.person_id)
        return max(self._slots[number], self._closed.get("chat.postMessage" + channel, self._slots[number]))

    def _place(self, reader: int) -> datetime:
        now, pace = self.now(), self.pace
        if reader not in self._next:
            self._next[reader] = self._after_others(reader, now)
        free = max(now, self._next[reader] - (pace.burst - 1) * pace.interval)
        self._next[reader] = max(self._next[reader], free) + pace.interval
        return free

    def _after_others(self, reader: int, now: datetime) -> datetime:
        """Messages that other passes sent to the reader in the last seconds count too."""
        since = now - self.pace.burst * self.pace.interval
        claims = (
            select(Delivery.claimed_at)
            .where(Delivery.person_id == reader, col(Delivery.claimed_at) > since)
            .where(col(Delivery.kind) != "refresh")
            .order_by(col(Delivery.claimed_at))
        )
        following = since
        with self.record.read() as session:
            for at in session.exec(claims).all():
                following = max(following, at or since) + self.pace.interval
        return following

    # Outcomes ---------------------------------------------------------------------------------------------------------

    def sent(self, letter: Letter, channel: str, ts: str | None, how: str = "sent") -> None:
        with self.record.write() as session:
            self._count(how, outbox.sent(session, letter.delivery, channel=channel, ts=ts, now=self.now()))

    def postpone(self, letter: Letter, until: datetime, error: str | None = None) -> None:
        with self.record.write() as session:
            self._count("postponed", outbox.postpone(session, letter.delivery, until=until, error=error))

    def withdraw(self, letter: Letter) -> None:
        with self.record.write() as session:
            self._count("withdrawn", outbox.withdraw(session, letter.delivery))

    def fail(self, letter: Letter, error: str) -> None:
        with self.record.write() as session:
            self._count("failed", outbox.fail(session, letter.delivery, error), error)

    def doubt(self, letter: Letter, error: str) -> None:
        with self.record.write() as session:
            self._count("doubtful", outbox.note(session, letter.delivery, error))

    def again(self, letter: Letter, until: datetime) -> None:
        with self.record.write() as session:
            outbox.again(session, letter.delivery, until=until)

    def park(self, letter: Letter, error: str) -> None:
        with self.record.write() as session:
            self._count("unknown", outbox.park(session, letter.delivery, error), error)

    def _count(self, how: str, settled: bool, error: str | None = None) -> None:
        # Where somebody else settled the message first, it is theirs to count.
        if settled:
            self.done[how] += 1
            self.errors += [error] if error else []

    def tally(self, halted: str | None, waiting: int = 0) -> Delivered:
        """The pass in numbers."""
        return Delivered(**self.done, waiting=waiting, errors=tuple(dict.fromkeys(self.errors)), halted=halted)
