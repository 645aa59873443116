"""Accepting a risk and raising a concern in Slack: forms, receipts, and who may never be found again."""

import json
import logging
from datetime import UTC, datetime
from typing import Any

import pytest
from inbox_town import CYCLE, Town
from sqlmodel import SQLModel, select
from waiting import until

from cycles import act, check
from cycles.models import Acceptance, Action, Cycle, EvidenceKind, Finding, Inbound
from inbox.refusals import REFUSALS
from inbox.sayings import NOTICES

LATE = datetime(2026, 12, 21, 2, 0, tzinfo=UTC)


def everything(town: Town) -> dict[str, list[dict[str, Any]]]:
    with town.record.read() as session:
        return {
            name: [dict(row) for row in session.execute(table.select()).mappings()]
            for name, table in SQLModel.metadata.tables.items()
        }


def added(town: Town, before: dict[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    return {table: [row for row in rows if row not in before[table]] for table, rows in everything(town).items()}


def concern(town: Town, who: str, secrecy: str, title: str) -> dict[str, Any]:
    view = town.human.act(who, "slash", command="/concern", text="psst", expect="view")["view"]
    sent: dict[str, Any] = town.fill(who, view, system="1", title=title, anonymous=secrecy)
    return sent


def test_an_anonymous_concern_leaves_no_trace_of_its_reporter(town: Town, caplog: pytest.LogCaptureFixture) -> None:
    town.home_opened("okafor")
    who, before = town.person("okafor"), everything(town)
    before_log = len(caplog.records)
    with caplog.at_level(logging.DEBUG):
        concern(town, "okafor", "anonymous", "The scores are wrong")
        until(lambda: len(everything(town)["finding"]) == 1, "the concern")
        # A form that is refused leaves no trace either.
        concern(town, "okafor", "anonymous", "\u200b")
    new = added(town, before)
    text = json.dumps(new, default=str) + "\n".join(record.getMessage() for record in caplog.records[before_log:]
                                                    if record.name.startswith("hoshin"))  # fmt: skip
    for mark in ("okafor", "Okafor", "OKAFOR", str(who.slack_id), "psst"):
        assert mark not in text, mark
    for table in ("finding", "inbound", "delivery", "journal", "review"):
        for row in new[table]:
            assert who.id not in [
                value for name, value in row.items() if name.endswith(("person_id", "_by_id", "reporter_id"))
            ]
    [found] = new["finding"]
    assert (found["title"], found["reporter_id"], found["confidential"]) == ("The scores are wrong", None, True)
    assert {row["person"] for row in new["inbound"]} == {""}
    town.post()
    assert "The scores are wrong" in str(town.human.messages("sato")[-1])


def test_a_confidential_concern_is_triaged_and_its_reporter_thanked(town: Town) -> None:
    concern(town, "okafor", "confidential", "The scores are wrong")
    until(lambda: len(everything(town)["finding"]) == 1, "the concern")
    town.post()
    assert "Grace Okafor" in str(town.human.messages("sato")[-1])
    with town.record.read() as session:
        finding = session.exec(select(Finding)).one()
        assert {row.person for row in session.exec(select(Inbound)).all() if "concern" in row.outcome} == {""}
    view = town.press("sato", "finding_dismiss", finding.id, form=True)["view"]
    town.fill("sato", view, reason="確認しました。")
    town.post()
    assert "確認しました。" in str(town.human.messages("okafor")[-1])


def test_the_risk_of_a_lapse_is_accepted_in_slack(town: Town) -> None:
    town.now = LATE
    with town.record.write() as session:
        cycle = session.exec(select(Cycle).where(Cycle.key == CYCLE)).one()
        check.check(session, cycle, now=LATE, actor="test")
        act.act(session, cycle, now=LATE, actor="test")
    town.post()
    with town.record.read() as session:
        risk = select(Action).join(EvidenceKind).where(Action.owner_id == town.person("bennett").id)
        told = {row.id for row in session.exec(risk).all()}
    shown = [number for number in sorted(told) if f"'accept_risk:{number}'" in str(town.human.messages("bennett"))]
    view = town.press("bennett", "accept_risk", shown[0], form=True)["view"]
    town.fill("bennett", view, reason="It is off.", until="2027-02-01")
    town.post()
    town.press("sato", "risk_approve", 1)
    until(lambda: [row["state"] for row in everything(town)["acceptance"]] == ["approved"], "the approval")
    town.post()
    assert "Approved by 佐藤 由紀" in str(town.human.messages("bennett"))
    with town.record.read() as session:
        assert session.get_one(Action, shown[0]).state == "risk-accepted"
        assert session.get_one(Acceptance, 1).requester_id == town.person("bennett").id
    assert NOTICES["concern"]
    assert REFUSALS["own_risk"]
