"""`hoshin answer`: every verb a person has in Slack, at a terminal, with the same rules."""

import hashlib
import re
from pathlib import Path
from typing import Any

import pytest
from front_cli import MORNING, fingerprint, good, head, hoshin, query, refused, status

LATER = "2026-10-16T10:00+09:00"
NEXT_WEEK = "2026-10-23T10:00+09:00"
# On the first morning: Bennett's privacy record is unchanged since its last review; the security test has expired.
UNCHANGED = ("bennett", "shelf-camera", "privacy-record")
EXPIRED = ("bennett", "site-selection", "risk-assessment")
SIGNED = ("sato", "organisation", "incident-log")


def request(home: Path, place: tuple[str, str, str]) -> Any:
    return next(row for row in status(home)["requests"] if (row["owner"], row["system"], row["evidence_kind"]) == place)


def answer(home: Path, subject: Any, who: str, *how: str, at: str = LATER) -> None:
    good(home, "answer", str(subject), "--as", who, *how, "--as-of", at)


def last_entry(home: Path) -> tuple[str, str]:
    return query(home, "SELECT actor, action FROM journal ORDER BY seq DESC LIMIT 1")[0]  # type: ignore[return-value]


def submitted(home: Path, place: tuple[str, str, str] = EXPIRED) -> tuple[int, str]:
    """Hand in a link; returns the evidence's number and who is to review it."""
    answer(
        home, request(home, place)["id"], place[0], "--link", "https://wiki.example.com/ra", "--effective", "2026-10-12"
    )
    row = query(home, "SELECT evidence.id, person.key FROM evidence JOIN review ON evidence_id = evidence.id"
                " JOIN person ON person.id = reviewer_id ORDER BY evidence.id DESC LIMIT 1")  # fmt: skip
    return row[0]  # type: ignore[return-value]


def test_still_true(asked: Path) -> None:
    answer(asked, request(asked, UNCHANGED)["id"], "bennett", "--still-true")
    assert request(asked, UNCHANGED)["state"] == "accepted"
    assert last_entry(asked) == ("bennett", "request.confirmed")


def test_a_link_waits_for_its_reviewer_who_accepts(asked: Path) -> None:
    evidence, reviewer = submitted(asked)
    assert request(asked, EXPIRED)["state"] == "submitted"
    answer(asked, f"E-{evidence}", reviewer, "--accept", at=NEXT_WEEK)
    assert request(asked, EXPIRED)["state"] == "accepted"
    kept = query(asked, "SELECT locator, effective FROM evidence WHERE id = ?", evidence)
    assert kept == [("https://wiki.example.com/ra", "2026-10-12")]


def test_returned_with_a_reason_then_handed_in_again(asked: Path) -> None:
    evidence, reviewer = submitted(asked)
    said = refused(asked, "answer", f"E-{evidence}", "--as", reviewer, "--return", "--as-of", LATER)
    assert "missing" in said
    answer(asked, f"E-{evidence}", reviewer, "--return", "--note", "No approver is named.")
    assert request(asked, EXPIRED)["state"] == "returned"
    again, _ = submitted(asked)
    assert again > evidence


def test_a_reviewer_may_leave_it_to_another(asked: Path) -> None:
    evidence, reviewer = submitted(asked)
    answer(asked, f"E-{evidence}", reviewer, "--recuse")
    assert request(asked, EXPIRED)["state"] == "submitted"
    waiting = query(asked, "SELECT person.key FROM review JOIN person ON person.id = reviewer_id"
                    " WHERE evidence_id = ? AND vote IS NULL", evidence)  # fmt: skip
    assert len(waiting) == 1
    assert waiting[0][0] != reviewer


def test_a_vote_must_be_said(asked: Path) -> None:
    evidence, reviewer = submitted(asked)
    before = head(asked)
    assert "--recuse" in refused(asked, "answer", f"E-{evidence}", "--as", reviewer)
    assert "--recuse" in refused(asked, "answer", f"E-{evidence}", "--as", reviewer, "--accept", "--return")
    assert head(asked) == before


