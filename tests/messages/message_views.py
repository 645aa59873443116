"""Sample modals and homes, by name."""

from dataclasses import replace
from datetime import date
from functools import cache
from typing import Any

from message_samples import NOW, Kit, briefs, one_review

from cycles.briefs import AcceptanceBrief, CadenceBrief, DisputeBrief, FindingBrief, PlanBrief, Step
from cycles.desk_briefs import Sheet
from cycles.glance import Glance
from cycles.scorecard import StageRing
from cycles.takers import Taker
from tasks import modals
from tasks.home import Place, home
from tasks.slack.quoting import Found
from tasks.words import clean

DECISIONS = {
    PlanBrief: "plan",
    AcceptanceBrief: "acceptance",
    FindingBrief: "finding",
    CadenceBrief: "cadence",
    DisputeBrief: "dispute",
}


@cache
def views(locale: str, style: str = "real") -> dict[str, dict[str, Any]]:
    """Every modal, and the home with nothing, something and more than a page."""
    kit, told = Kit(locale, style), briefs(locale, style)
    reader, item, review = kit.reader(), kit.item(), one_review(kit)
    return {
        "modal-evidence": modals.evidence(reader, item, now=NOW),
        "modal-evidence-link": modals.evidence(reader, kit.item(2, forms=("link",)), now=NOW),
        "modal-evidence-others": modals.evidence(reader, item, now=NOW, others=[kit.item(n) for n in (2, 3, 4)]),
        "modal-evidence-many-others": modals.evidence(
            reader, item, now=NOW, others=[kit.item(n) for n in range(2, 12)], others_total=14
        ),
        "modal-several-few": modals.several(reader, [item, *(kit.item(n, can_confirm=False) for n in (2, 4))], now=NOW),
        "modal-several": modals.several(
            reader, [item, kit.item(2), kit.item(3, can_confirm=False, system_name=kit.w("Fraud scoring"))], now=NOW
        ),
        "modal-several-many": modals.several(reader, [kit.item(n) for n in range(1, 320)], now=NOW, total=340),
        "modal-snooze": modals.snooze(reader, item, now=NOW),
        "modal-delegate": modals.delegate(reader, item),
        "modal-not-mine": modals.not_mine(reader, item),
        "modal-excuse": modals.excuse(kit.reader(3), item),
        "modal-keep-asking": modals.keep_asking(kit.reader(3), item),
        "modal-review-return": modals.review_return(kit.reader(4), review),
        "modal-review-return-secret": modals.review_return(kit.reader(4), review, secret=True),
        "modal-panel-recuse": modals.panel_recuse(kit.reader(4), review),
        "modal-reassign": modals.reassign(kit.reader(3), item),
        "modal-implemented": modals.implemented(reader, told["action"].actions[0]),  # type: ignore[arg-type]
        "modal-plan": modals.plan(reader, told["action"].actions[0], (), now=NOW),  # type: ignore[arg-type]
        "modal-plan-steps": modals.plan(reader, told["action"].actions[0], _steps(kit), now=NOW),  # type: ignore[arg-type]
        "modal-effective": modals.effective(reader, told["effectiveness"]),  # type: ignore[arg-type]
        "modal-ineffective": modals.ineffective(reader, told["effectiveness"]),  # type: ignore[arg-type]
        "modal-accept-risk": modals.accept_risk(reader, told["action"].actions[0], latest=date(2027, 4, 11)),  # type: ignore[arg-type]
        "modal-risk-decline": modals.risk_decline(kit.reader(3), told["acceptance"]),  # type: ignore[arg-type]
        "modal-finding-accept": modals.finding_accept(kit.reader(3), told["finding"]),  # type: ignore[arg-type]
        "modal-finding-dismiss": modals.finding_dismiss(kit.reader(3), told["finding"]),  # type: ignore[arg-type]
        "modal-concern": modals.concern(reader, [(n, kit.w(f"System {n}")) for n in range(1, 150)]),
        "modal-use-as-evidence": modals.use_as_evidence(reader, found(kit), takers(kit, 3), now=NOW),
        "modal-use-as-evidence-link": modals.use_as_evidence(
            reader, replace(found(kit), files=(), quote="", permalink="", author=""), takers(kit, 1), now=NOW
        ),
        "home": home(reader, desk(kit), glance=glance()),
        "home-empty": home(reader, ()),
        "home-done": home(reader, desk(kit)[-1:]),
        "home-second-page": home(reader, opened(kit, 21, 41), counts={"open": 60}, place=Place(page=1, pages=3)),
    }


