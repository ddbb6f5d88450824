"""Whatever fails: no manifest, no open upload, no process, no connection, and a next step."""

import os
import shlex
import signal
import sys
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest

from lifeboat.errors import (
    AlreadyTakenError,
    ConnectError,
    DecodeError,
    DumpError,
    InventoryError,
    LifeboatError,
    LockWaitError,
    ProgramMissingError,
    RowsDifferError,
    StatementError,
    StorageError,
    TimeLimitError,
    UnsupportedServerError,
)
from lifeboat.postgres.native_counter import NAME
from lifeboat.postgres.programs import Programs
from lifeboat.runtime.timeouts import set_testing
from local.postgres import PostgresServer
from tests.support.backup_harness import BackupHarness, Database, eventually
from tests.support.counting import counter_only
from tests.support.proxy import Proxy
from tests.support.s3_faults import Silence, answer, meanwhile, planned, slow
from tests.support.scripts import WRITER
from tests.support.step_faults import Clock

#: About 45 MB that don't compress: more parts than may be under way at once, so that a run has to
#: wait for slow ones and can't be over before it is broken.
BULKY = (
    "CREATE EXTENSION pgcrypto",
    "CREATE TABLE bulky AS SELECT i AS id, gen_random_bytes(1000) AS v"
    " FROM generate_series(1, 45000) i",
)


@pytest.fixture(scope="module")
def template(server_of: Callable[[int], PostgresServer]) -> str:
    """A database that is copied in a moment, since making its rows takes seconds."""
    Database.create(server_of(18), "bulky").run(*BULKY)
    return "TEMPLATE bulky"


@pytest.fixture
def bulky(
    backups: BackupHarness, new_database: Callable[..., Database], template: str
) -> BackupHarness:
    backups.database = new_database(options=template)
    return backups


def refused(backups: BackupHarness, error: type[LifeboatError], **means: Any) -> LifeboatError:
    """The run raises this, says what to do, keeps the password to itself and leaves nothing."""
    with pytest.raises(error) as caught:
        backups.take(**means)
    told = str(caught.value) + "".join(getattr(caught.value, "__notes__", []))
    assert type(caught.value) is error
    assert caught.value.todo
    assert backups.database.server.password not in told
    return caught.value


# --- programs ---------------------------------------------------------------------------------


@pytest.mark.fault("processes")
def test_a_dump_that_is_killed_half_way(broken: Callable[[str, str], BackupHarness]) -> None:
    backups = broken("pg_dump", '"$REAL" "$@" | head -c 3000\nkill -9 $$')
    assert "killed by signal 9" in refused(backups, DumpError).what


@pytest.mark.fault("processes")
def test_a_dump_that_writes_a_good_header_and_exits_1(
    broken: Callable[[str, str], BackupHarness],
) -> None:
    backups = broken(
        "pg_dump", '"$REAL" "$@" | head -c 3000\necho "cache lookup failed" >&2\nexit 1'
    )
    assert "cache lookup failed" in refused(backups, DumpError).what


@pytest.mark.fault("processes")
def test_a_dump_that_writes_everything_and_exits_1(
    broken: Callable[[str, str], BackupHarness],
) -> None:
    refused(broken("pg_dump", '"$REAL" "$@"\nexit 1'), DumpError)


@pytest.mark.fault("processes")
def test_a_dump_that_ends_early_and_exits_0(broken: Callable[[str, str], BackupHarness]) -> None:
    refused(broken("pg_dump", '"$REAL" "$@" | head -c 3000'), DecodeError)


@pytest.mark.fault("processes")
def test_a_dump_that_writes_nothing_and_exits_0(
    broken: Callable[[str, str], BackupHarness],
) -> None:
    refused(broken("pg_dump", "exit 0"), DecodeError)


@pytest.mark.fault("processes")
def test_a_dump_that_writes_garbage_and_exits_0(
    broken: Callable[[str, str], BackupHarness],
) -> None:
    refused(broken("pg_dump", "echo PGDMP; head -c 100000 /dev/zero"), DecodeError)


@pytest.mark.fault("processes")
def test_a_dump_that_leaves_a_table_out(broken: Callable[[str, str], BackupHarness]) -> None:
    backups = broken("pg_dump", '"$REAL" --exclude-table-data=users "$@"')
    assert "users" in refused(backups, RowsDifferError).what


@pytest.mark.fault("processes")
def test_a_decoder_that_dies_at_once(broken: Callable[[str, str], BackupHarness]) -> None:
    backups = broken("pg_restore", "echo 'out of memory' >&2\nexit 3")
    assert "out of memory" in refused(backups, DecodeError).what


