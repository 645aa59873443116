"""What has been said about the requests at hand: asked of the outbox once per batch, not once per request."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlmodel import Session, col, func, select

from cycles.models import UNANSWERED, Delivery, DeliveryItem, Request

DAY = timedelta(days=1)
Told = tuple[int, int]  # request, person


@dataclass
class Heard:
    """Who was told what about some requests, whatever has become of the message since."""

    session: Session
    assignees: frozenset[int]
    escalated: set[Told] = field(default_factory=set)
    asked: dict[Told, list[datetime]] = field(default_factory=lambda: defaultdict(list))
    threads: dict[Told, int] = field(default_factory=dict)
    orphans: int = 0
    _told_before: int | None = None
    _before_lead: set[tuple[int, int]] | None = None

    @classmethod
    def of(cls, session: Session, requests: Sequence[Request]) -> "Heard":
        """Asks nothing about what is asked for the first time: nothing was said about it."""
        heard = cls(session, frozenset(request.assignee_id for request in requests))
        spoken_of = [request for request in requests if request.step > 0]
        if spoken_of:
            heard._load({request.id: request.renewed_at for request in spoken_of})
        return heard

    def _load(self, requests: Mapping[int, datetime | None]) -> None:
        """By request, from when on: what was said before it was opened again is another story."""
        rows = self.session.exec(
            select(DeliveryItem.subject_id, Delivery)
            .join(Delivery, col(Delivery.id) == col(DeliveryItem.delivery_id))
            .where(DeliveryItem.subject == "request", col(DeliveryItem.subject_id).in_(list(requests)))
            .where(col(Delivery.kind).in_(("digest", "reminder", "escalation")))
            .order_by(col(Delivery.id))
        ).all()
        for request_id, delivery in rows:
            since = requests[request_id]
            if since is not None and delivery.created_at < since:
                continue
            told = request_id, delivery.person_id
            if delivery.kind == "escalation":
                self.escalated.add(told)
                continue
            self.asked[told].append(delivery.created_at)
            if delivery.kind == "digest":
                self.threads[told] = delivery.id

    def times(self, request: Request, since: datetime) -> int:
        """How often the assignee was asked or reminded since an instant."""
        return sum(at >= since for at in self.asked.get((request.id, request.assignee_id), ()))

    def orphans_told(self, lead: int, now: datetime) -> int:
        """Of how many people who are gone the lead was told in the last day, this batch among them."""
        if self._told_before is None:
            told = select(func.count()).select_from(Delivery)
            told = told.where(
                Delivery.kind == "dispute", Delivery.person_id == lead, col(Delivery.key).contains(":left:")
            )
            with self.session.no_autoflush:
                self._told_before = self.session.exec(told.where(Delivery.created_at > now - DAY)).one() - self.orphans
        return self._told_before + self.orphans

    def lead_knows(self, request: Request) -> bool:
        """Whether something else that the same person left behind is before the lead, undecided."""
        return (request.cycle_id, request.assignee_id) in self._known_to_lead()

    def lead_learns(self, request: Request) -> None:
        """From here on the lead knows."""
        self._known_to_lead().add((request.cycle_id, request.assignee_id))

    def _known_to_lead(self) -> set[tuple[int, int]]:
        if self._before_lead is None:
            before = (
                select(Request.cycle_id, Request.assignee_id)
                .join(DeliveryItem, col(DeliveryItem.subject_id) == col(Request.id))
                .join(Delivery, col(Delivery.id) == col(DeliveryItem.delivery_id))
                .where(DeliveryItem.subject == "request", Delivery.kind == "dispute")
                .where(col(Request.disputed), col(Request.state).in_(UNANSWERED))
                .where(col(Request.assignee_id).in_(self.assignees))
                .distinct()
            )
            # As it was before this batch: what is being orphaned just now is not known to anybody yet.
            with self.session.no_autoflush:
                self._before_lead = {(cycle, person) for cycle, person in self.session.exec(before).all()}
        return self._before_lead
