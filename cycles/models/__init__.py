"""The tables of the record. Import them from here: `from cycles.models import Request`."""

from cycles.models.catalogues import Applicability, Control, EvidenceKind, Framework, KindFact, Requirement
from cycles.models.inventory import Incident, Leave, Membership, Person, System, SystemFact
from cycles.models.ledger import Inbound, JournalEntry, Setting, StageLock
from cycles.models.messages import Delivery, DeliveryItem
from cycles.models.proof import SEEN, Document, DocumentFact, Evidence, Observation, Panel, Review, Verdict
from cycles.models.results import Acceptance, Action, Assessment, Cadence, Finding, Lapse, Milestone, Standing
from cycles.models.types import UTCDateTime
from cycles.models.work import UNANSWERED, Cycle, CycleFramework, CycleSystem, Request, Slot

__all__ = [
    "SEEN",
    "UNANSWERED",
    "Acceptance",
    "Action",
    "Applicability",
    "Assessment",
    "Cadence",
    "Control",
    "Cycle",
    "CycleFramework",
    "CycleSystem",
    "Delivery",
    "DeliveryItem",
    "Document",
    "DocumentFact",
    "Evidence",
    "EvidenceKind",
    "Finding",
    "Framework",
    "Inbound",
    "Incident",
    "JournalEntry",
    "KindFact",
    "Lapse",
    "Leave",
    "Membership",
    "Milestone",
    "Observation",
    "Panel",
    "Person",
    "Request",
    "Requirement",
    "Review",
    "Setting",
    "Slot",
    "StageLock",
    "Standing",
    "System",
    "SystemFact",
    "UTCDateTime",
    "Verdict",
]
