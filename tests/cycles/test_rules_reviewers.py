"""One message puts before a reviewer what comes within a few hours, and nothing is put before anybody twice or never."""

from collections import Counter
from collections.abc import Callable
from datetime import date, datetime, timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
from rules_house import DIGEST, House, house, people, person, send, system
from sqlmodel import Session, select

from cycles import answers, decisions, outbox
from cycles.brief_queries import brief_for
from cycles.brief_reviews import SHOWN
from cycles.briefs import PanelsBrief, ReviewsBrief
from cycles.cancel import cancel
from cycles.models import Delivery, DeliveryItem, Evidence, Person, Request, Review, System
from cycles.panel_outcomes import count as count_panels
from cycles.people import Directory
from cycles.permits import Act
from cycles.reviewers import ask_reviewer
from cycles.store import Record

NewRecord = Callable[[], Record]
MANY = 12


def built_with(record: Record, *, systems: int = MANY, judges: int = 1, hours: int = 2, panel: bool = False) -> House:
    """As many systems of one owner, their requests asked, on a Thursday morning in Tokyo."""
    keys = [f"s{number:02}" for number in range(systems)]
    quorum = [{"kinds": ["risk"], "need": 3, "of": 3, "deadline_workdays": 5, "decider": "lead"}] if panel else []
    policy = {"reviewing": {"together_hours": hours, "quorum": quorum}}
    names = ("judge", "third", "fourth")[:judges]
    who = people(person("third"), person("fourth"))
    built = house(record, *(system(key) for key in keys), who=who, policy=policy, reviewers=list(names))
    with record.write() as session:
        for request in session.exec(select(Request)).all():
            request.state, request.asked_at = "asked", built.now
            session.add(request)
    return built.on("2026-10-15", 10)


def keys(built: House) -> list[str]:
    return sorted(key for key in built.ids(System) if key.startswith("s"))


def submit(built: House, *keys: str) -> list[int]:
    offered = answers.Offered(
        form="link", locator="https://docs.example/it", effective=date(2026, 9, 30), sha256=DIGEST
    )
    with built.record.write() as session:
        act = built.act_as(session, "owner")
        return [answers.submit(act, built.request(key).id, offered).id for key in keys]


def vote(built: House, evidence: int, choice: decisions.Vote = "accept", reason: str = "") -> None:
    [ballot] = built.rows(Review, Review.evidence_id == evidence)
    who = {number: key for key, number in built.ids(Person).items()}[ballot.reviewer_id]
    with built.record.write() as session:
        decisions.review(built.act_as(session, who), evidence, choice, reason)


def told(built: House, number: int) -> ReviewsBrief | None:
    with built.record.read() as session:
        brief = brief_for(session, session.get_one(Delivery, number), built.now)
        assert brief is None or isinstance(brief, ReviewsBrief)
        return brief


def test_forty_answers_given_at_once_are_one_message_of_which_five_are_shown(new_record: NewRecord) -> None:
    built = built_with(new_record())
    evidence = submit(built, *keys(built))
    [message] = built.deliveries("review")
    brief = told(built, message.id)
    assert brief is not None
    assert (len(brief.reviews), brief.waiting, brief.done) == (SHOWN, MANY, 0)
    assert [review.evidence_id for review in brief.reviews] == evidence[:SHOWN]


def test_what_is_decided_makes_room_for_the_next(record: Record) -> None:
    built = built_with(record)
    evidence = submit(built, *keys(built))
    [message] = send(built)
    for number in evidence[:3]:
        vote(built, number)
    brief = told(built, message)
    assert brief is not None
    assert [review.evidence_id for review in brief.reviews] == evidence[3 : 3 + SHOWN]
    assert (brief.waiting, brief.done) == (MANY - 3, 3)
    for number in evidence[3:]:
        vote(built, number)
    brief = told(built, message)
    assert brief is not None
    assert (brief.waiting, brief.done) == (0, MANY)
    assert [review.evidence_id for review in brief.reviews] == evidence[: -SHOWN - 1 : -1], "the latest first"


def test_while_there_is_room_for_all_nothing_moves(record: Record) -> None:
    built = built_with(record, systems=3)
    evidence = submit(built, *keys(built))
    [message] = send(built)
    vote(built, evidence[1])
    brief = told(built, message)
    assert brief is not None
    assert [review.evidence_id for review in brief.reviews] == evidence
    assert [review.decided is not None for review in brief.reviews] == [False, True, False]


def test_what_comes_soon_after_a_message_waits_and_comes_together(record: Record) -> None:
    built = built_with(record, systems=4)
    start = built.now
    submit(built, "s00")
    assert len(send(built)) == 1
    built.now = start + timedelta(minutes=20)
    submit(built, "s01")
    built.now = start + timedelta(minutes=90)
    submit(built, "s02")
    assert send(built) == []
    built.now = start + timedelta(hours=2)
    [second] = send(built)
    brief = told(built, second)
    assert brief is not None
    assert brief.waiting == 2
    built.now = start + timedelta(hours=5)
    submit(built, "s03")
    assert len(send(built)) == 1, "after a pause the next goes out at once"


def test_what_is_on_its_way_is_not_added_to(record: Record) -> None:
    built = built_with(record, systems=2)
    submit(built, "s00")
    [message] = built.deliveries("review")
    with record.write() as session:
        assert outbox.claim(session, session.get_one(Delivery, message.id), built.now)
    submit(built, "s01")
    first, second = built.deliveries("review")
    assert first.id == message.id
    assert second.not_before == built.now + timedelta(hours=2)


def test_a_programme_may_ask_for_each_at_once(record: Record) -> None:
    built = built_with(record, systems=3, hours=0)
    for key in keys(built):
        submit(built, key)
        assert len(send(built)) == 1


