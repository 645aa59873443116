"""This cycle beside the last: each request stands beside the one for the same kind of evidence, and no other."""

from datetime import date

from rules_house import DIGEST, house, system
from sqlmodel import select

from cycles import answers
from cycles.differences import difference
from cycles.models import Cycle
from cycles.store import Record


def test_a_request_stands_beside_the_last_one_of_its_own_system_and_kind(record: Record) -> None:
    built = house(record, system("scoring", risk_tier="high"), system("chat", "other"))
    offered = answers.Offered(
        form="link", locator="https://docs.example/it.md", effective=date(2026, 10, 1), sha256=DIGEST
    )
    with built.on("2026-10-20").record.write() as session:
        answers.submit(built.act_as(session, "owner"), built.request("scoring", "log").id, offered)
    built.key = "FY2026-Q4"
    built.on("2027-01-05").plan()
    with built.record.read() as session:
        old, new = (session.exec(select(Cycle).where(Cycle.key == key)).one() for key in ("FY2026-Q3", "FY2026-Q4"))
        asked = difference(session, old, new)["requests"]
    states = {(row["system"], row["evidence_kind"]): row["last"]["state"] for row in asked}
    assert len(asked) == len(states) == 4
    assert {pair for pair, state in states.items() if state == "submitted"} == {("scoring", "log")}
