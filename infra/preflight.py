"""What has to be there before `cdk deploy`: checked first, each with the command that mends it.

`python -m infra.preflight` reads cdk.json and takes the same `-c key=value` as the CDK CLI. It
only looks: nothing is created, and no secret's value is read.
"""

import argparse
import json
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import BotoCoreError, ClientError, ProfileNotFound

from lifeboat.errors import LifeboatError
from lifeboat.settings import Deployment, Settings, parse

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager.type_defs import DescribeSecretResponseTypeDef

BOOTSTRAP = "/cdk-bootstrap/hnb659fds/version"
"""The SSM parameter in which `cdk bootstrap` leaves its version."""

LEAST_BOOTSTRAP = 6
"""What the stack's assets need, as the CDK's own rule in the template says."""

ANY_REGION = "us-east-1"
"""Where to ask who we are when no region is set: the answer is the same everywhere."""

ALARMS = "cloudwatch.amazonaws.com"
"""As whom CloudWatch's alarms come."""

CDK = "node_modules/.bin/cdk"


class PreflightError(LifeboatError):
    """Something that a deployment needs is not there."""

    safe_by_default = "Nothing was deployed or changed."


def find_problems(
    session: boto3.Session, context: Mapping[str, object], *, region: str | None
) -> Iterator[LifeboatError]:
    """Everything that would keep `cdk deploy` or the first backup from succeeding.

    Args:
        session: with the credentials that the deployment will use.
        context: the CDK's context, with the settings in it.
        region: where the stack goes.
    """
    account = None
    try:
        account = session.client("sts", region_name=region or ANY_REGION).get_caller_identity()[
            "Account"
        ]
    except (BotoCoreError, ClientError) as error:
        yield PreflightError(
            f"There are no AWS credentials that work: {error}",
            todo="Log in, such as: aws sso login; or choose a profile: export AWS_PROFILE=<name>",
        )
    if not region:
        yield PreflightError(
            "No AWS region is set.", todo="Set one, such as: export AWS_REGION=eu-central-1"
        )
    deployment = Deployment(account=account, region=region, today=datetime.now(UTC).date())
    settings = None
    try:
        settings = parse(context, deployment=deployment)
    except LifeboatError as error:
        yield error
    if account and region:
        yield from _bootstrap_problems(session, deployment)
        if settings:
            yield from _secret_problems(session, settings, region)
            if key := settings.alerts.topic_key_arn:
                yield from _topic_key_problems(session, key, region)


def _bootstrap_problems(session: boto3.Session, to: Deployment) -> Iterator[PreflightError]:
    todo = f"Run once per account and region: {CDK} bootstrap aws://{to.account}/{to.region}"
    try:
        parameter = session.client("ssm", region_name=to.region).get_parameter(Name=BOOTSTRAP)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ParameterNotFound":
            yield PreflightError(
                f"Whether the CDK is bootstrapped could not be read: {error}",
                todo=f"Allow ssm:GetParameter on {BOOTSTRAP} to these credentials.",
            )
            return
        yield PreflightError(f"The CDK is not bootstrapped in {to.account}/{to.region}.", todo=todo)
        return
    version = int(parameter["Parameter"]["Value"])
    if version < LEAST_BOOTSTRAP:
        yield PreflightError(
            f"The CDK's bootstrap in {to.account}/{to.region} has version {version}; "
            f"{LEAST_BOOTSTRAP} is needed.",
            todo=todo,
        )


@dataclass(frozen=True)
class _Secret:
    """A secret that some function will read."""

    whose: str
    arn: str
    key_setting: str
    """The setting that names its KMS key, and so lets the function use it."""

    keys: tuple[str, ...]
    """What that setting has."""


def _secrets(settings: Settings) -> Iterator[_Secret]:
    for index, database in enumerate(settings.databases):
        setting = f"lifeboat.databases.{index}.secret_key_arn"
        keys = tuple(filter(None, [database.secret_key_arn]))
        yield _Secret(database.name, database.secret_arn, setting, keys)
    for whose, part in (("drill", settings.drill), ("restore", settings.restore)):
        setting = f"lifeboat.{whose}.target_secret_key_arns"
        for arn in part.target_secret_arns:
            yield _Secret(f"a {whose}'s target", arn, setting, part.target_secret_key_arns)
    alerts = settings.alerts
    if alerts.webhook_url_secret_arn:
        setting = "lifeboat.alerts.webhook_url_secret_key_arn"
        keys = tuple(filter(None, [alerts.webhook_url_secret_key_arn]))
        yield _Secret("the webhook", alerts.webhook_url_secret_arn, setting, keys)


