"""The tables of the record. Import them from here: `from cycles.models import Request`."""

from cycles.models.catalogues import Applicability, Control, EvidenceKind, Framework, Requirement
from cycles.models.inventory import Leave, Membership, Person, System
from cycles.models.ledger import Inbound, JournalEntry, Setting, StageLock
from cycles.models.messages import Delivery, DeliveryItem
from cycles.models.proof import Document, Evidence, Observation, Review, Verdict
from cycles.models.results import Acceptance, Action, Assessment, Lapse, Standing
from cycles.models.types import UTCDateTime
from cycles.models.work import UNANSWERED, Cycle, CycleFramework, CycleSystem, Request, Slot

__all__ = [
    "UNANSWERED",
    "Acceptance",
    "Action",
    "Applicability",
    "Assessment",
    "Control",
    "Cycle",
    "CycleFramework",
    "CycleSystem",
    "Delivery",
    "DeliveryItem",
    "Document",
    "Evidence",
    "EvidenceKind",
    "Framework",
    "Inbound",
    "JournalEntry",
    "Lapse",
    "Leave",
    "Membership",
    "Observation",
    "Person",
    "Request",
    "Requirement",
    "Review",
    "Setting",
    "Slot",
    "StageLock",
    "Standing",
    "System",
    "UTCDateTime",
    "Verdict",
]
