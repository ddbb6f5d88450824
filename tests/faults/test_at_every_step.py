"""A backup whose time, network or programs end: when each of its steps begins."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import psutil
import pytest

from lifeboat.backup.pg_dump import Dump
from lifeboat.errors import (
    ConnectError,
    DecodeError,
    DumpError,
    InventoryError,
    LifeboatError,
    StatementError,
    StorageError,
    TimeLimitError,
)
from lifeboat.postgres.decoder import Decoder
from lifeboat.postgres.programs import Process
from lifeboat.runtime.timeouts import set_testing
from lifeboat.s3.bucket import BackupBucket
from local.aws import LocalAws
from tests.support.backup_harness import BackupHarness, Database, eventually
from tests.support.proxy import Proxy
from tests.support.step_faults import BACKUP, Clock, at

#: At these the database is needed after the step has begun.
WITH_DATABASE = ("connect", "preflight", "snapshot", "archive")
WITH_S3 = ("look", "upload", "archive", "complete", "publish")


@pytest.fixture
def db_proxy(backups: BackupHarness) -> Iterator[Proxy]:
    """The only way to the database."""
    server = backups.database.server
    with Proxy("127.0.0.1", server.port) as proxy:
        backups.secret = backups.database.url.replace(f":{server.port}/", f":{proxy.port}/")
        yield proxy


def outcome(backups: BackupHarness, **changes: Any) -> LifeboatError | None:
    """What the run raised; None where it took a backup. Nothing in between exists."""
    try:
        assert backups.take(**changes).created
    except LifeboatError as error:
        assert backups.location.manifest_key not in backups.bucket.holds()
        return error
    assert backups.location.manifest_key in backups.bucket.holds()
    return None


@pytest.mark.fault("time")
@pytest.mark.parametrize("step", BACKUP)
def test_the_time_of_a_backup_runs_out_at_a_step(
    backups: BackupHarness, clock: Clock, step: str
) -> None:
    # Where S3 answers, however late on a busy machine, it has answered in time.
    with set_testing(last_call_seconds=60), at(step, clock.strike):
        error = outcome(backups, remaining=clock.remaining)
    if step in {"complete", "publish"}:  # what S3 does at once is still waited for
        assert error is None
    elif step != "count" or error:  # where all was counted before, there is nothing to wait for
        assert isinstance(error, TimeLimitError)
        assert f"during {step}" in error.what


@pytest.mark.fault("network")
@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("step", WITH_DATABASE)
def test_the_line_to_the_database_is_cut_at_a_step_of_a_backup(
    backups: BackupHarness, db_proxy: Proxy, step: str
) -> None:
    with at(step, db_proxy.cut):
        error = outcome(backups)
    assert isinstance(error, ConnectError | DumpError | InventoryError | StatementError)


@pytest.mark.fault("network")
@pytest.mark.parametrize("step", WITH_DATABASE)
def test_the_line_to_the_database_goes_silent_at_a_step_of_a_backup(
    backups: BackupHarness, db_proxy: Proxy, clock: Clock, step: str
) -> None:
    def stall() -> None:
        db_proxy.stall()
        clock.strike_soon()

    with at(step, stall):
        error = outcome(backups, remaining=clock.remaining)
    db_proxy.require_silence()
    db_proxy.cut()  # now the server hears of it as well
    assert isinstance(error, TimeLimitError)
    assert f"during {'count' if step == 'archive' else step}" in error.what


@pytest.mark.fault("network")
def test_a_slow_line_to_the_database_only_takes_longer(
    backups: BackupHarness, db_proxy: Proxy
) -> None:
    db_proxy.slow(0.004)
    assert backups.take().created
    assert db_proxy.forwarded > 10_000


@pytest.mark.fault("network", leaves="uploads")
@pytest.mark.parametrize("step", WITH_S3)
def test_the_road_to_s3_is_cut_at_a_step_of_a_backup(
    backups: BackupHarness, s3_proxy: Proxy, proxied_bucket: BackupBucket, step: str
) -> None:
    with at(step, s3_proxy.cut):
        error = outcome(backups, bucket=proxied_bucket)
    assert isinstance(error, StorageError | StorageError)


@pytest.mark.fault("network", leaves="uploads")
@pytest.mark.parametrize("step", WITH_S3)
def test_the_road_to_s3_goes_silent_at_a_step_of_a_backup(
    backups: BackupHarness, s3_proxy: Proxy, proxied_bucket: BackupBucket, clock: Clock, step: str
) -> None:
    def stall() -> None:
        s3_proxy.stall()
        clock.strike_soon()

    with at(step, stall):
        error = outcome(backups, remaining=clock.remaining, bucket=proxied_bucket)
    s3_proxy.require_silence()
    s3_proxy.cut()  # ends what was left to itself
    assert isinstance(error, TimeLimitError | StorageError)


@pytest.mark.fault("network")
def test_a_slow_road_to_s3_only_takes_longer(
    backups: BackupHarness, s3_proxy: Proxy, proxied_bucket: BackupBucket
) -> None:
    s3_proxy.slow(0.02)
    assert backups.take(bucket=proxied_bucket).created
    assert s3_proxy.forwarded > 10_000


@pytest.mark.fault("processes")
def test_pg_dump_is_killed_as_soon_as_it_runs(
    backups: BackupHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, killed = Dump.start, []

    def start(dump: Dump) -> Process:
        child = real(dump)
        child.kill()
        killed.append(child.pid)
        return child

    monkeypatch.setattr(Dump, "start", start)
    assert isinstance(outcome(backups), LifeboatError)
    assert killed


@pytest.mark.fault("processes")
def test_the_decoder_is_killed_as_soon_as_it_runs(
    backups: BackupHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, killed = Decoder.__enter__, []

    def enter(decoder: Decoder) -> Decoder:
        decoder._child.kill()
        killed.append(decoder._child.pid)
        return real(decoder)

    monkeypatch.setattr(Decoder, "__enter__", enter)
    assert isinstance(outcome(backups), DecodeError)
    assert killed


@pytest.mark.fault("processes")
@pytest.mark.parametrize(
    ("program", "error"), [("pg_dump", DumpError), ("pg_restore", DecodeError)]
)
def test_a_program_is_killed_when_it_has_said_everything(
    broken: Callable[[str, str], BackupHarness], program: str, error: type[LifeboatError]
) -> None:
    backups = broken(program, '"$REAL" "$@"\nkill -9 $$')
    told = outcome(backups)
    assert isinstance(told, error)
    assert "killed by signal 9" in told.what


#: Takes a backup by the means of its arguments, and kills itself when a step begins.
VICTIM = """
import os, signal, sys, tempfile, time
from pathlib import Path
import boto3
from local.aws import LocalAws
from lifeboat.postgres.programs import Programs
from tests.support.step_faults import at
from tests.support.backup_harness import Bucket, BackupHarness
step, url, programs, endpoint, ca, region, name = sys.argv[1:]
client = boto3.client("s3", endpoint_url=endpoint, verify=ca, region_name=region,
                      aws_access_key_id="test", aws_secret_access_key="test")
