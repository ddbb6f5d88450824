"""A drill that can't go on says so, and leaves nothing behind; one that can't begin is refused."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import psutil
import pytest

from lifeboat.errors import (
    ArchivedError,
    CapacityError,
    EventError,
    NoBackupError,
    TargetError,
)
from lifeboat.model.drill_report import Verdict
from lifeboat.recovery import compare_copy
from lifeboat.recovery.scratch import scratch_directory
from tests.support.backup_harness import (
    SECRET_ARN,
    TARGET_ARN,
    Database,
    assert_no_children,
    eventually,
)
from tests.support.drill_harness import DrillHarness, databases
from tests.support.step_faults import Clock, by

#: Longer than a run takes to end when it is told to.
SLOW_SECONDS = 60


@pytest.fixture
def slow_drills(drills: DrillHarness) -> DrillHarness:
    """Its backup takes a minute to restore: an index of it is built by a function that sleeps."""
    drills.backups.database.run(
        "CREATE FUNCTION quick(i int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS"
        " $$ BEGIN PERFORM pg_sleep(0.0); RETURN i; END $$",
        "CREATE TABLE slow (i int)",
        "INSERT INTO slow VALUES (1)",
        "CREATE INDEX slowly ON slow (quick(i))",
    )
    drills.backups.take()
    drills.edit_archive(
        lambda archive: archive.replace(b"pg_sleep(0.0)", b"pg_sleep(%d.)" % SLOW_SECONDS)
    )
    return drills


def postgres_below(place: Path) -> list[int]:
    """Servers whose data lies in that place."""
    found = []
    for process in psutil.process_iter(["name", "cmdline"]):
        words = process.info["cmdline"] or []
        if any(str(place) in word for word in words):
            found.append(process.pid)
    return found


@pytest.mark.fault("time")
def test_time_that_runs_out_in_the_restore_ends_it_cleanly(
    slow_drills: DrillHarness, clock: Clock
) -> None:
    by(slow_drills, remaining=clock.remaining)
    struck: list[float] = []

    def strike() -> None:
        clock.strike()
        struck.append(time.monotonic())

    striker = _while_restoring(strike)
    report = slow_drills.hold()
    striker.join()
    assert time.monotonic() - struck[0] < SLOW_SECONDS
    assert report.verdict is Verdict.FAILED
    assert re.search(r"during .*restore", report.reasons[0])
    assert "drill.memory_mb" in (report.advice or "")
    assert postgres_below(slow_drills.place) == []
    assert_no_children()


@pytest.mark.fault("time")
def test_a_target_is_left_without_the_drills_database_when_time_runs_out(
    slow_drills: DrillHarness, new_database: Callable[..., Database], clock: Clock
) -> None:
    target = new_database()
    before = databases(target)
    slow_drills.give_target(target)
    slow_drills.forget_endpoint()
    by(slow_drills, remaining=clock.remaining)
    striker = _while_restoring(clock.strike)
    report = slow_drills.hold(target=TARGET_ARN)
    striker.join()
    assert re.search(r"during .*restore", report.reasons[0])
    assert databases(target) == before


def _while_restoring(act: Callable[[], object]) -> threading.Thread:
    """Act as soon as the slow index is being built."""

    def building() -> bool:
        for child in psutil.Process().children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                title = " ".join(
                    child.cmdline()
                )  # of a server's session: user, database, statement
                if "lifeboat_drill_" in title and "CREATE INDEX" in title:
                    return True
        return False

    def wait_and_act() -> None:
        eventually(building)
        act()

    thread = threading.Thread(target=wait_and_act, daemon=True)
    thread.start()
    return thread


@pytest.mark.fault("processes")
def test_a_killed_pg_restore_fails_the_drill_and_drops_the_targets_database(
    slow_drills: DrillHarness, new_database: Callable[..., Database]
) -> None:
    target = new_database(18)
    before = databases(target)
    slow_drills.give_target(target)
    slow_drills.forget_endpoint()

    def kill_pg_restore() -> None:
        for child in psutil.Process().children():
            if child.name() == "pg_restore":
                child.kill()

    killer = _while_restoring(kill_pg_restore)
    report = slow_drills.hold(target=TARGET_ARN)
    killer.join()
    assert report.verdict is Verdict.FAILED
    assert "signal 9" in "; ".join(report.reasons)
    assert databases(target) == before


@pytest.mark.fault("processes")
def test_a_server_that_dies_is_not_blamed_on_the_backup(slow_drills: DrillHarness) -> None:
    def kill_server() -> None:
        for pid in postgres_below(slow_drills.place):
            with suppress(psutil.NoSuchProcess, ProcessLookupError):  # gone by itself meanwhile
                if psutil.Process(pid).name() == "postgres":
                    os.kill(pid, signal.SIGKILL)

    killer = _while_restoring(kill_server)
    report = slow_drills.hold()
    killer.join()
    assert report.verdict is Verdict.FAILED
    assert "own PostgreSQL died" in report.reasons[0]
    assert postgres_below(slow_drills.place) == []


@pytest.mark.fault("processes")
def test_what_a_killed_drill_left_is_swept_by_the_next_one(drills: DrillHarness) -> None:
    """A child process makes a server in a directory like a drill's and is killed with SIGKILL."""
    script = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from lifeboat.errors import TimeLimitError\n"
        "from lifeboat.drill.embedded_server import EmbeddedServer, ServerSize\n"
        "from lifeboat.postgres.programs import Programs\n"
        "from lifeboat.recovery.scratch import scratch_directory\n"
        "from lifeboat.postgres.cancel_scope import CancelScope\n"
        "place, root = map(Path, sys.argv[1:])\n"
        "with scratch_directory(place) as scratch, CancelScope(60, TimeLimitError) as w:\n"
        "    reachable = Programs(scratch.within_reach(root, ('18', 'zoneinfo')))\n"
        "    with EmbeddedServer(reachable, 18, scratch, ServerSize(1024, 2), w):\n"
        "        print('up', flush=True)\n"
        "        time.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(drills.place), str(drills.programs.root)],
        stdout=subprocess.PIPE,
        text=True,
    ) as victim:
        assert victim.stdout is not None
        assert victim.stdout.readline() == "up\n"
        victim.kill()
    assert len(drills.leftovers()) == 1
    assert postgres_below(drills.place) != []
    drills.backups.take()
    assert drills.hold().verdict is Verdict.PROVEN
    eventually(lambda: postgres_below(drills.place) == [])


