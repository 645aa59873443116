"""The catalogues are data: these tests read the YAML plainly and hold it to counts, wording and kindness."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

FOLDER = Path(__file__).resolve().parents[2] / "cycles" / "frameworks"
KINDS_FILE = FOLDER / "kinds.yaml"
FRAMEWORK_FILES = sorted(p for p in FOLDER.glob("*.yaml") if p != KINDS_FILE)
ALL_FILES = [KINDS_FILE, *FRAMEWORK_FILES]

FACETS: dict[str, set[str]] = {
    "roles": {"developer", "provider", "business-user"},
    "risk_tiers": {"high", "limited", "minimal"},
    "jurisdictions": {"JP", "EU", "UK", "US"},
    "lifecycles": {"design", "development", "pilot", "production"},
}
JAPANESE = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")
FRAMEWORK_FIELDS = {
    *("key", "version", "title", "publisher", "published", "source"),
    *("applies_from", "superseded_by", "note", "groups"),
}
CONTROL_FIELDS = {"key", "label", "title", "text", "confidence", "weight", "requires"}
KIND_FIELDS = {
    *("key", "title", "ask", "guidance", "scope", "validity_months", "model_version_bound"),
    *("confirmable", "max_confirmations", "forms", "weight", "source"),
}

Entry = dict[str, Any]


def read(path: Path) -> Entry:
    loaded: Entry = yaml.safe_load(path.read_text(encoding="utf-8"))
    return loaded


FRAMEWORKS: dict[str, Entry] = {p.stem: read(p) for p in FRAMEWORK_FILES}
KINDS: list[Entry] = read(KINDS_FILE)["kinds"]
KIND: dict[str, Entry] = {k["key"]: k for k in KINDS}


def controls_of(framework: Entry, group: str = "") -> list[Entry]:
    return [c for g in framework["groups"] if g["key"].startswith(group) for c in g["controls"]]


CONTROLS = [(key, c) for key, f in FRAMEWORKS.items() for c in controls_of(f)]
CONTROL_IDS = [f"{key}:{c['key']}" for key, c in CONTROLS]


def requirements(control: Entry) -> list[tuple[str, Entry]]:
    return [(r, {}) if isinstance(r, str) else (r["kind"], r["applies"]) for r in control["requires"]]


def matches(applies: Entry, system: Entry) -> bool:
    """Every named facet must match; within a facet any value does."""
    return all(_facet_matches(facet, wanted, system[facet]) for facet, wanted in applies.items())


def _facet_matches(facet: str, wanted: Any, has: Any) -> bool:
    return wanted == has if facet == "generative" else not set(wanted).isdisjoint(has)


def asked(system: Entry, scope: str) -> set[str]:
    return {
        kind
        for _, c in CONTROLS
        if matches(c.get("applies", {}), system)
        for kind, applies in requirements(c)
        if matches(applies, system) and KIND[kind]["scope"] == scope
    }


def profile(role: str, tier: str, *, stage: str = "production", generative: bool = False, at: str = "JP") -> Entry:
    return {
        "roles": [role],
        "risk_tiers": [tier],
        "jurisdictions": [at],
        "generative": generative,
        "lifecycles": [stage],
    }


# --- the files themselves ---------------------------------------------------------------------------


def test_the_four_catalogues_are_here() -> None:
    assert set(FRAMEWORKS) == {"nist-ai-rmf", "jp-ai-promotion-act", "jp-art13", "jp-aigb"}


@pytest.mark.parametrize("path", ALL_FILES, ids=lambda p: p.stem)
def test_files_are_plain_yaml_with_short_lines(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.endswith("\n")
    assert "\t" not in text
    too_long = [n for n, line in enumerate(text.splitlines(), 1) if len(line) > 160]
    assert not too_long, f"{path.name}: lines {too_long} are longer than 160 characters"
    fancy = (yaml.AnchorToken, yaml.AliasToken, yaml.TagToken)
    assert not [t for t in yaml.scan(text) if isinstance(t, fancy)]


def _repeated_keys(node: yaml.Node) -> list[str]:
    if isinstance(node, yaml.SequenceNode):
        return [k for child in node.value for k in _repeated_keys(child)]
    if not isinstance(node, yaml.MappingNode):
        return []
    counted = Counter(key.value for key, _ in node.value)
    inside = [k for _, child in node.value for k in _repeated_keys(child)]
    return inside + [k for k, n in counted.items() if n > 1]


@pytest.mark.parametrize("path", ALL_FILES, ids=lambda p: p.stem)
def test_no_mapping_repeats_a_key(path: Path) -> None:
    node = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    assert node is not None
    assert _repeated_keys(node) == []


# --- frameworks -------------------------------------------------------------------------------------


@pytest.mark.parametrize("stem", FRAMEWORKS)
def test_framework_header(stem: str) -> None:
    framework = FRAMEWORKS[stem]
    assert set(framework) == FRAMEWORK_FIELDS
    assert framework["key"] == stem
    assert isinstance(framework["version"], str)
    assert isinstance(framework["published"], date)
    assert framework["published"] <= framework["applies_from"]
    assert framework["superseded_by"] in {None, *FRAMEWORKS} - {stem}


@pytest.mark.parametrize("stem", FRAMEWORKS)
def test_keys_and_labels_are_unique_within_a_framework(stem: str) -> None:
    groups, controls = FRAMEWORKS[stem]["groups"], controls_of(FRAMEWORKS[stem])
    for values in ([g["key"] for g in groups], [c["key"] for c in controls], [c["label"] for c in controls]):
        assert [v for v, n in Counter(values).items() if n > 1] == []
    assert all(re.fullmatch(r"[A-Za-z0-9.\-]+", v["key"]) for v in [*groups, *controls])
    assert all(g["controls"] for g in groups)


NIST_CATEGORIES = {
    "GOVERN": [7, 3, 2, 3, 2, 2],
    "MAP": [6, 3, 5, 2, 2],
    "MEASURE": [3, 13, 3, 3],
    "MANAGE": [4, 4, 2, 3],
}


def test_nist_has_every_subcategory_once_and_in_order() -> None:
    expected = [
        (f"{function}-{i}", [f"{function}-{i}.{j}" for j in range(1, n + 1)])
        for function, sizes in NIST_CATEGORIES.items()
        for i, n in enumerate(sizes, 1)
    ]
    groups = FRAMEWORKS["nist-ai-rmf"]["groups"]
    assert [(g["key"], [c["key"] for c in g["controls"]]) for g in groups] == expected
    assert len(expected) == 19
    assert sum(len(keys) for _, keys in expected) == 72


def test_nist_labels_are_written_as_nist_writes_them() -> None:
    for control in controls_of(FRAMEWORKS["nist-ai-rmf"]):
        assert control["label"] == control["key"].replace("-", " ")


@pytest.mark.parametrize(("function", "count"), [("GOVERN", 19), ("MAP", 18), ("MEASURE", 22), ("MANAGE", 13)])
def test_nist_counts_by_function(function: str, count: int) -> None:
    assert len(controls_of(FRAMEWORKS["nist-ai-rmf"], f"{function}-")) == count


def test_guidelines_for_business_counts() -> None:
    groups = {g["key"]: g["controls"] for g in FRAMEWORKS["jp-aigb"]["groups"]}
    principles = {key: len(c) for key, c in groups.items() if key.startswith("C-")}
    assert principles == {f"C-{i}": n for i, n in enumerate([6, 3, 2, 1, 2, 4, 6, 3, 1, 3], 1)}
    assert sum(principles.values()) == 31
    roman = ["I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII"]
    assert [c["key"] for c in groups["2D"]] == [f"2D-{n}" for n in roman]
    assert (len(groups["D"]), len(groups["P"]), len(groups["U"])) == (12, 11, 7)
    targets = ["1-1", "1-2", "1-3", "2-1", "3-1", "3-2", "3-3", "3-4", "4-1", "4-2", "4-3", "5-1", "5-2", "6-1"]
    assert [c["key"] for c in groups["E"]] == [f"E-{n}" for n in targets]


ITEMS = {
    "D": "2.i 2.ii 2.iii 3.i 3.ii 5.i 5.ii 6.i 6.ii 7.i 7.ii 10.i",
    "P": "2.i 2.ii 3.i 4.i 4.ii 5.i 5.ii 6.i 6.ii 7.i 7.ii",
    "U": "2.i 3.i 4.i 5.i 6.i 7.i 7.ii",
}


@pytest.mark.parametrize(("part", "role"), [("D", "developer"), ("P", "provider"), ("U", "business-user")])
def test_items_by_role_have_their_ids_and_concern_that_role_alone(part: str, role: str) -> None:
    groups = {g["key"]: g["controls"] for g in FRAMEWORKS["jp-aigb"]["groups"]}
    assert [c["key"] for c in groups[part]] == [f"{part}-{i}" for i in ITEMS[part].split()]
    assert all(c["applies"]["roles"] == [role] for c in groups[part])


def test_advanced_principles_concern_generative_developers() -> None:
    for control in controls_of(FRAMEWORKS["jp-aigb"], "2D"):
        assert control["applies"]["roles"] == ["developer"]
        assert control["applies"]["generative"] is True


def test_art13_has_five_elements_and_the_act_its_articles() -> None:
    assert [c["key"] for c in controls_of(FRAMEWORKS["jp-art13"])] == [f"ART13-{i}" for i in range(1, 6)]
    act = FRAMEWORKS["jp-ai-promotion-act"]
    assert [(g["key"], len(g["controls"])) for g in act["groups"]] == [("ART-3", 5), ("ART-7", 2), ("ART-16", 1)]


@pytest.mark.parametrize("stem", [s for s in FRAMEWORKS if s.startswith("jp-")])
def test_japanese_frameworks_concern_japan_only(stem: str) -> None:
    assert all(c["applies"]["jurisdictions"] == ["JP"] for c in controls_of(FRAMEWORKS[stem]))


@pytest.mark.parametrize(
    ("stem", "dates"),
    [
        ("nist-ai-rmf", ("2023-01-26", "2023-01-26")),
        ("jp-ai-promotion-act", ("2025-06-04", "2025-09-01")),
        ("jp-art13", ("2025-12-19", "2025-12-19")),
        ("jp-aigb", ("2026-03-31", "2026-03-31")),
    ],
)
def test_dates(stem: str, dates: tuple[str, str]) -> None:
    framework = FRAMEWORKS[stem]
    assert (str(framework["published"]), str(framework["applies_from"])) == dates


# --- controls ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("control", [c for _, c in CONTROLS], ids=CONTROL_IDS)
def test_control_is_complete(control: Entry) -> None:
    assert set(control) - {"applies"} == CONTROL_FIELDS
    assert control["confidence"] in {"verified", "reported", "memory"}
    assert control["weight"] in {1, 2, 3}
    kinds = [kind for kind, _ in requirements(control)]
    assert kinds
    assert len(kinds) == len(set(kinds)), "a kind is required twice: merge the two entries"
    assert set(kinds) <= set(KIND)


def _narrower(own: Entry, outer: Entry) -> bool:
    """True when some system that `outer` admits is shut out by `own`."""
    return any(facet not in outer or not _covers(wanted, outer[facet]) for facet, wanted in own.items())


def _covers(wanted: Any, outer: Any) -> bool:
    return wanted == outer if isinstance(wanted, bool) else set(outer) <= set(wanted)


@pytest.mark.parametrize("control", [c for _, c in CONTROLS], ids=CONTROL_IDS)
def test_an_applicable_control_always_asks_for_something(control: Entry) -> None:
    outer = control.get("applies", {})
    always = [kind for kind, own in requirements(control) if not _narrower(own, outer)]
    assert always, "no requirement applies whenever the control does: name one kind without `applies`"


@pytest.mark.parametrize("control", [c for _, c in CONTROLS], ids=CONTROL_IDS)
def test_applicability_is_legal(control: Entry) -> None:
    for applies in [control.get("applies"), *(r["applies"] for r in control["requires"] if isinstance(r, dict))]:
        if applies is None:
            continue
        assert applies, "leave `applies` out when it narrows nothing"
        for facet, wanted in applies.items():
            if facet == "generative":
                assert isinstance(wanted, bool)
            else:
                assert wanted
                assert set(wanted) <= FACETS[facet]


@pytest.mark.parametrize("control", [c for _, c in CONTROLS], ids=CONTROL_IDS)
def test_a_requirement_can_be_met_by_some_system_of_its_control(control: Entry) -> None:
    outer = control.get("applies", {})
    for kind, own in requirements(control):
        for facet in own.keys() & outer.keys() - {"generative"}:
            assert set(own[facet]) & set(outer[facet]), f"{kind} can never be asked here"


# --- kinds ------------------------------------------------------------------------------------------


def test_kinds_are_few_unique_and_all_used() -> None:
    assert 20 <= len(KINDS) <= 26
    assert len(KIND) == len(KINDS)
    used = {kind for _, c in CONTROLS for kind, _ in requirements(c)}
    assert used == set(KIND)


@pytest.mark.parametrize("kind", KINDS, ids=lambda k: k["key"])
def test_kind_is_complete(kind: Entry) -> None:
    assert set(kind) - {"validity_by_tier"} == KIND_FIELDS
    assert re.fullmatch(r"[a-z0-9-]+", kind["key"])
    assert kind["scope"] in {"system", "organisation"}
    assert kind["weight"] in {1, 2, 3}
    assert 1 <= kind["validity_months"] <= 12
    assert kind["forms"]
    assert set(kind["forms"]) <= {"link", "file", "attestation"}
    assert kind["source"].strip()


@pytest.mark.parametrize("kind", KINDS, ids=lambda k: k["key"])
def test_validity_by_tier_only_shortens(kind: Entry) -> None:
    tiers = kind.get("validity_by_tier", {})
    assert set(tiers) <= FACETS["risk_tiers"]
    assert all(1 <= months < kind["validity_months"] for months in tiers.values())
    assert not (tiers and kind["scope"] == "organisation"), "an organisation has no risk tier"


@pytest.mark.parametrize("kind", KINDS, ids=lambda k: k["key"])
def test_confirmations_make_sense(kind: Entry) -> None:
    assert (kind["max_confirmations"] > 0) == kind["confirmable"]
    if kind["model_version_bound"]:
        assert not kind["confirmable"], "a new model version needs new evidence, not a confirmation"
        assert kind["scope"] == "system"


@pytest.mark.parametrize(
    ("key", "months", "by_tier", "bound"),
    [
        ("ai-policy", 12, {}, False),
        ("human-oversight", 12, {}, False),
        ("data-governance-policy", 12, {}, False),
        ("inventory-attestation", 3, {}, False),
        ("risk-assessment", 12, {"high": 6}, False),
        ("impact-assessment", 12, {}, True),
        ("bias-test", 6, {}, True),
        ("robustness-test", 6, {}, True),
        ("model-card", 12, {}, True),
        ("transparency-notice", 12, {}, False),
        ("training-record", 12, {}, False),
        ("operation-log-sample", 6, {"high": 3}, False),
        ("supplier-assurance", 12, {}, False),
        ("security-test", 12, {}, False),
        ("whistleblower-channel", 12, {}, False),
        ("roles-appointment", 12, {}, False),
    ],
)
def test_default_validity(key: str, months: int, by_tier: dict[str, int], bound: bool) -> None:
    kind = KIND[key]
    assert (kind["validity_months"], kind.get("validity_by_tier", {})) == (months, by_tier)
    assert kind["model_version_bound"] is bound


# --- words ------------------------------------------------------------------------------------------


def _texts() -> list[tuple[str, str, Entry]]:
    """(where, field, {en, ja}) for every text of every file."""
    found = [(f"kinds:{k['key']}", field, k[field]) for k in KINDS for field in ("title", "ask", "guidance")]
    for key, framework in FRAMEWORKS.items():
        found += [(key, field, framework[field]) for field in ("title", "note")]
        found += [(f"{key}:{g['key']}", "title", g["title"]) for g in framework["groups"]]
        found += [(f"{key}:{c['key']}", f, c[f]) for c in controls_of(framework) for f in ("title", "text")]
    return found


LENGTH = {"title": (80, 60), "text": (220, 110), "ask": (120, 80), "guidance": (420, 200), "note": (700, 400)}


@pytest.mark.parametrize("field", LENGTH)
def test_both_languages_are_there_and_short_enough(field: str) -> None:
    most_en, most_ja = LENGTH[field]
    for where, name, pair in _texts():
        if name != field:
            continue
        assert set(pair) == {"en", "ja"}, where
        assert 2 <= len(pair["en"]) <= most_en, f"{where}: {field}.en has {len(pair['en'])} characters"
        assert 2 <= len(pair["ja"]) <= most_ja, f"{where}: {field}.ja has {len(pair['ja'])} characters"
        assert JAPANESE.search(pair["ja"]), f"{where}: {field}.ja holds no Japanese"
        assert not JAPANESE.search(pair["en"]), f"{where}: {field}.en holds Japanese"
        assert pair["en"] == " ".join(pair["en"].split()), f"{where}: {field}.en has stray spaces"
        assert pair["ja"] == pair["ja"].strip(), f"{where}: {field}.ja has stray spaces"


def test_titles_are_noun_phrases_without_a_full_stop() -> None:
    for where, field, pair in _texts():
        if field == "title":
            assert not pair["en"].endswith("."), where
            assert "。" not in pair["ja"], where


def test_japanese_keeps_one_register_per_field() -> None:
    for where, field, pair in _texts():
        sentences = [s for s in re.split(r"。(?!」)", pair["ja"]) if s]
        polite = [s for s in sentences if re.search(r"(です|ます|ません|ください)$", s)]
        if field in {"ask", "guidance"}:
            assert polite == sentences, f"{where}: {field}.ja mixes registers"
        elif field in {"text", "note"}:
            assert not polite, f"{where}: {field}.ja mixes registers"
        if field != "title":
            assert pair["ja"].endswith("。"), where


def test_an_ask_is_one_sentence() -> None:
    for kind in KINDS:
        assert len(re.findall(r"[.?!](?:\s|$)", kind["ask"]["en"])) == 1, kind["key"]


def test_japanese_uses_full_width_brackets() -> None:
    for where, field, pair in _texts():
        assert not set("()") & set(pair["ja"]), f"{where}: {field}.ja"


# --- kindness ---------------------------------------------------------------------------------------

PROFILES = [
    ("high-risk generative developer", profile("developer", "high", generative=True), 8, 14),
    ("high-risk developer", profile("developer", "high"), 8, 14),
    ("high-risk provider", profile("provider", "high"), 8, 14),
    ("limited-risk generative provider", profile("provider", "limited", generative=True), 8, 14),
    ("high-risk provider outside Japan", profile("provider", "high", at="UK"), 8, 14),
    ("high-risk business user", profile("business-user", "high"), 5, 8),
    ("limited-risk business user", profile("business-user", "limited"), 4, 6),
    ("minimal-risk business user", profile("business-user", "minimal"), 3, 5),
    ("minimal-risk generative business user", profile("business-user", "minimal", generative=True), 3, 5),
    ("minimal-risk business user in New York", profile("business-user", "minimal", at="US"), 3, 5),
]


@pytest.mark.parametrize(("name", "system", "least", "most"), PROFILES, ids=[p[0] for p in PROFILES])
def test_owners_are_asked_for_a_bearable_number_of_things(name: str, system: Entry, least: int, most: int) -> None:
    kinds = asked(system, "system")
    assert least <= len(kinds) <= most, f"{name} is asked for {len(kinds)} kinds: {sorted(kinds)}"


def _submissions_a_year(system: Entry) -> float:
    def months(kind: Entry) -> float:
        by_tier = kind.get("validity_by_tier", {})
        return min(float(by_tier.get(t, kind["validity_months"])) for t in system["risk_tiers"])

    return sum(12 / months(KIND[key]) for key in asked(system, "system"))


@pytest.mark.parametrize(
    ("system", "most"),
    [
        (profile("developer", "high", generative=True), 20),
        (profile("provider", "limited"), 14),
        (profile("business-user", "minimal"), 5),
    ],
    ids=["high-risk developer", "limited-risk provider", "minimal-risk business user"],
)
def test_submissions_a_year_are_bounded(system: Entry, most: int) -> None:
    assert _submissions_a_year(system) <= most


def test_systems_not_yet_in_use_are_not_asked_about_operation() -> None:
    in_use = {"operation-log-sample", "monitoring-report", "use-review"}
    for role in FACETS["roles"]:
        for stage in ("design", "development"):
            assert not in_use & asked(profile(role, "high", stage=stage), "system")
    assert in_use - {"use-review"} <= asked(profile("developer", "high"), "system")


def test_a_higher_tier_is_never_asked_for_less() -> None:
    for role in FACETS["roles"]:
        minimal, limited, high = (asked(profile(role, t), "system") for t in ("minimal", "limited", "high"))
        assert minimal <= limited <= high


def test_organisation_kinds_are_asked_whatever_the_system() -> None:
    expected = {k["key"] for k in KINDS if k["scope"] == "organisation"}
    for role in FACETS["roles"]:
        assert asked(profile(role, "high"), "organisation") == expected