def test_a_file_is_kept_by_its_digest(asked: Path, tmp_path: Path) -> None:
    content = "一次評価\n".encode()
    (tmp_path / "評価.md").write_bytes(content)
    answer(asked, request(asked, EXPIRED)["id"], "bennett", "--file", str(tmp_path / "評価.md"))
    digest = hashlib.sha256(content).hexdigest()
    assert query(asked, "SELECT form, sha256, size FROM evidence ORDER BY id DESC LIMIT 1") == [
        ("file", digest, len(content))
    ]
    [kept] = [path for path in (asked / "evidence").rglob("*") if path.is_file()]
    assert kept.read_bytes() == content
    # The auditor's question, years later: is it still what was handed in?
    assert "1 evidence file, each as it was received" in good(asked, "verify", "--files").out
    for changed in (content + b" ", None):
        kept.unlink() if changed is None else kept.write_bytes(changed)
        good(asked, "verify")
        done = hoshin(asked, "verify", "--files")
        assert done.code == 1
        assert digest in done.out
        assert f"{EXPIRED[1]}/{EXPIRED[2]}" in done.out
    assert hoshin(asked, "verify", "--files", "--json").json["files"]["faults"][0]["sha256"] == digest


def test_a_statement_where_the_kind_takes_one(asked: Path) -> None:
    answer(asked, request(asked, SIGNED)["id"], "sato", "--attest", "No incident since July.")
    assert request(asked, SIGNED)["state"] == "submitted"
    said = refused(asked, "answer", str(request(asked, EXPIRED)["id"]), "--as", "bennett", "--attest", "It is fine.")
    assert "link or file" in said


def test_snooze(asked: Path) -> None:
    number = str(request(asked, EXPIRED)["id"])
    assert "reason" in refused(asked, "answer", number, "--as", "bennett", "--snooze", "2026-10-20", "--as-of", LATER)
    assert "Choose a day" in refused(
        asked, "answer", number, "--as", "bennett", "--snooze", "2026-12-24", "--note", "Busy", "--as-of", LATER
    )
    answer(asked, number, "bennett", "--snooze", "2026-10-20", "--note", "The audit is on Monday.")
    assert request(asked, EXPIRED)["next_at"].startswith("2026-10-20T00:00")
    assert request(asked, EXPIRED)["state"] == "asked"


def test_delegating_takes_the_other_persons_word(asked: Path) -> None:
    number = request(asked, EXPIRED)["id"]
    answer(asked, number, "bennett", "--delegate", "nakamura", "--note", "You wrote it.")
    assert request(asked, EXPIRED)["assignee"] == "bennett"
    assert "not offered" in refused(asked, "answer", str(number), "--as", "tanaka", "--accept", "--as-of", LATER)
    answer(asked, number, "nakamura", "--accept")
    assert request(asked, EXPIRED)["assignee"] == "nakamura"


def test_not_mine_then_the_lead_reassigns(asked: Path) -> None:
    number = request(asked, EXPIRED)["id"]
    answer(asked, number, "bennett", "--not-mine", "--note", "Store planning holds it.")
    assert last_entry(asked)[0] == "bennett"
    answer(asked, number, "sato", "--reassign", "nakamura")
    assert request(asked, EXPIRED)["assignee"] == "nakamura"


def test_it_does_not_apply_and_the_lead_keeps_asking(asked: Path) -> None:
    number = request(asked, EXPIRED)["id"]
    answer(asked, number, "bennett", "--not-applicable", "--note", "It is a pilot.")
    assert last_entry(asked) == ("bennett", "request.not_applicable")
    answer(asked, number, "sato", "--keep-asking", "--note", "Pilots are in scope.")
    assert last_entry(asked) == ("sato", "request.kept")
    assert request(asked, EXPIRED)["next_at"] is not None


def test_it_cannot_be_provided(asked: Path) -> None:
    number = request(asked, EXPIRED)["id"]
    answer(asked, number, "bennett", "--cannot-provide", "--note", "Nobody kept one.")
    assert request(asked, EXPIRED)["state"] == "lapsed"
    assert [row["owner"] for row in status(asked)["actions"] if row["lapse"] == f"{EXPIRED[1]}/{EXPIRED[2]}"] == [
        "bennett"
    ]


