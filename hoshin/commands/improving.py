"""`hoshin acceptance | finding | action | cadence`: risks, reports and improvement, for those who are at a terminal."""

from typing import Annotated, Any

import typer

from hoshin.commands.deeds import carried_out, day_of, kind_of, number_of, pair_of, read, shown, system_of
from hoshin.console import AsJson, AsOf, DryRun

By = Annotated[str, typer.Option("--as", metavar="PERSON", help="Who does this (their key in people.yaml).")]
Id = Annotated[str, typer.Argument(metavar="ID", help="The number, as `list` shows it.")]
System = Annotated[str, typer.Option(metavar="KEY", help="The system; `organisation` for what concerns all.")]

acceptances = typer.Typer(
    no_args_is_help=True,
    help="Risk acceptances: ask, approve, decline, revoke, list.",
    epilog="Example: `hoshin acceptance list`",
)
findings = typer.Typer(
    no_args_is_help=True, help="What people report: add, triage, list.", epilog="Example: `hoshin finding list`"
)
actions = typer.Typer(
    no_args_is_help=True, help="Improvement actions: list them, set milestones.", epilog="Example: `hoshin action list`"
)
cadences = typer.Typer(
    no_args_is_help=True,
    help="Shorter cadences proposed after relapses: decide, list.",
    epilog="Example: `hoshin cadence list`",
)


def register(app: typer.Typer) -> None:
    for name, group in (("acceptance", acceptances), ("finding", findings), ("action", actions), ("cadence", cadences)):
        app.add_typer(group, name=name)


@acceptances.command(
    "request", epilog="Example: `hoshin acceptance request scoring/risk --as sato --reason … --until 2027-03-31`"
)
def request(
    pair: Annotated[str, typer.Argument(metavar="SYSTEM/KIND", help="The lapse, such as scoring/risk-assessment.")],
    by: By,
    reason: Annotated[str, typer.Option(help="Why the risk can be accepted.")],
    until: Annotated[str, typer.Option(metavar="DATE", help="The last day it holds.")],
    as_of: AsOf = None,
    dry_run: DryRun = False,
) -> None:
    """Ask for the risk of an open lapse to be accepted; somebody else decides."""
    from cycles import acceptances as rules

    def do(act: Any) -> str:
        system, kind = pair_of(act.session, pair)
        return f"R-{rules.request(act, system, kind, reason, day_of(until)).id}"

    carried_out(by, do, as_of, dry_run)


@acceptances.command("approve", epilog="Example: `hoshin acceptance approve R-1 --as sato`")
def approve(
    number: Id,
    by: By,
    note: Annotated[str, typer.Option(help="A note.")] = "",
    as_of: AsOf = None,
    dry_run: DryRun = False,
) -> None:
    """Accept the risk until its day (a lead or executive, not the requester)."""
    from cycles import acceptances as rules

    carried_out(by, lambda act: rules.approve(act, number_of(number, "R"), note), as_of, dry_run, said=number)


@acceptances.command("decline", epilog="Example: `hoshin acceptance decline R-1 --as sato --reason …`")
def decline(
    number: Id,
    by: By,
    reason: Annotated[str, typer.Option(help="Why not; the requester reads it.")],
    as_of: AsOf = None,
    dry_run: DryRun = False,
) -> None:
    """Do not accept the risk; the action goes on."""
    from cycles import acceptances as rules

    carried_out(by, lambda act: rules.decline(act, number_of(number, "R"), reason), as_of, dry_run, said=number)


@acceptances.command("revoke", epilog="Example: `hoshin acceptance revoke R-1 --as sato --reason …`")
def revoke(
    number: Id,
    by: By,
    reason: Annotated[str, typer.Option(help="Why it ends before its day.")],
    as_of: AsOf = None,
    dry_run: DryRun = False,
) -> None:
    """End an acceptance before its day; what is still lapsed gets an action again."""
    from cycles import acceptances as rules

    carried_out(by, lambda act: rules.revoke(act, number_of(number, "R"), reason), as_of, dry_run, said=number)


@acceptances.command("list", epilog="Example: `hoshin acceptance list --json`")
def list_acceptances(json: AsJson = False) -> None:
    """Every acceptance that is asked for or in force, the first to end first."""
    from cycles.improvement_status import acceptances_of

    rows = read(acceptances_of)
    shown("Acceptances", ("id", "about", "state", "requester", "expires", "reason"), rows, json, empty="none.")


@findings.command("add", epilog="Example: `hoshin finding add --system scoring --title 'The log is off' --by sato`")
def add(
    system: System,
    title: Annotated[str, typer.Option(help="What was found, in one sentence.")],
    by: Annotated[str, typer.Option("--by", metavar="PERSON", help="Who reports it (their key in people.yaml).")],
    kind: Annotated[str | None, typer.Option(metavar="KEY", help="The evidence kind it is about.")] = None,
    detail: Annotated[str, typer.Option(help="What happened.")] = "",
    severity: Annotated[str | None, typer.Option(help="high, medium or low; default: by tier and kind.")] = None,
    confidential: Annotated[
        bool, typer.Option("--confidential", help="Show who reports it to the readers of concerns only.")
    ] = False,
    as_of: AsOf = None,
    dry_run: DryRun = False,
) -> None:
    """Report a finding; a lead triages it."""
    from cycles import findings as rules

    def do(act: Any) -> str:
        told = rules.Report(
            system_id=system_of(act.session, system),
            kind_id=kind_of(act.session, kind) if kind else None,
            title=title,
            detail=detail,
            severity=severity,
            source=rules.CONCERN if confidential else "person",
            confidential=confidential,
        )
        act.must_be_here()
        return f"F-{rules.report(act.session, told, act.person, now=act.now).id}"

    carried_out(by, do, as_of, dry_run)


