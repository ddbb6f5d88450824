"""Names a secret by its ARN or, shorter, by its name, among those that the settings know."""

import re
from collections.abc import Iterable

from pydantic import TypeAdapter

from lifeboat.settings.secret_arns import SecretArn, names_of

MAY_BE = (
    "the name of a Secrets Manager secret or an SSM parameter, such as 'lifeboat/admin', or its"
    " full ARN (of a secret, with its six-character suffix)"
)

_NAME = re.compile(r"[\w/+=.@-]{1,1011}", re.ASCII)
_ARN: TypeAdapter[str] = TypeAdapter(SecretArn)


def secret_name(value: object) -> str:
    """A name or a full ARN, as given; a connection URL is neither.

    Raises:
        ValueError: it is none of both.
    """
    if isinstance(value, str) and _NAME.fullmatch(value):
        return value
    return _ARN.validate_python(value)


def named_secret(wanted: str, known: Iterable[str]) -> str | None:
    """The ARN among those known that is meant by an ARN or a name.

    None where none is, or where a secret and a parameter go by that name: then only an ARN will do.

    Args:
        wanted: a full ARN, or the name that the secret or the parameter was given.
        known: full ARNs, of one account and region, where each service uses a name once.
    """
    meant = {arn for arn in known if wanted in (arn, *names_of(arn))}
    return meant.pop() if len(meant) == 1 else None
