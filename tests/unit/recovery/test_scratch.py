"""A run's own directory: what runs as another account can get at its programs."""

import os
import stat
from pathlib import Path

import pytest

from lifeboat.postgres.programs import Account
from lifeboat.recovery.scratch import Scratch


@pytest.fixture
def closed(tmp_path: Path) -> Path:
    """Programs that nobody but their owner can reach."""
    tree = tmp_path / "tree"
    (tree / "18" / "bin").mkdir(parents=True)
    (tree / "18" / "bin" / "postgres").write_text("#!/bin/sh\n")
    (tree / "18" / "share").write_text("data")
    (tree / "libpq.so").write_text("library")
    for path in (tree, *tree.rglob("*")):
        path.chmod(0o700 if path.is_dir() or path.name == "postgres" else 0o600)
    return tree


def test_another_account_reaches_copied_programs_whatever_the_umask(
    closed: Path, tmp_path: Path
) -> None:
    before = os.umask(0o077)
    try:
        reachable = Scratch(tmp_path, Account(65534, 65534)).within_reach(closed, ("18",))
    finally:
        os.umask(before)

    assert reachable != closed
    modes = {
        path.relative_to(reachable).as_posix(): stat.S_IMODE(path.stat().st_mode)
        for path in (reachable, *reachable.rglob("*"))
    }
    assert modes == {
        ".": 0o755,
        "18": 0o755,
        "18/bin": 0o755,
        "18/bin/postgres": 0o755,
        "18/share": 0o644,
        "libpq.so": 0o644,
    }
