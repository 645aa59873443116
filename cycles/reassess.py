"""What a policy may say of reassessments: on fixed dates, or so long after the last one, by kind and by system."""

from collections.abc import Iterator
from collections.abc import Sequence as Listed
from itertools import combinations
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from cycles.errors import BadInput
from cycles.recurrence import Adjustment, Interval, Sequence, Step, parse_nth, parse_step
from cycles.strict import Day, Strict


def _step(text: str) -> str:
    _parsed(text)
    return text


def _months(text: str) -> str:
    if _parsed(text).unit != "months":
        raise ValueError("is no number of months; write 6m or 1y")
    return text


def _parsed(text: str) -> Step:
    try:
        return parse_step(text)
    except BadInput as error:
        raise ValueError(str(error).rstrip(".")) from error


class Reassess(Strict):
    """One entry: a fixed sequence (`every` from `anchor`), or an interval (`after_last`) from the effective date."""

    kind: str
    systems: tuple[str, ...] | None = Field(default=None, min_length=1)
    every: Annotated[str, AfterValidator(_step)] | None = None
    anchor: Day | None = None
    nth: str | None = None
    adjust: Adjustment = "none"
    skip: tuple[Day, ...] = ()
    also: tuple[Day, ...] = ()
    after_last: Annotated[str, AfterValidator(_months)] | None = None

    @model_validator(mode="after")
    def _makes_sense(self) -> "Reassess":
        if (self.every is None) == (self.after_last is None):
            raise ValueError("say either every (with anchor: fixed dates) or after_last (so long after the last one)")
        if self.every is not None and self.anchor is None:
            raise ValueError("every goes with anchor, the date everything is reckoned from; add it")
        of_fixed_dates = (self.anchor, self.nth, self.skip, self.also, self.adjust != "none")
        if self.after_last is not None and any(of_fixed_dates):
            raise ValueError("anchor, nth, adjust, skip and also belong to every, not to after_last; remove them")
        try:
            self.rule()
        except BadInput as error:
            raise ValueError(str(error).rstrip(".")) from error
        return self

    def rule(self) -> Sequence | Interval:
        """The entry as a rule of dates.

        Raises:
            BadInput: when it contradicts itself.
        """
        if self.after_last is not None:
            return Interval(every=parse_step(self.after_last))
        assert self.every
        assert self.anchor
        return Sequence(
            anchor=self.anchor,
            every=parse_step(self.every),
            nth=parse_nth(self.nth) if self.nth is not None else None,
            skip=frozenset(self.skip),
            also=frozenset(self.also),
            adjust=self.adjust,
        )

    def covers(self, kind: str, system: str) -> bool:
        return self.kind == kind and (self.systems is None or system in self.systems)


def entry_for(entries: Listed[Reassess], kind: str, system: str) -> Reassess | None:
    """The entry that says when a pair is reassessed: one that names the system before one for all of them."""
    found = [entry for entry in entries if entry.covers(kind, system)]
    return min(found, key=lambda entry: entry.systems is None, default=None)


def clashes(entries: Listed[Reassess]) -> Iterator[tuple[int, int, str]]:
    """Pairs of places whose entries are equally specific for one pair, the later one first, with what they share."""
    for (first, one), (second, two) in combinations(enumerate(entries), 2):
        if one.kind != two.kind or (one.systems is None) != (two.systems is None):
            continue
        shared = sorted(set(one.systems or ()) & set(two.systems or ()))
        if one.systems is None or shared:
            yield second, first, f"'{one.kind}'" + (f" of {', '.join(shared)}" if shared else "")