def test_what_was_decided_before_it_was_told_is_not_told(record: Record) -> None:
    built = built_with(record, systems=2)
    first, second = submit(built, "s00", "s01")
    vote(built, first)
    [message] = built.deliveries("review")
    brief = told(built, message.id)
    assert brief is not None
    assert [review.evidence_id for review in brief.reviews] == [second]
    vote(built, second, "return", "Unsigned.")
    assert told(built, message.id) is None


def test_a_cancelled_cycle_leaves_nothing_to_judge(record: Record) -> None:
    built = built_with(record, systems=2)
    submit(built, "s00", "s01")
    [message] = send(built)
    with record.write() as session:
        cancel(built.act_as(session, "lead"), built.cycle(session), "Merged.")
    brief = told(built, message)
    assert brief is not None
    assert (brief.waiting, brief.done) == (0, 2)
    assert {review.decided.verb for review in brief.reviews if review.decided} == {"cancelled"}


def test_whoever_was_slower_reads_who_decided(record: Record) -> None:
    built = built_with(record, systems=1, judges=2)
    [evidence] = submit(built, "s00")
    [message] = send(built)
    with record.write() as session:
        act = built.act_as(session, "owner")
        request, _, policy, directory = act.request(built.request("s00").id)
        ask_reviewer(act, request, session.get_one(Evidence, evidence), policy, directory)
    slow, quick = (row.reviewer_id for row in built.rows(Review))
    names = {number: key for key, number in built.ids(Person).items()}
    with record.write() as session:
        decisions.review(built.act_as(session, names[quick]), evidence, "accept", "")
    brief = told(built, message)
    assert brief is not None
    assert brief.waiting == 0
    assert brief.reviews[0].decided is not None
    assert brief.reviews[0].decided.by == names[quick].title()
    assert slow != quick


def test_panels_that_are_called_together_are_asked_reminded_and_closed_together(new_record: NewRecord) -> None:
    built = built_with(new_record(), judges=3, panel=True)
    evidence = submit(built, *keys(built))
    messages = send(built, "panel")
    assert len(messages) == 3
    brief = panels_told(built, messages[0])
    assert (len(brief.panels), brief.waiting, brief.done) == (SHOWN, MANY, 0)
    with built.record.write() as session:
        decisions.review(act_of(built, session, messages[0]), evidence[0], "accept", "")
    brief = panels_told(built, messages[0])
    assert (brief.waiting, brief.done) == (MANY - 1, 1)
    assert [panel.review.evidence_id for panel in brief.panels] == evidence[1 : 1 + SHOWN]
    reminders = 0
    for day in range(16, 24):
        built.on(f"2026-10-{day}", 10)
        with built.record.write() as session:
            count_panels(session, now=built.now, actor="hoshin")
        reminders += len(send(built, "panel"))
    assert reminders == 2 * 3 + 1, "at half time and a workday before the deadline, and to the decider; one for all"
    assert panels_told(built, messages[0]).waiting == 0
    [decider] = [row.id for row in built.deliveries("panel") if row.role == "decider"]
    assert (len(panels_told(built, decider).panels), panels_told(built, decider).waiting) == (2, MANY)


def panels_told(built: House, number: int) -> PanelsBrief:
    with built.record.read() as session:
        brief = brief_for(session, session.get_one(Delivery, number), built.now)
        assert isinstance(brief, PanelsBrief)
        return brief


def act_of(built: House, session: Session, message: int) -> Act:
    return Act(session, session.get_one(Person, session.get_one(Delivery, message).person_id), built.now)


@settings(max_examples=15)
@given(
    hours=st.integers(0, 5),
    judges=st.integers(1, 3),
    days=st.lists(
        st.tuples(st.integers(0, 3) | st.integers(0, 40), st.lists(st.integers(0, MANY - 1), max_size=4)), max_size=8
    ),
)
def test_each_review_is_told_once_and_messages_keep_their_distance(
    new_record: NewRecord, hours: int, judges: int, days: list[tuple[int, list[int]]]
) -> None:
    """Whatever comes when: everything is told within its reader's next decent hour after the pause, and nothing twice."""
    built = built_with(new_record(), judges=judges, hours=hours)
    left = {number: f"s{number:02}" for number in range(MANY)}
    sent: list[int] = []
    for pause, numbers in [*days, (24 * 7, [])]:
        sent += until(built, built.now + timedelta(hours=pause))
        submit(built, *(left.pop(number) for number in dict.fromkeys(numbers) if number in left))
        sent += send(built)
    about = Counter(
        (row.subject_id, delivery.person_id)
        for delivery in built.deliveries("review")
        for row in built.rows(DeliveryItem, DeliveryItem.delivery_id == delivery.id)
    )
    assert about == Counter((row.evidence_id, row.reviewer_id) for row in built.rows(Review))
    assert len(sent) == len(set(sent)) == len(built.deliveries("review"))
    _keep_their_distance(built, hours)


def until(built: House, end: datetime) -> list[int]:
    """Send each message at its time."""
    sent: list[int] = []
    while True:
        with built.record.read() as session:
            following = outbox.next_due(session)
        if following is None or following > end:
            built.now = end
            return sent
        built.now = max(built.now, following)
        sent += send(built)


def _keep_their_distance(built: House, hours: int) -> None:
    with built.record.read() as session:
        directory = Directory.load(session, built.programme.policy)
    for reviewer in {row.person_id for row in built.deliveries("review")}:
        at = [row.sent_at for row in built.deliveries("review") if row.person_id == reviewer]
        assert all(directory.hours(reviewer).next_decent(one) == one for one in at)
        if hours:
            assert all(after - before >= timedelta(hours=hours) for before, after in pairwise(at))
