"""What a hostile reviewer tried: each of these once got past the run, or stopped it for nothing."""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from lifeboat.errors import (
    AlreadyTakenError,
    ConnectError,
    DumpError,
    LifeboatError,
    ManifestError,
    TimeLimitError,
    UnreadableError,
)
from lifeboat.postgres import decoder, snapshot
from lifeboat.postgres.connect import Connection
from lifeboat.postgres.copy_rows import CopyRows
from lifeboat.postgres.snapshot import Relation
from lifeboat.runtime.timeouts import set_testing
from tests.faults.conftest import JAILED
from tests.support.backup_harness import BackupHarness, Database, eventually
from tests.support.counting import with_counter
from tests.support.proxy import Proxy
from tests.support.s3_faults import Silence, answer, planned, slow
from tests.support.step_faults import Clock


@pytest.mark.fault("database")
def test_a_table_hashed_by_an_enum_is_loaded_through_its_root(
    backups: BackupHarness, new_database: Callable[..., Database]
) -> None:
    backups.database.run(
        "CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy')",
        "CREATE TABLE moods (m mood, v int) PARTITION BY HASH (m)",
        "CREATE TABLE moods_0 PARTITION OF moods FOR VALUES WITH (MODULUS 2, REMAINDER 0)",
        "CREATE TABLE moods_1 PARTITION OF moods FOR VALUES WITH (MODULUS 2, REMAINDER 1)",
        "INSERT INTO moods SELECT (enum_range(NULL::mood))[i % 3 + 1], i"
        " FROM generate_series(1, 90) i",
        "CREATE TABLE years (y int, m mood) PARTITION BY LIST (y)",
        "CREATE TABLE years_1 PARTITION OF years FOR VALUES IN (1)",
        "CREATE TABLE years_2 PARTITION OF years FOR VALUES IN (2) PARTITION BY HASH (m)",
        "CREATE TABLE years_2_0 PARTITION OF years_2 FOR VALUES WITH (MODULUS 1, REMAINDER 0)",
        "INSERT INTO years SELECT i % 2 + 1, 'ok' FROM generate_series(1, 30) i",
    )
    manifest = backups.take().manifest
    rows = {table.name: table.rows for table in manifest.inventory.tables}
    assert rows == {"moods": 90, "years": 15, "years_1": 15, "users": 1000}
    copy = new_database()
    backups.restore(copy, jobs=1)
    assert copy.inventory().tables == backups.database.inventory().tables


def _extension_with_a_table(backups: BackupHarness, condition: str) -> None:
    """hstore, made to own a configuration table as pg_cron and PostGIS do."""
    backups.database.run(
        "CREATE EXTENSION hstore",
        "CREATE SCHEMA cron",
        "CREATE TABLE cron.job (id serial, t text)",
        "INSERT INTO cron.job (t) SELECT 'x' FROM generate_series(1, 9)",
        "ALTER EXTENSION hstore ADD TABLE cron.job",
        "ALTER EXTENSION hstore ADD SEQUENCE cron.job_id_seq",
    )
    with backups.database.connect() as connection:
        connection.execute(
            "UPDATE pg_extension SET extconfig ="
            " ARRAY['cron.job'::regclass::oid, 'cron.job_id_seq'::regclass::oid],"
            " extcondition = ARRAY[%s, ''] WHERE extname = 'hstore'",
            [condition],
        )


@pytest.mark.fault("database")
def test_an_extensions_condition_may_name_its_table(backups: BackupHarness) -> None:
    _extension_with_a_table(backups, "WHERE job.id > 4")
    inventory = backups.take().manifest.inventory
    assert {t.name: t.rows for t in inventory.tables}["job"] == 5


@pytest.mark.fault("database")
def test_an_extensions_rows_that_the_role_cannot_read_are_named_before_the_dump(
    backups: BackupHarness,
) -> None:
    _extension_with_a_table(backups, "")
    server, name = backups.database.server, backups.database.name
    backups.database.run(
        "CREATE ROLE weak LOGIN PASSWORD 'bait-of-the-weak'",
        "GRANT USAGE ON SCHEMA public TO weak",
        "GRANT SELECT ON ALL TABLES IN SCHEMA public TO weak",
        "GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO weak",
        "ALTER TABLE cron.job ENABLE ROW LEVEL SECURITY",
    )
    try:
        backups.secret = server.url(database=name, user="weak", password="bait-of-the-weak")
        with pytest.raises(UnreadableError) as caught:
            backups.take()
    finally:
        backups.database.run("DROP OWNED BY weak", "DROP ROLE weak")
    for named in (
        'schema "cron"',
        'table "cron"."job"',
        'row security "cron"."job"',
        'sequence "cron"."job_id_seq"',
    ):
        assert named in caught.value.what


