"""Calling a panel: who may vote on a piece of evidence, on which digest, until when, and who decides if they do not agree.

The roster is fixed when the panel is called (docs/adr/0013). Owner and submitter are never on it (ISO 19011, 4: whoever
judges is independent of what is judged); reviewers on a long leave come last.
"""

from collections.abc import Collection, Iterable
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, delete, select

from cycles import journal, last_answers
from cycles.check import pair_name
from cycles.errors import Refused
from cycles.gathering import gather
from cycles.models import Cycle, Evidence, EvidenceKind, Membership, Panel, Request, Review, System
from cycles.people import Directory, programme_calendar, programme_zone
from cycles.permits import Act
from cycles.policy import Policy, Quorum
from cycles.programme_cycles import OPEN
from cycles.quorum import Ballot, Member, Terms, suffices
from cycles.workdays import Calendar

# Votes are taken until the end of a working day where the programme is at home.
CLOSES = time(18)
# A watched document that nobody could look at for so many workdays is judged without the digest of its content.
UNSEALED_WORKDAYS = 2


def take_over(act: Act, request: Request, evidence: Evidence, policy: Policy, directory: Directory) -> bool:
    """Call the panel that policy asks for; False where one reviewer is to decide.

    Evidence that is a link to a watched document waits for the look that seals it (docs/adr/0008), and its panel too.
    """
    entry = asked_for(act.session, evidence, policy)
    if entry is None:
        return False
    if not _awaits_seal(act.session, request, evidence):
        call(act.session, request, evidence, entry, directory, now=act.now, actor=act.person.key)
    elif not _deciders(act.session, entry, directory, _barred(act.session, request, evidence), act.now):
        raise _nobody_decides()
    return True


def call_sealed(session: Session, evidence_ids: Iterable[int], *, now: datetime, actor: str) -> int:
    """Call the panels of evidence that has just been sealed; returns how many."""
    return sum(call_late(session, session.get_one(Evidence, number), now=now, actor=actor) for number in evidence_ids)


def call_late(session: Session, evidence: Evidence, *, now: datetime, actor: str) -> bool:
    """Call the panel of evidence that waits for one. Nothing is called where nobody is left to decide: the gate names it."""
    request = session.get(Request, evidence.request_id) if evidence.request_id else None
    if request is None or (request.state, request.evidence_id) != ("submitted", evidence.id):
        return False
    cycle = session.get_one(Cycle, request.cycle_id)
    has_review = session.exec(select(Review.id).where(Review.evidence_id == evidence.id)).first() is not None
    if cycle.state not in OPEN or has_review or session.get(Panel, evidence.id) is not None:
        return False
    policy = Policy.model_validate(cycle.policy)
    entry = asked_for(session, evidence, policy)
    if entry is None:
        return False
    try:
        call(session, request, evidence, entry, Directory.load(session, policy), now=now, actor=actor)
    except Refused:
        return False
    return True


def waited_too_long(evidence: Evidence, directory: Directory, now: datetime) -> bool:
    """Whether the panel of evidence that could not be sealed is to be called all the same."""
    who = evidence.submitter_id
    since, today = (directory.today(who, at) for at in (evidence.received_at, now))
    return directory.calendar(who).between(since, today) > UNSEALED_WORKDAYS


def asked_for(session: Session, evidence: Evidence, policy: Policy) -> Quorum | None:
    """The panel that policy asks for on this evidence, if any."""
    if not policy.reviewing.quorum:
        return None
    kind, system = session.get_one(EvidenceKind, evidence.kind_id), session.get_one(System, evidence.system_id)
    return policy.reviewing.quorum_for(kind.key, system.risk_tier)