@pytest.mark.fault("repeats")
def test_a_directory_in_use_is_not_swept(drills: DrillHarness) -> None:
    with scratch_directory(drills.place) as first, scratch_directory(drills.place) as second:
        assert first.path.exists()
        assert second.path.exists()


@pytest.mark.fault("processes")
def test_leftover_databases_of_killed_drills_are_dropped_from_a_target(
    drills: DrillHarness, new_database: Callable[..., Database]
) -> None:
    target = new_database(18)
    names = {
        "lifeboat_drill_20260101t000000z_run-0": True,
        "lifeboat_drill_20991231t235959z_run-0": False,  # too young
        "lifeboat_drill_20260101t000000z_mine": False,  # without our comment
    }
    for name in names:
        target.run(f'CREATE DATABASE "{name}"')
        if not name.endswith("mine"):
            comment = "A restore drill of Lifeboat; it is dropped when the drill is over."
            target.run(f"COMMENT ON DATABASE \"{name}\" IS '{comment}'")
    drills.backups.take()
    drills.forget_endpoint()
    drills.give_target(target)
    try:
        drills.hold(target=TARGET_ARN)
        left = databases(target)
        assert {name: name not in left for name in names} == names
    finally:
        target.run(*(f'DROP DATABASE IF EXISTS "{name}"' for name in names))


@pytest.mark.fault("bucket")
def test_no_backup_is_a_refusal_with_a_next_step(drills: DrillHarness) -> None:
    with pytest.raises(NoBackupError, match="no backup of app") as refusal:
        drills.hold()
    assert '{"database": "app"}' in refusal.value.todo


@pytest.mark.fault("bucket")
def test_a_backup_that_is_not_there_is_refused_with_those_that_are(drills: DrillHarness) -> None:
    drills.backups.take()
    with pytest.raises(NoBackupError) as refusal:
        drills.hold(backup="weekly/app/2026-11-22T020000Z")
    assert drills.backups.location.id in refusal.value.todo


