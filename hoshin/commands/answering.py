"""`hoshin answer`: what people answer in Slack, for those who are at a terminal."""

import mimetypes
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from functools import cache, partial
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from hoshin.console import AsJson, AsOf, DryRun, print_json

# R for a request, E for evidence, A for an action; and its number.
Subject = tuple[str, int]
OBJECTIONS = ("not_mine", "not_applicable", "cannot_provide", "keep_asking")
ANSWERS = (
    "still_true", "link", "file", "attest", "snooze", "delegate", *OBJECTIONS, "reassign", "excuse", "accept",
)  # fmt: skip
# Nothing was changed: as for one subject alone. Some recorded, some not: a script must see the difference.
NONE_RECORDED, SOME_REFUSED = 2, 1


def register(app: typer.Typer) -> None:
    app.command(
        "answer",
        epilog="Example: `hoshin answer 12 --as sato --link https://wiki.example.com/ra`, or `hoshin answer 12 14 15 --as sato --still-true`",
    )(answer)


def answer(
    subjects: Annotated[
        list[str], typer.Argument(metavar="ID", help="A request (12), evidence (E-5) or action (A-3), or several.")
    ],
    person: Annotated[str, typer.Option("--as", metavar="PERSON", help="Who answers (their key in people.yaml).")],
    still_true: Annotated[bool, typer.Option("--still-true", help="The last evidence is unchanged.")] = False,
    link: Annotated[str | None, typer.Option(help="Evidence: an http(s) link or a watched document.")] = None,
    file: Annotated[Path | None, typer.Option(help="Evidence: a file, kept by its digest.")] = None,
    attest: Annotated[str | None, typer.Option(metavar="TEXT", help="Evidence: a signed statement.")] = None,
    effective: Annotated[
        str | None, typer.Option(metavar="DATE", help="The date the evidence is of; default today.")
    ] = None,
    note: Annotated[str, typer.Option(help="A note or reason.")] = "",
    snooze: Annotated[str | None, typer.Option(metavar="DATE", help="Ask again on this day (with --note).")] = None,
    delegate: Annotated[str | None, typer.Option(metavar="PERSON", help="Offer it to somebody else.")] = None,
    not_mine: Annotated[bool, typer.Option("--not-mine", help="Somebody else is responsible (with --note).")] = False,
    not_applicable: Annotated[
        bool, typer.Option("--not-applicable", help="It does not apply; the lead decides (with --note).")
    ] = False,
    cannot_provide: Annotated[
        bool, typer.Option("--cannot-provide", help="There is none: opens an improvement action (with --note).")
    ] = False,
    reassign: Annotated[
        str | None, typer.Option(metavar="PERSON", help="Lead or manager: give it to this person.")
    ] = None,
    excuse: Annotated[bool, typer.Option("--excuse", help="Lead: does not apply (with --note).")] = False,
    keep_asking: Annotated[
        bool, typer.Option("--keep-asking", help="Lead: it is theirs and applies; ask them again (with --note).")
    ] = False,
    accept: Annotated[bool, typer.Option("--accept", help="Evidence or offer: accept. Action: it worked.")] = False,
    give_back: Annotated[
        bool, typer.Option("--return", help="Evidence: return (with --note). Action: it did not.")
    ] = False,
    recuse: Annotated[bool, typer.Option("--recuse", help="Evidence: leave it to another reviewer.")] = False,
    abstain: Annotated[bool, typer.Option("--abstain", help="Evidence before a panel: vote for neither side.")] = False,
    implemented: Annotated[bool, typer.Option("--implemented", help="Action: done (with --note).")] = False,
    root_cause: Annotated[str, typer.Option("--root-cause", help="Action: why it had happened.")] = "",
    corrective: Annotated[str, typer.Option("--corrective", help="Action: what keeps it from happening again.")] = "",
    as_of: AsOf = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Answer a request, judge evidence, or report on an action; of several each by itself, and what cannot be is named."""
    said = dict(locals())
    wanted = list(dict.fromkeys(map(subject_of, subjects)))
    from cycles.batch import MOST
    from cycles.errors import BadInput
    from flows.work import person_named
    from hoshin.opening import opened

    if len(wanted) > MOST:
        raise BadInput(f"{len(wanted)} are more than {MOST}. Answer them in several goes.")
    with opened(as_of=as_of, copy=dry_run) as house, _counted(house, wanted), house.record.write() as session:
        # Lazily, because a file is kept only for a request, and once for all of them.
        offered = cache(lambda: _offered(house, person_named(session, person), said))
        refusals = _carry_out(house, session, wanted, said, offered)
    _say(wanted, refusals, dry_run, as_json)
    if refusals:
        raise typer.Exit(NONE_RECORDED if len(refusals) == len(wanted) else SOME_REFUSED)


def _say(wanted: list[Subject], refusals: dict[Subject, Any], dry_run: bool, as_json: bool) -> None:
    if as_json:
        rows = [(subject, refusals.get(subject)) for subject in wanted]
        told = [
            {"subject": _named(one), "recorded": no is None, "reason": no and no.reason, "message": no and str(no)}
            for one, no in rows
        ]
        print_json({"dry_run": dry_run, "answers": told})
        return
    recorded = "would be recorded." if dry_run else "recorded."
    for subject in wanted:
        refused = refusals.get(subject)
        print(f"{_named(subject)}: {f'not recorded. {refused}' if refused else recorded}")


def _carry_out(
    house: Any, session: Any, wanted: list[Subject], said: dict[str, Any], offered: Callable[[], Any]
) -> dict[Subject, Any]:
    """Each by itself; gives what was refused, and why.

    Raises:
        Refused: when it was the only one.
    """
    from cycles.batch import attempt
    from cycles.permits import Act
    from flows.work import person_named

    act, refusals = Act(session, person_named(session, said["person"]), house.now()), {}
    for subject in wanted:
        refused = attempt(session, partial(_deed, act, subject, said, offered))
        if refused and len(wanted) == 1:
            raise refused
        if refused:
            refusals[subject] = refused
    return refusals


def _deed(act: Any, subject: Subject, said: dict[str, Any], offered: Callable[[], Any]) -> None:
    """One thing that is said about one subject."""
    from cycles import decisions
    from cycles.errors import BadInput

    kind, number = subject
    note = said["note"]
    if kind == "E":
        decisions.review(act, number, _vote(said), note)
    elif kind == "A" and said["implemented"]:
        done = {"root_cause": said["root_cause"], "corrective_action": said["corrective"]}
        decisions.implemented(act, number, correction=note, **done)
    elif kind == "A":
        if said["accept"] == said["give_back"]:
            raise BadInput("Say --implemented, or --accept (it worked), or --return (it did not).")
        decisions.judge_action(act, number, worked=said["accept"], note=note)
    else:
        _answer(act, number, said, offered)


def _answer(act: Any, number: int, said: dict[str, Any], offered: Callable[[], Any]) -> None:
    from cycles import answers, decisions, objections
    from cycles.errors import BadInput
    from flows.work import person_named

    given = [f"--{name.replace('_', '-')}" for name in ANSWERS if said[name]]
    if len(given) > 1:
        raise BadInput(f"{' and '.join(given)} are different answers. Say one of them.")
    note = said["note"]
    if said["still_true"]:
        answers.confirm(act, number)
    elif said["link"] or said["file"] or said["attest"]:
        answers.submit(act, number, offered())
    elif said["snooze"]:
        answers.snooze(act, number, _day(said["snooze"]), note)
    elif said["delegate"]:
        answers.delegate(act, number, person_named(act.session, said["delegate"]), note)
    elif said["reassign"]:
        decisions.reassign(act, number, person_named(act.session, said["reassign"]), note)
    elif said["excuse"]:
        decisions.excuse(act, number, note)
    elif said["accept"]:
        answers.accept_offer(act, number)
    elif verb := next((verb for verb in OBJECTIONS if said[verb]), None):
        getattr(objections, verb)(act, number, note)
    else:
        raise BadInput("Say what the answer is: --still-true, --link, --file, --attest, --snooze, … (see --help).")


@contextmanager
def _counted(house: Any, subjects: list[Subject]) -> Iterator[None]:
    """Votes are counted after the vote itself was committed."""
    from cycles import panel_outcomes

    yield
    if judged := [number for kind, number in subjects if kind == "E"]:
        with house.record.write() as session:
            for number in judged:
                panel_outcomes.count(session, now=house.now(), actor=house.actor, evidence_id=number)


def _named(subject: Subject) -> str:
    kind, number = subject
    return str(number) if kind == "R" else f"{kind}-{number}"


def subject_of(text: str) -> Subject:
    """What an id on the command line names: R, E or A, and its number. Raises BadInput."""
    from cycles.errors import BadInput

    kind, _, number = text.rpartition("-")
    if kind not in ("", "E", "A", "R") or not (number.isascii() and number.isdecimal() and len(number) < 16):
        raise BadInput(f"'{text}' names nothing. Write a request's number (12), E-5 for evidence, A-3 for an action.")
    return kind or "R", int(number)


def _vote(said: dict[str, Any]) -> Any:
    from cycles.errors import BadInput

    chosen = {"accept": "accept", "return": "give_back", "recuse": "recuse", "abstain": "abstain"}
    votes = [vote for vote, name in chosen.items() if said[name]]
    if len(votes) != 1:
        raise BadInput("Say one of --accept, --return (with --note), --recuse or --abstain.")
    return votes[0]


def _day(text: str) -> date:
    from cycles.errors import BadInput

    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise BadInput(f"'{text}' is not a date. Write YYYY-MM-DD.") from error


def _offered(house: Any, person: Any, said: dict[str, Any]) -> Any:
    from cycles.answers import Offered
    from tasks.vault import keep_file

    file, note = said["file"], said["note"]
    day = _day(said["effective"]) if said["effective"] else house.now().astimezone(ZoneInfo(person.zone)).date()
    if said["link"]:
        return Offered(form="link", locator=said["link"], effective=day, note=note, source="cli")
    if said["attest"]:
        return Offered(form="attestation", locator="attestation", effective=day, note=said["attest"], source="cli")
    kept = keep_file(file, house.settings)
    media = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    return Offered(
        form="file",
        locator=kept.locator,
        effective=day,
        note=note,
        sha256=kept.sha256,
        media_type=media,
        size=kept.size,
        source="cli",
    )