def test_the_ladder_of_a_request_beside_what_happened(asked: Path) -> None:
    number = str(request(asked, EXPIRED)["id"])
    answer(asked, number, "bennett", "--snooze", "2026-10-20", "--note", "The audit is on Monday.")
    shown = good(asked, "ladder", number, "--as-of", LATER).out
    assert "snoozed" in shown
    assert "bennett" in shown
    found = good(asked, "ladder", number, "--json", "--as-of", LATER).json
    assert (found["name"], found["deeds"][0]["verb"]) == (f"{EXPIRED[1]}/{EXPIRED[2]}", "snoozed")
    assert {line["outcome"] for line in found["lines"]} <= {"sent", "moved", "to come", "late", "not needed", "added"}
    assert "no request 9999" in refused(asked, "ladder", "9999", "--as-of", LATER)


def test_the_lead_excuses(asked: Path) -> None:
    number = str(request(asked, EXPIRED)["id"])
    assert "lead" in refused(asked, "answer", number, "--as", "bennett", "--excuse", "--note", "No.", "--as-of", LATER)
    answer(asked, number, "sato", "--excuse", "--note", "The pilot was stopped.")
    assert request(asked, EXPIRED)["state"] == "excused"


def test_an_action_from_report_to_verdict(asked: Path) -> None:
    place = SIGNED
    action = next(row for row in status(asked)["actions"] if row["lapse"] == f"{place[1]}/{place[2]}")
    subject = f"A-{action['id']}"
    told = ("--implemented", "--note", "The log was written up.")
    assert "root cause" in refused(asked, "answer", subject, "--as", action["owner"], *told, "--as-of", LATER)
    answer(asked, subject, action["owner"], *told, "--root-cause", "Nobody was named.", "--corrective", "Named one.")
    assert "worked" in refused(asked, "answer", subject, "--as", action["owner"])
    assert "Somebody else" in refused(asked, "answer", subject, "--as", action["owner"], "--accept", "--as-of", LATER)
    evidence, reviewer = submitted(asked, place)
    answer(asked, f"E-{evidence}", reviewer, "--accept")
    good(asked, "check", "--as-of", "2026-10-17T03:00+09:00")
    good(asked, "act", "--as-of", "2026-10-26T03:30+09:00")
    second = query(asked, "SELECT person.key FROM action JOIN person ON person.id = reviewer_id WHERE action.id = ?",
                   action["id"])[0][0]  # fmt: skip
    assert second != action["owner"]
    answer(asked, subject, second, "--accept", "--note", "It is kept up now.", at="2026-10-27T10:00+09:00")
    found = next(row for row in status(asked)["actions"] if row["id"] == action["id"])
    assert (found["state"], found["open"]) == ("effective", False)


def test_an_action_that_did_not_work_is_open_again(asked: Path) -> None:
    action = next(row for row in status(asked)["actions"] if row["owner"] == "sato")
    answer(asked, f"A-{action['id']}", "sato", "--implemented", "--note", "Done.")
    good(asked, "act", "--as-of", "2026-10-26T03:30+09:00")
    answer(asked, f"A-{action['id']}", "kobayashi", "--return", "--note", "Still missing.", at="2026-10-27T10:00+09:00")
    found = next(row for row in status(asked)["actions"] if row["id"] == action["id"])
    assert (found["state"], found["open"], found["relapses"]) == ("reopened", True, 1)


REFUSALS = [
    (("{expired}", "--as", "bennett"), "--still-true"),
    (("{expired}", "--as", "nobody", "--still-true"), "nobody"),
    (("{expired}", "--as", "patel", "--link", "https://x.example/"), "Only the person asked"),
    (("{expired}", "--as", "bennett", "--still-true"), "submit evidence"),
    (("999", "--as", "bennett", "--still-true"), "999"),
    (("E-999", "--as", "kobayashi", "--accept"), "not asked"),
    (("A-999", "--as", "sato", "--implemented", "--note", "x"), "999"),
    (("seven", "--as", "sato", "--still-true"), "seven"),
    (("{expired}", "--as", "bennett", "--link", "https://x.example/", "--effective", "2026-13-01"), "2026-13-01"),
    (("{expired}", "--as", "bennett", "--link", "https://x.example/", "--effective", "2026-10-17"), "future"),
    (("{expired}", "--as", "bennett", "--snooze", "soon", "--note", "x"), "soon"),
    (("{expired}", "--as", "bennett", "--file", "/does/not/exist.pdf"), "/does/not/exist.pdf"),
    (("{expired}", "--as", "bennett", "--delegate", "mori"), "left"),
]


