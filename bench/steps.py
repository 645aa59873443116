"""The steps that are timed: plan, open, check, each in a transaction of its own."""

from datetime import datetime, timedelta

from sqlalchemy import insert

from bench import town
from cycles import plan
from cycles.check import check
from cycles.models import Cycle, Evidence, Verdict
from cycles.store import Record

PLAN_AT = town.START
CHECK_AT = town.START + timedelta(days=2)


def planned(record: Record) -> None:
    with record.write() as session:
        plan.plan(session, town.the_period(), town.policy(), now=PLAN_AT, actor="bench")


def opened(record: Record) -> None:
    with record.write() as session:
        plan.open_cycle(session, session.get_one(Cycle, 1), now=PLAN_AT, actor="bench")


def checked(record: Record, now: datetime) -> None:
    with record.write() as session:
        check(session, session.get_one(Cycle, 1), now=now, actor="bench")


def change(record: Record, size: town.Size) -> int:
    """Accepted evidence for one pair in a thousand that had none; returns for how many."""
    held, at = set(town.held_pairs(size)), CHECK_AT + timedelta(hours=2)
    every = max(1, size.pairs // max(1, size.pairs // 1_000))
    chosen = [(1 + n // size.kinds, 1 + n % size.kinds) for n in range(1, size.pairs, every)]
    rows = [
        town.evidence_row(1_000_000 + number, *pair, at)
        for number, pair in enumerate(pair for pair in chosen if pair not in held)
    ]
    with record.write() as session:
        session.execute(insert(Evidence), rows)
        session.execute(
            insert(Verdict),
            [{"evidence_id": row["id"], "outcome": "accepted", "at": at, "reason": ""} for row in rows],
        )
    return len(rows)
