"""`hoshin simulate`: the real rules over a copy of the record, under a virtual clock, before going live."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlmodel import Session, col, select

from cycles import outbox
from cycles.brief_queries import brief_for
from cycles.models import Action, Delivery, DeliveryItem, EvidenceKind, Lapse, Person, System
from cycles.people import Directory, current_policy
from cycles.plan import open_cycle
from cycles.programme.load import load_programme
from cycles.programme_cycles import planned_cycles
from flows.house import House
from hoshin.behaviour import load_behaviour
from hoshin.hands import RecordHands
from hoshin.opening import copy_of
from hoshin.player import Player
from hoshin.wheel import VirtualClock, Wheel

SHOWN = (
    "digest",
    "reminder",
    "escalation",
    "returned",
    "offer",
    "dispute",
    "review",
    "panel",
    "plan",
    "action",
    "effectiveness",
    "acceptance",
    "cadence",
    "finding",
    "weekly",
    "executive",
)


def simulate(house: House, *, days: int, seed: int, behaviour: Path | None) -> dict[str, Any]:
    """Play the next days and tell what was said, what lapsed and what was done.

    `behaviour` is a file such as the example's behaviour.yaml, or its folder. Without one the lead approves each plan
    at once and nobody answers anything, which shows every ladder to its end.
    """
    clock = VirtualClock(house.now())
    started = clock()
    with copy_of(house) as aside:
        record = aside.record
        inside = replace(aside, now=clock, actor="simulation")
        player = _player(inside, clock, behaviour, seed)

        def after_step() -> None:
            with record.write() as session:
                if player is None:
                    _presume_approval(session, clock())
                _pretend_sent(session, clock())

        wheel = Wheel(house=inside, clock=clock, player=player, after_step=after_step, plans=True)
        wheel.turn_until(started + timedelta(days=days))
        with record.read() as session:
            return _told(session, started, clock(), player)


def _player(house: House, clock: VirtualClock, behaviour: Path | None, seed: int) -> Player | None:
    if behaviour is None:
        return None
    programme = load_programme(house.programme_dir)
    return Player(
        record=house.record,
        hands=RecordHands(house.record, clock),
        behaviour=load_behaviour(behaviour, programme),
        seed=seed,
    )


def _presume_approval(session: Session, now: datetime) -> None:
    """A plan nobody approves asks nobody: the simulation would show an empty calendar."""
    for cycle in planned_cycles(session):
        open_cycle(session, cycle, now=now, actor="simulation")


def _pretend_sent(session: Session, now: datetime) -> None:
    """What delivery would do, without Slack: say what is due to whoever may be told now."""
    directory = Directory.load(session, current_policy(session))
    for delivery in outbox.due(session, now, limit=10_000):
        hours = directory.hours(delivery.person_id)
        if delivery.kind not in outbox.SILENT and not hours.is_decent(now):
            outbox.postpone(session, delivery, until=hours.next_decent(now))
        elif delivery.kind in outbox.SILENT or brief_for(session, delivery, now) is None:
            outbox.withdraw(session, delivery)
        else:
            outbox.sent(session, delivery, channel="simulation", ts=str(delivery.id), now=now)


def _told(session: Session, started: datetime, ended: datetime, player: Player | None) -> dict[str, Any]:
    messages = _messages(session, started)
    return {
        "from": started.isoformat(timespec="seconds"),
        "to": ended.isoformat(timespec="seconds"),
        "messages": messages,
        "lapses": _lapses(session, started, recovered=False),
        "recoveries": _lapses(session, started, recovered=True),
        "actions": _actions(session, started),
        "refused": player.refused if player else [],
    }


def _messages(session: Session, started: datetime) -> list[dict[str, Any]]:
    rows = session.exec(
        select(Delivery, Person)
        .join(Person, col(Person.id) == col(Delivery.person_id))
        .where(Delivery.state == "sent", col(Delivery.sent_at) >= started, col(Delivery.kind).in_(SHOWN))
        # A receipt would show who raised a concern.
        .where(col(Delivery.role).is_distinct_from("reporter"))
        .order_by(col(Delivery.sent_at), col(Delivery.id))
    ).all()
    about: dict[int, list[DeliveryItem]] = {}
    for item in session.exec(select(DeliveryItem).order_by(col(DeliveryItem.id))).all():
        about.setdefault(item.delivery_id, []).append(item)
    return [
        {
            "at": delivery.sent_at.isoformat(timespec="seconds") if delivery.sent_at else None,
            "person": person.key,
            "zone": person.zone,
            "kind": delivery.kind,
            "rung": max((item.rung for item in about.get(delivery.id, [])), default=0),
            "requests": [item.subject_id for item in about.get(delivery.id, []) if item.subject == "request"],
        }
        for delivery, person in rows
    ]


def _lapses(session: Session, started: datetime, *, recovered: bool) -> list[dict[str, Any]]:
    at = col(Lapse.recovered_at) if recovered else col(Lapse.noticed_at)
    rows = session.exec(
        select(Lapse, System.key, EvidenceKind.key)
        .join(System, col(System.id) == col(Lapse.system_id))
        .join(EvidenceKind, col(EvidenceKind.id) == col(Lapse.kind_id))
        .where(at >= started)
        .order_by(at, col(Lapse.id))
    ).all()
    return [
        {
            "at": moment.isoformat(timespec="seconds"),
            "system": system,
            "evidence_kind": kind,
            "reason": lapse.reason,
            "happened_on": lapse.happened_on.isoformat(),
        }
        for lapse, system, kind in rows
        if (moment := lapse.recovered_at if recovered else lapse.noticed_at)
    ]


def _actions(session: Session, started: datetime) -> list[dict[str, Any]]:
    rows = session.exec(
        select(Action, System.key, EvidenceKind.key, Person.key)
        .join(System, col(System.id) == col(Action.system_id))
        # A finding's action is of no kind.
        .outerjoin(EvidenceKind, col(EvidenceKind.id) == col(Action.kind_id))
        .join(Person, col(Person.id) == col(Action.owner_id))
        .where(col(Action.opened_at) >= started)
        .order_by(col(Action.id))
    ).all()
    return [
        {
            "opened_at": action.opened_at.isoformat(timespec="seconds"),
            "system": system,
            "evidence_kind": kind,
            "owner": owner,
            "severity": action.severity,
            "state": action.state,
            "due": action.due.isoformat(),
        }
        for action, system, kind, owner in rows
    ]
