"""A panel over a real transport: each member votes in Slack, nobody sees a vote, and the messages turn into the outcome."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from inbox_town import FILES, Town, planned_record, town_over
from sqlmodel import select

from cycles.models import Panel

POLICY = FILES["policy.yaml"].rstrip() + (
    "\nreviewing: {quorum: [{kinds: [risk-assessment], preset: 3-of-4, decider: sato}]}\n"
)
PANEL = ("kobayashi", "okafor", "ito", "kimura")


@pytest.fixture(scope="module")
def panel_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    changed = {
        "policy.yaml": POLICY,
        "programme.yaml": FILES["programme.yaml"].replace("[kobayashi]", f"[{', '.join(PANEL)}]"),
    }
    return planned_record(tmp_path_factory.mktemp("panel"), changed=changed)


@pytest.fixture(params=["http", "socket"])
def town(request: pytest.FixtureRequest, panel_template: Path, tmp_path: Path) -> Iterator[Town]:
    with town_over(request.param, panel_template, tmp_path / "home") as running:
        yield running


def submitted(town: Town) -> int:
    request = town.request()
    button = town.press("bennett", "submit", request.id, form=True)
    assert not town.fill("bennett", button["view"], link="https://docs.example/it")["errors"]
    town.post()
    with town.record.read() as session:
        return session.exec(select(Panel.evidence_id)).one()


def shown(town: Town, user: str) -> str:
    return str(town.human.messages(user)[-1]["blocks"])


def test_three_of_four_agree_and_nobody_sees_it_before(town: Town) -> None:
    evidence = submitted(town)
    before = {user: shown(town, user) for user in PANEL}
    assert all("hoshin.v1.review_abstain" in words for words in before.values())
    assert "投票は終了まで誰にも公開されません" in before["ito"]
    assert "Votes stay secret" in before["okafor"]
    assert town.press("kobayashi", "review_accept", evidence)["acked"]
    view = town.press("okafor", "review_return", evidence, form=True)["view"]
    assert "without names" in str(view["blocks"])
    assert not town.fill("okafor", view, reason="No approver on page 1.")["errors"]
    town.post()
    assert "review_accept" not in shown(town, "okafor"), "a vote is final"
    assert "Your vote: return" in shown(town, "okafor")
    assert {user: shown(town, user) for user in ("ito", "kimura")} == {u: before[u] for u in ("ito", "kimura")}
    assert "approver" not in "".join(shown(town, user) for user in (*PANEL, "bennett") if user != "okafor")
    assert town.press("ito", "review_accept", evidence)["acked"]
    assert town.request().state == "submitted"
    assert town.press("kimura", "review_accept", evidence)["acked"]
    town.await_state("accepted")
    town.post()
    assert "The panel agreed" in shown(town, "okafor")
    assert "3 to accept and 1 to return" in shown(town, "okafor")
    assert "合議が成立" in shown(town, "ito")
    actions = [row[1] for row in town.journal()[-6:]]
    assert actions == ["panel.voted"] * 4 + ["panel.closed", "request.accepted"]


def test_abstaining_recusing_and_a_lead_who_decides(town: Town) -> None:
    evidence = submitted(town)
    assert town.press("kobayashi", "review_abstain", evidence)["acked"]
    view = town.press("ito", "panel_recuse", evidence, form=True)["view"]
    assert town.fill("ito", view, reason="")["errors"], "a recusal needs its reason"
    assert not town.fill("ito", view, reason="以前の担当でした")["errors"]
    for user in ("okafor", "kimura"):
        assert town.press(user, "review_accept", evidence)["acked"]
    town.await_outcome("no-quorum")
    assert town.request().state == "submitted"
    town.post()
    assert "以前の担当でした" in shown(town, "sato")
    assert "以前の担当でした" not in shown(town, "okafor")
    assert town.press("sato", "review_accept", evidence)["acked"]
    town.await_state("accepted")
    assert town.journal()[-2:] == [("sato", "panel.decided"), ("sato", "request.accepted")]
