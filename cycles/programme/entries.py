"""What a programme file may say: one plain model per entry, strict about every field."""

from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, field_validator, model_validator

from cycles.periods import CYCLES, MONTHS
from cycles.strict import Day, Strict
from cycles.workdays import known_country

Key = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Role = Literal["developer", "provider", "business-user"]
Tier = Literal["high", "limited", "minimal"]
Lifecycle = Literal["design", "development", "pilot", "production", "retired"]


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError("is not an IANA time zone; write one such as Asia/Tokyo") from error
    return value


def _country(value: str) -> str:
    if not known_country(value):
        raise ValueError("is not a country whose holidays are known; write its ISO code, such as JP or US-NY")
    return value


Zone = Annotated[str, AfterValidator(_zone)]
Country = Annotated[str, AfterValidator(_country)]


class LeaveEntry(Strict):
    """Days off, both ends included."""

    starts: Day = Field(alias="from")
    ends: Day = Field(alias="to")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.ends < self.starts:
            raise ValueError("the leave ends before it starts")
        return self


class PersonEntry(Strict):
    """One person of people.yaml. A `zone` or `locale` left out is the programme's until Slack says theirs."""

    key: Key
    name: Name
    email: Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$", max_length=254)]
    zone: Zone | None = None
    country: Country
    locale: Annotated[str, StringConstraints(pattern=r"^[a-z]{2}(-[A-Z]{2})?$")] | None = None
    hours: Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$")] = (
        "09:00-18:00"
    )
    manager: Key | None = None
    deputy: Key | None = None
    left_on: Day | None = None
    leave: tuple[LeaveEntry, ...] = ()

    @field_validator("hours")
    @classmethod
    def _some_hours(cls, value: str) -> str:
        starts, ends = value.split("-")
        if starts >= ends:
            raise ValueError("working hours must end later on the same day than they start")
        return value


class ReviewedEntry(Strict):
    """A review that already took place: whose, when, of which content and (unless the present one) model version."""

    on: Day
    by: Key
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    effective: Day | None = None
    model_version: Annotated[str, StringConstraints(max_length=100)] | None = None


class DocumentEntry(Strict):
    """A document to watch, and what is known of its last review."""

    kind: Key
    at: Annotated[str, StringConstraints(min_length=1, max_length=2000)]
    reviewed: ReviewedEntry | None = None


class SystemEntry(Strict):
    """One AI system of systems.yaml or systems.csv."""

    key: Key
    name: Name
    purpose: Annotated[str, StringConstraints(max_length=2000)] = ""
    owner: Key
    roles: tuple[Role, ...] = Field(min_length=1)
    risk_tier: Tier
    jurisdictions: tuple[Literal["JP", "EU", "UK", "US"], ...] = ("JP",)
    generative: bool = False
    model_version: Annotated[str, StringConstraints(max_length=100)] | None = None
    lifecycle: Lifecycle = "production"
    documents: tuple[DocumentEntry, ...] = ()


def _named_only(value: Any) -> Any:
    return {"person": value} if isinstance(value, str) else value


class ReviewerEntry(Strict):
    """A reviewer: just their key, or with the group they speak for and whether they are a program (for panels)."""

    person: Key
    group: Annotated[str, StringConstraints(strip_whitespace=True, max_length=100)] = ""
    automated: bool = False


class OrganisationEntry(Strict):
    """The organisation itself; its owner answers what concerns every system, once."""

    name: Name
    owner: Key
    documents: tuple[DocumentEntry, ...] = ()


class ProgrammeEntry(Strict):
    """programme.yaml: who we are, our calendar, and what we answer to."""

    organisation: OrganisationEntry
    zone: Zone
    country: Country
    language: Literal["en", "ja"] = "en"
    fiscal_year_starts: str = "april"
    cycle: Literal["monthly", "quarterly", "half-yearly", "yearly"] = "quarterly"
    frameworks: tuple[Key, ...] = Field(min_length=1)
    leads: tuple[Key, ...] = Field(min_length=1)
    reviewers: tuple[Annotated[ReviewerEntry, BeforeValidator(_named_only)], ...] = Field(min_length=1)
    executives: tuple[Key, ...] = ()

    @property
    def reviewer_keys(self) -> tuple[str, ...]:
        """The reviewers by key, in the order named."""
        return tuple(entry.person for entry in self.reviewers)

    @field_validator("fiscal_year_starts")
    @classmethod
    def _month(cls, value: str) -> str:
        if value not in MONTHS:
            raise ValueError("is not a month; write its English name in lower case, such as april")
        return value

    @property
    def cycle_months(self) -> int:
        """How many months a cycle lasts."""
        return CYCLES[self.cycle]
