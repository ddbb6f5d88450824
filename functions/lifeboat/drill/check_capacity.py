"""Holds what a drill needs against what its function has."""

import shutil

from lifeboat.drill.policy.capacity import Room, require_fit
from lifeboat.drill.run import DrillRun
from lifeboat.model.drill_report import EMBEDDED
from lifeboat.s3.read import newest_reports

_EARLIER = 5


def require_room(run: DrillRun) -> None:
    """Let pass only a drill that fits, before anything is fetched.

    Raises:
        DoesNotFitError: it doesn't; says what is missing and the ways out.
        VaultReadError: S3 doesn't let us read the earlier drills' reports.
    """
    settings = run.settings.drill
    free = shutil.disk_usage(run.scratch.path).free
    room = Room(
        embedded=run.event.target == EMBEDDED,
        # Where /tmp is shared with others (not in Lambda), the settings are the limit all the same.
        tmp_free_bytes=min(free, settings.ephemeral_mb << 20),
        memory_mb=run.memory_mb,
        seconds_left=run.remaining(),
    )
    earlier = newest_reports(run.vault, run.event.database, _EARLIER)
    require_fit(run.manifest, room, settings=settings, earlier=earlier)
