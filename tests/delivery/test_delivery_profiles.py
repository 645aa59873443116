"""What Slack says of people, day by day: accounts that go and come back, zones and languages the programme leaves open."""

from datetime import timedelta

import pytest
from delivery_house import House
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import select

from cycles import accounts
from cycles.models import JournalEntry, Setting
from tasks.slack import identify, refresh

DAY = timedelta(days=1)


@pytest.fixture
def known(house: House) -> House:
    assert len(identify(house.record, house.client, house.clock()).found) == 4
    return house


def change(house: House, person: str, **profile: object) -> None:
    """Change a person's profile in Slack, where nobody hears of it."""
    workspace = house.slack.world.workspace
    user = workspace.user(person)
    assert user
    house.slack.world.workspace = workspace.changed(user, profile)


def heard(house: House) -> list[str]:
    with house.record.read() as session:
        rows = session.exec(select(JournalEntry).where(JournalEntry.action == "person.heard")).all()
        return [row.subject for row in rows]


def leave_to_slack(house: House, key: str) -> None:
    with house.record.write() as session:
        session.merge(Setting(name=accounts.LEFT_OUT, value={"zone": [key], "locale": [key]}))


def test_everybody_is_looked_at_once_a_day_some_at_a_time(known: House) -> None:
    now = known.clock()
    first = refresh(known.record, known.client, now, limit=3)
    assert (first.looked, first.waiting) == (3, 1)
    assert (refresh(known.record, known.client, now).looked, refresh(known.record, known.client, now).looked) == (1, 0)
    assert refresh(known.record, known.client, now + DAY - timedelta(seconds=1)).looked == 0
    assert refresh(known.record, known.client, now + DAY).looked == 4


def test_an_account_that_goes_is_orphaned_and_found_again_when_it_is_back(known: House) -> None:
    now, slack_id = known.clock(), known.person("owner01").slack_id
    change(known, "owner01", deleted=True)
    assert refresh(known.record, known.client, now).gone == ("owner01",)
    assert identify(known.record, known.client, now).orphaned == ("owner01",)
    assert refresh(known.record, known.client, now + DAY).gone == ()
    change(known, "owner01", deleted=False)
    assert identify(known.record, known.client, now).found == ("owner01",)
    assert known.person("owner01").slack_id == slack_id
    assert heard(known) == ["person:owner01"]


def test_what_the_programme_leaves_out_follows_slack(known: House) -> None:
    leave_to_slack(known, "owner01")
    change(known, "owner01", tz="Europe/Paris", locale="ja-JP")
    found = refresh(known.record, known.client, known.clock())
    person = known.person("owner01")
    assert (person.zone, person.locale) == ("Europe/Paris", "ja-JP")
    assert "owner01" not in [row.person for row in found.differing]
    refresh(known.record, known.client, known.clock() + DAY)
    assert heard(known) == ["person:owner01"]


def test_what_the_programme_says_stays_and_the_difference_is_shown(known: House) -> None:
    before = known.person("owner01")
    change(known, "owner01", tz="America/New_York")
    refresh(known.record, known.client, known.clock())
    assert known.person("owner01").zone == before.zone
    with known.record.read() as session:
        shown = [str(row) for row in accounts.differences(session) if (row.person, row.field) == ("owner01", "zone")]
    assert shown == [f"owner01 has zone 'America/New_York' in Slack and {before.zone!r} in people.yaml"]
    assert heard(known) == []


@pytest.mark.parametrize("kind", ["429", "500", "reset"])
def test_a_look_that_slack_ends_is_taken_up_again(known: House, kind: str) -> None:
    known.fault(kind, "users.info", nth=2)
    first = refresh(known.record, known.client, known.clock())
    assert (first.looked, first.waiting, bool(first.error)) == (1, 3, True)
    assert refresh(known.record, known.client, known.clock()).looked == 3


# On a busy machine the generating itself may take long; what it finds does not depend on that.
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    st.dictionaries(st.sampled_from(["tz", "locale", "deleted"]), st.none() | st.text() | st.integers() | st.booleans())
)
def test_no_profile_is_too_odd(user: dict[str, object]) -> None:
    profile = accounts.Profile.of(user)
    assert profile.zone == "" or profile.zone == user["tz"]
    assert profile.active is not bool(user.get("deleted"))
