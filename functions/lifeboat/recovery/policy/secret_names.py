"""Finds a secret in the settings by its ARN or by its name."""

import re
from collections.abc import Iterable, Sequence

from pydantic import TypeAdapter

from lifeboat.settings.secret_arns import SecretArn, names_of

MAY_BE = (
    "the name of a Secrets Manager secret or an SSM parameter, such as 'lifeboat/admin', or its"
    " full ARN (of a secret, with its six-character suffix)"
)

_NAME = re.compile(r"[\w/+=.@-]{1,1011}", re.ASCII)
_ARN: TypeAdapter[str] = TypeAdapter(SecretArn)

RESTORING = "-restore"
"""What `lifeboat setup` adds to the name of a database's secret, for the secret of its restores."""


def secret_name(value: object) -> str:
    """A name or a full ARN, as given; a connection URL is neither.

    Raises:
        ValueError: it is neither of the two.
    """
    if isinstance(value, str) and _NAME.fullmatch(value):
        return value
    return _ARN.validate_python(value)


def named_secret(wanted: str, known: Iterable[str]) -> str | None:
    """The known ARN that an ARN or a name means.

    None if there is none, or if a secret and a parameter have that name: then an ARN is needed.

    Args:
        wanted: a full ARN, or the name of the secret or the parameter.
        known: full ARNs of one account and region, where names are unique in each service.
    """
    meant = {arn for arn in known if wanted in (arn, *names_of(arn))}
    return meant.pop() if len(meant) == 1 else None


def default_target(own: str, targets: Sequence[str]) -> str:
    """The secret of a restore whose event names none, as an ARN.

    It is the only target that there is, or that whose name is the one of the database's own secret
    with `-restore`; else the database's own secret.

    Args:
        own: the database's.
        targets: those of the settings.
    """
    if len(targets) == 1:
        return targets[0]
    named = (named_secret(f"{name}{RESTORING}", targets) for name in names_of(own))
    return next(filter(None, named), own)
