"""Syncing: once is enough, a change is one entry, nobody is deleted; and a refusal changes nothing at all."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rules_files import FILES, SYSTEMS, write
from rules_house import START, House, framework, house, people, person, programme, system
from sqlmodel import select

from cycles import journal
from cycles.errors import BadInput
from cycles.models import Control, Document, Evidence, Framework, Leave, Membership, Person, System, Verdict
from cycles.programme.load import load_programme
from cycles.programme.sync import sync
from cycles.store import Record


def _head(record: Record) -> tuple[int, str]:
    with record.read() as session:
        return journal.head(session)


def test_the_same_programme_again_changes_nothing(record: Record, tmp_path: Path) -> None:
    loaded = load_programme(write(tmp_path / "p"))
    built = House(record=record, programme=loaded)
    assert built.sync()
    before, content = _head(record), _content(record)
    assert built.sync() == {}
    assert (_head(record), _content(record)) == (before, content)


def _content(record: Record) -> dict[str, list[Any]]:
    with record.engine.connect() as connection:
        names = [row[0] for row in connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: sorted(map(repr, connection.exec_driver_sql(f"SELECT * FROM {name}"))) for name in names}


CHANGES = {
    "a new person": (
        "people",
        "people:\n",
        "people:\n  - {key: new, name: New, email: n@a.example, zone: UTC, country: JP}\n",
    ),
    "another zone": ("people", "zone: Europe/London", "zone: Europe/Berlin"),
    "other hours": ("people", "country: GB}", 'country: GB, hours: "08:00-17:00"}'),
    "another deputy": ("people", "deputy: stand-in", "deputy: judge"),
    "longer leave": ("people", "to: 2026-10-23", "to: 2026-10-26"),
    "no leave": ("people", "    leave:\n      - {from: 2026-10-19, to: 2026-10-23}\n", ""),
    "another reviewer": ("programme", "[judge, boss]", "[judge, stand-in]"),
    "another framework": ("programme", "[jp-art13]", "[jp-art13, nist-ai-rmf]"),
    "another stage": ("policy", "check: 41", "check: 42"),
    "another owner": ("systems", "    owner: owner", "    owner: boss"),
    "another tier": ("systems", "risk_tier: minimal", "risk_tier: limited"),
    "a new version": ("systems", '"1.0"', '"1.1"'),
    "another document": ("systems", "documents/risk.md", "documents/risk2.md"),
    "a system less": ("systems", SYSTEMS.splitlines()[-1], ""),
    "a later review": ("systems", "on: 2026-06-01", "on: 2026-07-01"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_changed_file_is_exactly_one_entry(name: str, record: Record, tmp_path: Path) -> None:
    file, old, new = CHANGES[name]
    built = House(record=record, programme=load_programme(write(tmp_path / "p")))
    built.sync()
    assert old in FILES[f"{file}.yaml"]
    changed = load_programme(write(tmp_path / "p", **{file: FILES[f"{file}.yaml"].replace(old, new, 1)}))
    assert built.sync(changed)
    assert [action for _, action, _ in built.journal()] == ["programme.synced"] * 2
    assert built.sync() == {}


def test_nobody_and_nothing_is_deleted(record: Record, tmp_path: Path) -> None:
    built = House(record=record, programme=load_programme(write(tmp_path / "p")))
    built.sync()
    before = {model: len(built.rows(model)) for model in (Person, System, Document, Evidence, Verdict, Framework)}
    people_left = "\n".join(FILES["people.yaml"].splitlines()[:3]) + "\n"
    people_left += "  - {key: judge, name: Judge, email: judge@aozora.example, zone: Asia/Tokyo, country: JP}\n"
    head = FILES["programme.yaml"].replace("[judge, boss]", "[judge]").replace("jp-art13", "nist-ai-rmf")
    smaller = write(tmp_path / "p", people=people_left, systems="systems: []\n", programme=head)
    built.sync(load_programme(smaller))
    after = {model: len(built.rows(model)) for model in before}
    assert after == {**before, Framework: before[Framework] + 1}
    gone = {found.key: found.left_on for found in built.rows(Person)}
    assert [key for key, left in gone.items() if left] == ["owner", "stand-in"]
    assert {found.key for found in built.rows(System) if found.retired} == {"scoring", "chat"}
    assert not any(found.watched for found in built.rows(Document))
    assert [found.key for found in built.rows(Framework) if found.current] == ["nist-ai-rmf"]


def test_who_comes_back_is_there_again(record: Record) -> None:
    built = house(record, system("chat"), planned=False)
    everybody = built.programme.people
    built.sync(programme([system("chat")], [who for who in everybody if who.key != "other"]))
    assert built.ids(Person)["other"]
    assert [who.key for who in built.rows(Person) if who.left_on] == ["other"]
    built.sync(programme([system("chat")], everybody))
    assert not [who for who in built.rows(Person) if who.left_on]
    assert len(built.rows(Person)) == len(everybody)


def test_a_catalogue_that_changed_is_a_new_version_beside_the_old(record: Record) -> None:
    built = house(record, planned=False)
    controls = len(built.rows(Control))
    newer = framework("alpha", [{"key": "b1", "requires": ["risk"]}])
    built.sync(programme([system("scoring")], catalogue={"alpha": newer}))
    assert [row.current for row in built.rows(Framework)] == [False, True]
    assert len(built.rows(Control)) == controls + 1


def test_a_review_of_the_past_is_kept_once_with_its_validity(record: Record, tmp_path: Path) -> None:
    built = House(record=record, programme=load_programme(write(tmp_path / "p")), now=START)
    built.sync()
    [evidence] = built.rows(Evidence)
    assert (evidence.effective.isoformat(), evidence.valid_until.isoformat()) == ("2026-06-01", "2026-12-01")
    assert [verdict.outcome for verdict in built.rows(Verdict)] == ["accepted"]


@pytest.mark.parametrize("how", ["renamed key", "swapped"])
def test_an_e_mail_that_moves_to_another_key_is_no_crash(record: Record, how: str) -> None:
    """A corrected key is the commonest of edits; the database's own words are no answer to it."""
    built = house(record, system("chat"), planned=False)
    if how == "swapped":
        who = people(judge={"email": "jury@aozora.example"}, jury={"email": "judge@aozora.example"})
    else:
        who = [*(one for one in people() if one.key != "other"), person("another", email="other@aozora.example")]
    with pytest.raises(BadInput, match=r"people\.yaml.*@aozora\.example"):
        built.sync(programme([system("chat")], who))


words = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=8).filter(str.strip)


@given(data=st.data())
@settings(max_examples=25)
def test_any_programme_is_synced_once_and_for_all(data: st.DataObject, new_sqlite: Any) -> None:
    record = new_sqlite()
    for _ in range(2):
        leave = data.draw(st.lists(st.dates().map(lambda day: {"from": day, "to": day}), max_size=2))
        who = people(
            owner={"name": data.draw(words), "leave": leave},
            second={"deputy": data.draw(st.sampled_from(["other", None]))},
        )
        systems = [
            system(f"s{n}", data.draw(st.sampled_from(["owner", "other"])), name=data.draw(words), generative=data.draw(st.booleans()))
            for n in range(data.draw(st.integers(0, 3)))
        ]  # fmt: skip
        loaded = programme(systems, who)
        with record.write() as session:
            sync(session, loaded, now=START, actor="test")
        head = _head(record)
        with record.write() as session:
            assert not sync(session, loaded, now=START, actor="test")
            assert len(session.exec(select(Leave)).all()) == len(leave)
            assert len(session.exec(select(Membership)).all()) == 3
        assert _head(record) == head
    record.close()
