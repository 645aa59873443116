"""I1 to I8, checked after every step from what has changed since the step before, with a few plain queries.

I1 no reminder is lost · I2 none is doubled · I3 none falls in its reader's quiet time · I4 a lapse is recorded within a
day · I5 every change has one journal entry, and the entries rebuild the state · I6 only legal changes · I7 every next
date is later than the last · I8 every open lapse has exactly one action or acceptance.
"""

import sqlite3
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

from ledger import Ledger
from naive import WAITING, Naive

Row = SimpleNamespace
OPEN = ("doing", "checking", "acting")
CHASES = ("digest", "reminder", "escalation")
DAYS = {"due", "happened_on", "expires", "valid_until", "effective", "starts", "ends", "left_on", "snoozed_until"}
TIMES = {
    "next_at",
    "noticed_at",
    "recovered_at",
    "created_at",
    "not_before",
    "at",
    "sent_at",
    "checked_at",
    "closed_at",
}
REQUESTS = (
    "SELECT r.id, r.cycle_id, r.system_id, r.kind_id, r.owner_id, r.assignee_id, r.state, r.due, r.step, r.next_at,"
    " r.snoozes, r.disputed, r.offered_to_id, r.evidence_id FROM request r JOIN cycle c ON c.id = r.cycle_id"
)
MESSAGES = (
    "SELECT d.id, d.key, d.kind, d.person_id, d.state, d.created_at, d.not_before, i.subject, i.subject_id, i.rung,"
    " i.id AS item FROM delivery d LEFT JOIN delivery_item i ON i.delivery_id = d.id WHERE d.id > ? OR i.id > ?"
    " ORDER BY i.id, d.id"  # what joins an unsent message is as new as a message
)
# Whatever sets a request's clock anew; from there on the same rung may be spoken again.
AFRESH = ("snoozed", "reassigned", "took_over", "returned", "submitted", "confirmed", "excused")
FURTHEST = timedelta(days=60)


def rows(connection: sqlite3.Connection, query: str, *values: Any) -> list[Any]:
    """The rows of a query, dates and times as such."""
    cursor = connection.execute(query, values)
    names = [column[0] for column in cursor.description]
    read = [_DAY if name in DAYS else _TIME if name in TIMES else None for name in names]
    return [
        Row(**{n: v if f is None or v is None else f(v) for n, f, v in zip(names, read, row, strict=True)})
        for row in cursor.fetchall()
    ]


_DAY = date.fromisoformat


