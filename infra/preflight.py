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
from botocore.exceptions import BotoCoreError, ClientError

from infra.preflight_error import PreflightError
from infra.preflight_keys import SECRETS_OWN, Keys, answered
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

MOST_AT_ONCE = 3
"""Runs that a new account's concurrency must leave room for: a backup, the monitor, a restore."""

NEW_ACCOUNTS_MEMORY_MB = 3008
"""What Lambda gives a new account at most; AWS raises it "automatically based on your usage", and
no API tells the present limit.

https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
"""

CDK = "node_modules/.bin/cdk"


def find_problems(
    session: boto3.Session, context: Mapping[str, object], *, region: str | None
) -> Iterator[LifeboatError | str]:
    """Everything that would keep `cdk deploy` or the first backup from succeeding.

    What may do so, though nothing can tell beforehand, is a note: a text instead of an error.

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
            todo="Log in, such as: aws login, or aws sso login; or choose a profile:"
            " export AWS_PROFILE=<name>",
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
    else:
        yield from _notes(settings)
    if account and region:
        yield from answered(lambda: _bootstrap_problems(session, deployment), "the CDK's bootstrap")
        if settings:
            yield from _problems_of(session, settings, region)


def _problems_of(
    session: boto3.Session, settings: Settings, region: str
) -> Iterator[LifeboatError]:
    """What the settings name and AWS doesn't have, or has otherwise."""
    keys = Keys(session, region)
    yield from answered(lambda: _secret_problems(session, settings, keys, region), "the secrets")
    if topic_key := settings.alerts.topic_key_arn:
        yield from answered(lambda: keys.topic_problems(topic_key), "the topic's key")
    if settings.encryption != "S3":
        yield from answered(lambda: keys.bucket_problems(settings.encryption), "the bucket's key")
    yield from answered(lambda: _quota_problems(session, region), "Lambda's quotas")


def _quota_problems(session: boto3.Session, region: str) -> Iterator[PreflightError]:
    """A new account may have a tenth of the usual concurrency, or less."""
    client = session.client("lambda", region_name=region)
    limit = client.get_account_settings()["AccountLimit"]["ConcurrentExecutions"]
    if limit < MOST_AT_ONCE:
        yield PreflightError(
            f"Lambda lets only {limit} functions run at once in this account and region; a backup,"
            f" the monitor and a restore need {MOST_AT_ONCE}.",
            todo="Ask for more: aws service-quotas request-service-quota-increase --service-code"
            " lambda --quota-code L-B99A9384 --desired-value 1000",
        )


def _notes(settings: Settings) -> Iterator[str]:
    """What may keep something from working, though nothing can tell beforehand."""
    sizes = {
        "backup": settings.backup.memory_mb,
        "drill": settings.drill.memory_mb,
        "restore": settings.restore.memory_mb,
    }
    for name, memory in sizes.items():
        if memory > NEW_ACCOUNTS_MEMORY_MB:
            yield (
                f"lifeboat.{name}.memory_mb is {memory}. A new AWS account may refuse more than "
                f"{NEW_ACCOUNTS_MEMORY_MB} MB; then the deployment says so, and AWS Support raises "
                "the limit."
            )
    if settings.restore.enabled and not settings.restore.target_secret_arns:
        yield (
            "lifeboat.restore.target_secret_arns is empty: no function can restore into a server. "
            "Add the secret of a role that may create databases before you need it "
            "(docs/backup-role.md)."
        )


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
    version = parameter["Parameter"]["Value"]
    if not version.isdecimal() or int(version) < LEAST_BOOTSTRAP:
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
    session: boto3.Session, settings: Settings, keys: Keys, region: str
) -> Iterator[PreflightError]:
    client = session.client("secretsmanager", region_name=region)
    for secret in _secrets(settings):
        try:
            found = client.describe_secret(SecretId=secret.arn)
        except ClientError as error:
            yield _no_secret(secret, error)
            continue
        yield from _unusable_secret(secret, found, keys)


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
    secret: _Secret, found: "DescribeSecretResponseTypeDef", keys: Keys
) -> Iterator[PreflightError]:
    if found.get("DeletedDate"):
        yield PreflightError(
            f"The secret of {secret.whose} is scheduled for deletion.",
            todo=f"aws secretsmanager restore-secret --secret-id {secret.arn}",
        )
    kms_key = found.get("KmsKeyId", SECRETS_OWN)
    if kms_key.endswith(SECRETS_OWN) or keys.is_among(kms_key, secret.keys):
        return
    yield PreflightError(
        f"The secret of {secret.whose} is encrypted with a key of your own, {kms_key}, which its "
        "function may not use.",
        todo=f"Set {secret.key_setting} to the full ARN of that key in cdk.json.",
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
    except BotoCoreError as error:  # no such profile, or a file of settings that is none
        raise PreflightError(
            f"{str(error).rstrip('.')}.",
            todo="Choose one of: aws configure list-profiles; then export AWS_PROFILE",
        ) from error


def _context(cdk_json: Path) -> dict[str, object]:
    try:
        found = json.loads(cdk_json.read_text())["context"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise PreflightError(
            f"{cdk_json} cannot be read, or holds no context: {error!r}",
            todo=f"Mend {cdk_json}; git diff {cdk_json} shows what was changed in it.",
        ) from error
    return dict(found)


def _check(arguments: argparse.Namespace) -> Iterator[LifeboatError | str]:
    try:
        session = _session()
        context = _context(arguments.cdk_json) | dict(arguments.context)
    except PreflightError as error:
        yield error
        return
    # The CDK CLI heeds AWS_REGION, which boto3 does not.
    region = os.environ.get("AWS_REGION") or session.region_name
    yield from find_problems(session, context, region=region)


def main() -> int:
    """Print what is missing, with its remedy; 0 when nothing is."""
    found = list(_check(_arguments()))
    problems = [each for each in found if isinstance(each, LifeboatError)]
    for each in found:
        text = each if each in problems else f"Note: {each}"
        print(f"{text}\n", file=sys.stderr)  # noqa: T201 - this is what the command is for
    if not problems:
        print("Credentials, region, bootstrap, settings and secrets are there.")  # noqa: T201
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
