"""A drill or a restore whose time, network or programs end: when each of its steps begins."""

import os
import re
import signal
import subprocess
import sys
from typing import Any

import pytest

from lifeboat.errors import (
    LifeboatError,
    StorageError,
    TimeLimitError,
)
from lifeboat.model.drill_report import Verdict
from lifeboat.restore.policy.copy_names import parse_copy_name
from lifeboat.runtime.timeouts import set_testing
from lifeboat.s3.bucket import BackupBucket
from tests.support.drill_harness import DrillHarness
from tests.support.proxy import Proxy
from tests.support.restore_harness import RestoreHarness, databases, refused, sweep
from tests.support.step_faults import DRILL, RESTORE, Clock, at, by

#: Of every restore, these come before its database is made.
BEFORE = ("find", "look", "fetch", "decode")

VALIDATION = [{"name": "any", "sql": "TABLE users", "expect": "rows > 0"}]


@pytest.mark.fault("time")
@pytest.mark.parametrize("step", DRILL)
def test_the_time_of_a_drill_runs_out_at_a_step(
    drills: DrillHarness, clock: Clock, step: str
) -> None:
    drills.backups.take()
    drills.database["validation"] = VALIDATION
    by(drills, remaining=clock.remaining)
    with at(step, clock.strike):
        report = drills.hold()
    assert report.verdict is Verdict.FAILED
    assert re.search(rf"during .*\b{step}\b", report.reasons[0])


@pytest.mark.fault("network")
@pytest.mark.parametrize("step", ["find", "fetch"])
def test_the_road_to_s3_is_cut_at_a_step_of_a_drill(
    drills: DrillHarness, s3_proxy: Proxy, proxied_bucket: BackupBucket, step: str
) -> None:
    """The report can't be stored either, so the invocation fails and says that."""
    drills.backups.take()
    by(drills, bucket=proxied_bucket)
    with at(step, s3_proxy.cut), pytest.raises((StorageError, StorageError)):
        drills.hold()


@pytest.mark.fault("network")
def test_the_road_to_s3_goes_silent_in_a_drill_and_its_report_is_not_waited_for(
    drills: DrillHarness,
    s3_proxy: Proxy,
    proxied_bucket: BackupBucket,
    clock: Clock,
) -> None:
    drills.backups.take()
    by(drills, bucket=proxied_bucket, remaining=clock.remaining)

    def stall() -> None:
        s3_proxy.stall()
        clock.strike_soon()

    with (
        set_testing(report_seconds=0.5),
        at("fetch", stall),
        pytest.raises(TimeLimitError, match="during report") as caught,
    ):
        drills.hold()
    s3_proxy.require_silence()
    s3_proxy.cut()
    assert "during fetch" in " ".join(caught.value.__notes__)


@pytest.mark.fault("processes")
@pytest.mark.parametrize("step", ["decode", "restore", "compare", "validate"])
def test_the_drills_own_server_is_killed_at_a_step(drills: DrillHarness, step: str) -> None:
    drills.backups.take()
    drills.database["validation"] = VALIDATION

    def kill() -> None:
        (lock,) = drills.place.glob("*/data/postmaster.pid")
        os.kill(int(lock.read_text().split()[0]), signal.SIGKILL)

    with at(step, kill):
        report = drills.hold()
    assert report.verdict is Verdict.FAILED
    assert "died" in report.reasons[0]


@pytest.mark.fault("time")
@pytest.mark.parametrize("step", RESTORE[:-1])
def test_the_time_of_a_restore_runs_out_at_a_step(
    restores: RestoreHarness, clock: Clock, step: str
) -> None:
    before = restores.live.inventory()
    restores.backups.take()
    by(restores, remaining=clock.remaining)
    with at(step, clock.strike):
        error = refused(restores.restore)
    assert isinstance(error, TimeLimitError)
    assert f"during {step}" in error.what
    left = databases(restores.live) - {restores.live.name}
    assert left == set() if step in BEFORE else all(name in error.todo for name in left)
    assert restores.live.inventory() == before


