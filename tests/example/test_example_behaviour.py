"""How people act: the example's file fits its programme, and a wrong one is told where and why."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from test_example_programme import state

from cycles.errors import BadInput
from cycles.programme.load import Programme
from hoshin.behaviour import PLACEHOLDERS, Behaviour, load_behaviour
from tasks.sources.effective.text import in_text


@pytest.fixture(scope="session")
def behaviour(folder: Path, programme: Programme) -> Behaviour:
    return load_behaviour(folder, programme)


def requests_of(behaviour: Behaviour) -> set[str]:
    returned = {item.request for acts in behaviour.reviewers.values() for item in acts.returns}
    return {*(s.request for s in behaviour.special), *behaviour.actions.never, *returned}


def test_everybody_who_may_be_asked_is_named(behaviour: Behaviour, programme: Programme) -> None:
    owners = {system.owner for system in programme.all_systems}
    asked = owners | {person.deputy for person in programme.people if person.key in owners}
    left = {person.key for person in programme.people if person.left_on}
    assert asked - left - {None} <= set(behaviour.people)
    assert set(behaviour.reviewers) == set(programme.head.reviewer_keys)
    assert left == set(behaviour.lead.reassigns)


def test_special_requests_are_really_made(behaviour: Behaviour, programme: Programme) -> None:
    for request in requests_of(behaviour):
        assert state(programme, request) != "carried", f"{request} is valid past the cycle: nobody will be asked"


def test_every_way_of_acting_occurs(behaviour: Behaviour) -> None:
    assert {special.do for special in behaviour.special} == {"snooze", "ignore", "delegate", "not_mine"}
    assert {acts.answers for acts in behaviour.people.values()} >= {"confirm_or_submit", "submit"}
    assert {acts.form for acts in behaviour.people.values()} == {"link", "file", "attestation"}
    ignored = {special.request for special in behaviour.special if special.do == "ignore"}
    assert set(behaviour.actions.never) < ignored


def test_lookups(behaviour: Behaviour) -> None:
    assert behaviour.person("somebody").after_workdays == 1
    assert behaviour.person("endo").form_of(["link", "file"]) == "file"
    assert behaviour.person("sato").form_of(["link", "file"]) == "link"
    assert behaviour.action_of("shelf-camera/security-test") is None
    special, default = (
        behaviour.action_of(key) for key in ("dispute-routing/security-test", "site-selection/data-sheet")
    )
    assert special
    assert default
    assert special.correction != default.correction
    assert behaviour.return_of("okafor", "call-summariser/bias-test")
    assert behaviour.return_of("okafor", "credit-scoring/bias-test") is None
    snoozed = behaviour.special_of("credit-scoring/bias-test")
    assert snoozed
    assert (snoozed.do, snoozed.workdays, snoozed.then) == ("snooze", 3, "submit")


@pytest.mark.parametrize("language", ["en", "ja"])
def test_what_is_handed_in_says_its_date(behaviour: Behaviour, language: str) -> None:
    values = dict.fromkeys(PLACEHOLDERS, "x") | {"effective": "2026-10-20", "person": "佐藤 由紀 (Yuki Sato)"}
    words = behaviour.answers.words[language]  # type: ignore[index]
    assert in_text(words.document.format(**values)) == date(2026, 10, 20)
    assert "{" not in words.attestation.format(**values)
    saved = behaviour.answers.saved_at.format(**values)
    assert saved.startswith("documents/")
    assert ".." not in saved


def swap(old: str, new: str) -> Callable[[str], str]:
    def change(text: str) -> str:
        assert text.count(old) == 1, old
        return text.replace(old, new)

    return change


ANSWERS = "{request: site-selection/data-sheet, do: ignore}"
WRONG = {
    "unknown person": ("  patel:", "  petal:", "'petal' is not in people.yaml"),
    "a person who left": ("  patel:", "  mori:", "'mori' left on 2026-09-30 and acts no more"),
    "unknown system": (ANSWERS, "{request: sight-selection/data-sheet, do: ignore}", "nobody is asked for 'sight-"),
    "unneeded kind": (ANSWERS, "{request: site-selection/bias-test, do: ignore}", "nobody is asked for 'site-"),
    "no request": (ANSWERS, "{request: site-selection, do: ignore}", "should match pattern"),
    "unknown act": (ANSWERS, "{request: site-selection/data-sheet, do: sulk}", "special.8.do"),
    "missing part": (ANSWERS, "{request: site-selection/data-sheet, do: delegate}", "'do: delegate' needs 'to'"),
    "useless part": (ANSWERS, "{request: site-selection/data-sheet, do: ignore, to: sato}", "'to' has no meaning"),
    "to the owner": (ANSWERS, "{request: site-selection/data-sheet, do: delegate, to: bennett}", "owns it already"),
    "listed twice": (ANSWERS, "{request: shelf-camera/security-test, do: ignore}", "is listed twice"),
    "snooze too long": ("    workdays: 3\n", "    workdays: 6\n", "policy allows a snooze of 5 workdays"),
    "bad hour": ('hour: "08:25"', 'hour: "8.25"', "people.patel.hour"),
    "unknown field": ('hour: "08:25"', 'our: "08:25"', "'people.patel.our' is not a field here"),
    "no reviewer": ("  okafor:\n", "  chen:\n", "'chen' is no reviewer"),
    "unknown never": (
        "never: [shelf-camera/security-test]",
        "never: [shelf/security-test]",
        "nobody is asked for 'shelf/",
    ),
    "not gone": ("reassigns: {mori: yamamoto}", "reassigns: {chen: yamamoto}", "'chen' has not left"),
    "unknown heir": ("reassigns: {mori: yamamoto}", "reassigns: {mori: nobody}", "'nobody' is not in people.yaml"),
    "unknown blank": ("{system_name}の", "{sytem_name}の", "fills only {system}, {system_name}"),
    "odd brace": ("{system_name}の", "{system_nameの", "answers.words.ja.attestation"),
}


@pytest.mark.parametrize(("old", "new", "said"), WRONG.values(), ids=WRONG)
def test_a_wrong_file_is_told_where_and_why(
    folder: Path, programme: Programme, tmp_path: Path, old: str, new: str, said: str
) -> None:
    text = (folder / "behaviour.yaml").read_text(encoding="utf-8")
    line = text[: text.index(old)].count("\n") + 1
    (tmp_path / "behaviour.yaml").write_text(swap(old, new)(text), encoding="utf-8")
    with pytest.raises(BadInput) as caught:
        load_behaviour(tmp_path, programme)
    first = str(caught.value).splitlines()[0]
    assert first.startswith(f"{tmp_path / 'behaviour.yaml'}:{line}: "), first
    assert said in str(caught.value)


def test_returning_what_is_ignored_makes_no_sense(folder: Path, programme: Programme, tmp_path: Path) -> None:
    shutil.copy(folder / "behaviour.yaml", tmp_path)
    path = tmp_path / "behaviour.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("request: cv-screening/risk-assessment", "request: site-selection/data-sheet"))
    with pytest.raises(BadInput, match="'site-selection/data-sheet' is ignored: there is nothing to return"):
        load_behaviour(tmp_path, programme)


def test_a_missing_or_empty_file_is_told_plainly(programme: Programme, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"behaviour\.yaml:1: cannot be read"):
        load_behaviour(tmp_path, programme)
    (tmp_path / "behaviour.yaml").write_text("")
    with pytest.raises(BadInput, match=r"behaviour\.yaml:1: 'actions' is missing"):
        load_behaviour(tmp_path, programme)
