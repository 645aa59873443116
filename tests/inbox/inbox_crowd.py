"""More of everything than anybody should have: requests, improvements and reviews by the hundred, put straight into a record."""

from datetime import date, timedelta

from inbox_town import DIGEST, MORNING, Town
from sqlmodel import Session, col, select

from cycles.models import Action, Cycle, Evidence, EvidenceKind, Finding, Request, Review, System

DUE = date(2026, 10, 15)


def crowd(town: Town, *, requests: int = 0, actions: int = 0, reviews: int = 0, owner: str = "bennett") -> None:
    """So many open requests and improvements of somebody, and so many submitted answers of ito for kobayashi to review."""
    names = {key: town.person(key).id for key in (owner, "ito", "kobayashi")}
    with town.record.write() as session:
        cycle = session.exec(select(Cycle)).one()
        kind = session.exec(select(EvidenceKind).where(EvidenceKind.key == "risk-assessment")).one()
        for row in _requests(session, cycle, kind, names[owner], requests, "asked"):
            session.add(row)
        for row in _requests(session, cycle, kind, names["ito"], reviews, "submitted"):
            _submitted(session, row, names)
        model = session.exec(select(System).where(System.key == "scoring")).one()
        session.add_all(_action(session, model, names[owner], number) for number in range(actions))


def _requests(session: Session, cycle: Cycle, kind: EvidenceKind, owner: int, many: int, state: str) -> list[Request]:
    model = session.exec(select(System).where(System.key == "scoring")).one()
    values = model.model_dump(exclude={"id", "key", "name", "owner_id"})
    rows = []
    for number in range(many):
        system = System(key=f"{state}-{number}", name=f"Model {number:03d}", owner_id=owner, **values)
        session.add(system)
        session.flush()
        row = Request(
            cycle_id=cycle.id, system_id=system.id, kind_id=kind.id, owner_id=owner, assignee_id=owner, state=state,
            ask_on=MORNING.date(), due=DUE + timedelta(days=number % 20), asked_at=MORNING,
        )  # fmt: skip
        rows.append(row)
    return rows


def _submitted(session: Session, request: Request, names: dict[str, int]) -> None:
    request.answered_at = MORNING
    request.answer = {"verb": "submitted", "by": "伊藤 大輔", "at": MORNING.isoformat(), "record": "J-1"}
    session.add(request)
    session.flush()
    evidence = Evidence(
        system_id=request.system_id, kind_id=request.kind_id, request_id=request.id, form="link",
        locator=f"https://docs.example/{request.id}", sha256=DIGEST, effective=date(2026, 9, 1), collected_at=MORNING,
        received_at=MORNING, valid_until=date(2027, 9, 1), source="test", submitter_id=names["ito"],
    )  # fmt: skip
    session.add(evidence)
    session.flush()
    request.evidence_id = evidence.id
    session.add(Review(evidence_id=evidence.id, reviewer_id=names["kobayashi"], sha256=DIGEST, asked_at=MORNING))


def _action(session: Session, system: System, owner: int, number: int) -> Action:
    finding = Finding(
        system_id=system.id, source="finding", title=f"Finding {number:03d}", reported_at=MORNING, state="accepted"
    )
    session.add(finding)
    session.flush()
    return Action(
        finding_id=finding.id, system_id=system.id, owner_id=owner, severity="medium", state="open",
        opened_at=MORNING, due=DUE + timedelta(days=number % 30),
    )  # fmt: skip


def thin_out(town: Town, left: int) -> None:
    """Have all but so many of bennett's open requests answered, as on a busy afternoon."""
    with town.record.write() as session:
        mine = select(Request).where(Request.assignee_id == town.person("bennett").id, Request.state == "asked")
        for row in session.exec(mine.order_by(col(Request.due), col(Request.id))).all()[left:]:
            row.state, row.answered_at = "excused", None
            session.add(row)
