"""What leads, managers and second persons decide: opening a cycle, nudging, and whether an action worked."""

import re
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from inbox_town import CYCLE, Town, planned_record, town_over
from sqlmodel import col, select
from waiting import until

from cycles import act, check
from cycles.models import Action, Cycle, EvidenceKind, Milestone
from inbox.actions import AT_ONCE, OPENS
from inbox.quoting import VERB
from inbox.refusals import REFUSALS
from inbox.submissions import SENT

LATE = datetime(2026, 12, 21, 2, 0, tzinfo=UTC)


@pytest.fixture
def unopened(tmp_path: Path) -> Iterator[Town]:
    template = planned_record(tmp_path / "planned", approval="required")
    with town_over("socket", template, tmp_path / "home") as town:
        yield town


def test_only_a_lead_opens_the_cycle(unopened: Town) -> None:
    plan = unopened.human.messages("sato")[-1]
    unopened.inbox.client.chat_postMessage(channel="C00000001", text=plan["text"], blocks=plan["blocks"])
    shared, before = unopened.human.messages("ito", "ai-governance")[-1], unopened.journal()
    unopened.human.press("ito", "hoshin.v1.approve_plan", message=shared)
    until(lambda: REFUSALS["not_yours"]["ja"] in unopened.whispers("ito"), "the refusal")
    assert unopened.journal() == before
    for _ in range(2):
        assert unopened.human.press("sato", "hoshin.v1.approve_plan", message=plan)["acked"]
    assert unopened.journal()[len(before) :] == [("sato", "cycle.opened")]
    with unopened.record.read() as session:
        cycle = session.exec(select(Cycle).where(Cycle.key == CYCLE)).one()
    assert (cycle.state, cycle.approved_by) == ("doing", "sato")


def turn(town: Town, now: datetime) -> None:
    """Check and act, as the nightly runs do, and deliver."""
    town.now = now
    with town.record.write() as session:
        cycle = session.exec(select(Cycle)).one()
        check.advance(session, cycle, now=now, actor="test")
        check.close_unanswered(session, cycle, now=now, actor="test")
        check.check(session, cycle, now=now, actor="test")
        act.act(session, cycle, now=now, actor="test")
    town.post()


def action_of(town: Town, kind: str = "risk-assessment") -> Action:
    system = town.request(kind).system_id
    with town.record.read() as session:
        rows = select(Action).join(EvidenceKind, col(EvidenceKind.id) == col(Action.kind_id))
        return session.exec(rows.where(EvidenceKind.key == kind, Action.system_id == system)).one()


def test_an_action_is_implemented_and_judged_by_somebody_else(town: Town) -> None:
    turn(town, LATE)
    turn(town, LATE + timedelta(hours=1))
    action = action_of(town)
    assert town.press("bennett", "need_help", action.id)["acked"]
    assert town.journal()[-1] == ("bennett", "action.help_wanted")
    view = town.press("bennett", "implemented", action.id, form=True)["view"]
    told = {"correction": "Renewed", "root_cause": "Nobody looked", "corrective_action": "A date"}
    done = town.fill("bennett", view, **told)
    assert (done["errors"], done["view"]) == ({}, None)
    assert action_of(town).state == "implemented"
    turn(town, LATE + timedelta(days=14))
    judge = next(key for key in ("kobayashi", "sato") if town.person(key).id == action_of(town).reviewer_id)
    message, before = town.human.messages(judge)[-1], town.journal()
    town.inbox.client.chat_postMessage(channel="C00000001", text=message["text"], blocks=message["blocks"])
    shared = town.human.messages("bennett", "ai-governance")[-1]
    for verb in ("effective", "ineffective"):
        town.human.press("bennett", f"hoshin.v1.{verb}", message=shared, value=str(action.id))
    until(lambda: REFUSALS["own"]["en"] in town.whispers("bennett"), "the refusal")
    view = town.press(judge, "effective", action.id, form=True)["view"]
    done = town.fill(judge, view, note="見ました")
    assert REFUSALS["still_lapsed"]["ja"] in str(done["view"]["blocks"])
    assert town.journal() == before
    view = town.press(judge, "ineffective", action.id, form=True)["view"]
    assert not town.fill(judge, view, note="まだありません")["errors"]
    assert action_of(town).state == "reopened"
    assert town.journal()[len(before) :] == [(judge, "action.ineffective")]


