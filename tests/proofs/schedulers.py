"""Several schedulers over one record: each a thread with a connection and a wrong clock of its own."""

import random
import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from proof_town import Town
from sqlalchemy import text

from cycles.store import Record, open_record

MOST_WRONG = 300  # seconds
QUARTER = timedelta(minutes=15)


@dataclass
class Crew:
    """So many schedulers, all of which tick at the same moments by their own clocks."""

    url: str
    started: datetime
    size: int
    seed: int = 0
    errors: list[BaseException] = field(default_factory=list)

    def work(self, ticks: int) -> None:
        """Tick until all of them together have ticked so often, over a fortnight from the start."""
        threads = [threading.Thread(target=self._schedule, args=(n, ticks // self.size)) for n in range(self.size)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if self.errors:
            raise self.errors[0]

    def _schedule(self, number: int, ticks: int) -> None:
        chance = random.Random(self.seed * 100 + number)
        wrong = timedelta(seconds=chance.randint(-MOST_WRONG, MOST_WRONG))
        town = Town(open_record(self.url, migrate=False))
        try:
            for tick in range(ticks):
                town.now = self.started + timedelta(days=14) * tick / ticks + wrong
                town.tick()
                if tick % 40 == 20:
                    town.check()
                    town.act()
                elif tick % 5 == 1:
                    town.deliver()
        except BaseException as error:
            self.errors.append(error)
        finally:
            town.record.close()


DOUBLED = {
    "a rung said twice to one person": """
        SELECT i.subject_id, i.rung, d.person_id, d.kind, count(*) FROM delivery d
        JOIN delivery_item i ON i.delivery_id = d.id WHERE i.subject = 'request'
        AND d.kind IN ('digest', 'reminder', 'escalation') GROUP BY 1, 2, 3, 4 HAVING count(*) > 1""",
    "two messages about actions of one rung": """
        SELECT i.subject_id, i.rung, d.person_id, count(*) FROM delivery d
        JOIN delivery_item i ON i.delivery_id = d.id WHERE i.subject = 'action' AND d.kind = 'action'
        GROUP BY 1, 2, 3 HAVING count(*) > 1""",
    "two lapses of one pair": """
        SELECT system_id, kind_id, count(*) FROM lapse WHERE recovered_at IS NULL GROUP BY 1, 2 HAVING count(*) > 1""",
    "a message sent more than once": "SELECT id FROM delivery WHERE attempts > 1",
}


def doubled(record: Record) -> list[str]:
    """What was said or done twice, by name."""
    with record.read() as session:
        return [name for name, query in DOUBLED.items() if session.execute(text(query)).first() is not None]


def said(record: Record) -> list[tuple[object, ...]]:
    """What was said to whom, in which rung."""
    query = "SELECT d.person_id, d.kind, i.subject, i.subject_id, i.rung FROM delivery d JOIN delivery_item i ON i.delivery_id = d.id WHERE d.kind != 'refresh' ORDER BY 1, 2, 3, 4, 5"
    with record.read() as session:
        return [tuple(row) for row in session.execute(text(query))]
