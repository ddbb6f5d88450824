"""A password is in the environment of the one program that needs it, and nowhere else."""

from pathlib import Path

import pytest

from tests.support.backup_harness import BackupHarness
from tests.support.counting import with_counter

SPY = """#!/bin/sh
if [ "$1" != --version ]; then
  env > {notes}/{name}.env
  printf '%s\\n' "$@" > {notes}/{name}.argv
fi
exec {real} "$@"
"""


@pytest.fixture
def spied(backups: BackupHarness, tmp_path: Path) -> BackupHarness:
    """Every program writes down its environment and arguments before it begins."""
    major = str(backups.database.server.major)
    folder = tmp_path / "programs" / major / "bin"
    folder.mkdir(parents=True)
    for name in ("pg_dump", "pg_restore", "pg_dumpall"):
        real = backups.programs.path(name, int(major))
        if name == "pg_dumpall":  # it looks for pg_dump beside itself
            (folder / name).symlink_to(real)
            continue
        (folder / name).write_text(SPY.format(notes=tmp_path, name=name, real=real))
        (folder / name).chmod(0o755)
    backups.programs = with_counter(tmp_path / "programs")
    return backups


def test_children_see_no_aws_credentials_and_only_pg_dump_sees_the_password(
    spied: BackupHarness, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "bait-aws-key")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "bait-aws-token")
    password = spied.database.server.password
    spied.take()
    for name in ("pg_dump", "pg_restore"):
        environment = (tmp_path / f"{name}.env").read_text()
        assert "PATH=/usr/bin:/bin" in environment
        assert "bait-aws" not in environment
        assert "AWS_" not in environment
        assert (password in environment) == (name == "pg_dump")
        assert password not in (tmp_path / f"{name}.argv").read_text()


def test_the_manifest_and_the_globals_hold_no_password(backups: BackupHarness) -> None:
    backups.take()
    password = backups.database.server.password.encode()
    for key in (backups.location.manifest_key, backups.location.globals_key):
        assert password not in backups.bucket.read(key)
