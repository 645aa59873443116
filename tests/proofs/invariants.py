"""I1 to I8, checked after every step from what has changed since the step before, with a few plain queries.

I1, I2 and I7 are in `chasing`, I5 and I6 in `ledger`. Here: I3 no message in its reader's quiet time · I4 a lapse is
recorded within a day · I8 every open lapse has exactly one action or acceptance.
"""

import sqlite3
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

from chasing import Chasing
from ledger import Ledger
from naive import AT_ONCE, Naive

Row = SimpleNamespace
OPEN = ("doing", "checking", "acting")
DAYS = {
    "close_on",
    "due",
    "happened_on",
    "expires",
    "valid_until",
    "effective",
    "starts",
    "ends",
    "left_on",
    "snoozed_until",
}
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
    " r.snoozed_until, r.disputed, r.offered_to_id, r.evidence_id FROM request r JOIN cycle c ON c.id = r.cycle_id"
)
MESSAGES = (
    "SELECT d.id, d.key, d.kind, d.person_id, d.state, d.created_at, d.not_before, i.subject, i.subject_id, i.rung,"
    " i.id AS item FROM delivery d LEFT JOIN delivery_item i ON i.delivery_id = d.id WHERE (d.id > ?1 OR i.id > ?2)"
    " AND d.id IN (SELECT id FROM delivery WHERE id > ?1 UNION SELECT delivery_id FROM delivery_item WHERE id > ?2)"
    " ORDER BY i.id, d.id"  # what joins an unsent message is as new as a message
)
# A clock that runs behind the record by less than this writes with the time of the entry before.
TOLERANCE = timedelta(minutes=15)


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
    sent: set[int] = field(default_factory=set)
    lapses: set[int] = field(default_factory=set)
    message: int = 0
    item: int = 0
    looked: datetime | None = None
    checked: date | None = None
    checked_at: datetime | None = None
    passed_over: bool = False

    def __post_init__(self) -> None:
        self.ledger, self.chasing = Ledger(self.raw), Chasing(self.raw, self.model)
        self.people()
        self.requests = self._open_requests()
        self.ledger.start()
        self.sent = {row[0] for row in self.raw.execute("SELECT id FROM delivery WHERE state = 'sent'")}
        self.message = self._one("SELECT coalesce(max(id), 0) FROM delivery")
        self.item = self._one("SELECT coalesce(max(id), 0) FROM delivery_item")
        lapses = self._open_lapses()
        self.model.lapsed = {(lapse.system_id, lapse.kind_id) for lapse in lapses}
        self.lapses = {lapse.id for lapse in lapses}

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
        self.chasing.look(step, before, self.requests, messages, self.ledger.said, now)
        self._nothing_in_quiet_time(messages, now)
        if step in ("check", "review"):
            self._lapses_noticed(step, now, everything=everything)
        if step == "act":
            self._lapses_owned(now)
        self.message = max([self.message, *(row.id for row in messages)])
        self.item = max([self.item, *(row.item or 0 for row in messages)])
        self.looked = now

    # I3 ---------------------------------------------------------------------------------------------------------------

    def _nothing_in_quiet_time(self, messages: list[Any], now: datetime) -> None:
        for row in messages:
            if row.kind != "refresh":
                fit = self.model.decent(row.person_id, row.not_before)
                assert fit, f"I3: {row.key} may go out at {row.not_before}"
        since = str(min(self.looked or now, now) - timedelta(hours=2))[:19]
        sent = "SELECT id, kind, key, person_id, sent_at FROM delivery WHERE +state = 'sent' AND sent_at >= ?"
        for row in rows(self.raw, sent, since):
            if row.id not in self.sent:
                self.sent.add(row.id)
                fit = row.kind == "refresh" or self.model.decent(row.person_id, row.sent_at)
                assert fit, f"I3: {row.key} went out at {row.sent_at}"

    # I4, I8 -----------------------------------------------------------------------------------------------------------

    def _lapses_noticed(self, step: str, now: datetime, *, everything: bool) -> None:
        """After a check, the open lapses are those the model finds, so none waits for longer than the next check."""
        cycle = self._leading()
        if cycle is None:
            return
        day = now.astimezone(ZoneInfo(cycle.zone)).date()
        if step == "review" and (cycle.checked_at != now or day < cycle.close_on):
            return
        lapses = self._open_lapses()
        for lapse in lapses:
            if lapse.id not in self.lapses:
                self._noticed_in_time(lapse, day, now)
        found = {(row.system_id, row.kind_id) for row in lapses}
        if everything:
            self._are_those_there_are(cycle, found, day, now)
        self.lapses, self.checked, self.checked_at = {lapse.id for lapse in lapses}, day, now
        self.passed_over = not everything

    def _are_those_there_are(self, cycle: Any, found: set[tuple[int, int]], day: date, now: datetime) -> None:
        if self.passed_over:  # what began at a check that was not looked at may well go on
            self.model.lapsed |= found
        facts = self._facts(cycle, now)
        scope = rows(self.raw, "SELECT system_id, kind_id FROM standing WHERE cycle_id = ?", cycle.id)
        standings = {p: self.model.standing(p, facts, day) for p in ((row.system_id, row.kind_id) for row in scope)}
        self.model.checked(standings, facts, day)
        assert found == self.model.lapsed, f"I4: lapses {found} instead of {self.model.lapsed} at {now}"

    def _noticed_in_time(self, lapse: Any, day: date, now: datetime) -> None:
        """At the first check after it began, and with the day since when."""
        assert lapse.happened_on <= day, f"I4: {lapse} lies in the future at {now}"
        if lapse.reason == "cannot_provide":
            return
        assert timedelta(0) <= lapse.noticed_at - now <= TOLERANCE, f"I4: {lapse} was not noticed at {now}"
        # A due date passes with its day; a document, a version or a lead's word can change after a check of the same day.
        last = lapse.happened_on + timedelta(days=lapse.reason in AT_ONCE)
        in_time = not self.checked or lapse.reason == "incident" or last > self.checked or self._was_decided(lapse)
        assert in_time, f"I4: {lapse} was there at the check of {self.checked} and not noticed"

    def _was_decided(self, lapse: Any) -> bool:
        """What waited for its reviewer had ended before it counted; or it was given back after it was due."""
        decided = "SELECT count(*) FROM verdict v JOIN evidence e ON e.id = v.evidence_id WHERE e.system_id = ? AND e.kind_id = ? AND v.at > ?"  # fmt: skip
        return bool(self._one(decided, lapse.system_id, lapse.kind_id, str(self.checked_at)[:26]))

    def _facts(self, cycle: Any, now: datetime) -> Any:
        """What is known by now; a clock that was set back knows less than is written."""
        by = f"{now:%Y-%m-%d %H:%M:%S.%f}"
        evidence = "SELECT e.*, v.outcome FROM evidence e LEFT JOIN verdict v ON v.evidence_id = e.id AND v.at <= ? WHERE e.received_at <= ?"
        of: dict[tuple[int, int], list[Any]] = {}
        for row in rows(self.raw, evidence, by, by):
            of.setdefault((row.system_id, row.kind_id), []).append(row)
        every = rows(self.raw, REQUESTS + " WHERE r.cycle_id = ?", cycle.id)
        stands = "SELECT l.system_id, l.kind_id FROM lapse l JOIN request r ON r.cycle_id = l.cycle_id AND r.system_id = l.system_id AND r.kind_id = l.kind_id WHERE l.cycle_id = ? AND l.reason = 'cannot_provide' AND l.recovered_at IS NULL AND r.state = 'lapsed'"  # fmt: skip
        return Row(
            named=set(self.raw.execute(stands, (cycle.id,)).fetchall()),
            acceptances=rows(self.raw, "SELECT * FROM acceptance WHERE state = 'approved' AND decided_at <= ?", by),
            incidents=rows(self.raw, "SELECT system_id, kind_id, happened_on FROM incident WHERE recorded_at <= ?", by),
            evidence=of,
            requests={(row.system_id, row.kind_id): row for row in every},
            documents=rows(self.raw, "SELECT * FROM document WHERE watched"),
            bound={row.id for row in rows(self.raw, "SELECT id FROM evidence_kind WHERE model_version_bound")},
            versions={row.id: row.model_version for row in rows(self.raw, "SELECT id, model_version FROM system")},
        )

    def _leading(self) -> Any:
        found = rows(self.raw, "SELECT * FROM cycle ORDER BY starts DESC")
        under_way = [cycle for cycle in found if cycle.state in OPEN]
        return next(iter(under_way or [cycle for cycle in found if cycle.state == "closed"]), None)

    def owned(self, system_id: int, kind_id: int, now: datetime) -> None:
        """What somebody has decided about one pair leaves its lapse with one owner, at once."""
        self._lapses_owned(now, (system_id, kind_id))

    def _lapses_owned(self, now: datetime, only: tuple[int, int] | None = None) -> None:
        bare = rows(
            self.raw,
            "SELECT l.id, l.system_id, l.kind_id, (SELECT count(*) FROM action a WHERE a.system_id = l.system_id AND a.kind_id = l.kind_id AND"
            " a.closed_at IS NULL AND a.lapse_id = l.id) AS actions, (SELECT count(*) FROM acceptance p WHERE"
            " p.system_id = l.system_id AND p.kind_id = l.kind_id AND p.state = 'approved' AND p.expires >= ?)"
            " AS acceptances FROM lapse l WHERE l.recovered_at IS NULL",
            str(self._cycle_day(now)),
        )
        for lapse in bare:
            if only not in (None, (lapse.system_id, lapse.kind_id)):
                continue
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

    def of_role(self, *roles: str) -> set[int]:
        """Who has one of these parts in the programme."""
        members = self.raw.execute("SELECT person_id, role FROM membership").fetchall()
        return {person for person, role in members if role in roles}

    def _one(self, query: str, *values: Any) -> Any:
        return self.raw.execute(query, values).fetchone()[0]
