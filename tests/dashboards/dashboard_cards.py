"""Scorecards to draw in tests: empty, typical, long names, and two hundred systems."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from cycles.scorecard import (
    ActionRow,
    FrameworkRow,
    LapseRow,
    RequestRow,
    Scorecard,
    StageRing,
    SystemRow,
    Tally,
    TrendPoint,
)

AS_OF = datetime(2026, 11, 27, 0, 30, tzinfo=UTC)
NAMES = {
    "credit-scoring": ("Sato Akira 佐藤 明", Tally(satisfied=22, expiring=2, accepted=1)),
    "resume-screening": ("Maria Lopez", Tally(satisfied=15, waiting=3, lapsed=6, accepted=1)),
    "fraud-watch": ("Tanaka Yui", Tally(satisfied=19, expiring=1, lapsed=3)),
    "route-planner": ("Tom Baker", Tally(satisfied=18)),
    "support-assistant": ("Tanaka Yui", Tally(satisfied=20, expiring=3, waiting=4)),
    "demand-forecast": ("Tom Baker", Tally(satisfied=16, expiring=4)),
    "visual-inspection": ("Ito Ren", Tally(satisfied=15, waiting=2, accepted=2)),
    "contract-review": ("Grace Hill", Tally(satisfied=19, lapsed=1, not_applicable=3)),
    "契約書レビュー支援": ("Ito Ren", Tally(satisfied=21, waiting=1)),
    "meeting-minutes": ("Grace Hill", Tally(satisfied=14, expiring=1)),
    "pricing-engine": ("Maria Lopez", Tally(satisfied=17, waiting=5)),
    "churn-predictor": ("Sato Akira 佐藤 明", Tally(satisfied=18, accepted=1)),
}
BIAS = {"en": "Bias test report", "ja": "バイアス試験報告書"}
NOTICE = {"en": "Transparency notice", "ja": "透明性に関する通知"}
TRAINING = {"en": "Training record of the operators", "ja": "運用者の教育記録"}


def total(tallies: list[Tally]) -> Tally:
    kinds = ("satisfied", "expiring", "waiting", "lapsed", "accepted", "not_applicable")
    return Tally(**{kind: sum(getattr(each, kind) for each in tallies) for kind in kinds})


def system(name: str, owner: str, tally: Tally) -> SystemRow:
    late = 1 if tally.lapsed > 2 else 0
    roles = ("developer", "provider") if "s" in name else ("business-user",)
    return SystemRow(
        key=name,
        name=name,
        owner=owner,
        risk_tier="high" if tally.lapsed else "limited",
        roles=roles,
        tally=tally,
        open_requests=tally.waiting + late,
        overdue_requests=late,
        open_actions=tally.lapsed,
    )


def lapse(number: int, system_name: str, kind: dict[str, str], reason: str, **more: object) -> LapseRow:
    values: dict[str, object] = {
        "lapse_id": number,
        "system_name": system_name,
        "kind": kind["en"].lower().replace(" ", "-"),
        "kind_title": kind,
        "reason": reason,
        "happened_on": date(2026, 11, 3) + timedelta(days=number),
        "noticed_at": AS_OF,
        "controls": 5 - number % 4,
        "owner": "Maria Lopez",
        "action_id": 10 + number,
        "accepted_until": None,
    }
    return LapseRow(**(values | more))  # type: ignore[arg-type]


def action(number: int, system_name: str, kind: dict[str, str], severity: str, **more: object) -> ActionRow:
    values: dict[str, object] = {
        "action_id": 10 + number,
        "system_name": system_name,
        "kind": "bias-test",
        "kind_title": kind,
        "severity": severity,
        "state": "implementing",
        "owner": "Maria Lopez",
        "due": date(2026, 12, 1) + timedelta(days=number),
        "overdue": False,
        "relapses": 0,
    }
    return ActionRow(**(values | more))  # type: ignore[arg-type]


def rings() -> tuple[StageRing, ...]:
    rows = (("plan", "done", 96, 96), ("do", "done", 81, 96), ("check", "now", 55, 81), ("act", "next", 2, 14))
    start = date(2026, 10, 1)
    return tuple(
        StageRing(
            stage=stage,
            state=state,
            done=done,
            of=of,
            starts=start + timedelta(21 * i),
            ends=start + timedelta(21 * i + 20),
        )
        for i, (stage, state, done, of) in enumerate(rows)
    )


def empty() -> Scorecard:
    """The first minute of the first cycle: nothing loaded, nothing assessed."""
    return Scorecard(
        organisation="Aozora Works",
        cycle="FY2026-Q3",
        stage="plan",
        as_of=AS_OF,
        zone="Asia/Tokyo",
        workday=1,
        workdays=62,
        closes=date(2026, 12, 25),
        rings=(),
        tally=Tally(),
        previous_in_control=None,
        median_answer_workdays=None,
        previous_median_answer_workdays=None,
        new_lapses=0,
        recovered=0,
        deliveries_unknown=0,
        deliveries_failed=0,
        orphaned=0,
    )


def typical() -> Scorecard:
    rows = tuple(system(name, owner, tally) for name, (owner, tally) in NAMES.items())
    tally = total([row.tally for row in rows])
    return replace(
        empty(),
        stage="check",
        workday=41,
        rings=rings(),
        tally=tally,
        previous_in_control=0.82,
        median_answer_workdays=1.6,
        previous_median_answer_workdays=2.0,
        new_lapses=3,
        recovered=5,
        deliveries_unknown=1,
        orphaned=2,
        systems=rows,
        frameworks=(
            FrameworkRow(
                key="nist-ai-rmf",
                title={"en": "NIST AI RMF 1.0", "ja": "NIST AI RMF 1.0"},
                tally=Tally(satisfied=112, expiring=8, waiting=9, lapsed=6, accepted=3),
            ),
            FrameworkRow(
                key="ai-promotion-act",
                title={"en": "AI Promotion Act (Japan)", "ja": "AI推進法"},
                tally=Tally(satisfied=24, expiring=1, waiting=2),
            ),
            FrameworkRow(
                key="ai-guidelines",
                title={"en": "AI Guidelines for Business", "ja": "AI事業者ガイドライン"},
                tally=Tally(satisfied=78, expiring=2, waiting=4, lapsed=4, accepted=2),
            ),
        ),
        lapses=(
            lapse(1, "resume-screening", BIAS, "expired"),
            lapse(2, "resume-screening", TRAINING, "missing", action_id=None),
            lapse(3, "fraud-watch", NOTICE, "changed", owner="Tanaka Yui"),
            lapse(4, "contract-review", NOTICE, "returned", owner="Grace Hill"),
            lapse(5, "visual-inspection", BIAS, "expired", action_id=None, accepted_until=date(2027, 1, 15)),
        ),
        actions=(
            action(1, "resume-screening", BIAS, "high", due=date(2026, 11, 20), overdue=True),
            action(3, "fraud-watch", NOTICE, "high", owner="Tanaka Yui", relapses=1),
            action(4, "contract-review", NOTICE, "medium", owner="Grace Hill", state="open"),
        ),
        requests=(
            RequestRow(
                request_id=7,
                system_name="pricing-engine",
                kind_title=NOTICE,
                owner="Maria Lopez",
                state="asked",
                due=date(2026, 11, 24),
                overdue=True,
            ),
        ),
        trend=tuple(
            TrendPoint(cycle=name, in_control=share, lapses=lapses, recovered=2)
            for name, share, lapses in (
                ("FY2025-Q2", 0.61, 31),
                ("FY2025-Q3", 0.68, 24),
                ("FY2025-Q4", 0.74, 19),
                ("FY2026-Q1", 0.79, 14),
                ("FY2026-Q2", 0.82, 11),
                ("FY2026-Q3", tally.in_control, 4),
            )
        ),
    )


def calm() -> Scorecard:
    """Everything answered: the state every other one works towards."""
    rows = tuple(system(name, owner, Tally(satisfied=20, accepted=1)) for name, (owner, _) in NAMES.items())
    card = typical()
    return replace(
        card,
        stage="closed",
        tally=total([row.tally for row in rows]),
        systems=rows,
        frameworks=tuple(replace(each, tally=Tally(satisfied=each.tally.total)) for each in card.frameworks),
        rings=tuple(replace(each, state="done", done=each.of) for each in card.rings),
        new_lapses=0,
        deliveries_unknown=0,
        orphaned=0,
        lapses=(),
        actions=(),
        requests=(),
        trend=(*card.trend[:-1], replace(card.trend[-1], in_control=1.0, lapses=0)),
    )


LONG = (
    "W" * 40
    + " Wholesale money-market monitoring assistant for the whole group 全社横断の契約書レビュー支援システム（試験運用中）"
)


def long() -> Scorecard:
    """Names far longer than their places, in wide letters and in full width, and counts in the hundred thousands."""
    card = typical()
    many = Tally(satisfied=912_345, expiring=34_567, waiting=123_456, lapsed=23_456, accepted=11_111)
    kind = {"en": "Mandatory " * 12, "ja": "必須の試験報告書および説明資料" * 6}
    return replace(
        card,
        organisation=LONG,
        cycle="FY2026-Q3-mid-year-extraordinary-reassessment",
        tally=many,
        rings=tuple(replace(each, done=each.done * 1000, of=each.of * 1234) for each in card.rings),
        new_lapses=12_345,
        recovered=54_321,
        median_answer_workdays=1234.5,
        systems=tuple(replace(row, name=f"{i}{LONG}", owner=LONG, tally=many) for i, row in enumerate(card.systems)),
        frameworks=tuple(
            FrameworkRow(key=str(i), title={"en": LONG, "ja": "人工知能の活用に関する社内規程" * 4}, tally=many)
            for i in range(11)
        ),
        lapses=tuple(replace(each, system_name=LONG, owner=LONG, kind_title=kind) for each in card.lapses),
        actions=tuple(replace(each, system_name=LONG, owner=LONG, kind_title=kind) for each in card.actions),
        trend=tuple(
            TrendPoint(cycle=f"FY20{i}-Q3-extraordinary", in_control=0.5 + i / 60, lapses=10_000 + i, recovered=0)
            for i in range(10, 30)
        ),
    )


def crowd(count: int = 200) -> Scorecard:
    card = typical()
    rows = tuple(
        system(
            f"system-{i:03}", f"Owner {i % 17}", Tally(satisfied=20 + i % 5, lapsed=(i * 7) % 9 // 5, expiring=i % 3)
        )
        for i in range(count)
    )
    return replace(
        card,
        systems=rows,
        tally=total([row.tally for row in rows]),
        lapses=tuple(lapse(i, f"system-{i:03}", BIAS, "missing") for i in range(120)),
        actions=tuple(action(i, f"system-{i:03}", BIAS, "high", overdue=i % 4 == 0) for i in range(120)),
    )


CARDS = {"empty": empty, "typical": typical, "calm": calm, "long": long, "crowd": crowd}