@pytest.mark.parametrize(("arguments", "says"), REFUSALS, ids=[" ".join(row[0][:4]) for row in REFUSALS])
def test_refusals_are_one_sentence_and_change_nothing(arguments: tuple[str, ...], says: str, asked: Path) -> None:
    number = str(request(asked, EXPIRED)["id"])
    before = fingerprint(asked)
    given = [part.replace("{expired}", number) for part in arguments]
    assert says in refused(asked, "answer", *given, "--as-of", LATER)
    assert fingerprint(asked) == before


def test_answering_twice_is_refused(asked: Path) -> None:
    number = request(asked, UNCHANGED)["id"]
    answer(asked, number, "bennett", "--still-true")
    before = fingerprint(asked)
    assert "already accepted" in refused(
        asked, "answer", str(number), "--as", "bennett", "--still-true", "--as-of", LATER
    )
    assert fingerprint(asked) == before


def open_ones(home: Path, who: str) -> list[Any]:
    rows = status(home)["requests"]
    return [row for row in rows if row["owner"] == who and row["state"] == "asked"]


def test_several_are_answered_with_one_file_and_what_cannot_be_is_named(asked: Path, tmp_path: Path) -> None:
    (tmp_path / "all.md").write_text("One report for both", encoding="utf-8")
    first, second = open_ones(asked, "bennett")[:2]
    other = request(asked, SIGNED)["id"]
    numbers = [str(number) for number in (first["id"], other, second["id"], first["id"])]
    entries = head(asked)[0]
    how = ("--as", "bennett", "--file", str(tmp_path / "all.md"), "--as-of", LATER)
    looked = hoshin(asked, "answer", *numbers, *how, "--dry-run")
    assert (looked.code, head(asked)[0]) == (1, entries)
    done = hoshin(asked, "answer", *numbers, *how)
    assert done.code == 1
    lines = done.out.splitlines()
    assert lines[0] == f"{first['id']}: recorded."
    assert lines[1].startswith(f"{other}: not recorded. Only the person asked")
    assert lines[2:] == [f"{second['id']}: recorded."]
    kept = query(asked, "SELECT request_id, locator FROM evidence WHERE form = 'file' AND source = 'cli'")
    assert sorted(number for number, _ in kept) == sorted([first["id"], second["id"]])
    assert len({locator for _, locator in kept}) == 1
    assert head(asked)[0] == entries + 2
    good(asked, "verify")


def test_a_reviewer_accepts_several(asked: Path) -> None:
    for place in (EXPIRED, UNCHANGED):
        answer(asked, request(asked, place)["id"], place[0], "--link", "https://wiki.example.com/ra")
    rows = query(asked, "SELECT evidence_id, person.key FROM review JOIN person ON person.id = reviewer_id")
    mine = [f"E-{number}" for number, who in rows if who == rows[0][1]]
    said = good(asked, "answer", *mine, "--as", rows[0][1], "--accept", "--as-of", NEXT_WEEK).out
    assert said.splitlines() == [f"{one}: recorded." for one in mine]


def test_what_is_said_wrongly_of_several_records_nothing(asked: Path) -> None:
    numbers = [str(row["id"]) for row in open_ones(asked, "bennett")]
    before = fingerprint(asked)
    refused(asked, "answer", *numbers, "--as", "bennett", "--as-of", LATER)
    refused(asked, "answer", *numbers, "X-1", "--as", "bennett", "--still-true", "--as-of", LATER)
    assert "301 are more than 300" in refused(asked, "answer", *map(str, range(1, 302)), "--as", "bennett", "--accept")
    told = hoshin(asked, "answer", "999998", "999999", "--as", "bennett", "--still-true", "--as-of", LATER, "--json")
    assert told.code == 2
    assert [(row["subject"], row["recorded"], row["reason"]) for row in told.json["answers"]] == [
        ("999998", False, "unknown"), ("999999", False, "unknown"),
    ]  # fmt: skip
    assert fingerprint(asked) == before


