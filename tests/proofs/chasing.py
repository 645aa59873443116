"""I1, I2 and I7: what is said of each request, how often, and when it is next.

I1 no reminder is lost · I2 none is doubled · I7 every next date is later than the last.
"""

import sqlite3
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from naive import WAITING, Naive

CHASES = ("digest", "reminder", "escalation")
# Whatever sets a request's clock anew; from there on the same rung may be spoken again.
AFRESH = ("snoozed", "reassigned", "took_over", "returned", "submitted", "confirmed", "excused", "kept", "reopened", "renewed")  # fmt: skip
FURTHEST = timedelta(days=60)
TO_OWNER, LADDER, MOST_OFTEN = 3, 6, 4  # the first rungs speak to who answers; messages a request may bring them
SPOKEN_OF = (
    "SELECT d.id, d.kind, d.person_id, d.created_at FROM delivery d JOIN delivery_item i ON i.delivery_id = d.id"
    " WHERE i.subject = 'request' AND i.subject_id = ? AND d.kind IN ('digest', 'reminder', 'escalation', 'returned')"
)
DISPUTES = (
    "SELECT count(*) FROM delivery d JOIN delivery_item i ON i.delivery_id = d.id JOIN request r ON r.id = i.subject_id"
    " WHERE d.kind = 'dispute' AND i.subject = 'request' AND (r.id = ? OR (r.cycle_id = ? AND r.assignee_id = ? AND"
    " r.disputed))"
)


