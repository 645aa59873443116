"""What ought to hold, said naively: plain dictionaries and loops, none of the rules' own code."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from rules_oracle import is_decent

Pair = tuple[int, int]
LEGAL = {
    "pending": {"asked", "submitted", "accepted", "excused", "lapsed"},
    "asked": {"submitted", "accepted", "excused", "lapsed"},
    "submitted": {"accepted", "returned"},
    "returned": {"submitted", "accepted", "excused", "lapsed"},
    "lapsed": {"submitted", "accepted", "excused"},
    "accepted": {"lapsed", "pending"},
    "excused": set(),
}
AT_WORK = {"open", "analysed", "implementing", "reopened"}
ACTIONS = {
    **{state: (AT_WORK | {"implemented", "withdrawn", "risk-accepted"}) - {"open"} for state in AT_WORK},
    "implemented": {"effective", "reopened", "withdrawn", "risk-accepted"},
    "effective": set(),
    "withdrawn": set(),
    "risk-accepted": set(),
}
ACCEPTANCES = {
    "requested": {"approved", "declined", "withdrawn"},
    "approved": {"expired", "revoked", "ended", "replaced"},
}
WAITING = ("pending", "asked", "returned")
WHO_MAY = {  # by verb: the states in which it may be said, and by whom
    **dict.fromkeys(("submit", "confirm"), ({*WAITING, "lapsed"}, "line")),
    **dict.fromkeys(("snooze", "delegate", "not_mine", "not_applicable", "cannot_provide"), (set(WAITING), "line")),
    **dict.fromkeys(("reassign", "nudge"), (set(WAITING), "chief")),
    "excuse": ({*WAITING, "lapsed"}, "lead"),
    "keep_asking": (set(WAITING), "lead"),
}
AT_ONCE = ("gone", "version-changed", "changed", "expired", "incident")


@dataclass
class Naive:
    """The town as its record's rows say it is, and which pairs the model holds to be lapsed."""

    people: dict[int, Any] = field(default_factory=dict)
    leave: dict[int, list[tuple[date, date]]] = field(default_factory=dict)
    lapsed: set[Pair] = field(default_factory=set)

    def may(self, verb: str, request: Any, who: int, cycle: str, leads: set[int]) -> bool:
        """Whether a person may say this of a request at all (bounds and reasons aside)."""
        states, whose = WHO_MAY[verb]
        owner = self.people[request.owner_id]
        chief = who == owner.manager_id or who in leads
        line = chief or who in (request.owner_id, request.assignee_id, owner.deputy_id)
        allowed = {"line": line, "chief": chief, "lead": who in leads}[whose]
        return allowed and request.state in states and cycle in ("doing", "checking", "acting")

    def decent(self, person_id: int, at: datetime) -> bool:
        """Whether somebody may be messaged at an instant."""
        return is_decent(self.people[person_id], self.leave.get(person_id, []), at)

    def checked(self, standings: dict[Pair, str], facts: Any, day: date) -> None:
        """What a check makes of the lapses: good evidence ends one, evidence out of order begins one."""
        good = {pair for pair, status in standings.items() if status in ("valid", "excused")}
        self.lapsed = {pair for pair in self.lapsed if pair in standings and pair not in good - facts.named}
        for pair, status in standings.items():
            request = facts.requests.get(pair)
            overdue = not request or request.state == "lapsed" or (request.state in WAITING and request.due < day)
            if status in AT_ONCE or (status not in ("valid", "excused", "accepted") and overdue):
                self.lapsed.add(pair)

    def standing(self, pair: Pair, facts: Any, day: date) -> str:
        """How the evidence of a pair stands on a day."""
        mine = facts.evidence.get(pair, [])
        best = max((row for row in mine if row.outcome == "accepted"), key=lambda row: (row.effective, row.id), default=None)  # fmt: skip
        request, last = facts.requests.get(pair), max(mine, key=lambda row: row.id, default=None)
        trouble = best and self.trouble(best, facts, day)
        if request and request.state == "excused":
            return "excused"
        if best and not trouble:
            return "valid"
        if any((row.system_id, row.kind_id) == pair and row.expires >= day for row in facts.acceptances):
            return "accepted"
        return trouble or ("missing" if last is None else "returned" if last.outcome == "returned" else "pending")

    def trouble(self, best: Any, facts: Any, day: date) -> str | None:
        """What accepted evidence suffers from, if anything."""
        if best.valid_until < day:
            return "expired"
        if any(best.effective < row.happened_on <= day and row.system_id == best.system_id and row.kind_id in (None, best.kind_id) for row in facts.incidents):  # fmt: skip
            return "incident"
        place = (best.system_id, best.kind_id, best.locator)
        seen = [row for row in facts.documents if (row.system_id, row.kind_id, row.locator) == place]
        if any(row.sha256 and best.sha256 and row.sha256 != best.sha256 for row in seen):
            return "changed"
        if any(row.status == "missing" for row in seen):
            return "gone"
        old = best.kind_id in facts.bound and best.model_version != facts.versions[best.system_id]
        return "version-changed" if old else None