def test_dry_run_changes_neither_record_nor_files(asked: Path, tmp_path: Path) -> None:
    (tmp_path / "ra.md").write_text("A risk assessment.\n", encoding="utf-8")
    before = fingerprint(asked)
    number = str(request(asked, EXPIRED)["id"])
    done = good(
        asked, "answer", number, "--as", "bennett", "--file", str(tmp_path / "ra.md"), "--dry-run", "--as-of", MORNING
    )
    assert "would be recorded" in done.out
    assert fingerprint(asked) == before


def test_a_risk_is_accepted_and_revoked_at_the_terminal(asked: Path) -> None:
    action = next(row for row in status(asked)["actions"] if row["open"] and row["lapse"])
    ask = ("acceptance", "request", action["lapse"], "--as", action["owner"], "--as-of", LATER)
    assert "not after" in refused(asked, *ask, "--reason", "It is off.", "--until", "2029-01-01")
    nowhere = (*ask[:2], "nowhere/kind", *ask[3:], "--reason", "x", "--until", "2026-12-01")
    assert "no system 'nowhere'" in refused(asked, *nowhere)
    good(asked, *ask, "--reason", "It is off.", "--until", "2026-12-01")
    assert "Somebody else" in refused(asked, "acceptance", "approve", "R-1", "--as", action["owner"], "--as-of", LATER)
    assert [row["state"] for row in good(asked, "acceptance", "list", "--json").json] == ["requested"]


def test_a_finding_and_a_milestone_at_the_terminal(asked: Path) -> None:
    by = ("--as", "sato", "--as-of", LATER)
    assert "sentence" in refused(asked, "finding", "add", "--system", "organisation", "--title", " ", "--by", "sato")
    good(
        asked,
        "finding",
        "add",
        "--system",
        "organisation",
        "--title",
        "The log is off",
        "--by",
        "sato",
        "--as-of",
        LATER,
    )
    assert "--dismiss" in refused(asked, "finding", "triage", "F-1", *by)
    found = good(asked, "finding", "triage", "F-1", "--accept", "--due", "2026-12-18", *by).out
    number = re.search(r"A-\d+", found)
    assert number
    good(asked, "action", "milestone", number[0], "--title", "Draft", "--due", "2026-12-01", *by)
    good(asked, "action", "milestone", number[0], "--done", "M-1", *by)
    shown = next(row for row in good(asked, "action", "list", "--json").json if f"A-{row['id']}" == number[0])
    assert (shown["about"], shown["due"]) == ("organisation: The log is off", "2026-12-18")
    assert [(step["title"], step["done"]) for step in shown["milestones"]] == [("Draft", True)]


def test_when_all_are_refused_nothing_is_changed(asked: Path) -> None:
    numbers, before = (str(request(asked, EXPIRED)["id"]), "999999"), fingerprint(asked)
    assert "nobody-else" in refused(asked, "answer", *numbers, "--as", "nobody-else", "--still-true")
    done = hoshin(asked, "answer", *numbers, "--as", "bennett", "--still-true", "--as-of", LATER)
    assert (done.code, done.out.count("not recorded")) == (2, 2)
    assert fingerprint(asked) == before


@pytest.mark.parametrize(
    "wrong",
    [
        ("E-5", "--still-true"),
        ("12", "--still-true", "--link", "https://x.example"),
        ("12", "--snooze", "2026-10-20", "--delegate", "sato"),
        ("12", "--link", "https://x.example", "--attest", "It is."),
    ],
)
def test_one_answer_is_one(asked: Path, wrong: tuple[str, ...]) -> None:
    assert "one of" in refused(asked, "answer", *wrong, "--as", "bennett", "--as-of", LATER)
