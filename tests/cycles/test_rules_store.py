"""What carries the record: outbox, locks, migrations and copies."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from rules_house import START, House, house, system
from sqlalchemy import inspect, text
from sqlalchemy.exc import IntegrityError
from sqlmodel import SQLModel, select

from cycles import do, journal, outbox
from cycles.act import act
from cycles.assess import result_digest
from cycles.check import check
from cycles.copies import copied
from cycles.errors import BadInput, Busy
from cycles.locks import HOLD, stage_lock
from cycles.models import Action, Delivery, DeliveryItem, Person, Request, StageLock, System, SystemFact
from cycles.store import HEAD, Record, open_record

NewRecord = Callable[[], Record]


@pytest.fixture
def built(new_record: NewRecord) -> House:
    return house(new_record(), system("scoring", risk_tier="high"))


def queue(built: House, key: str, **more: Any) -> Delivery | None:
    with built.record.write() as session:
        about = [("request", 1, 0)]
        return outbox.queue(
            session, key=key, kind=more.pop("kind", "digest"), person_id=1, now=built.now, about=about, **more
        )


# Outbox ---------------------------------------------------------------------------------------------------


def test_a_key_is_one_message_however_often_it_is_written(built: House) -> None:
    first = queue(built, "digest:owner:2026-10-01")
    assert first
    assert queue(built, "digest:owner:2026-10-01") is None
    assert len([row for row in built.deliveries() if row.key == "digest:owner:2026-10-01"]) == 1
    assert len(built.rows(DeliveryItem, DeliveryItem.delivery_id == first.id)) == 1


def test_rewrites_of_one_message_wait_as_one(built: House) -> None:
    first = queue(built, "digest:a")
    assert first
    refreshed = []
    for state in ("queued", "sent", "sent", "sent"):
        with built.record.write() as session:
            session.get_one(Delivery, first.id).state = state
            refreshed.append(outbox.refresh_about(session, "request", 1, now=built.now))
    assert refreshed == [0, 1, 0, 0]
    [waiting] = built.deliveries("refresh")
    with built.record.write() as session:
        assert outbox.claim(session, waiting, built.now)
        assert outbox.refresh_about(session, "request", 1, now=built.now) == 1
    one, two = built.deliveries("refresh")
    assert one.key != two.key
    with built.record.write() as session:
        assert not outbox.claim(session, two, built.now), "an older state could be shown last"
        assert outbox.sent(session, one, channel="C", ts=None, now=built.now)
        assert outbox.claim(session, two, built.now)


def test_eight_senders_claim_a_message_once(built: House) -> None:
    found = queue(built, "digest:a")
    assert found
    barrier, won = threading.Barrier(8), []

    def sender(number: int) -> None:
        barrier.wait(timeout=30)
        with built.record.write() as session:
            if outbox.claim(session, found, built.now):
                won.append(number)

    threads = [threading.Thread(target=sender, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(won) == 1
    [row] = built.rows(Delivery, Delivery.id == found.id)
    assert (row.state, row.attempts) == ("sending", 1)


def test_eight_writers_keep_one_chain(built: House) -> None:
    barrier = threading.Barrier(8)

    def writer(number: int) -> None:
        barrier.wait(timeout=30)
        for step in range(5):
            with built.record.write() as session:
                journal.append(session, at=built.now, actor=f"w{number}", action="test", subject=f"s{step}")

    threads = [threading.Thread(target=writer, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    with built.record.read() as session:
        found = journal.verify(session)
    assert found.fault is None
    assert sum(action == "test" for _, action, _ in built.journal()) == 40


def test_messages_go_out_when_their_time_has_come_oldest_first(built: House) -> None:
    times = {"late": timedelta(hours=2), "early": timedelta(hours=-1), "now": timedelta(0)}
    for key, off in times.items():
        queue(built, key, not_before=built.now + off)
    with built.record.read() as session:
        known = [row.key for row in outbox.due(session, built.now, 50) if row.key in times]
    assert known == ["early", "now"]


def test_a_claim_without_an_answer_comes_into_doubt_and_a_late_sender_does_not_overrule(built: House) -> None:
    found = queue(built, "digest:a")
    assert found
    with built.record.write() as session:
        outbox.claim(session, found, built.now)
    [claimed] = built.rows(Delivery, Delivery.id == found.id)
    later = built.now + outbox.DOUBT_AFTER
    with built.record.write() as session:
        assert [row.id for row in outbox.in_doubt(session, later - timedelta(seconds=1))] == []
        assert [row.id for row in outbox.in_doubt(session, later)] == [found.id]
        assert outbox.again(session, claimed, until=later)
    with built.record.write() as session:
        assert not outbox.fail(session, claimed, "too late")
        assert outbox.sent(session, claimed, channel="C", ts="1", now=later), "what Slack confirms outweighs all"
        assert not outbox.sent(session, claimed, channel="C", ts="2", now=later)
    [row] = built.rows(Delivery, Delivery.id == found.id)
    assert (row.state, row.ts, row.attempts) == ("sent", "1", 1)


def test_waiting_for_slack_does_not_count_as_a_try(built: House) -> None:
    found = queue(built, "digest:a")
    assert found
    for number in range(20):
        at = built.now + timedelta(minutes=number)
        with built.record.write() as session:
            row = session.get_one(Delivery, found.id)
            assert outbox.claim(session, row, at)
            session.refresh(row)
            assert outbox.postpone(session, row, until=at, error="rate limited")
    [row] = built.rows(Delivery, Delivery.id == found.id)
    assert (row.state, row.attempts) == ("queued", 0)


# Locks ----------------------------------------------------------------------------------------------------


def test_a_stage_has_one_holder(built: House) -> None:
    with stage_lock(built.record, "check", lambda: START):
        with pytest.raises(Busy, match="running already"), stage_lock(built.record, "check", lambda: START):
            pass
        with stage_lock(built.record, "do", lambda: START):
            pass
    with stage_lock(built.record, "check", lambda: START):
        pass
    assert {row.holder for row in built.rows(StageLock)} == {None}


def test_a_lock_is_freed_by_an_error_and_by_time(built: House) -> None:
    with pytest.raises(RuntimeError), stage_lock(built.record, "check", lambda: START):
        raise RuntimeError
    gone = stage_lock(built.record, "check", lambda: START)
    gone.__enter__()
    with pytest.raises(Busy), stage_lock(built.record, "check", lambda: START + HOLD):
        pass
    with stage_lock(built.record, "check", lambda: START + HOLD + timedelta(seconds=1)):
        gone.__exit__(None, None, None)
        with pytest.raises(Busy), stage_lock(built.record, "check", lambda: START + HOLD + timedelta(seconds=2)):
            pass  # the one that came too late freed its own hold only


def test_of_eight_at_once_one_holds_the_stage(built: House) -> None:
    barrier, release, held, refused = threading.Barrier(8), threading.Event(), [], []

    def runner(number: int) -> None:
        barrier.wait(timeout=30)
        try:
            with stage_lock(built.record, "do", lambda: START):
                held.append(number)
                release.wait(60)
        except Busy:
            refused.append(number)
            if len(refused) == 7:
                release.set()

    threads = [threading.Thread(target=runner, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(90)
    assert (len(held), len(refused)) == (1, 7)


# Migrations -----------------------------------------------------------------------------------------------


def _alembic(record: Record, how: Callable[..., None], revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(journal.__file__).parent / "migrations"))
    with record.engine.connect().execution_options(hoshin_write=True) as connection:
        config.attributes["connection"] = connection
        how(config, revision)
        connection.commit()


def _differences(record: Record) -> list[Any]:
    with record.engine.connect() as connection:
        return list(compare_metadata(MigrationContext.configure(connection), SQLModel.metadata))


@pytest.mark.own_database
def test_the_migrations_make_exactly_the_models(new_record: NewRecord) -> None:
    record = new_record()
    assert _differences(record) == []
    _alembic(record, command.downgrade, "base")
    assert set(inspect(record.engine).get_table_names()) <= {"alembic_version"}
    _alembic(record, command.upgrade, "head")
    assert _differences(record) == []
    built = house(record)
    with record.read() as session:
        assert journal.verify(session).entries == 3
        assert session.execute(text("SELECT version_num FROM alembic_version")).scalar() == HEAD
    assert built.rows(Request)


# Columns the second migration adds.
LATER = ("finding_id", "excused_at", "renews", "renewed_at")


@pytest.mark.own_database
def test_a_record_of_the_first_version_keeps_everything(new_record: NewRecord) -> None:
    record = new_record()
    built = house(record)
    built.change(Request, 1, state="excused", answer={"verb": "excused", "at": "2026-10-05T09:00:00+09:00"})
    built.on("2027-01-20").turn(check, act)
    _alembic(record, command.downgrade, "0001")
    before = _all(record, [Action.__table__, Request.__table__], but=LATER)  # type: ignore[attr-defined]
    assert before["action"]
    _alembic(record, command.upgrade, "head")
    assert _all(record, [Action.__table__, Request.__table__], but=LATER) == before  # type: ignore[attr-defined]
    assert built.rows(Request)[0].excused_at == datetime(2026, 10, 5, tzinfo=UTC)
    assert {fact.system_id for fact in built.rows(SystemFact)} == {system.id for system in built.rows(System)}
    second = Action(**{**built.actions()[0].model_dump(), "id": None})
    with pytest.raises(IntegrityError):
        _add(record, second)


def _add(record: Record, row: SQLModel) -> None:
    with record.write() as session:
        session.add(row)


def test_a_record_of_a_newer_version_is_refused(record: Record) -> None:
    with record.engine.connect() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    with pytest.raises(BadInput, match="another version of Hoshin"):
        open_record(str(record.engine.url))


def test_a_database_that_cannot_be_opened_names_the_setting(tmp_path: Path) -> None:
    (tmp_path / "hoshin.db").write_bytes(b"this is no database at all, but it is long enough to be read as one")
    with pytest.raises(BadInput, match="HOSHIN_DATABASE_URL or HOSHIN_HOME"):
        open_record(f"sqlite:///{tmp_path / 'hoshin.db'}")


# Copies ---------------------------------------------------------------------------------------------------


def test_a_copy_holds_everything_and_what_is_done_there_stays_there(built: House) -> None:
    with built.record.write() as session:
        check(session, built.cycle(session), now=built.on("2026-11-20").now, actor="check")
        do.tick(session, now=built.now, actor="do")
    tables = list(SQLModel.metadata.sorted_tables)
    before = _all(built.record, tables)
    with copied(built.record) as copy:
        assert _all(copy, tables) == before
        inside = House(record=copy, programme=built.programme, now=built.now + timedelta(days=9))
        with copy.write() as session:
            assert do.tick(session, now=inside.now, actor="do")
            check(session, inside.cycle(session), now=inside.now, actor="check")
            assert journal.verify(session).fault is None
            result_digest(session, inside.cycle(session))
        assert _all(copy, tables) != before
        place = copy.engine.url.database
        assert place
        assert Path(place).exists()
    assert not Path(place).exists()
    assert _all(built.record, tables) == before


def _all(record: Record, tables: list[Any], but: tuple[str, ...] = ()) -> dict[str, list[Any]]:
    def kept(table: Any) -> list[Any]:
        return [column for column in table.columns if column.name not in but]

    with record.read() as session:
        return {
            table.name: [
                tuple(row) for row in session.execute(select(*kept(table)).order_by(*table.primary_key.columns))
            ]
            for table in tables
        }


def test_nobody_is_lost_in_a_copy_whose_people_name_each_other(built: House) -> None:
    with copied(built.record) as copy, copy.read() as session:
        found = {row.key: row.manager_id for row in session.exec(select(Person)).all()}
    assert found == {row.key: row.manager_id for row in built.rows(Person)}
