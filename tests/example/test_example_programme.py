"""The example is what it says it is: a consistent programme with fresh, ending, expired, changed and missing documents."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from dulwich.repo import Repo

from cycles.programme.entries import DocumentEntry, SystemEntry
from cycles.programme.load import ORGANISATION, Programme
from cycles.validity import valid_until
from cycles.workdays import Calendar
from hoshin.behaviour_check import askable
from localslack.workspace import Workspace
from tasks.documents import look
from tasks.sources.look import Look

STARTS, ENDS = date(2026, 10, 1), date(2026, 12, 31)
NOW = datetime(2026, 10, 1, tzinfo=UTC)
CHANGED = "credit-scoring/model-card"
MISSING = {"aml-alert-triage/supplier-assurance", "shelf-camera/transparency-notice"}
JAPANESE = re.compile(r"[\u3040-\u30ff]")


def documents(programme: Programme) -> dict[str, tuple[SystemEntry, DocumentEntry]]:
    return {f"{s.key}/{d.kind}": (s, d) for s in programme.all_systems for d in s.documents}


def state(programme: Programme, request: str) -> str:
    """What the record will know about a request when the example's cycle begins."""
    if request not in documents(programme):
        return "none"
    if request == CHANGED:
        return "changed"
    if request in MISSING:
        return "missing"
    system, document = documents(programme)[request]
    assert document.reviewed
    assert document.reviewed.effective
    kind = programme.catalogues.kinds[document.kind]
    until = valid_until(  # type: ignore[call-overload]
        document.reviewed.effective,
        kind,
        system.risk_tier,
        programme.policy,
        system=system.key,
        calendar=programme.calendar,
    )
    return "expired" if until < STARTS else "ending" if until <= ENDS else "carried"


@pytest.fixture(scope="session")
def looks(folder: Path, programme: Programme) -> dict[str, Look]:
    return {key: look(d.at, base=folder, now=NOW) for key, (_, d) in documents(programme).items()}


def test_the_organisation_is_as_varied_as_promised(programme: Programme) -> None:
    systems, people = programme.systems, {person.key: person for person in programme.people}
    assert len(systems) == 12
    assert sum(system.generative for system in systems) == 2
    assert {role for system in systems for role in system.roles} == {"developer", "provider", "business-user"}
    assert {system.risk_tier for system in systems} == {"high", "limited", "minimal"}
    zones = {people[system.owner].zone for system in systems}
    assert zones == {"Asia/Tokyo", "Europe/London", "America/New_York"}
    assert (len(programme.head.leads), len(programme.head.reviewers), len(programme.head.executives)) == (1, 2, 1)
    assert {person.locale for person in people.values()} == {"ja", "en"}
    assert programme.policy.approval == "required"
    assert "12-29/01-03" in programme.policy.closures


def test_one_owner_is_away_and_one_has_left(programme: Programme) -> None:
    owners = {system.owner for system in programme.systems}
    away = [p for p in programme.people if p.leave]
    left = [p for p in programme.people if p.left_on]
    assert [(p.leave[0].starts, p.leave[0].ends) for p in away] == [(date(2026, 10, 19), date(2026, 10, 30))]
    assert [p.left_on for p in left] == [date(2026, 9, 30)]
    assert {p.key for p in (*away, *left)} <= owners
    assert away[0].deputy


def test_nobody_stands_in_for_or_reports_to_somebody_who_left(programme: Programme) -> None:
    left = {person.key for person in programme.people if person.left_on}
    assert not left & {key for person in programme.people for key in (person.deputy, person.manager)}
    assert not left & {*programme.head.leads, *programme.head.reviewer_keys, *programme.head.executives}


def test_names_point_at_nobody(programme: Programme) -> None:
    assert all(person.email.endswith("@example.com") for person in programme.people)
    japanese = [person.name for person in programme.people if person.locale == "ja"]
    assert all(re.fullmatch(r"[^\x00-\x7f]+ [^\x00-\x7f]+ \([A-Z][a-z]+ [A-Z][a-z]+\)", name) for name in japanese)


def test_every_document_is_of_a_kind_its_system_needs(programme: Programme) -> None:
    keys = [f"{s.key}/{d.kind}" for s in programme.all_systems for d in s.documents]
    assert len(keys) == len(set(keys))
    assert set(keys) <= askable(programme)


def test_the_mix_of_documents(programme: Programme) -> None:
    requests = askable(programme)
    counts = Counter(state(programme, request) for request in requests)
    shares = {name: count / len(requests) for name, count in counts.items()}
    assert len(requests) >= 100
    assert 0.40 <= shares["carried"] <= 0.50, counts
    assert 0.12 <= shares["ending"] <= 0.18, counts
    assert 0.06 <= shares["expired"] <= 0.10, counts
    assert (counts["changed"], counts["missing"]) == (1, 2)
    assert shares["none"] >= 0.20, counts
    in_git = [d for _, d in documents(programme).values() if d.at.startswith("git+file:")]
    assert len(in_git) >= 8


