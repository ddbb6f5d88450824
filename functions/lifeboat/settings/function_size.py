"""The size of a function, and the common settings of functions that restore."""

from typing import Annotated

from lifeboat.settings.fields import KeyArn, SettingsModel, expects, int_range, unique
from lifeboat.settings.secret_arns import SecretArn

MAX_MEMORY_MB = 10_240
"""The most memory, in MB, that a Lambda function can have.

https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
"""

MAX_EPHEMERAL_MB = 10_240
"""The largest /tmp, in MB, that a Lambda function can have."""

MAX_TIMEOUT_MINUTES = 15
"""Minutes after which Lambda stops a function at the latest."""

VCPU_MB = 1769
"""MB of memory with which a Lambda function has one vCPU.

https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
"""

_MB = f"MB; {VCPU_MB} MB are one vCPU"


class FunctionSize(SettingsModel):
    """Memory, time and disk of a function."""

    memory_mb: Annotated[int, *int_range(128, MAX_MEMORY_MB, _MB)] = VCPU_MB
    """Memory of the function in MB. Lambda gives CPU in proportion to it."""

    timeout_minutes: Annotated[
        int, *int_range(1, MAX_TIMEOUT_MINUTES, "minutes, Lambda's limit")
    ] = MAX_TIMEOUT_MINUTES
    """Minutes after which Lambda stops the function. A run stops itself cleanly before."""

    ephemeral_mb: Annotated[int, *int_range(512, MAX_EPHEMERAL_MB, "MB of /tmp")] = 512
    """Size of /tmp in MB."""


class RestoringFunction(FunctionSize):
    """The size of a function that runs pg_restore, and the servers that it may restore into."""

    memory_mb: Annotated[int, *int_range(512, MAX_MEMORY_MB, _MB)] = 3008
    """Memory of the function in MB, with the PostgreSQL programs in it. AWS may refuse more than
    3008 in a new account."""

    ephemeral_mb: Annotated[int, *int_range(512, MAX_EPHEMERAL_MB, "MB of /tmp")] = 4096
    """Size of /tmp in MB: it holds the archive and, in a drill, the restored database too."""

    jobs: Annotated[int, *int_range(1, 16, "parallel workers")] = 2
    """Workers of pg_restore, each with a connection. If the server runs in the function, more
    workers than vCPUs bring nothing."""

    target_secret_arns: Annotated[
        tuple[SecretArn, ...], unique("secret"), expects("a list of secret ARNs")
    ] = ()
    """Secrets of the servers and roles that it may restore with."""

    target_secret_key_arns: Annotated[
        tuple[KeyArn, ...], unique("key"), expects("a list of ARNs of KMS keys")
    ] = ()
    """KMS keys of these secrets, if they are your own keys."""
