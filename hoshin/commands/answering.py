"""`hoshin answer`: what people answer in Slack, for those who are at a terminal."""

import mimetypes
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from hoshin.commands.answering_several import answer_several
from hoshin.console import AsJson, AsOf, DryRun, print_json


def register(app: typer.Typer) -> None:
    app.command(
        "answer",
        epilog="Examples: `hoshin answer 12 --as sato --link https://wiki.example.com/ra`,"
        " `hoshin answer 12 13 14 --as sato --still-true` (ends with 1 when some were refused, 2 when all were)",
    )(answer)


def answer(
    subjects: Annotated[
        list[str],
        typer.Argument(metavar="ID...", help="Requests (12 13), or one piece of evidence (E-5) or action (A-3)."),
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
    """Answer one request or several, judge evidence, or report on an action."""
    from cycles import answers, decisions, objections
    from cycles.errors import BadInput
    from cycles.permits import Act
    from flows.work import person_named
    from hoshin.opening import opened

    if len(subjects) > 1:
        others: list[Any] = [
            snooze,
            delegate,
            not_mine,
            not_applicable,
            cannot_provide,
            reassign,
            excuse,
            keep_asking,
            accept,
        ]
        others += [give_back, recuse, abstain, implemented, root_cause, corrective]
        numbers = _several(subjects, [still_true, link, file, attest], others)
        offered = None if still_true else lambda house, who: _offered(house, who, link, file, attest, effective, note)
        answer_several(numbers, person=person, offered=offered, as_of=as_of, dry_run=dry_run, as_json=as_json)
        return
    subject = subjects[0]
    kind, number = subject_of(subject)
    with opened(as_of=as_of, copy=dry_run) as house, _counted(house, kind, number), house.record.write() as session:
        act = Act(session, person_named(session, person), house.now())
        if kind == "E":
            decisions.review(act, number, _vote(accept, give_back, recuse, abstain), note)
        elif kind == "A" and implemented:
            decisions.implemented(act, number, correction=note, root_cause=root_cause, corrective_action=corrective)
        elif kind == "A":
            if accept == give_back:
                raise BadInput("Say --implemented, or --accept (it worked), or --return (it did not).")
            decisions.judge_action(act, number, worked=accept, note=note)
        elif still_true:
            answers.confirm(act, number)
        elif link or file or attest:
            answers.submit(act, number, _offered(house, act.person, link, file, attest, effective, note))
        elif snooze:
            answers.snooze(act, number, _day(snooze), note)
        elif delegate:
            answers.delegate(act, number, person_named(session, delegate), note)
        elif not_mine:
            objections.not_mine(act, number, note)
        elif not_applicable:
            objections.not_applicable(act, number, note)
        elif cannot_provide:
            objections.cannot_provide(act, number, note)
        elif keep_asking:
            objections.keep_asking(act, number, note)
        elif reassign:
            decisions.reassign(act, number, person_named(session, reassign), note)
        elif excuse:
            decisions.excuse(act, number, note)
        elif accept:
            answers.accept_offer(act, number)
        else:
            raise BadInput("Say what the answer is: --still-true, --link, --file, --attest, --snooze, … (see --help).")
    if as_json:
        print_json({"dry_run": dry_run, "answers": [{"subject": subject, "recorded": True}]})
    else:
        print(f"{subject}: would be recorded." if dry_run else f"{subject}: recorded.")


def _several(subjects: Sequence[str], hows: Sequence[Any], others: Sequence[Any]) -> list[int]:
    """The requests these name, each once. Raises BadInput where they cannot be answered together."""
    from cycles.errors import BadInput

    named = dict.fromkeys(subject_of(one) for one in subjects)
    if any(kind != "R" for kind, _ in named):
        raise BadInput("Only requests can be answered together. Give evidence (E-5) and actions (A-3) one by one.")
    if any(others) or sum(bool(how) for how in hows) != 1:
        raise BadInput("Several requests take one of --still-true, --link, --file or --attest, and nothing else.")
    return [number for _, number in named]


@contextmanager
def _counted(house: Any, kind: str, number: int) -> Iterator[None]:
    """Votes are counted after the vote itself was committed."""
    from cycles import panel_outcomes

    yield
    if kind == "E":
        with house.record.write() as session:
            panel_outcomes.count(session, now=house.now(), actor=house.actor, evidence_id=number)


def subject_of(text: str) -> tuple[str, int]:
    """What an id on the command line names: R, E or A, and its number. Raises BadInput."""
    from cycles.errors import BadInput

    kind, _, number = text.rpartition("-")
    if kind not in ("", "E", "A", "R") or not (number.isascii() and number.isdecimal() and len(number) < 16):
        raise BadInput(f"'{text}' names nothing. Write a request's number (12), E-5 for evidence, A-3 for an action.")
    return kind or "R", int(number)


def _vote(accept: bool, give_back: bool, recuse: bool, abstain: bool) -> Any:
    from cycles.errors import BadInput

    chosen = {"accept": accept, "return": give_back, "recuse": recuse, "abstain": abstain}
    votes = [vote for vote, said in chosen.items() if said]
    if len(votes) != 1:
        raise BadInput("Say one of --accept, --return (with --note), --recuse or --abstain.")
    return votes[0]


def _day(text: str) -> date:
    from cycles.errors import BadInput

    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise BadInput(f"'{text}' is not a date. Write YYYY-MM-DD.") from error


def _offered(
    house: Any, person: Any, link: str | None, file: Path | None, attest: str | None, effective: str | None, note: str
) -> Any:
    from cycles.answers import Offered
    from tasks.vault import keep_file

    day = _day(effective) if effective else house.now().astimezone(ZoneInfo(person.zone)).date()
    if link:
        return Offered(form="link", locator=link, effective=day, note=note, source="cli")
    if attest:
        return Offered(form="attestation", locator="attestation", effective=day, note=attest, source="cli")
    assert file
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
