"""Messages of a round, written together and gone in at once, so that a thousand cost a few queries."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlmodel import Session, col, select

from cycles.models import Delivery, DeliveryItem
from cycles.outbox import items_of

About = Sequence[tuple[str, int, int]]  # subject, its number, rung


@dataclass
class Drafts:
    """Messages written together: what is known of their keys is asked once, and their rows go in together.

    Until a message is sent there is room in it: what comes up later the same day joins it instead of waiting.
    """

    session: Session
    known: dict[str, tuple[Delivery, set[tuple[str, int]]]]
    new: list[tuple[Delivery, About]] = field(default_factory=list)

    @classmethod
    def of(cls, session: Session, keys: Iterable[str]) -> "Drafts":
        """Drafts of messages with these keys, some of which may have been written before."""
        rows = session.exec(
            select(Delivery, DeliveryItem)
            .outerjoin(DeliveryItem, col(DeliveryItem.delivery_id) == col(Delivery.id))
            .where(col(Delivery.key).in_(sorted(set(keys))))
        ).all()
        known: dict[str, tuple[Delivery, set[tuple[str, int]]]] = {}
        for delivery, item in rows:
            _, items = known.setdefault(delivery.key, (delivery, set()))
            if item is not None:
                items.add((item.subject, item.subject_id))
        return cls(session, known)

    def room(self, key: str, most: int) -> int:
        """How much more the message of a key may be about; nothing once it is on its way."""
        if key not in self.known:
            return most
        delivery, items = self.known[key]
        return max(0, most - len(items)) if delivery.state == "queued" else 0

    def tells(self, key: str) -> set[tuple[str, int]]:
        """What the message of a key is about so far: subjects with their numbers."""
        return self.known[key][1] if key in self.known else set()

    def write(
        self,
        key: str,
        *,
        kind: str,
        person_id: int,
        now: datetime,
        about: About,
        root_id: int | None = None,
        role: str | None = None,
        not_before: datetime | None = None,
    ) -> None:
        """Put something into the message of a key, where `room` says that there is some."""
        if key in self.known:
            delivery, items = self.known[key]
            about = [row for row in about if row[:2] not in items]
        else:
            delivery = Delivery(
                key=key,
                kind=kind,
                person_id=person_id,
                root_id=root_id,
                role=role,
                created_at=now,
                not_before=not_before or now,
            )
            self.session.add(delivery)
            items = set()
            self.known[key] = delivery, items
        items |= {(subject, number) for subject, number, _ in about}
        self.new.append((delivery, about))

    def flush(self) -> None:
        """Write the rows."""
        self.session.flush()
        for delivery, about in self.new:
            self.session.add_all(items_of(delivery, about))
        self.new.clear()
        self.session.flush()
