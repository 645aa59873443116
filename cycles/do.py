"""Do: find what is due, decide per person, write what is to be said.

One digest a workday for first asks, one reminder a day in its thread, then the next rung of the ladder. A person outside
their hours is left alone until they open; a person on leave is stood in for by their deputy; a person who has left is
the lead's to replace. Nothing here sends: messages go to the outbox in the same transaction as the change.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sqlmodel import Session, col, select

from cycles import journal, outbox
from cycles.drafts import Drafts
from cycles.heard import Heard
from cycles.ladder import Ladder
from cycles.models import UNANSWERED, Cycle, Request
from cycles.people import Directory
from cycles.policy import Policy, Rung
from cycles.programme_cycles import OPEN
from cycles.store import Record

BATCH = 2_000
# More than a million due at once is not asked in one go; the next tick goes on.
# Of so many people without an account a lead is told in a day.
ORPHANS_TOLD_A_DAY = 5
MOST_BATCHES = 500
ITEMS_PER_MESSAGE = 8


@dataclass(frozen=True, kw_only=True)
class Ticked:
    """What one tick decided, in requests."""

    asked: int = 0
    reminded: int = 0
    escalated: int = 0
    deferred: int = 0
    orphaned: int = 0


@dataclass
class _Round:
    """The messages one tick gathers: per person and kind, the requests each speaks of with their rung."""

    session: Session
    cycle: Cycle
    policy: Policy
    directory: Directory
    heard: Heard
    now: datetime
    told: dict[tuple[str, int, str | None], list[tuple[Request, int]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    dated_anew: dict[int, date] = field(default_factory=dict)
    deferred: int = 0
    orphaned: int = 0


def tick(session: Session, *, now: datetime, actor: str) -> Ticked:
    """Decide what is due, at most BATCH requests; costs what is due, not what is open."""
    return _tick(session, now, actor)[0]


def tick_all(record: Record, *, now: datetime, actor: str) -> Ticked:
    """Decide everything that is due, a transaction per BATCH requests, the longest due first.

    What a person is told in one batch joins what an earlier one wrote for them today, so that a backlog of any length
    still makes one digest each.
    """
    done = []
    for _ in range(MOST_BATCHES):
        with record.write() as session:
            ticked, looked_at = _tick(session, now, actor)
        done.append(ticked)
        if looked_at < BATCH:
            break
    return _add(*done)


def _tick(session: Session, now: datetime, actor: str) -> tuple[Ticked, int]:
    due = session.exec(
        select(Request, Cycle)
        .join(Cycle, col(Cycle.id) == col(Request.cycle_id))
        .where(col(Request.next_at) <= now, col(Request.state).in_(UNANSWERED), col(Cycle.state).in_(OPEN))
        .order_by(col(Request.next_at), col(Request.id))
        .limit(BATCH)
    ).all()
    heard = Heard.of(session, [request for request, _ in due])
    rounds: dict[int, _Round] = {}
    for request, cycle in due:
        if cycle.id not in rounds:
            policy = Policy.model_validate(cycle.policy)
            rounds[cycle.id] = _Round(session, cycle, policy, Directory.load(session, policy), heard, now)
        _decide(rounds[cycle.id], request)
    return _add(*(_speak(found, actor) for found in rounds.values())), len(due)


def _decide(found: _Round, request: Request) -> None:
    directory, now = found.directory, found.now
    request.disputed = request.disputed or directory.is_gone(request.assignee_id, now)
    if request.disputed:
        _orphan(found, request)
    elif request.step == 0:
        # What would wait out a long leave goes to the deputy instead, or to whoever is next above.
        _gather(found, request, "digest", directory.stand_in(request.assignee_id, now), None, rung=0)
    else:
        _climb(found, request)


def _orphan(found: _Round, request: Request) -> None:
    """Nobody is there to ask: the lead is told once, and decides."""
    gone, lead = found.directory.people[request.assignee_id].key, found.directory.lead(found.now)
    knows = found.heard.lead_knows(request)
    if not knows and request.assignee_id in found.directory.unreachable and _lead_heard_enough(found, lead):
        request.disputed, request.next_at = False, found.now + timedelta(days=1)
        found.session.add(request)
        return
    request.next_at = None
    found.session.add(request)
    found.orphaned += 1
    if knows:
        return
    found.heard.lead_learns(request)
    found.heard.orphans += 1
    # One message for all that a person left behind: whoever the lead names gets everything (decisions.reassign).
    day = found.directory.today(lead, found.now)  # whoever came back may be gone once more
    outbox.tell(
        found.session,
        found.directory,
        lead,
        key=f"dispute:{found.cycle.key}:left:{gone}:{request.id}:{day}",
        kind="dispute",
        about=[("request", request.id, 0)],
        now=found.now,
    )


def _lead_heard_enough(found: _Round, lead: int) -> bool:
    """A wrong list of addresses makes hundreds unreachable at once; the lead is told of a few a day."""
    return found.heard.orphans_told(lead, found.now) >= ORPHANS_TOLD_A_DAY


def _climb(found: _Round, request: Request) -> None:
    """The rung that is due; of several missed reminders to the owner only the last is spoken."""
    ladder, now = found.policy.asking.ladder, found.now
    if request.snoozed_until is not None:
        request.step = _theirs_again(ladder, request.step)
    if request.step > len(ladder):
        request.next_at = None
        return
    above = Ladder.of(request, found.directory, found.policy)
    request.step = above.latest_due(request.step, now)
    rung = ladder[request.step - 1]
    told = above.told(rung.to, now)
    if rung.to == "owner" and told != request.assignee_id:
        # Whoever stands in has not seen it yet, and is asked as the owner was.
        _gather(found, request, "digest", told, None, rung=request.step)
        return
    repeats = rung.to != "owner" and (told == request.assignee_id or _was_told(found, request, told))
    if repeats or (rung.to == "owner" and _has_heard_enough(found, request)):
        _advance(found, request)
        return
    kind = "escalation" if rung.message == "escalation" else "reminder"
    role = rung.to if kind == "escalation" else "last" if rung.message == "last_reminder" else None
    _gather(found, request, kind, told, role, rung=request.step)


def _theirs_again(ladder: Sequence[Rung], step: int) -> int:
    """They asked to be asked again today: once more them, however high it has climbed, before anybody above is told."""
    return max((n for n, rung in enumerate(ladder[:step], 1) if rung.to == "owner"), default=step)


def _was_told(found: _Round, request: Request, person_id: int) -> bool:
    """Somebody who stands on two rungs of the ladder is told once."""
    return (request.id, person_id) in found.heard.escalated


def _has_heard_enough(found: _Round, request: Request) -> bool:
    """Whether the assignee was told of a request as often as policy allows since it was last answered."""
    since = request.answered_at or found.cycle.planned_at
    return found.heard.times(request, since) >= found.policy.asking.messages_per_request


def _gather(found: _Round, request: Request, kind: str, person_id: int, role: str | None, *, rung: int) -> None:
    hours = found.directory.hours(person_id)
    if not hours.is_decent(found.now):
        request.next_at = hours.next_decent(found.now)
        found.session.add(request)
        found.deferred += 1
        return
    found.told[kind, person_id, role].append((request, rung))


def _speak(found: _Round, actor: str) -> Ticked:
    counts = {"digest": 0, "reminder": 0, "escalation": 0}
    spoken: list[tuple[str, int, int, int]] = []
    keys = {told: _key(found, *told) for told in found.told}
    drafts = Drafts.of(found.session, keys.values())
    for told, items in sorted(found.told.items(), key=str):
        kind, person_id, _ = told
        said = _write(found, drafts, keys[told], told, items)
        counts[kind] += len(said)
        spoken += [(kind, person_id, request.id, rung) for request, rung in said]
    drafts.flush()
    # The first ask shows the same: how late it is by now, and its buttons again after a snooze.
    again = [request_id for kind, _, request_id, _ in spoken if kind != "digest"]
    outbox.refresh_all(found.session, "request", again, now=found.now)
    if spoken or found.orphaned:
        heard = {"asked": counts["digest"], "reminded": counts["reminder"], "escalated": counts["escalation"]}
        after: dict[str, object] = {**heard, "orphaned": found.orphaned, "count": len(spoken)}
        after["digest"] = journal.digest(spoken)
        if found.dated_anew:
            after["due"] = {str(request_id): due for request_id, due in found.dated_anew.items()}
        subject = f"cycle:{found.cycle.key}"
        journal.append(found.session, at=found.now, actor=actor, action="requests.chased", subject=subject, after=after)
    return Ticked(
        asked=counts["digest"],
        reminded=counts["reminder"],
        escalated=counts["escalation"],
        deferred=found.deferred,
        orphaned=found.orphaned,
    )


def _key(found: _Round, kind: str, person_id: int, role: str | None) -> str:
    """One message of a kind per person and day, by their own date."""
    day = found.directory.today(person_id, found.now).isoformat()
    return ":".join(part for part in (kind, found.directory.people[person_id].key, role, day) if part)


def _write(
    found: _Round,
    drafts: Drafts,
    key: str,
    told: tuple[str, int, str | None],
    items: list[tuple[Request, int]],
) -> list[tuple[Request, int]]:
    """What fits into the message; the rest waits for the person's next workday."""
    kind, person_id, role = told
    # What today's message tells already, though its clock was set anew meanwhile, is not said again today.
    told_already = drafts.tells(key)
    new = [item for item in items if ("request", item[0].id) not in told_already]
    again = [item for item in items if ("request", item[0].id) in told_already]
    room = drafts.room(key, _most(found, kind, person_id, items))
    now_said = new[:room]
    later = [*new[room:], *again]
    if now_said:
        first = now_said[0][0].id, person_id
        root = found.heard.threads.get(first) if kind == "reminder" and role is None else None
        about = [("request", request.id, rung) for request, rung in now_said]
        drafts.write(key, kind=kind, person_id=person_id, now=found.now, about=about, root_id=root, role=role)
    for request, _ in now_said:
        if kind == "digest":
            request.assignee_id = person_id  # only with the word itself: nobody answers for what they were never asked
        if request.state == "pending":
            request.state, request.asked_at = "asked", found.now
            fair = Ladder.of(request, found.directory, found.policy).fair_due(found.now)
            if fair != request.due:
                request.due = found.dated_anew[request.id] = fair
        request.snoozed_until = None
        _advance(found, request)
    hours, day = found.directory.hours(person_id), found.directory.today(person_id, found.now)
    for request, _ in later:
        request.next_at = hours.next_decent(hours.opens(day + timedelta(days=1)))
        found.session.add(request)
    found.deferred += len(later)
    return now_said


def _most(found: _Round, kind: str, person_id: int, items: list[tuple[Request, int]]) -> int:
    """How many requests one message may bring. First asks are spread over days, however they came to pile up; only a
    plan that has more requests than days to ask them on says so many for this very day."""
    if kind != "digest":
        return ITEMS_PER_MESSAGE
    day = found.directory.today(person_id, found.now)
    planned = sum(request.ask_on == day for request, _ in items)
    return min(ITEMS_PER_MESSAGE, max(found.policy.asking.first_asks_per_day, planned))


def _advance(found: _Round, request: Request) -> None:
    request.step += 1
    request.next_at = Ladder.of(request, found.directory, found.policy).next_time(request.step - 1, found.now)
    found.session.add(request)


def _add(*ticks: Ticked) -> Ticked:
    return Ticked(
        asked=sum(tick.asked for tick in ticks),
        reminded=sum(tick.reminded for tick in ticks),
        escalated=sum(tick.escalated for tick in ticks),
        deferred=sum(tick.deferred for tick in ticks),
        orphaned=sum(tick.orphaned for tick in ticks),
    )