@pytest.mark.fault("space")
@pytest.mark.parametrize(
    ("settings", "memory_mb", "words"),
    [
        ({"ephemeral_mb": 512, "jobs": 2}, 200, "memory"),
        ({"ephemeral_mb": 512}, 3008, "of /tmp"),
    ],
)
def test_what_does_not_fit_is_refused_before_the_download(
    drills: DrillHarness, settings: dict[str, int], memory_mb: int, words: str
) -> None:
    drills.backups.take()
    source = drills.backups.manifest().source.model_dump(mode="json")
    drills.rewrite(source={**source, "bytes": 600 << 20 if memory_mb > 1000 else 1 << 20})
    drills.settings |= settings
    drills.memory_mb = memory_mb
    with pytest.raises(CapacityError, match=words) as refusal:
        drills.hold()
    assert "drill." in refusal.value.todo
    assert drills.leftovers() == []


@pytest.mark.fault("time")
def test_too_little_time_is_refused_before_the_download(drills: DrillHarness) -> None:
    drills.backups.take()
    source = drills.backups.manifest().source.model_dump(mode="json")
    drills.rewrite(source={**source, "bytes": 3 << 30})
    drills.settings["ephemeral_mb"] = 10_240
    drills.seconds = 20
    with pytest.raises(CapacityError):
        drills.hold()


@pytest.mark.fault("bucket")
def test_an_archived_backup_is_refused_and_the_newest_hot_one_offered(drills: DrillHarness) -> None:
    drills.backups.take()
    cold = drills.backups.location.id
    client, bucket = drills.backups.bucket.client, drills.backups.bucket.name
    key = drills.backups.location.archive_key
    client.copy_object(
        Bucket=bucket,
        Key=key,
        CopySource={"Bucket": bucket, "Key": key},
        StorageClass="GLACIER",
        MetadataDirective="REPLACE",
    )
    with pytest.raises(ArchivedError, match="GLACIER"):
        drills.hold()
    drills.backups.scheduled_at += timedelta(minutes=30)
    drills.backups.take()
    with pytest.raises(ArchivedError) as refusal:
        drills.hold(backup=cold)
    assert drills.backups.location.id in refusal.value.todo
    assert drills.hold().backup == drills.backups.location.id


@pytest.mark.fault("input")
def test_a_target_that_is_not_in_the_settings_is_refused(drills: DrillHarness) -> None:
    drills.backups.take()
    with pytest.raises(EventError, match="not in the settings"):
        drills.hold(target=TARGET_ARN)


@pytest.mark.fault("input")
def test_the_source_is_refused_as_a_target(drills: DrillHarness) -> None:
    drills.backups.take()
    drills.give_target(drills.backups.database)
    with pytest.raises(TargetError, match="is the server that the backup was taken from"):
        drills.hold(target=TARGET_ARN)


@pytest.mark.fault("input")
def test_the_sources_own_secret_is_refused_as_a_target(drills: DrillHarness) -> None:
    drills.backups.take()
    with pytest.raises(EventError, match="not in the settings"):
        drills.hold(target=SECRET_ARN)


@pytest.mark.fault("database")
def test_a_target_of_an_older_major_is_refused(
    drills: DrillHarness, new_database: Callable[..., Database]
) -> None:
    drills.backups.take()
    drills.give_target(new_database(14))
    with pytest.raises(TargetError, match="PostgreSQL 14"):
        drills.hold(target=TARGET_ARN)


@pytest.mark.fault("database")
def test_a_role_that_may_not_make_databases_is_given_the_grant(
    drills: DrillHarness, new_database: Callable[..., Database]
) -> None:
    target = new_database(18)
    drills.backups.take()
    drills.forget_endpoint()
    target.run("CREATE ROLE poor LOGIN PASSWORD 'bait'")
    try:
        drills.give_target(target)
        drills.secrets[TARGET_ARN] = target.server.url(target.name, user="poor", password="bait")
        report = drills.hold(target=TARGET_ARN)
        assert report.verdict is Verdict.FAILED
        assert 'ALTER ROLE "poor" CREATEDB' in (report.advice or "")
    finally:
        target.run("DROP ROLE poor")


@pytest.mark.fault("database")
def test_a_comparison_that_breaks_down_fails_the_drill(
    drills: DrillHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    drills.backups.take()

    def broken(*_: object, **__: object) -> None:
        raise TargetError("the connection broke", todo="again")

    monkeypatch.setattr(compare_copy, "digest_copy", broken)
    report = drills.hold()
    assert (report.verdict, report.reasons[0]) == (Verdict.FAILED, "the connection broke")
    assert postgres_below(drills.place) == []
