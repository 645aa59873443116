"""Evidence files: only from Slack, only whole, only so large, kept by digest, and never later than the commit."""

import hashlib
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from inbox_town import Town, encoded, pressed, send
from sqlmodel import col, select
from waiting import until

from cycles.models import Evidence
from inbox.files import allowed
from inbox.refusals import REFUSALS
from tasks.vault import vault_of
from tasks.vault_stores import Store


def form(town: Town) -> dict[str, Any]:
    view: dict[str, Any] = town.press("bennett", "submit", town.request().id, form=True)["view"]
    return view


def kept_files(town: Town) -> list[Path]:
    return [path for path in (town.settings.home / "evidence").rglob("*") if path.is_file()]


def test_the_token_goes_to_slack_only() -> None:
    slack, local = "https://slack.com/api/", "http://127.0.0.1:4390/api/"
    assert allowed("https://files.slack.com/files-pri/T1-F1/x.pdf", slack)
    assert allowed("http://127.0.0.1:4390/files-pri/T1-F1/x.pdf", local)
    for url in (
        "http://files.slack.com/x",
        "https://files.slack.com.evil.example/x",
        "https://files.slack.com@evil.example/x",
        "https://files.slack.com:444/x",
        "https://evil.example/x",
        "file:///etc/passwd",
        "//files.slack.com/x",
        "",
    ):
        assert not allowed(url, slack), url
    assert not allowed("http://127.0.0.1:4391/x", local)
    assert not allowed("https://files.slack.com/x", local)


def test_where_no_files_are_taken_the_form_asks_for_none(town: Town) -> None:
    town.settings.max_upload_mb = 0
    view = form(town)
    assert [block["block_id"] for block in view["blocks"]] == ["about", "link", "effective", "note"]
    assert not view["blocks"][1].get("optional")
    done = town.fill("bennett", view, link="https://docs.example.com/risk", effective="2026-09-30")
    assert not done.get("errors")
    town.await_state("submitted")


def test_a_file_beyond_the_limit_is_refused(town: Town) -> None:
    before, file = town.journal(), town.human.upload("bennett", "large.pdf", content=b"x" * 1_000_001)
    done = town.fill("bennett", form(town), file=[file["id"]])
    assert done["errors"] == {"file": REFUSALS["file_large"]["en"].replace("{limit}", "1")}
    assert (town.journal(), kept_files(town)) == (before, [])


