"""Who has no Slack account: what they were asked is put before the lead, a few people a day, and is theirs again with an account."""

import pytest
from delivery_house import House, Opener, of
from sqlmodel import col, select

from cycles import do, returns
from cycles.do import ORPHANS_TOLD_A_DAY
from cycles.models import JournalEntry, Person, Request
from cycles.people import Directory, current_policy
from tasks.slack import identify, refresh

LOST = "nobody@aozora.example"


def requests_of(house: House, key: str) -> list[Request]:
    with house.record.read() as session:
        return list(session.exec(select(Request).where(Request.assignee_id == house.person(key).id)).all())


def a_pass(house: House) -> None:
    """What `hoshin do` does, in its order."""
    refresh(house.record, house.client, house.clock())
    identify(house.record, house.client, house.clock())
    do.tick_all(house.record, now=house.clock(), actor="test")
    house.deliver()


def disputes(house: House) -> list[str]:
    return [row.key for row in house.rows() if row.kind == "dispute" and ":left:" in row.key]


def lead_reads(house: House) -> str:
    return str(house.slack.human.messages("lead"))


@pytest.mark.parametrize("how", ["never had one", "deactivated"])
def test_what_is_theirs_goes_to_the_lead_and_comes_back(house: House, how: str) -> None:
    person, address = house.person("owner01").id, house.person("owner01").email
    if how == "deactivated":
        a_pass(house)
        house.slack.human.act("owner01", "profile", profile={"deleted": True})
        house.clock.on(days=2)
    else:
        house.change(Person, person, email=LOST)
    a_pass(house)
    house.clock.on(days=7)
    a_pass(house)
    assert {request.disputed for request in requests_of(house, "owner01")} == {True}
    assert len(disputes(house)) == 1
    assert "people.yaml" in lead_reads(house)
    before = len(house.posts())

    house.change(Person, person, email=address)
    if how == "deactivated":
        house.slack.human.act("owner01", "profile", profile={"deleted": False})
    house.clock.on(hours=1)
    a_pass(house)
    house.clock.on(minutes=2)
    a_pass(house)
    assert {request.disputed for request in requests_of(house, "owner01")} == {False}
    assert "連絡できるようになった" in lead_reads(house)
    assert len(house.posts()) == before + 1  # one digest, to them
    assert house.posts()[-1]["channel"] == f"D{str(house.person('owner01').slack_id)[1:]}"
    with house.record.read() as session:
        told = session.exec(select(JournalEntry.actor).where(JournalEntry.action == "request.reached")).all()
    assert set(told) == {"slack"}
    assert len(told) == len(requests_of(house, "owner01"))


def test_what_they_said_themselves_stays_with_the_lead(house: House) -> None:
    request = requests_of(house, "owner01")[0]
    said = {"verb": "disputed", "by": "Owner01", "at": house.clock().isoformat(), "record": "J-1"}
    house.change(Request, request.id, disputed=True, answer=said)
    with house.record.write() as session:
        assert returns.take_back(session, ["owner01"], now=house.clock(), actor="slack") == 0
        assert returns.take_back(session, [], now=house.clock(), actor="slack") == 0


def test_a_wrong_list_of_addresses_does_not_bury_the_lead(opened: Opener) -> None:
    with opened(owners=12) as house:
        for number in range(1, 13):
            house.change(Person, house.person(f"owner{number:02d}").id, email=f"{number}@elsewhere.example")
        told = []
        for _ in range(4):
            house.clock.on(days=1, minutes=1)
            a_pass(house)
            a_pass(house)
            told.append(len(disputes(house)))
        assert told == [ORPHANS_TOLD_A_DAY, 2 * ORPHANS_TOLD_A_DAY, 12, 12]


def test_whoever_cannot_be_reached_stands_in_for_nobody_but_stays_lead(house: House) -> None:
    house.change(Person, house.person("lead").id, email=LOST)
    identify(house.record, house.client, house.clock())
    with house.record.read() as session:
        directory = Directory.load(session, current_policy(session))
        few = Directory.few(session, current_policy(session))
        lead = house.person("lead").id
        for one in (directory, few):
            assert one.is_gone(lead, house.clock())
            assert not one.is_here(lead, house.clock())
            assert not one.has_left(lead, house.clock())
            assert one.lead(house.clock()) == lead
        assert dict(few.people).keys() == directory.people.keys()
        assert {key: list(value) for key, value in few.leave.items()} == dict(directory.leave)
        assert session.exec(select(Person.id).where(col(Person.id).in_(few.unreachable))).all() == [lead]


def test_whoever_a_message_finds_again_is_asked_again(house: House) -> None:
    """Their account came up in between, and a message that asks for nothing was the first to find it."""
    person, address = house.person("owner01").id, house.person("owner01").email
    house.change(Person, person, email=LOST)
    a_pass(house)
    house.clock.on(days=7)
    a_pass(house)
    assert {request.disputed for request in requests_of(house, "owner01")} == {True}

    house.change(Person, person, email=address)
    house.queue("offer", of(house, "owner01"), key="offered")
    house.deliver()
    assert house.person("owner01").slack_id
    house.clock.on(hours=1)
    a_pass(house)
    assert {request.disputed for request in requests_of(house, "owner01")} == {False}


def test_whoever_is_gone_once_more_is_the_leads_once_more(house: House) -> None:
    person, address = house.person("owner01").id, house.person("owner01").email
    told = []
    for email in (LOST, address, LOST):
        house.change(Person, person, email=email, slack_id=None)
        house.clock.on(hours=25)
        a_pass(house)
        a_pass(house)
        told.append(len(disputes(house)))
    assert told == [1, 1, 2]