@pytest.mark.fault("database")
def test_a_table_of_nothing_but_generated_columns_is_counted(backups: BackupHarness) -> None:
    backups.database.run(
        "CREATE TABLE made (a int GENERATED ALWAYS AS (7) STORED)",
        "INSERT INTO made DEFAULT VALUES",
        "INSERT INTO made DEFAULT VALUES",
    )
    rows = {t.name: t.rows for t in backups.take().manifest.inventory.tables}
    assert rows["made"] == 2


@pytest.mark.fault("database")
def test_thousands_of_large_objects_are_counted(backups: BackupHarness) -> None:
    backups.database.run("SELECT lo_from_bytea(0, '') FROM generate_series(1, 2500)")
    assert backups.take().manifest.inventory.large_objects == 2500


@pytest.mark.fault("database")
def test_a_deadlock_with_a_migration_is_only_another_attempt(
    backups: BackupHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    backups.database.run("CREATE TABLE a (id int)", "CREATE TABLE b (id int)")
    lock = snapshot._lock
    hands: list[threading.Thread] = []

    def lock_one_by_one(holder: Connection, relations: tuple[Relation, ...]) -> None:
        if hands:
            lock(holder, relations)
            return
        holder.execute("SET deadlock_timeout = '100ms'")
        lock(holder, relations[:1])
        other = backups.database.connect()
        other.execute("SET deadlock_timeout = '60s'")
        other.execute("BEGIN")
        other.execute("LOCK TABLE b IN ACCESS EXCLUSIVE MODE")

        def migrate() -> None:
            other.execute("LOCK TABLE a IN ACCESS EXCLUSIVE MODE")
            other.execute("ROLLBACK")
            other.close()

        migration = threading.Thread(target=migrate)
        hands.append(migration)
        migration.start()
        time.sleep(0.3)
        lock(holder, relations)

    monkeypatch.setattr(snapshot, "_lock", lock_one_by_one)
    assert backups.take().created
    hands[0].join()


@pytest.mark.fault("processes")
def test_what_pg_dump_says_is_reported_without_the_password(
    backups: BackupHarness, tmp_path: Path
) -> None:
    real = backups.programs.root / "18" / "bin"
    folder = tmp_path / "programs" / "18" / "bin"
    folder.mkdir(parents=True)
    (folder / "pg_restore").symlink_to(real / "pg_restore")
    script = f'#!/bin/sh\n{JAILED}\necho "it was $PGPASSWORD" >&2\nexit 1\n'
    (folder / "pg_dump").write_text(script)
    (folder / "pg_dump").chmod(0o755)
    backups.programs = with_counter(tmp_path / "programs")
    with pytest.raises(DumpError) as caught:
        backups.take()
    assert "it was ***" in caught.value.what
    assert backups.database.server.password not in str(caught.value)


@pytest.mark.fault("processes", leaves="unexpected")
def test_a_decoder_whose_reader_fails_in_an_unknown_way_fails_the_run(
    backups: BackupHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken(CopyRows):
        def feed(self, piece: memoryview) -> None:
            super().feed(piece)
            raise ValueError("never seen before")

    monkeypatch.setattr(decoder, "CopyRows", Broken)
    with pytest.raises(ValueError, match="never seen before"):
        backups.take()
    backups.assert_nothing_was_published()


@pytest.mark.fault("network")
def test_a_session_that_lost_its_client_does_not_hold_its_locks_for_hours(
    backups: BackupHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Any] = []
    real = snapshot._lock_new_tables

    def look(holder: Connection, relations: tuple[Relation, ...]) -> bool:
        for name in ("idle", "interval", "count"):
            row = holder.execute(f"SHOW tcp_keepalives_{name}").fetchone()
            seen.append(int(str(row and row[0])))
        return real(holder, relations)

    monkeypatch.setattr(snapshot, "_lock_new_tables", look)
    backups.take()
    idle, interval, count = seen
    assert 0 < idle + interval * count <= 120


# --- time ---------------------------------------------------------------------------------------


@pytest.mark.fault("time")
def test_a_server_that_cannot_be_reached_does_not_outlast_the_run(backups: BackupHarness) -> None:
    backups.secret = "postgresql://someone@127.0.0.1:1/app"
    backups.seconds = 5
    with pytest.raises(ConnectError, match="refused"):  # and not TimeLimitError
        backups.take()


@pytest.mark.fault("time")
@pytest.mark.usefixtures("impatient")
def test_a_server_that_goes_silent_after_the_login_does_not_outlast_the_run(
    backups: BackupHarness, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = backups.database.server
    real = psycopg.connect
    with Proxy("127.0.0.1", server.port) as proxy:

        def connect(*args: Any, **keywords: Any) -> Any:
            connection = real(*args, **keywords)
            proxy.stall()
            clock.strike_soon()
            return connection

        monkeypatch.setattr(psycopg, "connect", connect)
        backups.secret = backups.database.url.replace(f":{server.port}/", f":{proxy.port}/")
        with pytest.raises(TimeLimitError, match="during connect"):
            backups.take(remaining=clock.remaining)
        proxy.require_silence()
    monkeypatch.undo()
    backups.assert_nothing_was_published()


@pytest.mark.fault("time", leaves="uploads")
@pytest.mark.parametrize(
    ("operation", "phase"),
    [
        ("CreateMultipartUpload", "upload"),
        ("CompleteMultipartUpload", "complete"),
        ("PutObject", "publish"),
    ],
)
def test_a_silent_s3_does_not_outlast_the_run(
    backups: BackupHarness, clock: Clock, operation: str, phase: str
) -> None:
    with (
        set_testing(settle_seconds=0.5, abort_seconds=0.5),
        Silence(then=clock.strike_soon) as silence,
        planned(backups.bucket.client, operation, silence),
        pytest.raises(TimeLimitError, match=f"during {phase}"),
    ):
        backups.take(remaining=clock.remaining)


@pytest.mark.fault("S3", leaves="uploads")
def test_a_silent_s3_after_a_lost_race_does_not_outlast_the_run(
    backups: BackupHarness, clock: Clock
) -> None:
    client = backups.bucket.client
    with (
        Silence(then=clock.strike_soon) as silence,
        planned(client, "CompleteMultipartUpload", answer(412, "PreconditionFailed")),
        planned(client, "ListObjectsV2", silence, after=1),
        pytest.raises(AlreadyTakenError) as caught,
    ):
        backups.take(remaining=clock.remaining)
    assert "it finds the other run's backup" in caught.value.todo


def test_an_abort_that_s3_never_answers_does_not_outlast_the_run(backups: BackupHarness) -> None:
    client = backups.bucket.client
    with (
        set_testing(abort_seconds=0.5),
        Silence() as silence,
        planned(client, "UploadPart", answer(403, "AccessDenied")),
        planned(client, "AbortMultipartUpload", silence),
        pytest.raises(LifeboatError) as caught,
    ):
        backups.take()
    assert any("lifecycle rule" in note for note in caught.value.__notes__)


# --- slots --------------------------------------------------------------------------------------


@pytest.mark.fault("S3")
def test_a_manifest_whose_answer_is_lost_is_still_this_run_s_own(backups: BackupHarness) -> None:
    """botocore sends it again, and S3 refuses the second one since the first is there."""
    client = backups.bucket.client
    lost = threading.Event()

    def resend(request: Any) -> Any:
        if lost.is_set() or "If-None-Match" not in request.headers:
            return None
        lost.set()
        assert client._endpoint.http_session.send(request).status_code == 200
        return answer(500, "InternalError")(request)

    with planned(client, "PutObject", resend):
        outcome = backups.take()
    assert lost.is_set()
    assert outcome.created
    assert outcome.manifest == backups.manifest()


@pytest.mark.fault("repeats")
def test_a_run_that_took_another_s_archive_for_a_leftover_does_not_replace_it(
    backups: BackupHarness,
) -> None:
    """The other one had stored its archive but not yet its manifest when this one looked."""
    winner = backups.take().manifest
    client, key = backups.bucket.client, backups.location.manifest_key
    document = backups.bucket.read(key)
    client.delete_object(Bucket=backups.bucket.name, Key=key)
    with planned(client, "UploadPart", slow(0.5)) as sending:
        other = threading.Thread(
            target=lambda: (
                sending.wait(30),
                client.put_object(Bucket=backups.bucket.name, Key=key, Body=document),
            )
        )
        other.start()
        outcome = backups.take()
        other.join()
    assert (outcome.created, outcome.manifest) == (False, winner)
    archive = winner.archive.objects[0]
    newest = client.head_object(Bucket=backups.bucket.name, Key=archive.key)
    assert newest["VersionId"] == archive.version_id
    eventually(lambda: backups.bucket.open_uploads() == [])


@pytest.mark.fault("bucket")
def test_a_manifest_of_another_slot_does_not_serve_this_one(backups: BackupHarness) -> None:
    backups.take()
    document = backups.bucket.read(backups.location.manifest_key)
    ours = backups.location
    backups.scheduled_at = backups.scheduled_at.replace(hour=5)
    backups.bucket.client.put_object(
        Bucket=backups.bucket.name, Key=backups.location.manifest_key, Body=document
    )
    with pytest.raises(ManifestError, match=f"claims to be {ours.id}/"):
        backups.take()


@pytest.mark.fault("bucket")
def test_a_manifest_without_its_archive_is_not_a_backup(backups: BackupHarness) -> None:
    backups.take()
    backups.bucket.client.delete_object(
        Bucket=backups.bucket.name, Key=backups.location.archive_key
    )
    with pytest.raises(ManifestError, match="not its archive") as caught:
        backups.take()
    assert "delete marker" in caught.value.todo
