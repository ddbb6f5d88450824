"""Settings of restores, which run on demand only."""

from typing import Annotated

from lifeboat.model.aws import ThawTier
from lifeboat.settings.fields import Switch, expects, int_range
from lifeboat.settings.function_size import RestoringFunction


class RestoreSettings(RestoringFunction):
    """The size of the restore function, and the servers that it may restore into.

    It may use `target_secret_arns` and the databases' own secrets. The role that takes backups
    should not be able to write, so usually `target_secret_arns` needs one that can.
    """

    enabled: Switch = True
    """Whether there is a restore function; docs/runbooks has commands that work without it."""

    thaw_days: Annotated[int, *int_range(1, 365, "days")] = 3
    """Days for which a thawed archive can be read."""

    thaw_tier: Annotated[ThawTier, expects("'Standard', 'Bulk' or 'Expedited'")] = "Standard"
    """S3's retrieval tier: its speed and price. Expedited is for GLACIER only."""

    export_days: Annotated[int, *int_range(1, 365, "days")] = 3
    """Days that an exported SQL file is kept in the bucket."""

    link_minutes: Annotated[int, *int_range(1, 720, "minutes")] = 60
    """Minutes that a link to an exported file works, unless its credentials expire earlier."""

    @property
    def is_possible(self) -> bool:
        """Whether there is a restore function, and a server that it may restore into."""
        return self.enabled and bool(self.target_secret_arns)
