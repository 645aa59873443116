"""The bench runs, at a size that says nothing about speed, and its floor writes what the rules write."""

import json
from collections.abc import Callable

import pytest
from rules_house import house, system
from sqlalchemy import text

from bench.__main__ import main
from cycles.check import check
from cycles.store import Record


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_every_measure_is_taken(database: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--size", "small", "--database", database, "--json"]) == 0
    lines = json.loads(capsys.readouterr().out)
    assert {line["database"] for line in lines} == {database}
    assert {line["name"] for line in lines} >= {
        "plan",
        "check",
        "check, 0.1 % changed",
        "chase tick",
        "memory above import",
    }
    assert all(line["within"] in (True, False) for line in lines)


@pytest.mark.own_database
def test_postgresql_knows_how_much_a_plan_and_a_check_wrote(new_record: Callable[[], Record]) -> None:
    # Without, it joins what it takes to be empty by nested loops: a plan of 300,000 pairs did not end in nine minutes.
    built = house(new_record(), system("scoring", risk_tier="high"))
    built.on("2026-10-20").turn(check)
    if built.record.engine.dialect.name != "postgresql":
        return
    rows = text("SELECT relname, reltuples FROM pg_class WHERE relname = ANY(:names)")
    names = ["cycle_framework", "cycle_system", "applicability", "slot", "request", "standing", "assessment"]
    with built.record.read() as session:
        known = dict(session.execute(rows, {"names": names}).tuples().all())
    assert sorted(known) == sorted(names)
    # -1 is "never measured".
    assert {name for name, count in known.items() if count < 1} == set()