def call(
    session: Session,
    request: Request,
    evidence: Evidence,
    entry: Quorum,
    directory: Directory,
    *,
    now: datetime,
    actor: str,
    without: Collection[int] = (),
) -> Panel:
    """Fix roster, digest and deadline, and ask every member at their next decent hour.

    Fewer free reviewers than policy names make a smaller panel of which as many must agree as ever; where they could
    never be a quorum, nobody is asked in vain and the decider is turned to at once.

    Raises:
        Refused: when nobody is left who could decide.
    """
    barred = _barred(session, request, evidence)
    deciders = _deciders(session, entry, directory, barred, now)
    if not deciders:
        raise _nobody_decides()
    before = session.get(Panel, evidence.id)
    number = 1 if before is None else int(before.terms["call"]) + 1
    digest = bound_digest(evidence)
    policy = Policy.model_validate(session.get_one(Cycle, request.cycle_id).policy)
    calendar, zone = home_calendar(session, policy)
    last_day = calendar.add(now.astimezone(zone).date(), entry.deadline_workdays)
    panel = before or Panel(evidence_id=evidence.id)  # type: ignore[call-arg]
    panel.called_at, panel.decider_id = now, deciders[0]
    panel.deadline = datetime.combine(last_day, CLOSES, tzinfo=zone).astimezone(now.tzinfo)
    panel.terms = {"need": entry.size[0], "of": 0, "min_groups": entry.min_groups, "min_humans": entry.min_humans}
    panel.terms |= {"digest": digest, "call": number}
    free = _free(session, directory, {*barred, *without}, evidence.id, deciders[0], now)
    seated = _seated(free, entry)
    roster = seated if suffices(terms_of(panel), seated) else []
    panel.terms = {**panel.terms, "of": len(roster)}
    panel.roster = [_row(member, directory) for member in roster]
    session.add(panel)
    session.exec(delete(Review).where(col(Review.evidence_id) == evidence.id))
    for member in roster:
        _ask(session, panel, member.person_id, directory, policy, now)
    session.flush()
    after = {"evidence": evidence.id, **panel.terms, "deadline": panel.deadline}
    after |= {"roster": panel.roster, "decider": directory.people[panel.decider_id].key}
    name = pair_name(session, evidence.system_id, evidence.kind_id)
    journal.append(session, at=now, actor=actor, action="panel.called", subject=f"evidence:{name}", after=after)
    return panel


def bound_digest(evidence: Evidence) -> str:
    """What a vote stands for: the content's SHA-256, or of the submission itself where the content has none."""
    if evidence.sha256:
        return evidence.sha256
    return journal.digest([[evidence.id, evidence.form, evidence.locator, evidence.effective, evidence.note]])


def terms_of(panel: Panel) -> Terms:
    """A panel's terms as the pure rules take them."""
    return Terms(
        need=panel.terms["need"],
        digest=panel.terms["digest"],
        called_at=panel.called_at,
        deadline=panel.deadline,
        min_groups=panel.terms["min_groups"],
        min_humans=panel.terms["min_humans"],
    )


def roster_of(panel: Panel) -> list[Member]:
    """Who may vote."""
    return [Member(person_id=row["person_id"], group=row["group"], automated=row["automated"]) for row in panel.roster]


def ballots_of(session: Session, panel: Panel) -> list[Ballot]:
    """Every vote of a panel."""
    rows = session.exec(select(Review).where(Review.evidence_id == panel.evidence_id, col(Review.vote).is_not(None)))
    return [
        Ballot(person_id=row.reviewer_id, vote=row.vote or "", digest=row.sha256, at=row.voted_at or row.asked_at)
        for row in rows.all()
    ]


def home_calendar(session: Session, policy: Policy) -> tuple[Calendar, ZoneInfo]:
    """The workdays and the zone of the programme itself."""
    return programme_calendar(session, policy), programme_zone(session)


def next_decider(session: Session, panel: Panel, directory: Directory, now: datetime) -> int | None:
    """Who decides in place of a decider who has left or is away for long; None when there is nobody."""
    evidence = session.get_one(Evidence, panel.evidence_id)
    barred = _barred(session, session.get_one(Request, evidence.request_id or 0), evidence)
    return next((one for one in _deciders(session, None, directory, barred, now) if directory.is_here(one, now)), None)