backups = BackupHarness(None, Bucket(client, name), Programs(Path(programs)), None, secret=url)
with at(step, lambda: os.kill(os.getpid(), signal.SIGKILL)):
    backups.take()
"""


@pytest.mark.fault("processes", leaves="uploads")
@pytest.mark.parametrize("step", ["connect", "archive", "publish"])
def test_python_is_killed_at_a_step_and_the_next_run_makes_the_backup(
    backups: BackupHarness, aws: LocalAws, step: str
) -> None:
    database, bucket = backups.database, backups.bucket
    arguments = [step, database.url, backups.programs.root, aws.endpoint, aws.ca_file, aws.region]
    victim = subprocess.run(
        [sys.executable, "-c", VICTIM, *map(str, arguments), bucket.name],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": "functions:."},
    )
    assert victim.returncode == -signal.SIGKILL, victim.stderr
    assert backups.location.manifest_key not in bucket.holds()
    eventually(lambda: programs_at(database) == [])
    assert backups.take().created


def programs_at(database: Database) -> list[str]:
    """Programs anywhere on this machine that dump the database."""
    found = []
    for process in psutil.process_iter(["name", "environ"]):
        variables = process.info["environ"] or {}
        if process.info["name"] == "pg_dump" and variables.get("PGDATABASE") == database.name:
            found.append(str(process.pid))
    return found
