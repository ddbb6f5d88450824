"""Compares what a drill needs with what its function has."""

import shutil

from lifeboat.drill.policy.capacity import Capacity, require_capacity
from lifeboat.drill.run import DrillRun
from lifeboat.model.drill_report import EMBEDDED
from lifeboat.s3.read import newest_reports

_EARLIER_DRILLS = 5


def check_capacity(run: DrillRun) -> None:
    """Raise if the drill doesn't fit into its function, before anything is fetched.

    Raises:
        CapacityError: it doesn't; says what is missing and the ways out.
        StorageError: S3 doesn't let us read the earlier drills' reports.
    """
    settings = run.settings.drill
    free = shutil.disk_usage(run.scratch.path).free
    capacity = Capacity(
        embedded=run.event.target == EMBEDDED,
        # Outside of Lambda, /tmp may be shared and larger: the settings are the limit there too.
        tmp_free_bytes=min(free, settings.ephemeral_mb << 20),
        memory_mb=run.memory_mb,
        seconds_left=run.remaining(),
    )
    earlier = newest_reports(run.vault, run.event.database, _EARLIER_DRILLS)
    require_capacity(run.manifest, capacity, settings=settings, earlier=earlier)