def _steps(kit: Kit) -> list[Step]:
    names = ("Draft with the model team", "Review by legal", "Approval")
    due = (date(2026, 10, 9), date(2026, 10, 12), date(2026, 10, 23))
    return [
        Step(milestone_id=n, title=kit.w(name), due=day, done=n == 1)
        for n, (name, day) in enumerate(zip(names, due, strict=True), 1)
    ]


def found(kit: Kit) -> Found:
    """A message with everything in it that can be used; its words are cleaned when they come in (`found_in`)."""
    names = (("F1", kit.w("risk-assessment.pdf")), ("F2", kit.w("annex.csv")))
    quote = kit.say("We reviewed the risks on 9 October; nothing new.", "10月9日にリスクを見直し、変更はありません。")
    where = {"channel": "C1", "ts": "1790000000.000100", "permalink": "https://example.slack.com/archives/C1/p17900"}
    return Found(
        files=names,
        links=("https://docs.example.com/ai/risk?v=4",),
        author=clean(kit.person(1)),
        quote=clean(quote),
        **where,
    )


def takers(kit: Kit, number: int) -> list[Taker]:
    """So many requests that a message can answer."""
    items = [kit.item(n) for n in range(1, number + 1)]
    return [
        Taker(request_id=i.request_id, system_name=i.system_name, kind_title=i.kind_title, due=i.due, forms=i.forms)
        for i in items
    ]


def opened(kit: Kit, first: int, last: int) -> list[Sheet]:
    """Open requests, as one page holds them."""
    return [Sheet(section="open", number=100 + n, told=kit.item(n)) for n in range(first, last)]


def desk(kit: Kit) -> list[Sheet]:
    """One of everything that can lie on a desk, all of the same number where numbers may meet."""
    told: dict[str, Any] = briefs(kit.locale, kit.style)
    put_off = kit.item(1, answered=kit.answered("snoozed", until=date(2026, 10, 20)))
    [panel] = told["panel"].panels
    panel = replace(panel, review=replace(panel.review, evidence_id=102))
    sheets: list[tuple[str, Any]] = [
        ("open", kit.item(2, due=date(2026, 10, 20), workdays_left=5)),
        ("open", kit.item(5)),
        ("offered", kit.item(6, owner=kit.person(1), assignee=kit.person(1))),
        *(("decide", told[kind]) for kind in ("plan", "acceptance", "finding", "cadence", "dispute")),
        ("review", replace(one_review(kit), evidence_id=101)),
        ("panel", panel),
        ("panel", replace(panel, review=replace(panel.review, evidence_id=103), voted=kit.answered("accept"))),
        ("panel", replace(panel, review=replace(panel.review, evidence_id=105), role="closing")),
        ("panel", replace(panel, review=replace(panel.review, evidence_id=104), outcome="no-quorum", role="decider")),
        ("action", replace(told["action"].actions[0], action_id=101)),
        ("judge", replace(told["effectiveness"], action_id=102)),
        ("snoozed", put_off),
        ("handed", kit.item(7, answered=kit.answered("delegated"))),
        ("waiting", kit.item(3, answered=kit.answered("submitted"), state="submitted")),
        ("answered", kit.item(4, answered=kit.answered("accepted"), state="accepted")),
    ]
    return [
        Sheet(section=section, number=n, told=brief, kind=DECISIONS.get(type(brief), ""))
        for n, (section, brief) in enumerate(sheets, 1)
    ]


def glance() -> Glance:
    """A cycle half way through."""
    days = (date(2026, 10, 1), date(2026, 10, 30), date(2026, 11, 14), date(2026, 11, 24), date(2026, 12, 20))
    figures = (("plan", "done", 60, 60), ("do", "now", 41, 60), ("check", "next", 30, 41), ("act", "next", 2, 5))
    return Glance(
        cycle="FY2026-Q3",
        stage="do",
        workday=9,
        workdays=62,
        closes=days[-1],
        rings=tuple(
            StageRing(stage=stage, state=state, done=done, of=of, starts=days[n], ends=days[n + 1])
            for n, (stage, state, done, of) in enumerate(figures)
        ),
        overdue=4,
        lapses=3,
        actions=5,
        actions_overdue=1,
    )
