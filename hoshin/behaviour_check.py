"""`behaviour.yaml` against the programme: everybody it names must be there, and every request one that is made."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cycles.catalogue import holds, rule
from cycles.programme.entries import SystemEntry
from cycles.programme.files import Located, Place, Problems
from cycles.programme.load import ORGANISATION, Programme

if TYPE_CHECKING:
    from hoshin.behaviour import Behaviour


def askable(programme: Programme) -> set[str]:
    """Every `system/kind` the programme's frameworks require, whether or not evidence is already there."""
    catalogues, found = programme.catalogues, set()
    required = {
        (needed.kind, rule(control.applies, needed.applies))
        for key in programme.head.frameworks
        for control in catalogues.frameworks[key].controls()
        for needed in control.requires
    }
    for system in programme.all_systems:
        for kind in {kind for kind, text in required if holds(text, _facets(system))}:
            if catalogues.kinds[kind].scope == "organisation":
                found.add(f"{ORGANISATION}/{kind}")
            elif system.key != ORGANISATION:
                found.add(f"{system.key}/{kind}")
    return found


def _facets(system: SystemEntry) -> dict[str, object]:
    return {
        "roles": system.roles,
        "risk_tiers": [system.risk_tier],
        "jurisdictions": system.jurisdictions,
        "generative": system.generative,
        "lifecycles": [system.lifecycle],
    }


@dataclass(frozen=True, kw_only=True)
class Checking:
    """The file against the programme; every complaint goes to `problems`."""

    behaviour: Behaviour
    programme: Programme
    at: Located
    problems: Problems

    def all(self) -> None:
        for person, place in self._people():
            self._here(person, place)
        known = askable(self.programme)
        for request, place in self._requests():
            if request not in known:
                self._say(place, f"nobody is asked for '{request}'. Name a system and an evidence kind it needs.")
        self._twice(("special",), [special.request for special in self.behaviour.special])
        self._specials()
        self._reviewers()
        self._handover()

    def _say(self, place: Place, what: str) -> None:
        self.problems.add(self.at.where(place), what)

    def _people(self) -> Iterator[tuple[str, Place]]:
        acts = self.behaviour
        yield from ((key, ("people", key)) for key in acts.people)
        yield from ((key, ("reviewers", key)) for key in acts.reviewers)
        for index, special in enumerate(acts.special):
            for name in ("to", "reassign_to"):
                if key := getattr(special, name):
                    yield key, ("special", index, name)
        yield from ((heir, ("lead", "reassigns", left)) for left, heir in acts.lead.reassigns.items())

    def _here(self, person: str, place: Place) -> None:
        entry = next((entry for entry in self.programme.people if entry.key == person), None)
        if entry is None:
            self._say(place, f"'{person}' is not in people.yaml. Add the person or correct the key.")
        elif entry.left_on:
            self._say(place, f"'{person}' left on {entry.left_on} and acts no more. Name somebody else.")

    def _requests(self) -> Iterator[tuple[str, Place]]:
        acts = self.behaviour
        yield from ((special.request, ("special", n, "request")) for n, special in enumerate(acts.special))
        yield from ((one.request, ("actions", "special", n, "request")) for n, one in enumerate(acts.actions.special))
        yield from ((request, ("actions", "never", n)) for n, request in enumerate(acts.actions.never))
        for key, reviewer in acts.reviewers.items():
            returns = enumerate(reviewer.returns)
            yield from ((item.request, ("reviewers", key, "returns", n, "request")) for n, item in returns)

    def _twice(self, place: Place, requests: list[str]) -> None:
        for index, request in enumerate(requests):
            if request in requests[:index]:
                self._say((*place, index), f"'{request}' is listed twice. Keep one.")

    def _specials(self) -> None:
        owners = {system.key: system.owner for system in self.programme.all_systems}
        longest = self.programme.policy.asking.snooze_workdays
        for index, special in enumerate(self.behaviour.special):
            if special.workdays and special.workdays > longest:
                self._say(("special", index, "workdays"), f"policy allows a snooze of {longest} workdays. Shorten it.")
            if special.to and special.to == owners.get(special.request.partition("/")[0]):
                self._say(("special", index, "to"), f"'{special.to}' owns it already. Name somebody else.")

    def _reviewers(self) -> None:
        ignored = {special.request for special in self.behaviour.special if special.do == "ignore"}
        for key, acts in self.behaviour.reviewers.items():
            place: Place = ("reviewers", key)
            if key not in self.programme.head.reviewer_keys:
                self._say(place, f"'{key}' is no reviewer. Add them to programme.yaml or remove this.")
            self._twice((*place, "returns"), [item.request for item in acts.returns])
            for index, item in enumerate(acts.returns):
                if item.request in ignored:
                    self._say((*place, "returns", index), f"'{item.request}' is ignored: there is nothing to return.")

    def _handover(self) -> None:
        gone = {entry.key for entry in self.programme.people if entry.left_on}
        for left in sorted(set(self.behaviour.lead.reassigns) - gone):
            self._say(("lead", "reassigns", left), f"'{left}' has not left: people.yaml gives no left_on. Remove this.")
