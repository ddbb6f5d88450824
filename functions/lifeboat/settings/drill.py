"""How drills are done: restores into a throw-away server, compared with the manifest."""

from typing import Annotated

from lifeboat.settings.fields import (
    Cron,
    Frozen,
    KeyArn,
    Switch,
    may_be,
    once,
    whole_number,
)
from lifeboat.settings.secret_arns import SecretArn


class DrillSettings(Frozen):
    """When each database's newest backup is restored for trial, and what that may take."""

    enabled: Switch = True
    """Whether there are drills at all; without them nothing shows that backups can be restored."""

    cron: Cron = "0 5 ? * MON *"
    """When drills start: the fields of an AWS cron expression, in each database's own zone."""

    memory_mb: Annotated[int, *whole_number(512, 10_240, "MB; 1769 MB are one vCPU")] = 3008
    """Memory of the function, PostgreSQL included. New accounts may be refused more than 3008."""

    timeout_minutes: Annotated[int, *whole_number(1, 15, "minutes, Lambda's limit")] = 15
    """Minutes until Lambda would kill the function; a drill ends itself cleanly before."""

    ephemeral_mb: Annotated[int, *whole_number(512, 10_240, "MB of /tmp")] = 4096
    """Size of /tmp in MB: it holds the archive and the restored database at the same time."""

    rto_minutes: Annotated[int, *whole_number(1, 10_080, "minutes")] = 60
    """Minutes that a recovery may take; a drill measures itself against them."""

    jobs: Annotated[int, *whole_number(1, 16, "parallel workers")] = 2
    """Workers of pg_restore. More than the function has vCPUs gains nothing."""

    target_secret_arns: Annotated[
        tuple[SecretArn, ...], once("secret"), may_be("a list of secret ARNs")
    ] = ()
    """Secrets of servers in which a drill by hand may make (and drop) a database of its own."""

    target_secret_key_arns: Annotated[
        tuple[KeyArn, ...], once("key"), may_be("a list of ARNs of KMS keys")
    ] = ()
    """KMS keys of these secrets, as far as they are keys of your own."""

    validation_seconds: Annotated[int, *whole_number(1, 600, "seconds")] = 60
    """Seconds that each query of `databases[].validation` may take."""
