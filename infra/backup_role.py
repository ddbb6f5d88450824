"""What the backup function of one database may do, statement by statement."""

from collections.abc import Iterator
from typing import cast

from aws_cdk import Acknowledgment, ArnFormat, CfnElement, Stack, Validations
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.names import function_name
from infra.vault import Vault
from lifeboat.policy.names import MANIFEST, database_prefix
from lifeboat.policy.tiers import Tier
from lifeboat.settings import DatabaseSettings, Settings


class BackupRole(iam.Role):
    """A role that can add backups of one database and do nothing else to the vault.

    It cannot delete, read an archive, list other databases, read another secret or bypass
    Object Lock, so who takes over the function can neither destroy nor fetch a backup.

    Args:
        scope: parent construct.
        construct_id: its name there.
        settings: whose first and only database the role is for.
        vault: where the backups go.
        log_group: where the function logs to.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        vault: Vault,
        log_group: logs.LogGroup,
    ) -> None:
        database = settings.databases[0]
        stack = Stack.of(scope)
        statements = [
            *_read_the_secret(database, stack),
            *_put_backups(settings, database, vault),
            *_use_the_key(vault, stack),
            *_write_logs(log_group),
        ]
        if settings.network:
            statements += _join_the_network(stack, function_name(scope, database))
        super().__init__(
            scope,
            construct_id,
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
            inline_policies={"Backup": iam.PolicyDocument(statements=statements)},
        )
        _argue_for_wildcards(self, settings=settings, vault=vault)


def _prefixes(database: DatabaseSettings) -> list[str]:
    return [database_prefix(tier, database.name) for tier in Tier]


def _read_the_secret(database: DatabaseSettings, stack: Stack) -> Iterator[iam.PolicyStatement]:
    yield iam.PolicyStatement(
        sid="ReadItsSecret",
        actions=["secretsmanager:GetSecretValue"],
        resources=[database.secret_arn],
    )
    if database.secret_key_arn:
        yield iam.PolicyStatement(
            sid="DecryptItsSecret",
            actions=["kms:Decrypt"],
            resources=[database.secret_key_arn],
            conditions={
                "StringEquals": {
                    "kms:ViaService": f"secretsmanager.{stack.region}.amazonaws.com",
                    "kms:EncryptionContext:SecretARN": database.secret_arn,
                }
            },
        )


def _put_backups(
    settings: Settings, database: DatabaseSettings, vault: Vault
) -> Iterator[iam.PolicyStatement]:
    prefixes = _prefixes(database)
    put = ["s3:PutObject", "s3:AbortMultipartUpload"]
    if settings.object_lock != "off":
        put.append("s3:PutObjectRetention")
    yield iam.PolicyStatement(
        sid="PutBackups",
        actions=put,
        resources=[vault.bucket.arn_for_objects(f"{prefix}*") for prefix in prefixes],
    )
    yield iam.PolicyStatement(
        sid="ReadManifests",
        actions=["s3:GetObject"],
        resources=[vault.bucket.arn_for_objects(f"{prefix}*/{MANIFEST}") for prefix in prefixes],
    )
    yield iam.PolicyStatement(
        sid="ListItsBackups",
        actions=["s3:ListBucket"],
        resources=[vault.bucket.bucket_arn],
        conditions={"StringLike": {"s3:prefix": [f"{prefix}*" for prefix in prefixes]}},
    )


def _use_the_key(vault: Vault, stack: Stack) -> Iterator[iam.PolicyStatement]:
    if vault.key:
        yield iam.PolicyStatement(
            sid="EncryptBackups",
            # A multipart upload decrypts the parts' data key when it is completed.
            actions=["kms:GenerateDataKey", "kms:Decrypt"],
            resources=[vault.key.key_arn],
            conditions={"StringEquals": {"kms:ViaService": f"s3.{stack.region}.amazonaws.com"}},
        )


def _write_logs(log_group: logs.LogGroup) -> Iterator[iam.PolicyStatement]:
    yield iam.PolicyStatement(
        sid="WriteItsLogs",
        actions=["logs:CreateLogStream", "logs:PutLogEvents"],
        resources=[log_group.log_group_arn],
    )


def _join_the_network(stack: Stack, function: str) -> Iterator[iam.PolicyStatement]:
    """Let the Lambda service attach the function to subnets, but not the function's own code.

    https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html, "Required IAM permissions"
    """
    actions = [
        "ec2:CreateNetworkInterface",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSubnets",
        "ec2:DeleteNetworkInterface",
        "ec2:AssignPrivateIpAddresses",
        "ec2:UnassignPrivateIpAddresses",
    ]
    yield iam.PolicyStatement(sid="JoinTheNetwork", actions=actions, resources=["*"])
    function_arn = stack.format_arn(
        service="lambda",
        resource="function",
        resource_name=function,
        arn_format=ArnFormat.COLON_RESOURCE_NAME,
    )
    yield iam.PolicyStatement(
        sid="NotByItsOwnCode",
        effect=iam.Effect.DENY,
        actions=actions,
        resources=["*"],
        conditions={"ArnEquals": {"lambda:SourceFunctionArn": function_arn}},
    )


def _argue_for_wildcards(role: BackupRole, *, settings: Settings, vault: Vault) -> None:
    """Say for each wildcard in the statements why it is there; any other one fails the synth."""
    bucket = cast("CfnElement", vault.bucket.node.default_child)
    arn = f"<{Stack.of(role).get_logical_id(bucket)}.Arn>"
    arguments = {"*": "Lambda's network interfaces have no name"} if settings.network else {}
    for prefix in _prefixes(settings.databases[0]):
        arguments[f"{arn}/{prefix}*"] = (
            "Keys begin with tier and database and go on with the start of the run, which nobody "
            "knows beforehand; what may be done there is to add objects, not to remove or read them"
        )
        arguments[f"{arn}/{prefix}*/{MANIFEST}"] = (
            "A second delivery of a schedule is recognised by the manifest of the first one, "
            "whichever run that was; archives stay unreadable"
        )
    Validations.of(role).acknowledge(
        *(
            Acknowledgment(id=f"AwsSolutions-IAM5[Resource::{resource}]", reason=reason)
            for resource, reason in arguments.items()
        )
    )
