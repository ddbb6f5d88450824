"""Restores in this process, with the stock programs of the servers."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from lifeboat.postgres.programs import Programs
from tests.restores import RescueHall, sweep
from tests.workshop import Workshop


@pytest.fixture
def hall(workshop: Workshop, programs: Programs) -> Iterator[RescueHall]:
    """Everything for bringing back a small database; what was made is dropped after the test."""
    with tempfile.TemporaryDirectory(prefix="rescues-") as place:
        made = RescueHall(workshop, programs, Path(place))
        yield made
        sweep(made.live)
