"""From a folder of files to a checked programme: each file by itself, then all of them together."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from cycles.catalogue import Catalogues, load_catalogues
from cycles.errors import BadInput
from cycles.policy import Policy
from cycles.programme.entries import DocumentEntry, PersonEntry, ProgrammeEntry, SystemEntry
from cycles.programme.files import Located, Place, Problems, check, read_csv, read_yaml
from cycles.programme.panel_checks import check_panels
from cycles.programme.rhythm_checks import check_rhythm
from cycles.workdays import Calendar

Entry = TypeVar("Entry", PersonEntry, SystemEntry)
ORGANISATION = "organisation"
LISTS = ("roles", "jurisdictions")


@dataclass(frozen=True, kw_only=True)
class Programme:
    """A programme that is consistent in itself."""

    folder: Path
    head: ProgrammeEntry
    people: tuple[PersonEntry, ...]
    systems: tuple[SystemEntry, ...]
    policy: Policy
    catalogues: Catalogues

    @property
    def calendar(self) -> Calendar:
        """The workdays the programme itself reckons with: its country's, less the policy's closures."""
        return Calendar(country=self.head.country, closures=self.policy.closed_days())

    @property
    def all_systems(self) -> tuple[SystemEntry, ...]:
        """The systems, and first the organisation itself as one of them."""
        return (_organisation(self.head), *self.systems)


@dataclass
class _Reading:
    """What has been read so far, with the places needed for complaints."""

    problems: Problems
    people: dict[str, tuple[PersonEntry, str]]
    systems: dict[str, tuple[SystemEntry, str]]


def load_programme(folder: Path) -> Programme:
    """Read and check a programme folder.

    Raises:
        BadInput: with one line per complaint: file, line, what is wrong and what to do.
    """
    if not (folder / "programme.yaml").is_file():
        raise BadInput(
            f"{folder / 'programme.yaml'}:1: is not there. Run `hoshin init` or name the folder with --programme."
        )
    reading = _Reading(problems=Problems(), people={}, systems={})
    catalogues = load_catalogues(folder / "frameworks")
    head_at = read_yaml(folder / "programme.yaml")
    head = check(ProgrammeEntry, head_at, (), head_at.value, reading.problems)
    policy, policy_at = _policy(folder / "policy.yaml", reading.problems)
    _people(read_yaml(folder / "people.yaml"), reading)
    _systems(_systems_file(folder), reading)
    if head:
        _cross_check(head, head_at, catalogues, policy, reading)
        systems = {ORGANISATION, *reading.systems}
        check_rhythm(head, policy, policy_at, set(catalogues.kinds), systems, reading.problems)
        check_panels(head, head_at, policy, policy_at, set(catalogues.kinds), reading.problems)
    reading.problems.raise_if_any()
    assert head
    return Programme(
        folder=folder,
        head=head,
        people=tuple(entry for entry, _ in reading.people.values()),
        systems=tuple(entry for entry, _ in reading.systems.values()),
        policy=policy,
        catalogues=catalogues,
    )


def _organisation(head: ProgrammeEntry) -> SystemEntry:
    return SystemEntry(
        key=ORGANISATION,
        name=head.organisation.name,
        owner=head.organisation.owner,
        roles=("business-user",),
        risk_tier="limited",
        documents=head.organisation.documents,
    )


def _policy(path: Path, problems: Problems) -> tuple[Policy, Located]:
    if not path.is_file():
        return Policy(), Located(path=path, value={}, lines={})
    located = read_yaml(path)
    return check(Policy, located, (), located.value or {}, problems) or Policy(), located


def _people(at: Located, reading: _Reading) -> None:
    _entries(PersonEntry, at, "people", reading.people, reading.problems)


def _systems_file(folder: Path) -> Located:
    tables, text = folder / "systems.csv", folder / "systems.yaml"
    if tables.is_file() and text.is_file():
        raise BadInput(f"{tables}:1: stands beside {text.name}. Keep one of the two.")
    if not tables.is_file():
        return read_yaml(text)
    located = read_csv(tables)
    rows = [_row(row) for row in located.value]
    return Located(
        path=tables, value={"systems": rows}, lines={("systems", *place): n for place, n in located.lines.items()}
    )


def _row(row: dict[str, str]) -> dict[str, Any]:
    return {name: _split(cell) if name in LISTS else cell for name, cell in row.items()}


def _split(cell: str) -> list[str]:
    return [part.strip() for part in cell.split(";") if part.strip()]


def _systems(at: Located, reading: _Reading) -> None:
    _entries(SystemEntry, at, "systems", reading.systems, reading.problems)
    if ORGANISATION in reading.systems:
        reading.problems.add(reading.systems[ORGANISATION][1], f"the key '{ORGANISATION}' is reserved. Choose another.")


def _entries(
    model: type[Entry], at: Located, name: str, into: dict[str, tuple[Entry, str]], problems: Problems
) -> None:
    listed = at.value.get(name) if isinstance(at.value, dict) else None
    if not isinstance(listed, list):
        problems.add(at.where(), f"must hold a list named '{name}'.")
        return
    for extra in set(at.value) - {name}:
        problems.add(at.where((extra,)), f"'{extra}' is not a field here. Remove it or correct its spelling.")
    for index, value in enumerate(listed):
        place: Place = (name, index)
        entry = check(model, at, place, value, problems)
        if entry is None:
            continue
        if entry.key in into:
            problems.add(
                at.where(place), f"the key '{entry.key}' is already used at {into[entry.key][1]}. Keys are unique."
            )
            continue
        into[entry.key] = (entry, at.where(place))


def _cross_check(head: ProgrammeEntry, at: Located, catalogues: Catalogues, policy: Policy, reading: _Reading) -> None:
    known = set(reading.people)
    add = reading.problems.add
    named = {"leads": head.leads, "reviewers": head.reviewer_keys, "executives": head.executives}
    for field, keys in named.items():
        for index, key in enumerate(keys):
            _known(key, known, at.where((field, index)), f"{field} names", reading.problems)
    _known(head.organisation.owner, known, at.where(("organisation", "owner")), "owner names", reading.problems)
    for index, key in enumerate(head.frameworks):
        if key not in catalogues.frameworks:
            add(
                at.where(("frameworks", index)),
                f"no framework '{key}' is known: {', '.join(sorted(catalogues.frameworks))}.",
            )
    for kind in policy.validity_months:
        if kind not in catalogues.kinds:
            add(f"{at.path.with_name('policy.yaml')}:1", f"validity_months names no known evidence kind: '{kind}'.")
    for key in policy.findings.concern_readers:
        if key not in head.leads:
            where = f"{at.path.with_name('policy.yaml')}:1"
            add(where, f"findings.concern_readers names '{key}', who is no lead. Name leads of programme.yaml only.")
    _check_people(reading)
    _check_systems(head, at, catalogues, reading)


def _known(key: str | None, known: set[str], where: str, what: str, problems: Problems) -> None:
    if key is not None and key not in known:
        problems.add(where, f"{what} '{key}', who is not in people.yaml. Add the person or correct the key.")


def _check_people(reading: _Reading) -> None:
    known = set(reading.people)
    emails: dict[str, str] = {}
    for entry, where in reading.people.values():
        _known(entry.manager, known, where, "manager names", reading.problems)
        _known(entry.deputy, known, where, "deputy names", reading.problems)
        if (other := emails.setdefault(entry.email.lower(), entry.key)) != entry.key:
            reading.problems.add(
                where, f"the e-mail {entry.email} already belongs to '{other}'. Each person needs their own."
            )
    for relation in ("deputy", "manager"):
        for loop in _loops({key: getattr(entry, relation) for key, (entry, _) in reading.people.items()}):
            reading.problems.add(
                reading.people[loop[0]][1],
                f"{relation} goes round in a circle: {' → '.join([*loop, loop[0]])}. Name somebody outside it.",
            )


def _loops(next_of: dict[str, str | None]) -> list[list[str]]:
    """Each circle of a relation once, starting at its smallest key."""
    found: dict[str, list[str]] = {}
    done: set[str] = set()
    for start in next_of:
        path: list[str] = []
        here: str | None = start
        while here is not None and here not in done and here not in path:
            path.append(here)
            here = next_of.get(here)
        if here in path:
            loop = path[path.index(here) :]
            turn = loop.index(min(loop))
            found[min(loop)] = loop[turn:] + loop[:turn]
        done.update(path)
    return list(found.values())


def _check_systems(head: ProgrammeEntry, at: Located, catalogues: Catalogues, reading: _Reading) -> None:
    known = set(reading.people)
    reviewers = {reviewer.person for reviewer in head.reviewers if not reviewer.automated}
    for entry, where in (*reading.systems.values(), (_organisation(head), at.where(("organisation",)))):
        _known(entry.owner, known, where, "owner names", reading.problems)
        if not reviewers - {entry.owner}:
            reading.problems.add(where, f"'{entry.key}' has no reviewer besides its owner. Add one to programme.yaml.")
        listed = [(document.kind, document.at) for document in entry.documents]
        for index, document in enumerate(entry.documents):
            if listed.index((document.kind, document.at)) < index:
                reading.problems.add(where, f"'{document.at}' is listed twice for '{entry.key}'. Keep one of the two.")
            spot = at.where(("organisation", "documents", index)) if entry.key == ORGANISATION else where
            _check_document(document, spot, known, catalogues, reading.problems)


def _check_document(
    document: DocumentEntry, where: str, known: set[str], catalogues: Catalogues, problems: Problems
) -> None:
    if document.kind not in catalogues.kinds:
        problems.add(where, f"'{document.at}' is of no known evidence kind: '{document.kind}'.")
    if document.reviewed:
        _known(document.reviewed.by, known, where, "reviewed.by names", problems)
