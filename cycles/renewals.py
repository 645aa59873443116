"""Renewals: evidence that ends before its cycle does is asked for again in time, not only once it has lapsed.

A monthly record in a quarterly cycle, something confirmed for a short while, something carried over whose validity was cut
short: from so many workdays before its last day on, Check opens its request again. What a newer cycle under way asks for
anyway is left to that one.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from sqlalchemy import and_, or_
from sqlmodel import Session, col, select

from cycles import journal, outbox
from cycles.ladder import FAIR_WORKDAYS
from cycles.lapses import local_day
from cycles.models import Cycle, Evidence, EvidenceKind, Request, Standing, System
from cycles.people import Directory
from cycles.policy import Policy
from cycles.programme_cycles import leads
from cycles.workdays import Calendar

# Weekends, a long closure and local holidays: no calendar stretches so many workdays over more days than this.
FREE_DAYS = 30


@dataclass(frozen=True, kw_only=True)
class Ending:
    """Evidence that ends before its cycle does, with the request that brought it, if one did."""

    system: System
    kind_id: int
    evidence: Evidence
    valid_until: date
    request: Request | None


@dataclass(frozen=True, kw_only=True)
class Renewal:
    """When something that ends is asked for again. Dates are those of the person asked."""

    ask_on: date
    due: date


def renew(session: Session, cycle: Cycle, *, now: datetime, actor: str) -> int:
    """Open again, each once per last day, the requests for what ends before the cycle; returns how many."""
    if not leads(session, cycle):
        return 0
    policy = Policy.model_validate(cycle.policy)
    ending = _ending(session, cycle, policy, local_day(cycle, now))
    if not ending:
        return 0
    directory = Directory.load(session, policy)
    days = _Days(session, cycle, policy, directory, now, {found.system.owner_id for found in ending})
    opened = [(found, renewal) for found in ending if (renewal := days.take(found)) is not None]
    requests = [_open(cycle, found, renewal, directory, now) for found, renewal in opened]
    session.add_all(requests)
    session.flush()
    _tell(session, cycle, requests, now, actor)
    return len(requests)


def dates(valid_until: date, received_on: date, calendar: Calendar, policy: Policy, latest_due: date) -> Renewal:
    """The first day something is asked again, and its due date: the last workday on which the old evidence still holds.

    Asked as many workdays ahead as any request, but not before half of what was left when the evidence came is over:
    whoever confirms a short validity would else be asked again the next morning.
    """
    due = calendar.on_or_before(min(valid_until, latest_due))
    fair = calendar.add(due, -FAIR_WORKDAYS)
    halfway = received_on + (valid_until - received_on) // 2
    ahead = calendar.add(due, -max(FAIR_WORKDAYS, policy.asking.due_workdays))
    return Renewal(ask_on=min(fair, max(ahead, calendar.on_or_after(halfway))), due=due)


@dataclass
class _Days:
    """The days on which people are first asked, so that renewals keep to the load policy allows where they can."""

    session: Session
    cycle: Cycle
    policy: Policy
    directory: Directory
    now: datetime
    owners: set[int]
    load: dict[int, Counter[date]] = field(default_factory=lambda: defaultdict(Counter))

    def __post_init__(self) -> None:
        day = local_day(self.cycle, self.now) - timedelta(days=1)
        asked = select(col(Request.assignee_id), col(Request.ask_on)).where(
            col(Request.assignee_id).in_(self.owners),
            col(Request.state).in_(("pending", "asked")),
            col(Request.ask_on) >= day,
        )
        for person, ask_on in self.session.exec(asked).all():
            self.load[person][ask_on] += 1

    def take(self, found: Ending) -> Renewal | None:
        """The day to ask and the due date; None while it is too early, or too late for anything but its lapse."""
        hours = replace(self.directory.hours(found.system.owner_id), leave=())
        received = hours.local_day(found.evidence.received_at)
        wanted = dates(
            found.valid_until, received, hours.calendar, self.policy, self._latest_due(found, hours.calendar)
        )
        first = max(wanted.ask_on, hours.local_day(hours.next_decent(self.now)))
        if wanted.ask_on > max(local_day(self.cycle, self.now), hours.local_day(self.now)) or first > wanted.due:
            return None
        load = self.load[found.system.owner_id]
        choice = _workdays(hours.calendar, first, max(first, hours.calendar.add(wanted.due, -FAIR_WORKDAYS)))
        most = self.policy.asking.first_asks_per_day
        day = next((day for day in choice if load[day] < most), None) or min(choice, key=lambda day: (load[day], day))
        load[day] += 1
        return Renewal(ask_on=day, due=wanted.due)

    def _latest_due(self, found: Ending, calendar: Calendar) -> date:
        """Like every request, due by the day the cycle is to be closed, unless that leaves no fair time any more."""
        today = local_day(self.cycle, self.now)
        fair = calendar.add(calendar.on_or_after(today), FAIR_WORKDAYS) <= self.cycle.close_on
        return self.cycle.close_on if fair else found.valid_until


def _workdays(calendar: Calendar, first: date, last: date) -> list[date]:
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    return [day for day in days if calendar.is_workday(day)] or [first]


def _ending(session: Session, cycle: Cycle, policy: Policy, day: date) -> Sequence[Ending]:
    """What is valid but ends soon and before the cycle, soonest and gravest first, and was not asked again for that end."""
    ahead = max(FAIR_WORKDAYS, policy.asking.due_workdays)
    # A due date is clipped to the closing day, so that what ends after it is asked as early as what ends on it.
    clipped = max(0, (cycle.ends - cycle.close_on).days)
    horizon = day + timedelta(days=2 * ahead + FREE_DAYS + clipped)
    mine = and_(
        col(Request.cycle_id) == cycle.id,
        col(Request.system_id) == col(Standing.system_id),
        col(Request.kind_id) == col(Standing.kind_id),
    )
    again = or_(col(Request.renews).is_(None), col(Request.renews) < col(Standing.valid_until))
    rows = session.exec(
        select(System, Standing, Evidence, Request)
        .select_from(Standing)
        .join(System, col(System.id) == col(Standing.system_id))
        .join(EvidenceKind, col(EvidenceKind.id) == col(Standing.kind_id))
        .join(Evidence, col(Evidence.id) == col(Standing.evidence_id))
        .outerjoin(Request, mine)
        .where(Standing.cycle_id == cycle.id, Standing.status == "valid", ~col(System.retired))
        .where(col(Standing.valid_until) < cycle.ends, col(Standing.valid_until).between(day, horizon))
        .where(or_(col(Request.id).is_(None), and_(col(Request.state) == "accepted", again)))
        .order_by(col(Standing.valid_until), col(EvidenceKind.weight).desc(), col(System.id), col(EvidenceKind.id))
    ).all()
    return [
        Ending(
            system=system,
            kind_id=standing.kind_id,
            evidence=evidence,
            valid_until=standing.valid_until,
            request=request,
        )
        for system, standing, evidence, request in rows
        if standing.valid_until is not None
    ]


def _open(cycle: Cycle, found: Ending, renewal: Renewal, directory: Directory, now: datetime) -> Request:
    """The request as it would be planned today, its owner's again; what was said and put off before is over."""
    owner = found.system.owner_id
    asked = found.request or Request(
        cycle_id=cycle.id,
        system_id=found.system.id,
        kind_id=found.kind_id,
        owner_id=owner,
        assignee_id=owner,
        state="pending",
        ask_on=renewal.ask_on,
        due=renewal.due,
    )
    asked.owner_id = asked.assignee_id = owner
    asked.state, asked.answer, asked.disputed = "pending", None, False
    asked.ask_on, asked.due, asked.asked_at = renewal.ask_on, renewal.due, None
    asked.step, asked.next_at = 0, directory.hours(owner).opens(renewal.ask_on)
    asked.snoozes, asked.snoozed_until, asked.offered_to_id = 0, None, None
    asked.renews, asked.renewed_at = found.valid_until, now
    return asked


def _tell(session: Session, cycle: Cycle, requests: Iterable[Request], now: datetime, actor: str) -> None:
    rows = sorted((asked.id, asked.renews) for asked in requests)
    if not rows:
        return
    after = {"state": "pending", "count": len(rows), "digest": journal.digest(rows)}
    journal.append(session, at=now, actor=actor, action="requests.renewed", subject=f"cycle:{cycle.key}", after=after)
    outbox.refresh_all(session, "request", [row[0] for row in rows], now=now)
