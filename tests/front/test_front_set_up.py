"""`verify`, `doctor` and the settings: what is wrong is named, with the remedy, in one sentence."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from front_cli import good, head, hoshin, query, refused

SECRETS = ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET")


def tamper(home: Path, *statements: str) -> None:
    """What somebody with the file and any SQLite tool could do."""
    with closing(sqlite3.connect(home / "hoshin.db")) as record:
        for (name,) in record.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            record.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            record.execute(statement)
        record.commit()


def verified(home: Path) -> tuple[int, Any]:
    done = hoshin(home, "verify", "--json")
    return done.code, done.json


def test_a_good_journal(asked_home: Path) -> None:
    seq, last = head(asked_home)
    assert verified(asked_home) == (0, {"entries": seq, "head": last, "fault": None, "anchor": None, "cycles": []})
    assert f"{seq} entries, unbroken" in good(asked_home, "verify").out


@pytest.mark.parametrize("seq", [1, 7, "last"])
def test_one_flipped_byte_is_found_and_its_entry_named(seq: Any, asked: Path) -> None:
    number = head(asked)[0] if seq == "last" else seq
    [(body,)] = query(asked, "SELECT body FROM journal WHERE seq = ?", number)
    place = len(body) // 2
    flipped = chr(ord(body[place]) ^ 1)
    tamper(
        asked,
        f"UPDATE journal SET body = substr(body, 1, {place}) || char({ord(flipped)}) || substr(body, {place + 2})"
        f" WHERE seq = {number}",
    )
    assert (
        sum(
            a != b
            for a, b in zip(body, query(asked, f"SELECT body FROM journal WHERE seq = {number}")[0][0], strict=True)
        )
        == 1
    )
    code, found = verified(asked)
    assert (code, found["fault"]["seq"]) == (1, number)
    done = hoshin(asked, "verify")
    assert done.code == 1
    assert f"Entry {number} " in done.out


@pytest.mark.parametrize(
    ("statement", "seq"),
    [
        ("UPDATE journal SET actor = 'nobody' WHERE seq = 3", 3),
        ("UPDATE journal SET at = '2026-01-01 00:00:00.000000' WHERE seq = 4", 4),
        ("DELETE FROM journal WHERE seq = 5", 5),
        ("UPDATE journal SET seq = 900 WHERE seq = 6", 6),
        ("UPDATE journal SET hash = iif(hash LIKE 'f%', 'e', 'f') || substr(hash, 2) WHERE seq = 2", 2),
    ],
)
def test_other_ways_to_tamper(statement: str, seq: int, asked: Path) -> None:
    tamper(asked, statement)
    code, found = verified(asked)
    assert (code, found["fault"]["seq"]) == (1, seq)


def test_the_database_itself_refuses_to_edit(asked: Path) -> None:
    with closing(sqlite3.connect(asked / "hoshin.db")) as record:
        for statement in ("UPDATE journal SET actor = 'x' WHERE seq = 1", "DELETE FROM journal WHERE seq = 1"):
            with pytest.raises(sqlite3.DatabaseError, match="journal"):
                record.execute(statement)


def examined(home: Path, **environment: str) -> tuple[int, dict[str, tuple[str, str]]]:
    done = hoshin(home, "doctor", "--json", **environment)
    return done.code, {row["check"]: (row["state"], row["detail"]) for row in done.json}


def test_doctor_before_init(tmp_path: Path) -> None:
    code, found = examined(tmp_path / "home")
    assert code == 1
    assert found["home"][0] == "bad"
    assert "hoshin init" in found["home"][1]
    assert found["programme"][0] == "bad"


def test_doctor_on_a_good_home(asked_home: Path) -> None:
    code, found = examined(asked_home)
    assert (code, {state for state, _ in found.values()}) == (0, {"ok", "warn"})
    assert [name for name, (state, _) in found.items() if state == "warn"] == ["Slack", "Prefect"]
    assert "HOSHIN_SLACK_BOT_TOKEN" in found["Slack"][1]
    assert "12 systems" in found["programme"][1] or "13 systems" in found["programme"][1]
    assert "✓" in good(asked_home, "doctor").out


def test_doctor_names_a_broken_journal_programme_and_prefect(asked: Path) -> None:
    tamper(asked, "UPDATE journal SET actor = 'nobody' WHERE seq = 3")
    (asked / "programme" / "people.yaml").write_text("people: {}\n", encoding="utf-8")
    code, found = examined(asked, PREFECT_API_URL="http://127.0.0.1:9/api")
    assert code == 1
    assert found["journal"] == ("bad", found["journal"][1])
    assert "entry 3" in found["journal"][1]
    assert "people.yaml" in found["programme"][1]
    assert "prefect server start" in found["Prefect"][1]


@pytest.mark.parametrize("command", [("status",), ("verify",), ("plan",)])
@pytest.mark.parametrize(
    "address",
    ["sqlite:////proc/nowhere/hoshin.db", "postgresql://hoshin:pw@127.0.0.1:9/hoshin", "not a url", "mysql://x/y"],
)
def test_a_database_that_cannot_be_opened(command: tuple[str, ...], address: str, fresh_home: Path) -> None:
    said = refused(fresh_home, *command, HOSHIN_DATABASE_URL=address)
    assert "HOSHIN_DATABASE_URL" in said
    assert ":pw@" not in said


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_file_that_is_missing(name: str, asked_home: Path) -> None:
    said = refused(asked_home, "status", **{f"HOSHIN_{name}_FILE": "/run/secrets/none"})
    assert f"HOSHIN_{name}_FILE" in said
    assert "/run/secrets/none" in said


def test_a_secret_from_a_file_is_used(asked_home: Path, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("xoxb-not-a-real-one\n", encoding="utf-8")
    address = "http://127.0.0.1:9/api/"
    _, found = examined(asked_home, HOSHIN_SLACK_BOT_TOKEN_FILE=str(token), HOSHIN_SLACK_BASE_URL=address)
    assert found["Slack"][0] == "bad"
    assert address in found["Slack"][1]


def test_serving_without_tokens_says_which(asked_home: Path) -> None:
    assert "HOSHIN_SLACK_BOT_TOKEN" in refused(asked_home, "serve")


def test_a_demo_leaves_a_record_of_ones_own_alone(asked: Path) -> None:
    for more in ((), ("--fast",), ("--reset",)):
        said = refused(asked, "demo", *more)
        assert str(asked) in said
    assert good(asked, "status").code == 0
