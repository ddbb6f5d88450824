"""Checks what `cdk deploy` needs, and says for each problem which command fixes it.

`python -m infra.preflight` reads lifeboat.toml and takes the same `-c key=value` as the CDK CLI. It
changes nothing, and reads no secret's value.
"""

import argparse
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from infra.command_line import context_of, parser_of, region_of, session
from infra.preflight_cli import cli_notes
from infra.preflight_error import PreflightError
from infra.preflight_keys import Keys, answered
from infra.preflight_secrets import secret_problems
from infra.settings_file import installation
from lifeboat.errors import NOTHING_DEPLOYED, LifeboatError
from lifeboat.settings import Deployment, Settings, parse

BOOTSTRAP = "/cdk-bootstrap/hnb659fds/version"
"""The SSM parameter in which `cdk bootstrap` leaves its version."""

MIN_BOOTSTRAP = 6
"""The lowest version of the bootstrap that the stack's assets need."""

ANY_REGION = "us-east-1"
"""Where to ask who we are when no region is set: the answer is the same everywhere."""

MIN_CONCURRENCY = 3
"""Concurrent runs that the account must allow: a backup, the monitor, a restore."""

NEW_ACCOUNT_MEMORY_MB = 3008
"""What Lambda gives a new account at most; AWS raises it "automatically based on your usage", and
no API tells the present limit.

https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
"""

CDK = "node_modules/.bin/cdk"


def find_problems(
    session: boto3.Session, context: Mapping[str, object], *, region: str | None
) -> Iterator[LifeboatError | str]:
    """Everything that would make `cdk deploy` or the first backup fail.

    What may do so, but cannot be known beforehand, is a note: a text instead of an error.

    Args:
        session: with the credentials that the deployment will use.
        context: the CDK's context, with which the settings are found.
        region: where the stack goes.
    """
    account = None
    try:
        account = session.client("sts", region_name=region or ANY_REGION).get_caller_identity()[
            "Account"
        ]
    except (BotoCoreError, ClientError) as error:
        yield PreflightError(
            f"Checking the AWS credentials failed: {error}",
            todo="Log in, such as: aws login, or aws sso login; or choose a profile:"
            " export AWS_PROFILE=<name>",
        )
    if not region:
        yield PreflightError(
            "No AWS region is set.", todo="Set one, such as: export AWS_REGION=eu-central-1"
        )
    deployment = Deployment(account=account, region=region, today=datetime.now(UTC).date())
    there = None
    try:
        wanted = installation(context)
        there = parse(wanted.context, source=wanted.source, deployment=deployment), wanted.stack
    except LifeboatError as error:
        yield error
    else:
        yield from filter(None, [wanted.warning])
        yield from _notes(there[0])
    if account and region:
        yield from answered(lambda: bootstrap_problems(session, deployment), "the CDK's bootstrap")
        if there:
            yield from problems_of(session, *there, region=region)


def problems_of(
    session: boto3.Session, settings: Settings, stack: str, *, region: str
) -> Iterator[LifeboatError | str]:
    """What the settings name and AWS does not have, or has in another form."""
    keys = Keys(session, region)
    yield from answered(lambda: secret_problems(session, settings, keys, region), "the secrets")
    if topic_key := settings.alerts.topic_key_arn:
        yield from answered(lambda: keys.topic_problems(topic_key), "the topic's key")
    if bucket_key := settings.kms_key:
        yield from answered(lambda: keys.bucket_problems(bucket_key), "the bucket's key")
    yield from answered(
        lambda: _forgotten_key(session, settings, region, stack), "the bucket that is deployed"
    )
    yield from answered(lambda: _quota_problems(session, region), "Lambda's quotas")


