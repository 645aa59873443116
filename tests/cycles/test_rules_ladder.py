"""The ladder: what was announced is what happens, whoever is away, and who was told counts once."""

from datetime import date, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from rules_house import START, House, one_request, people
from sqlmodel import Session, col, select

from cycles.do import tick
from cycles.models import Delivery, DeliveryItem, Person
from cycles.preview import preview
from cycles.store import Record

CHASING = ("digest", "reminder", "escalation")
Said = list[tuple[datetime, str, int]]

hours = st.sampled_from(["06:30-12:00", "09:00-18:00", "13:00-22:15"])
leave = st.lists(
    st.tuples(st.dates(START.date(), START.date() + timedelta(days=80)), st.integers(0, 40)).map(
        lambda drawn: {"from": drawn[0], "to": drawn[0] + timedelta(days=drawn[1])}
    ),
    max_size=2,
)
lives = st.fixed_dictionaries(
    {
        key: st.fixed_dictionaries({"hours": hours, "leave": leave})
        for key in ("owner", "second", "boss", "lead", "other")
    }
)


def announced(session: Session, built: House) -> Said:
    """What the preview says: (when, to whom, rung)."""
    (entry,) = preview(session, built.cycle(session))
    return [(datetime.fromisoformat(row["at"]), row["person"], row["rung"]) for row in entry["messages"]]


def happened(built: House) -> Said:
    """What is said when nobody ever answers: (when, to whom, rung)."""
    while (then := built.request().next_at) is not None:
        built.now = then
        with built.record.write() as session:
            tick(session, now=then, actor="do")
    with built.record.read() as session:
        rows = session.exec(
            select(Delivery.created_at, Person.key, DeliveryItem.rung)
            .join(DeliveryItem, col(DeliveryItem.delivery_id) == col(Delivery.id))
            .join(Person, col(Person.id) == col(Delivery.person_id))
            .where(col(Delivery.kind).in_(CHASING))
            .order_by(col(Delivery.id))
        ).all()
    return [(at, key, rung) for at, key, rung in rows]


@given(owner=st.sampled_from(["owner", "other"]), lives=lives)
@settings(max_examples=40)
def test_what_happens_is_what_was_announced(owner: str, lives: dict[str, Any], new_sqlite: Any) -> None:
    built = one_request(new_sqlite(), owner, who=people(**lives))
    with built.record.read() as session:
        before = announced(session, built)
    assert happened(built) == before
    built.record.close()


def test_who_is_told_can_change_while_their_morning_is_waited_for(record: Record) -> None:
    # The lead is back a day before the manager: that day the rung of both is the lead's, a day later the manager's.
    away = {
        "boss": {"hours": "06:30-12:00", "leave": [{"from": date(2026, 11, 1), "to": date(2026, 11, 10)}]},
        "lead": {"hours": "06:30-12:00", "leave": [{"from": date(2026, 11, 1), "to": date(2026, 11, 9)}]},
        "other": {"hours": "06:30-12:00"},
    }
    built = one_request(record, "other", who=people(**away))
    with built.record.read() as session:
        before = announced(session, built)
    assert happened(built) == before
