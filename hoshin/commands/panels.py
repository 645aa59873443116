"""`hoshin panel`: how a panel of reviewers stands; blind while it is open."""

from typing import Annotated, Any

import typer

from hoshin.console import AsJson, AsOf, print_facts, print_json, print_table


def register(app: typer.Typer) -> None:
    app.command("panel", epilog="Example: `hoshin panel E-5 --json`")(panel)


def panel(
    evidence: Annotated[str, typer.Argument(metavar="EVIDENCE", help="The evidence that is voted on (E-5).")],
    anew: Annotated[
        str | None, typer.Option("--anew", metavar="REASON", help="Lead: call a new panel; every vote so far is void.")
    ] = None,
    without: Annotated[
        list[str] | None, typer.Option(metavar="PERSON", help="With --anew: leave this reviewer out (repeatable).")
    ] = None,
    person: Annotated[str | None, typer.Option("--as", metavar="PERSON", help="With --anew: the lead.")] = None,
    as_of: AsOf = None,
    json: AsJson = False,
) -> None:
    """Who is asked to agree, how many must, until when. Votes are shown once the panel is closed, never before."""
    from cycles.errors import BadInput
    from cycles.panel_view import panel_view
    from hoshin.commands.answering import subject_of
    from hoshin.opening import opened

    kind, number = subject_of(evidence)
    if kind != "E" and not evidence.isdecimal():
        raise BadInput(f"'{evidence}' names no evidence. Write E-5.")
    if (anew is None) != (person is None) or (without and anew is None):
        raise BadInput("A new panel needs --anew REASON and --as LEAD.")
    with opened(as_of=as_of) as house:
        if anew is not None:
            _call_anew(house, number, str(person), without or [], anew)
        with house.record.read() as session:
            found = panel_view(session, number)
    if json:
        print_json(found)
        return
    members, votes = found.pop("members"), found.pop("votes")
    print_facts(found)
    print()
    names: tuple[str, ...] = ("person", "group", "automated")
    print_table("Members", names, ([row[n] for n in names] for row in members), empty="nobody could be asked.")
    if votes is not None:
        names = ("person", "vote", "reason", "at")
        print()
        print_table("Votes", names, ([row[n] for n in names] for row in votes), empty="nobody voted.")


def _call_anew(house: Any, number: int, lead: str, without: list[str], reason: str) -> None:
    from cycles import panel_votes
    from cycles.permits import Act
    from flows.work import person_named

    with house.record.write() as session:
        left_out = [person_named(session, key) for key in without]
        act = Act(session, person_named(session, lead), house.now())
        panel_votes.call_anew(act, number, without=left_out, reason=reason)
