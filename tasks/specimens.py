"""One specimen of every message and form in a language, made of plain words: enough to see whether a template renders.

Briefs and forms are filled by the types of what they need, so a new one has its specimen at once. What is optional is left
out; the tests of `tasks.messages` try every shape, this tries every template, a programme's own among them.
"""

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields, is_dataclass
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from cycles.briefs import ActionBrief, DisputeBrief, EffectivenessBrief, Item, PanelBrief, Reader, ReviewBrief
from cycles.desk_briefs import Sheet, Told
from cycles.glance import Glance
from cycles.report import ActionReport, RequestReport, SystemReport
from tasks import modals, reports
from tasks.home import home
from tasks.messages import MESSAGES

Payload = dict[str, Any]
LANGUAGES = ("en", "ja")
NOW = datetime(2026, 10, 13, 0, 5, tzinfo=UTC)
WORDS = {"en": "Claims Triage", "ja": "保険金請求トリアージ"}
# Where not any word will do: the names that templates choose their sentences by.
NAMES: Mapping[str, str] = {
    "claim": "not_mine",
    "form": "link",
    "kind": "risk-assessment",
    "locator": "https://example.com/evidence",
    "reason": "missing",
    "role": "lead",
    "severity": "high",
    "sha256": "a" * 64,
    "state": "asked",
    "verb": "submitted",
}
# One paper of each look.
ON_THE_DESK: Mapping[str, type[Told]] = {
    "open": Item,
    "offered": Item,
    "decide": DisputeBrief,
    "review": ReviewBrief,
    "panel": PanelBrief,
    "action": ActionBrief,
    "judge": EffectivenessBrief,
}
# By brief, where the same name means something else.
OWN_NAMES: Mapping[tuple[str, str], str] = {
    ("AcceptanceBrief", "role"): "approver",
    ("AcceptanceBrief", "state"): "requested",
    ("ActionBrief", "role"): "owner",
    ("ActionBrief", "state"): "open",
    ("ActionLine", "state"): "open",
    ("ChaseLine", "message"): "reminder",
    ("ExecutiveBrief", "stage"): "do",
    ("FindingBrief", "state"): "reported",
    ("Glance", "stage"): "do",
    ("PanelBrief", "role"): "member",
    ("StageRing", "stage"): "do",
}
BUILDERS = tuple(name for name in modals.__all__ if name not in ("WrongAnswers", "read_values"))


@dataclass(frozen=True, kw_only=True)
class Specimen:
    """One message or form. `surface` is `message` or `view`; `render` raises BadInput for a bad own template."""

    name: str
    surface: str
    render: Callable[[], Payload]


def specimens(locale: str, *, templates: Path | None = None) -> Iterator[Specimen]:
    """Every message, every form, every answer of a command and the home; nothing is rendered before it is asked for."""
    filled = _Filled(locale)
    for name, message in MESSAGES.items():
        render = partial(message, filled.made(message.brief), templates=templates)
        yield Specimen(name=name, surface="message", render=render)
    for name in BUILDERS:
        build = getattr(modals, name)
        yield Specimen(
            name=f"form {name}", surface="view", render=partial(build, **filled.arguments(build), templates=templates)
        )
    reader = filled.made(Reader)
    whole = partial(reports.status, reader, filled.made(Glance), dashboard="https://example.com", templates=templates)
    yield Specimen(name="answer status", surface="message", render=whole)
    for known in (RequestReport, ActionReport, SystemReport):
        told = partial(reports.report, reader, filled.made(known), templates=templates)
        yield Specimen(name=f"answer {known.__name__}", surface="message", render=told)
    shown = partial(
        home,
        reader,
        [Sheet(section=section, number=1, told=filled.made(brief)) for section, brief in ON_THE_DESK.items()],
        glance=filled.made(Glance),
        templates=templates,
    )
    yield Specimen(name="home", surface="view", render=shown)


class _Filled:
    """Makes values of a type, in one language."""

    def __init__(self, locale: str) -> None:
        self.locale = locale

    def made(self, kind: type) -> Any:
        """A brief, or a part of one, with all it must have."""
        if kind is Reader:
            return Reader(person_id=1, name=WORDS[self.locale], locale=self.locale, zone="Asia/Tokyo", slack_id="U1")
        hints = get_type_hints(kind)
        needed = [row.name for row in fields(kind) if row.default is MISSING and row.default_factory is MISSING]
        return kind(**{name: self.value(hints[name], name, kind.__name__) for name in needed})

    def arguments(self, build: Any) -> dict[str, Any]:
        """What a form's builder needs."""
        hints, taken = get_type_hints(build), inspect.signature(build).parameters.values()
        return {row.name: self.value(hints[row.name], row.name, "") for row in taken if row.default is row.empty}

    def value(self, hint: Any, name: str, of: str) -> Any:
        origin, inner = get_origin(hint), get_args(hint)
        if origin in (Union, UnionType):
            return self.value(next(one for one in inner if one is not NoneType), name, of)
        if origin is Mapping or hint is Mapping:
            return dict(WORDS)
        if origin is tuple and inner[-1:] != (...,):
            return tuple(self.value(one, name, of) for one in inner)
        if origin in (tuple, Sequence):
            return (self.value(inner[0], "form" if name == "forms" else name, of),)
        return self.made(hint) if isinstance(hint, type) and is_dataclass(hint) else self._plain(hint, name, of)

    def _plain(self, hint: type, name: str, of: str) -> Any:
        if hint is str:
            return OWN_NAMES.get((of, name)) or NAMES.get(name) or WORDS[self.locale]
        return {bool: True, int: 3, float: 0.9, date: NOW.date(), datetime: NOW}[hint]
