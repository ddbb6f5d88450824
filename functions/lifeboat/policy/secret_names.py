"""Names a secret by its ARN or, shorter, by its name, among those that the settings know."""

import re
from collections.abc import Iterable

from pydantic import TypeAdapter

from lifeboat.settings.fields import SecretArn

MAY_BE = (
    "the name of a Secrets Manager secret, such as 'lifeboat/admin', or its full ARN with its"
    " six-character suffix"
)

_NAME = re.compile(r"[\w/+=.@-]{1,512}", re.ASCII)
_ARN: TypeAdapter[str] = TypeAdapter(SecretArn)
_SUFFIX = 7
"""Secrets Manager appends a hyphen and six characters to the name.

https://docs.aws.amazon.com/secretsmanager/latest/userguide/troubleshoot.html#ARN_secretnamehyphen
"""


def secret_name(value: object) -> str:
    """A name or a full ARN, as given; a connection URL is neither.

    Raises:
        ValueError: it is none of both.
    """
    if isinstance(value, str) and _NAME.fullmatch(value):
        return value
    return _ARN.validate_python(value)


def named_secret(wanted: str, known: Iterable[str]) -> str | None:
    """The ARN among those known that is meant by an ARN or a name; None where none is.

    Args:
        wanted: a full ARN, or the name that the secret was given.
        known: full ARNs, of one account and region, where a name is used once.
    """
    return next(
        (arn for arn in known if wanted in (arn, arn.partition(":secret:")[2][:-_SUFFIX])), None
    )
