"""What the preflight asks Secrets Manager and Parameter Store: can the functions read the secrets?

No value is read.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import ClientError

from infra.preflight_error import PreflightError
from infra.preflight_keys import PARAMETERS_OWN, SECRETS_OWN, Keys
from lifeboat.settings import Settings
from lifeboat.settings.secret_arns import is_parameter, names_of

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager.type_defs import DescribeSecretResponseTypeDef
    from mypy_boto3_ssm import SSMClient
    from mypy_boto3_ssm.type_defs import ParameterMetadataTypeDef


@dataclass(frozen=True)
class _Secret:
    """A secret that some function will read."""

    whose: str
    arn: str
    key_setting: str
    """The setting that names its KMS key, and so lets the function use it."""

    keys: tuple[str, ...]
    """What that setting has."""

    holds: str = "URL"
    """What a person types or pastes into it."""

    renew: str = "Change the role's password"
    """How to make what it holds worthless, in an imperative."""


def _secrets(settings: Settings) -> Iterator[_Secret]:
    for index, database in enumerate(settings.databases):
        setting = f"lifeboat.databases.{index}.secret_key_arn"
        keys = tuple(filter(None, [database.secret_key_arn]))
        yield _Secret(database.name, database.secret_arn, setting, keys)
        if neon := database.neon:
            setting = f"lifeboat.databases.{index}.neon.api_key_secret_key_arn"
            keys = tuple(filter(None, [neon.api_key_secret_key_arn]))
            whose = f"{database.name}'s key of Neon"
            yield _Secret(
                whose,
                neon.api_key_secret_arn,
                setting,
                keys,
                holds="API key",
                renew="Revoke the key in the Neon console and make a new one",
            )
    for whose, part in (("drill", settings.drill), ("restore", settings.restore)):
        setting = f"lifeboat.{whose}.target_secret_key_arns"
        for arn in part.target_secret_arns:
            yield _Secret(f"a {whose}'s target", arn, setting, part.target_secret_key_arns)
    alerts = settings.alerts
    urls = {
        "webhook": (alerts.webhook_url_secret_arn, alerts.webhook_url_secret_key_arn),
        "heartbeat": (alerts.heartbeat_url_secret_arn, alerts.heartbeat_url_secret_key_arn),
    }
    for whose, (secret, key) in urls.items():
        if secret:
            setting = f"lifeboat.alerts.{whose}_url_secret_key_arn"
            yield _Secret(f"the {whose}", secret, setting, tuple(filter(None, [key])))


def secret_problems(
    session: boto3.Session, settings: Settings, keys: Keys, region: str
) -> Iterator[PreflightError]:
    """Secrets that are not there, or that their function could not read."""
    manager = session.client("secretsmanager", region_name=region)
    parameters = session.client("ssm", region_name=region)
    for secret in _secrets(settings):
        if is_parameter(secret.arn):
            yield from _parameter_problems(parameters, secret, keys)
            continue
        try:
            found = manager.describe_secret(SecretId=secret.arn)
        except ClientError as error:
            yield _no_secret(secret, error)
            continue
        yield from _unusable_secret(secret, found, keys)


def _parameter_problems(
    client: "SSMClient", secret: _Secret, keys: Keys
) -> Iterator[PreflightError]:
    names = [*names_of(secret.arn)]
    try:
        found = client.describe_parameters(
            ParameterFilters=[{"Key": "Name", "Option": "Equals", "Values": names}]
        )["Parameters"]
    except ClientError as error:
        yield PreflightError(
            f"Checking the parameter of {secret.whose} failed: {error}",
            todo="Allow ssm:DescribeParameters on *.",
        )
        return
    if not found:
        yield PreflightError(
            f"The parameter of {secret.whose} does not exist: {secret.arn}",
            todo=f"Create it, typing or pasting the {secret.holds}: {_put(names[0])}; or correct"
            " the ARN in lifeboat.toml.",
        )
        return
    yield from _unusable_parameter(secret, found[0], keys)


def _unusable_parameter(
    secret: _Secret, found: "ParameterMetadataTypeDef", keys: Keys
) -> Iterator[PreflightError]:
    if found.get("Type") != "SecureString":
        # "Parameter Store doesn't support changing a parameter type" (API_PutParameter).
        yield PreflightError(
            f"The parameter of {secret.whose} is a {found.get('Type')}, which isn't encrypted: "
            f"{secret.arn}",
            todo=f"{secret.renew}, since the old one could be read. Then create another "
            f"parameter, since a type can't be changed: {_put('<another name>')}; put its ARN into "
            "lifeboat.toml, and delete the old one.",
        )
        return
    yield from _foreign_key(secret, found.get("KeyId", PARAMETERS_OWN), PARAMETERS_OWN, keys)


def _put(name: str) -> str:
    return (
        f"aws ssm put-parameter --name {name} --type SecureString --value file:///dev/stdin && "
        f"aws ssm get-parameter --name {name} --query Parameter.ARN"
    )


def _no_secret(secret: _Secret, error: ClientError) -> PreflightError:
    if error.response["Error"]["Code"] != "ResourceNotFoundException":
        return PreflightError(
            f"Checking the secret of {secret.whose} failed: {error}",
            todo=f"Allow secretsmanager:DescribeSecret on {secret.arn}.",
        )
    name = secret.arn.split(":")[-1][:-7]  # without the suffix that AWS appends
    return PreflightError(
        f"The secret of {secret.whose} does not exist: {secret.arn}",
        todo=(
            f"Create it, typing or pasting the {secret.holds}: aws secretsmanager create-secret "
            f"--name {name} --secret-string file:///dev/stdin --query ARN; then put the ARN that "
            "this prints into lifeboat.toml."
        ),
    )


def _unusable_secret(
    secret: _Secret, found: "DescribeSecretResponseTypeDef", keys: Keys
) -> Iterator[PreflightError]:
    if found.get("DeletedDate"):
        yield PreflightError(
            f"The secret of {secret.whose} is scheduled for deletion.",
            todo=f"aws secretsmanager restore-secret --secret-id {secret.arn}",
        )
    yield from _foreign_key(secret, found.get("KmsKeyId", SECRETS_OWN), SECRETS_OWN, keys)


def _foreign_key(secret: _Secret, kms_key: str, own: str, keys: Keys) -> Iterator[PreflightError]:
    """A key of the user's, which the settings don't name."""
    if kms_key.endswith(own) or keys.is_among(kms_key, secret.keys):
        return
    yield PreflightError(
        f"The secret of {secret.whose} is encrypted with a key of your own, {kms_key}, which its "
        "function may not use.",
        todo=f"Set {secret.key_setting} to the full ARN of that key in lifeboat.toml.",
    )
