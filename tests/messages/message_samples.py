"""Briefs to render: realistic ones for the snapshots, and the same shapes filled with short, long, hostile or no words."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from functools import cache
from itertools import cycle
from typing import Any

from cycles.briefs import (
    AcceptanceBrief,
    ActionBrief,
    ActionsBrief,
    Answered,
    Brief,
    CadenceBrief,
    ControlRef,
    DigestBrief,
    DisputeBrief,
    EffectivenessBrief,
    EscalationBrief,
    ExecutiveBrief,
    ExecutiveRow,
    FindingBrief,
    Item,
    LastAnswer,
    OfferBrief,
    PanelBrief,
    PanelsBrief,
    PanelVote,
    PlanBrief,
    Reader,
    ReminderBrief,
    ReturnedBrief,
    ReviewBrief,
    ReviewsBrief,
    WeeklyBrief,
    WeeklyRow,
)

NOW = datetime(2026, 10, 13, 0, 5, tzinfo=UTC)
SHA = "3f5a9c0d17be" + "0" * 52
OTHER_SHA = "b41c77e2a901" + "0" * 52
HOSTILE = (
    "<!channel> <@U1>",
    "*bold* _italic_ ~struck~ `code`",
    "<javascript:alert(1)|press me>",
    "\u202egnp.exe\u202c مرحبا",
    "🧑‍🚀👩‍❤️‍👨&amp;&lt;!here&gt;",
    "first\n✓ Accepted by the auditor\n> quoted",
    "\x11\x12\x00<https://evil.example|*bank*>",
    "N" * 3000,
    "{{ 7 * 7 }} %(name)s %s {date}",
    "https://user:pass@evil.example/ <#C1> <!subteam^S1>",
    "!date^1^{date}|x ^ |",
    "```block``` :tada: &lt;!channel&gt; &amp;lt;@U1&amp;gt;",
    "Gr\u200bace\u200d\ufeff \u2066isolated\u2069 \u061c\ud83d lone",
    "\u200b\u2060\ufeff",
    "\n\n> quoted\r\n• listed\u2028next\u2029<mailto:a@b.example|x>",
)
# All of it at once, so that every place meets every trick.
POISON = " ".join(words for words in HOSTILE if len(words) < 100)
STYLES = ("real", "shortest", "longest", "hostile", "poison", "empty")
PEOPLE = {
    "en": ("Grace Hart", "Oliver Reed", "Maya Brooks", "Tom Ellis", "Priya Shah"),
    "ja": ("佐藤 美咲", "高橋 健", "鈴木 一郎", "渡辺 直子", "伊藤 さくら"),
}
SYSTEMS = {"en": ("Claims Triage", "Chat Concierge"), "ja": ("保険金請求トリアージ", "チャットコンシェルジュ")}
ZONES = {"en": "Europe/London", "ja": "Asia/Tokyo"}
KINDS = (
    (
        {"en": "Risk assessment", "ja": "リスクアセスメント"},
        {
            "en": "Please provide the current risk assessment of this system, with its date and approver.",
            "ja": "このシステムの最新のリスクアセスメントを、実施日と承認者が分かる形でご提出ください。",
        },
        {
            "en": "Purpose, people affected, each risk with its treatment, and who accepted what remains.",
            "ja": "利用目的、影響を受ける人、各リスクの評価と対応、受容した残留リスクが分かるもの。",
        },
    ),
    (
        {"en": "Bias test report", "ja": "バイアス検証報告書"},
        {
            "en": "Please provide the latest bias test report for the model version now in use.",
            "ja": "現在使用しているモデルバージョンについて、最新のバイアス検証報告書をご提出ください。",
        },
        {"en": "", "ja": ""},
    ),
)


@dataclass
class Kit:
    """Makes briefs in one language; every word passes through `w`, which the style may replace."""

    locale: str
    style: str = "real"
    _bad: Iterator[str] = field(default_factory=lambda: cycle(HOSTILE))

    def w(self, words: str) -> str:
        if self.style == "real":
            return words
        return {"shortest": "x", "longest": "&<長" * 1000, "empty": "", "hostile": next(self._bad), "poison": POISON}[
            self.style
        ]

    def t(self, words: dict[str, str]) -> dict[str, str]:
        return {language: self.w(text) for language, text in words.items()}

    def person(self, n: int) -> str:
        return self.w(PEOPLE[self.locale][n])

    def reader(self, n: int = 0) -> Reader:
        return Reader(person_id=n, name=self.person(n), locale=self.locale, zone=ZONES[self.locale], slack_id="U1")

    def say(self, en: str, ja: str) -> str:
        return self.w({"en": en, "ja": ja}[self.locale])

    def controls(self, n: int) -> tuple[ControlRef, ...]:
        rows = [
            ("NIST AI RMF 1.0", "NIST AI RMF 1.0", "MAP 5.1", "Impacts", "影響の把握"),
            ("NIST AI RMF 1.0", "NIST AI RMF 1.0", "MANAGE 1.2", "Risk treatment", "リスクへの対応"),
            ("AI Guidelines for Business 1.2", "AI事業者ガイドライン 1.2", "C-2", "Safety", "安全性"),
        ]
        many = (rows * 4)[:n]
        return tuple(
            ControlRef(
                framework=self.w("f"),
                framework_title=self.t({"en": en, "ja": ja}),
                label=self.w(label),
                title=self.t({"en": title, "ja": titel}),
            )
            for en, ja, label, title, titel in many
        )

    def last(self, form: str = "link") -> LastAnswer:
        locator = {
            "link": "https://docs.example.com/ai/claims_triage/risk-assessment_v3",
            "file": "risk-assessment_2025.pdf",
            "attestation": "We review the risks every month.",
        }[form]
        return LastAnswer(
            evidence_id=7,
            form=form,
            locator=self.w(locator),
            effective=date(2025, 10, 14),
            valid_until=date(2026, 10, 14),
            by=self.person(0),
            sha256=SHA,
        )

    def answered(self, verb: str, by: int = 0, until: date | None = None) -> Answered:
        return Answered(verb=verb, by=self.person(by), at=NOW, record=self.w("E-1042"), until=until)

    def item(self, n: int = 1, **changes: Any) -> Item:
        title, ask, guidance = KINDS[(n - 1) % 2]
        item = Item(
            request_id=100 + n,
            cycle=self.w("FY2026-Q3"),
            system="claims",
            system_name=self.w(SYSTEMS[self.locale][(n - 1) % 2]),
            kind="risk-assessment",
            kind_title=self.t(title),
            ask=self.t(ask),
            guidance=self.t(guidance),
            state="asked",
            due=date(2026, 10, 16),
            workdays_left=3,
            owner=self.person(0),
            assignee=self.person(0),
            controls=self.controls(3),
            forms=("link", "file", "attestation"),
            can_confirm=n % 2 == 1,
            can_snooze=True,
            snooze_until=date(2026, 10, 23),
            last=self.last() if n % 2 == 1 else None,
        )
        return replace(item, **changes)


def _digests(kit: Kit) -> dict[str, Brief]:
    def brief(*items: Item, total: int | None = None) -> DigestBrief:
        done = ("submitted", "confirmed", "accepted", "excused", "cannot_provide")
        still = [item for item in items if not (item.answered and item.answered.verb in done)]
        count = len(still) if total is None else total
        return DigestBrief(reader=kit.reader(), cycle=kit.w("FY2026-Q3"), items=items, total=count)

    many = [kit.item(n, due=date(2026, 10, 16 + n), workdays_left=3 + n) for n in range(1, 9)]
    settled = kit.answered("delegated")
    return {
        "digest-one": brief(kit.item()),
        "digest-one-late": brief(kit.item(2, due=date(2026, 10, 9), workdays_left=-2, controls=kit.controls(1))),
        "digest-one-told": brief(
            kit.item(2, due=date(2026, 10, 9), workdays_left=-2, told_too=(kit.person(1), kit.person(2)))
        ),
        "digest-one-answered": brief(kit.item(answered=kit.answered("confirmed"))),
        "digest-one-snoozed": brief(kit.item(answered=kit.answered("snoozed", until=date(2026, 10, 20)))),
        "digest-several": brief(
            kit.item(1, answered=kit.answered("submitted")),
            kit.item(2, workdays_left=0, due=date(2026, 10, 13)),
            kit.item(3, answered=settled, assignee=kit.person(1)),
            kit.item(4, returned_reason=kit.say("The approver is missing.", "承認者の記載がありません。")),
            total=7,
        ),
        "digest-eight": brief(*many, total=1234),
        "digest-all-answered": brief(
            kit.item(1, answered=kit.answered("accepted")), kit.item(2, answered=kit.answered("excused"))
        ),
        "digest-one-agreed": brief(kit.item(answered=kit.answered("agreed"))),
        "digest-disputed": brief(kit.item(answered=kit.answered("disputed"))),
        "digest-not-applicable": brief(kit.item(answered=kit.answered("not_applicable"))),
        "digest-cannot-provide": brief(kit.item(state="lapsed", answered=kit.answered("cannot_provide"))),
        "digest-kept": brief(
            kit.item(kept_because=kit.say("It moved back in August.", "8月に元の部門へ戻りました。")),
        ),
        "digest-for-another": brief(
            kit.item(owner=kit.person(2), last=kit.last("attestation"), controls=kit.controls(12))
        ),
        "digest-nothing": brief(),
    }


def _chases(kit: Kit) -> dict[str, Brief]:
    late = kit.item(due=date(2026, 10, 9), workdays_left=-2)
    return {
        "reminder": ReminderBrief(reader=kit.reader(), items=(kit.item(),), last=False, next_person=None),
        "reminder-last": ReminderBrief(
            reader=kit.reader(), items=(late, kit.item(2)), last=True, next_person=kit.person(1)
        ),
        "reminder-last-nobody": ReminderBrief(reader=kit.reader(), items=(late,), last=True, next_person=None),
        "reminder-settled": ReminderBrief(
            reader=kit.reader(), items=(kit.item(answered=kit.answered("submitted")),), last=True, next_person=None
        ),
        "escalation-deputy": EscalationBrief(
            reader=kit.reader(1), role="deputy", items=(late,), asked_before=(kit.person(0),)
        ),
        "escalation-manager": EscalationBrief(
            reader=kit.reader(2),
            role="manager",
            items=(late, kit.item(2, answered=kit.answered("submitted"))),
            asked_before=(kit.person(0), kit.person(1)),
        ),
        "escalation-lead": EscalationBrief(
            reader=kit.reader(3),
            role="lead",
            items=(late, kit.item(2)),
            asked_before=(),
            risks={late.request_id: 29},
        ),
        "escalation-settled": EscalationBrief(
            reader=kit.reader(3), role="lead", items=(kit.item(answered=kit.answered("submitted")),), asked_before=()
        ),
    }


def _handovers(kit: Kit) -> dict[str, Brief]:
    reason = kit.say(
        "The approver is missing on page 1. Could you add the name and the date?",
        "1ページ目に承認者の記載がありません。お名前と日付の追記をお願いします。",
    )
    note = kit.say(
        "You ran the last assessment, so you know it best.", "前回の評価をご担当いただいたため、お願いです。"
    )
    moved = kit.say("The system moved to the claims team in July.", "7月に保険金部門へ移管されたシステムです。")
    returned = ReturnedBrief(
        reader=kit.reader(), item=kit.item(state="returned"), reviewer=kit.person(4), reason=reason
    )
    offer = OfferBrief(reader=kit.reader(1), item=kit.item(), offered_by=kit.person(0), note=note)
    dispute = DisputeBrief(reader=kit.reader(3), item=kit.item(), raised_by=kit.person(0), note=moved, orphaned=False)
    return {
        "returned": returned,
        "returned-late": replace(returned, item=kit.item(workdays_left=-1, due=date(2026, 10, 12))),
        "returned-settled": replace(returned, item=kit.item(answered=kit.answered("submitted"))),
        "returned-together": replace(returned, reviewer=""),
        "returned-changed": replace(returned, reviewer="", reason="", changed=True),
        "offer": offer,
        "offer-accepted": replace(offer, outcome="accepted", note=""),
        "offer-declined": replace(offer, outcome="declined"),
        "offer-closed": replace(offer, outcome="withdrawn"),
        "dispute": dispute,
        "dispute-orphaned": replace(dispute, orphaned=True, note=""),
        "dispute-no-account": replace(dispute, orphaned=True, no_account=True, note="", others=2),
        "dispute-reached": replace(dispute, outcome=kit.answered("reached"), note=""),
        "dispute-not-applicable": replace(dispute, claim="not_applicable"),
        "dispute-cannot-provide": replace(dispute, claim="cannot_provide"),
        "dispute-wordless": replace(dispute, claim="not_applicable", note=""),
        "dispute-excused": replace(dispute, claim="not_applicable", outcome=kit.answered("excused", by=3), note=""),
        "dispute-kept": replace(dispute, outcome=kit.answered("kept", by=3), note=""),
        "dispute-settled": replace(dispute, outcome=kit.answered("reassigned", by=3), note=""),
    }


def one_review(kit: Kit) -> ReviewBrief:
    return ReviewBrief(
        reader=kit.reader(4),
        evidence_id=55,
        item=kit.item(state="submitted"),
        submitter=kit.person(0),
        form="link",
        locator=kit.w("https://docs.example.com/ai/claims_triage/risk-assessment_v4"),
        note=kit.say("Chapter 3 is new.", "第3章を追加しました。"),
        effective=date(2026, 10, 9),
        received_at=NOW,
        sha256=OTHER_SHA,
        confirmed_unchanged=False,
        previous=kit.last(),
    )


def _reviews(kit: Kit) -> dict[str, Brief]:
    def told(*reviews: ReviewBrief, more: int = 0, before: int = 0) -> ReviewsBrief:
        waiting = sum(review.decided is None for review in reviews)
        done = len(reviews) - waiting
        return ReviewsBrief(reader=kit.reader(4), reviews=reviews, waiting=waiting + more, done=done + before)

    review = one_review(kit)
    first = replace(review, form="file", locator=kit.w("report_final.pdf"), previous=None, note="")
    statement = replace(
        review, form="attestation", locator=kit.w("We follow the process."), sha256=None, previous=kit.last("file")
    )
    unchanged = replace(review, confirmed_unchanged=True, note="")
    accepted = replace(review, decided=kit.answered("accepted", by=4))
    reason = kit.say("No approver.", "承認者がありません。")
    returned = replace(review, decided=kit.answered("returned", by=4), decided_reason=reason)
    among = [
        replace(one, evidence_id=60 + n, item=kit.item(n, state="submitted"), submitter=kit.person(n))
        for n, one in enumerate((first, statement, unchanged))
    ]
    done = [replace(one, evidence_id=70 + n) for n, one in enumerate((accepted, returned))]
    many = [replace(review, evidence_id=80 + n, item=kit.item(n % 3, state="submitted")) for n in range(5)]
    return {
        "review": told(review),
        "review-first": told(first),
        "review-statement": told(statement),
        "review-unchanged": told(unchanged),
        "review-accepted": told(accepted),
        "review-returned": told(returned),
        "review-several": told(*among),
        "review-several-one-left": told(done[0], among[1], done[1]),
        "review-several-done": told(*done),
        "review-many": told(*many, more=35),
        "review-many-last": told(among[0], *done, before=37),
    }


def _together(*panels: PanelBrief, waiting: int = 1) -> PanelsBrief:
    return PanelsBrief(reader=panels[0].reader, panels=panels, waiting=waiting, done=max(0, len(panels) - waiting))


def _panels(kit: Kit) -> dict[str, Brief]:
    review = one_review(kit)
    until = datetime(2026, 10, 20, 9, tzinfo=UTC)
    panel = PanelBrief(reader=kit.reader(4), role="member", review=review, need=3, of=4, deadline=until)
    counts = {"accept": 3, "return": 1, "abstain": 0, "recuse": 0, "none": 0}
    split = {"accept": 2, "return": 1, "abstain": 0, "recuse": 0, "none": 1}
    missing = kit.say("No approver on page 1.", "1ページ目に承認者がありません。")
    votes = tuple(
        PanelVote(by=kit.person(n), vote=vote, reason=missing if vote == "return" else "")
        for n, vote in enumerate(("accept", "return", "accept", "none"))
    )
    decide = replace(
        panel, role="decider", reader=kit.reader(3), outcome="no-quorum", counts=split, votes=votes, on_it=True
    )
    many = tuple(PanelVote(by=kit.person(n % 5), vote="abstain", reason=missing) for n in range(33))
    others = [replace(panel, review=replace(review, evidence_id=60 + n, item=kit.item(n))) for n in range(1, 6)]
    voted = replace(others[1], voted=kit.answered("return", by=4))
    closed = replace(others[2], outcome="satisfied", decided="accepted", counts=counts)
    return {
        "panel": _together(panel),
        "panel-reminder": _together(replace(panel, role="reminder")),
        # Its time is over, and its votes are not counted yet.
        "panel-closing": _together(panel, waiting=0),
        "panel-voted": _together(replace(panel, voted=kit.answered("return", by=4)), waiting=0),
        "panel-replaced": _together(replace(panel, on_it=False), waiting=0),
        "panel-satisfied": _together(replace(panel, outcome="satisfied", decided="accepted", counts=counts), waiting=0),
        "panel-not-satisfied": _together(
            replace(panel, outcome="not-satisfied", decided="returned", counts=split), waiting=0
        ),
        "panel-no-quorum": _together(replace(panel, outcome="no-quorum", counts=split), waiting=0),
        "panel-decided": _together(replace(panel, outcome="no-quorum", decided="returned", counts=split), waiting=0),
        "panel-void": _together(replace(panel, outcome="void", decided="returned", counts=split), waiting=0),
        "panel-decide": _together(decide),
        "panel-decide-done": _together(replace(decide, decided="accepted"), waiting=0),
        "panel-decide-several": _together(
            decide, replace(decide, review=replace(review, evidence_id=61), votes=many, of=33), waiting=12
        ),
        "panel-decide-many": _together(replace(decide, of=33, need=22, votes=many)),
        "panel-several": _together(*others, waiting=40),
        "panel-several-one-left": _together(panel, voted, closed, replace(others[3], on_it=False), waiting=1),
        "panel-several-done": _together(voted, closed, waiting=0),
    }


def _cycles(kit: Kit) -> dict[str, Brief]:
    plan = PlanBrief(
        reader=kit.reader(3),
        cycle=kit.w("FY2026-Q3") or "C",  # the record has no cycle without a key
        starts=date(2026, 10, 1),
        ends=date(2026, 12, 31),
        do_on=date(2026, 10, 16),
        close_on=date(2026, 12, 22),
        systems=12,
        requests=1048,
        carried=9,
        people=8,
        busiest=((kit.person(0), 14), (kit.person(1), 11)),
    )
    action = ActionBrief(
        reader=kit.reader(),
        role="owner",
        action_id=31,
        system_name=kit.w(SYSTEMS[kit.locale][0]),
        kind="risk-assessment",
        kind_title=kit.t(KINDS[0][0]),
        reason="expired",
        severity="high",
        state="open",
        owner=kit.person(0),
        opened_on=date(2026, 10, 12),
        due=date(2026, 10, 26),
        workdays_left=9,
        controls=kit.controls(3),
        request_id=101,
        relapses=1,
    )
    effect = EffectivenessBrief(
        reader=kit.reader(1),
        action_id=31,
        system_name=kit.w(SYSTEMS[kit.locale][0]),
        kind_title=kit.t(KINDS[0][0]),
        owner=kit.person(0),
        implemented_at=NOW,
        correction=kit.say("The assessment was redone and approved.", "リスクアセスメントを再実施し、承認を得ました。"),
        evidence=kit.last("file"),
    )
    return {
        "plan": plan,
        "plan-open": replace(plan, approved=kit.answered("approved", by=3), busiest=()),
        **_actions(kit, action),
        **_weeks(kit),
        "effectiveness": effect,
        "effectiveness-none": replace(effect, evidence=None, correction=""),
        "effectiveness-done": replace(effect, decided=kit.answered("effective", by=1)),
        "effectiveness-not": replace(effect, decided=kit.answered("ineffective", by=1)),
    }


def _actions(kit: Kit, action: ActionBrief) -> dict[str, Brief]:
    def told(*actions: ActionBrief) -> ActionsBrief:
        return ActionsBrief(reader=actions[0].reader, actions=actions)

    second = replace(action, action_id=32, kind_title=kit.t(KINDS[1][0]), reason="missing", relapses=0, severity="low")
    done = replace(action, action_id=30, state="implemented")
    many = [replace(second, action_id=40 + n, due=date(2026, 10, 26 + n % 5)) for n in range(8)]
    return {
        "action": told(action),
        "action-lead": told(replace(action, role="lead", request_id=None, relapses=0, reader=kit.reader(3))),
        "action-reopened": told(replace(action, state="reopened", reason="version-changed", workdays_left=-3)),
        "action-implemented": told(done),
        "action-implementing": told(
            replace(
                action,
                state="implementing",
                late_milestones=((kit.w("Redo chapter 3"), date(2026, 10, 9)),),
                can_accept_risk=True,
            )
        ),
        "action-accepted": told(replace(action, state="risk-accepted", accepted_until=date(2026, 12, 31))),
        "action-reported": told(
            replace(action, reason="reported", kind_title=kit.t({"en": "The log is off", "ja": "ログが停止"}))
        ),
        "action-other": told(
            replace(action, role="manager", reason=kit.w("something new"), severity=kit.w("critical"))
        ),
        "action-several": told(action, done, replace(second, role="deputy", owner=kit.person(2), request_id=None)),
        "action-several-told": told(replace(action, role="lead"), replace(second, role="lead")),
        "action-several-done": told(done, replace(second, state="effective")),
        "action-eight": told(*many),
        "action-cannot-provide": told(replace(action, reason="cannot_provide")),
    }


def _weeks(kit: Kit) -> dict[str, Brief]:
    week = WeeklyBrief(
        reader=kit.reader(2),
        whole=False,
        monday=date(2026, 10, 12),
        overdue=3,
        due=5,
        answered=7,
        actions=2,
        actions_overdue=1,
        lapses=2,
        expiring=1,
        rows=(
            WeeklyRow(name=kit.person(0), overdue=2, due=4),
            WeeklyRow(name=kit.person(1), overdue=1, due=0),
            WeeklyRow(name=kit.person(4), overdue=0, due=1),
        ),
    )
    return {
        "weekly": week,
        "weekly-lead": replace(week, reader=kit.reader(3), whole=True, actions_overdue=0, more=12),
        **_summaries(kit),
        "weekly-actions-only": replace(week, overdue=0, due=0, answered=0, rows=()),
    }


def _summaries(kit: Kit) -> dict[str, Brief]:
    names = [kit.w(SYSTEMS[kit.locale][n % 2]) for n in range(3)]
    counts = ((3, 2), (1, 0), (0, 1))
    summary = ExecutiveBrief(
        reader=kit.reader(3),
        organisation=kit.say("Aozora Financial Group", "あおぞらフィナンシャルグループ"),
        cycle=kit.w("FY2026-Q3"),
        stage="do",
        workday=23,
        workdays=58,
        closes=date(2026, 12, 22),
        in_control=0.943,
        previous=0.917,
        controls=1596,
        lapses=4,
        new_lapses=5,
        recovered=1,
        overdue=3,
        actions=7,
        actions_overdue=2,
        expiring=1,
        systems=tuple(
            ExecutiveRow(system_name=name, lapsed=lapsed, overdue=late)
            for name, (lapsed, late) in zip(names, counts, strict=True)
        ),
        more=4,
        dashboard="https://prefect.example/artifacts/key/hoshin-scorecard",
    )
    calm = replace(summary, lapses=0, new_lapses=0, recovered=0, overdue=0, actions=0, actions_overdue=0, expiring=0)
    return {
        "executive": summary,
        "executive-calm": replace(calm, in_control=1.0, previous=1.0, systems=(), more=0, dashboard=""),
        "executive-worse": replace(summary, in_control=0.9, stage="closed", weekly=True, more=0),
        "executive-first": replace(calm, previous=None, controls=0, in_control=1.0, systems=(), more=0),
    }


def _risks(kit: Kit) -> dict[str, Brief]:
    risk = AcceptanceBrief(
        reader=kit.reader(3),
        role="approver",
        acceptance_id=7,
        system_name=kit.w(SYSTEMS[kit.locale][0]),
        kind_title=kit.t(KINDS[0][0]),
        requester=kit.person(0),
        approver="",
        reason=kit.say("It is switched off until spring.", "春まで停止しているためです。"),
        decision_reason="",
        state="requested",
        expires=date(2026, 12, 31),
    )
    told = replace(risk, reader=kit.reader(), role="requester", approver=kit.person(3))
    cadence = CadenceBrief(
        reader=kit.reader(3),
        cadence_id=5,
        system_name=kit.w(SYSTEMS[kit.locale][0]),
        kind_title=kit.t(KINDS[0][0]),
        relapses=2,
        months=3,
        instead_of=6,
    )
    why = kit.say("The harm could be too great.", "被害が大きすぎる恐れがあります。")
    return {
        "acceptance": risk,
        "acceptance-approved": replace(told, state="approved"),
        "acceptance-declined": replace(told, state="declined", decision_reason=why),
        "acceptance-ending": replace(told, role="ending", state="approved"),
        **{
            f"acceptance-{state}": replace(told, state=state)
            for state in ("withdrawn", "expired", "revoked", "ended", "replaced")
        },
        "cadence": cadence,
        "cadence-accepted": replace(cadence, outcome="accepted", decided=kit.answered("accepted", by=3)),
        "cadence-declined": replace(cadence, outcome="declined", decided=kit.answered("declined", by=3)),
    }


def _findings(kit: Kit) -> dict[str, Brief]:
    found = FindingBrief(
        reader=kit.reader(3),
        role="lead",
        finding_id=9,
        system_name=kit.w(SYSTEMS[kit.locale][0]),
        kind_title=kit.t(KINDS[0][0]),
        title=kit.say("Scores are copied by hand", "スコアを手作業で転記しています"),
        detail=kit.say("Twice last week, and nobody checks.", "先週2回ありましたが、誰も確認していません。"),
        confidential=False,
        anonymous=False,
        reporter=kit.person(1),
        reported_on=date(2026, 10, 12),
        state="new",
    )
    concern = replace(found, confidential=True, kind_title=None)
    taken = {"state": "accepted", "owner": kit.person(0), "due": date(2026, 11, 2)}
    mine = replace(concern, reader=kit.reader(1), role="reporter", reporter=None)
    why = kit.say("It was a test run.", "試験運用でした。")
    return {
        "finding": found,
        "finding-concern": concern,
        "finding-anonymous": replace(concern, anonymous=True, reporter=None),
        "finding-taken-up": replace(found, **taken),  # type: ignore[arg-type]
        "finding-dismissed": replace(found, state="dismissed", reason=why),
        "finding-closed": replace(found, state="closed"),
        "finding-thanks": replace(mine, state="accepted"),
        "finding-thanks-no": replace(mine, state="dismissed", reason=why),
        "finding-thanks-closed": replace(mine, state="closed", confidential=False),
    }


GROUPS: tuple[Callable[[Kit], dict[str, Brief]], ...] = (
    _digests,
    _chases,
    _handovers,
    _reviews,
    _panels,
    _cycles,
    _risks,
    _findings,
)


@cache
def briefs(locale: str, style: str = "real") -> dict[str, Brief]:
    """Every sample brief, by name."""
    kit = Kit(locale, style)
    return {name: brief for group in GROUPS for name, brief in group(kit).items()}
