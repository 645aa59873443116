"""Every bad programme is refused with file, line and remedy, and no file can do more harm than that."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from rules_files import FILES, HEAD, PEOPLE, POLICY, SYSTEMS, line_of, write

from cycles.catalogue import KindEntry
from cycles.errors import BadInput
from cycles.policy import Policy
from cycles.programme.entries import PersonEntry, ProgrammeEntry, SystemEntry
from cycles.programme.files import Problems, check, read_csv, read_yaml
from cycles.programme.load import load_programme

Found = TypeVar("Found")
TEXTS = {"people": PEOPLE, "programme": HEAD, "policy": POLICY, "systems": SYSTEMS}

# name: (file, what stands there, what is written instead, what the message must say besides file and line)
WRONG = {
    "a wrong field": ("systems", "    risk_tier: high", "    risk_teir: high", "'risk_teir' is not a field here. Remove"),
    "a missing field": ("systems", "    risk_tier: high\n", "", "'risk_tier' is missing. Add it."),
    "a wrong value": ("systems", "risk_tier: minimal", "risk_tier: tiny", "'high', 'limited' or 'minimal'"),
    "an unknown role": ("systems", "[developer, provider]", "[developer, seller]", "'developer', 'provider'"),
    "no role": ("systems", "[developer, provider]", "[]", "at least 1 item"),
    "an unknown owner": ("systems", "    owner: owner", "    owner: nobody", "'nobody', who is not in people.yaml. Add"),
    "an unknown kind": ("systems", "kind: risk-assessment", "kind: horoscope", "no known evidence kind: 'horoscope'"),
    "an unknown judge": ("systems", "by: judge", "by: nobody", "reviewed.by names 'nobody'"),
    "a wrong digest": ("systems", "a" * 64, "abc", "sha256"),
    "a date that does not exist": ("systems", "on: 2026-06-01", "on: 2026-02-30", "2026-02-30"),
    "a number for a date": ("systems", "on: 2026-06-01", "on: 20260601", "write YYYY-MM-DD"),
    "an entry key twice": ("systems", "key: chat", "key: scoring", "'scoring' is already used at"),
    "the reserved key": ("systems", "key: chat", "key: organisation", "is reserved"),
    "a mapping key twice": ("systems", "    risk_tier: high", "    risk_tier: high\n    risk_tier: low", "says 'risk_tier' twice"),
    "a document twice": (
        "systems",
        "    documents:\n",
        "    documents:\n      - {kind: risk-assessment, at: documents/risk.md}\n",
        "is listed twice",
    ),
    "an alias": ("systems", "roles: [business-user]", "roles: *roles", "alias"),
    "a tag on a value": ("systems", "name: Chat", "name: !!python/name:os.system x", "carries the tag"),
    "a tag on a mapping": ("systems", "key: chat, name: Chat", "key: chat, name: !!set {a}", "carries the tag"),
    "a tag on a list": ("systems", "roles: [business-user]", "roles: !!omap [business-user]", "carries the tag"),
    "a merge key": ("systems", "generative: true", "<<: {generative: true}", "carries the tag"),
    "deputies in a circle": ("people", "country: US-NY, ", "country: US-NY, deputy: owner, ", "deputy goes round in a circle"),
    "managers in a circle": ("people", "country: GB}", "country: GB, manager: owner}", "manager goes round in a circle"),
    "one's own deputy": ("people", "deputy: stand-in", "deputy: owner", "deputy goes round in a circle: owner → owner"),
    "an unknown deputy": ("people", "deputy: stand-in", "deputy: nobody", "deputy names 'nobody'"),
    "a bad zone": ("people", "zone: Europe/London", "zone: Europe/Londn", "IANA time zone"),
    "a folder for a zone": ("people", "zone: Europe/London", "zone: Europe", "IANA time zone"),
    "a bad country": ("people", "country: GB", "country: XX", "ISO code"),
    "a module for a country": ("people", "country: GB", "country: registry", "ISO code"),
    "a bad part of a country": ("people", "country: US-NY", "country: US-QQ", "ISO code"),
    "a bad e-mail": ("people", "email: boss@aozora.example", "email: boss at aozora", "email"),
    "an e-mail of two": ("people", "email: boss@aozora.example", "email: OWNER@aozora.example", "already belongs to 'boss'"),
    "bad hours": ("people", "country: GB}", 'country: GB, hours: "09:00-25:00"}', "hours"),
    "hours that end first": ("people", "country: GB}", 'country: GB, hours: "18:00-09:00"}', "must end later"),
    "leave that ends first": ("people", "to: 2026-10-23", "to: 2026-10-18", "ends before it starts"),
    "leave without an end": ("people", ", to: 2026-10-23", "", "'leave.0.to' is missing"),
    "a truth value for a name": ("people", "name: Boss", "name: true", "name"),
    "an unknown framework": ("programme", "jp-art13", "jp-art14", "no framework 'jp-art14' is known"),
    "an unknown lead": ("programme", "leads: [lead]", "leads: [nobody]", "leads names 'nobody'"),
    "no lead": ("programme", "leads: [lead]", "leads: []", "at least 1 item"),
    "no other reviewer": ("programme", "[judge, boss]", "[lead]", "has no reviewer besides its owner"),
    "no such month": ("programme", "april", "aprill", "is not a month"),
    "stages in disorder": ("policy", "check: 41", "check: 5", "in the order"),
    "a closure that is none": ("policy", "12-29/01-03", "12-32/01-03", "MM-DD/MM-DD"),
    "closed all the year": ("policy", "12-29/01-03", "01-01/12-31", "clos"),
    "an unknown kind's validity": ("policy", "stages:", "validity_months: {horoscope: 3}\nstages:", "'horoscope'"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_named_with_file_line_and_remedy(name: str, tmp_path: Path) -> None:
    file, right, wrong, says = WRONG[name]
    text = TEXTS[file]
    assert right in text
    folder = write(tmp_path / "programme", **{file: text.replace(right, wrong, 1)})
    with pytest.raises(BadInput) as refused:
        load_programme(folder)
    message = str(refused.value)
    assert says in message
    assert re.search(rf"{file}\.yaml:\d+: ", message), message


@pytest.mark.parametrize(
    ("name", "at"),
    [
        ("a wrong field", "    risk_teir"),
        ("a mapping key twice", "    risk_tier: low"),
        ("a bad zone", "Europe/Londn"),
        ("a date that does not exist", "2026-02-30"),
        ("an entry key twice", "  - {key: scoring"),
        ("leave that ends first", "{from: 2026-10-19"),
        ("a tag on a value", "!!python/name"),
        ("a tag on a mapping", "!!set"),
        ("an unknown lead", "leads:"),
        ("stages in disorder", "stages:"),
    ],
)
def test_the_line_is_the_one_in_the_file(name: str, at: str, tmp_path: Path) -> None:
    file, right, wrong, _ = WRONG[name]
    text = TEXTS[file].replace(right, wrong, 1)
    folder = write(tmp_path / "programme", **{file: text})
    with pytest.raises(BadInput, match=re.escape(f"{folder / file}.yaml:{line_of(text, at)}: ")):
        load_programme(folder)


def test_one_run_names_every_complaint(tmp_path: Path) -> None:
    people = PEOPLE.replace("Europe/London", "Mars/Olympus").replace("deputy: stand-in", "deputy: nobody")
    systems = SYSTEMS.replace("risk_tier: minimal", "risk_tier: tiny")
    with pytest.raises(BadInput) as refused:
        load_programme(write(tmp_path / "p", people=people, systems=systems))
    assert len(str(refused.value).splitlines()) >= 3


def test_an_unharmed_programme_loads(tmp_path: Path) -> None:
    found = load_programme(write(tmp_path / "p"))
    assert [system.key for system in found.all_systems] == ["organisation", "scoring", "chat"]


# Files that are not what they seem -----------------------------------------------------------------------

BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{two}: &{two} [{','.join([f'*{one}'] * 9)}]\n" for one, two in zip("abcdefgh", "bcdefghi", strict=True)
)
HARMFUL = {
    "a YAML bomb": BOMB,
    "a bomb of anchors only": "systems: [&a {<<: *a}]",
    "deep nesting": "systems: " + "[" * 500 + "]" * 500,
    "very deep nesting": "[" * 100_000,
    "deep nesting in blocks": "".join(" " * n + "a:\n" for n in range(60)),
    "not UTF-8": b"systems:\n  - name: caf\xe9\n",
    "UTF-16": "systems: []".encode("utf-16"),
    "a control character": "systems: []\n# \x07\n",
    "a NUL": b"systems: []\n\x00\n",
    "an impossible character": 'systems: ["\\UFFFFFFFF"]',
    "half a character": 'systems: [{key: "\\uD800"}]',
    "two documents": "systems: []\n---\nsystems: []\n",
    "an open quote": 'systems: ["\n',
    "a number of ten thousand digits": f"systems: [{{key: {'9' * 10_000}}}]",
    "an empty number": 'systems: [{key: !!int ""}]',
    "a word for a truth value": "systems: [{key: !!bool maybe}]",
    "a number too large by its base": f"systems: [{{key: {':'.join(['59'] * 400)}.5}}]",
    "a list for a key": "? [a, b]\n: c\n",
    "a mapping for a key": "systems: [{? {a: b} : c}]",
    "only a list": "- a\n",
    "only a word": "hello\n",
    "nothing at all": "",
    "tabs": "systems:\n\t- a\n",
    "not a number": "systems: [{.nan: 1, .inf: 2}]",
    "nothing for a key": "systems: [{~: 1}]",
}


@pytest.mark.parametrize("name", HARMFUL)
def test_harmful_yaml_is_refused_quickly(name: str, tmp_path: Path) -> None:
    folder = write(tmp_path / "p", systems=HARMFUL[name])
    with pytest.raises(BadInput, match=r"systems\.yaml:\d+: "):
        load_programme(folder)


COLUMNS = "key,name,owner,roles,risk_tier\n"
BAD_TABLES = {
    "a cell too many": (COLUMNS + "a,A,owner,provider,high,more\n", 2, "number of cells"),
    "a cell too few": (COLUMNS + "a,A,owner,provider,high\nb,B,owner\n", 3, "number of cells"),
    "an open quote": (COLUMNS + 'a,"A,owner,provider,high\n', 2, "not readable as CSV"),
    "an unknown column": ("key,name,owner,roles,risk_tier,colour\na,A,owner,provider,high,red\n", 2, "'colour' is not a field"),
    "a column twice": ("key,name,owner,owner,roles,risk_tier\na,A,owner,boss,provider,high\n", 1, "'owner' twice"),
    "no header": ("", 1, "header"),
    "a wrong value": (COLUMNS + "a,A,owner,provider,high\nb,B,owner,provider,huge\n", 3, "'high', 'limited' or 'minimal'"),
    "an empty cell that is needed": (COLUMNS + "a,A,,provider,high\n", 2, "'owner' is missing"),
    "a row twice": (COLUMNS + "a,A,owner,provider,high\n" * 2, 3, "already used at"),
    "Latin-1": (COLUMNS.encode() + "a,Café,owner,provider,high\n".encode("latin-1"), 2, "UTF-8"),
    "fifty megabytes": (COLUMNS + "a,A,owner,provider,high\n" * (50 * 1024 * 1024 // 24), None, "larger than 10 MB"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD_TABLES)
def test_a_bad_table_of_systems_is_refused(name: str, tmp_path: Path) -> None:
    content, line, says = BAD_TABLES[name]
    folder = write(tmp_path / "p", systems=None, systems_csv=content)
    with pytest.raises(BadInput, match=re.escape(says)) as refused:
        load_programme(folder)
    assert f"systems.csv:{line if line else ''}" in str(refused.value)


def test_a_table_of_systems_is_read_like_yaml(tmp_path: Path) -> None:
    table = COLUMNS + '\ufeffa,"A, with ""quotes""\nand a break\u2028or two",owner,provider; developer,high\n'
    folder = write(tmp_path / "p", systems=None, systems_csv=table.replace("\ufeff", ""))
    [system] = load_programme(folder).systems
    assert system.name == 'A, with "quotes"\nand a break\u2028or two'
    assert system.roles == ("provider", "developer")
    bare = COLUMNS + "a,One\u2028cell,owner,provider,high\n"
    assert load_programme(write(tmp_path / "p", systems=None, systems_csv=bare)).systems[0].name == "One\u2028cell"


def test_two_lists_of_systems_are_one_too_many(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"systems\.csv:1: stands beside systems\.yaml\. Keep one"):
        load_programme(write(tmp_path / "p", systems_csv=COLUMNS))


@pytest.mark.parametrize("name", ["people", "programme", "systems"])
def test_a_missing_file_is_named(name: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=rf"{name}\.yaml:1: "):
        load_programme(write(tmp_path / "p", **{name: None}))


def test_an_evidence_kind_twice_is_refused(tmp_path: Path) -> None:
    folder = write(tmp_path / "p")
    (folder / "frameworks").mkdir()
    words = "{en: a, ja: あ}"
    kind = (
        f"  - {{key: own, title: {words}, ask: {words}, guidance: {words}, scope: system, validity_months: 3,\n"
        "     model_version_bound: false, confirmable: false, max_confirmations: 0, forms: [link], weight: 1, source: us}\n"
    )
    kinds = folder / "frameworks" / "kinds.yaml"
    kinds.write_text("kinds:\n" + kind, encoding="utf-8")
    assert "own" in load_programme(folder).catalogues.kinds
    kinds.write_text("kinds:\n" + kind + kind, encoding="utf-8")
    with pytest.raises(BadInput, match=r"kinds\.yaml:4: .*'own' is already used"):
        load_programme(folder)


# Whatever stands in the file ------------------------------------------------------------------------------

KEYS = sorted({word for text in TEXTS.values() for word in re.findall(r"[a-z_]+(?=:)", text)})
WORDS = [
    *re.findall(r"[\w./@:-]+", "".join(TEXTS.values())),
    "null",
    "~",
    "0x",
    "1e9999",
    "2026-13-01",
    "registry",
    "-",
]
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(WORDS),
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS) | scalars, inner, max_size=6),
    max_leaves=25,
)
yamlish = st.one_of(
    st.text(max_size=60),
    st.text(alphabet="[]{}&*!?:,-|>'\"%@` \n\t#~ab10\\UxuN._", max_size=60),
    values.map(lambda value: yaml.safe_dump(value, allow_unicode=True)),
    st.lists(st.sampled_from([*SYSTEMS.splitlines(), *PEOPLE.splitlines(), *HEAD.splitlines()]), max_size=12).map(
        "\n".join
    ),
)


def _tried(read: Callable[[], Found]) -> tuple[Found | None, str]:
    """What was read, or the message of its refusal; anything else that is raised fails the test."""
    try:
        return read(), ""
    except BadInput as refused:
        return None, str(refused)


def _only_bad_input(path: Path, text: bytes) -> None:
    path.write_bytes(text)
    located, refusal = _tried(lambda: read_yaml(path))
    if located is None:
        assert re.match(rf"{re.escape(str(path))}:\d+: .", refusal)
        return
    for model in (PersonEntry, SystemEntry, ProgrammeEntry, Policy, KindEntry):
        problems = Problems()
        if check(model, located, (), located.value, problems) is None:
            assert all(re.match(rf"{re.escape(str(path))}:\d+: .", found) for found in problems.found)
            assert problems.found


@given(yamlish.map(lambda text: text.encode("utf-8", "surrogatepass")) | st.binary(max_size=40))
@settings(max_examples=600)
def test_the_reader_raises_nothing_but_bad_input(tmp_path: Path, text: bytes) -> None:
    _only_bad_input(tmp_path / "any.yaml", text)


@given(st.dictionaries(st.sampled_from(sorted(set(PersonEntry.model_fields) | {"leave"})), values, min_size=4))
def test_no_value_of_a_person_breaks_the_check(tmp_path: Path, entry: dict[str, object]) -> None:
    right = {"key": "a", "name": "A", "email": "a@b.example", "zone": "Asia/Tokyo", "country": "JP"}
    text = yaml.safe_dump({**right, **entry}, allow_unicode=True)
    _only_bad_input(tmp_path / "any.yaml", text.encode("utf-8", "surrogatepass"))


@given(
    st.sampled_from(list(FILES)).flatmap(
        lambda name: st.tuples(st.just(name), st.integers(0, len(FILES[name])), st.integers(0, 30), st.text(max_size=6))
    )
)
@settings(max_examples=25)
def test_a_programme_hurt_anywhere_loads_or_is_bad_input(tmp_path: Path, hurt: tuple[str, int, int, str]) -> None:
    name, at, cut, put = hurt
    text = FILES[name][:at] + put + FILES[name][at + cut :]
    folder = write(tmp_path / "p", **{name.removesuffix(".yaml"): text.encode("utf-8", "surrogatepass")})
    found, refusal = _tried(lambda: load_programme(folder))
    assert found or re.search(r"\.yaml:\d+: .", refusal)


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=80) | st.text(alphabet='a,";\n\r\0\u2028', max_size=40))
def test_the_table_reader_raises_nothing_but_bad_input(tmp_path: Path, text: str) -> None:
    path = tmp_path / "any.csv"
    path.write_text(text, encoding="utf-8", newline="")
    found, refusal = _tried(lambda: read_csv(path))
    assert found or re.match(rf"{re.escape(str(path))}:\d+: .", refusal)