def _barred(session: Session, request: Request, evidence: Evidence) -> set[int]:
    return {session.get_one(System, evidence.system_id).owner_id, request.owner_id, evidence.submitter_id}


def _awaits_seal(session: Session, request: Request, evidence: Evidence) -> bool:
    return evidence.sha256 is None and last_answers.watched_document(session, request, evidence.locator) is not None


def _deciders(
    session: Session, entry: Quorum | None, directory: Directory, barred: Collection[int], now: datetime
) -> list[int]:
    """The lead named, then the other leads, those at work first; never the owner or the submitter.

    Where every lead is one of these, a human reviewer.
    """
    human = select(Membership.person_id).where(Membership.role == "reviewer", ~col(Membership.automated))
    leads = directory.roles.get("lead", [])
    reviewers = [one for one in session.exec(human.order_by(col(Membership.id))).all() if one not in leads]
    named = entry.decider if entry else None

    def rank(person_id: int) -> tuple[bool, bool, bool]:
        away = not directory.is_here(person_id, now)
        return person_id in reviewers, away, directory.people[person_id].key != named

    free = (one for one in (*leads, *reviewers) if one not in barred and not directory.has_left(one, now))
    return sorted(free, key=rank)


def _nobody_decides() -> Refused:
    return Refused(
        "no_reviewer",
        "Nobody is left who could decide if the panel does not agree. Name another lead in programme.yaml.",
    )


def _free(
    session: Session, directory: Directory, barred: Collection[int], turn: int, decider: int, now: datetime
) -> list[Member]:
    """Reviewers who may vote, in turns; the decider after the others, and those away for long last."""
    rows = session.exec(select(Membership).where(Membership.role == "reviewer").order_by(col(Membership.id))).all()
    found = [row for row in rows if row.person_id not in barred and not directory.has_left(row.person_id, now)]
    start = turn % len(found) if found else 0
    found = [*found[start:], *found[:start]]

    def rank(row: Membership) -> tuple[bool, bool]:
        # A program answers without Slack, where it need not have an account.
        return not (row.automated or directory.is_here(row.person_id, now)), row.person_id == decider

    found.sort(key=rank)
    return [Member(person_id=row.person_id, group=row.group, automated=row.automated) for row in found]


def _seated(free: list[Member], entry: Quorum) -> list[Member]:
    """As many as policy names: first one for each group it needs, then humans, then whoever's turn it is."""
    seated: list[Member] = []
    for member in sorted(free, key=lambda member: member.automated):
        groups = {other.group for other in seated}
        if len(groups) < entry.min_groups and member.group not in groups:
            seated.append(member)
    for human in (member for member in free if not member.automated and member not in seated):
        if sum(not member.automated for member in seated) < entry.min_humans:
            seated.append(human)
    seated += [member for member in free if member not in seated]
    return seated[: entry.size[1]]


def _row(member: Member, directory: Directory) -> dict[str, Any]:
    key = directory.people[member.person_id].key
    return {"person_id": member.person_id, "person": key, "group": member.group, "automated": member.automated}


def _ask(session: Session, panel: Panel, person_id: int, directory: Directory, policy: Policy, now: datetime) -> None:
    digest, call_number = panel.terms["digest"], panel.terms["call"]
    session.add(Review(evidence_id=panel.evidence_id, reviewer_id=person_id, sha256=digest, asked_at=now))
    gather(
        session,
        directory,
        person_id,
        key=f"panel:{panel.evidence_id}:{call_number}:{directory.people[person_id].key}",
        kind="panel",
        about=("evidence", panel.evidence_id, call_number),
        role="member",
        now=now,
        apart=timedelta(hours=policy.reviewing.together_hours),
    )