def test_two_gigabytes_are_refused_before_a_byte_is_fetched(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    before, file = town.journal(), town.human.upload("bennett", "large.pdf", content=b"x")
    town.slack.world.state.files[file["id"]]["size"] = 2_000_000_000
    monkeypatch.setattr("inbox.files._chunks", lambda *_: pytest.fail("fetched"))
    done = town.fill("bennett", form(town), file=[file["id"]])
    assert done["errors"] == {"file": REFUSALS["file_large"]["en"].replace("{limit}", "1")}
    assert (town.journal(), kept_files(town)) == (before, [])


def test_more_bytes_than_declared_are_not_read_on(town: Town) -> None:
    before, file = town.journal(), town.human.upload("bennett", "large.pdf", content=b"x" * 3_000_000)
    town.slack.world.state.files[file["id"]]["size"] = 1
    done = town.fill("bennett", form(town), file=[file["id"]])
    assert done["errors"] == {"file": REFUSALS["file_large"]["en"].replace("{limit}", "1")}
    assert (town.journal(), kept_files(town)) == (before, [])


@pytest.mark.parametrize("name", ["setup.exe", "page.html", "drawing.svg", "報告書\u202efdp.exe"])
def test_a_program_or_a_page_is_refused(town: Town, caplog: pytest.LogCaptureFixture, name: str) -> None:
    caplog.set_level("INFO", "hoshin.inbox")
    before, file = town.journal(), town.human.upload("bennett", name, content=b"MZ")
    done = town.fill("bennett", form(town), file=[file["id"]])
    assert done["errors"] == {"file": REFUSALS["file_type"]["en"]}
    assert (town.journal(), kept_files(town)) == (before, [])
    said = [
        row.getMessage() for row in caplog.records if row.name == "hoshin.inbox" and "file_type" in row.getMessage()
    ]
    assert len(said) == 1


def test_a_store_keeps_the_file_after_the_answer(town: Town, tmp_path: Path) -> None:
    """Another machine may take its time, so Slack is answered first; the same bytes are one object."""
    town.settings.evidence_url = f"memory://{tmp_path.name}-{town.transport}/evidence"
    for kind in ("risk-assessment", "human-oversight"):
        file = town.human.upload("bennett", f"{kind}.pdf", content=b"same")
        view = town.press("bennett", "submit", town.request(kind).id, form=True)["view"]
        assert town.fill("bennett", view, file=[file["id"]])["acked"]
        until(lambda: "in the record" in str(town.human.views("bennett")["stack"][-1]), "the notice in the form")
        assert town.request(kind).state == "submitted"
    store = vault_of(town.settings)
    with store.open(hashlib.sha256(b"same").hexdigest()) as stream:
        assert stream.read() == b"same"
    assert isinstance(store, Store)
    assert len(store.files.find(store.root)) == 1
    assert [path for path in town.home.rglob(".incoming-*") if path.is_file()] == []


def test_a_store_that_is_away_is_said_and_changes_nothing(town: Town, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "hoshin.inbox")
    town.settings.evidence_url = "zip://nowhere"
    before, file = town.journal(), town.human.upload("bennett", "a.pdf", content=b"x")
    done = town.fill("bennett", form(town), file=[file["id"]])
    assert done["errors"] == {"file": REFUSALS["file_unkept"]["en"]}
    assert (town.journal(), town.request().state) == (before, "asked")
    assert len([row for row in caplog.records if "HOSHIN_EVIDENCE_URL" in row.getMessage()]) == 1


def test_an_empty_file_is_refused(town: Town) -> None:
    before, file = town.journal(), town.human.upload("bennett", "empty.txt", content=b"x")
    town.slack.world.state.files[file["id"]] |= {"content": "", "size": 0}
    done = town.fill("bennett", form(town), file=[file["id"]])
    assert done["errors"] == {"file": REFUSALS["file_empty"]["en"]}
    assert (town.journal(), kept_files(town)) == (before, [])


def test_a_file_of_another_length_than_slack_says_is_refused(town: Town) -> None:
    before, file = town.journal(), town.human.upload("bennett", "cut.txt", content=b"all of it")
    town.slack.world.state.files[file["id"]]["size"] = 99
    done = town.fill("bennett", form(town), file=[file["id"]])
    assert done["errors"] == {"file": REFUSALS["file_lost"]["en"]}
    assert (town.journal(), kept_files(town)) == (before, [])


def test_nobody_elses_file_is_fetched(town: Town) -> None:
    """Somebody who may not answer cannot make us download either."""
    view = form(town)
    file = town.human.upload("bennett", "x.txt", content=b"x")
    town.close_cycle()
    done = town.fill("bennett", view, file=[file["id"]])
    assert REFUSALS["closed"]["en"] in str(done["view"]["blocks"])
    assert not (town.settings.home / "evidence").exists()


class Trap(http.server.BaseHTTPRequestHandler):
    seen: list[str] = []  # noqa: RUF012

    def do_GET(self) -> None:
        self.seen.append(str(self.headers.get("authorization")))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"x")

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def elsewhere() -> Iterator[str]:
    server = http.server.HTTPServer(("127.0.0.1", 0), Trap)
    Trap.seen.clear()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/files-pri/x"
    server.shutdown()
    server.server_close()


def test_a_file_that_lies_elsewhere_does_not_get_the_token(http_town: Town, elsewhere: str) -> None:
    before, view = http_town.journal(), form(http_town)
    row = {"id": "F1", "name": "x", "size": 1, "url_private_download": elsewhere}
    view["state"]["values"]["file"] = {"value": {"type": "file_input", "files": [row]}}
    payload = pressed(http_town, "bennett", "x", "1") | {"type": "view_submission", "view": view}
    assert send(http_town, encoded(payload)).json()["errors"] == {"file": REFUSALS["file_lost"]["en"]}
    assert (Trap.seen, http_town.journal()) == ([], before)


def test_what_takes_long_is_finished_after_the_answer(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inbox.send.PATIENCE_S", -1.0)
    file = town.human.upload("bennett", "slow.pdf", content=b"slow")
    view = form(town)
    done = town.fill("bennett", view, file=[file["id"]])
    assert done["acked"]
    until(lambda: town.request().state == "submitted", "the submission")
    until(lambda: "in the record" in str(town.human.views("bennett")["stack"]), "the notice in the form")
    with town.record.read() as session:
        kept = session.exec(select(Evidence).order_by(col(Evidence.id).desc())).first()
    assert kept is not None
    assert kept.sha256 == hashlib.sha256(b"slow").hexdigest()
    assert [path.read_bytes() for path in kept_files(town)] == [b"slow"]


def test_the_same_bytes_are_kept_once(town: Town) -> None:
    for kind in ("risk-assessment", "human-oversight"):
        file = town.human.upload("bennett", f"{kind}.txt", content=b"same")
        view = town.press("bennett", "submit", town.request(kind).id, form=True)["view"]
        assert not town.fill("bennett", view, file=[file["id"]])["errors"]
    assert len(kept_files(town)) == 1
