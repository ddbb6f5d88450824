"""How drills are done: restores into a throw-away server, compared with the manifest."""

from typing import Annotated

from lifeboat.settings.fields import Cron, Switch, whole_number
from lifeboat.settings.function_size import RestoringFunction


class DrillSettings(RestoringFunction):
    """When each database's newest backup is restored for trial, and what that may take.

    In the servers of `target_secret_arns` a drill by hand may make, and drop, a database of its
    own.
    """

    enabled: Switch = True
    """Whether there are drills at all; without them nothing shows that backups can be restored."""

    cron: Cron = "0 5 ? * MON *"
    """When drills start: the fields of an AWS cron expression, in each database's own zone."""

    rto_minutes: Annotated[int, *whole_number(1, 10_080, "minutes")] = 60
    """Minutes that a recovery may take; a drill measures itself against them."""

    validation_seconds: Annotated[int, *whole_number(1, 600, "seconds")] = 60
    """Seconds that each query of `databases[].validation` may take."""
