"""A run's own directory: what runs as another account can get at its programs."""

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from lifeboat.postgres.account import Account
from lifeboat.recovery.scratch import Scratch, scratch_directory


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


@pytest.fixture
def disks(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Path]]:
    """Two places that everybody can reach, as if each were on a disk of its own."""
    with (
        tempfile.TemporaryDirectory(dir="/tmp") as one,
        tempfile.TemporaryDirectory(dir="/tmp") as two,
    ):
        places = {"small": Path(one), "large": Path(two)}
        free = {places["small"]: 10, places["large"]: 99}
        for place in places.values():
            place.chmod(0o711)
        monkeypatch.setattr(
            shutil, "disk_usage", lambda path: SimpleNamespace(free=free.get(Path(path), 0))
        )
        monkeypatch.setattr(tempfile, "tempdir", str(places["small"]))
        yield places


def test_a_build_uses_the_disk_with_more_room(
    disks: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    with scratch_directory() as scratch:
        assert scratch.path.parent == disks["small"]
    monkeypatch.setenv("CODEBUILD_SRC_DIR", str(disks["large"]))
    with scratch_directory() as scratch:
        assert scratch.path.parent == disks["large"]
    monkeypatch.setattr(tempfile, "tempdir", str(disks["large"]))
    monkeypatch.setenv("CODEBUILD_SRC_DIR", str(disks["small"]))
    with scratch_directory() as scratch:
        assert scratch.path.parent == disks["large"]


def test_a_place_that_is_too_deep_for_a_socket_is_not_used(
    disks: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = disks["large"] / ("d" * 60)
    deep.mkdir()
    for unusable in (deep, disks["large"] / "missing"):
        monkeypatch.setenv("CODEBUILD_SRC_DIR", str(unusable))
        with scratch_directory() as scratch:
            assert scratch.path.parent == disks["small"]
