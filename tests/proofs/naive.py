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
    "submit": ({*WAITING, "lapsed"}, "line"),
    "confirm": ({*WAITING, "lapsed"}, "line"),
    "snooze": (set(WAITING), "line"),
    "delegate": (set(WAITING), "line"),
    "not_mine": (set(WAITING), "line"),
    "excuse": ({*WAITING, "lapsed"}, "lead"),
    "reassign": (set(WAITING), "chief"),
    "nudge": (set(WAITING), "chief"),
}
AT_ONCE = ("gone", "version-changed", "changed", "expired")


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

    def checked(self, standings: dict[Pair, str], requests: dict[Pair, Any], day: date) -> None:
        """What a check makes of the lapses: good evidence ends one, evidence out of order begins one."""
        good = {pair for pair, status in standings.items() if status in ("valid", "excused")}
        self.lapsed = {pair for pair in self.lapsed if pair in standings and pair not in good}
        for pair, status in standings.items():
            request = requests.get(pair)
            overdue = not request or request.state == "lapsed" or (request.state in WAITING and request.due < day)
            if status in AT_ONCE or (status not in ("valid", "excused", "accepted") and overdue):
                self.lapsed.add(pair)

    def standing(self, pair: Pair, facts: Any, day: date) -> str:
        """How the evidence of a pair stands on a day."""
        mine = [row for row in facts.evidence if (row.system_id, row.kind_id) == pair]
        best = max((row for row in mine if row.outcome == "accepted"), key=lambda row: (row.effective, row.id), default=None)  # fmt: skip
        request = facts.requests.get(pair)
        if request and request.state == "excused":
            return "excused"
        if best is None:
            last = max(mine, key=lambda row: row.id, default=None)
            return "missing" if last is None else "returned" if last.outcome == "returned" else "pending"
        if best.valid_until < day:
            return "expired"
        if any((d.system_id, d.kind_id, d.locator) == (*pair, best.locator) and d.sha256 != best.sha256 for d in facts.documents):  # fmt: skip
            return "changed"
        return (
            "version-changed" if pair[1] in facts.bound and best.model_version != facts.versions[pair[0]] else "valid"
        )
