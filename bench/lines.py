"""One line of the report, and what makes one."""

import statistics
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Measure:
    """One line of the report. `ratio` is against `floor_s`; a bound of None is only told, one
    that is `at_least` is kept by larger ratios."""

    name: str
    database: str
    median_s: float
    floor_s: float | None = None
    ratio: float | None = None
    bound: float | None = None
    at_least: bool = False
    note: str = ""

    @property
    def within(self) -> bool:
        if self.bound is None or self.ratio is None:
            return True
        return self.ratio >= self.bound if self.at_least else self.ratio <= self.bound


def ratio_of(name: str, database: str, times: dict[str, list[float]], *, bound: float | None, note: str) -> Measure:
    rules, floor = statistics.median(times["rules"]), statistics.median(times["floor"])
    return Measure(
        name=name,
        database=database,
        median_s=round(rules, 3),
        floor_s=round(floor, 3),
        ratio=round(rules / floor, 2),
        bound=bound,
        note=note,
    )