@pytest.mark.fault("processes")
def test_a_decoder_that_is_killed_half_way(broken: Callable[[str, str], BackupHarness]) -> None:
    refused(broken("pg_restore", "head -c 3000 >/dev/null\nkill -9 $$"), DecodeError)


@pytest.mark.fault("processes")
def test_a_decoder_that_stops_reading_but_is_content(
    broken: Callable[[str, str], BackupHarness],
) -> None:
    backups = broken("pg_restore", "head -c 3000 >/dev/null\nexit 0")
    # More than the pipe to it holds, or else the writer may be done before it sees the reader gone
    # and only the rows tell (the next test).
    backups.database.run(
        "CREATE TABLE noise AS SELECT sha256(int4send(i)) v FROM generate_series(1, 100000) i"
    )
    assert "ended with 0" in refused(backups, DecodeError).what


@pytest.mark.fault("processes")
def test_a_decoder_that_finds_one_row_less(broken: Callable[[str, str], BackupHarness]) -> None:
    counter = counter_only().root / NAME
    script = 'env -u LIFEBOAT_COUNTER "$REAL" "$@" | sed "/^5\\tuser5@/d"'
    program = shlex.join(["env", f"LD_PRELOAD={counter}", sys.executable, "-ISc", WRITER])
    backups = broken("pg_restore", f"{script} | {program}")
    error = refused(backups, RowsDifferError)
    assert "999" in error.what
    assert "1000" in error.what


@pytest.mark.fault("processes")
def test_a_decoder_that_does_not_count(broken: Callable[[str, str], BackupHarness]) -> None:
    backups = broken("pg_restore", 'env -u LIFEBOAT_COUNTER "$REAL" "$@"')
    assert "has not done so" in refused(backups, DecodeError).what


@pytest.mark.fault("processes")
def test_a_decoder_that_ends_well_without_having_told_all(
    broken: Callable[[str, str], BackupHarness],
) -> None:
    backups = broken("pg_restore", '"$REAL" "$@" | head -c -8')
    assert "in a statement" in refused(backups, DecodeError).what


@pytest.mark.fault("processes")
def test_a_layer_without_pg_dump_never_falls_back_on_the_hosts_own(backups: BackupHarness) -> None:
    (backups.scratch / "empty" / "18" / "bin").mkdir(parents=True)
    backups.programs = Programs(backups.scratch / "empty")
    assert str(backups.scratch) in refused(backups, ProgramMissingError).what
    backups.assert_nothing_was_published()


@pytest.mark.fault("database")
def test_a_server_newer_than_the_layer_is_refused_with_both_versions(
    backups: BackupHarness,
) -> None:
    (backups.scratch / "old" / "17" / "bin").mkdir(parents=True)
    backups.programs = Programs(backups.scratch / "old")
    error = refused(backups, UnsupportedServerError)
    assert "PostgreSQL 18" in error.what
    assert "17" in error.what


@pytest.mark.fault("database")
def test_globals_that_the_provider_forbids_are_a_note(
    broken: Callable[[str, str], BackupHarness],
) -> None:
    backups = broken("pg_dumpall", "echo 'permission denied for pg_authid' >&2\nexit 1")
    manifest = backups.take().manifest
    assert manifest.globals is None
    assert any("permission denied for pg_authid" in note for note in manifest.notes)
    backups.scheduled_at -= timedelta(days=1)  # what the fixture checks next is another slot


@pytest.mark.fault("processes")
def test_pg_dump_killed_from_outside_while_parts_are_sent(bulky: BackupHarness) -> None:
    killing = meanwhile(lambda: _kill("pg_dump"))
    with planned(bulky.bucket.client, "UploadPart", killing):
        refused(bulky, DumpError)
    bulky.assert_nothing_was_published()


@pytest.mark.fault("processes")
def test_the_decoder_killed_from_outside_while_parts_are_sent(bulky: BackupHarness) -> None:
    killing = meanwhile(lambda: _kill("pg_restore"))
    with planned(bulky.bucket.client, "UploadPart", killing):
        refused(bulky, DecodeError)
    bulky.assert_nothing_was_published()


def _kill(name: str) -> None:
    mine = psutil.Process(os.getpid()).children()
    next(p for p in mine if p.name() == name).send_signal(signal.SIGKILL)


# --- database ---------------------------------------------------------------------------------


@pytest.mark.fault("processes")
def test_the_server_is_killed_during_the_dump(bulky: BackupHarness, tmp_path: Path) -> None:
    with PostgresServer.start(major=17, root=tmp_path / "own") as server:
        bulky.database = database = Database.create(server, "doomed")
        database.run(*BULKY)
        fault = planned(bulky.bucket.client, "UploadPart", meanwhile(server.kill))
        with fault, pytest.raises((DumpError, InventoryError, StatementError)) as caught:
            bulky.take()
    assert server.password not in str(caught.value)
    assert bulky.location.manifest_key not in bulky.bucket.holds()
    assert bulky.bucket.open_uploads() == []


