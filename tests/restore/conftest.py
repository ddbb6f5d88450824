"""Restores in this process, with the stock programs of the servers."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lifeboat.postgres.programs import Programs
from tests.support.backup_harness import BackupHarness
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
    """Puts the script in the place of pg_restore; the real one lies beside it.

    They are copies: who runs them is not root, and may not get to the originals.
    """

    def give(to: RestoreHarness) -> None:
        programs, major = tmp_path / "programs", str(to.live.server.major)
        shutil.copytree(to.programs.root / major, programs / major)
        for library in filter(Path.is_file, to.programs.root.iterdir()):
            shutil.copy(library, programs)
        stand_in = programs / major / "bin" / "pg_restore"
        stand_in.rename(stand_in.with_name("pg_restore.real"))
        stand_in.write_text(f'#!/bin/sh\nreal="$0.real"\n{script}')
        stand_in.chmod(0o755)
        to.programs = Programs(programs)

    return give
