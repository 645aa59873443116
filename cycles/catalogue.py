"""Catalogues: frameworks and evidence kinds as YAML files, and the declarative rules of what applies to what."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints, field_validator, model_validator

from cycles.programme.entries import Key, Lifecycle, Role, Tier
from cycles.programme.files import Located, Problems, check, read_yaml
from cycles.strict import Day, Strict

BUILT_IN = Path(__file__).parent / "frameworks"
KINDS_FILE = "kinds.yaml"
ControlKey = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9.\-]{0,62}$")]
Form = Literal["link", "file", "attestation"]


class Words(Strict):
    """The same words in each language we speak."""

    en: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
    ja: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class Applies(Strict):
    """Whom a rule concerns: every facet named must hold, and within a facet any of its values will do."""

    roles: tuple[Role, ...] | None = None
    risk_tiers: tuple[Tier, ...] | None = None
    jurisdictions: tuple[Literal["JP", "EU", "UK", "US"], ...] | None = None
    generative: bool | None = None
    lifecycles: tuple[Lifecycle, ...] | None = None

    def condition(self) -> dict[str, Any]:
        """The facets that are named, lists sorted, so that equal rules have equal texts."""
        named = self.model_dump(exclude_none=True)
        return {name: sorted(value) if isinstance(value, (list, tuple)) else value for name, value in named.items()}


class RequiresEntry(Strict):
    """An evidence kind a control requires, of those the rule concerns."""

    kind: Key
    applies: Applies = Applies()


class ControlEntry(Strict):
    """One control of a framework file."""

    key: ControlKey
    label: str
    title: Words
    text: Words
    confidence: Literal["verified", "reported", "memory"]
    weight: int = Field(default=2, ge=1, le=3)
    applies: Applies = Applies()
    requires: tuple[RequiresEntry, ...] = Field(min_length=1)

    @field_validator("requires", mode="before")
    @classmethod
    def _short_form(cls, value: Any) -> Any:
        return (
            [{"kind": item} if isinstance(item, str) else item for item in value] if isinstance(value, list) else value
        )


class GroupEntry(Strict):
    """A heading of a framework with its controls."""

    key: ControlKey
    title: Words
    controls: tuple[ControlEntry, ...] = Field(min_length=1)


class FrameworkEntry(Strict):
    """A whole framework file."""

    key: Key
    version: str
    title: Words
    publisher: str
    published: Day
    source: str
    applies_from: Day
    superseded_by: str | None = None
    note: Words | None = None
    groups: tuple[GroupEntry, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _unique(self) -> Self:
        keys = [control.key for control in self.controls()]
        twice = sorted({key for key in keys if keys.count(key) > 1})
        if twice:
            raise ValueError(f"control keys are used twice: {', '.join(twice)}")
        return self

    def controls(self) -> list[ControlEntry]:
        return [control for group in self.groups for control in group.controls]


class KindEntry(Strict):
    """One evidence kind of kinds.yaml. Validity is in months from the effective date."""

    key: Key
    title: Words
    ask: Words
    guidance: Words
    scope: Literal["system", "organisation"]
    validity_months: int = Field(ge=1, le=120)
    validity_by_tier: dict[Tier, Annotated[int, Field(ge=1, le=120)]] = Field(default_factory=dict)
    model_version_bound: bool
    confirmable: bool
    max_confirmations: int = Field(ge=0, le=10)
    forms: tuple[Form, ...] = Field(min_length=1)
    weight: int = Field(ge=1, le=3)
    source: str


@dataclass(frozen=True, kw_only=True)
class Catalogues:
    """Every known framework by key, with the digest of its file, and every evidence kind."""

    frameworks: Mapping[str, FrameworkEntry]
    digests: Mapping[str, str]
    kinds: Mapping[str, KindEntry]
    kinds_digest: str


def load_catalogues(own: Path | None = None) -> Catalogues:
    """The built-in catalogues and those of a programme's `frameworks/` folder, which win where keys are equal.

    Raises:
        BadInput: naming file, line and remedy.
    """
    built_in = _built_in()
    if own is None or not own.is_dir():
        return built_in
    problems = Problems()
    mine = _read(own, built_in.kinds, problems)
    problems.raise_if_any()
    return Catalogues(
        frameworks={**built_in.frameworks, **mine.frameworks},
        digests={**built_in.digests, **mine.digests},
        kinds=mine.kinds,
        kinds_digest=hashlib.sha256(b"".join(_kind_texts(BUILT_IN) + _kind_texts(own))).hexdigest(),
    )


@cache
def _built_in() -> Catalogues:
    """The catalogues that come with Hoshin; a second's work, and the same for as long as the program runs."""
    problems = Problems()
    found = _read(BUILT_IN, {}, problems)
    problems.raise_if_any()
    return found


