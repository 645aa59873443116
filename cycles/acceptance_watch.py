"""Risk acceptances as time passes: what expires, what is needed no more, and who is reminded before it ends."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session, col, select

from cycles import acceptances
from cycles.lapses import local_day
from cycles.models import Acceptance, Cycle, Delivery, DeliveryItem, Lapse
from cycles.people import Directory
from cycles.policy import Policy


def expire(session: Session, cycle: Cycle, directory: Directory, *, now: datetime, actor: str) -> int:
    """End what is past its day; the lapses it answered get their actions in the same run of Act."""
    day = local_day(cycle, now)
    over = session.exec(
        select(Acceptance)
        .where(col(Acceptance.state).in_(("approved", "requested")), col(Acceptance.expires) < day)
        .order_by(col(Acceptance.id))
    ).all()
    expired = 0
    for found in over:
        if found.state == "approved":
            acceptances.change(session, found, "expired", now, actor, expires=found.expires)
            acceptances.say(session, found, directory, found.requester_id, "requester", "expired", now)
            expired += 1
        else:
            acceptances.change(session, found, "withdrawn", now, actor, because="its end passed undecided")
    return expired


def end_recovered(session: Session, *, now: datetime, actor: str) -> int:
    """What is in order again needs no acceptance: were it to lapse once more, that would be a new decision."""
    open_lapse = (
        select(Lapse.id)
        .where(Lapse.system_id == Acceptance.system_id, Lapse.kind_id == Acceptance.kind_id)
        .where(col(Lapse.recovered_at).is_(None))
        .exists()
    )
    needless = session.exec(
        select(Acceptance)
        .where(col(Acceptance.state).in_(("approved", "requested")), ~open_lapse)
        .order_by(col(Acceptance.id))
    ).all()
    for found in needless:
        state = "ended" if found.state == "approved" else "withdrawn"
        acceptances.change(session, found, state, now, actor, because="the evidence is in order again")
    return len(needless)


def remind(session: Session, cycle: Cycle, policy: Policy, directory: Directory, now: datetime) -> int:
    """Tell requester and approver that an acceptance ends soon, and ask again for a decision that is waited for."""
    reminded = 0
    live = col(Acceptance.state).in_(("approved", "requested"))
    for found in session.exec(select(Acceptance).where(live).order_by(col(Acceptance.id))).all():
        if found.state == "approved":
            reminded += _remind_end(session, found, policy.acting.acceptance_reminder_workdays, directory, now)
        else:
            reminded += _ask_again(session, found, policy, directory, now)
    return reminded


def _remind_end(session: Session, found: Acceptance, days: Sequence[int], directory: Directory, now: datetime) -> int:
    told = 0
    for person in dict.fromkeys((found.requester_id, found.approver_id or found.requester_id)):
        reader = directory.stand_in(person, now)
        calendar, today = directory.calendar(reader), directory.today(reader, now)
        due = [count for count in days if today >= calendar.add(found.expires, -count) and today <= found.expires]
        # After a pause only the nearest one is said, and one that was past when it was approved is not said at all.
        decided = directory.today(reader, found.decided_at) if found.decided_at else today
        if due and calendar.add(found.expires, -min(due)) > decided:
            # The key names whom it is for, so that it is said once although another stands in for them.
            told += acceptances.say(session, found, directory, reader, "ending", f"ends:{min(due)}:{person}", now)
    return told


def _ask_again(session: Session, found: Acceptance, policy: Policy, directory: Directory, now: datetime) -> int:
    """The next approver is asked when the last one is away or let the target pass; who is alone is reminded."""
    asked = session.exec(
        select(Delivery)
        .join(DeliveryItem, col(DeliveryItem.delivery_id) == col(Delivery.id))
        .where(DeliveryItem.subject == "acceptance", DeliveryItem.subject_id == found.id, Delivery.role == "approver")
        .order_by(col(Delivery.id))
    ).all()
    approvers = acceptances.approvers_for(directory, found.requester_id, now)
    if not asked or not approvers:
        return 0
    last = asked[-1]
    reached, today = (directory.today(last.person_id, at) for at in (last.not_before, now))
    late = directory.calendar(last.person_id).between(reached, today) > policy.reviewing.target_workdays
    if not late and directory.is_here(last.person_id, now):
        return 0
    others = [person for person in approvers if person not in {row.person_id for row in asked}]
    chosen = (others or approvers)[0]
    if not others and not late:
        return 0
    return acceptances.say(session, found, directory, chosen, "approver", f"ask:{len(asked) + 1}", now)
