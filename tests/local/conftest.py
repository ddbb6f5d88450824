import os
from collections.abc import Iterator

import pytest

from local.aws import LocalAws


@pytest.fixture(scope="session")
def aws() -> Iterator[LocalAws]:
    """One local AWS for all tests; they use names of their own.

    LIFEBOAT_LEAVE_OPEN="smallest_part zip_modes" leaves gaps open: their tests have to fail then.
    """
    leave_open = os.environ.get("LIFEBOAT_LEAVE_OPEN", "").split()
    with LocalAws.start(
        leave_open=leave_open, alarm_period_seconds=1, build_limit=1, build_minute_seconds=0.5
    ) as running:
        running.bootstrap()
        yield running
