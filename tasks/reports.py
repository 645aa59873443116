"""What `/hoshin status` and `/hoshin report` answer: to read only, for one person's eyes."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cycles.briefs import Reader
from cycles.glance import Glance
from cycles.report import ActionLine, ActionReport, ChaseLine, Report, RequestLine, RequestReport, SystemReport
from tasks.blocks import PREFIX, Block, context, fields, header, lines, notification, rich
from tasks.messages import improvement, parts
from tasks.words import Raw, Words, words_for

Payload = dict[str, Any]
TOLD = ("correction", "root_cause", "corrective_action")
MESSAGES = ("digest", "reminder", "last_reminder", "escalation")


def status(reader: Reader, glance: Glance, *, dashboard: str = "", templates: Path | None = None) -> Payload:
    """How the cycle stands: its rings, what is late or lapsed, who is asked most. `dashboard` is an address, or empty."""
    words = words_for(reader.locale, zone=reader.zone, templates=templates)
    stage = words.say(f"status.stage_{glance.stage}")
    day = words.say("status.day", day=glance.workday, days=glance.workdays, closes=glance.closes)
    figures = ("overdue", "lapses", "actions", "actions_overdue")
    blocks = [
        header(f"{PREFIX}.title", words.say("status.title", cycle=glance.cycle, stage=stage)),
        context(f"{PREFIX}.day", day),
        rich(
            f"{PREFIX}.rings",
            lines(*(_ring(words, ring.stage, ring.state, ring.done, ring.of) for ring in glance.rings)),
        ),
        fields(
            f"{PREFIX}.figures",
            [_cell(words, words.say(f"status.{name}"), getattr(glance, name)) for name in figures],
        ),
        rich(f"{PREFIX}.asked", _asked_most(words, glance)),
    ]
    if dashboard:
        blocks.append(rich(f"{PREFIX}.dashboard", words.say("status.dashboard", where=dashboard)))
    said = words.say("status.notify", cycle=glance.cycle, stage=stage, overdue=glance.overdue, lapses=glance.lapses)
    return {"text": notification(said), "blocks": blocks}


def _ring(words: Words, stage: str, state: str, done: int, of: int) -> Raw:
    name = words.say(f"status.stage_{stage}")
    return words.say(f"status.ring_{state}" if state == "now" else "status.ring", stage=name, done=done, of=of)


def _asked_most(words: Words, glance: Glance) -> Raw:
    if not glance.asked_most:
        return words.say("status.nobody")
    rows = [
        words.say(
            "status.person_late" if one.overdue else "status.person",
            name=parts.name_of(one.name),
            open=one.open,
            late=one.overdue,
        )
        for one in glance.asked_most
    ]
    return lines(
        words.say("status.asked_most"), *rows, words.say("status.others", n=glance.others) if glance.others else None
    )


def report(reader: Reader, found: Report, *, templates: Path | None = None) -> Payload:
    """What is known of a request, an action or a system."""
    words = words_for(reader.locale, zone=reader.zone, templates=templates)
    match found:
        case RequestReport():
            blocks, subject = _of_request(words, found), parts.title(words, found.item)
        case ActionReport():
            blocks, subject = _of_action(words, found), _action_title(words, found)
        case SystemReport():
            blocks, subject = (
                _of_system(words, found),
                words.say("report.system", system=parts.name_of(found.system_name)),
            )
    return {"text": notification(words.say("report.notify", what=subject)), "blocks": blocks}


def _of_request(words: Words, found: RequestReport) -> list[Block]:
    item = found.item
    who = words.say("item.why_other", owner=parts.name_of(item.owner), assignee=parts.name_of(item.assignee))
    settled = item.answered is not None and item.state not in ("asked", "returned", "pending", "lapsed")
    told = lines(
        parts.title(words, item),
        parts.asked(words, item),
        words.say("report.state", state=_state(words, "request", item.state)),
        None if settled else parts.due(words, item),
        parts.receipt(words, item.answered, assignee=item.assignee) if item.answered else None,
    )
    blocks = [
        header(f"{PREFIX}.title", words.say("report.title_request", number=str(item.request_id))),
        rich(f"{PREFIX}.request", told, quote=item.returned_reason or item.kept_because or ""),
        context(f"{PREFIX}.who", who, parts.controls(words, item.controls)),
    ]
    blocks += _evidence(words, found)
    if found.lines:
        earlier = words.say("report.earlier", n=found.earlier) if found.earlier else None
        rows = (_chased(words, line) for line in found.lines)
        blocks.append(rich(f"{PREFIX}.chased", lines(words.say("report.chased"), earlier, *rows)))
    if found.action:
        blocks.append(rich(f"{PREFIX}.action", lines(words.say("report.action"), _action_line(words, found.action))))
    return blocks


def _evidence(words: Words, found: RequestReport) -> list[Block]:
    evidence = found.evidence
    if evidence is None:
        return []
    until = evidence.valid_until if found.verdict == "accepted" else None
    told = lines(
        parts.evidence_line(words, evidence.form, evidence.locator, evidence.by),
        words.say("effectiveness.from", by=parts.name_of(evidence.by), effective=evidence.effective),
        words.say("item.valid_until", until=until) if until else None,
    )
    return [rich(f"{PREFIX}.evidence", told)]


def _chased(words: Words, line: ChaseLine) -> Raw:
    message = line.message if line.message in MESSAGES else "reminder"
    values = {"what": words.say(f"report.message_{message}"), "to": parts.name_of(line.to), "at": line.at}
    return words.say("report.line_to_come" if line.outcome in ("to come", "late") else "report.line", **values)


def _of_action(words: Words, found: ActionReport) -> list[Block]:
    action = found.action
    facts = lines(
        _action_title(words, found),
        improvement.reason(words, action.reason),
        words.say("report.state", state=_state(words, "action", action.state)),
        words.say("report.action_due", due=action.due),
        words.say("report.answers_request", number=str(found.request_id)) if found.request_id else None,
    )
    who = words.say("report.owned", owner=parts.name_of(action.owner))
    blocks = [
        header(f"{PREFIX}.title", words.say("report.title_action", number=str(action.action_id))),
        rich(f"{PREFIX}.action", facts),
        context(f"{PREFIX}.who", who, improvement.severity(words, action.severity)),
    ]
    told = [(name, getattr(found, name)) for name in TOLD]
    blocks += [rich(f"{PREFIX}.{name}", words.say(f"modals.{name}"), quote=said) for name, said in told if said.strip()]
    return blocks


def _action_title(words: Words, found: ActionReport) -> Raw:
    system, kind = parts.name_of(found.system_name), parts.name_of(words.pick(found.action.kind_title))
    return words.say("item.title", system=system, kind=kind)


def _of_system(words: Words, found: SystemReport) -> list[Block]:
    blocks = [
        header(f"{PREFIX}.title", words.say("report.system", system=parts.name_of(found.system_name))),
        context(f"{PREFIX}.who", words.say("report.owned", owner=parts.name_of(found.owner))),
        rich(f"{PREFIX}.requests", _listed(words, "requests", [_request_line(words, row) for row in found.requests])),
    ]
    if found.actions:
        rows = [_action_line(words, row) for row in found.actions]
        blocks.append(rich(f"{PREFIX}.actions", _listed(words, "actions", rows)))
    if found.requests or found.actions:
        more = words.say("report.more", n=found.more) if found.more else None
        blocks.append(context(f"{PREFIX}.hint", more, words.say("report.hint")))
    return blocks


def _listed(words: Words, name: str, rows: Sequence[Raw]) -> Raw:
    return lines(words.say(f"report.{name}"), *rows) if rows else words.say(f"report.no_{name}")


def _request_line(words: Words, row: RequestLine) -> Raw:
    return words.say(
        "report.request_line",
        number=str(row.request_id),
        kind=parts.name_of(words.pick(row.kind_title)),
        state=_state(words, "request", row.state),
        due=row.due,
        assignee=parts.name_of(row.assignee),
    )


def _action_line(words: Words, row: ActionLine) -> Raw:
    return words.say(
        "report.action_line",
        number=str(row.action_id),
        kind=parts.name_of(words.pick(row.kind_title)),
        state=_state(words, "action", row.state),
        due=row.due,
        owner=parts.name_of(row.owner),
    )


def _state(words: Words, of: str, state: str) -> Raw:
    return words.say(f"report.{of}_{state.replace('-', '_')}")


def _cell(words: Words, name: Raw, value: int) -> Raw:
    return words.say("common.cell", name=name, value=value)
