"""What `/hoshin status` and `/hoshin report` answer, by name."""

from dataclasses import replace
from datetime import date
from typing import Any

from message_samples import NOW, Kit
from message_views import glance

from cycles.glance import Asked
from cycles.report import ActionLine, ActionReport, ChaseLine, RequestLine, RequestReport, SystemReport
from tasks import reports

Payload = dict[str, Any]


def answers(locale: str, style: str = "real") -> dict[str, Payload]:
    """Every answer, full and bare."""
    kit = Kit(locale, style)
    reader, owing = kit.reader(), tuple(Asked(name=kit.person(n), open=9 - n, overdue=2 - n) for n in range(3))
    busy = replace(glance(), asked_most=owing, others=4)
    return {
        "status": reports.status(reader, busy, dashboard="https://prefect.example.com/artifacts/key/hoshin-scorecard"),
        "status-quiet": reports.status(reader, replace(glance(), stage="closed", overdue=0, lapses=0)),
        "report-request": reports.report(reader, asked(kit)),
        "report-request-answered": reports.report(reader, answered(kit)),
        "report-action": reports.report(reader, improved(kit)),
        "report-system": reports.report(reader, whole(kit)),
        "report-system-quiet": reports.report(reader, replace(whole(kit), requests=(), actions=(), more=0)),
    }


def line(kit: Kit, state: str = "open") -> ActionLine:
    return ActionLine(
        action_id=5, kind_title=kit.item(1).kind_title, reason="expired", severity="high", state=state,
        owner=kit.person(0), due=date(2026, 10, 26),
    )  # fmt: skip


def asked(kit: Kit) -> RequestReport:
    said = (("digest", "sent"), ("reminder", "moved"), ("last_reminder", "to come"), ("escalation", "to come"))
    lines = tuple(ChaseLine(at=NOW, to=kit.person(n), message=m, outcome=o) for n, (m, o) in enumerate(said))
    item = kit.item(1, state="returned", returned_reason=kit.say("The approver is missing.", "承認者がありません。"))
    return RequestReport(item=item, evidence=kit.last(), verdict="returned", lines=lines, earlier=3, action=line(kit))


def answered(kit: Kit) -> RequestReport:
    item = kit.item(2, state="accepted", answered=kit.answered("accepted"))
    return RequestReport(
        item=item, evidence=kit.last("attestation"), verdict="accepted", lines=(), earlier=0, action=None
    )


def improved(kit: Kit) -> ActionReport:
    return ActionReport(
        system_name=kit.item(1).system_name,
        action=line(kit, "implemented"),
        correction=kit.say("The assessment was redone.", "アセスメントをやり直しました。"),
        root_cause=kit.say("Nobody was named for it.", "担当者が決まっていませんでした。"),
        corrective_action="",
        request_id=101,
    )


def whole(kit: Kit) -> SystemReport:
    states = ("pending", "asked", "returned", "submitted", "lapsed", "accepted", "excused")
    rows = tuple(
        RequestLine(
            request_id=100 + n,
            kind_title=kit.item(n).kind_title,
            state=state,
            due=date(2026, 10, 16),
            assignee=kit.person(n % 5),
        )
        for n, state in enumerate(states, 1)
    )
    actions = tuple(line(kit, state) for state in ("open", "analysed", "implementing", "implemented", "reopened"))
    return SystemReport(
        key="claims", system_name=kit.item(1).system_name, owner=kit.person(0), requests=rows, actions=actions, more=12
    )
