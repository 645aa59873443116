"""Whether the dates of a policy fit the programme: its reassessments name what there is, its stages fit each period."""

from datetime import date

from cycles.errors import BadInput
from cycles.periods import MONTHS, after, period_of
from cycles.policy import Policy
from cycles.programme.entries import ProgrammeEntry
from cycles.programme.files import Located, Problems
from cycles.reassess import clashes
from cycles.stages import stage_dates
from cycles.workdays import Calendar

# Two years hold every sort of period: with and without 29 February, with holidays on weekdays and on weekends.
TRIED_FROM, TRIED_MONTHS = 2027, 24


def check_rhythm(
    head: ProgrammeEntry, policy: Policy, at: Located, kinds: set[str], systems: set[str], problems: Problems
) -> None:
    """Complain, with file and line, about reassessments and stages that cannot be meant so."""
    _check_reassessments(policy, at, kinds, systems, problems)
    _check_stages(head, policy, at, problems)


def _check_reassessments(policy: Policy, at: Located, kinds: set[str], systems: set[str], problems: Problems) -> None:
    for index, entry in enumerate(policy.reassess):
        if entry.kind not in kinds:
            problems.add(
                at.where(("reassess", index, "kind")),
                f"no evidence kind '{entry.kind}' is known. Correct its spelling.",
            )
        for place, key in enumerate(entry.systems or ()):
            if key not in systems:
                where = at.where(("reassess", index, "systems", place))
                problems.add(where, f"no system '{key}' is in the programme. Add it or correct its spelling.")
    for second, first, what in clashes(policy.reassess):
        problems.add(
            at.where(("reassess", second)),
            f"reassess says when {what} is due a second time; {at.where(('reassess', first))} says so, too. Keep one.",
        )


def _check_stages(head: ProgrammeEntry, policy: Policy, at: Located, problems: Problems) -> None:
    calendar = Calendar(country=head.country, closures=policy.closed_days())
    first = date(TRIED_FROM, MONTHS.index(head.fiscal_year_starts) + 1, 1)
    start = period_of(first, head.fiscal_year_starts, head.cycle_months)
    periods = [start]
    while len(periods) * head.cycle_months < TRIED_MONTHS:
        periods.append(after(periods[-1], head.fiscal_year_starts))
    for period in periods:
        try:
            stage_dates(period, calendar, policy)
        except BadInput as error:
            _, field, sentence = str(error).split(": ", 2)
            problems.add(at.where(tuple(field.split("."))), f"{field}: {sentence}")
            return
