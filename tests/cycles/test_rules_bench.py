"""The bench runs, at a size that says nothing about speed, and its floor writes what the rules write."""

import json

import pytest

from bench.__main__ import main


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
