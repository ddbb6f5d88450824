"""Drills in this process, with the programs that the drill's function carries."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from layers.postgres import server_layer
from layers.postgres.client import PREFIX
from layers.target import Platform
from lifeboat.postgres.programs import Programs
from tests.support.backup_harness import BackupHarness
from tests.support.drill_harness import DrillHarness
from tests.support.temporary_files import public_place


@pytest.fixture(scope="session")
def server_programs() -> Programs:
    """The layer's, built for this machine; they run wherever they lie."""
    return Programs(server_layer(Platform.of_host().architecture) / PREFIX)


@pytest.fixture
def drills(backups: BackupHarness, server_programs: Programs) -> Iterator[DrillHarness]:
    """Everything for a drill of a small database, in a place that every user can get to."""
    with tempfile.TemporaryDirectory(prefix="drills-", dir=public_place()) as place:
        Path(place).chmod(0o711)
        yield DrillHarness(backups, server_programs, Path(place))