def _kind_texts(folder: Path) -> list[bytes]:
    path = folder / KINDS_FILE
    return [path.read_bytes()] if path.is_file() else []


def _read(folder: Path, known: Mapping[str, KindEntry], problems: Problems) -> Catalogues:
    """One folder's frameworks; they may require the kinds that are known and those of the folder's own file."""
    texts = _kind_texts(folder)
    kinds = {**known, **(_kinds(read_yaml(folder / KINDS_FILE), problems) if texts else {})}
    frameworks: dict[str, FrameworkEntry] = {}
    digests: dict[str, str] = {}
    for path in sorted(folder.glob("*.yaml")):
        if path.name == KINDS_FILE:
            continue
        entry = _framework(read_yaml(path), kinds, problems)
        if entry:
            frameworks[entry.key] = entry
            digests[entry.key] = hashlib.sha256(path.read_bytes()).hexdigest()
    digest = hashlib.sha256(b"".join(texts)).hexdigest()
    return Catalogues(frameworks=frameworks, digests=digests, kinds=kinds, kinds_digest=digest)


def _kinds(at: Located, problems: Problems) -> dict[str, KindEntry]:
    listed = at.value.get("kinds") if isinstance(at.value, dict) else None
    if not isinstance(listed, list):
        problems.add(at.where(), "must hold a list named 'kinds'.")
        return {}
    found: dict[str, KindEntry] = {}
    for index, value in enumerate(listed):
        entry = check(KindEntry, at, ("kinds", index), value, problems)
        if entry and entry.key in found:
            problems.add(at.where(("kinds", index)), f"the key '{entry.key}' is already used above. Keys are unique.")
        elif entry:
            found[entry.key] = entry
    return found


def _framework(at: Located, kinds: Mapping[str, KindEntry], problems: Problems) -> FrameworkEntry | None:
    entry = check(FrameworkEntry, at, (), at.value, problems)
    if entry is None:
        return None
    for group_at, group in enumerate(entry.groups):
        for control_at, control in enumerate(group.controls):
            for needs_at, needed in enumerate(control.requires):
                if needed.kind not in kinds:
                    place = ("groups", group_at, "controls", control_at, "requires", needs_at)
                    problems.add(at.where(place), f"'{needed.kind}' is no known evidence kind. Add it to {KINDS_FILE}.")
    return entry


def rule(*parts: Applies) -> str:
    """The canonical text of conditions that must all hold; `[]` always holds."""
    conditions = sorted({json.dumps(c, sort_keys=True) for part in parts if (c := part.condition())})
    return "[" + ",".join(conditions) + "]"


def holds(rule_text: str, facets: Mapping[str, Any]) -> bool:
    """Whether a rule applies to a system's facets."""
    return all(_meets(condition, facets) for condition in json.loads(rule_text))


def _meets(condition: Mapping[str, Any], facets: Mapping[str, Any]) -> bool:
    for name, wanted in condition.items():
        has = facets[name]
        if isinstance(wanted, list):
            if not set(wanted) & set(has):
                return False
        elif wanted != has:
            return False
    return True


def profile(facets: Mapping[str, Any]) -> str:
    """The canonical text of a system's facets; systems with equal profiles have equal requirements."""
    ordered = {name: sorted(value) if isinstance(value, (list, tuple)) else value for name, value in facets.items()}
    return json.dumps(ordered, sort_keys=True, separators=(",", ":"))


def applicable(profiles: Iterable[str], rules: Iterable[str]) -> list[tuple[str, str]]:
    """Every (profile, rule) that match, in a fixed order."""
    wanted = sorted(set(rules))
    facets = {text: json.loads(text) for text in sorted(set(profiles))}
    return [(text, rule_text) for text, has in facets.items() for rule_text in wanted if holds(rule_text, has)]
