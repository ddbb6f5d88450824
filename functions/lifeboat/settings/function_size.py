"""How large a function is, and what those that restore have in common."""

from typing import Annotated

from lifeboat.settings.fields import Frozen, KeyArn, may_be, once, whole_number
from lifeboat.settings.secret_arns import SecretArn

MAX_MEMORY_MB = 10_240
"""MB of memory that Lambda gives a function.

https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
"""

MAX_EPHEMERAL_MB = 10_240
"""MB of /tmp that Lambda gives a function."""

MAX_TIMEOUT_MINUTES = 15
"""Minutes for which Lambda lets a function run."""

VCPU_MB = 1769
"""MB of memory with which Lambda gives a function one vCPU.

https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
"""

_MB = f"MB; {VCPU_MB} MB are one vCPU"


class FunctionSize(Frozen):
    """What a function may take."""

    memory_mb: Annotated[int, *whole_number(128, MAX_MEMORY_MB, _MB)] = VCPU_MB
    """Memory of the function in MB; Lambda gives CPU in proportion."""

    timeout_minutes: Annotated[
        int, *whole_number(1, MAX_TIMEOUT_MINUTES, "minutes, Lambda's limit")
    ] = MAX_TIMEOUT_MINUTES
    """Minutes until Lambda would kill the function; a run ends itself cleanly before."""

    ephemeral_mb: Annotated[int, *whole_number(512, MAX_EPHEMERAL_MB, "MB of /tmp")] = 512
    """Size of /tmp in MB."""


class RestoringFunction(FunctionSize):
    """What a function may take that runs pg_restore, and into which servers."""

    memory_mb: Annotated[int, *whole_number(512, MAX_MEMORY_MB, _MB)] = 3008
    """Memory of the function in MB, with all of PostgreSQL that runs in it. New accounts may be
    refused more than 3008."""

    ephemeral_mb: Annotated[int, *whole_number(512, MAX_EPHEMERAL_MB, "MB of /tmp")] = 4096
    """Size of /tmp in MB: it holds the archive and, in a drill, the restored database too."""

    jobs: Annotated[int, *whole_number(1, 16, "parallel workers")] = 2
    """Workers of pg_restore, each with a connection. More than the function has vCPUs gains
    nothing where the server runs in it."""

    target_secret_arns: Annotated[
        tuple[SecretArn, ...], once("secret"), may_be("a list of secret ARNs")
    ] = ()
    """Secrets of servers, and of roles in them, that may be restored into."""

    target_secret_key_arns: Annotated[
        tuple[KeyArn, ...], once("key"), may_be("a list of ARNs of KMS keys")
    ] = ()
    """KMS keys of these secrets, as far as they are keys of your own."""
