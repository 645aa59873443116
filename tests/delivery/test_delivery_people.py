"""Finding people's Slack accounts, and keeping a record to one workspace."""

from dataclasses import replace
from pathlib import Path

import pytest
from delivery_house import House
from delivery_weather import Odd, weather_before
from pydantic import SecretStr

from cycles.errors import BadInput
from cycles.models import Person, Setting
from cycles.settings import Settings
from localslack.methods.registry import METHODS
from localslack.server import LocalSlack
from localslack.workspace import Workspace
from tasks.slack import connect, identify, learn_workspace


def test_people_are_found_by_email(house: House) -> None:
    found = identify(house.record, house.client, house.clock())
    assert (found.found, found.orphaned, found.waiting) == (("lead", "reviewer", "owner01", "owner02"), (), 0)
    assert house.person("lead").slack_id == "U00000001"
    assert identify(house.record, house.client, house.clock()).found == ()


@pytest.mark.parametrize("email", ["nobody@aozora.example", "gone@aozora.example"])
def test_whoever_has_no_account_is_orphaned(house: House, email: str) -> None:
    person = house.person("owner01")
    house.change(Person, person.id, email=email)
    found = identify(house.record, house.client, house.clock())
    assert found.orphaned == ("owner01",)
    assert "people.yaml" in found.problems[0]
    assert email in found.problems[0]
    done = house.deliver()
    assert (done.sent, done.withdrawn, done.failed) == (2, 1, 0)
    house.change(Person, person.id, email=person.email)
    assert identify(house.record, house.client, house.clock()).orphaned == ()


def test_two_people_with_one_account_are_told_apart(house: House) -> None:
    house.change(Person, house.person("owner01").id, slack_id="U00000004")
    found = identify(house.record, house.client, house.clock())
    assert found.orphaned == ("owner02",)
    assert "one Slack account" in found.problems[0]


def test_a_round_goes_on_where_the_last_one_ended(house: House) -> None:
    house.change(Person, house.person("lead").id, email="nobody@aozora.example")
    first = identify(house.record, house.client, house.clock(), limit=2)
    assert (first.found, first.orphaned, first.waiting) == (("reviewer",), ("lead",), 2)
    second = identify(house.record, house.client, house.clock(), limit=2)
    assert (second.found, second.orphaned, second.waiting) == (("owner01", "owner02"), ("lead",), 0)
    third = identify(house.record, house.client, house.clock(), limit=2)
    assert (third.found, third.orphaned, third.waiting) == ((), ("lead",), 0)


@pytest.mark.parametrize("kind", ["429", "500", "reset"])
def test_a_round_that_slack_ends_is_taken_up_again(house: House, kind: str) -> None:
    house.fault(kind, "users.lookupByEmail", nth=2)
    first = identify(house.record, house.client, house.clock())
    assert (first.found, first.waiting) == (("lead",), 3)
    assert first.error
    assert identify(house.record, house.client, house.clock()).waiting == 0


def test_a_wrong_token_says_so(house: House) -> None:
    house.fault("error", "users.lookupByEmail", error="invalid_auth")
    assert "HOSHIN_SLACK_BOT_TOKEN" in str(identify(house.record, house.client, house.clock()).error)


def settings(house: House, **more: object) -> Settings:
    values = {"home": house.folder, "slack_base_url": house.slack.api_url, "slack_bot_token": house.slack.bot_token}
    return Settings(**(values | more))  # type: ignore[arg-type]


def test_the_record_keeps_to_its_workspace(house: House) -> None:
    client = connect(settings(house))
    facts = learn_workspace(house.record, client)
    assert set(facts) == {"team_id", "app_id", "bot_user_id", "url"}
    assert facts["team_id"] == "T00000001"
    with house.record.read() as session:
        assert session.get_one(Setting, "slack").value == facts
    assert learn_workspace(house.record, client) == facts
    other = Workspace.from_dict(
        {"team": {"id": "T00000002"}, "users": [{"name": "x", "real_name": "X", "email": "x@x.example"}]}
    )
    with LocalSlack(other) as elsewhere, pytest.raises(BadInput, match=r"T00000002.*T00000001"):
        learn_workspace(house.record, connect(settings(house, slack_base_url=elsewhere.api_url)))
    with house.record.read() as session:
        assert session.get_one(Setting, "slack").value == facts


def test_the_app_is_asked_for_where_the_token_does_not_name_it(house: House) -> None:
    me = b'{"ok":true,"team_id":"T00000001","user_id":"U0APP0001","bot_id":"B1","url":"https://x.slack.com/"}'
    json = {"Content-Type": "application/json"}
    with weather_before(house.slack.api_url) as weather:
        weather.script = [
            Odd(status=200, method="auth.test", headers=json, body=me),
            Odd(status=200, method="bots.info", headers=json, body=b'{"ok":true,"bot":{"app_id":"A9"}}'),
            Odd(status=200, method="auth.test", nth=2, headers=json, body=me),
            Odd(status=200, method="bots.info", nth=2, headers=json, body=b'{"ok":false,"error":"bot_not_found"}'),
        ]
        client = house.connect(url=weather.api_url)
        assert learn_workspace(house.record, client)["app_id"] == "A9"
        with pytest.raises(BadInput, match="bot_not_found"):
            learn_workspace(house.record, client)


@pytest.mark.parametrize("kind", ["500", "reset", "429"])
def test_a_workspace_that_does_not_answer_is_one_sentence(house: House, kind: str) -> None:
    house.fault(kind, "auth.test")
    with pytest.raises(BadInput, match="could not be asked"):
        learn_workspace(house.record, house.client)


def test_a_refused_token_is_one_sentence(house: House) -> None:
    with pytest.raises(BadInput, match="invalid_auth"):
        learn_workspace(house.record, connect(settings(house, slack_bot_token=SecretStr("nonsense"))))


def test_the_client_never_repeats_a_call_by_itself(house: House) -> None:
    assert connect(settings(house)).retry_handlers == []


def test_the_token_travels_encrypted_or_not_at_all(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="https"):
        connect(Settings(home=tmp_path, slack_base_url="http://slack.example/api/", slack_bot_token=SecretStr("x")))
    with pytest.raises(BadInput, match="HOSHIN_SLACK_BOT_TOKEN"):
        connect(Settings(home=tmp_path, slack_bot_token=None))


def test_an_installation_for_a_whole_organisation_is_refused(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = METHODS["auth.test"]
    wide = {"is_enterprise_install": True, "enterprise_id": "E0GRID"}
    monkeypatch.setitem(
        METHODS, "auth.test", replace(spec, body=lambda world, args: {**spec.body(world, args), **wide})
    )
    with pytest.raises(BadInput, match=r"organisation E0GRID.*Install the app in one workspace"):
        learn_workspace(house.record, house.client)
    with house.record.read() as session:
        assert session.get(Setting, "slack") is None
