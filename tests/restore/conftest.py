"""Restores in this process, with the stock programs of the servers."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lifeboat.postgres.programs import Programs
from tests.support.backup_harness import BackupHarness
from tests.support.counting import with_counter
from tests.support.restore_harness import RestoreHarness


@pytest.fixture
def restores(backups: BackupHarness, programs: Programs) -> Iterator[RestoreHarness]:
    with RestoreHarness.open(backups, programs) as opened:
        yield opened


@pytest.fixture
def failing_reader(tmp_path: Path) -> Callable[[RestoreHarness], None]:
    """Lets pg_restore fail, where it gives SQL, after it has given all of it."""
    return _reader(
        tmp_path,
        '"$real" "$@" || exit\n'
        'case "$*" in *--use-list*|*--no-privileges*) echo "no luck" >&2; exit 1; esac\n',
    )


@pytest.fixture
def forgetful_reader(tmp_path: Path) -> Callable[[RestoreHarness], None]:
    """Lets pg_restore leave out a row of each table, where it gives chosen ones, and end well."""
    return _reader(
        tmp_path,
        'case "$*" in *--use-list*) "$real" "$@" | sed -e "/^COPY /{n;d}";;\n'
        '*) exec "$real" "$@"; esac\n',
    )


def _reader(tmp_path: Path, script: str) -> Callable[[RestoreHarness], None]:
    def give(to: RestoreHarness) -> None:
        major = str(to.live.server.major)
        real = to.programs.root / major / "bin" / "pg_restore"
        folder = tmp_path / "programs" / major / "bin"
        folder.mkdir(parents=True)
        (folder / "pg_restore").write_text(f"#!/bin/sh\nreal={real}\n{script}")
        (folder / "pg_restore").chmod(0o755)
        to.programs = with_counter(tmp_path / "programs")

    return give
