"""How backups are brought back: only ever by hand."""

from typing import Annotated

from lifeboat.model.aws import ThawTier
from lifeboat.settings.fields import (
    Frozen,
    KeyArn,
    Switch,
    may_be,
    once,
    whole_number,
)
from lifeboat.settings.secret_arns import SecretArn


class RestoreSettings(Frozen):
    """What the function that restores may take, and where it may restore to."""

    enabled: Switch = True
    """Whether there is such a function; without it, docs/runbooks has the stock commands."""

    memory_mb: Annotated[int, *whole_number(512, 10_240, "MB; 1769 MB are one vCPU")] = 3008
    """Memory of the function. New accounts may be refused more than 3008."""

    timeout_minutes: Annotated[int, *whole_number(1, 15, "minutes, Lambda's limit")] = 15
    """Minutes until Lambda would kill the function; a restore ends itself cleanly before."""

    ephemeral_mb: Annotated[int, *whole_number(512, 10_240, "MB of /tmp")] = 4096
    """Size of /tmp in MB: it holds the archive while it is restored."""

    jobs: Annotated[int, *whole_number(1, 16, "parallel workers")] = 2
    """Workers of pg_restore, each with a connection to the target."""

    target_secret_arns: Annotated[
        tuple[SecretArn, ...], once("secret"), may_be("a list of secret ARNs")
    ] = ()
    """Secrets of roles and servers to restore with, besides the databases' own. The role that
    backups are taken with should not be able to write, so as a rule one is needed here.
    """

    target_secret_key_arns: Annotated[
        tuple[KeyArn, ...], once("key"), may_be("a list of ARNs of KMS keys")
    ] = ()
    """KMS keys of these secrets, as far as they are keys of your own."""

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
