"""Incidents end evidence of an earlier day; confirmations end after so many in a row; what ends soon is listed."""

from datetime import date, timedelta
from typing import Any

import pytest
from rules_house import House, house, system, tokyo

from cycles import answers
from cycles.act import act
from cycles.check import check
from cycles.close import close
from cycles.errors import BadInput, Refused
from cycles.incidents import add_incident, list_incidents
from cycles.models import Request, Standing
from cycles.status import status
from cycles.store import Record


def strike(built: House, day: str, kind: str | None = None, what: str = "It leaked.") -> None:
    with built.record.write() as session:
        on = date.fromisoformat(day)
        add_incident(
            session, system="scoring", kind=kind, happened_on=on, what=what, by="owner", now=built.now, actor="cli"
        )


def stands(built: House, kind: str = "risk") -> str:
    [row] = built.rows(Standing, *built.pair(Standing, "scoring", kind))
    return str(row.status)


def shown(record: Record) -> House:
    built = house(record, system("scoring", risk_tier="high"), planned=False)
    built.give("2026-09-01", valid_until="2027-06-01")
    built.give("2026-09-01", kind="log", valid_until="2027-06-01")
    built.plan()
    built.on("2026-10-10").turn(check)
    assert (stands(built), stands(built, "log")) == ("valid", "valid")
    return built


def test_evidence_of_an_earlier_day_ends_at_once_and_newer_evidence_recovers(new_record: Any) -> None:
    built = shown(new_record())
    strike(built.on("2026-10-12"), "2026-10-08")
    built.turn(check, act)
    assert (stands(built), stands(built, "log")) == ("incident", "incident")
    lapses = {row.kind_id: (row.reason, row.happened_on) for row in built.lapses()}
    assert set(lapses.values()) == {("incident", date(2026, 10, 8))}
    assert len(built.actions()) == 2
    built.give("2026-10-08", at=built.now)
    built.on("2026-10-14").turn(check)
    assert (stands(built), stands(built, "log")) == ("valid", "incident")


def test_an_incident_of_one_kind_ends_that_kind_only(record: Record) -> None:
    built = shown(record)
    strike(built.on("2026-10-12"), "2026-10-08", "log")
    built.turn(check)
    assert (stands(built), stands(built, "log")) == ("valid", "incident")
    [told] = _listed(built)
    assert (told["system"], told["evidence_kind"], told["by"]) == ("scoring", "log", "owner")
    assert ("owner", "incident.recorded", "incident:scoring/log") in built.journal()


def _listed(built: House) -> list[dict[str, Any]]:
    with built.record.read() as session:
        return list_incidents(session)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"system": "nobody"}, "--system: 'nobody'"),
        ({"kind": "nothing"}, "--kind: 'nothing'"),
        ({"by": "stranger"}, "--by: 'stranger'"),
        ({"what": "  "}, "--what is empty"),
        ({"happened_on": date(2026, 10, 14)}, "lies in the future"),
        ({}, "recorded already"),
    ],
)
def test_what_cannot_be_recorded_changes_nothing(given: Any, says: str, record: Record) -> None:
    built = shown(record)
    strike(built.on("2026-10-13", 0), "2026-10-13")
    before = built.journal()
    plain: Any = {
        "system": "scoring",
        "kind": None,
        "happened_on": date(2026, 10, 13),
        "what": "It leaked.",
        "by": None,
    }
    with pytest.raises(BadInput, match=says), record.write() as session:
        add_incident(session, **{**plain, **given}, now=built.now, actor="cli")
    assert built.journal() == before


def test_what_went_wrong_is_shown_anew_and_not_confirmed_by_a_press(record: Record) -> None:
    built = shown(record)
    strike(built.on("2026-10-12"), "2026-10-08")
    built.turn(check, act)
    number = built.request(kind="log").id
    with pytest.raises(Refused, match="cannot be confirmed"), record.write() as session:
        answers.confirm(built.act_as(session, "owner"), number)


def test_confirmations_end_after_so_many_cycles_in_a_row(record: Record) -> None:
    """The kind `log` may be confirmed twice in a row: in two cycles, not in a third."""
    policy = {"reviewing": {"confirmations": "automatic"}}
    built = house(record, system("scoring", risk_tier="high"), planned=False, policy=policy)
    built.give("2026-09-01", kind="log", valid_until="2026-11-01", form="link")
    starts = {"FY2026-Q3": "2026-10-01", "FY2026-Q4": "2027-01-05", "FY2027-Q1": "2027-04-01"}
    outcomes = []
    for key, first in starts.items():
        built.key = key
        built.on(first).plan()
        with record.read() as session:
            cycle = built.cycle(session)
        asked = [
            row
            for row in built.rows(Request, Request.cycle_id == cycle.id)
            if row.kind_id == built.ids(_kinds())["log"]
        ]
        built.now = tokyo((date.fromisoformat(first) + timedelta(days=20)).isoformat())
        try:
            with record.write() as session:
                outcomes.append(answers.confirm(built.act_as(session, "owner"), asked[0].id).confirmations)
        except Refused as error:
            outcomes.append(error.reason)
        built.on(cycle.ends.isoformat()).turn(check, act)
        with record.write() as session:
            assert close(session, built.cycle(session), now=built.now, actor="review").closed
    assert outcomes == [1, 2, "confirm"]


def _kinds() -> Any:
    from cycles.models import EvidenceKind

    return EvidenceKind


def test_what_ends_within_the_window_is_listed(record: Record) -> None:
    built = house(record, system("scoring", risk_tier="high"), planned=False, policy={"expiring_days": 10})
    built.give("2026-09-01", valid_until="2026-10-20")
    built.give("2026-09-01", kind="log", valid_until="2026-10-21")
    built.plan()
    built.on("2026-10-10").turn(check)
    with record.read() as session:
        found = status(session, built.cycle(session), built.now)["expiring"]
    assert found == [{"system": "scoring", "evidence_kind": "risk", "valid_until": "2026-10-20"}]