def test_reviews_are_of_what_is_there_now(programme: Programme, looks: dict[str, Look]) -> None:
    for key, (_, document) in documents(programme).items():
        seen = looks[key]
        assert document.reviewed
        if key in MISSING:
            assert seen.status == "missing"
        elif key == CHANGED:
            assert seen.sha256 != document.reviewed.sha256
        else:
            assert seen.sha256 == document.reviewed.sha256, f"{key}: the digest is now {seen.sha256}"
            assert seen.status == "ok"


def test_the_changed_document_was_reviewed_as_it_once_was(folder: Path, programme: Programme) -> None:
    document = documents(programme)[CHANGED][1]
    assert document.reviewed
    with Repo(str(folder / "repos" / "model-docs.git")) as repo:
        commits = [entry.commit.id.decode() for entry in repo.get_walker(paths=[b"cards/credit-scoring.md"])]
    assert len(commits) == 2
    earlier = look(document.at.replace("@main", f"@{commits[-1]}"), base=folder, now=NOW)
    assert earlier.sha256 == document.reviewed.sha256
    now = look(document.at, base=folder, now=NOW)
    assert earlier.modified
    assert now.modified
    assert earlier.modified.date() < document.reviewed.on < now.modified.date() < STARTS


def test_documents_say_the_day_they_are_of(programme: Programme, looks: dict[str, Look]) -> None:
    for key, (_, document) in documents(programme).items():
        if key in MISSING:
            continue
        seen = looks[key]
        assert document.reviewed
        assert seen.effective == document.reviewed.effective, key
        assert seen.modified
        assert timedelta() <= seen.modified.date() - seen.effective <= timedelta(days=7) or key == CHANGED


def test_reviews_took_place_on_workdays_before_the_cycle_by_somebody_else(programme: Programme) -> None:
    countries = {person.key: person.country for person in programme.people}
    for key, (system, document) in documents(programme).items():
        reviewed = document.reviewed
        assert reviewed
        assert reviewed.effective
        assert reviewed.effective <= reviewed.on < STARTS, key
        assert Calendar(country=countries[reviewed.by]).is_workday(reviewed.on), key
        assert Calendar(country=countries[system.owner]).is_workday(reviewed.effective), key
        assert reviewed.by in programme.head.reviewer_keys
        assert reviewed.by != system.owner


def test_documents_are_short_different_and_all_watched(folder: Path, programme: Programme) -> None:
    texts = {path: path.read_text(encoding="utf-8") for path in folder.glob("documents/*/*.md")}
    watched = {folder / d.at for _, d in documents(programme).values() if not d.at.startswith("git+file:")}
    assert set(texts) == {path for path in watched if path.exists()}
    bodies = [text.split("---\n", 2)[2] for text in texts.values()]
    assert len(set(bodies)) == len(bodies)
    assert all(8 <= len(text.splitlines()) <= 25 for text in texts.values())
    assert all(
        re.match(r'---\ntitle: ".+"\nowner: ".+"\neffective: .+\nversion: ".+"\n---\n', t) for t in texts.values()
    )
    japanese = sum(bool(JAPANESE.search(body)) for body in bodies)
    assert 0.3 <= japanese / len(bodies) <= 0.7
    owners = {person.name for person in programme.people}
    assert {re.search(r'owner: "(.+)"', text)[1] for text in texts.values()} <= owners  # type: ignore[index]


def test_documents_belong_to_their_systems_owner(folder: Path, programme: Programme) -> None:
    names = {person.key: person.name for person in programme.people}
    for system in programme.all_systems:
        for path in (folder / "documents" / system.key).glob("*.md"):
            assert f'owner: "{names[system.owner]}"' in path.read_text(encoding="utf-8"), path


def test_the_local_slack_knows_the_same_people(folder: Path, programme: Programme) -> None:
    workspace = Workspace.load(folder / "slack.yaml")
    users = {user.email: user for user in workspace.users}
    people = {person.email: person for person in programme.people}
    assert set(users) == set(people)
    for email, person in people.items():
        user = users[email]
        assert (user.real_name, user.tz) == (person.name, person.zone)
        assert user.locale.partition("-")[0] == person.locale
        assert user.deleted == (person.left_on is not None)
        assert user.id.startswith("U01")
        assert user.title
    assert (workspace.app.name, workspace.app.id) == ("Hoshin", "A0HOSHIN")
    assert [channel.name for channel in workspace.channels] == ["ai-governance"]


def test_the_readme_counts_right(folder: Path, programme: Programme) -> None:
    text = (folder / "README.md").read_text(encoding="utf-8")
    assert f"Of {len(askable(programme))} pieces of evidence" in text
    assert len(programme.people) == 18
    assert "eighteen people" in text


def test_the_organisation_is_asked_once(programme: Programme) -> None:
    scopes = {request: programme.catalogues.kinds[request.partition("/")[2]].scope for request in askable(programme)}
    assert all(
        (request.partition("/")[0] == ORGANISATION) == (scope == "organisation") for request, scope in scopes.items()
    )
