"""Disk and memory run out: told as what they are, never as the backup's fault, and nothing stays.

The server's words are real: a function that an index is built with raises the server's own error
for a full disk, in restored copies only.
"""

import errno
import os
from pathlib import Path
from typing import Any

import psutil
import pytest

from lifeboat.errors import CapacityError, LifeboatError
from lifeboat.model.drill_report import Verdict
from lifeboat.postgres.programs import Process
from lifeboat.recovery import pg_restore
from tests.support.backup_harness import TARGET_ARN, BackupHarness, Database
from tests.support.drill_harness import DrillHarness, databases
from tests.support.restore_harness import RestoreHarness
from tests.support.restore_harness import databases as copies

pytestmark = pytest.mark.fault("space")

#: What a server says by SQLSTATE, and what is told to do about it.
SHORT = {
    "53100": 'could not extend file "base/5/16384": No space left on device',
    "53200": "out of memory",
}


def run_short(backups: BackupHarness, sqlstate: str) -> None:
    """Let restored copies of its database meet this error, and take a backup."""
    backups.database.run(
        "CREATE FUNCTION short(i bigint) RETURNS bigint IMMUTABLE LANGUAGE plpgsql AS $$BEGIN"
        f" IF current_database() <> '{backups.database.name}' THEN"
        f" RAISE EXCEPTION USING ERRCODE = '{sqlstate}', MESSAGE = '{SHORT[sqlstate]}',"
        " HINT = 'Check free disk space.'; END IF; RETURN i; END$$",
        "CREATE INDEX short_index ON users (short(id))",
    )
    backups.take()


@pytest.mark.parametrize(
    ("sqlstate", "setting"), [("53100", "drill.ephemeral_mb"), ("53200", "drill.memory_mb")]
)
def test_the_drills_own_server_runs_short(
    drills: DrillHarness, sqlstate: str, setting: str
) -> None:
    run_short(drills.backups, sqlstate)
    report = drills.hold()
    assert report.verdict is Verdict.FAILED
    assert SHORT[sqlstate] in report.reasons[0]
    assert setting in (report.advice or "")
    assert "Take a manual backup" not in (report.advice or "")


def test_a_drills_target_runs_out_of_disk(drills: DrillHarness, new_database: Any) -> None:
    target: Database = new_database()
    before = databases(target)
    run_short(drills.backups, "53100")
    drills.give_target(target)
    drills.forget_endpoint()
    report = drills.hold(target=TARGET_ARN)
    assert report.verdict is Verdict.FAILED
    assert "disk" in (report.advice or "")
    assert "drill.ephemeral_mb" not in (report.advice or "")
    assert databases(target) == before


@pytest.mark.parametrize(("sqlstate", "word"), [("53100", "disk"), ("53200", "memory")])
def test_a_restores_target_runs_short(restores: RestoreHarness, sqlstate: str, word: str) -> None:
    run_short(restores.backups, sqlstate)
    with pytest.raises(LifeboatError) as caught:
        restores.restore()
    assert SHORT[sqlstate] in caught.value.what
    assert word in caught.value.todo
    (left,) = copies(restores.live) - {restores.live.name}
    assert f"DROP DATABASE {left} WITH (FORCE);" in caught.value.todo


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The disk is full as soon as an archive is fetched."""
    written: list[int] = []

    def write(_file: int, data: bytes, _at: int) -> int:
        written.append(len(data))
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "pwrite", write)
    return written


def test_the_disk_is_full_when_a_drill_fetches_the_archive(
    drills: DrillHarness, full: list[int]
) -> None:
    drills.backups.take()
    report = drills.hold()
    assert report.verdict is Verdict.FAILED
    assert "No space left on device" in report.reasons[0]
    assert "drill.ephemeral_mb" in (report.advice or "")
    assert full


def test_the_disk_is_full_when_a_restore_fetches_the_archive(
    restores: RestoreHarness, full: list[int]
) -> None:
    restores.backups.take()
    with pytest.raises(LifeboatError) as caught:
        restores.restore()
    assert "No space left on device" in caught.value.what
    assert "restore.ephemeral_mb" in caught.value.todo
    assert copies(restores.live) == {restores.live.name}
    assert full


def test_the_disk_is_full_when_a_drill_begins(
    drills: DrillHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    drills.backups.take()
    tried: list[Path] = []

    def full(path: Path, *_: Any, **__: Any) -> None:
        tried.append(path)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(Path, "mkdir", full)
        with pytest.raises(CapacityError) as caught:
            drills.hold()
    assert "No space left on device" in caught.value.what
    assert "drill.ephemeral_mb" in caught.value.todo
    assert drills.leftovers() == []
    assert tried


def kill_when_restoring(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The kernel ends pg_restore for want of memory."""
    killed: list[int] = []

    class Doomed(Process):
        def __init__(self, argv: Any, **options: Any) -> None:
            super().__init__(argv, **options)
            if any(word.startswith("--jobs=") for word in argv):
                psutil.Process(self.pid).kill()
                killed.append(self.pid)

    monkeypatch.setattr(pg_restore, "Process", Doomed)
    return killed


def test_pg_restore_is_killed_for_want_of_memory_in_a_restore(
    restores: RestoreHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    restores.backups.take()
    killed = kill_when_restoring(monkeypatch)
    with pytest.raises(LifeboatError) as caught:
        restores.restore()
    assert "signal 9" in caught.value.what
    assert "restore.memory_mb" in caught.value.todo
    assert killed
    (left,) = copies(restores.live) - {restores.live.name}
    assert f"DROP DATABASE {left} WITH (FORCE);" in caught.value.todo


def test_pg_restore_is_killed_for_want_of_memory_in_a_drill(
    drills: DrillHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    drills.backups.take()
    killed = kill_when_restoring(monkeypatch)
    report = drills.hold()
    assert report.verdict is Verdict.FAILED
    assert "signal 9" in report.reasons[0]
    assert "drill.memory_mb" in (report.advice or "")
    assert killed