def _secret_problems(
    session: boto3.Session, settings: Settings, region: str
) -> Iterator[PreflightError]:
    client = session.client("secretsmanager", region_name=region)
    for secret in _secrets(settings):
        try:
            found = client.describe_secret(SecretId=secret.arn)
        except ClientError as error:
            yield _no_secret(secret, error)
            continue
        yield from _unusable_secret(secret, found)


def _no_secret(secret: _Secret, error: ClientError) -> PreflightError:
    if error.response["Error"]["Code"] != "ResourceNotFoundException":
        return PreflightError(
            f"The secret of {secret.whose} could not be looked at: {error}",
            todo=f"Allow secretsmanager:DescribeSecret on {secret.arn}.",
        )
    name = secret.arn.split(":")[-1][:-7]  # without the suffix that AWS appends
    return PreflightError(
        f"The secret of {secret.whose} does not exist: {secret.arn}",
        todo=(
            f"Create it, typing or pasting the URL: aws secretsmanager create-secret "
            f"--name {name} --secret-string file:///dev/stdin --query ARN; then put the ARN that "
            "this prints into cdk.json."
        ),
    )


def _unusable_secret(
    secret: _Secret, found: "DescribeSecretResponseTypeDef"
) -> Iterator[PreflightError]:
    if found.get("DeletedDate"):
        yield PreflightError(
            f"The secret of {secret.whose} is scheduled for deletion.",
            todo=f"aws secretsmanager restore-secret --secret-id {secret.arn}",
        )
    kms_key = found.get("KmsKeyId", "alias/aws/secretsmanager")
    if kms_key.endswith("alias/aws/secretsmanager") or kms_key in secret.keys:
        return
    yield PreflightError(
        f"The secret of {secret.whose} is encrypted with a key of your own, {kms_key}, which its "
        "function may not use.",
        todo=f"Set {secret.key_setting} to the full ARN of that key in cdk.json.",
    )


def _topic_key_problems(session: boto3.Session, key: str, region: str) -> Iterator[PreflightError]:
    """An alarm that may not use the topic's key rings unheard, and nothing else tells."""
    try:
        policy = session.client("kms", region_name=region).get_key_policy(KeyId=key)["Policy"]
    except ClientError as error:
        yield PreflightError(
            f"The policy of the topic's key could not be read: {error}",
            todo=f"Set lifeboat.alerts.topic_key_arn to a key that exists, and allow "
            f"kms:GetKeyPolicy on {key}.",
        )
        return
    if ALARMS not in policy:
        yield PreflightError(
            f"The topic's key, {key}, does not let alarms use it, so they would ring unheard.",
            todo=f"Add a statement to the key's policy that allows kms:Decrypt and "
            f"kms:GenerateDataKey* to the service {ALARMS}: aws kms put-key-policy --key-id {key} "
            "--policy file://policy.json",
        )


def _override(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not key=value")
    return key, value


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m infra.preflight", description="Check what `cdk deploy` needs."
    )
    parser.add_argument(
        "-c", "--context", action="append", default=[], type=_override, metavar="KEY=VALUE"
    )
    parser.add_argument("--cdk-json", type=Path, default=Path("cdk.json"), metavar="FILE")
    return parser.parse_args()


def _session() -> boto3.Session:
    try:
        return boto3.Session()
    except ProfileNotFound as error:
        raise PreflightError(
            f"{error}.", todo="Choose one of: aws configure list-profiles; then export AWS_PROFILE"
        ) from error


def _check(arguments: argparse.Namespace) -> Iterator[LifeboatError]:
    try:
        session = _session()
    except PreflightError as error:
        yield error
        return
    context = json.loads(arguments.cdk_json.read_text())["context"] | dict(arguments.context)
    # The CDK CLI heeds AWS_REGION, which boto3 does not.
    region = os.environ.get("AWS_REGION") or session.region_name
    yield from find_problems(session, context, region=region)


def main() -> int:
    """Print what is missing, with its remedy; 0 when nothing is."""
    problems = list(_check(_arguments()))
    for problem in problems:
        print(f"{problem}\n", file=sys.stderr)  # noqa: T201 - this is what the command is for
    if not problems:
        print("Credentials, region, bootstrap, settings and secrets are there.")  # noqa: T201
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
