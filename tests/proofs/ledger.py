"""I5 and I6: states rebuilt from journal entries alone, compared with the rows after every step.

An entry of one change names its subject and the state before and after. A bulk entry carries a count and a digest: the
rows it must have meant are found by what changed, and have to give that very digest.
"""

import json
import sqlite3
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from naive import ACCEPTANCES, ACTIONS, LEGAL, WAITING

from cycles import journal

CHASES = ("digest", "reminder", "escalation")
SUBJECTS = (
    "SELECT x.id, s.key || '/' || k.key, x.state FROM {0} x JOIN system s ON s.id = x.system_id"
    " JOIN evidence_kind k ON k.id = x.kind_id"
)
# Entries about an action that leave its state as it was.
REMARKS = {f"action.{verb}" for verb in ("help_wanted", "review_asked", "review_passed_on", "review_reminded", "milestone_set", "milestone_done")}  # fmt: skip
CYCLES = {"planned": {"doing"}, "doing": {"checking", "acting"}, "checking": {"acting"}, "acting": {"closed"}}


@dataclass
class Ledger:
    """States as the entries read so far tell them."""

    raw: sqlite3.Connection
    requests: dict[int, str] = field(default_factory=dict)
    actions: dict[int, str] = field(default_factory=dict)
    cycles: dict[str, str] = field(default_factory=dict)
    lapses: set[str] = field(default_factory=set)
    acceptances: Counter[tuple[str, str]] = field(default_factory=Counter)
    verdicts: dict[int, str] = field(default_factory=dict)
    names: dict[int, str] = field(default_factory=dict)
    of: dict[int, str] = field(default_factory=dict)
    said: list[tuple[str, int]] = field(default_factory=list)
    seq: int = 0
    head: str = journal.GENESIS

    def start(self) -> None:
        """Begin from what is there, as after restoring a backup."""
        self.requests = {row[0]: row[2] for row in self.raw.execute(SUBJECTS.format("request"))}
        self._learn_names(0)
        self.actions = dict(self.raw.execute("SELECT id, state FROM action"))
        self.acceptances = self._acceptances()
        self.cycles, self.lapses, self.verdicts = self._cycles(), self._lapses(), self._verdicts()
        last = self.raw.execute("SELECT seq, hash FROM journal ORDER BY seq DESC LIMIT 1").fetchone()
        self.seq, self.head = last or (0, journal.GENESIS)

    def read(self, messages: list[Any], open_requests: dict[int, Any], *, everything: bool = True) -> None:
        """Take in the entries since the last time, and compare: what is open, or everything."""
        query = "SELECT seq, at, action, subject, body, prev, hash FROM journal WHERE seq > ? ORDER BY seq"
        entries = self.raw.execute(query, (self.seq,)).fetchall()
        self.said = []
        if entries or messages:
            self._learn_names()
        chased = [m for m in messages if m.kind in CHASES and not m.key.startswith("nudge") and m.subject == "request"]
        for seq, at, action, subject, body, prev, hashed in entries:
            assert (seq, prev) == (self.seq + 1, self.head), f"I5: entry {seq} does not follow {self.seq}"
            self.seq, self.head = seq, hashed
            self._take(action, subject, json.loads(body), at, chased)
        for number, row in open_requests.items():
            assert self.requests.get(number) == row.state, f"I5: {row}; its entries say {self.requests.get(number)}"
        assert not chased, f"I5: {chased} was said, and no entry tells of it"
        if everything:
            self._compare()

    def _take(self, action: str, subject: str, body: Any, at: str, chased: list[Any]) -> None:
        sort, _, name = subject.partition(":")
        before, after = body["before"] or {}, body["after"] or {}
        if action.startswith("request."):
            self._request(action, name, before, after)
        elif action == "requests.chased":
            self._chased(name, after, datetime.fromisoformat(at).replace(tzinfo=UTC), chased)
        elif action == "requests.lapsed":
            self._lapsed(name, after)
        elif action == "requests.renewed":
            self._renewed(name, after)
        elif action == "requests.settled":
            self._settled(name, after)
        elif sort == "cycle" and action in ("cycle.planned", "cycle.opened", "cycle.advanced", "cycle.closed"):
            self._cycle(action, name, before, after)
        elif sort == "lapse":
            (self.lapses.add if action == "lapse.opened" else self.lapses.remove)(name)
        elif sort == "action" and action not in REMARKS:
            self._action(action, name, before, after)
        elif sort == "acceptance":
            self._acceptance(action, name, before, after)

    def _request(self, action: str, name: str, before: Any, after: Any) -> None:
        number, state = after["request"], after["state"]
        assert self.names[number] == name
        assert self.requests.get(number) == before.get("state"), f"I5: {action} {name} does not begin where it was"
        assert not before or state == before["state"] or state in LEGAL[before["state"]], (
            f"I6: {name}: {before} {after}"
        )
        self.requests[number] = state
        self.said.append((action.partition(".")[2], number))
        if "evidence" in after and state in ("accepted", "returned"):
            self.verdicts[after["evidence"]] = state

    def _chased(self, cycle: str, after: Any, at: datetime, chased: list[Any]) -> None:
        # A message may be older than what joins it; an entry of a clock that runs a little behind bears the time of the
        # entry before it.
        mine = [m for m in chased if m.created_at <= at and self._cycle_of(m.subject_id) == cycle]
        count = after["count"]
        assert count == after["asked"] + after["reminded"] + after["escalated"]
        mine = mine[:count]
        for message in mine:
            chased.remove(message)
        told = [(m.kind, m.person_id, m.subject_id, m.rung) for m in mine]
        assert len(told) == count, f"I5: {after} tells of {count}, {len(told)} were written"
        assert journal.digest(told) == after["digest"], f"I5: {told} does not give the digest of its entry"
        for message in mine:
            if self.requests[message.subject_id] == "pending":
                self.requests[message.subject_id] = "asked"

    def _lapsed(self, cycle: str, after: Any) -> None:
        now = self._states(cycle)
        could = [n for n in sorted(now) if self.requests.get(n) in WAITING]
        sets = [[n for n in could if now[n] in ends] for ends in (("lapsed",), ("lapsed", "accepted", "excused"))]
        meant = next((ids for ids in sets if journal.digest(ids) == after["digest"]), None)
        assert meant is not None, f"I5: {after} is about none of {sets}"
        assert len(meant) == after["count"]
        self.requests.update(dict.fromkeys(meant, "lapsed"))

    def _renewed(self, cycle: str, after: Any) -> None:
        query = "SELECT r.id, r.renews FROM request r JOIN cycle c ON c.id = r.cycle_id WHERE c.key = ? AND r.renews > '' AND r.state = 'pending'"
        rows = [tuple(row) for row in self.raw.execute(query + " ORDER BY r.id", (cycle,)).fetchall()]
        meant = [row for row in rows if self.requests.get(row[0]) in (None, "accepted")]
        assert journal.digest(meant) == after["digest"], f"I5: {after} is not about {meant}"
        self.requests.update({number: "pending" for number, _ in meant})
        self.said += [("renewed", number) for number, _ in meant]

    def _settled(self, cycle: str, after: Any) -> None:
        ends = [(n, s) for n, s in sorted(self._states(cycle).items()) if s in ("accepted", "excused")]
        meant = [(n, s) for n, s in ends if self.requests[n] != s and s in LEGAL[self.requests[n]]]
        assert journal.digest(meant) == after["digest"], f"I5: {after} is not about {meant}"
        self.requests.update(meant)

    def _cycle(self, action: str, key: str, before: Any, after: Any) -> None:
        state = {"cycle.planned": "planned", "cycle.closed": "closed"}.get(action) or after["state"]
        if action != "cycle.planned":
            assert self.cycles[key] == before["state"], f"I5: {action} {key} does not begin where it was"
            assert state in CYCLES[before["state"]], f"I6: cycle {key}: {before} {after}"
        self.cycles[key] = state
        if "requests" in after and "digest" in after:
            self._asked(key, after)

    def _asked(self, key: str, after: Any) -> None:
        """What a plan asks; one made anew when it was opened late replaces the first, whose rows are gone."""
        self._learn_names(0)
        planned = self.raw.execute(
            "SELECT r.id, s.key, k.key, r.owner_id, r.due FROM request r JOIN system s ON s.id = r.system_id"
            " JOIN evidence_kind k ON k.id = r.kind_id JOIN cycle c ON c.id = r.cycle_id WHERE c.key = ? ORDER BY r.id",
            (key,),
        ).fetchall()
        self.requests.update({row[0]: "pending" for row in planned})
        found = journal.digest([list(row[1:]) for row in planned])
        if self.cycles[key] != "planned" or self._cycles()[key] == "planned":
            assert found == after["digest"], f"I5: the requests of {key} are not those of its entry"

    def _action(self, action: str, name: str, before: Any, after: Any) -> None:
        state = "open" if action == "action.opened" else after.get("state")
        if state is None:
            return  # said or asked about it; its state stays
        system, _, kind = name.partition("/")
        found = self.raw.execute(SUBJECTS.format("action") + " WHERE s.key = ? AND k.key = ?", (system, kind))
        numbers = [row[0] for row in found.fetchall()]
        if action == "action.opened":
            number = min(n for n in numbers if n not in self.actions)
        else:
            number = max(n for n in numbers if n in self.actions)
            assert self.actions[number] == before["state"], f"I5: {action} {name} does not begin where it was"
            assert state in ACTIONS[before["state"]], f"I6: action {name}: {before} {after}"
        self.actions[number] = state

    def _acceptance(self, action: str, name: str, before: Any, after: Any) -> None:
        state = after["state"]
        if action != "acceptance.requested":
            assert self.acceptances[name, before["state"]] > 0, f"I5: {action} {name} does not begin where it was"
            assert state in ACCEPTANCES.get(before["state"], ()), f"I6: acceptance {name}: {before} {after}"
            self.acceptances[name, before["state"]] -= 1
        self.acceptances[name, state] += 1

    def _compare(self) -> None:
        found = self._acceptances()
        assert +self.acceptances == found, f"I5: acceptances {found}; their entries say {self.acceptances}"
        actions = dict(self.raw.execute("SELECT id, state FROM action").fetchall())
        assert self.actions == actions, f"I5: actions {actions}; their entries say {self.actions}"
        assert self.cycles == self._cycles(), f"I5: cycles {self._cycles()}; their entries say {self.cycles}"
        assert self.lapses == self._lapses(), f"I5: lapses {self._lapses()}; their entries say {self.lapses}"
        assert self.verdicts == self._verdicts(), f"I5: verdicts; their entries say {self.verdicts}"

    def _learn_names(self, since: int | None = None) -> None:
        since = max(self.names, default=0) if since is None else since
        self.names.update(
            {r[0]: r[1] for r in self.raw.execute(SUBJECTS.format("request") + " WHERE x.id > ?", (since,))}
        )
        of = "SELECT r.id, c.key FROM request r JOIN cycle c ON c.id = r.cycle_id WHERE r.id > ?"
        self.of.update(dict(self.raw.execute(of, (since,))))

    def _states(self, cycle: str) -> dict[int, str]:
        query = "SELECT r.id, r.state FROM request r JOIN cycle c ON c.id = r.cycle_id WHERE c.key = ?"
        return dict(self.raw.execute(query, (cycle,)))

    def _cycle_of(self, number: int) -> str:
        return self.of[number]

    def _cycles(self) -> dict[str, str]:
        return dict(self.raw.execute("SELECT key, state FROM cycle"))

    def _lapses(self) -> set[str]:
        query = SUBJECTS.format("lapse").replace("x.state", "''") + " WHERE x.recovered_at IS NULL"
        return {row[1] for row in self.raw.execute(query)}

    def _acceptances(self) -> Counter[tuple[str, str]]:
        return Counter((row[1], row[2]) for row in self.raw.execute(SUBJECTS.format("acceptance")))

    def _verdicts(self) -> dict[int, str]:
        query = "SELECT v.evidence_id, v.outcome FROM verdict v JOIN evidence e ON e.id = v.evidence_id WHERE e.source != 'programme'"  # fmt: skip
        return dict(self.raw.execute(query))
