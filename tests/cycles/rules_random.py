"""Random small programmes, and random evidence for them, as hypothesis strategies."""

from datetime import date, timedelta
from typing import Any

from hypothesis import strategies as st
from rules_house import DIGEST, House, Json, framework, people, programme, system
from sqlmodel import col, select

from cycles.models import Acceptance, Document, Evidence, EvidenceKind, Person, System, Verdict
from cycles.programme.load import Programme

KINDS: dict[str, Json] = {
    "k1": {"weight": 3, "validity_by_tier": {"high": 6}},
    "k2": {"weight": 2, "model_version_bound": True},
    "k3": {"weight": 1, "validity_months": 1},
    "k4": {"weight": 2, "scope": "organisation"},
}
FACETS = {
    "roles": ["developer", "provider", "business-user"],
    "risk_tiers": ["high", "limited", "minimal"],
    "jurisdictions": ["JP", "EU", "UK", "US"],
    "lifecycles": ["design", "pilot", "production"],
}


def some(values: list[str]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(values), min_size=1, max_size=3, unique=True)


applies = st.fixed_dictionaries(
    {}, optional={**{name: some(values) for name, values in FACETS.items()}, "generative": st.booleans()}
)
requirement = st.one_of(
    st.sampled_from(list(KINDS)), st.fixed_dictionaries({"kind": st.sampled_from(list(KINDS)), "applies": applies})
)
controls = st.lists(
    st.fixed_dictionaries({"applies": applies, "requires": st.lists(requirement, min_size=1, max_size=3)}),
    min_size=1,
    max_size=5,
).map(lambda found: [{"key": f"c{n}", **control} for n, control in enumerate(found)])
owners = st.sampled_from(["owner", "other", "boss"])


@st.composite
def programmes(draw: st.DrawFn, *, policy: Json | None = None) -> Programme:
    systems = [
        system(
            f"s{n}",
            draw(owners),
            roles=draw(some(FACETS["roles"])),
            risk_tier=draw(st.sampled_from(FACETS["risk_tiers"])),
            jurisdictions=draw(some(FACETS["jurisdictions"])),
            lifecycle=draw(st.sampled_from([*FACETS["lifecycles"], "retired"])),
            generative=draw(st.booleans()),
            model_version=draw(st.sampled_from([None, "1", "2"])),
        )
        for n in range(draw(st.integers(0, 6)))
    ]
    frameworks = {
        "alpha": framework("alpha", draw(controls)),
        "beta": framework("beta", draw(controls), applies_from=draw(st.sampled_from(["2026-12-31", "2027-01-01"]))),
        "gamma": framework("gamma", draw(controls)),
    }
    named = draw(st.sampled_from([["alpha"], ["alpha", "beta"], ["beta", "gamma"]]))
    asking = {"first_asks_per_day": draw(st.sampled_from([1, 2, 4]))}
    return programme(
        systems,
        people(),
        kinds=KINDS,
        catalogue=frameworks,
        policy=policy or {"asking": asking},
        frameworks=named,
    )


@st.composite
def proofs(draw: st.DrawFn) -> list[Json]:
    """Random evidence, documents and acceptances; systems and kinds are chosen by number, modulo what there is."""
    about = {"system": st.integers(0, 6), "kind": st.integers(0, 3)}
    near = st.integers(-200, 120)
    evidence = st.fixed_dictionaries(
        {
            "what": st.just("evidence"),
            **about,
            "effective": near,
            "lasts": st.integers(0, 250),
            "received": st.integers(-400, 100),
            "decided": st.integers(0, 20),
            "outcome": st.sampled_from([None, "accepted", "accepted", "accepted", "returned"]),
            "version": st.sampled_from([None, "1", "2", ""]),
            "sha256": st.sampled_from([None, DIGEST, "b" * 64]),
            "locator": st.sampled_from(["x", "y"]),
        }
    )
    document = st.fixed_dictionaries(
        {
            "what": st.just("document"),
            **about,
            "locator": st.sampled_from(["x", "y"]),
            "watched": st.sampled_from([True, True, False]),
            "status": st.sampled_from([None, "ok", "missing"]),
            "sha256": st.sampled_from([None, DIGEST, "b" * 64]),
        }
    )
    acceptance = st.fixed_dictionaries(
        {
            "what": st.just("acceptance"),
            **about,
            "state": st.sampled_from(["approved", "approved", "requested", "expired"]),
            "decided": near,
            "expires": near,
        }
    )
    return draw(st.lists(st.one_of(evidence, evidence, document, acceptance), max_size=14))


def insert(house: House, found: list[Json]) -> None:
    """Put random proof into a record whose programme is synced."""
    with house.record.write() as session:
        systems = session.exec(select(System).order_by(col(System.id))).all()
        kinds = session.exec(select(EvidenceKind).order_by(col(EvidenceKind.id))).all()
        who = session.exec(select(Person)).first()
        assert who
        taken = set()
        for given in found:
            system, kind = systems[given["system"] % len(systems)], kinds[given["kind"] % len(kinds)]
            pair: Any = {"system_id": system.id, "kind_id": kind.id}
            place = (system.id, kind.id, given.get("locator"))
            if given["what"] == "evidence":
                _evidence(session, house, given, pair, who.id)
            elif given["what"] == "acceptance":
                days = {name: house.now + timedelta(days=given[name]) for name in ("decided", "expires")}
                session.add(
                    Acceptance(
                        **pair,
                        requester_id=who.id,
                        reason="tests",
                        state=given["state"],
                        requested_at=days["decided"],
                        decided_at=None if given["state"] == "requested" else days["decided"],
                        expires=days["expires"].date(),
                    )
                )
            elif place not in taken:
                taken.add(place)
                names = ("locator", "watched", "status", "sha256")
                session.add(Document(**pair, **{name: given[name] for name in names}))


def _evidence(session: Any, house: House, given: Json, pair: Any, who: int) -> None:
    received = house.now + timedelta(days=given["received"])
    effective: date = (house.now + timedelta(days=given["effective"])).date()
    evidence = Evidence(
        **pair,
        form="link",
        locator=given["locator"],
        sha256=given["sha256"],
        effective=effective,
        collected_at=received,
        received_at=received,
        valid_until=effective + timedelta(days=given["lasts"]),
        model_version=given["version"],
        source="test",
        submitter_id=who,
    )
    session.add(evidence)
    session.flush()
    if given["outcome"]:
        decided = received + timedelta(days=given["decided"])
        session.add(Verdict(evidence_id=evidence.id, outcome=given["outcome"], at=decided))
