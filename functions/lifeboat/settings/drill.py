"""Settings of drills: restores into a temporary server that are compared with the manifest."""

from typing import Annotated

from lifeboat.settings.fields import Cron, Switch, int_range
from lifeboat.settings.function_size import RestoringFunction


class DrillSettings(RestoringFunction):
    """When drills restore each database's newest backup, and their limits.

    In the servers of `target_secret_arns` a drill on demand may create, and drop, its own database.
    """

    enabled: Switch = True
    """Whether there are drills; without them nothing shows that backups can be restored."""

    cron: Cron = "0 5 ? * MON *"
    """When drills start: the fields of an AWS cron expression, in each database's time zone."""

    rto_minutes: Annotated[int, *int_range(1, 10_080, "minutes")] = 60
    """Minutes that a recovery may take (RTO); each drill compares its own duration with it."""

    validation_seconds: Annotated[int, *int_range(1, 600, "seconds")] = 60
    """Seconds that each query of `databases[].validation` may take."""
