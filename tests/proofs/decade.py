"""Ten years of a thousand obligations under a virtual clock: every day's ticks and nights, and the invariants.

    PYTHONPATH=.:tests/cycles:tests/proofs python tests/proofs/decade.py --systems 400 --years 10

prints what was said and done, and how long it took; each quarter's end is told while it runs.
"""

import argparse
import json
import random
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from invariants import REQUESTS, Watch, rows
from proof_town import Town, raw
from rules_house import Json, person, programme, system

from cycles import answers, cadences, decisions, effectiveness, journal
from cycles.errors import Refused
from cycles.programme.load import Programme
from cycles.store import open_record

START = datetime(2026, 10, 1, 0, 0, tzinfo=UTC)
PLACES = (
    ("Asia/Tokyo", "JP"), ("Europe/London", "GB"), ("America/New_York", "US-NY"),
    ("Australia/Lord_Howe", "AU-NSW"), ("Pacific/Apia", "WS"), ("Asia/Kolkata", "IN"),
)  # fmt: skip
SYSTEMS_EACH = 4
POLICY: Json = {"reviewing": {"submissions": "automatic"}, "closures": ["12-29/01-03"]}
TOLD = {"correction": "done again", "root_cause": "nobody looked", "corrective_action": "somebody looks"}
SUMMARY = {"messages": "delivery", "requests": "request", "lapses": "lapse", "actions": "action", "entries": "journal"}


def programme_of(systems: int, begun: int = START.year) -> Programme:
    """So many systems, four to an owner; each owner lives somewhere, is away twice a year (as is known for this
    year and the next), and has a line above."""
    who = [person("lead"), person("boss", zone="Europe/London", country="GB"), person("judge"), person("jury")]
    owners = max(1, systems // SYSTEMS_EACH)
    for n in range(owners):
        zone, country = PLACES[n % len(PLACES)]
        leave = [
            {"from": f"{year}-{1 + (n * 5 + half * 6) % 12:02d}-05", "to": f"{year}-{1 + (n * 5 + half * 6) % 12:02d}-{8 + n % 15:02d}"}
            for year in (begun, begun + 1)
            for half in (0, 1)
        ]  # fmt: skip
        line = {"manager": "boss", **({"deputy": f"o{n - 1}"} if n else {})}
        who.append(person(f"o{n}", zone=zone, country=country, leave=leave, **line))
    tiers = ("high", "limited", "minimal")
    having = [
        system(f"s{n}", f"o{n % owners}", risk_tier=tiers[n % 3], model_version="1", roles=["developer" if n % 4 else "provider"])
        for n in range(systems)
    ]  # fmt: skip
    return programme(having, who, policy=POLICY)


class Decade:
    """People who mostly answer, some late, some never, and a clock that runs through the years."""

    def __init__(self, systems: int, *, nights: int = 1, seed: int = 1, told_every: int = 0) -> None:
        self.systems, self.nights, self.told_every = systems, nights, told_every
        self.chance = random.Random(seed)
        self.town = Town(open_record("sqlite://"), programme=programme_of(systems))
        self.town.sync(self.town.programme)
        self.town.plan()
        self.raw = raw(self.town.record)
        self.raw.execute("CREATE INDEX delivery_sent ON delivery (sent_at)")  # for the watch, which asks at every step
        self.watch = Watch(self.raw)
        self.lead = next(row.id for row in rows(self.raw, "SELECT id FROM person WHERE key = 'lead'"))
        self.town.now = START

    def live(self, days: int) -> dict[str, int]:
        for day in range(days):
            self._day(START + timedelta(days=day), everything=day % 30 == 0)
            if self.told_every and day % self.told_every == self.told_every - 1:
                print(
                    f"{START + timedelta(days=day):%Y-%m-%d} {time.process_time():.0f} CPU s",
                    file=sys.stderr,
                    flush=True,
                )
        with self.town.record.read() as session:
            assert journal.verify(session).fault is None
        return {
            name: self.raw.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for name, table in SUMMARY.items()
        }

    def _day(self, midnight: datetime, *, everything: bool) -> None:
        if (midnight.month, midnight.day) == (1, 1):
            self.town.now = midnight
            self.town.sync(programme_of(self.systems, midnight.year))
            self.watch.people()
        for minutes in (15, 555, 915, 1350):
            self._at(midnight, minutes)
            self._step("tick", self.town.tick)
            self._step("deliver", self.town.deliver)
        self._at(midnight, 1380)
        self._people()
        if midnight.toordinal() % self.nights == 0:
            self._step("check", self.town.check, everything=everything)
            self._step("act", self.town.act)
        if midnight.day in (1, 2, 15, 28):
            self._step("review", self.town.review)
            self._step("plan", self.town.plan)

    def _at(self, midnight: datetime, minutes: int) -> None:
        self.town.now = midnight + timedelta(minutes=minutes)

    def _step(self, name: str, work: Any, *, everything: bool = False) -> None:
        work()
        self.watch.look(name, self.town.now, everything=everything)

    def _people(self) -> None:
        waiting = [row for row in self.watch.requests.values() if row.state in ("asked", "lapsed")]
        for row in waiting:
            if self.chance.random() < 0.15:
                day = (self.town.now - timedelta(days=self.chance.randint(1, 60))).date()
                offered = answers.Offered(form="link", locator="https://wiki.example/it", effective=day)
                self._says(row.assignee_id, lambda act, n=row.id, o=offered: answers.submit(act, n, o))
        for action in rows(self.raw, "SELECT id, owner_id, reviewer_id FROM action WHERE state = 'implemented' AND reviewer_id IS NOT NULL"):  # fmt: skip
            worked = self.chance.random() < 0.9
            self._says(action.reviewer_id, lambda act, n=action.id, w=worked: decisions.judge_action(act, n, worked=w, note="seen"))  # fmt: skip
        for action in rows(self.raw, "SELECT id, owner_id FROM action WHERE state = 'implementing' AND implemented_at IS NULL"):  # fmt: skip
            if self.chance.random() < 0.1:
                self._says(action.owner_id, lambda act, n=action.id: effectiveness.implemented(act, n, **TOLD))
        for proposal in rows(self.raw, "SELECT id FROM cadence WHERE outcome IS NULL"):
            if self.chance.random() < 0.2:
                yes = self.chance.random() < 0.02
                self._says(self.lead, lambda act, n=proposal.id, y=yes: cadences.decide(act, n, accept=y))
        self.watch.look("say", self.town.now, everything=False)

    def _says(self, who: int, work: Any) -> None:
        try:
            self.town.write(lambda session: work(self.town.act_as(session, who)))
        except Refused:
            self.refused = True


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--systems", type=int, default=400)
    options.add_argument("--years", type=float, default=10)
    chosen = options.parse_args()
    begun, cpu = time.monotonic(), time.process_time()
    decade = Decade(chosen.systems, told_every=91)
    asked = len(rows(decade.raw, REQUESTS))
    told = decade.live(int(chosen.years * 365.25))
    seconds = {"seconds": round(time.monotonic() - begun, 1), "cpu_seconds": round(time.process_time() - cpu, 1)}
    print(json.dumps({"obligations": asked, "years": chosen.years, **told, **seconds}))


if __name__ == "__main__":
    main()
