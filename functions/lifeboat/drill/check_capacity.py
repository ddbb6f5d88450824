"""Compares what a drill needs with what its function or job has."""

import shutil

from lifeboat.drill.policy.capacity import Capacity
from lifeboat.drill.policy.placement import DrillDemand, place_drill
from lifeboat.drill.run import DrillRun
from lifeboat.model.drill_target import EMBEDDED
from lifeboat.recovery.policy.move import Move
from lifeboat.s3.read import newest_reports

_EARLIER_DRILLS = 5


def check_capacity(run: DrillRun) -> Move | None:
    """Decide where the drill runs, before anything is fetched.

    Returns:
        The move to a job; None if the drill stays here.

    Raises:
        CapacityError: it fits nowhere; says what is missing and the ways out.
        StorageError: S3 doesn't let us read the earlier drills' reports.
    """
    settings = run.settings.drill
    free = shutil.disk_usage(run.scratch.path).free
    here = Capacity(
        embedded=run.target == EMBEDDED,
        # Outside of Lambda, /tmp may be shared and larger: the settings are the limit there too.
        tmp_free_bytes=min(free, settings.ephemeral_mb << 20),
        memory_mb=run.memory_mb,
        seconds_left=run.remaining(),
        engine=run.engine,
    )
    run.demand = DrillDemand(
        manifest=run.manifest,
        embedded=here.embedded,
        earlier=newest_reports(run.bucket, run.event.database, _EARLIER_DRILLS),
        settings=run.settings,
    )
    return place_drill(run.demand, here, may_move=run.starter is not None)