@pytest.mark.fault("network")
def test_the_network_is_cut_during_the_dump(bulky: BackupHarness) -> None:
    server = bulky.database.server
    with Proxy("127.0.0.1", server.port) as proxy:
        bulky.secret = bulky.database.url.replace(f":{server.port}/", f":{proxy.port}/")
        fault = planned(bulky.bucket.client, "UploadPart", meanwhile(proxy.cut))
        with fault, pytest.raises((DumpError, InventoryError, StatementError)):
            bulky.take()
    bulky.assert_nothing_was_published()


@pytest.mark.fault("network")
def test_the_network_goes_silent_during_the_dump(bulky: BackupHarness, clock: Clock) -> None:
    server = bulky.database.server
    with Proxy("127.0.0.1", server.port) as proxy:
        bulky.secret = bulky.database.url.replace(f":{server.port}/", f":{proxy.port}/")

        def stall() -> None:
            proxy.stall()
            clock.strike_soon()

        with planned(bulky.bucket.client, "UploadPart", meanwhile(stall)):
            refused(bulky, TimeLimitError, remaining=clock.remaining)
        proxy.require_silence()
    bulky.assert_nothing_was_published()


@pytest.mark.fault("database")
def test_the_counting_connection_is_terminated(bulky: BackupHarness) -> None:
    def terminate() -> None:
        bulky.database.run(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )

    fault = planned(bulky.bucket.client, "UploadPart", meanwhile(terminate))
    with fault, pytest.raises((DumpError, InventoryError, StatementError)):
        bulky.take()
    bulky.assert_nothing_was_published()


@pytest.mark.fault("database")
def test_a_table_that_is_locked_for_long_is_named_with_its_holder(backups: BackupHarness) -> None:
    backups.settings["backup"] = {"lock_wait_seconds": 1}
    with backups.database.connect() as blocker, blocker.transaction():
        blocker.execute("LOCK TABLE users IN ACCESS EXCLUSIVE MODE")
        error = refused(backups, LockWaitError)
        assert f"process {blocker.info.backend_pid} (postgres) on public.users" in error.what
    backups.assert_nothing_was_published()


@pytest.mark.fault("database")
def test_a_wrong_password_is_reported_at_once_without_it(backups: BackupHarness) -> None:
    backups.secret = backups.database.url.replace(
        backups.database.server.password, "not-the-password"
    )
    backups.seconds = 30
    with set_testing(wake_pause_seconds=60):  # one pause, and the run would be out of time
        error = refused(backups, ConnectError)
    assert "not-the-password" not in str(error)
    assert "password authentication failed" in error.what


@pytest.mark.fault("database")
def test_a_password_that_was_rotated_meanwhile_is_read_again(backups: BackupHarness) -> None:
    right = backups.read_login
    wrong = backups.database.url.replace(backups.database.server.password, "yesterdays")
    answers = iter([wrong])

    def read_login(*_: object) -> object:
        backups.secret = next(answers, "")
        return right()

    assert backups.take(read_login=read_login).created


@pytest.mark.fault("database")
def test_a_database_that_does_not_exist(backups: BackupHarness) -> None:
    backups.secret = backups.database.url.replace(backups.database.name, "nowhere")
    assert '"nowhere" does not exist' in refused(backups, ConnectError).what


# --- S3 ---------------------------------------------------------------------------------------


@pytest.mark.fault("S3")
@pytest.mark.parametrize(
    "operation",
    [
        "ListObjectsV2",
        "CreateMultipartUpload",
        "UploadPart",
        "CompleteMultipartUpload",
        "PutObject",
    ],
)
def test_s3_denies(backups: BackupHarness, operation: str) -> None:
    with planned(backups.bucket.client, operation, answer(403, "AccessDenied")):
        error = refused(backups, StorageError)
    assert "AccessDenied" in error.what
    assert "make deploy" in error.todo
    backups.assert_nothing_was_published()


@pytest.mark.fault("S3")
def test_s3_throttles_for_good(backups: BackupHarness) -> None:
    with planned(backups.bucket.client, "UploadPart", answer(503, "SlowDown")):
        assert "SlowDown" in refused(backups, StorageError).what
    backups.assert_nothing_was_published()


@pytest.mark.fault("S3")
def test_s3_throttles_and_recovers(backups: BackupHarness) -> None:
    with planned(backups.bucket.client, "UploadPart", answer(503, "SlowDown"), times=2):
        assert backups.take().created