def test_steps_are_planned_reached_and_bounded(town: Town) -> None:
    turn(town, LATE)
    turn(town, LATE + timedelta(hours=1))
    action = action_of(town)
    day = (LATE + timedelta(days=1)).date().isoformat()
    late = (action.due + timedelta(days=1)).isoformat()
    for answers, beside in (
        ({}, {"step.0"}),
        ({"step.0": "Draft"}, {"step_due.0"}),
        ({"step_due.1": day}, {"step.1"}),
        ({"step.0": "Draft", "step_due.0": "2026-01-01"}, {"step_due.0"}),
        ({"step.0": "Draft", "step_due.0": late}, {"step_due.0"}),
    ):
        view = town.press("bennett", "plan", action.id, form=True)["view"]
        assert set(town.fill("bennett", view, **answers)["errors"]) == beside, answers
    steps = {
        "step.0": "Draft <!channel>",
        "step_due.0": day,
        "step.2": "Approval",
        "step_due.2": action.due.isoformat(),
    }
    done = town.fill("bennett", view, **steps)
    assert (done["errors"], done["view"]) == ({}, None)
    assert [row.title for row in planned(town, action.id)] == ["Draft <!channel>", "Approval"]
    view = town.press("bennett", "plan", action.id, form=True)["view"]
    assert "Draft <!channel>" in str(view)  # in plain text, which Slack does not read
    town.fill("bennett", view, reached=[str(planned(town, action.id)[0].id)])
    assert [row.done_at is not None for row in planned(town, action.id)] == [True, False]
    view = town.press("bennett", "plan", action.id, form=True)["view"]
    with town.record.write() as session:
        session.get_one(Action, action.id).state = "withdrawn"
        session.get_one(Action, action.id).closed_at = town.now
    before = town.journal()
    done = town.fill("bennett", view, **{"step.0": "Too late", "step_due.0": day})
    assert REFUSALS["answered"]["en"] in str(done["view"]["blocks"])
    assert town.journal() == before


def test_what_was_reached_meanwhile_does_not_undo_the_rest_of_the_form(http_town: Town) -> None:
    town = http_town
    turn(town, LATE)
    turn(town, LATE + timedelta(hours=1))
    action, day = action_of(town), (LATE + timedelta(days=1)).date()
    with town.record.write() as session:
        session.add(Milestone(action_id=action.id, title="Draft", due=day))
    [draft] = planned(town, action.id)
    view = town.press("bennett", "plan", action.id, form=True)["view"]
    with town.record.write() as session:  # the manager was faster
        session.get_one(Milestone, draft.id).done_at = town.now
    done = town.fill("bennett", view, reached=[str(draft.id)], **{"step.0": "Approval", "step_due.0": day.isoformat()})
    assert (done["errors"], done["view"]) == ({}, None)
    assert [(row.title, row.done_at is not None) for row in planned(town, action.id)] == [
        ("Draft", True),
        ("Approval", False),
    ]


def planned(town: Town, action_id: int) -> list[Milestone]:
    with town.record.read() as session:
        found = select(Milestone).where(Milestone.action_id == action_id)
        return list(session.exec(found.order_by(col(Milestone.due), col(Milestone.id))).all())


def test_the_manager_nudges(town: Town) -> None:
    request = town.request()
    town.inbox.client.chat_postMessage(
        channel=town.user("kimura"),
        text="nudge",
        blocks=[
            {
                "type": "actions",
                "elements": [
                    {
                        "type": "button",
                        "action_id": "hoshin.v1.nudge",
                        "value": str(request.id),
                        "text": {"type": "plain_text", "text": "Nudge"},
                    }
                ],
            }
        ],
    )
    assert town.press("kimura", "nudge", request.id)["acked"]
    assert town.journal()[-1] == ("kimura", "request.nudged")
    assert town.queued("reminder") == 1


def test_every_button_and_form_has_a_handler() -> None:
    root = Path(__file__).parents[2] / "tasks"
    sources = [path.read_text(encoding="utf-8") for path in (*root.glob("messages/*.py"), root / "home.py")]
    verbs = {verb for source in sources for verb in re.findall(r'\bbutton\(\s*"(\w+)"', source)}
    assert {"submit", "confirm", "accept_offer", "approve_plan", "page"} <= verbs
    menu = {"snooze", "delegate", "not_mine", "nudge", "reassign"}
    assert (verbs | menu) - {"page"} <= set(AT_ONCE) | set(OPENS)
    assert set(AT_ONCE).isdisjoint(OPENS)
    forms = "".join(path.read_text(encoding="utf-8") for path in root.glob("modals/*.py"))
    known = set(re.findall(r"\bmodal\(\s*words, \"(\w+)\"", forms)) | {
        "delegate",
        "reassign",
        "effective",
        "ineffective",
    }
    assert known == {*SENT, VERB}
    assert {"submit"} | known >= set(OPENS)


def test_the_connection_comes_back_and_closes_at_once(tmp_path: Path, template: Path) -> None:
    with town_over("socket", template, tmp_path / "home") as town:
        request = town.request()
        town.show_alone("bennett", request.id)
        assert town.slack.control("disconnect")["connections"] == 1
        until(lambda: town.press_alone("bennett", "confirm", request.id)["acked"], "an acknowledged press")
        assert town.request().state == "accepted"
        closing = threading.Thread(target=town.door.close)  # type: ignore[union-attr]
        closing.start()
        closing.join(5)
        assert not closing.is_alive()