def _forgotten_key(
    session: boto3.Session, settings: Settings, region: str, stack: str
) -> Iterator[PreflightError]:
    """The key in use, where the settings no longer name it: older backups could not be read."""
    deployed = session.client("cloudformation", region_name=region)
    try:
        (found,) = deployed.describe_stacks(StackName=stack)["Stacks"]
    except ClientError as error:
        if "does not exist" in str(error):
            return  # this is the first deployment
        raise
    outputs = {each.get("OutputKey"): each.get("OutputValue") for each in found.get("Outputs", ())}
    bucket = outputs.get("BackupBucketName")
    if not bucket:
        return
    answer = session.client("s3", region_name=region).get_bucket_encryption(Bucket=bucket)
    for rule in answer["ServerSideEncryptionConfiguration"]["Rules"]:
        key = rule.get("ApplyServerSideEncryptionByDefault", {}).get("KMSMasterKeyID")
        if key and key not in (settings.encryption, *settings.former_encryption_keys):
            yield PreflightError(
                f"The settings no longer name {key}, the key of the backups in {bucket}: no"
                " function could read them.",
                todo=f"Add {key} to lifeboat.former_encryption_keys in lifeboat.toml"
                " (docs/changing-settings.md).",
            )


def _quota_problems(session: boto3.Session, region: str) -> Iterator[PreflightError]:
    """A new account may have a tenth of the usual concurrency, or less."""
    client = session.client("lambda", region_name=region)
    limit = client.get_account_settings()["AccountLimit"]["ConcurrentExecutions"]
    if limit < MIN_CONCURRENCY:
        yield PreflightError(
            f"Lambda runs only {limit} functions at once in this account and region; a backup,"
            f" the monitor and a restore need {MIN_CONCURRENCY}.",
            todo="Request a higher quota: aws service-quotas request-service-quota-increase"
            " --service-code lambda --quota-code L-B99A9384 --desired-value 1000",
        )


def _notes(settings: Settings) -> Iterator[str]:
    """What may fail, but cannot be known beforehand."""
    sizes = {
        "backup": settings.backup.memory_mb,
        "drill": settings.drill.memory_mb,
        "restore": settings.restore.memory_mb,
    }
    for name, memory in sizes.items():
        if memory > NEW_ACCOUNT_MEMORY_MB:
            yield (
                f"lifeboat.{name}.memory_mb is {memory}. A new AWS account may refuse more than "
                f"{NEW_ACCOUNT_MEMORY_MB} MB. Then the deployment fails, and AWS Support can "
                "raise the limit."
            )


def bootstrap_problems(session: boto3.Session, to: Deployment) -> Iterator[PreflightError]:
    """What is wrong with the CDK's bootstrap in an account and region."""
    todo = f"Run once per account and region: {CDK} bootstrap aws://{to.account}/{to.region}"
    try:
        parameter = session.client("ssm", region_name=to.region).get_parameter(Name=BOOTSTRAP)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ParameterNotFound":
            yield PreflightError(
                f"Checking the CDK's bootstrap failed: {error}",
                todo=f"Allow ssm:GetParameter on {BOOTSTRAP} for these credentials.",
            )
            return
        yield PreflightError(f"The CDK is not bootstrapped in {to.account}/{to.region}.", todo=todo)
        return
    version = parameter["Parameter"]["Value"]
    if not version.isdecimal() or int(version) < MIN_BOOTSTRAP:
        yield PreflightError(
            f"The CDK's bootstrap in {to.account}/{to.region} has version {version}; "
            f"{MIN_BOOTSTRAP} is needed.",
            todo=todo,
        )


def _check(arguments: argparse.Namespace) -> Iterator[LifeboatError | str]:
    try:
        found = session()
        context = context_of(arguments)
    except PreflightError as error:
        yield error
        return
    yield from cli_notes()
    yield from find_problems(found, context, region=region_of(found))


def main() -> int:
    """Print each problem and its fix; 0 when there is none."""
    parser = parser_of("python -m infra.preflight", "Check what `cdk deploy` needs.")
    found = list(_check(parser.parse_args()))
    problems = [each.ending(NOTHING_DEPLOYED) for each in found if isinstance(each, LifeboatError)]
    for each in found:
        text = each if each in problems else f"Note: {each}"
        print(f"{text}\n", file=sys.stderr)  # noqa: T201 - this is what the command is for
    if not problems:
        print("The check passed: credentials, region, bootstrap, settings and secrets are ready.")  # noqa: T201
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