def _TIME(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@dataclass
class Watch:
    """What was seen at the last look, and what must therefore hold at the next."""

    raw: sqlite3.Connection
    model: Naive = field(default_factory=Naive)
    requests: dict[int, Any] = field(default_factory=dict)
    spoken: Counter[tuple[Any, ...]] = field(default_factory=Counter)
    digests: dict[tuple[int, date], int] = field(default_factory=dict)
    epoch: Counter[int] = field(default_factory=Counter)
    sent: set[int] = field(default_factory=set)
    message: int = 0
    item: int = 0
    looked: datetime | None = None

    def __post_init__(self) -> None:
        self.ledger = Ledger(self.raw)
        self.people()
        self.requests = self._open_requests()
        self.ledger.start()
        self.message = self._one("SELECT coalesce(max(id), 0) FROM delivery")
        self.item = self._one("SELECT coalesce(max(id), 0) FROM delivery_item")
        self.model.lapsed = {(r.system_id, r.kind_id) for r in self._open_lapses()}

    def people(self) -> None:
        """Read the town's people anew: after a sync they may be elsewhere, away or gone."""
        self.model.people = {row.id: row for row in rows(self.raw, "SELECT * FROM person")}
        self.model.leave = {}
        for row in rows(self.raw, "SELECT * FROM leave"):
            self.model.leave.setdefault(row.person_id, []).append((row.starts, row.ends))

    def look(self, step: str, now: datetime, *, everything: bool = True) -> None:
        """What must hold after a step; what grows with the years is looked at when `everything` is asked for."""
        before, self.requests = self.requests, self._open_requests()
        messages = rows(self.raw, MESSAGES, self.message, self.item)
        self.ledger.read(messages, self.requests, everything=everything)
        for verb, request in self.ledger.said:
            self.epoch[request] += verb in AFRESH
        self._nothing_doubled(messages)
        self._nothing_in_quiet_time(messages, now)
        self._nothing_lost(step, before, messages, now)
        if step in ("check", "review") and everything:
            self._lapses_noticed(step, now)
        if step == "act":
            self._lapses_owned(now)
        self.message = max([self.message, *(row.id for row in messages)])
        self.item = max([self.item, *(row.item or 0 for row in messages)])
        self.looked = now

    # I1, I7 -----------------------------------------------------------------------------------------------------------

    def _nothing_lost(self, step: str, before: dict[int, Any], messages: list[Any], now: datetime) -> None:
        said = {row.subject_id for row in messages if row.subject == "request" and row.kind in CHASES}
        for number, request in self.requests.items():
            if request.state not in WAITING:
                assert request.next_at is None, f"I1: {request} is answered and still to be chased"
                continue
            if request.next_at is None:
                self._is_known_to_be_silent(request)
            else:
                furthest = max(now, datetime.combine(request.due, datetime.min.time(), UTC)) + FURTHEST
                assert request.next_at < furthest, f"I1: {request} waits for too long at {now}"
            if step != "tick":
                continue
            assert request.next_at is None or request.next_at > now, f"I1, I7: {request} was due at {now}"
            last = before.get(number)
            if last and last.next_at and last.next_at <= now and request.next_at and number not in said:
                self._was_put_off_with_reason(last, request, now)

    def _is_known_to_be_silent(self, request: Any) -> None:
        """Chasing has ended: the lead has a dispute before them, or everybody on the ladder was told."""
        if request.disputed:
            asked = self._one(
                "SELECT count(*) FROM delivery d JOIN delivery_item i ON i.delivery_id = d.id JOIN request r ON"
                " r.id = i.subject_id WHERE d.kind = 'dispute' AND i.subject = 'request' AND (r.id = ? OR"
                " (r.cycle_id = ? AND r.assignee_id = ? AND r.disputed))", request.id, request.cycle_id, request.assignee_id,
            )  # fmt: skip
            assert asked, f"I1: {request} is disputed and the lead does not know"
            return
        told = self._one(
            "SELECT count(*) FROM delivery d JOIN delivery_item i ON i.delivery_id = d.id WHERE i.subject = 'request'"
            " AND i.subject_id = ? AND d.kind IN ('digest', 'reminder', 'escalation', 'returned')", request.id,
        )  # fmt: skip
        ladder = 6
        assert request.step > ladder, f"I1: {request} is silent"
        assert told, f"I1: {request} was never spoken of"

    def _was_put_off_with_reason(self, last: Any, request: Any, now: datetime) -> None:
        """Due and not said: its reader is not at work, has had today's message, or need not hear it again."""
        if request.step != last.step or request.assignee_id != last.assignee_id or last.snoozes:
            return  # it climbed a rung without a word: who stands there knows already
        if last.step > 3:
            owner = self.model.people[request.owner_id]
            above = [owner.deputy_id, owner.manager_id, *sorted(self._leads())][last.step - 4 :]
            # Whoever is away today may be waited for or stood in for; both are fair, and neither is judged here.
            reader = next((who for who in above if who and not self._gone(who, now)), None)
        else:
            reader = request.assignee_id
        if reader is None or not self.model.decent(reader, now):
            return
        assert self._told_today(reader, now), (
            f"I1: {request} was due at {now}, its reader at work, and nothing was said"
        )

    def _gone(self, who: int, now: datetime) -> bool:
        left = self.model.people[who].left_on
        return left is not None and left < self._day_of(who, now)

    def _told_today(self, who: int, now: datetime) -> bool:
        day = self._day_of(who, now).isoformat()
        return bool(self._one("SELECT count(*) FROM delivery WHERE person_id = ? AND key LIKE ?", who, f"%{day}"))

    # I2, I3 -----------------------------------------------------------------------------------------------------------

    def _nothing_doubled(self, messages: list[Any]) -> None:
        for row in messages:
            if row.kind not in CHASES or row.subject != "request" or row.key.startswith("nudge"):
                continue
            said = (row.subject_id, row.rung, row.person_id, row.kind, self.epoch[row.subject_id])
            self.spoken[said] += 1
            assert self.spoken[said] == 1, f"I2: said twice: {said} ({row.key})"
        for row in messages:
            if row.kind == "digest":
                day = self._day_of(row.person_id, row.created_at)
                one = self.digests.setdefault((row.person_id, day), row.id)
                assert one == row.id, f"I2: two digests for {row.person_id} on {day}"

    def _nothing_in_quiet_time(self, messages: list[Any], now: datetime) -> None:
        for row in messages:
            if row.kind != "refresh":
                fit = self.model.decent(row.person_id, row.not_before)
                assert fit, f"I3: {row.key} may go out at {row.not_before}"
        since = str(min(self.looked or now, now) - timedelta(hours=2))[:19]
        sent = "SELECT id, kind, key, person_id, sent_at FROM delivery WHERE state = 'sent' AND sent_at >= ?"
        for row in rows(self.raw, sent, since):
            if row.id not in self.sent:
                self.sent.add(row.id)
                fit = row.kind == "refresh" or self.model.decent(row.person_id, row.sent_at)
                assert fit, f"I3: {row.key} went out at {row.sent_at}"

    # I4, I8 -----------------------------------------------------------------------------------------------------------

    def _lapses_noticed(self, step: str, now: datetime) -> None:
        """After a check, the open lapses are those the model finds, so none waits for longer than the next check."""
        cycle = self._leading()
        if cycle is None or (step == "review" and cycle.checked_at != now):
            return
        day = now.astimezone(ZoneInfo(cycle.zone)).date()
        facts = self._facts(cycle)
        scope = rows(self.raw, "SELECT system_id, kind_id FROM standing WHERE cycle_id = ?", cycle.id)
        standings = {p: self.model.standing(p, facts, day) for p in ((row.system_id, row.kind_id) for row in scope)}
        self.model.checked(standings, facts.requests, day)
        found = {(row.system_id, row.kind_id) for row in self._open_lapses()}
        assert found == self.model.lapsed, f"I4: lapses {found} instead of {self.model.lapsed} at {now}"

    def _facts(self, cycle: Any) -> Any:
        evidence = "SELECT e.*, v.outcome FROM evidence e LEFT JOIN verdict v ON v.evidence_id = e.id"
        every = rows(self.raw, REQUESTS + " WHERE r.cycle_id = ?", cycle.id)
        return Row(
            evidence=rows(self.raw, evidence),
            requests={(row.system_id, row.kind_id): row for row in every},
            documents=rows(self.raw, "SELECT * FROM document WHERE watched AND sha256 IS NOT NULL"),
            bound={row.id for row in rows(self.raw, "SELECT id FROM evidence_kind WHERE model_version_bound")},
            versions={row.id: row.model_version for row in rows(self.raw, "SELECT id, model_version FROM system")},
        )

    def _leading(self) -> Any:
        found = rows(self.raw, "SELECT * FROM cycle ORDER BY starts DESC")
        under_way = [cycle for cycle in found if cycle.state in OPEN]
        return next(iter(under_way or [cycle for cycle in found if cycle.state == "closed"]), None)

    def _lapses_owned(self, now: datetime) -> None:
        bare = rows(
            self.raw,
            "SELECT l.id, (SELECT count(*) FROM action a WHERE a.system_id = l.system_id AND a.kind_id = l.kind_id AND"
            " a.closed_at IS NULL AND a.lapse_id = l.id) AS actions, (SELECT count(*) FROM acceptance p WHERE"
            " p.system_id = l.system_id AND p.kind_id = l.kind_id AND p.state = 'approved' AND p.expires >= ?)"
            " AS acceptances FROM lapse l WHERE l.recovered_at IS NULL",
            str(self._cycle_day(now)),
        )
        for lapse in bare:
            assert lapse.actions + lapse.acceptances == 1, f"I8: {lapse} at {now}"

    def _cycle_day(self, now: datetime) -> date:
        cycle = self._leading()
        return now.astimezone(ZoneInfo(cycle.zone if cycle else "UTC")).date()

    # Reading ----------------------------------------------------------------------------------------------------------

    def _open_requests(self) -> dict[int, Any]:
        found = rows(self.raw, REQUESTS + " WHERE c.state IN ('doing', 'checking', 'acting')")
        return {row.id: row for row in found}

    def _open_lapses(self) -> list[Any]:
        return rows(self.raw, "SELECT * FROM lapse WHERE recovered_at IS NULL")

    def _leads(self) -> set[int]:
        return {row.person_id for row in rows(self.raw, "SELECT person_id FROM membership WHERE role = 'lead'")}

    def _day_of(self, person_id: int, at: datetime) -> date:
        return at.astimezone(ZoneInfo(self.model.people[person_id].zone)).date()

    def _one(self, query: str, *values: Any) -> Any:
        return self.raw.execute(query, values).fetchone()[0]
