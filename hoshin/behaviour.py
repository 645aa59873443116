"""How the people of an example act when its cycle plays by itself: `behaviour.yaml`, read and checked."""

import string
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from cycles.catalogue import Form
from cycles.policy import Strict
from cycles.programme.entries import Key
from cycles.programme.files import Problems, check, read_yaml
from cycles.programme.load import Programme
from hoshin.behaviour_check import Checking

FILE = "behaviour.yaml"
PLACEHOLDERS = ("system", "system_name", "kind", "kind_title", "effective", "person")

Workdays = Annotated[int, Field(ge=0, le=60)]
Hour = Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]
RequestKey = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]+/[a-z0-9-]+$")]
Answer = Literal["confirm_or_submit", "submit", "ignore"]
Language = Literal["en", "ja"]


def _placeholders(text: str) -> str:
    try:
        found = list(string.Formatter().parse(text))
    except ValueError as error:
        raise ValueError("has a brace without its partner; write {{ for a plain one") from error
    for _, name, spec, conversion in found:
        if name is not None and (name not in PLACEHOLDERS or spec or conversion):
            raise ValueError(f"fills only {', '.join('{' + known + '}' for known in PLACEHOLDERS)}")
    return text


Template = Annotated[Text, AfterValidator(_placeholders)]


class PersonActs(Strict):
    """When a person answers a request, in workdays after it reached them and local time, and how."""

    after_workdays: Workdays = 1
    hour: Hour = "10:30"
    answers: Answer = "confirm_or_submit"
    form: Form = "link"

    def form_of(self, allowed: Iterable[str]) -> str:
        """The form this person likes best, or the first the evidence kind allows."""
        forms = list(allowed)
        return self.form if self.form in forms else forms[0]


# What each special act must say beside the request, and what it may not.
_NEEDS = {"snooze": ("workdays", "then"), "ignore": (), "delegate": ("to",), "not_mine": ("reassign_to",)}
_MAY = {"snooze": ("reason",), "ignore": (), "delegate": ("note",), "not_mine": ("note",)}


class Special(Strict):
    """What happens to one request, `system/kind`, in place of what its owner would do."""

    request: RequestKey
    do: Literal["snooze", "ignore", "delegate", "not_mine"]
    workdays: Annotated[int, Field(ge=1, le=20)] | None = None
    reason: Text | None = None
    then: Answer | None = None
    to: Key | None = None
    note: Text | None = None
    reassign_to: Key | None = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        needs, allowed = _NEEDS[self.do], {*_NEEDS[self.do], *_MAY[self.do]}
        for name in ("workdays", "reason", "then", "to", "note", "reassign_to"):
            if name in needs and getattr(self, name) is None:
                raise ValueError(f"'do: {self.do}' needs '{name}'")
            if name not in allowed and getattr(self, name) is not None:
                raise ValueError(f"'{name}' has no meaning with 'do: {self.do}'")
        return self


class Return(Strict):
    """Evidence sent back once; accepted the second time."""

    request: RequestKey
    reason: Text


class ReviewerActs(Strict):
    """When a reviewer decides, in workdays after the evidence reached them and local time, and what is sent back."""

    after_workdays: Workdays = 1
    hour: Hour = "15:00"
    returns: tuple[Return, ...] = ()


class ActionActs(Strict):
    """How an improvement action is carried out (ISO/IEC 42001:2023, 10.2), in workdays after it was opened."""

    implemented_after_workdays: Workdays = 4
    correction: Text
    root_cause: Text
    corrective_action: Text


class OneAction(ActionActs):
    """The same for the action on one request."""

    request: RequestKey


class ActionsActs(Strict):
    """What is done about lapses; those in `never` are still open when the cycle closes."""

    default: ActionActs
    special: tuple[OneAction, ...] = ()
    never: tuple[RequestKey, ...] = ()


class LeadActs(Strict):
    """What the lead does. `reassigns` says who takes over the requests of somebody who has left."""

    approves_after_workdays: Workdays = 1
    hour: Hour = "09:30"
    reassigns: dict[Key, Key] = Field(default_factory=dict)


class AnswerWords(Strict):
    """What an answer says, in one language."""

    note: Template
    attestation: Template
    document: Template


class Answers(Strict):
    """What people hand in. `saved_at` is where the document of a link is saved first, below the programme folder."""

    effective_workdays_before: Workdays = 1
    saved_at: Template
    words: dict[Language, AnswerWords]

    @model_validator(mode="after")
    def _both(self) -> Self:
        if missing := {"en", "ja"} - set(self.words):
            raise ValueError(f"has no words in: {', '.join(sorted(missing))}")
        return self


class Behaviour(Strict):
    """The whole file."""

    people: dict[Key, PersonActs] = Field(default_factory=dict)
    special: tuple[Special, ...] = ()
    reviewers: dict[Key, ReviewerActs] = Field(default_factory=dict)
    actions: ActionsActs
    lead: LeadActs = Field(default_factory=LeadActs)
    answers: Answers

    def person(self, key: str) -> PersonActs:
        """How a person acts; the defaults for somebody the file does not name."""
        return self.people.get(key, PersonActs())

    def reviewer(self, key: str) -> ReviewerActs:
        return self.reviewers.get(key, ReviewerActs())

    def special_of(self, request: str) -> Special | None:
        return next((special for special in self.special if special.request == request), None)

    def return_of(self, reviewer: str, request: str) -> str | None:
        """The reason for which this reviewer sends the first evidence for a request back, if they do."""
        found = (item.reason for item in self.reviewer(reviewer).returns if item.request == request)
        return next(found, None)

    def action_of(self, request: str) -> ActionActs | None:
        """How the action on a lapse of `system/kind` is carried out; None when it stays open."""
        if request in self.actions.never:
            return None
        return next((one for one in self.actions.special if one.request == request), self.actions.default)


def load_behaviour(place: Path, programme: Programme) -> Behaviour:
    """Read a behaviour file, or the `behaviour.yaml` of a folder, and hold it against the programme.

    Raises:
        BadInput: with one line per complaint: file, line, what is wrong and what to do.
    """
    at, problems = read_yaml(place / FILE if place.is_dir() else place), Problems()
    behaviour = check(Behaviour, at, (), at.value or {}, problems)
    if behaviour:
        Checking(behaviour=behaviour, programme=programme, at=at, problems=problems).all()
    problems.raise_if_any()
    assert behaviour
    return behaviour
