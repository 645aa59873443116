"""The executive summary: how the programme stands, in figures, with the way to the scorecard.

Top management reviews the management system at planned intervals (ISO/IEC 42001:2023, 9.3); between two closings of a
quarterly cycle a month is long enough to show a change and short enough to act on one. It comes when the reader opens on
the month's first workday (`cycles.regular`) while a cycle is under way or newly closed: that nothing lapsed is news here, too.
Whoever leads the programme hears weekly already (`cycles.weekly`).
"""

from calendar import monthrange
from datetime import date, datetime, timedelta

from sqlmodel import Session

from cycles.brief_items import reader_of
from cycles.briefs import ExecutiveBrief, ExecutiveRow
from cycles.models import Cycle, Delivery, Person
from cycles.people import Directory, current_policy
from cycles.policy import Policy
from cycles.programme_cycles import last_closed, open_cycles
from cycles.regular import Regular, Span, is_over, week
from cycles.scorecard_figures import open_actions, open_lapses, overdue_actions, overdue_requests, worst_first
from cycles.scorecard_queries import scorecard
from cycles.weekly import expiring

SHOWN_SYSTEMS = 3
# Over the turn of the year a month may pass between the close of a cycle and the first day of work in the next.
NEWS = timedelta(days=45)


def brief(session: Session, delivery: Delivery, reader: Person, now: datetime) -> ExecutiveBrief | None:
    """The figures of now; None when no cycle is under way, or when the month or week it was written for is over."""
    cycle, policy = _told_of(session, now), current_policy(session)
    directory = Directory.few(session, policy)
    if cycle is None or is_over(EXECUTIVE, policy, directory, delivery, reader.id, now):
        return None
    found = scorecard(session, cycle, now)
    troubled = [row for row in worst_first(found.systems) if row.tally.lapsed or row.overdue_requests]
    return ExecutiveBrief(
        reader=reader_of(reader),
        organisation=found.organisation,
        expiring=expiring(session, None, directory.today(reader.id, now), policy),
        systems=tuple(
            ExecutiveRow(system_name=row.name, lapsed=row.tally.lapsed, overdue=row.overdue_requests)
            for row in troubled[:SHOWN_SYSTEMS]
        ),
        more=len(troubled[SHOWN_SYSTEMS:]),
        weekly=policy.asking.executive_summary == "weekly",
        cycle=found.cycle,
        stage=found.stage,
        workday=found.workday,
        workdays=found.workdays,
        closes=found.closes,
        in_control=found.tally.in_control,
        previous=found.previous_in_control,
        controls=found.tally.total,
        lapses=len(open_lapses(found)),
        new_lapses=found.new_lapses,
        recovered=found.recovered,
        overdue=len(overdue_requests(found)),
        actions=len(open_actions(found)),
        actions_overdue=len(overdue_actions(found)),
    )


def _told_of(session: Session, now: datetime) -> Cycle | None:
    """The newest cycle under way; between two, the last one for as long as its outcome is news."""
    if cycles := open_cycles(session):
        return cycles[-1]
    closed = last_closed(session)
    return closed if closed and closed.closed_at and now - closed.closed_at <= NEWS else None


def _readers(directory: Directory, now: datetime) -> list[int]:
    """Executives who do not lead the programme, and can be written to."""
    named = set(directory.roles.get("executive", [])) - set(directory.roles.get("lead", []))
    return sorted(key for key in named if not directory.is_gone(key, now))


def _span(day: date, policy: Policy) -> Span | None:
    if policy.asking.executive_summary == "off":
        return None
    if policy.asking.executive_summary == "weekly":
        return week(day)
    first = day.replace(day=1)
    return Span(first=first, tell_from=first, last=day.replace(day=monthrange(day.year, day.month)[1]))


def _is_worth_telling(session: Session, directory: Directory, policy: Policy, reader: int, now: datetime) -> bool:
    return _told_of(session, now) is not None


EXECUTIVE = Regular(
    kind="executive", span=_span, label=date.isoformat, readers=_readers, is_worth_telling=_is_worth_telling
)