@pytest.mark.fault("time")
def test_the_time_of_a_restore_runs_out_when_only_statistics_are_missing(
    restores: RestoreHarness, clock: Clock
) -> None:
    restores.backups.take()
    by(restores, remaining=clock.remaining)
    with at("analyze", clock.strike):
        answer = restores.restore()
    assert answer["verdict"] == "proven"
    assert any("Run ANALYZE" in note for note in answer["notes"])


@pytest.mark.fault("network")
def test_the_road_to_s3_goes_silent_when_a_restore_is_to_be_reported(
    restores: RestoreHarness, s3_proxy: Proxy, proxied_bucket: BackupBucket, clock: Clock
) -> None:
    restores.backups.take()
    by(restores, bucket=proxied_bucket, remaining=clock.remaining)

    def stall() -> None:
        s3_proxy.stall()
        clock.strike_soon(1)

    with at("analyze", stall):
        error = refused(restores.restore)
    s3_proxy.require_silence()
    s3_proxy.cut()
    assert isinstance(error, TimeLimitError)
    (left,) = databases(restores.live) - {restores.live.name}
    assert left in error.todo


@pytest.mark.fault("network")
@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("step", ["look", "restore", "compare"])
def test_the_line_to_the_server_is_cut_at_a_step_of_a_restore(
    restores: RestoreHarness, step: str
) -> None:
    before = restores.live.inventory()
    restores.backups.take()
    server = restores.live.server
    with Proxy("127.0.0.1", server.port) as proxy:
        restores.backups.secret = restores.live.url.replace(f":{server.port}/", f":{proxy.port}/")
        with at(step, proxy.cut):
            error = refused(restores.restore)
    left = databases(restores.live) - {restores.live.name}
    assert all(name in error.todo for name in left)
    assert restores.live.inventory() == before


@pytest.mark.fault("network")
@pytest.mark.parametrize("step", ["find", "fetch", "analyze"])
def test_the_road_to_s3_is_cut_at_a_step_of_a_restore(
    restores: RestoreHarness, s3_proxy: Proxy, proxied_bucket: BackupBucket, step: str
) -> None:
    restores.backups.take()
    by(restores, bucket=proxied_bucket)
    with at(step, s3_proxy.cut):
        error: LifeboatError = refused(restores.restore)
    left = databases(restores.live) - {restores.live.name}
    assert len(left) == (step == "analyze")
    assert all(name in error.todo for name in left)


#: Restores by the means of its arguments, and kills itself when a step begins.
VICTIM = """
import os, signal, sys
from pathlib import Path
import boto3
from lifeboat.postgres.programs import Programs
from tests.support.restore_harness import RestoreHarness
from tests.support.step_faults import at
from tests.support.backup_harness import Bucket, BackupHarness
step, url, place, programs, endpoint, ca, region, name = sys.argv[1:]
client = boto3.client("s3", endpoint_url=endpoint, verify=ca, region_name=region,
                      aws_access_key_id="test", aws_secret_access_key="test")
backups = BackupHarness(None, Bucket(client, name), Programs(Path(programs)), None, secret=url)
drills = RestoreHarness(backups, backups.programs, Path(place), secrets={}, asked=30)
with at(step, lambda: os.kill(os.getpid(), signal.SIGKILL)):
    drills.restore()
"""


@pytest.mark.fault("processes")
@pytest.mark.parametrize("step", ["fetch", "compare"])
def test_python_is_killed_at_a_step_of_a_restore_and_the_next_one_works(
    restores: RestoreHarness, aws: Any, step: str
) -> None:
    before = restores.live.inventory()
    restores.backups.take()
    secret = [restores.live.url, restores.place, restores.programs.root]
    where = [aws.endpoint, aws.ca_file, aws.region, restores.backups.bucket.name]
    victim = subprocess.run(
        [sys.executable, "-c", VICTIM, *map(str, [step, *secret, *where])],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": "functions:."},
    )
    assert victim.returncode == -signal.SIGKILL, victim.stderr
    left = databases(restores.live) - {restores.live.name}
    assert len(left) == (step == "compare")
    assert all(parse_copy_name(name) for name in left)
    assert restores.live.inventory() == before
    assert restores.restore()["verdict"] == "proven"  # and its directory was swept on the way
    sweep(restores.live)