@dataclass
class Chasing:
    """What was said until the last look, and what must therefore be said, or not, by the next."""

    raw: sqlite3.Connection
    model: Naive
    spoken: Counter[tuple[Any, ...]] = field(default_factory=Counter)
    digests: dict[tuple[int, date], int] = field(default_factory=dict)
    epoch: Counter[int] = field(default_factory=Counter)

    def look(
        self, step: str, before: dict[int, Any], after: dict[int, Any], messages: list[Any], told: Any, now: datetime
    ) -> None:
        """All of it after one step; `told` are the journal's verbs with their requests."""
        afresh = {request for verb, request in told if verb in AFRESH}
        self.epoch.update(afresh)
        self._nothing_doubled(messages)
        said = {row.subject_id: row for row in messages if row.subject == "request" and row.kind in CHASES and not row.key.startswith("nudge")}  # fmt: skip
        for number, request in after.items():
            if request.state not in WAITING:
                assert request.next_at is None, f"I1: {request} is answered and still to be chased"
                continue
            self._is_awaited(request, now)
            last = before.get(number)
            if last is None or number in afresh:
                continue
            self._goes_on(step, last, request, now)
            if step == "tick":
                self._climbs(last, request, said.get(number), now)

    # I1 ---------------------------------------------------------------------------------------------------------------

    def _is_awaited(self, request: Any, now: datetime) -> None:
        if request.next_at is None:
            self._is_known_to_be_silent(request)
        else:
            furthest = max(now, datetime.combine(request.due, datetime.min.time(), UTC)) + FURTHEST
            assert request.next_at < furthest, f"I1: {request} waits for too long at {now}"

    def _is_known_to_be_silent(self, request: Any) -> None:
        """Chasing has ended: the lead has a dispute before them, or everybody on the ladder was told."""
        if request.disputed:
            asked = self._one(DISPUTES, request.id, request.cycle_id, request.assignee_id)
            assert asked, f"I1: {request} is disputed and the lead does not know"
            return
        assert request.step > LADDER, f"I1: {request} is silent"
        assert self._said_of(request), f"I1: {request} was never spoken of"

    def _climbs(self, last: Any, request: Any, said: Any, now: datetime) -> None:
        """What was due was said on its rung, or there was a reason; what was not due stays as it is."""
        assert request.next_at is None or request.next_at > now, f"I1, I7: {request} was due at {now}"
        if last.next_at is None or last.next_at > now:
            assert not said, f"I2: {request} was not due before {last.next_at}, and spoken of at {now}"
            assert (request.step, request.assignee_id) == (last.step, last.assignee_id), f"I1: {last} became {request}"
            return
        if request.disputed:
            assert request.next_at is None, f"I1: {request} is disputed and still chased"
            return
        if said:
            assert self._is_fair_rung(last, said.rung), f"I1: {last} was spoken of on rung {said.rung}"
            assert request.step == said.rung + 1, f"I1: {request} follows rung {said.rung}"
            return
        assert request.assignee_id == last.assignee_id, f"I1: {request} was handed on without a word"
        if not self._waits(last, request):
            self._was_passed_over_with_reason(last, request)
        elif request.next_at is not None and not last.snoozed_until and not self._has_heard_enough(last, request):
            self._was_put_off_with_reason(last, now)

    def _has_heard_enough(self, last: Any, request: Any) -> bool:
        """Whether it climbed because whoever answers was told as often as policy allows."""
        heard = [row for row in self._said_of(request) if row[2] == request.assignee_id]
        return bool(last.step < request.step and len(heard) >= MOST_OFTEN)

    def _is_fair_rung(self, last: Any, rung: int) -> bool:
        """The one that was due; of several to who answers the last; after a snooze one to them."""
        if last.snoozed_until:
            return rung <= TO_OWNER or rung == last.step
        return rung == last.step or 0 < last.step < rung <= TO_OWNER

    def _waits(self, last: Any, request: Any) -> bool:
        """Whether it stands where it stood; it may have come down after a snooze, or up to the last word to who answers."""
        if request.step == last.step:
            return True
        return bool(last.snoozed_until) or 0 < last.step < request.step <= TO_OWNER

    def _was_passed_over_with_reason(self, last: Any, request: Any) -> None:
        """It climbed a rung without a word: who stands there knows already, or has heard enough."""
        said = self._said_of(request)
        if request.step > max(last.step, TO_OWNER) + 1:
            raise AssertionError(f"I1: {last} climbed to {request} without a word")
        if last.step <= TO_OWNER:
            enough = self._has_heard_enough(last, request)
            assert enough, f"I1: {last} became {request} without a word; said: {said}"
            return
        line = self._above(request.owner_id)[last.step - TO_OWNER - 1 :]
        knows = {row[2] for row in said if row[1] == "escalation"} | {request.assignee_id}
        assert knows & {who for who in line if who}, f"I1: {last} became {request}, of {line} only {knows} know"

    def _was_put_off_with_reason(self, last: Any, now: datetime) -> None:
        """Due and not said: its reader is not at work, or has had today's message."""
        if last.step > TO_OWNER:
            line = self._above(last.owner_id)[last.step - TO_OWNER - 1 :]
            # Whoever is away today may be waited for or stood in for; both are fair, and neither is judged here.
            reader = next((who for who in line if who and not self._gone(who, now)), None)
        else:
            reader = last.assignee_id
        if reader is None or not self.model.decent(reader, now):
            return
        kind = "digest" if last.step == 0 else "reminder" if last.step <= TO_OWNER else "escalation"
        assert self._told_today(kind, reader, now), f"I1: {last} was due at {now}, its reader at work, nothing was said"

    def _above(self, owner_id: int) -> list[int | None]:
        owner = self.model.people[owner_id]
        leads = self.raw.execute("SELECT person_id FROM membership WHERE role = 'lead' ORDER BY id")
        return [owner.deputy_id, owner.manager_id, *(row[0] for row in leads)]

    def _gone(self, who: int, now: datetime) -> bool:
        left = self.model.people[who].left_on
        return left is not None and left < self.day_of(who, now)

    def _told_today(self, kind: str, who: int, now: datetime) -> bool:
        day = self.day_of(who, now).isoformat()
        told = "SELECT count(*) FROM delivery WHERE person_id = ? AND kind = ? AND key LIKE ?"
        return bool(self._one(told, who, kind, f"%{day}"))

    def _said_of(self, request: Any) -> list[Any]:
        return self.raw.execute(SPOKEN_OF, (request.id,)).fetchall()

    # I2, I7 -----------------------------------------------------------------------------------------------------------

    def _nothing_doubled(self, messages: list[Any]) -> None:
        for row in messages:
            if row.kind not in CHASES or row.subject != "request" or row.key.startswith("nudge"):
                continue
            said = (row.subject_id, row.rung, row.person_id, row.kind, self.epoch[row.subject_id])
            self.spoken[said] += 1
            assert self.spoken[said] == 1, f"I2: said twice: {said} ({row.key})"
        for row in messages:
            if row.kind == "digest":
                day = self.day_of(row.person_id, row.created_at)
                one = self.digests.setdefault((row.person_id, day), row.id)
                assert one == row.id, f"I2: two digests for {row.person_id} on {day}"

    def _goes_on(self, step: str, last: Any, request: Any, now: datetime) -> None:
        """Its dates only go on; nobody but a person, or a departure, brings one forward."""
        if last.next_at is None or request.next_at is None or request.next_at >= last.next_at:
            return
        orphaned = step != "tick" and self._gone(request.assignee_id, now)
        assert orphaned, f"I7: {last} is next spoken of earlier: {request.next_at}"

    # ------------------------------------------------------------------------------------------------------------------

    def day_of(self, person_id: int, at: datetime) -> date:
        """The date where somebody is."""
        return at.astimezone(ZoneInfo(self.model.people[person_id].zone)).date()

    def _one(self, query: str, *values: Any) -> Any:
        return self.raw.execute(query, values).fetchone()[0]