@findings.command("triage", epilog="Example: `hoshin finding triage F-1 --accept --as sato --due 2026-12-18`")
def triage(
    number: Id,
    by: By,
    accept: Annotated[bool, typer.Option("--accept", help="Take it up: it becomes an action.")] = False,
    dismiss: Annotated[bool, typer.Option("--dismiss", help="Do not (with --reason).")] = False,
    owner: Annotated[str | None, typer.Option(metavar="PERSON", help="Who works on it; default: the owner.")] = None,
    severity: Annotated[str | None, typer.Option(help="high, medium or low.")] = None,
    due: Annotated[
        str | None, typer.Option(metavar="DATE", help="By when; default: the target of its severity.")
    ] = None,
    reason: Annotated[str, typer.Option(help="Why it is dismissed; its reporter reads it.")] = "",
    as_of: AsOf = None,
    dry_run: DryRun = False,
) -> None:
    """A lead takes a finding up or dismisses it."""
    from cycles import findings as rules
    from cycles.errors import BadInput
    from flows.work import person_named

    if accept == dismiss:
        raise BadInput("Say --accept, or --dismiss with --reason.")

    def do(act: Any) -> str:
        action = rules.triage(
            act,
            number_of(number, "F"),
            accept=accept,
            owner=person_named(act.session, owner) if owner else None,
            severity=severity,
            due=day_of(due) if due else None,
            reason=reason,
        )
        return f"{number} (action A-{action.id})" if action else number

    carried_out(by, do, as_of, dry_run)


@findings.command("list", epilog="Example: `hoshin finding list`")
def list_findings(json: AsJson = False) -> None:
    """What was reported and is not settled; nobody's name, and a concern's words only once it was taken up."""
    from cycles.improvement_status import findings_of

    rows = read(findings_of)
    shown("Findings", ("id", "system", "source", "title", "state"), rows, json, empty="none waits.")


@actions.command(
    "milestone", epilog="Example: `hoshin action milestone A-3 --title 'Draft' --due 2026-12-11 --as sato`"
)
def milestone(
    number: Id,
    by: By,
    title: Annotated[str, typer.Option(help="What is reached.")] = "",
    due: Annotated[str | None, typer.Option(metavar="DATE", help="By when.")] = None,
    done: Annotated[str | None, typer.Option(metavar="M-ID", help="This milestone of the action is reached.")] = None,
    as_of: AsOf = None,
    dry_run: DryRun = False,
) -> None:
    """Set a dated step on the way to an action's end, or say that it is reached."""
    from cycles import milestones as rules
    from cycles.errors import BadInput

    if (done is None) == (due is None):
        raise BadInput("Say --title and --due, or --done M-ID.")

    def do(act: Any) -> str:
        action = number_of(number, "A")
        if done is not None:
            rules.done(act, number_of(done, "M"), action_id=action)
            return done
        return f"M-{rules.add(act, action, title, day_of(due or '')).id}"

    carried_out(by, do, as_of, dry_run)


@actions.command("list", epilog="Example: `hoshin action list --json`")
def list_actions(json: AsJson = False) -> None:
    """The actions of the cycle under way, with their milestones."""
    from cycles.improvement_status import actions_of
    from cycles.lapses import local_day
    from cycles.programme_cycles import current_cycle
    from hoshin.opening import opened

    with opened() as house, house.record.read() as session:
        cycle = current_cycle(session)
        rows = actions_of(session, cycle, local_day(cycle, house.now())) if cycle else []
    names = ("id", "about", "severity", "owner", "state", "due", "relapses")
    shown("Actions", names, rows, json, empty="none is open.")
    steps = [{"action": row["id"], **step} for row in rows for step in row["milestones"]]
    if steps and not json:
        print()
        shown("Milestones", ("id", "action", "title", "due", "done", "overdue"), steps, json, empty="none.")


@cadences.command("decide", epilog="Example: `hoshin cadence decide C-1 --accept --as sato`")
def decide(
    number: Id,
    by: By,
    accept: Annotated[bool, typer.Option("--accept", help="New evidence counts for the shorter time.")] = False,
    decline: Annotated[bool, typer.Option("--decline", help="Leave it as it is.")] = False,
    as_of: AsOf = None,
    dry_run: DryRun = False,
) -> None:
    """A lead takes a proposed cadence or leaves it."""
    from cycles import cadences as rules
    from cycles.errors import BadInput

    if accept == decline:
        raise BadInput("Say --accept or --decline.")
    carried_out(by, lambda act: rules.decide(act, number_of(number, "C"), accept=accept), as_of, dry_run, said=number)


@cadences.command("list", epilog="Example: `hoshin cadence list`")
def list_cadences(json: AsJson = False) -> None:
    """Every cadence that was proposed, and what was decided."""
    from cycles.improvement_status import cadences_of

    rows = read(cadences_of)
    shown("Cadences", ("id", "about", "months", "because", "outcome"), rows, json, empty="none was proposed.")
