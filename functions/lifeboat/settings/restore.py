"""How backups are brought back: only ever by hand."""

from typing import Annotated

from lifeboat.model.aws import ThawTier
from lifeboat.settings.fields import Switch, may_be, whole_number
from lifeboat.settings.function_size import RestoringFunction


class RestoreSettings(RestoringFunction):
    """What the function that restores may take, and where it may restore to.

    `target_secret_arns` come besides the databases' own secrets: the role that backups are taken
    with should not be able to write, so as a rule one is needed there.
    """

    enabled: Switch = True
    """Whether there is such a function; without it, docs/runbooks has the stock commands."""

    thaw_days: Annotated[int, *whole_number(1, 365, "days")] = 3
    """Days that a thawed archive stays readable."""

    thaw_tier: Annotated[ThawTier, may_be("'Standard', 'Bulk' or 'Expedited'")] = "Standard"
    """How fast S3 thaws, and at which price; Expedited is for GLACIER only."""

    export_days: Annotated[int, *whole_number(1, 365, "days")] = 3
    """Days that an exported SQL file is kept in the vault."""

    link_minutes: Annotated[int, *whole_number(1, 720, "minutes")] = 60
    """Minutes that a link to an exported file works, if the function's credentials last as long."""

    @property
    def is_possible(self) -> bool:
        """Whether there is a function that restores, and a server that it may restore into."""
        return self.enabled and bool(self.target_secret_arns)
