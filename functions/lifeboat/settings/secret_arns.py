"""ARNs of connections' secrets: in Secrets Manager, or a SecureString in Parameter Store.

A parameter of the standard tier costs nothing and holds 4096 characters.
https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html
"""

import re
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, ValidationInfo

from lifeboat.settings.fields import expected_error, expects, in_stack, matching

_IN_SECRETS_MANAGER = (
    r"arn:aws(-[a-z]+)*:secretsmanager:[a-z0-9-]+:\d{12}:secret:[\w/+=.@-]+-[A-Za-z0-9]{6}"
)

# No `:version` or `:label` after the name: with one, a new password would never be read.
_IN_PARAMETER_STORE = r"arn:aws(-[a-z]+)*:ssm:[a-z0-9-]+:\d{12}:parameter(/[A-Za-z0-9_.-]+){1,15}"

_NAME_OF_SECRET = re.compile(r":secret:(.+)-[^-]{6}$")
"""Secrets Manager appends a hyphen and six characters to the name.

https://docs.aws.amazon.com/secretsmanager/latest/userguide/troubleshoot.html#ARN_secretnamehyphen
"""


def is_parameter(arn: str) -> bool:
    """Whether an ARN is of an SSM parameter, and not of a Secrets Manager secret."""
    return arn.split(":")[2:3] == ["ssm"]


def names_of(arn: str) -> tuple[str, ...]:
    """The possible names of a secret or parameter.

    A parameter with a one-part name has the same ARN with a slash before the name and without; only
    one of both can exist.
    """
    if is_parameter(arn):
        name = arn.partition(":parameter")[2]
        return (name, name[1:]) if name.count("/") == 1 else (name,)
    return tuple(_NAME_OF_SECRET.findall(arn))


def _not_managed_by_rds(arn: object) -> object:
    """Refuse RDS's own secret of a master user: it has only a user name and a password.

    https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-secrets-manager.html
    """
    if isinstance(arn, str) and ":secret:rds!" in arn:
        raise expected_error(
            "a secret of your own: the one that RDS manages names no host and no database, and "
            "belongs to the master user. Make a role that only reads (docs/backup-role.md), and "
            "type or paste its connection URL into\n"
            "        aws secretsmanager create-secret --name lifeboat/app "
            "--secret-string file:///dev/stdin --query ARN"
        )
    return arn


def _in_stack(arn: str, info: ValidationInfo) -> str:
    return in_stack("ssm" if is_parameter(arn) else "secretsmanager")(arn, info)


SecretArn = Annotated[
    str,
    BeforeValidator(_not_managed_by_rds),
    matching(rf"{_IN_SECRETS_MANAGER}|{_IN_PARAMETER_STORE}"),
    AfterValidator(_in_stack),
    expects(
        "the full ARN of a Secrets Manager secret, with its six-character suffix, or of an SSM "
        "parameter without a version. "
        "If there is no secret yet, type or paste the connection URL into\n"
        "        aws secretsmanager create-secret --name lifeboat/app "
        "--secret-string file:///dev/stdin --query ARN\n"
        "    and if there is one:\n"
        "        aws secretsmanager describe-secret --secret-id <name> --query ARN\n"
        "        aws ssm get-parameter --name <name> --query Parameter.ARN"
    ),
]