@pytest.mark.fault("S3")
def test_a_part_fails_in_the_middle_of_many(bulky: BackupHarness) -> None:
    with planned(bulky.bucket.client, "UploadPart", answer(400, "BadDigest"), after=1):
        assert "BadDigest" in refused(bulky, StorageError).what
    bulky.assert_nothing_was_published()


@pytest.mark.fault("S3")
def test_a_part_fails_in_the_middle_of_many_and_recovers(bulky: BackupHarness) -> None:
    with planned(bulky.bucket.client, "UploadPart", answer(500, "InternalError"), after=1, times=2):
        assert bulky.take().created


@pytest.mark.fault("time")
def test_s3_is_too_slow_for_the_time_that_is_left(bulky: BackupHarness, clock: Clock) -> None:
    with (
        set_testing(settle_seconds=0.5),
        Silence(then=clock.strike_soon) as parts,
        planned(bulky.bucket.client, "UploadPart", parts),
    ):
        error = refused(bulky, TimeLimitError, remaining=clock.remaining)
    assert "MB of the archive" in error.what
    bulky.assert_nothing_was_published()


@pytest.mark.fault("S3", leaves="uploads")
def test_an_abort_that_fails_is_said_and_does_not_hide_the_reason(backups: BackupHarness) -> None:
    client = backups.bucket.client
    with (
        planned(client, "UploadPart", answer(403, "AccessDenied")),
        planned(client, "AbortMultipartUpload", answer(403, "AccessDenied")),
    ):
        error = refused(backups, StorageError)
    assert "upload part 1" in error.what
    assert any("lifecycle rule" in note for note in error.__notes__)


# --- repeats ----------------------------------------------------------------------------------


@pytest.mark.fault("repeats")
def test_a_second_delivery_of_the_slot_changes_nothing(backups: BackupHarness) -> None:
    first = backups.take()
    before = backups.bucket.client.list_object_versions(Bucket=backups.bucket.name)["Versions"]
    second = backups.take()
    after = backups.bucket.client.list_object_versions(Bucket=backups.bucket.name)["Versions"]
    assert (first.created, second.created) == (True, False)
    assert second.manifest == first.manifest
    assert [v["VersionId"] for v in after] == [v["VersionId"] for v in before]


@pytest.mark.fault("repeats")
def test_two_deliveries_at_once_are_one_backup(backups: BackupHarness) -> None:
    outcomes: list[object] = []

    def run() -> None:
        try:
            outcomes.append(backups.take())
        except AlreadyTakenError as error:
            outcomes.append(error)

    runs = [threading.Thread(target=run) for _ in range(2)]
    for each in runs:
        each.start()
    for each in runs:
        each.join()
    versions = backups.bucket.client.list_object_versions(Bucket=backups.bucket.name)["Versions"]
    assert sum(v["Key"] == backups.location.manifest_key for v in versions) == 1
    assert sum(v["Key"] == backups.location.archive_key for v in versions) == 1
    assert [getattr(outcome, "created", None) for outcome in outcomes].count(True) == 1
    assert backups.bucket.open_uploads() == []


@pytest.mark.fault("repeats")
def test_a_run_that_died_before_its_manifest_is_finished_by_the_next(
    backups: BackupHarness,
) -> None:
    client = backups.bucket.client
    with planned(client, "PutObject", answer(403, "AccessDenied")):
        refused(backups, StorageError)
    backups.assert_nothing_was_published()
    assert backups.location.archive_key in backups.bucket.holds()  # the leftover
    outcome = backups.take()
    assert outcome.created
    stored = outcome.manifest.archive.objects[0]
    newest = client.head_object(Bucket=backups.bucket.name, Key=stored.key)
    assert (newest["VersionId"], newest["ContentLength"]) == (stored.version_id, stored.bytes)


@pytest.mark.fault("repeats")
def test_a_manifest_that_vanishes_into_a_lost_race_is_the_winners(backups: BackupHarness) -> None:
    winner = backups.take().manifest
    key = backups.location.manifest_key
    document = backups.bucket.read(key)
    backups.bucket.client.delete_object(Bucket=backups.bucket.name, Key=key)

    def publish() -> None:
        completing.wait(30)
        backups.bucket.client.put_object(Bucket=backups.bucket.name, Key=key, Body=document)

    with planned(backups.bucket.client, "CompleteMultipartUpload", slow(0.5)) as completing:
        other = threading.Thread(target=publish)
        other.start()
        outcome = backups.take()
        other.join()
    assert (outcome.created, outcome.manifest) == (False, winner)
    eventually(lambda: backups.bucket.open_uploads() == [])
